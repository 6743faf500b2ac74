-- How many people a day, and how many over the last seven days?
WITH days AS (
  SELECT DATE(timestamp) AS day, user_id FROM cubby_android.app_opened
), bounds AS (
  SELECT MIN(day) AS first_day, MAX(day) AS last_day FROM days
)
SELECT
  day,
  (SELECT COUNT(DISTINCT user_id) FROM days AS d WHERE d.day = c.day) AS daily,
  (SELECT COUNT(DISTINCT user_id) FROM days AS d WHERE d.day BETWEEN DATE_SUB(c.day, INTERVAL 6 DAY) AND c.day) AS weekly
FROM (SELECT day FROM bounds, UNNEST(GENERATE_DATE_ARRAY(first_day, last_day)) AS day) AS c
ORDER BY day
