-- Pipe syntax: which cities open the app at night?
FROM cubby_ios.app_opened
|> WHERE local_hour BETWEEN 0 AND 4
|> JOIN cubby_ios.users AS u ON u.id = user_id
|> AGGREGATE COUNT(*) AS opened, COUNT(DISTINCT user_id) AS people GROUP BY u.city
|> ORDER BY opened DESC
|> LIMIT 10
