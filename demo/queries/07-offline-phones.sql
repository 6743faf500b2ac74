-- Which phones were offline, and did their data keep its days?
WITH events AS (
  SELECT context_device_id, timestamp AS happened_at, sent_at FROM cubby_ios.tracks
  UNION ALL
  SELECT context_device_id, timestamp, sent_at FROM cubby_android.tracks
)
SELECT
  context_device_id AS phone,
  COUNT(*) AS events,
  DATE(MIN(happened_at)) AS first_day,
  DATE(MAX(sent_at)) AS uploaded,
  MAX(TIMESTAMP_DIFF(sent_at, happened_at, HOUR)) AS hours_late
FROM events
WHERE sent_at > TIMESTAMP_ADD(happened_at, INTERVAL 1 HOUR)
GROUP BY phone
ORDER BY events DESC
LIMIT 10
