-- Of those who signed up in one week, how many are still there weeks later?
WITH people AS (
  SELECT user_id, DATE_TRUNC(DATE(MIN(timestamp)), WEEK(MONDAY)) AS cohort
  FROM cubby_ios.signed_up
  GROUP BY user_id
), activity AS (
  SELECT DISTINCT user_id, DATE_TRUNC(DATE(timestamp), WEEK(MONDAY)) AS week FROM cubby_ios.app_opened
)
SELECT
  cohort,
  DATE_DIFF(week, cohort, WEEK(MONDAY)) AS weeks_later,
  COUNT(DISTINCT user_id) AS people
FROM people JOIN activity USING (user_id)
WHERE week >= cohort
GROUP BY cohort, weeks_later
ORDER BY cohort, weeks_later
