-- What was kept out of the tables, and whose fault is it?
SELECT source, reason, SUM(events) AS events, MAX(received_at) AS last
FROM millpond.dead_letters
GROUP BY source, reason
ORDER BY events DESC
