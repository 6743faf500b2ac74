-- Did the bad firmware cost subscribers?
WITH decisions AS (
  SELECT user_id, timestamp AS decided_at, TRUE AS stayed FROM cubby_backend.subscription_started
  UNION ALL
  SELECT user_id, timestamp, FALSE FROM cubby_backend.subscription_cancelled WHERE was_trial
), with_losses AS (
  SELECT d.user_id, d.stayed, COUNT(c.id) AS losses
  FROM decisions AS d
  LEFT JOIN cubby_backend.camera_disconnected AS c
    ON c.user_id = d.user_id
    AND c.timestamp BETWEEN TIMESTAMP_SUB(d.decided_at, INTERVAL 7 DAY) AND d.decided_at
  GROUP BY d.user_id, d.stayed
)
SELECT
  IF(losses < 5, 'camera was fine', 'lost it 5 times or more') AS last_week_of_trial,
  COUNT(*) AS decisions,
  ROUND(100 * COUNTIF(stayed) / COUNT(*), 1) AS stayed_percent
FROM with_losses
GROUP BY last_week_of_trial
ORDER BY stayed_percent DESC
