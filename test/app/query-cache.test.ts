// Kept answers: whose they are, what makes them stale, and what is never kept.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { Policies } from '../../src/control/principals.ts'
import type { Job } from '../../src/query/contract.ts'
import type { LiveJob } from '../../src/query/jobs/live-job.ts'
import { commonColumns } from '../../src/warehouse/schema.ts'
import { openRig, principal, type Rig } from './asking-rig.ts'

let rig: Rig
let version = 1
let policies: Policies = {
  grants: [{ grantee: '*', dataset: 'web', table: '*', privilege: 'read' }],
  masks: [],
  filters: [],
}
const event = (id: string) => ({ id, received_at: 1, timestamp: 1_770_000_000_000_000, user_id: 'u' })

beforeAll(async () => {
  rig = await openRig({ policies: () => ({ ...policies, version }) })
  await rig.load('web', 'clicks', commonColumns, [event('a')])
  await rig.ask('CREATE SCHEMA ds; CREATE TABLE ds.t (v INT64); INSERT ds.t VALUES (1)')
})

afterAll(async () => {
  await rig.close()
})

test('an answer that nobody reads a row of leaves no file behind, open or not', async () => {
  const results = join(rig.folder, 'results')
  const before = await readdir(results)
  const closed = await (await rig.submit('SELECT 1 AS unread')).result()
  await closed.close()
  const left = new AbortController()
  const job = await rig.submit('SELECT 2 AS unread', {}, left.signal)
  await job.result()
  left.abort()
  await job.ended
  await expect.poll(async () => readdir(results)).toEqual(before)
})

async function hit(sql: string, more: Parameters<Rig['ask']>[1] = {}): Promise<boolean | undefined> {
  return (await rig.ask(sql, more)).info.statistics?.cacheHit
}

describe('stale', () => {
  test('is no list of tables: what a load made is known at once', async () => {
    const names = async (): Promise<string[]> =>
      (await rig.side.road.visibleTables(principal('root'))).map(({ table }) => table)
    expect(await names()).not.toContain('fresh')
    await rig.load('web', 'fresh', commonColumns, [event('f')])
    expect(await names()).toContain('fresh')
  })

  test('by a load, of its own table only', async () => {
    const fed = 'SELECT COUNT(*) AS fed FROM web.clicks'
    const made = 'SELECT SUM(v) AS made FROM ds.t'
    expect([await hit(fed), await hit(fed), await hit(made), await hit(made)]).toEqual([false, true, false, true])
    await rig.load('web', 'clicks', commonColumns, [event('b')])
    expect(await rig.rows(fed)).toEqual([[2]])
    expect([await hit(fed), await hit(made)]).toEqual([true, true])
  })

  test.each([
    'INSERT ds.t VALUES (2)',
    'UPDATE ds.t SET v = 7 WHERE TRUE',
    'DELETE FROM ds.t WHERE v = 7',
    'MERGE ds.t USING (SELECT 5 AS n) ON v = n WHEN NOT MATCHED THEN INSERT (v) VALUES (n)',
    'TRUNCATE TABLE ds.t',
    'BEGIN TRANSACTION; INSERT ds.t VALUES (3); COMMIT TRANSACTION',
    'CREATE OR REPLACE TABLE ds.t AS SELECT 9 AS v',
    'ALTER TABLE ds.t ADD COLUMN w STRING',
    'DROP TABLE ds.t; CREATE TABLE ds.t (v INT64)',
  ])('%s', async (change) => {
    const sql = 'SELECT TO_JSON_STRING(ARRAY_AGG(v ORDER BY v)) FROM ds.t'
    await rig.ask(sql)
    expect(await hit(sql)).toBe(true)
    await rig.ask(change)
    expect(await hit(sql)).toBe(false)
  })

  test('a view by the tables below it, and by being defined anew', async () => {
    await rig.ask('INSERT ds.t VALUES (1); CREATE VIEW ds.w AS SELECT SUM(v) AS s FROM ds.t')
    const sql = 'SELECT s FROM ds.w'
    expect([await hit(sql), await hit(sql)]).toEqual([false, true])
    await rig.ask('INSERT ds.t VALUES (4)')
    expect([await hit(sql), await hit(sql)]).toEqual([false, true])
    await rig.ask('CREATE OR REPLACE VIEW ds.w AS SELECT COUNT(v) AS s FROM ds.t')
    expect(await rig.rows(sql)).toEqual([[2]])
  })

  test('what was rolled back changes nothing', async () => {
    const sql = 'SELECT COUNT(*) FROM ds.t'
    const before = await rig.rows(sql)
    await rig.ask('BEGIN TRANSACTION; INSERT ds.t VALUES (3); ROLLBACK TRANSACTION')
    expect(await rig.rows(sql)).toEqual(before)
  })
})

test('an answer belongs to those who see the same', async () => {
  const ann = principal('ann', 'member')
  const sql = 'SELECT ANY_VALUE(user_id) FROM web.clicks'
  await rig.ask(sql)
  expect(await hit(sql, { principal: principal('boss') })).toBe(true)
  policies = { ...policies, masks: [{ dataset: 'web', table: '*', column: 'user_id', kind: 'nothing', exempt: [] }] }
  version += 1
  expect(await rig.rows(sql, { principal: ann })).toEqual([[null]])
  policies = { ...policies, masks: [] }
  version += 1
  expect(await rig.rows(sql, { principal: ann })).toEqual([['u']])
})

test.each([
  ['googlesql', 'SELECT CURRENT_TIMESTAMP()'],
  ['googlesql', 'SELECT CURRENT_DATE()'],
  ['googlesql', 'SELECT CURRENT_TIME()'],
  ['googlesql', 'SELECT CURRENT_DATETIME()'],
  ['googlesql', 'SELECT RAND()'],
  ['googlesql', 'SELECT GENERATE_UUID()'],
  ['googlesql', 'SELECT SESSION_USER()'],
  ['googlesql', 'SELECT COUNT(*) FROM web.clicks TABLESAMPLE SYSTEM (50 PERCENT)'],
  ['googlesql', 'SELECT COUNT(*) FROM web.INFORMATION_SCHEMA.TABLES'],
  ['googlesql', 'SELECT COUNT(*) FROM INFORMATION_SCHEMA.JOBS'],
  ['googlesql', 'SELECT ds.js(1)'],
  ['googlesql', 'SELECT (SELECT MAX(x) FROM (SELECT RAND() AS x))'],
  ['duckdb', 'SELECT now()'],
  ['duckdb', 'SELECT random()'],
  ['duckdb', 'SELECT current_date'],
  ['duckdb', 'SELECT current_user'],
  ['duckdb', 'SELECT uuid()'],
] as const)('never kept (%s): %s', async (dialect, sql) => {
  await rig.ask('CREATE OR REPLACE FUNCTION ds.js(x FLOAT64) RETURNS FLOAT64 LANGUAGE js AS "return Math.random() * x"')
  const outcomes = [await rig.error(sql, { dialect }), await rig.error(sql, { dialect })]
  // A function that one dialect refuses needs no cache.
  if (outcomes[0] !== 'no error') return expect(outcomes[0]).toMatch(/^query-(refused|unsupported|invalid)/)
  expect(await hit(sql, { dialect })).toBe(false)
})

test('the same text of the engine with other types is another answer', async () => {
  const kinds = [
    "SELECT '1' AS a",
    "SELECT JSON '1' AS a",
    "SELECT b'1' AS a",
    'SELECT 1 AS a',
    'SELECT NUMERIC "1" AS a',
  ]
  const types = async (sql: string): Promise<string | undefined> => {
    const job = await rig.submit(sql)
    const { columns, chunks } = await job.result()
    for await (const _ of chunks) void _
    return columns[0]?.sqlType?.kind
  }
  const first: unknown[] = []
  for (const sql of kinds) first.push(await types(sql))
  const again: unknown[] = []
  for (const sql of kinds) again.push(await types(sql))
  expect(first).toEqual(['STRING', 'JSON', 'BYTES', 'INT64', 'NUMERIC'])
  expect(again).toEqual(first)
})

test('parameters are a part of the question', async () => {
  const sql = 'SELECT @p + COUNT(*) FROM web.clicks'
  const ask = async (value: string) =>
    (await rig.rows(sql, { parameters: [{ name: 'p', type: { kind: 'INT64' }, value }] }))[0]?.[0]
  expect([await ask('1'), await ask('10'), await ask('1')]).toEqual([3, 12, 3])
})

test('rows of a hit are read by page like those of the first job', async () => {
  const sql = 'SELECT n FROM UNNEST(GENERATE_ARRAY(1, 20000)) AS n ORDER BY n'
  for (const isHit of [false, true]) {
    const job = await rig.submit(sql, { keepsRows: true })
    const { statistics } = await job.ended
    expect(statistics).toMatchObject({ cacheHit: isHit, rows: 20_000 })
    const page = await job.page(9_998, 3, 1e6)
    expect(page.chunks.flatMap(({ columns }) => [...(columns[0] ?? [])]).map(String)).toEqual([
      '9999',
      '10000',
      '10001',
    ])
    expect([page.rows, page.totalRows]).toEqual([3, 20_000])
    expect((await job.page(20_000, 5, 1e6)).rows).toBe(0)
  }
})

describe('ids of jobs and keys of kept rows', () => {
  const mallory = { principal: principal('mallory', 'member'), keepsRows: true, usesCache: false }
  const pageOf = async (job: Job): Promise<unknown[]> => {
    const { chunks } = await job.page(0, 10, 1e6)
    return chunks.flatMap(({ columns }) => [...(columns[0] ?? [])])
  }

  test('whoever chooses the key of a kept answer as an id neither changes nor reads it', async () => {
    const sql = "SELECT 'of the boss' AS whose"
    const kept = await rig.submit(sql, { keepsRows: true })
    await kept.ended
    const { rowsKey: key = '' } = kept as LiveJob
    expect(key).toMatch(/^cache:/)
    for (const jobId of [key, key.slice('cache:'.length), `job:${key}`]) {
      const own = await rig.submit("SELECT 'of mallory' AS whose", { ...mallory, jobId })
      await own.ended
      expect(await pageOf(own)).toEqual(['of mallory'])
      expect((await rig.ask(sql)).rows).toEqual([['of the boss']])
      expect(await hit(sql)).toBe(true)
    }
  })

  test('a job without rows reads none that were kept under its id', async () => {
    const kept = await rig.submit("SELECT 'of the boss' AS whose, 2 AS n", { keepsRows: true })
    await kept.ended
    const { rowsKey: jobId = '' } = kept as LiveJob
    const failed = await rig.submit('SELECT ERROR("x")', { ...mallory, jobId })
    await failed.ended
    await expect(failed.page(0, 10, 1e6)).rejects.toThrow(/are not kept any more/)
  })

  test('an id that is used again never reads the rows of the first', async () => {
    // Such a job is forgotten at its end: its id is free, while its rows are still kept.
    const quiet = { ...mallory, jobId: 'again', readsCatalog: true }
    const first = await rig.submit("SELECT 'first' AS v", quiet)
    await first.ended
    const second = await rig.submit('SELECT ERROR("x")', { ...mallory, jobId: 'again' })
    await second.ended
    await expect(second.page(0, 10, 1e6)).rejects.toThrow(/are not kept any more/)
    expect(await pageOf(first)).toEqual(['first'])
  })

  test('two jobs that had one id keep rows apart', async () => {
    const quiet = { ...mallory, jobId: 'twice', readsCatalog: true }
    const first = await rig.submit("SELECT 'first' AS v", quiet)
    await first.ended
    const second = await rig.submit("SELECT 'second' AS v", quiet)
    await second.ended
    expect([await pageOf(first), await pageOf(second)]).toEqual([['first'], ['second']])
  })
})
