// DDL and DML in GoogleSQL from the door to DuckDB and back: what a table holds afterwards, or what went wrong.
import { afterAll, beforeAll, describe } from 'vitest'

import { type Millpond, startMillpond } from '../support/millpond.ts'
import { runScript, type ScriptCase, scriptCases } from '../support/script-cases.ts'

let millpond: Millpond

beforeAll(async () => {
  millpond = await startMillpond()
  await runScript(millpond, 'CREATE SCHEMA ds')
}, 60_000)
afterAll(async () => {
  await millpond.dispose()
})

function cases(list: readonly ScriptCase[]): void {
  scriptCases(() => millpond, list)
}

describe('DDL', () => {
  cases([
    [
      'a table with everything',
      "CREATE OR REPLACE TABLE ds.full (id INT64 NOT NULL OPTIONS(description = 'the key'), d DATE, s STRUCT<a INT64, b ARRAY<STRING>>, n NUMERIC(10, 2), t STRING(3) DEFAULT 'abc') PARTITION BY d CLUSTER BY id OPTIONS(description = 'x', labels = [('a', 'b')]); INSERT ds.full (id, s) VALUES (1, (2, ['x'])); SELECT id, s.b[OFFSET(0)], t FROM ds.full",
      [[1, 'x', 'abc']],
    ],
    [
      'options that are worked out, as dbt writes them for its own tables',
      `DECLARE team STRING DEFAULT 'data'; CREATE OR REPLACE TABLE ds.soon (a INT64) OPTIONS(description = CONCAT('of ', team), expiration_timestamp = TIMESTAMP_ADD(CURRENT_TIMESTAMP(), INTERVAL 12 hour), labels = [('team', team)]); SELECT option_name, IF(option_name = 'expiration_timestamp', CAST(TIMESTAMP_DIFF(TIMESTAMP(JSON_VALUE(option_value)), CURRENT_TIMESTAMP(), HOUR) IN (11, 12) AS STRING), option_value) FROM ds.INFORMATION_SCHEMA.TABLE_OPTIONS WHERE table_name = 'soon' ORDER BY 1`,
      [
        ['description', '"of data"'],
        ['expiration_timestamp', 'true'],
        ['labels', '[["team","data"]]'],
      ],
    ],
    [
      'options set later, worked out too',
      "ALTER TABLE ds.soon SET OPTIONS(description = UPPER('x'), expiration_timestamp = NULL); SELECT option_value FROM ds.INFORMATION_SCHEMA.TABLE_OPTIONS WHERE table_name = 'soon' AND option_name IN ('description', 'expiration_timestamp')",
      [['"X"']],
    ],
    ['options of a wrong name', 'CREATE TABLE ds.wrong (a INT64) OPTIONS(description = CONCAT(nobody))', 'nobody'],
    [
      'a materialized view is always fresh, and may be refreshed',
      "CREATE MATERIALIZED VIEW ds.mv AS SELECT 1 AS a; CALL BQ.REFRESH_MATERIALIZED_VIEW('millpond.ds.mv'); CALL bq.refresh_materialized_view('ds.mv'); SELECT a FROM ds.mv",
      [[1]],
    ],
    [
      '__TABLES__ and MATERIALIZED_VIEWS, which `dbt docs generate` reads',
      'SELECT t.table_id, t.type, t.row_count, t.size_bytes >= 0, t.creation_time > 1700000000000, m.table_name IS NOT NULL FROM `millpond`.`ds`.__TABLES__ t LEFT JOIN millpond.ds.INFORMATION_SCHEMA.MATERIALIZED_VIEWS m ON m.table_name = t.table_id AND m.table_schema = t.dataset_id AND m.table_catalog = t.project_id WHERE t.table_id IN ("full", "mv") ORDER BY 1',
      [
        ['full', 1, 1, true, true, false],
        ['mv', 2, 0, true, true, true],
      ],
    ],
    ['nothing else is refreshed', "CALL BQ.REFRESH_MATERIALIZED_VIEW('ds.soon')", 'ds.soon is not a view'],
    ['nor what is not there', "CALL BQ.REFRESH_MATERIALIZED_VIEW('ds.nope')", 'ds.nope is not a view'],
    ['exists already', 'CREATE TABLE ds.full (a INT64)', 'Already Exists'],
    ['IF NOT EXISTS', 'CREATE TABLE IF NOT EXISTS ds.full (a INT64); SELECT COUNT(*) FROM ds.full', [[1]]],
    ['NOT NULL holds', 'INSERT ds.full (id) VALUES (NULL)', 'id'],
    ['lengths hold', "INSERT ds.full (id, t) VALUES (2, 'abcd')", 't'],
    [
      'LIKE keeps the shape and its defaults',
      'CREATE OR REPLACE TABLE ds.alike LIKE ds.full; INSERT ds.alike (id) VALUES (1); SELECT id, t FROM ds.alike',
      [[1, 'abc']],
    ],
    ['LIKE keeps NOT NULL', 'INSERT ds.alike (id) VALUES (NULL)', 'id'],
    ['COPY', 'CREATE OR REPLACE TABLE ds.copied COPY ds.full; SELECT id FROM ds.copied', [[1]]],
    [
      'declared types and a query',
      "CREATE OR REPLACE TABLE ds.declared (a NUMERIC, b DATE) AS SELECT 1 AS a, DATE '2026-01-01' AS b; SELECT a FROM ds.declared",
      [[1]],
    ],
    ['declared types that do not fit', "CREATE OR REPLACE TABLE ds.declared (a INT64) AS SELECT 'x' AS a", 'INT64'],
    [
      'add, rename and drop columns',
      'CREATE OR REPLACE TABLE ds.al (a INT64); INSERT ds.al VALUES (1); ALTER TABLE ds.al ADD COLUMN b STRING, ADD COLUMN IF NOT EXISTS a INT64; ALTER TABLE ds.al RENAME COLUMN a TO c; SELECT c, b FROM ds.al',
      [[1, null]],
    ],
    ['drop a column', 'ALTER TABLE ds.al DROP COLUMN b; SELECT * FROM ds.al', [[1]]],
    [
      'a default set later',
      'ALTER TABLE ds.al ALTER COLUMN c SET DEFAULT 9; INSERT ds.al VALUES (DEFAULT); SELECT SUM(c) FROM ds.al',
      [[10]],
    ],
    [
      'a wider type',
      'CREATE OR REPLACE TABLE ds.wide (a INT64, s STRING); INSERT ds.wide VALUES (1, "2"); ALTER TABLE ds.wide ALTER COLUMN a SET DATA TYPE FLOAT64; SELECT a / 2 FROM ds.wide',
      [[0.5]],
    ],
    ['no other type', 'ALTER TABLE ds.wide ALTER COLUMN s SET DATA TYPE INT64', 'is assignable to the new type'],
    ['no default for rows that are there', 'ALTER TABLE ds.wide ADD COLUMN b INT64 DEFAULT 1', 'without a default'],
    ['rename a table', 'ALTER TABLE ds.al RENAME TO al2; SELECT COUNT(*) FROM ds.al2', [[2]]],
    ['a view', 'CREATE OR REPLACE VIEW ds.v AS SELECT c * 2 AS d FROM ds.al2; SELECT MAX(d) FROM ds.v', [[18]]],
    ['drop a view', 'DROP VIEW ds.v; SELECT * FROM ds.v', 'ds.v'],
    ['drop what is not there', 'DROP TABLE IF EXISTS ds.never; DROP TABLE ds.never', 'Not found'],
    ['truncate', 'TRUNCATE TABLE ds.al2; SELECT COUNT(*) FROM ds.al2', [[0]]],
    ['twins', 'CREATE TABLE ds.twins AS SELECT 1 AS a, 2 AS A', 'Duplicate column name'],
    ['a column without a name', 'CREATE TABLE ds.unnamed AS SELECT 1', 'name'],
    ['external tables are refused', "CREATE EXTERNAL TABLE ds.ext OPTIONS(format = 'CSV')", 'External tables'],
    ['indexes are refused', 'CREATE SEARCH INDEX i ON ds.full(ALL COLUMNS)', 'CREATE SEARCH INDEX is not supported'],
    ['grants are refused', 'GRANT `roles/viewer` ON SCHEMA ds TO "user:a@b.c"', 'GRANT is not supported'],
    [
      'a schema that is in use',
      'CREATE SCHEMA other; CREATE TABLE other.t (a INT64); DROP SCHEMA other',
      'still in use',
    ],
    ['a schema with all that is in it', 'DROP SCHEMA other CASCADE; SELECT * FROM other.t', 'other'],
  ])
})

describe('arrays in tables', () => {
  cases([
    [
      'NULL is kept as an empty one',
      'CREATE OR REPLACE TABLE ds.arr (a ARRAY<INT64>, s STRUCT<b ARRAY<STRING>, c INT64>, l ARRAY<STRUCT<x ARRAY<INT64>>>); INSERT ds.arr VALUES (NULL, (NULL, 1), [STRUCT(CAST(NULL AS ARRAY<INT64>))]); INSERT ds.arr (s) VALUES (NULL); SELECT a IS NULL, ARRAY_LENGTH(a), ARRAY_LENGTH(s.b), ARRAY_LENGTH(l[SAFE_OFFSET(0)].x), s IS NULL FROM ds.arr ORDER BY s IS NULL',
      [
        [false, 0, 0, 0, false],
        [false, 0, null, null, true],
      ],
    ],
    [
      'no NULL in them',
      'INSERT ds.arr (a) VALUES ([1, NULL])',
      'Array cannot have a null element; error in writing field a',
    ],
    ['nor by UPDATE', 'UPDATE ds.arr SET a = [NULL] WHERE TRUE', 'Array cannot have a null element'],
    ['UPDATE to NULL', 'UPDATE ds.arr SET a = NULL WHERE TRUE; SELECT DISTINCT ARRAY_LENGTH(a) FROM ds.arr', [[0]]],
    [
      'nor from a query',
      'CREATE OR REPLACE TABLE ds.arr2 AS SELECT [1, NULL] AS a',
      'Array cannot have a null element',
    ],
    [
      'from a query',
      'CREATE OR REPLACE TABLE ds.arr2 AS SELECT CAST(NULL AS ARRAY<INT64>) AS a, 1 AS b; SELECT ARRAY_LENGTH(a), b FROM ds.arr2',
      [[0, 1]],
    ],
    [
      'by MERGE',
      'MERGE ds.arr2 t USING (SELECT 2 AS b) s ON t.b = s.b WHEN NOT MATCHED THEN INSERT (b) VALUES (b) WHEN NOT MATCHED BY SOURCE THEN UPDATE SET a = [7]; SELECT b, a FROM ds.arr2 ORDER BY b',
      [
        [1, [7]],
        [2, []],
      ],
    ],
  ])
})

describe('DML', () => {
  const fill =
    "CREATE OR REPLACE TABLE ds.inv (id INT64, name STRING, q INT64, s STRUCT<a INT64, b STRUCT<c STRING, d FLOAT64>>); INSERT ds.inv VALUES (1, 'a', 10, (1, ('x', 1))), (2, 'b', 20, NULL), (3, NULL, 30, (3, ('z', 3.5)));"
  const all = 'SELECT id, name, q FROM ds.inv ORDER BY id'
  cases([
    [
      'INSERT of rows, with coercion',
      "CREATE OR REPLACE TABLE ds.c (f FLOAT64, n NUMERIC, d DATE, t TIMESTAMP); INSERT INTO ds.c VALUES (1, 2, '2026-01-01', '2026-01-01 00:00:00+00'); SELECT f / 2, n, d FROM ds.c",
      [[0.5, 2, '2026-01-01']],
    ],
    [
      'INSERT of a query',
      'INSERT ds.c (f, n) SELECT x, x FROM UNNEST([1, 2]) x; SELECT COUNT(*), SUM(n) FROM ds.c',
      [[3, 5]],
    ],
    ['INSERT of WITH', 'INSERT ds.c (f) WITH w AS (SELECT 5 AS a) SELECT a FROM w; SELECT MAX(f) FROM ds.c', [[5]]],
    ['INSERT of what does not fit', "INSERT ds.c (f) SELECT 'x'", 'FLOAT64'],
    ['INSERT of too many', 'INSERT ds.c (f) VALUES (1, 2)', 'wrong column count'],
    ['INSERT into an unknown column', 'INSERT ds.c (zz) VALUES (1)', 'zz'],
    ['INSERT of a column twice', 'INSERT ds.c (f, F) VALUES (1, 2)', 'twice'],
    [
      'UPDATE',
      `${fill} UPDATE ds.inv SET q = q + 1, name = 'n' WHERE id < 3; ${all}`,
      [
        [1, 'n', 11],
        [2, 'n', 21],
        [3, null, 30],
      ],
    ],
    [
      'UPDATE sees old values',
      'CREATE OR REPLACE TABLE ds.sw (a INT64, b INT64); INSERT ds.sw VALUES (1, 2); UPDATE ds.sw SET a = b, b = a WHERE TRUE; SELECT a, b FROM ds.sw',
      [[2, 1]],
    ],
    [
      'UPDATE of fields',
      `${fill} UPDATE ds.inv SET s.b.c = 'new', s.a = 7 WHERE id = 1; SELECT s.a, s.b.c, s.b.d FROM ds.inv WHERE id = 1`,
      [[7, 'new', 1]],
    ],
    ['UPDATE needs WHERE', 'UPDATE ds.inv SET q = 1', 'UPDATE must have a WHERE clause'],
    [
      'UPDATE FROM',
      `${fill} UPDATE ds.inv AS i SET q = n.v FROM UNNEST([STRUCT(1 AS id, 100 AS v), (9, 900)]) AS n WHERE i.id = n.id; ${all}`,
      [
        [1, 'a', 100],
        [2, 'b', 20],
        [3, null, 30],
      ],
    ],
    [
      'UPDATE FROM two rows',
      `${fill} UPDATE ds.inv AS i SET q = n FROM UNNEST([1, 2]) AS n WHERE i.id = 1`,
      'UPDATE/MERGE must match at most one source row for each target row',
    ],
    [
      'UPDATE with a subquery',
      `${fill} UPDATE ds.inv SET q = (SELECT MAX(x) FROM UNNEST([5, 6]) x) WHERE id IN (SELECT 2); ${all}`,
      [
        [1, 'a', 10],
        [2, 'b', 6],
        [3, null, 30],
      ],
    ],
    ['UPDATE of an unknown column', 'UPDATE ds.inv SET zz = 1 WHERE TRUE', 'zz'],
    ['UPDATE of a column twice', 'UPDATE ds.inv SET q = 1, q = 2 WHERE TRUE', 'more than once'],
    ['UPDATE with what does not fit', 'UPDATE ds.inv SET q = 1.5 WHERE TRUE', 'INT64'],
    [
      'DELETE',
      `${fill} DELETE ds.inv WHERE name IS NULL; ${all}`,
      [
        [1, 'a', 10],
        [2, 'b', 20],
      ],
    ],
    [
      'DELETE with an alias',
      `${fill} DELETE FROM ds.inv i WHERE i.q > 15 AND EXISTS(SELECT 1 FROM UNNEST([2]) x WHERE x = i.id); ${all}`,
      [
        [1, 'a', 10],
        [3, null, 30],
      ],
    ],
    ['DELETE needs WHERE', 'DELETE FROM ds.inv', 'DELETE must have a WHERE clause'],
    [
      'MERGE with all clauses',
      `${fill} MERGE ds.inv t USING (SELECT 2 AS id, 'B' AS name, 5 AS q UNION ALL SELECT 9, 'new', 90) s ON t.id = s.id WHEN MATCHED AND s.q > 100 THEN DELETE WHEN MATCHED THEN UPDATE SET q = t.q + s.q, name = s.name WHEN NOT MATCHED THEN INSERT (id, name, q) VALUES (s.id, s.name, s.q) WHEN NOT MATCHED BY SOURCE AND t.id = 3 THEN DELETE WHEN NOT MATCHED BY SOURCE THEN UPDATE SET q = 0; ${all}`,
      [
        [1, 'a', 0],
        [2, 'B', 25],
        [9, 'new', 90],
      ],
    ],
    [
      'MERGE takes the first clause',
      `${fill} MERGE ds.inv t USING (SELECT 1 AS id) s ON t.id = s.id WHEN MATCHED AND q = 10 THEN UPDATE SET q = 11 WHEN MATCHED THEN DELETE; ${all}`,
      [
        [1, 'a', 11],
        [2, 'b', 20],
        [3, null, 30],
      ],
    ],
    [
      'MERGE ON FALSE replaces',
      `${fill} MERGE ds.inv USING (SELECT 7 AS id, 'seven' AS name, 70 AS q) s ON FALSE WHEN NOT MATCHED THEN INSERT (id, name, q) VALUES (id, name, q) WHEN NOT MATCHED BY SOURCE THEN DELETE; ${all}`,
      [[7, 'seven', 70]],
    ],
    [
      'MERGE INSERT ROW',
      'CREATE OR REPLACE TABLE ds.row (id INT64, name STRING); MERGE ds.row t USING (SELECT 1 AS id, "x" AS name) s ON t.id = s.id WHEN NOT MATCHED THEN INSERT ROW; SELECT * FROM ds.row',
      [[1, 'x']],
    ],
    [
      'MERGE INSERT ROW goes by position',
      'CREATE OR REPLACE TABLE ds.row (id FLOAT64, name STRING); MERGE ds.row t USING (SELECT * FROM UNNEST([(1, "x"), (2, "y")])) ON FALSE WHEN NOT MATCHED THEN INSERT ROW; SELECT * FROM ds.row ORDER BY id',
      [
        [1, 'x'],
        [2, 'y'],
      ],
    ],
    [
      'MERGE INSERT ROW of another width',
      'MERGE ds.row t USING (SELECT 1 AS id) s ON FALSE WHEN NOT MATCHED THEN INSERT ROW',
      'wrong column count',
    ],
    [
      'MERGE fills defaults',
      "CREATE OR REPLACE TABLE ds.df (id INT64, t STRING DEFAULT 'dd'); MERGE ds.df t USING (SELECT 1 AS id) s ON t.id = s.id WHEN NOT MATCHED THEN INSERT (id) VALUES (id); SELECT * FROM ds.df",
      [[1, 'dd']],
    ],
    ['INSERT of a query fills defaults', 'INSERT ds.df (id) SELECT 2; SELECT t FROM ds.df WHERE id = 2', [['dd']]],
    [
      'UPDATE to the default',
      "UPDATE ds.df SET t = 'x' WHERE TRUE; UPDATE ds.df SET t = DEFAULT WHERE id = 1; SELECT t FROM ds.df ORDER BY id",
      [['dd'], ['x']],
    ],
    [
      'MERGE of two source rows',
      `${fill} MERGE ds.inv t USING (SELECT 1 AS id, 1 AS q UNION ALL SELECT 1, 2) s ON t.id = s.id WHEN MATCHED THEN UPDATE SET q = s.q`,
      'UPDATE/MERGE must match at most one source row for each target row',
    ],
    [
      'MERGE of two source rows of which one is taken',
      `${fill} MERGE ds.inv t USING (SELECT 1 AS id, 1 AS q UNION ALL SELECT 1, 2) s ON t.id = s.id WHEN MATCHED AND s.q = 2 THEN UPDATE SET q = s.q; ${all}`,
      [
        [1, 'a', 2],
        [2, 'b', 20],
        [3, null, 30],
      ],
    ],
    [
      'MERGE: NULL matches nothing',
      'CREATE OR REPLACE TABLE ds.nul (k INT64, v STRING); INSERT ds.nul VALUES (NULL, "old"); MERGE ds.nul t USING (SELECT CAST(NULL AS INT64) AS k, "new" AS v) s ON t.k = s.k WHEN MATCHED THEN DELETE WHEN NOT MATCHED THEN INSERT (k, v) VALUES (k, v); SELECT v FROM ds.nul ORDER BY v',
      [['new'], ['old']],
    ],
    [
      'MERGE counts its rows',
      `${fill} MERGE ds.inv t USING (SELECT 1 AS id UNION ALL SELECT 8) s ON t.id = s.id WHEN MATCHED THEN UPDATE SET q = 0 WHEN NOT MATCHED THEN INSERT (id) VALUES (s.id); SELECT @@row_count`,
      [[2]],
    ],
    [
      'MERGE from a table',
      `${fill} CREATE OR REPLACE TABLE ds.src (id INT64, q INT64); INSERT ds.src VALUES (3, 33); MERGE INTO ds.inv USING ds.src ON inv.id = src.id WHEN MATCHED THEN UPDATE SET q = src.q; ${all}`,
      [
        [1, 'a', 10],
        [2, 'b', 20],
        [3, null, 33],
      ],
    ],
    [
      'parameters of the script',
      'DECLARE k INT64 DEFAULT 3; DELETE FROM ds.inv WHERE id = k; SELECT COUNT(*) FROM ds.inv',
      [[2]],
    ],
    ['fed tables are refused', 'DELETE FROM millpond.jobs WHERE TRUE', 'millpond'],
  ])
})
