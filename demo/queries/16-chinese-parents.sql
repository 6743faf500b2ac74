-- People, with names of all scripts.
SELECT name, baby_name, city, plan
FROM cubby_android.users
WHERE country = 'CN'
LIMIT 10
