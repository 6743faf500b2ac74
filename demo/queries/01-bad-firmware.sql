-- Which firmware is the bad one?
SELECT
  firmware,
  COUNT(*) AS losses,
  COUNT(DISTINCT device_id) AS cameras,
  ROUND(COUNT(*) / COUNT(DISTINCT device_id), 1) AS per_camera,
  APPROX_TOP_COUNT(reason, 1)[OFFSET(0)].value AS mostly
FROM cubby_backend.camera_disconnected
GROUP BY firmware
ORDER BY per_camera DESC
