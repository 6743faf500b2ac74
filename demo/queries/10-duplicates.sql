-- Who sends everything twice?
SELECT
  source,
  SUM(stored) AS stored,
  SUM(duplicates) AS duplicates,
  SUM(flagged) AS flagged,
  SUM(quarantined) AS kept_out
FROM millpond.source_counts
GROUP BY source
ORDER BY duplicates DESC
