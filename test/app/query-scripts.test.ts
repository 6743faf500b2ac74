// Scripts, DDL and DML on a real engine in this process: what ends them, where their errors stand, and what BigQuery would say.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { rowTables } from '../../src/warehouse/row-tables.ts'
import { commonColumns } from '../../src/warehouse/schema.ts'
import { openRig, principal, type Rig } from './asking-rig.ts'

let rig: Rig

beforeAll(async () => {
  rig = await openRig({ functionLimits: { callsMax: 5_000, timeMsMax: 500 } })
  await rig.load('web', 'clicks', commonColumns, [{ id: 'a', received_at: 1, timestamp: 1_770_000_000_000_000 }])
  await rig.ask('CREATE SCHEMA ds')
})

afterAll(async () => {
  await rig.close()
})

const project = (): string => 'millpond'

describe('errors in the words of BigQuery', () => {
  test.each<[string, string | RegExp]>([
    ['DROP TABLE ds.nope', `table-unknown: Not found: Table ${project()}:ds.nope`],
    ['DROP VIEW ds.nope', /^table-unknown: Not found: /],
    ['DROP SCHEMA nope', `table-unknown: Not found: Dataset ${project()}:nope`],
    ['CREATE TABLE nope.t (a INT64)', `table-unknown: Not found: Dataset ${project()}:nope`],
    ['ALTER TABLE ds.nope ADD COLUMN a INT64', `table-unknown: Not found: Table ${project()}:ds.nope`],
    ['DROP FUNCTION ds.nope', `table-unknown: Not found: Routine ${project()}:ds.nope`],
    ['CREATE SCHEMA ds', `table-exists: Already Exists: Dataset ${project()}:ds`],
    ['CREATE SCHEMA web', `table-exists: Already Exists: Dataset ${project()}:web`],
    [
      'CREATE TABLE ds.one (a INT64); CREATE TABLE ds.one (a INT64)',
      /^table-exists: Already Exists: Table millpond:ds\.one/,
    ],
    ['CREATE VIEW ds.one AS SELECT 1 AS a', /^table-exists: Already Exists: Table millpond:ds\.one/],
    ['CREATE OR REPLACE VIEW ds.one AS SELECT 1 AS a', /^table-exists: Already Exists: Table millpond:ds\.one/],
    ['DROP VIEW ds.one', /is a table: DROP TABLE drops it/],
    ['SELECT * FROM ds.nope', /^(table-unknown|query-invalid): .*ds\.nope/],
    ['INSERT ds.nope VALUES (1)', /^(table-unknown|query-invalid): .*nope/],
    [
      'CREATE OR REPLACE TABLE ds.need (a INT64 NOT NULL, b STRUCT<c INT64>); INSERT ds.need (b) VALUES (STRUCT(1))',
      /^query-invalid: Required field a cannot be null/,
    ],
    ['INSERT ds.need (a) VALUES (NULL)', /^query-invalid: Required field a cannot be null/],
    [
      'INSERT ds.need (a) VALUES (1); UPDATE ds.need SET a = NULL WHERE TRUE',
      /^query-invalid: Required field a cannot be null/,
    ],
    [
      'CREATE OR REPLACE TABLE ds.needy (a INT64 NOT NULL) AS SELECT CAST(NULL AS INT64) AS a',
      /^query-invalid: Required field a cannot be null/,
    ],
    ['DROP SCHEMA ds', /Dataset millpond:ds is still in use/],
    ['ALTER TABLE ds.one ADD COLUMN A STRING', /Column already exists: A/],
    ['ALTER TABLE ds.one DROP COLUMN a', /at least one column/],
    ['CREATE TEMP TABLE a (x INT64); CREATE TEMP TABLE a (x INT64)', /Already Exists/],
  ])('%s', async (sql, message) => {
    const error = await rig.error(sql)
    if (typeof message === 'string') expect(error.replace(/ at \[\d+:\d+\]$/, '')).toBe(message)
    else expect(error).toMatch(message)
    expect(error).not.toMatch(/Constraint Error|Binder Error|Catalog Error|made\.|memory\./)
  })

  test.each([
    'INSERT web.clicks (id) VALUES ("x")',
    'UPDATE web.clicks SET id = "x" WHERE TRUE',
    'DELETE FROM web.clicks WHERE TRUE',
    'TRUNCATE TABLE web.clicks',
    'MERGE web.clicks USING (SELECT 1 AS n) ON FALSE WHEN NOT MATCHED THEN INSERT (id) VALUES ("x")',
    'DROP TABLE web.clicks',
    'ALTER TABLE web.clicks ADD COLUMN x INT64',
    'CREATE TABLE web.mine (a INT64)',
    'CREATE OR REPLACE TABLE web.clicks AS SELECT 1 AS a',
    'CREATE VIEW web.v AS SELECT 1 AS a',
    'DROP SCHEMA web CASCADE',
  ])('what Millpond writes, it writes alone: %s', async (sql) => {
    expect(await rig.error(sql)).toMatch(/^made-unwritable: /)
  })

  test('an unknown table has one code, wherever it stands', async () => {
    const codes = new Set<string>()
    for (const sql of [
      'SELECT * FROM ds.gone',
      'SELECT 1; SELECT * FROM ds.gone',
      'INSERT ds.one SELECT a FROM ds.gone',
      'CREATE TABLE ds.from_gone AS SELECT * FROM ds.gone',
      'SELECT * FROM nope.gone',
    ]) {
      const [code = ''] = (await rig.error(sql)).split(':')
      codes.add(code)
    }
    expect(codes.size).toBe(1)
  })
})

describe('places', () => {
  test.each([
    ['SELECT 1;\nSELECT nope', '[2:8]'],
    ['BEGIN\n  SELECT 1;\n  SELECT 1 + "a";\nEND', '[3:'],
    ['DECLARE x INT64;\nWHILE TRUE DO\n  SET x = nope;\nEND WHILE', '[3:11]'],
    ['SELECT 1;\n  SELEC 2', '[2:3]'],
    ['CREATE TEMP TABLE t (a INT64);\nINSERT t VALUES (1);\nINSERT t (b) VALUES (1)', '[3:11]'],
  ])('%j', async (sql, place) => {
    expect(await rig.error(sql)).toContain(`at ${place}`)
  })
})

describe('transactions', () => {
  test.each<[string, string, number]>([
    ['committed', 'BEGIN TRANSACTION; INSERT ds.tx VALUES (1); INSERT ds.tx VALUES (2); COMMIT TRANSACTION', 2],
    ['rolled back', 'BEGIN TRANSACTION; INSERT ds.tx VALUES (1); ROLLBACK TRANSACTION', 0],
    ['left open', 'BEGIN TRANSACTION; INSERT ds.tx VALUES (1)', 0],
    ['failed', 'BEGIN TRANSACTION; INSERT ds.tx VALUES (1); SELECT ERROR("x"); COMMIT TRANSACTION', 0],
    [
      'handled',
      'BEGIN BEGIN TRANSACTION; INSERT ds.tx VALUES (1); SELECT ERROR("x"); EXCEPTION WHEN ERROR THEN ROLLBACK TRANSACTION; END; INSERT ds.tx VALUES (5)',
      1,
    ],
    ['begun twice', 'BEGIN TRANSACTION; INSERT ds.tx VALUES (1); BEGIN TRANSACTION', 0],
    [
      'own rows are seen',
      'BEGIN TRANSACTION; INSERT ds.tx VALUES (1); IF (SELECT COUNT(*) FROM ds.tx) = 1 THEN INSERT ds.tx VALUES (2); END IF; COMMIT TRANSACTION',
      2,
    ],
    [
      'a statement that fails in the middle leaves nothing of itself',
      'INSERT ds.tx SELECT DIV(10, n - 3) FROM UNNEST(GENERATE_ARRAY(1, 5)) AS n',
      0,
    ],
  ])('%s', async (_, sql, rows) => {
    await rig.ask('CREATE OR REPLACE TABLE ds.tx (v INT64)')
    await rig.error(sql)
    expect(await rig.rows('SELECT COUNT(*) FROM ds.tx')).toEqual([[rows]])
  })

  test.each([
    'CREATE TABLE ds.inside (a INT64)',
    'CREATE TABLE ds.inside AS SELECT 1 AS a',
    'CREATE OR REPLACE TABLE ds.tx LIKE ds.tx',
    'CREATE VIEW ds.inside AS SELECT 1 AS a',
    'ALTER TABLE ds.tx ADD COLUMN w INT64',
    'DROP TABLE ds.tx',
    'CREATE SCHEMA inside',
    'DROP SCHEMA IF EXISTS inside',
    'CREATE FUNCTION ds.inside() AS (1)',
  ])('inside, nothing that stays is made, changed or dropped: %s', async (sql) => {
    await rig.ask('CREATE OR REPLACE TABLE ds.tx (v INT64)')
    const refused =
      'query-invalid: DDL statements are not supported in a transaction, except for those creating or dropping temporary tables or temporary functions'
    expect(await rig.error(`BEGIN TRANSACTION; ${sql}; COMMIT TRANSACTION`)).toBe(refused)
    expect(await rig.rows('SELECT * FROM ds.tx')).toEqual([])
    const session = await rig.side.road.openSession(principal('root'), 'postgres')
    await session.begin('read-write', new AbortController().signal)
    const job = await session.submit({ sql, dialect: 'googlesql' }, new AbortController().signal)
    expect((await job.ended).error?.message).toBe(refused.slice('query-invalid: '.length))
    await session.close()
  })

  const handled = (failing: string, handler: string, after = ''): string =>
    `CREATE TEMP TABLE own AS SELECT 1 AS x;
    BEGIN TRANSACTION; INSERT ds.tx VALUES (1); UPDATE own SET x = 2 WHERE TRUE; CREATE TEMP TABLE inner_one AS SELECT 1 AS y;
    BEGIN ${failing}; EXCEPTION WHEN ERROR THEN ${handler}; END; ${after}`
  const failing = ['SELECT ERROR("x")', 'INSERT ds.tx SELECT CAST("q" AS INT64)', 'SELECT 1 / 0 FROM ds.tx']

  test.each(failing)('a handler tells, rolls back, and goes on: %s', async (statement) => {
    await rig.ask('CREATE OR REPLACE TABLE ds.tx (v INT64)')
    const handler = 'SELECT LENGTH(@@error.message) > 0 AS told; ROLLBACK TRANSACTION'
    const job = await rig.submit(handled(statement, handler, 'INSERT ds.tx VALUES (7); SELECT x FROM own'))
    expect((await job.ended).error).toBeUndefined()
    expect(await rig.rows('SELECT v FROM ds.tx')).toEqual([[7]])
    // What came and went with the transaction isn't there, or is as it was.
    expect(await rig.rows(handled(statement, handler, 'SELECT x FROM own'))).toEqual([[1]])
    expect(await rig.error(handled(statement, handler, 'SELECT y FROM inner_one'))).toMatch(/must be qualified/)
  })

  test.each(
    failing.flatMap((statement) =>
      [
        'COMMIT TRANSACTION',
        'INSERT ds.tx VALUES (2)',
        'SELECT COUNT(*) FROM ds.tx',
        'SELECT x FROM own',
        'UPDATE own SET x = 3 WHERE TRUE',
        'CREATE TEMP TABLE late (a INT64)',
        'IF (SELECT COUNT(*) FROM inner_one) = 1 THEN SELECT 1; END IF',
      ].map((handler) => [statement, handler] as const),
    ),
  )('a lost transaction is named: %s, then %s', async (statement, handler) => {
    await rig.ask('CREATE OR REPLACE TABLE ds.tx (v INT64)')
    const error = await rig.error(handled(statement, handler))
    expect(error).toMatch(/^query-unsupported: Going on with a transaction after this error is not supported locally/)
    expect(error).not.toMatch(/TransactionContext|aborted/)
    expect(await rig.rows('SELECT v FROM ds.tx')).toEqual([])
  })

  test('behind an error that the engine survives a transaction goes on, as in BigQuery', async () => {
    await rig.ask('CREATE OR REPLACE TABLE ds.tx (v INT64)')
    await rig.ask(handled('SELECT * FROM ds.nope', 'INSERT ds.tx SELECT x FROM own', 'COMMIT TRANSACTION'))
    expect(await rig.rows('SELECT v FROM ds.tx ORDER BY v')).toEqual([[1], [2]])
  })

  test("a conversation's own transaction is not talked out of an error by a handler", async () => {
    await rig.ask('CREATE OR REPLACE TABLE ds.tx (v INT64)')
    const { signal } = new AbortController()
    const session = await rig.side.road.openSession(principal('root'), 'postgres')
    await session.begin('read-write', signal)
    const sql =
      'INSERT ds.tx VALUES (1); BEGIN SELECT ERROR("mine"); EXCEPTION WHEN ERROR THEN SELECT 1; END; INSERT ds.tx VALUES (2)'
    const job = await session.submit({ sql, dialect: 'googlesql' }, signal)
    expect((await job.ended).error?.message).toBe('mine')
    await session.rollback()
    await session.close()
    expect(await rig.rows('SELECT v FROM ds.tx')).toEqual([])
  })

  test('temporary tables and functions are made and dropped inside; a transaction is ended once', async () => {
    const inside =
      'CREATE TEMP TABLE a AS SELECT 1 AS x; CREATE TEMP FUNCTION f() AS (2); INSERT ds.tx SELECT x + f() FROM a; DROP TABLE a'
    await rig.ask('CREATE OR REPLACE TABLE ds.tx (v INT64)')
    await rig.ask(`BEGIN TRANSACTION; ${inside}; COMMIT TRANSACTION`)
    expect(await rig.rows('SELECT v FROM ds.tx')).toEqual([[3]])
    expect(await rig.error('COMMIT TRANSACTION')).toMatch(/no transaction/)
  })
})

describe('temp tables', () => {
  test('live as long as the script', async () => {
    expect(
      await rig.rows('CREATE TEMP TABLE mine AS SELECT 1 AS a; INSERT mine VALUES (2); SELECT SUM(a) FROM mine'),
    ).toEqual([[3]])
    expect(await rig.error('SELECT * FROM mine')).toMatch(/mine/)
    expect(await rig.rows('CREATE TEMP TABLE mine AS SELECT 7 AS b; SELECT b FROM mine')).toEqual([[7]])
  })
})

describe('cancel', () => {
  test.each([
    ['a loop', 'DECLARE i INT64 DEFAULT 0; LOOP SET i = i + 1; END LOOP'],
    [
      'a loop that handles everything',
      'LOOP BEGIN SELECT ERROR("x"); EXCEPTION WHEN ERROR THEN SELECT 1; END; END LOOP',
    ],
    [
      'a long statement in a transaction',
      'BEGIN TRANSACTION; INSERT ds.held SELECT a + b FROM UNNEST(GENERATE_ARRAY(1, 100000)) a, UNNEST(GENERATE_ARRAY(1, 100000)) b; COMMIT TRANSACTION',
    ],
    ['a loop of statements', 'LOOP INSERT ds.held VALUES (1); END LOOP'],
  ])('%s', async (_, sql) => {
    await rig.ask('CREATE OR REPLACE TABLE ds.held (v INT64)')
    const job = await rig.submit(sql)
    while (job.children.length < (sql.startsWith('DECLARE') ? 0 : 1))
      await new Promise((resolve) => setImmediate(resolve))
    const info = await rig.side.road.cancel(job.id, principal('root'))
    expect(info).toMatchObject({ state: 'done', error: { code: 'query-cancelled' } })
    for (const child of job.children) expect((await child.ended).state).toBe('done')
    const count = await rig.rows('SELECT COUNT(*) FROM ds.held')
    // It is really over: nothing more is written, and the table is free.
    expect(await rig.rows('SELECT COUNT(*) FROM ds.held', { usesCache: false })).toEqual(count)
    await rig.ask('DROP TABLE ds.held')
  })
})

describe('statistics', () => {
  test('statements of a script are children, and each is counted', async () => {
    const job = await rig.submit(
      'CREATE OR REPLACE TABLE ds.st (v INT64); INSERT ds.st VALUES (1), (2); UPDATE ds.st SET v = 3 WHERE v = 1; SELECT v FROM ds.st ORDER BY v',
    )
    const info = await job.ended
    expect(info.statistics).toMatchObject({ statementType: 'SCRIPT', rows: 2 })
    const children = await Promise.all(job.children.map(async (child) => (await child.ended).statistics))
    expect(children.map((one) => [one?.statementType, one?.affectedRows, one?.rows])).toEqual([
      ['CREATE_TABLE', undefined, 0],
      ['INSERT', 2, 0],
      ['UPDATE', 1, 0],
      ['SELECT', undefined, 2],
    ])
  })

  test.each([
    ['INSERT ds.st VALUES (8), (9)', { statementType: 'INSERT', affectedRows: 2, insertedRows: 2 }],
    ['UPDATE ds.st SET v = v + 1 WHERE v > 7', { statementType: 'UPDATE', affectedRows: 2, updatedRows: 2 }],
    ['DELETE FROM ds.st WHERE v > 7', { statementType: 'DELETE', affectedRows: 2, deletedRows: 2 }],
    [
      'MERGE ds.st USING (SELECT 3 AS n UNION ALL SELECT 77) ON v = n WHEN MATCHED THEN UPDATE SET v = 4 WHEN NOT MATCHED THEN INSERT (v) VALUES (n)',
      { statementType: 'MERGE' },
    ],
    ['TRUNCATE TABLE ds.st', { statementType: 'TRUNCATE_TABLE' }],
  ])('%s', async (sql, expected) => {
    expect((await rig.ask(sql)).info.statistics).toMatchObject(expected)
  })
})

describe('JavaScript', () => {
  const js = (body: string): string =>
    `CREATE TEMP FUNCTION f(x FLOAT64) RETURNS FLOAT64 LANGUAGE js AS '''${body}'''; SELECT `
  test.each<[string, string, RegExp | 'no error']>([
    ['works', `${js('return x + 1')} f(1)`, 'no error'],
    ['throws', `${js('throw new Error("mine")')} f(1)`, /^query-invalid: .*mine/s],
    ['never ends', `${js('for (;;) {}')} f(1)`, /^query-(limit|invalid): JavaScript functions/],
    ['eats memory', `${js('const a = []; for (;;) a.push(new Array(1e6).fill(x))')} f(1)`, /^query-(limit|invalid): /],
    [
      'is called too often',
      `${js('return x')} SUM(f(n)) FROM UNNEST(GENERATE_ARRAY(1, 20000)) AS n`,
      /^query-(limit|invalid): JavaScript functions/,
    ],
    ['has no file system', `${js('return require("fs") ? 1 : 0')} f(1)`, /^query-invalid: /],
    ['has no process', `${js('return typeof process === "undefined" ? 1 : ERR')} f(1)`, 'no error'],
  ])('%s', async (_, sql, expected) => {
    const error = await rig.error(sql)
    if (expected === 'no error') expect(error).toBe(expected)
    else expect(error).toMatch(expected)
    expect(await rig.rows('SELECT 1')).toEqual([[1]])
  })

  test('others are answered while a script calls one that never ends, again and again', async () => {
    const again = `BEGIN SELECT f(1); EXCEPTION WHEN ERROR THEN SELECT 2; END;`
    let isOver = false
    const script = rig.rows(`${js('for (;;) {}')} 1; ${again} ${again}`).finally(() => {
      isOver = true
    })
    let answered = 0
    for (; !isOver; answered += 1) await rig.rows('SELECT 1')
    expect(await script).toEqual([[2]])
    expect(answered).toBeGreaterThan(10)
  })
})

describe('views and tables that change below somebody', () => {
  test('a table is replaced by its own rows while somebody reads it', async () => {
    await rig.ask('CREATE OR REPLACE TABLE ds.big AS SELECT n FROM UNNEST(GENERATE_ARRAY(1, 300000)) AS n')
    const reading = await rig.submit('SELECT n FROM ds.big', { usesCache: false })
    const { chunks } = await reading.result()
    let rows = 0
    for await (const { rowCount } of chunks) {
      if (rows === 0) await rig.ask('CREATE OR REPLACE TABLE ds.big AS SELECT n * 2 AS n FROM ds.big WHERE n <= 10')
      rows += rowCount
    }
    expect(rows).toBe(300_000)
    expect(await rig.rows('SELECT SUM(n) FROM ds.big')).toEqual([[110]])
  })

  test('views over views, over what is gone, and over themselves', async () => {
    await rig.ask(
      'CREATE TABLE ds.base AS SELECT 1 AS a; CREATE VIEW ds.v1 AS SELECT a FROM ds.base; CREATE VIEW ds.v2 AS SELECT a + 1 AS b FROM ds.v1',
    )
    expect(await rig.rows('SELECT b FROM ds.v2')).toEqual([[2]])
    await rig.ask('DROP TABLE ds.base')
    expect(await rig.error('SELECT b FROM ds.v2')).toMatch(/^(table-unknown|query-invalid): .*base/)
    await rig.ask('CREATE TABLE ds.base AS SELECT 5 AS a')
    expect(await rig.rows('SELECT b FROM ds.v2')).toEqual([[6]])
    expect(await rig.error('CREATE OR REPLACE VIEW ds.v1 AS SELECT b AS a FROM ds.v2')).toMatch(/^query-invalid: /)
    expect(await rig.error('CREATE VIEW ds.self AS SELECT * FROM ds.self')).toMatch(/self/)
  })

  test('rename, and a dataset that goes with all that is in it', async () => {
    await rig.ask(
      'CREATE SCHEMA go; CREATE TABLE go.a AS SELECT 1 AS x; ALTER TABLE go.a RENAME TO b; CREATE VIEW go.v AS SELECT x FROM go.b',
    )
    expect(await rig.rows('SELECT x FROM go.b')).toEqual([[1]])
    expect(await rig.error('SELECT x FROM go.a')).toMatch(/go\.a/)
    expect(await rig.error('DROP SCHEMA go RESTRICT')).toMatch(/still in use/)
    await rig.ask('DROP SCHEMA go CASCADE; CREATE SCHEMA go; CREATE TABLE go.b AS SELECT 2 AS y')
    expect(await rig.rows('SELECT y FROM go.b')).toEqual([[2]])
  })
})

describe('history', () => {
  test('every job once: good, failed, cancelled, of scripts, and exports', async () => {
    await rig.reopen()
    rig.history.length = 0
    await rig.ask('SELECT 1', { labels: { team: 'a\ud800' } })
    await rig.error('SELECT nope')
    await rig.error("SELECT '\ud800' + 1")
    await rig.ask('SELECT 1; SELECT 2')
    await rig.side.road.cancel(
      (await rig.submit('LOOP SELECT 1; END LOOP', { principal: principal('ann') })).id,
      principal('ann'),
    )
    const { path } = await rig.side.road.exportParquet(
      { sql: 'SELECT 3', dialect: 'googlesql', principal: principal('root'), port: 'api' },
      new AbortController().signal,
    )
    expect(path).toMatch(/parquet$/)
    await rig.reopen()
    const ids = rig.history.map((job) => job['job_id'])
    expect(new Set(ids).size).toBe(ids.length)
    const top = rig.history.filter((job) => job['parent_job_id'] === undefined)
    expect(top.map((job) => [job['query'], job['error_code']])).toEqual([
      ['SELECT 1', undefined],
      ['SELECT nope', 'query-invalid'],
      ["SELECT '\ufffd' + 1", 'query-invalid'],
      ['SELECT 1; SELECT 2', undefined],
      ['LOOP SELECT 1; END LOOP', 'query-cancelled'],
      ['SELECT 3', undefined],
    ])
    expect(JSON.stringify(rig.history)).not.toMatch(/\\ud8/)
    expect(rig.history.filter((job) => job['query'] === 'SELECT 2')).toHaveLength(1)
  })
})

test('INFORMATION_SCHEMA.JOBS shows labels whatever their keys hold', async () => {
  const columns = rowTables['millpond.jobs'].all
  const labels = { 'a"b': '1', 'c/d~e': '2', "f'g": '3', '$.h': '4', plain: '5' }
  await rig.load('millpond', 'jobs', columns, [{ job_id: 'labelled', owner: 'root', labels: JSON.stringify(labels) }])
  const sql = `SELECT l.key, l.value FROM INFORMATION_SCHEMA.JOBS, UNNEST(labels) AS l WHERE job_id = 'labelled'`
  const rows = await rig.rows(sql, { usesCache: false })
  expect(Object.fromEntries(rows as [string, string][])).toEqual(labels)
})

describe('statements as jobs', () => {
  test('an id that somebody chose before does not end a script', async () => {
    await rig.ask('SELECT 1', { jobId: 'mine_1', principal: principal('mallory', 'member') })
    expect(await rig.rows('SELECT 1; SELECT 2', { jobId: 'mine' })).toEqual([[2]])
  })

  test(
    'a long script is known by its first thousand statements; all are in the history',
    { timeout: 30_000 },
    async () => {
      const before = rig.side.road.jobs(principal('root')).length
      const job = await rig.submit('FOR r IN (SELECT * FROM UNNEST(GENERATE_ARRAY(1, 1001))) DO SELECT 1; END FOR')
      expect((await job.ended).error).toBeUndefined()
      expect(job.children).toHaveLength(1_000)
      expect(rig.side.road.jobs(principal('root'))).toHaveLength(before + 1_001)
      await rig.reopen()
      expect(rig.history.filter(({ parent_job_id: parent }) => parent === job.id)).toHaveLength(1_001)
    },
  )
})
