-- How long do people look through the camera, by quality?
SELECT
  quality,
  COUNT(*) AS views,
  ROUND(AVG(seconds), 1) AS mean_seconds,
  APPROX_QUANTILES(seconds, 100)[OFFSET(95)] AS p95_seconds,
  COUNTIF(stalls > 0) AS with_stalls
FROM cubby_ios.live_view_ended
GROUP BY quality
ORDER BY quality
