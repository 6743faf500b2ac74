-- What did it break elsewhere?
SELECT log_name, error_type, JSON_VALUE(payload, '$.firmware') AS firmware, COUNT(*) AS lines
FROM logs.entries
WHERE severity >= 500
GROUP BY ALL
ORDER BY lines DESC
