// Scripts in GoogleSQL from the door to DuckDB and back: variables, control flow, errors, procedures, transactions.
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
      'DECLARE x INT64; BEGIN SET x = DIV(1, 0); EXCEPTION WHEN ERROR THEN SELECT LOWER(@@error.message) LIKE "%division by zero%"; END',
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
