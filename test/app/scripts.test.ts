// Scripts, DDL and DML in GoogleSQL from the door to DuckDB and back: what the last query of a script answers, or what went wrong.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type Millpond, startMillpond } from '../support/millpond.ts'

let millpond: Millpond

beforeAll(async () => {
  millpond = await startMillpond()
  await run('CREATE SCHEMA ds')
}, 60_000)
afterAll(async () => {
  await millpond.dispose()
})

/** Rows of the last query, or the error's text. */
async function run(sql: string): Promise<unknown> {
  const response = await millpond.api('/api/query', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ sql, useCache: false }),
  })
  const text = await response.text()
  const lines = text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
  const failed = lines.find((line) => 'error' in line)
  if (failed !== undefined) return errorText(failed['error'])
  return lines.filter((line) => 'row' in line).map((line) => line['row'])
}

function errorText(error: unknown): string {
  return typeof error === 'object' && error !== null && 'message' in error
    ? String(error.message)
    : JSON.stringify(error)
}

type Case = readonly [title: string, sql: string, expected: unknown]

function cases(list: readonly Case[]): void {
  test.each(list)('%s', async (_, sql, expected) => {
    const found = await run(sql)
    if (typeof expected === 'string') expect(found).toEqual(expect.stringContaining(expected))
    else expect(found).toEqual(expected)
  })
}

describe('variables', () => {
  cases([
    ['DECLARE and SET', 'DECLARE x INT64 DEFAULT 5; SET x = x + 1; SELECT x + 1', [[7]]],
    [
      'the type of the default',
      "DECLARE x DEFAULT DATE '2026-01-01'; SELECT DATE_ADD(x, INTERVAL 1 DAY)",
      [['2026-01-02']],
    ],
    ['several at once', 'DECLARE a, b INT64 DEFAULT 2; SELECT a + b', [[4]]],
    ['NULL without a default', 'DECLARE a STRING; SELECT a IS NULL, a', [[true, null]]],
    [
      'arrays',
      'DECLARE a ARRAY<INT64> DEFAULT [1, 2]; SET a = ARRAY_CONCAT(a, [3]); SELECT a, ARRAY_LENGTH(a)',
      [[[1, 2, 3], 3]],
    ],
    ['structs', "DECLARE s STRUCT<a INT64, b STRING> DEFAULT (1, 'x'); SELECT s.a + 1, s.b", [[2, 'x']]],
    [
      'arrays of structs',
      "DECLARE s ARRAY<STRUCT<a INT64, b STRING>>; SET s = [(1, 'it''s'), (2, NULL)]".replace("''", "\\'") +
        '; SELECT s[OFFSET(0)].b, s[OFFSET(1)].b IS NULL',
      [["it's", true]],
    ],
    [
      'bytes, numerics and times',
      "DECLARE b BYTES DEFAULT b'\\x00\\xff'; DECLARE n NUMERIC DEFAULT NUMERIC '1.25'; DECLARE t TIMESTAMP DEFAULT TIMESTAMP '2026-01-01 10:00:00+00'; SELECT TO_HEX(b), n * 2, FORMAT_TIMESTAMP('%F %T', t, 'UTC')",
      [['00ff', 2.5, '2026-01-01 10:00:00']],
    ],
    ['a query as the value', 'DECLARE x INT64; SET x = (SELECT MAX(v) FROM UNNEST([1, 5, 3]) v); SELECT x', [[5]]],
    ['several from a struct', 'DECLARE a, b INT64; SET (a, b) = (SELECT AS STRUCT 1, 2); SELECT a, b', [[1, 2]]],
    [
      'several from a tuple, all computed before',
      'DECLARE a INT64 DEFAULT 1; DECLARE b INT64 DEFAULT 2; SET (a, b) = (b, a); SELECT a, b',
      [[2, 1]],
    ],
    [
      'coercion of the tuple',
      "DECLARE a FLOAT64; DECLARE d DATE; SET (a, d) = (1, DATE '2026-01-01'); SELECT a / 2, d",
      [[0.5, '2026-01-01']],
    ],
    ['no coercion to what does not fit', "DECLARE a INT64; SET a = 'x'", 'INT64'],
    ['no tuple of other types', "DECLARE a, b INT64; SET (a, b) = (1, 'x'); SELECT b", 'INT64'],
    ['an undeclared name', 'SET nothing = 1', 'Undeclared variable: nothing'],
    ['a name twice', 'DECLARE a INT64; DECLARE A STRING; SELECT 1', 'redeclar'],
    ['a name of an outer block', 'DECLARE a INT64; BEGIN DECLARE a INT64; END;', 'redeclar'],
    ['blocks end names', 'BEGIN DECLARE a INT64 DEFAULT 1; END; SELECT a', 'Unrecognized name: a'],
    [
      'declarations stand first',
      'SELECT 1; DECLARE a INT64',
      'Variable declarations are allowed only at the start of a block or script',
    ],
    ['columns win over variables', 'DECLARE v INT64 DEFAULT 100; SELECT SUM(v) FROM UNNEST([1, 2]) v', [[3]]],
    [
      'row counts',
      'CREATE TEMP TABLE t AS SELECT 1 AS a UNION ALL SELECT 2; UPDATE t SET a = 3 WHERE TRUE; SELECT @@row_count',
      [[2]],
    ],
    ['unknown system variables', 'SELECT @@nothing', 'nothing'],
    ['time zones stay', "SET @@time_zone = 'Asia/Taipei'; SELECT 1", 'time_zone'],
  ])
})

describe('control flow', () => {
  cases([
    [
      'IF',
      'DECLARE x INT64 DEFAULT 3; IF x > 5 THEN SELECT 1; ELSEIF x > 2 THEN SELECT 2; ELSE SELECT 3; END IF',
      [[2]],
    ],
    ['IF of NULL', 'IF CAST(NULL AS BOOL) THEN SELECT 1; ELSE SELECT 2; END IF', [[2]]],
    ['IF needs a BOOL', 'IF 1 THEN SELECT 1; END IF', 'BOOL'],
    [
      'CASE by value',
      "DECLARE x STRING DEFAULT 'b'; CASE x WHEN 'a' THEN SELECT 1; WHEN 'b' THEN SELECT 2; ELSE SELECT 3; END CASE",
      [[2]],
    ],
    ['CASE by condition', 'CASE WHEN FALSE THEN SELECT 1; WHEN TRUE THEN SELECT 2; END CASE', [[2]]],
    ['WHILE', 'DECLARE x INT64 DEFAULT 0; WHILE x < 5 DO SET x = x + 1; END WHILE; SELECT x', [[5]]],
    [
      'LOOP and BREAK',
      'DECLARE x INT64 DEFAULT 0; LOOP SET x = x + 1; IF x >= 3 THEN BREAK; END IF; END LOOP; SELECT x',
      [[3]],
    ],
    [
      'CONTINUE',
      'DECLARE x, s INT64 DEFAULT 0; WHILE x < 5 DO SET x = x + 1; IF MOD(x, 2) = 0 THEN CONTINUE; END IF; SET s = s + x; END WHILE; SELECT s',
      [[9]],
    ],
    ['REPEAT', 'DECLARE x INT64 DEFAULT 0; REPEAT SET x = x + 1; UNTIL x >= 3 END REPEAT; SELECT x', [[3]]],
    [
      'FOR',
      'DECLARE s STRING DEFAULT ""; FOR r IN (SELECT n, CAST(n AS STRING) AS t FROM UNNEST([1, 2, 3]) n ORDER BY n DESC) DO SET s = CONCAT(s, r.t); END FOR; SELECT s',
      [['321']],
    ],
    [
      'labels',
      'DECLARE x INT64 DEFAULT 0; outer_loop: LOOP LOOP SET x = x + 1; IF x = 3 THEN LEAVE outer_loop; END IF; END LOOP; END LOOP outer_loop; SELECT x',
      [[3]],
    ],
    [
      'ITERATE of an outer loop',
      'DECLARE x, y INT64 DEFAULT 0; a: WHILE x < 3 DO SET x = x + 1; WHILE TRUE DO SET y = y + 1; ITERATE a; END WHILE; END WHILE; SELECT y',
      [[3]],
    ],
    ['a block is left by its label', 'DECLARE x INT64 DEFAULT 1; b: BEGIN LEAVE b; SET x = 2; END b; SELECT x', [[1]]],
    ['RETURN', 'SELECT 1; RETURN; SELECT 2', [[1]]],
    ['BREAK outside of loops', 'BREAK', 'BREAK is only allowed inside of a loop body'],
    ['CONTINUE outside of loops', 'IF TRUE THEN CONTINUE; END IF', 'CONTINUE is only allowed inside of a loop body'],
    ['an unknown label', 'LOOP LEAVE nowhere; END LOOP', 'nowhere'],
    ['a label twice', 'a: LOOP a: LOOP BREAK; END LOOP; END LOOP', 'Duplicate label'],
  ])
})

describe('errors', () => {
  cases([
    [
      'are caught',
      'DECLARE x INT64; BEGIN SET x = 1 / 0; EXCEPTION WHEN ERROR THEN SELECT STRPOS(LOWER(@@error.message), "division by zero") > 0; END',
      [[true]],
    ],
    ['of queries are caught', 'BEGIN SELECT 1 / 0; EXCEPTION WHEN ERROR THEN SELECT 2; END', [[2]]],
    ['of names are caught', 'BEGIN SELECT * FROM ds.nothing_there; EXCEPTION WHEN ERROR THEN SELECT 3; END', [[3]]],
    [
      'tell their statement',
      'BEGIN SELECT 1 / 0; EXCEPTION WHEN ERROR THEN SELECT @@error.statement_text; END',
      [['SELECT 1 / 0']],
    ],
    [
      'are raised',
      'BEGIN RAISE USING MESSAGE = "my own"; EXCEPTION WHEN ERROR THEN SELECT @@error.message LIKE "%my own%"; END',
      [[true]],
    ],
    [
      'are raised again',
      'BEGIN BEGIN RAISE USING MESSAGE = "inner"; EXCEPTION WHEN ERROR THEN RAISE; END; EXCEPTION WHEN ERROR THEN SELECT @@error.message LIKE "%inner%"; END',
      [[true]],
    ],
    ['reach the caller', 'RAISE USING MESSAGE = "to the caller"', 'to the caller'],
    ['RAISE outside of a handler', 'RAISE', 'outside of an exception handler'],
    [
      'the handler sees no variable of the block',
      'BEGIN DECLARE a INT64 DEFAULT 1; SELECT 1 / 0; EXCEPTION WHEN ERROR THEN SELECT a; END',
      'Unrecognized name: a',
    ],
    ['asserted', 'ASSERT 1 > 2 AS "no luck"', 'no luck'],
    ['not asserted', 'ASSERT EXISTS(SELECT 1); SELECT 4', [[4]]],
    ['have their place', 'DECLARE x INT64;\nSELECT nix', 'at [2:8]'],
  ])
})

describe('EXECUTE IMMEDIATE', () => {
  cases([
    ['with positions', "EXECUTE IMMEDIATE 'SELECT ? + ?' USING 1, 2", [[3]]],
    ['with names', "EXECUTE IMMEDIATE 'SELECT @a - @b' USING 1 AS b, 5 AS a", [[4]]],
    ['into variables', "DECLARE a, b INT64; EXECUTE IMMEDIATE 'SELECT 1, 2' INTO a, b; SELECT a + b", [[3]]],
    [
      'into NULL without a row',
      "DECLARE a INT64 DEFAULT 7; EXECUTE IMMEDIATE 'SELECT 1 FROM UNNEST([1]) x WHERE x > 1' INTO a; SELECT a",
      [[null]],
    ],
    [
      'not into a variable of another type',
      'DECLARE a INT64; EXECUTE IMMEDIATE \'SELECT "x"\' INTO a; SELECT a',
      'INT64',
    ],
    [
      'of text put together',
      'DECLARE c STRING DEFAULT "v"; EXECUTE IMMEDIATE FORMAT("SELECT SUM(%s) FROM UNNEST([1, 2]) v", c)',
      [[3]],
    ],
    ['only one statement', "EXECUTE IMMEDIATE 'SELECT 1; SELECT 2'", 'one statement'],
    ['of NULL', 'EXECUTE IMMEDIATE CAST(NULL AS STRING)', 'NULL'],
    ['of DDL', "EXECUTE IMMEDIATE 'CREATE TEMP TABLE dyn AS SELECT 8 AS a'; SELECT a FROM dyn", [[8]]],
    ['of control flow is refused', "EXECUTE IMMEDIATE 'IF TRUE THEN SELECT 1; END IF'", 'EXECUTE IMMEDIATE'],
  ])
})

describe('temp tables and functions', () => {
  cases([
    [
      'a temp table',
      "CREATE TEMP TABLE t (a INT64, b STRING); INSERT t VALUES (1, 'x'), (2, NULL); SELECT a, b FROM t ORDER BY a",
      [
        [1, 'x'],
        [2, null],
      ],
    ],
    [
      'a temp table from a query',
      'CREATE TEMP TABLE t AS SELECT 1 AS a; CREATE OR REPLACE TEMP TABLE t AS SELECT a + 1 AS a FROM t; SELECT a FROM t',
      [[2]],
    ],
    [
      'a temp table twice',
      'CREATE TEMP TABLE t AS SELECT 1 AS a; CREATE TEMP TABLE t AS SELECT 1 AS a',
      'Already Exists',
    ],
    ['NOT NULL of a temp table', 'CREATE TEMP TABLE t (a INT64 NOT NULL); INSERT t VALUES (NULL)', 'a'],
    [
      'defaults of a temp table',
      'CREATE TEMP TABLE t (a INT64, b INT64 DEFAULT 1 + 1); INSERT t (a) VALUES (1); INSERT t VALUES (2, DEFAULT); SELECT * FROM t ORDER BY a',
      [
        [1, 2],
        [2, 2],
      ],
    ],
    ['no other types into declared columns', "CREATE TEMP TABLE t (a INT64) AS SELECT 'x' AS a", 'INT64'],
    [
      'coercion into declared columns',
      'CREATE TEMP TABLE t (a NUMERIC, b FLOAT64) AS SELECT 1 AS a, 2 AS b; SELECT a, b / 4 FROM t',
      [[1, 0.5]],
    ],
    ['dropped', 'CREATE TEMP TABLE t AS SELECT 1 AS a; DROP TABLE t; SELECT * FROM t', 't'],
    ['a SQL function', 'CREATE TEMP FUNCTION add_one(x INT64) AS (x + 1); SELECT add_one(add_one(2))', [[4]]],
    [
      'a function of any type',
      'CREATE TEMP FUNCTION twice(x ANY TYPE) AS (x + x); SELECT twice(2), twice(1.5)',
      [[4, 3]],
    ],
    [
      'a JavaScript function',
      'CREATE TEMP FUNCTION f(x FLOAT64) RETURNS FLOAT64 LANGUAGE js AS "return x * 2;"; SELECT f(2)',
      [[4]],
    ],
    ['a kept function', 'CREATE OR REPLACE FUNCTION ds.plus(a INT64, b INT64) AS (a + b); SELECT ds.plus(1, 2)', [[3]]],
    ['a function needs a dataset', 'CREATE FUNCTION nowhere(a INT64) AS (a)', 'dataset'],
    [
      'a table function',
      'CREATE OR REPLACE TABLE FUNCTION ds.upto(n INT64) AS SELECT x FROM UNNEST(GENERATE_ARRAY(1, n)) AS x; SELECT SUM(x) FROM ds.upto(4)',
      [[10]],
    ],
    ['aggregates are refused', 'CREATE TEMP AGGREGATE FUNCTION f(x INT64) AS (SUM(x)); SELECT 1', 'AGGREGATE'],
  ])
})

describe('procedures', () => {
  cases([
    [
      'with OUT',
      'CREATE OR REPLACE PROCEDURE ds.p(a INT64, OUT b INT64, INOUT c INT64) BEGIN SET b = a * 2; SET c = c + 1; END; BEGIN DECLARE x, y INT64 DEFAULT 5; CALL ds.p(4, x, y); SELECT x, y; END',
      [[8, 6]],
    ],
    [
      'see no variable of their caller',
      'CREATE OR REPLACE PROCEDURE ds.q() BEGIN SELECT hidden; END; BEGIN DECLARE hidden INT64; CALL ds.q(); END',
      'Unrecognized name: hidden',
    ],
    ['RETURN', 'CREATE OR REPLACE PROCEDURE ds.r() BEGIN SELECT 1; RETURN; SELECT 2; END; CALL ds.r()', [[1]]],
    [
      'call themselves, but not for ever',
      'CREATE OR REPLACE PROCEDURE ds.s() BEGIN CALL ds.s(); END; CALL ds.s()',
      'deep',
    ],
    [
      'the number of arguments',
      'CREATE OR REPLACE PROCEDURE ds.u(a INT64) BEGIN SELECT a; END; CALL ds.u()',
      'argument',
    ],
    ['unknown', 'CALL ds.nowhere()', 'nowhere'],
  ])
})

describe('transactions', () => {
  cases([
    [
      'commit',
      'CREATE OR REPLACE TABLE ds.tr (a INT64); BEGIN TRANSACTION; INSERT ds.tr VALUES (1); COMMIT; SELECT COUNT(*) FROM ds.tr',
      [[1]],
    ],
    ['roll back', 'BEGIN TRANSACTION; INSERT ds.tr VALUES (2); ROLLBACK; SELECT COUNT(*) FROM ds.tr', [[1]]],
    [
      'roll back what fails',
      'BEGIN BEGIN TRANSACTION; INSERT ds.tr VALUES (3); SELECT 1 / 0; COMMIT; EXCEPTION WHEN ERROR THEN ROLLBACK; END; SELECT COUNT(*) FROM ds.tr',
      [[1]],
    ],
    ['never committed', 'BEGIN TRANSACTION; INSERT ds.tr VALUES (4)', []],
    ['are gone then', 'SELECT COUNT(*) FROM ds.tr', [[1]]],
  ])
})

describe('DDL', () => {
  cases([
    [
      'a table with everything',
      "CREATE OR REPLACE TABLE ds.full (id INT64 NOT NULL OPTIONS(description = 'the key'), d DATE, s STRUCT<a INT64, b ARRAY<STRING>>, n NUMERIC(10, 2), t STRING(3) DEFAULT 'abc') PARTITION BY d CLUSTER BY id OPTIONS(description = 'x', labels = [('a', 'b')]); INSERT ds.full (id, s) VALUES (1, (2, ['x'])); SELECT id, s.b[OFFSET(0)], t FROM ds.full",
      [[1, 'x', 'abc']],
    ],
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
