-- Names that break other tools.
SELECT source, table_name, name
FROM millpond.event_names
WHERE NOT REGEXP_CONTAINS(name, r'^[ -~]+$')
ORDER BY source, table_name, name
