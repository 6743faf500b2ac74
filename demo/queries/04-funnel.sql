-- How far do new customers come?
WITH apps AS (
  SELECT user_id FROM cubby_ios.signed_up
  UNION DISTINCT
  SELECT user_id FROM cubby_android.signed_up
), steps AS (
  SELECT
    user_id,
    user_id IN (SELECT user_id FROM cubby_ios.camera_paired UNION ALL SELECT user_id FROM cubby_android.camera_paired) AS paired,
    user_id IN (SELECT user_id FROM cubby_ios.live_view_started UNION ALL SELECT user_id FROM cubby_android.live_view_started) AS live,
    user_id IN (SELECT user_id FROM cubby_backend.trial_started) AS trial,
    user_id IN (SELECT user_id FROM cubby_backend.subscription_started) AS subscribed
  FROM apps
)
SELECT
  COUNT(*) AS signed_up,
  COUNTIF(paired) AS paired,
  COUNTIF(paired AND live) AS first_live,
  COUNTIF(paired AND live AND trial) AS trial,
  COUNTIF(paired AND live AND trial AND subscribed) AS subscribed
FROM steps
