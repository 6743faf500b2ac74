-- Is the canary better than production?
WITH alerts AS (
  SELECT inference_id FROM cubby_ios.baby_cried_alert_shown
  UNION DISTINCT
  SELECT inference_id FROM cubby_android.baby_cried_alert_shown
), wrong AS (
  SELECT inference_id FROM cubby_ios.alert_feedback_given WHERE verdict = 'not_my_baby_crying'
  UNION DISTINCT
  SELECT inference_id FROM cubby_android.alert_feedback_given WHERE verdict = 'not_my_baby_crying'
)
SELECT
  i.version,
  i.role,
  COUNT(*) AS alerts,
  COUNT(w.inference_id) AS said_wrong,
  ROUND(100 * COUNT(w.inference_id) / COUNT(*), 1) AS wrong_percent,
  APPROX_QUANTILES(i.latency_ms, 2)[OFFSET(1)] AS median_ms
FROM ai.inferences AS i
JOIN alerts AS a ON a.inference_id = i.inference_id
LEFT JOIN wrong AS w ON w.inference_id = i.inference_id
GROUP BY i.version, i.role
ORDER BY i.version, i.role
