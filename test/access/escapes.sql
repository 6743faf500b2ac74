-- Attempts to get at what one may not see, one a line. A heading says the group, the dialect, the roles (pond.ts) and what is expected:
--   refused    an error, whoever asks
--   unknown    the error of a table that isn't there
--   harmless   an answer or an error: anything, but without a secret in it

## files and network | duckdb | admin ana nina | refused
SELECT * FROM '/etc/passwd'
SELECT * FROM "/etc/passwd"
SELECT * FROM 'data.csv'
SELECT * FROM "data.parquet"
SELECT * FROM web."data.json"
FROM 'exchange/rows.parquet'
SELECT * FROM read_csv('/etc/passwd')
SELECT * FROM READ_CSV('/etc/passwd')
SELECT * FROM "read_csv"('/etc/passwd')
SELECT * FROM main.read_csv('/etc/passwd')
SELECT * FROM system.main.read_csv('/etc/passwd')
SELECT * FROM pg_catalog.read_text('/etc/passwd')
SELECT * FROM read_csv_auto('/etc/passwd', header := false)
SELECT * FROM read_text('/etc/passwd')
SELECT content FROM read_blob('/proc/self/environ')
SELECT * FROM read_json('/etc/hosts')
SELECT * FROM read_json_objects_auto('/etc/hosts')
SELECT * FROM read_ndjson_objects('/etc/hosts')
SELECT * FROM read_parquet('fed.duckdb')
SELECT * FROM parquet_scan('*.parquet')
SELECT * FROM parquet_metadata('x.parquet')
SELECT * FROM parquet_kv_metadata('x.parquet')
SELECT * FROM parquet_bloom_probe('x.parquet', 'a', 1)
SELECT * FROM read_duckdb('fed.duckdb')
SELECT * FROM glob('/etc/*')
SELECT * FROM sniff_csv('/etc/passwd')
SELECT * FROM 'https://example.com/x.csv'
SELECT * FROM 's3://bucket/x.parquet'
SELECT * FROM read_parquet('http://127.0.0.1:1/x')
SELECT * FROM arrow_scan(1, 2, 3)
SELECT * FROM which_secret('s3://x', 's3')
SELECT (SELECT content FROM read_text('/etc/passwd'))
WITH a AS (SELECT * FROM read_text('/etc/passwd')) SELECT 1
WITH a AS (SELECT * FROM read_text('/etc/passwd')) SELECT * FROM a
SELECT 1 UNION ALL SELECT content FROM read_text('/etc/passwd')
SELECT 1 WHERE EXISTS (SELECT * FROM read_text('/etc/passwd'))
SELECT 1 ORDER BY (SELECT content FROM read_text('/etc/passwd'))
SELECT 1 LIMIT (SELECT count(*) FROM read_text('/etc/passwd'))
SELECT count(*) FILTER (WHERE EXISTS (FROM read_text('/etc/passwd')))
SELECT list_transform([1], lambda x: (SELECT content FROM read_text('/etc/passwd')))
SELECT * FROM range((SELECT count(*) FROM read_text('/etc/passwd')))
SELECT CASE WHEN false THEN (SELECT content FROM read_text('/etc/passwd')) END
DESCRIBE SELECT * FROM read_csv('/etc/passwd')
SUMMARIZE SELECT * FROM read_csv('/etc/passwd')
SUMMARIZE '/etc/passwd'
EXPLAIN SELECT * FROM read_csv('/etc/passwd')
EXPLAIN ANALYZE SELECT * FROM read_text('/etc/passwd')
SELECT * FROM (DESCRIBE SELECT * FROM read_text('/etc/passwd'))
SELECT * FROM (PIVOT (FROM read_csv('/etc/passwd')) ON a IN (1) USING count(*))
SELECT * FROM pages POSITIONAL JOIN read_text('/etc/passwd')
VALUES ((SELECT content FROM read_text('/etc/passwd')))
COPY (SELECT 1) TO '/tmp/out.csv'
COPY web.pages FROM '/etc/passwd'
EXPORT DATABASE '/tmp/out'
IMPORT DATABASE '/tmp/out'
ATTACH '/tmp/x.db' AS x
INSTALL httpfs
LOAD httpfs

## settings, catalogs and commands | duckdb | admin ana nina | refused
SET enable_external_access = true
SET GLOBAL memory_limit = '1GB'
SET VARIABLE x = 1
RESET threads
PRAGMA database_list
PRAGMA show_tables
PRAGMA enable_profiling
CALL duckdb_settings()
CALL enable_logging()
SELECT current_setting('temp_directory')
SELECT getenv('HOME')
SELECT getvariable('x')
SELECT * FROM duckdb_settings()
SELECT * FROM duckdb_settings
SELECT * FROM duckdb_databases()
SELECT * FROM duckdb_secrets()
SELECT * FROM duckdb_extensions()
SELECT * FROM duckdb_variables()
SELECT * FROM duckdb_memory()
SELECT * FROM duckdb_temporary_files()
SELECT * FROM duckdb_logs()
SELECT * FROM duckdb_logs_parsed('QueryLog')
SELECT * FROM duckdb_prepared_statements()
SELECT * FROM duckdb_external_file_cache()
SELECT * FROM duckdb_constraints()
SELECT * FROM duckdb_dependencies()
SELECT * FROM duckdb_table_sample('web.orders')
SELECT * FROM duckdb_functions()
SELECT * FROM duckdb_indexes()
SELECT * FROM pragma_database_size()
SELECT * FROM pragma_storage_info('web.orders')
SELECT * FROM pragma_metadata_info()
SELECT * FROM pragma_table_info('web.orders')
SELECT * FROM pragma_show('web.orders')
SELECT * FROM pragma_user_agent()
SELECT * FROM seq_scan('web.orders')
SELECT * FROM checkpoint()
SELECT * FROM force_checkpoint('fed')
SELECT * FROM enable_logging('QueryLog')
SELECT * FROM truncate_duckdb_logs()
SELECT * FROM sql_auto_complete('SELECT * FROM ')
SELECT * FROM test_all_types()
SELECT write_log('x')
SELECT parse_duckdb_log_message('QueryLog', 'x')
SELECT nextval('s')
SELECT currval('s')
SELECT sleep_ms(10000)
SELECT pg_sleep(10)
SELECT setseed(0.5)
SELECT current_query()
SELECT txid_current()
SELECT current_connection_id()
SELECT in_search_path('fed', 'web')
SELECT stats(email) FROM web.orders
SELECT vector_type(email) FROM web.orders
SELECT create_sort_key(email, 'ASC') FROM web.orders
SELECT "stats"(region) FROM web.orders
SELECT region.stats() FROM web.orders
SELECT main.stats(region) FROM web.orders
SELECT system.main.current_setting('threads')
SELECT memory.bq.to_int('x')
SELECT bq_js('f', ['1'])
SELECT bq_js_farm_fingerprint('x')
SELECT json_serialize_plan('SELECT * FROM fed.vault.plans')
SELECT json_execute_serialized_sql(json_serialize_sql('SELECT 1'))
SELECT * FROM json_execute_serialized_sql(json_serialize_sql('SELECT * FROM fed.vault.plans'))
SELECT json_deserialize_sql('{}')
SELECT * FROM query('SELECT * FROM fed.vault.plans')
SELECT * FROM query('SELECT ' || 1)
SELECT * FROM query_table('fed.vault.plans')
SELECT * FROM query_table(['web.orders', 'vault.plans'])
SELECT * FROM histogram('fed.web.users', email)
SELECT * FROM histogram_values('fed.web.users', email)
SELECT 1; SELECT 2
SELECT 1; DROP TABLE fed.web.orders
USE vault
BEGIN TRANSACTION
DETACH fed
VACUUM
CHECKPOINT
EXPLAIN EXPLAIN SELECT 1
EXPLAIN COPY (SELECT 1) TO '/tmp/x'
PREPARE p AS SELECT 1
EXECUTE p
DEALLOCATE p

## changes | duckdb | admin ana nina | refused
CREATE TABLE web.x AS SELECT 1
CREATE TEMP TABLE x AS SELECT * FROM fed.vault.plans
CREATE VIEW web.v AS SELECT * FROM fed.vault.plans
CREATE MACRO m() AS (SELECT title FROM fed.vault.plans)
CREATE SECRET s (TYPE s3)
INSERT INTO web.orders SELECT * FROM web.orders
UPDATE web.orders SET email = 'x'
DELETE FROM web.orders
TRUNCATE web.orders
DROP TABLE web.orders
ALTER TABLE web.orders RENAME TO open_orders
COMMENT ON TABLE web.orders IS 'x'
MERGE INTO web.orders USING web.signup ON true WHEN MATCHED THEN DELETE

## hidden tables | duckdb | ana cleo bob nina | unknown
SELECT * FROM vault.plans
SELECT * FROM VAULT.PLANS
SELECT * FROM fed.vault.plans
SELECT * FROM FED.Vault."plans"
SELECT * FROM millpond.vault.plans
SELECT * FROM made.vault.plans
SELECT * FROM "vault"."plans"
SELECT * FROM "vault.plans"
SELECT * FROM "fed.vault.plans"
SELECT * FROM "fed"."vault.plans"
SELECT * FROM plans
FROM vault.plans
TABLE vault.plans
SELECT 1 FROM vault.plans
SELECT count(*) FROM vault.plans
SELECT (SELECT title FROM vault.plans)
SELECT 1 WHERE EXISTS (FROM vault.plans)
SELECT 1 IN (SELECT amount FROM vault.plans)
SELECT ARRAY(SELECT title FROM vault.plans)
WITH plans AS (SELECT * FROM vault.plans) SELECT * FROM plans
WITH plans AS (SELECT 1) SELECT * FROM vault.plans
WITH vault AS (SELECT 1) SELECT * FROM vault.plans
WITH "vault.plans" AS (SELECT 1) SELECT * FROM vault.plans
WITH a AS (SELECT * FROM plans), plans AS (SELECT 1) SELECT * FROM a
WITH plans AS (SELECT * FROM plans) SELECT * FROM plans
WITH RECURSIVE r AS (SELECT title FROM vault.plans UNION ALL SELECT * FROM r) SELECT * FROM r
WITH RECURSIVE r AS (SELECT 'x' AS title UNION SELECT p.title FROM vault.plans p, r) SELECT * FROM r
WITH RECURSIVE plans AS (SELECT title FROM plans) SELECT * FROM plans
SELECT * FROM (SELECT 1 UNION ALL SELECT amount FROM vault.plans)
SELECT * FROM (VALUES ((SELECT title FROM vault.plans)))
SELECT * FROM range(3) r(i), LATERAL (SELECT title FROM vault.plans LIMIT i)
SELECT * FROM range(3) POSITIONAL JOIN vault.plans
SELECT * FROM range(3) ASOF JOIN vault.plans ON range >= amount
SELECT * FROM range(3) SEMI JOIN vault.plans ON true
SELECT * FROM range(3) ANTI JOIN vault.plans ON true
SELECT * FROM vault.plans TABLESAMPLE 100%
SELECT * FROM vault.plans AS p(a, b)
SELECT p.rowid FROM vault.plans p
PIVOT vault.plans ON title IN ('x') USING count(*)
UNPIVOT vault.plans ON title, id
SELECT * FROM vault.plans UNPIVOT (v FOR n IN (title, id))
DESCRIBE vault.plans
SHOW vault.plans
SUMMARIZE vault.plans
SUMMARIZE SELECT * FROM vault.plans
EXPLAIN SELECT * FROM vault.plans
EXPLAIN ANALYZE SELECT count(*) FROM vault.plans
SELECT * FROM (DESCRIBE vault.plans)
SELECT list_transform([1], lambda x: (SELECT title FROM vault.plans))
SELECT sum(1) OVER (ORDER BY (SELECT amount FROM vault.plans))
SELECT 1 GROUP BY (SELECT title FROM vault.plans)
SELECT 1 HAVING (SELECT count(*) FROM vault.plans) > 0
SELECT 1 QUALIFY row_number() OVER () = (SELECT count(*) FROM vault.plans)
SELECT 1 LIMIT (SELECT count(*) FROM vault.plans)
SELECT 1 OFFSET (SELECT count(*) FROM vault.plans)
SELECT DISTINCT ON ((SELECT title FROM vault.plans)) 1
SELECT * FROM json_each((SELECT to_json(title) FROM vault.plans))
SELECT * FROM unnest((SELECT [title] FROM vault.plans))
SELECT string_agg(x, ',' ORDER BY (SELECT title FROM vault.plans)) FROM (SELECT 'a' AS x)
SELECT COLUMNS(lambda c: c = (SELECT title FROM vault.plans)) FROM (SELECT 1 AS a)
SELECT * REPLACE ((SELECT title FROM vault.plans) AS a) FROM (SELECT 1 AS a)
SELECT CAST((SELECT title FROM vault.plans) AS INT)
SELECT * FROM millpond.loads
SELECT raw FROM millpond.dead_letters
SELECT * FROM fed.millpond.dead_letters
SELECT * FROM millpond.jobs
SELECT * FROM millpond.schema_changes
SELECT * FROM fed.main.x
SELECT * FROM memory.main.x
SELECT * FROM temp.main.x
SELECT * FROM system.main.duckdb_tables_
SELECT * FROM sqlite_master
SELECT * FROM sqlite_schema
SELECT * FROM pg_catalog.pg_class
SELECT * FROM pg_catalog.pg_views
SELECT * FROM pg_tables
SELECT * FROM pg_settings
SELECT * FROM system.pg_catalog.pg_attribute
SELECT * FROM information_schema.views
SELECT * FROM information_schema.character_sets
SELECT * FROM fed.information_schema.table_constraints
SELECT * FROM pragma_database_list
SELECT * FROM duckdb_databases
SELECT * FROM duckdb_logs
SELECT * FROM _millpond.tables
SELECT * FROM made._millpond.tables

## catalogue | duckdb | ana cleo bob nina | harmless
SHOW TABLES
SHOW ALL TABLES
SHOW DATABASES
SHOW SCHEMAS
SHOW TABLES FROM millpond
SELECT * FROM information_schema.tables
SELECT * FROM information_schema.columns
SELECT * FROM information_schema.schemata
SELECT * FROM fed.information_schema.tables
SELECT * FROM system.information_schema.columns
SELECT * FROM duckdb_tables()
SELECT * FROM duckdb_tables
SELECT * FROM duckdb_columns() WHERE schema_name LIKE 'v%'
SELECT * FROM duckdb_views()
SELECT * FROM duckdb_schemas()
SELECT * FROM main.duckdb_tables
SELECT current_schemas(true), current_schema(), current_database(), current_catalog
SELECT * FROM pags
SELECT emial FROM web.pages
SELECT x.email FROM web.pages

## masks | duckdb | ana cleo | harmless
SELECT * FROM web.orders
SELECT email FROM web.orders
SELECT "email" FROM web.orders
SELECT EMAIL FROM WEB.ORDERS
SELECT o.email FROM web.orders o
SELECT o FROM web.orders o
SELECT o.* FROM web.orders o
SELECT orders FROM web.orders
SELECT to_json(o) FROM web.orders o
SELECT row(o.*) FROM web.orders o
SELECT struct_pack(a := email) FROM web.orders
SELECT {'a': email} FROM web.orders
SELECT [email] FROM web.orders
SELECT MAP {'a': email} FROM web.orders
SELECT struct_extract(o, 'email') FROM web.orders o
SELECT o['email'] FROM web.orders o
SELECT unnest(o) FROM web.orders o
SELECT unnest([email]) FROM web.orders
SELECT COLUMNS('.*mail') FROM web.orders
SELECT COLUMNS(*) FROM web.orders
SELECT COLUMNS(lambda c: c LIKE 'em%') FROM web.orders
SELECT *COLUMNS('email') FROM web.orders
SELECT * EXCLUDE (id) FROM web.orders
SELECT * REPLACE (upper(email) AS email) FROM web.orders
SELECT * RENAME (email AS id2) FROM web.orders
SELECT * LIKE '%mail%' FROM web.orders
SELECT #15 FROM web.orders
SELECT min(email), max(email) FROM web.orders
SELECT any_value(email), first(email), last(email), mode(email) FROM web.orders
SELECT string_agg(email, ',') FROM web.orders
SELECT list(email), histogram(email), approx_top_k(email, 3) FROM web.orders
SELECT arg_max(email, total), max_by(email, score) FROM web.orders
SELECT quantile_disc(email, 0.5) FROM web.orders
SELECT email, count(*) FROM web.orders GROUP BY email
SELECT email FROM web.orders GROUP BY ALL
PIVOT web.orders ON event IN ('orders') USING max((SELECT email FROM web.orders LIMIT 1))
SELECT alias((SELECT email FROM web.orders LIMIT 1))
SELECT 1 + (SELECT length(email) FROM web.orders LIMIT 1), EXISTS (FROM web.orders WHERE region = 'US')
DESCRIBE SELECT (SELECT email FROM web.orders LIMIT 1)
SELECT column_name FROM (DESCRIBE SELECT (SELECT region FROM web.orders LIMIT 1))
SELECT * FROM (SELECT (SELECT region FROM web.orders LIMIT 1))
WITH a AS (SELECT (SELECT region FROM web.orders LIMIT 1)) SELECT COLUMNS('.*') FROM a
SELECT to_json(s) FROM (SELECT (SELECT region FROM web.orders LIMIT 1)) s
SELECT DISTINCT email FROM web.orders
SELECT DISTINCT ON (email) email FROM web.orders
SELECT CASE WHEN email IS NOT NULL THEN email END FROM web.orders
SELECT CASE email WHEN 'x' THEN 1 ELSE email END FROM web.orders
SELECT coalesce(email, card) FROM web.orders
SELECT id FROM web.orders ORDER BY email
SELECT id FROM web.orders WHERE email LIKE 'g%'
SELECT id FROM web.orders WHERE email > 'a' ORDER BY email DESC LIMIT 1
SELECT regexp_extract(email, '.*@') FROM web.orders
SELECT substr(email, 1, 3), left(email, 3), reverse(email), email[1:6] FROM web.orders
SELECT encode(email), to_base64(encode(email)), hex(email), ascii(email) FROM web.orders
SELECT levenshtein(email, 'geheim1@example.com') FROM web.orders
SELECT first_value(email) OVER (ORDER BY id), lag(email) OVER (ORDER BY id) FROM web.orders
SELECT email FROM web.orders QUALIFY row_number() OVER (ORDER BY email) = 1
WITH a AS (SELECT * FROM web.orders) SELECT email FROM a
WITH orders AS (SELECT * FROM web.orders) SELECT email FROM orders
WITH a AS MATERIALIZED (FROM web.orders) FROM a
SELECT (SELECT email FROM web.orders LIMIT 1)
SELECT ARRAY(SELECT email FROM web.orders)
SELECT email FROM web.orders UNION ALL SELECT email FROM web.signup
SELECT * FROM web.orders UNION ALL BY NAME SELECT * FROM web.signup
SELECT a.email FROM web.orders a, web.orders b
SELECT * FROM web.orders JOIN web.users USING (email)
SELECT * FROM web.orders NATURAL JOIN web.users
SELECT l.x FROM web.orders o, LATERAL (SELECT o.email AS x) l
PIVOT web.orders ON event IN ('orders') USING first(email)
UNPIVOT (SELECT email, card FROM web.orders) ON email, card
SUMMARIZE web.orders
SUMMARIZE SELECT email FROM web.orders
SUMMARIZE web.users
DESCRIBE web.orders
SELECT min, max FROM (SUMMARIZE web.orders)
SELECT * FROM summary((SELECT email FROM web.orders))
SELECT * FROM json_each((SELECT to_json(list(email)) FROM web.orders))
SELECT * FROM web.orders USING SAMPLE 10 ROWS
SELECT properties FROM web.orders
SELECT properties->>'email' FROM web.orders
SELECT properties.email FROM web.orders
SELECT json_extract_string(properties, '$.email') FROM web.orders
SELECT _overflow FROM web.orders
SELECT properties FROM web.tracks
SELECT * FROM web.tracks
SELECT properties->>'email' FROM web.tracks
SELECT properties FROM web.tracks_other
SELECT * FROM web.tracks_other
SELECT * FROM web.signup
SELECT traits FROM web.identifies
SELECT * FROM web.identifies
SELECT * FROM web.users
SELECT _trait_times FROM web.users
SELECT card FROM web.orders WHERE card LIKE '4000%'
SELECT length(card), left(card, 5) FROM web.orders
SELECT rowid, * FROM web.users
EXPLAIN SELECT email FROM web.orders
EXPLAIN ANALYZE SELECT email FROM web.orders WHERE email = 'x'
EXPLAIN (FORMAT json) SELECT * FROM web.orders

## hidden rows | duckdb | ana cleo | harmless
SELECT region FROM web.orders
SELECT max(total), min(region), sum(total) FROM web.orders
SELECT * FROM web.orders WHERE region <> 'EU'
SELECT * FROM web.orders WHERE region <> 'EU' OR TRUE
SELECT * FROM web.orders WHERE TRUE OR CAST(region AS INT) = 1
SELECT count(*) FROM web.orders WHERE region LIKE 'geh%'
SELECT * FROM web.tracks WHERE event = 'orders'
SELECT properties FROM web.tracks_other WHERE event = 'orders'
SELECT a.region FROM web.orders a FULL JOIN web.orders b ON a.id = b.id
SELECT region FROM web.orders RIGHT JOIN range(10) ON true
SELECT approx_quantile(total, 1.0), quantile_cont(total, 1.0) FROM web.orders
SELECT max(total) OVER () FROM web.orders
SELECT * FROM web.orders ORDER BY total DESC LIMIT 1
SELECT bit_or(total) FROM web.orders

## errors that quote values | duckdb | ana cleo | harmless
SELECT CAST(email AS INT) FROM web.orders
SELECT email::DATE FROM web.orders
SELECT email::TIMESTAMP, email::DOUBLE FROM web.users
SELECT CAST(card AS INT) FROM web.orders
SELECT CAST(region AS INT) FROM web.orders
SELECT * FROM web.orders WHERE CAST(region AS INT) > 0
SELECT * FROM web.orders WHERE CAST(card AS INT) > 0 AND region = 'EU'
SELECT * FROM (SELECT * FROM web.orders) WHERE CAST(region AS DATE) > DATE '2020-01-01'
SELECT * FROM web.orders WHERE total::TINYINT > 0
SELECT total::TINYINT FROM web.orders
SELECT (total * 1000000000000)::INT FROM web.orders
SELECT total + 9223372036854775807 FROM web.orders
SELECT * FROM web.orders WHERE total + 9223372036854775000 > 0
SELECT error(email) FROM web.orders
SELECT error(region) FROM web.orders
SELECT * FROM web.orders WHERE error(region) IS NULL
SELECT * FROM web.orders WHERE CASE WHEN region <> 'EU' THEN error(region) END IS NULL
SELECT CASE WHEN total > 100 THEN error(total::VARCHAR) END FROM web.orders
SELECT * FROM web.orders o JOIN web.pages p ON error(o.region) IS NULL
SELECT * FROM web.orders o JOIN web.pages p ON CAST(o.region AS INT) = 1
SELECT sum(CAST(region AS INT)) FROM web.orders
SELECT count(*) FILTER (WHERE CAST(region AS INT) = 1) FROM web.orders
SELECT regexp_matches('a', email || '[') FROM web.orders
SELECT regexp_matches('a', region || '[') FROM web.orders
SELECT * FROM web.orders WHERE regexp_matches('a', '(' || region)
SELECT strptime(email, '%Y') FROM web.orders
SELECT * FROM web.orders WHERE strptime(region, '%Y') IS NULL
SELECT json(email) FROM web.orders
SELECT * FROM web.orders WHERE json(region) IS NULL
SELECT json_extract(properties, '$[') FROM web.orders
SELECT from_base64(region) FROM web.orders
SELECT unhex(email), unhex(region) FROM web.orders
SELECT chr(total) FROM web.orders
SELECT repeat('x', total) FROM web.orders WHERE false
SELECT date_trunc(region, now()) FROM web.orders
SELECT date_part(email, now()) FROM web.orders
SELECT now() AT TIME ZONE region FROM web.orders
SELECT printf(region, 1), format(region, 1) FROM web.orders
SELECT list_aggregate([1], region) FROM web.orders
SELECT struct_extract({'a': 1}, region) FROM web.orders
SELECT CAST(region AS ENUM('EU')) FROM web.orders
SELECT CAST(email AS UUID), CAST(region AS UUID) FROM web.orders
SELECT CAST(region AS INT[]) FROM web.orders
SELECT (SELECT region FROM web.orders)
SELECT 1 // 0, CAST('x' AS INT) FROM web.orders WHERE region = 'geheimland'
SELECT CAST(user_id AS INT) FROM web.tracks
SELECT CAST(properties AS INT) FROM web.tracks
SELECT to_timestamp(total::DOUBLE * 1e18) FROM web.orders
SELECT make_date(total, 1, 1) FROM web.orders
SELECT email.foo FROM web.orders
SELECT nosuchfunction(email) FROM web.orders
SELECT email + 1 FROM web.orders
SELECT region FROM web.orders WHERE
SELECT sum(region) FROM web.orders

## made tables and views | duckdb | ana | harmless
SELECT * FROM shop.clients
SELECT * FROM made.shop.clients
SELECT * FROM shop.all_clients
SELECT email, name FROM SHOP.All_Clients
SELECT * FROM shop.all_orders
SELECT max(region) FROM shop.all_orders WHERE CAST(region AS INT) > 0
SELECT * FROM shop.itself
WITH all_clients AS (SELECT * FROM shop.all_clients) SELECT * FROM all_clients
SUMMARIZE shop.all_clients
DESCRIBE shop.all_clients
EXPLAIN SELECT * FROM shop.all_clients
EXPLAIN SELECT * FROM shop.all_orders
SELECT CAST(email AS INT) FROM shop.clients
SELECT * FROM duckdb_views() WHERE schema_name = 'shop'
SHOW TABLES FROM shop

## made tables and views | duckdb | ana | refused
SELECT * FROM shop.beyond
SELECT count(*) FROM shop.beyond
SELECT name FROM shop.itself

## made tables and views | duckdb | bob cleo nina | unknown
SELECT name FROM shop.clients
SELECT name FROM shop.all_clients
SELECT id FROM made.shop.all_orders

## googlesql: made tables and views | googlesql | ana | harmless
SELECT * FROM shop.clients
SELECT * FROM shop.all_clients
SELECT * FROM shop.all_orders
SELECT * FROM shop.itself
SELECT CAST(email AS INT64) FROM shop.clients
SELECT * FROM shop.INFORMATION_SCHEMA.TABLES

## googlesql: made tables and views | googlesql | ana | refused
SELECT * FROM shop.beyond
SELECT COUNT(*) FROM shop.beyond

## googlesql: hidden tables | googlesql | ana cleo bob nina | unknown
SELECT * FROM vault.plans
SELECT * FROM `vault.plans`
SELECT * FROM `millpond.vault.plans`
SELECT (SELECT MAX(title) FROM vault.plans)
WITH plans AS (SELECT * FROM vault.plans) SELECT * FROM plans
SELECT 1 FROM UNNEST(ARRAY(SELECT title FROM vault.plans))
SELECT EXISTS(SELECT 1 FROM vault.plans)
SELECT * FROM millpond.dead_letters
SELECT * FROM millpond.jobs
FROM vault.plans |> SELECT title

## googlesql: files and engine | googlesql | admin ana nina | refused
SELECT * FROM `/etc/passwd`
SELECT * FROM read_text('/etc/passwd')
SELECT * FROM `x.csv`
SELECT current_setting('threads')
SELECT getenv('HOME')
SELECT stats(1)
SELECT * FROM fed.vault.plans_
SELECT query('SELECT 1')
SELECT memory.bq.to_int('1')
EXPORT DATA OPTIONS (uri = 'file:///tmp/x', format = 'CSV') AS SELECT 1
LOAD DATA INTO web.orders FROM FILES (format = 'CSV', uris = ['file:///etc/passwd'])
CREATE EXTERNAL TABLE web.x OPTIONS (format = 'CSV', uris = ['file:///etc/passwd'])

## googlesql: values and rows | googlesql | ana cleo | harmless
SELECT * FROM web.orders
SELECT email FROM web.orders
SELECT o FROM web.orders AS o
SELECT AS STRUCT * FROM web.orders
SELECT TO_JSON_STRING(o) FROM web.orders AS o
SELECT MIN(email), MAX(card), ANY_VALUE(region), STRING_AGG(email) FROM web.orders
SELECT ARRAY_AGG(email), MAX(total), SUM(total) FROM web.orders
SELECT SUBSTR(email, 1, 5), REVERSE(card), TO_HEX(MD5(email)) FROM web.orders
SELECT CAST(email AS INT64) FROM web.orders
SELECT CAST(region AS INT64) FROM web.orders
SELECT * FROM web.orders WHERE CAST(region AS INT64) > 0
SELECT * FROM web.orders WHERE ERROR(region) IS NULL
SELECT IF(total > 100, ERROR(CAST(total AS STRING)), 1) FROM web.orders
SELECT PARSE_DATE("%F", region) FROM web.orders
SELECT * FROM web.orders WHERE PARSE_DATE("%F", region) IS NULL
SELECT REGEXP_CONTAINS("a", CONCAT(region, "[")) FROM web.orders
SELECT properties FROM web.tracks
SELECT JSON_VALUE(properties, "$.email") FROM web.orders
SELECT * FROM web.tracks_other
SELECT * FROM web.`trac*`
SELECT * FROM `web.*`
SELECT * FROM web.identifies
SELECT * FROM web.users
SELECT * FROM web.users PIVOT (MAX(email) FOR city IN ("Taipei"))
SELECT * FROM web.orders UNPIVOT (v FOR n IN (email, card))
SELECT * FROM web.INFORMATION_SCHEMA.TABLES
SELECT * FROM web.INFORMATION_SCHEMA.COLUMNS
SELECT * FROM `millpond`.INFORMATION_SCHEMA.SCHEMATA
SELECT * FROM `region-us`.INFORMATION_SCHEMA.JOBS
SELECT * FROM vault.INFORMATION_SCHEMA.TABLES
SELECT * FROM web.ordesr
SELECT emial FROM web.orders
SELECT region FROM web.orders QUALIFY ROW_NUMBER() OVER (ORDER BY total DESC) = 1
SELECT email FROM web.orders ORDER BY email LIMIT 1
SELECT total FROM web.orders WHERE region != "EU" OR TRUE
FROM web.orders |> WHERE region != "EU" |> SELECT total, region
FROM web.orders |> AGGREGATE MAX(total) AS m, MAX(email) AS e GROUP BY region
