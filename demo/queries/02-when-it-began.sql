-- When did it begin, and did the fix help?
WITH mended AS (
  SELECT DATE(timestamp) AS day, COUNT(*) AS updates
  FROM cubby_backend.firmware_updated
  WHERE firmware = '2.5.1'
  GROUP BY day
), lost AS (
  SELECT DATE(timestamp) AS day, COUNT(*) AS losses, COUNTIF(firmware = '2.5.0') AS of_2_5_0
  FROM cubby_backend.camera_disconnected
  GROUP BY day
)
SELECT day, losses, of_2_5_0, SUM(IFNULL(updates, 0)) OVER (ORDER BY day) AS mended
FROM lost LEFT JOIN mended USING (day)
ORDER BY day
