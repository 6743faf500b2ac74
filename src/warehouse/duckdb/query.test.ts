// What a person's SQL may do in DuckDB, what it may not, and how values come out.
import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { blockOf, never, planTo, rowsOf } from '../../../test/contract/warehouse-plans.ts'
import { systemClock } from '../../core/clock.ts'
import { messageOf } from '../../core/errors.ts'
import { createLog } from '../../core/log.ts'
import type { WarehouseSettings } from '../../core/settings.ts'
import type { ColumnSpec, WarehouseDriver } from '../driver.ts'
import { openDuckdbWarehouse } from './duckdb.ts'

let folder: string
let driver: WarehouseDriver
const table = { dataset: 'web', table: 'tracks' }
const columns: readonly ColumnSpec[] = [
  { name: 'id', type: 'text' },
  { name: 'properties', type: 'json' },
]
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millpond-query-'))
  const settings = { threads: 2, memoryBytesMax: 256 * 1024 ** 2 } as WarehouseSettings
  driver = await openDuckdbWarehouse({ folder, settings, clock: systemClock, log: createLog('silent') })
  const changes = [{ kind: 'create-table', table, columns }] as const
  const rows = [{ id: 'a', properties: '{"price":9.5,"big":123456789012345678901}' }]
  await driver.load(planTo(1, { changes, blocks: [blockOf(table, columns, rows)] }))
  await driver.checkpoint()
  await writeFile(join(folder, 'secret.csv'), 'secret\n1\n')
  await driver.maintenance.exportTable({ table, path: exchanged() })
})
afterAll(async () => {
  await driver.stop()
  await rm(folder, { recursive: true, force: true })
})

const allowed = [
  'SELECT count(*) FROM web.tracks',
  'FROM web.tracks',
  'WITH t AS (SELECT 1 AS one) SELECT one FROM t',
  'WITH RECURSIVE t(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM t WHERE n < 5) SELECT sum(n) FROM t',
  'VALUES (1), (2)',
  'TABLE web.tracks',
  'DESCRIBE web.tracks',
  'DESCRIBE SELECT 1 AS one',
  'SUMMARIZE web.tracks',
  'SHOW ALL TABLES',
  'SHOW TABLES FROM web',
  'EXPLAIN SELECT * FROM web.tracks',
  'EXPLAIN ANALYZE SELECT * FROM web.tracks',
  'EXPLAIN (FORMAT JSON) SELECT * FROM web.tracks',
  "PIVOT web.tracks ON id IN ('a') USING count(*)",
  'SELECT * FROM range(3), unnest([1, 2])',
  'SELECT j.* FROM web.tracks, json_each(properties) AS j',
  'SELECT table_name FROM information_schema.tables',
  'SELECT table_name FROM duckdb_tables()',
  "SELECT properties->>'price' FROM web.tracks;",
  '-- a remark\nSELECT 1 -- and another',
  "SELECT median(1), list_transform([1], x -> x + 1), regexp_matches('a', 'b')",
]
describe('may be asked', () => {
  test.each(allowed)('%s', async (sql) => {
    expect((await rowsOf(driver, sql)).length).toBeGreaterThan(0)
  })
})

const exchanged = (): string => join(driver.maintenance.exchangeFolder, 'tracks.rows.parquet')
const file = (): string => join(folder, 'fed.duckdb')
const refused: (string | (() => string))[] = [
  // files
  "SELECT * FROM read_csv('/etc/passwd')",
  "SELECT * FROM read_text('/etc/passwd')",
  "SELECT * FROM read_blob('/etc/passwd')",
  "SELECT * FROM system.main.READ_TEXT('/etc/passwd')",
  "SELECT (SELECT count(*) FROM read_text('/etc/passwd'))",
  "WITH t AS (FROM glob('/*')) FROM t",
  "SELECT * FROM range(3), LATERAL (FROM parquet_scan('/x.parquet'))",
  "FROM 'secret.csv'",
  "SELECT * FROM '/etc/passwd'",
  'SELECT * FROM "/etc/hosts.csv"',
  "SELECT * FROM 'https://example.com/x.parquet'",
  () => `SELECT * FROM read_blob('${file()}')`,
  () => `SELECT * FROM read_text('${join(folder, 'spill')}/x')`,
  () => `SELECT * FROM '${file()}'`,
  () => `SELECT * FROM read_duckdb('${file()}')`,
  () => `FROM '${join(folder, 'secret.csv')}'`,
  "COPY (SELECT 1) TO '/tmp/out.csv'",
  "COPY web.tracks FROM '/etc/passwd'",
  "EXPORT DATABASE '/tmp/out'",
  "ATTACH '/tmp/other.duckdb'",
  "ATTACH ':memory:' AS other",
  'DETACH fed',
  "EXPLAIN SELECT * FROM read_text('/etc/passwd')",
  "EXPLAIN ANALYZE COPY (SELECT 1) TO '/tmp/out.csv'",
  "/* /* */ EXPLAIN SELECT 1 -- */\nEXPLAIN SELECT * FROM read_text('/etc/passwd')",
  "DESCRIBE SELECT * FROM read_text('/etc/passwd')",
  "SUMMARIZE SELECT * FROM read_text('/etc/passwd')",
  // the exchange folder: the engine itself may read and write there
  () => `SELECT * FROM read_parquet('${exchanged()}')`,
  () => `SELECT * FROM parquet_scan('${exchanged()}')`,
  () => `SELECT * FROM parquet_metadata('${exchanged()}')`,
  () => `SELECT * FROM read_blob('${exchanged()}')`,
  () => `SELECT * FROM read_csv('${exchanged()}')`,
  () => `SELECT * FROM sniff_csv('${exchanged()}')`,
  () => `SELECT * FROM glob('${join(folder, 'exchange')}/*')`,
  () => `SELECT * FROM '${exchanged()}'`,
  () => `SELECT * FROM "${exchanged()}"`,
  () => `SELECT * FROM "${exchanged().replace('.parquet', '')}".parquet`,
  () => `SELECT * FROM "${exchanged().replace('.rows.parquet', '')}".rows.parquet`,
  () => `SELECT * FROM fed."${exchanged().replace('.parquet', '')}".parquet`,
  () => `DESCRIBE '${exchanged()}'`,
  () => `DESCRIBE "${exchanged().replace('.parquet', '')}".parquet`,
  () => `SUMMARIZE '${exchanged()}'`,
  () => `SHOW "${exchanged()}"`,
  () => `SELECT (SELECT count(*) FROM "${exchanged().replace('.parquet', '')}".parquet)`,
  () => `COPY (SELECT 1) TO '${join(folder, 'exchange', 'mine.parquet')}'`,
  () => `COPY web.tracks FROM '${exchanged()}'`,
  () => `ATTACH '${join(folder, 'exchange', 'mine.duckdb')}'`,
  // extensions, settings, secrets, the process
  'INSTALL httpfs',
  'LOAD httpfs',
  'SET threads = 1',
  'RESET threads',
  'PRAGMA threads = 1',
  'PRAGMA enable_profiling',
  'CALL enable_logging()',
  "SELECT * FROM enable_logging(storage = 'file', storage_path = '/tmp/x')",
  'SELECT * FROM enable_profiling()',
  'SELECT * FROM truncate_duckdb_logs()',
  "SELECT * FROM checkpoint('fed')",
  "SELECT * FROM force_checkpoint('fed')",
  'SELECT * FROM duckdb_settings()',
  'SELECT * FROM duckdb_secrets()',
  'SELECT * FROM duckdb_databases()',
  'SELECT * FROM duckdb_databases',
  'SELECT * FROM system.duckdb_databases',
  'SELECT * FROM system.main.duckdb_settings',
  'SELECT * FROM system.pragma_database_list',
  'SELECT * FROM pg_settings',
  'SELECT * FROM pg_catalog.pg_settings',
  'SELECT * FROM pragma_database_list',
  "SELECT * FROM query('SELECT 1')",
  "SELECT * FROM query_table('web.tracks')",
  "SELECT json_serialize_plan('SELECT 1')",
  "SELECT * FROM json_execute_serialized_sql('{}')",
  "SELECT current_setting('temp_directory')",
  "SELECT write_log('x')",
  "SELECT getenv('HOME')",
  'CREATE SECRET s (TYPE s3)',
  // writing
  'CREATE TABLE web.mine (a INTEGER)',
  'CREATE TEMP TABLE mine (a INTEGER)',
  'CREATE MACRO m() AS 1',
  'UPDATE web.tracks SET id = NULL',
  'DELETE FROM web.tracks',
  'TRUNCATE web.tracks',
  'ALTER TABLE web.tracks DROP COLUMN id',
  'MERGE INTO web.tracks USING web.tracks AS s ON true WHEN MATCHED THEN DELETE',
  'CHECKPOINT fed',
  'VACUUM',
  'BEGIN',
  'COMMIT',
  'USE memory',
  'PREPARE p AS SELECT 1',
  'EXECUTE p',
  'SELECT 1; DROP TABLE web.tracks',
  'COMMIT; DROP TABLE web.tracks',
  'PIVOT web.tracks ON id USING count(*)',
]
describe('is refused', () => {
  test.each(refused.map((sql) => [typeof sql === 'string' ? sql : sql.toString(), sql] as const))(
    '%s',
    async (_, sql) => {
      const text = typeof sql === 'string' ? sql : sql()
      await expect(rowsOf(driver, text)).rejects.toMatchObject({ code: 'query-refused' })
      expect(await rowsOf(driver, 'SELECT count(*) FROM web.tracks')).toEqual([[1]])
    },
  )

  test('the lock below the guard holds too: nothing was written but our own file', async () => {
    expect((await readdir(folder)).filter((name) => name !== 'spill')).toEqual([
      'exchange',
      'fed.duckdb',
      'made.duckdb',
      'secret.csv',
    ])
    expect(await readdir(driver.maintenance.exchangeFolder)).toEqual(['tracks.rows.parquet'])
  })

  test.each([
    'SELECT FROM',
    'SELECT missing FROM web.tracks',
    'SELECT * FROM web.missing',
    'SELECT $1',
    'SELECT ?',
    '-- nothing',
    '/* nothing */',
    ';',
    '\u0000',
    'SELECT 1 +',
    "SELECT * FROM range('x')",
  ])('what cannot be understood says why, without our paths: %s', async (sql) => {
    const failure = await rowsOf(driver, sql).catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'query-invalid' })
    expect(messageOf(failure)).not.toContain(folder)
    expect(messageOf(failure).length).toBeGreaterThan(10)
  })
})

const values: [sql: string, value: unknown][] = [
  ['9007199254740991::BIGINT', 9_007_199_254_740_991],
  ['9007199254740993::BIGINT', '9007199254740993'],
  ['(-9007199254740993)::BIGINT', '-9007199254740993'],
  ['170141183460469231731687303715884105727::HUGEINT', '170141183460469231731687303715884105727'],
  ['count(*)', 1],
  ['1.25::DECIMAL(10, 2)', 1.25],
  ['1234567890123456.789::DECIMAL(30, 3)', '1234567890123456.789'],
  ["'nan'::DOUBLE", 'NaN'],
  ["'-infinity'::DOUBLE", '-Infinity'],
  ['0.1::DOUBLE', 0.1],
  ["TIMESTAMPTZ '2024-02-29 12:00:00+02'", '2024-02-29T10:00:00.000Z'],
  ["TIMESTAMPTZ '2024-02-29 12:00:00.000001Z'", '2024-02-29T12:00:00.000001Z'],
  ["TIMESTAMPTZ '1969-12-31 23:59:59.999999Z'", '1969-12-31T23:59:59.999999Z'],
  ["TIMESTAMP '2024-02-29 12:00:00.12'", '2024-02-29T12:00:00.120'],
  ["'infinity'::TIMESTAMPTZ", 'infinity'],
  ["DATE '2024-02-29'", '2024-02-29'],
  ["TIME '12:30:00'", '12:30:00'],
  ["INTERVAL '1 day 2 hours'", '1 day 02:00:00'],
  ['\'{"a":[1,{"b":null}]}\'::JSON', { a: [1, { b: null }] }],
  ["'12345678901234567890'::JSON", '12345678901234567890'],
  ['\'{"n":12345678901234567890,"m":1.5}\'::JSON', { n: '12345678901234567890', m: 1.5 }],
  ['\'"text"\'::JSON', 'text'],
  ["'null'::JSON", null],
  ["'ab\\x00'::BLOB", 'YWIA'],
  ['[1, NULL, 3]', [1, null, 3]],
  ['[\'{"a":1}\'::JSON]', [{ a: 1 }]],
  [
    "{'a': 9007199254740993, 'b': {'c': TIMESTAMPTZ '2024-01-01 00:00:00Z'}}",
    { a: '9007199254740993', b: { c: '2024-01-01T00:00:00.000Z' } },
  ],
  ["MAP {'k': 1}", { k: 1 }],
  ['MAP {1: 2}', [{ key: 1, value: 2 }]],
  ["'0195d7a0-0000-7000-8000-000000000000'::UUID", '0195d7a0-0000-7000-8000-000000000000'],
  ['NULL', null],
  ['true', true],
  ["'ü\\u0000'", 'ü\\u0000'],
]
describe('values', () => {
  test.each(values)('%s', async (sql, value) => {
    const [row] = await rowsOf(driver, `SELECT ${sql} AS it FROM web.tracks`)
    expect(row?.[0]).toEqual(value)
    expect(JSON.parse(JSON.stringify(row))).toEqual(row)
  })

  test('columns come with their names and types, before the first row', async () => {
    const run = await driver.query('SELECT id, properties, count(*) AS n FROM web.tracks GROUP BY ALL', never)
    expect(run.columns).toEqual([
      { name: 'id', type: 'VARCHAR' },
      { name: 'properties', type: 'JSON' },
      { name: 'n', type: 'BIGINT' },
    ])
    await run.close()
  })
})

describe('bounds', () => {
  test('a query that needs more memory than there is ends alone', async () => {
    const sql = 'SELECT list(a.range) FROM range(30000) a, range(3000) b GROUP BY a.range % 3'
    await expect(rowsOf(driver, sql)).rejects.toMatchObject({ code: 'query-limit' })
    expect(await rowsOf(driver, 'SELECT count(*) FROM web.tracks')).toEqual([[1]])
  })

  test('a huge result is made only as fast as it is read', async () => {
    const run = await driver.query("SELECT range, repeat('x', 1000) FROM range(10000000)", never)
    let chunks = 0
    for await (const chunk of run.rows) {
      chunks += 1
      if (chunks === 5) break
      expect(chunk.length).toBeLessThanOrEqual(2048)
    }
    const report = await driver.inspect()
    expect(report.memoryBytes).toBeLessThan(50 * 1024 ** 2)
  })
})

test('Large values come in pieces, so that one chunk of them never fills the heap', async () => {
  const run = await driver.query("SELECT repeat('x', 1000000) FROM range(2048)", new AbortController().signal)
  const pieces: number[] = []
  for await (const rows of run.rows) pieces.push(rows.length)
  expect(pieces.reduce((sum, rows) => sum + rows, 0)).toBe(2048)
  expect(Math.max(...pieces)).toBeLessThanOrEqual(5)
})
