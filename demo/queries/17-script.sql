-- A script: the worst day, and what happened on it.
DECLARE worst DATE DEFAULT (
  SELECT DATE(timestamp) FROM cubby_backend.camera_disconnected GROUP BY 1 ORDER BY COUNT(*) DESC LIMIT 1
);
SELECT worst AS day, reason, COUNT(*) AS losses
FROM cubby_backend.camera_disconnected
WHERE DATE(timestamp) = worst
GROUP BY reason
ORDER BY losses DESC;
