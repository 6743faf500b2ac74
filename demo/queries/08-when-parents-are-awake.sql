-- When are parents awake?
WITH opened AS (
  SELECT local_hour FROM cubby_ios.app_opened
  UNION ALL
  SELECT local_hour FROM cubby_android.app_opened
), by_hour AS (
  SELECT local_hour, COUNT(*) AS times FROM opened GROUP BY local_hour
)
SELECT local_hour, times, REPEAT('█', CAST(ROUND(30 * times / MAX(times) OVER ()) AS INT64)) AS picture
FROM by_hour
ORDER BY local_hour
