// What queries cost, before they run: by BigQuery's size rules, from measured days, within bounds, and not forgotten by a restart.
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type Clock, systemClock } from '../../src/core/clock.ts'
import { storageReport } from '../../src/query/cost/storage-report.ts'
import { commonColumns } from '../../src/warehouse/schema.ts'
import { openRig, principal, type Rig, root } from './asking-rig.ts'

const dayMillis = 86_400_000
let nowMillis = Date.UTC(2026, 2, 10, 12)
const clock: Clock = { ...systemClock, nowMicros: () => nowMillis * 1000 }
const columns = [...commonColumns, { name: 'plan', type: 'text' as const }]
const ann = { principal: principal('ann') }
let rig: Rig

/** `count` rows on a day of March 2026. */
function events(day: number, count: number): Readonly<Record<string, string | number | null>>[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `e${day}-${index}`,
    received_at: Date.UTC(2026, 2, day, 1) * 1000,
    timestamp: Date.UTC(2026, 2, day, 1) * 1000 + index,
    plan: index % 3 === 0 ? null : 'päid',
  }))
}

async function bytes(sql: string, rigNow = rig): Promise<number> {
  const { bytesProcessed } = await rigNow.side.road.dryRun({
    sql,
    dialect: 'googlesql',
    port: 'api',
    isDryRun: true,
    principal: root,
  })
  return bytesProcessed
}

beforeAll(async () => {
  rig = await openRig({ clock, settings: { personBytesPerDayMax: 1024 ** 3 } })
  for (const day of [1, 2, 3]) await rig.load('web', 'clicks', columns, events(day, day * 100))
  await rig.ask('CREATE SCHEMA ds')
  await rig.side.sizes.measureAll(new AbortController().signal)
})

afterAll(async () => {
  await rig.close()
})

describe('sizes', () => {
  // Type, value, its bytes by cloud.google.com/bigquery/docs/reference/standard-sql/data-types.
  test.each([
    ['BOOL', 'TRUE', 1],
    ['INT64', '7', 8],
    ['FLOAT64', '1.5', 8],
    ['NUMERIC', "NUMERIC '1.5'", 16],
    ['BIGNUMERIC', "BIGNUMERIC '1.5'", 32],
    ['DATE', "DATE '2026-01-01'", 8],
    ['TIME', "TIME '10:00:00'", 8],
    ['DATETIME', "DATETIME '2026-01-01 10:00:00'", 8],
    ['TIMESTAMP', "TIMESTAMP '2026-01-01 10:00:00+00'", 8],
    ['INTERVAL', 'INTERVAL 1 DAY', 16],
    ['STRING', "'päid'", 7],
    ['BYTES', "b'\\x00\\xff\\x01'", 5],
    ['JSON', `JSON '{"a":1}'`, 7],
    ['ARRAY<INT64>', '[1, 2, 3]', 24],
    ['ARRAY<STRING>', "['a', 'bc']", 7],
    ['STRUCT<a INT64, b STRING>', "STRUCT(1, 'abc')", 13],
    ['STRUCT<a INT64, b ARRAY<STRUCT<c STRING, d BOOL>>>', "STRUCT(1, [STRUCT('x', TRUE), STRUCT(NULL, FALSE)])", 13],
  ])('%s', async (type, value, expected) => {
    nowMillis += 5_000
    await rig.ask(`CREATE OR REPLACE TABLE ds.sized (v ${type}); INSERT ds.sized VALUES (${value}), (NULL), (${value})`)
    expect(await bytes('SELECT v FROM ds.sized')).toBe(2 * expected)
  })

  test('only named columns count, all of a table that stands twice count once', async () => {
    expect(await bytes('SELECT id FROM web.clicks WHERE plan IS NULL')).toBe(
      (await bytes('SELECT id FROM web.clicks')) + (await bytes('SELECT plan FROM web.clicks')),
    )
    expect(await bytes('SELECT a.id FROM web.clicks a JOIN web.clicks b ON a.id = b.id')).toBe(
      await bytes('SELECT id FROM web.clicks'),
    )
    expect(await bytes('SELECT COUNT(*) FROM web.clicks')).toBe(0)
  })
})

describe('days', () => {
  const full = async (where: string): Promise<number> => {
    const sum = `SUM(2 + BYTE_LENGTH(id)) + SUM(IF(plan IS NULL, 0, 2 + BYTE_LENGTH(plan))) + COUNT(timestamp) * 8`
    const [[found] = []] = await rig.rows(`SELECT ${sum} FROM web.clicks WHERE ${where}`)
    return Number(found)
  }

  test.each([
    "DATE(timestamp) = '2026-03-02'",
    "timestamp >= '2026-03-02' AND timestamp < '2026-03-03'",
    "timestamp BETWEEN '2026-03-01' AND '2026-03-02 23:59:59'",
    "DATE(timestamp) IN ('2026-03-03')",
    "TIMESTAMP_TRUNC(timestamp, MONTH) = '2026-03-01'",
    'DATE(timestamp) >= DATE_SUB(CURRENT_DATE(), INTERVAL 7 DAY)',
  ])('closed days are as exact as a scan: %s', async (where) => {
    const expected = await full(where.replace('CURRENT_DATE()', "DATE '2026-03-10'"))
    expect(Math.abs((await bytes(`SELECT id, plan FROM web.clicks WHERE ${where}`)) - expected)).toBeLessThanOrEqual(
      expected * 0.02,
    )
  })

  test('nothing is read where nothing is', async () => {
    expect(await bytes("SELECT id FROM web.clicks WHERE DATE(timestamp) = '2025-01-01'")).toBe(0)
    expect(await bytes('SELECT id FROM web.clicks WHERE timestamp IS NULL')).toBeGreaterThan(0)
  })

  test('rows that came since count with the mean, but not for closed days', async () => {
    const before = await bytes('SELECT id, timestamp FROM web.clicks')
    const closed = await bytes("SELECT id FROM web.clicks WHERE DATE(timestamp) = '2026-03-02'")
    await rig.load('web', 'clicks', columns, events(10, 60))
    await rig.side.directory.read({ isFresh: true })
    nowMillis += 5_000
    const grown = await bytes('SELECT id, timestamp FROM web.clicks')
    expect(grown / before).toBeCloseTo(660 / 600, 2)
    expect(await bytes("SELECT id FROM web.clicks WHERE DATE(timestamp) = '2026-03-02'")).toBe(closed)
    expect(await bytes('SELECT id FROM web.clicks WHERE DATE(timestamp) >= CURRENT_DATE()')).toBe(grown - before)
  })

  test('a table that was measured while it was empty, and one that became another, are measured again', async () => {
    await rig.ask('CREATE TABLE ds.grows (v INT64)')
    expect(await bytes('SELECT v FROM ds.grows')).toBe(0)
    await rig.ask('INSERT ds.grows SELECT * FROM UNNEST(GENERATE_ARRAY(1, 50))')
    nowMillis += 5_000
    expect(await bytes('SELECT v FROM ds.grows')).toBe(400)
    nowMillis += 5_000
    await rig.ask("CREATE OR REPLACE TABLE ds.grows AS SELECT 'abc' AS v FROM UNNEST(GENERATE_ARRAY(1, 50))")
    expect(await bytes('SELECT v FROM ds.grows')).toBe(250)
  })

  test('tables that are partitioned by the coming of their rows have days, too', async () => {
    await rig.ask('CREATE TABLE ds.coming (v INT64) PARTITION BY _PARTITIONDATE; INSERT ds.coming (v) VALUES (1), (2)')
    expect(await bytes("SELECT v FROM ds.coming WHERE _PARTITIONTIME >= '2020-01-01'")).toBeGreaterThanOrEqual(16)
    expect(await bytes("SELECT v FROM ds.coming WHERE _PARTITIONTIME < '2020-01-01'")).toBe(0)
  })

  test('of a large table a sample is enough', async () => {
    await rig.ask(
      'CREATE TABLE ds.large AS SELECT n, CAST(n AS STRING) AS t FROM UNNEST(GENERATE_ARRAY(100001, 500000)) AS n',
    )
    expect((await bytes('SELECT n FROM ds.large')) / (8 * 400_000)).toBeCloseTo(1, 2)
    expect((await bytes('SELECT t FROM ds.large')) / (8 * 400_000)).toBeCloseTo(1, 2)
  })
})

describe('the guard', () => {
  test('a required filter is demanded in the words of BigQuery', async () => {
    await rig.ask('CREATE TABLE ds.strict (d DATE, v INT64) PARTITION BY d OPTIONS (require_partition_filter = TRUE)')
    expect(await rig.error('SELECT v FROM ds.strict')).toMatch(
      /^query-invalid: Cannot query over table 'ds\.strict' without a filter over column\(s\) 'd' that can be used for partition elimination/,
    )
    expect(await rig.rows("SELECT v FROM ds.strict WHERE d = '2026-03-01'")).toEqual([])
    expect(await rig.rows('SELECT v FROM ds.strict WHERE d = v_d'.replace('v_d', 'DATE(2026, v, 1)'))).toEqual([])
  })

  test('a required filter is demanded of a change, too, and one that stands in WHERE or ON is enough', async () => {
    await rig.ask('CREATE TABLE ds.firm (d DATE, v INT64) PARTITION BY d OPTIONS (require_partition_filter = TRUE)')
    await rig.ask("INSERT INTO ds.firm VALUES ('2026-03-01', 1), ('2026-03-02', 2), ('2026-03-03', 3)")
    const merge = (condition: string): string =>
      `MERGE ds.firm AS t USING (SELECT 3 AS v) AS s ON ${condition} WHEN MATCHED THEN DELETE`
    const changes = ['DELETE FROM ds.firm WHERE v = 1', 'UPDATE ds.firm SET v = 9 WHERE v = 1', merge('t.v = s.v')]
    for (const change of changes) expect(await rig.error(change)).toMatch(/^query-invalid: Cannot query over table/)
    await rig.ask("DELETE FROM ds.firm WHERE d = '2026-03-01'")
    await rig.ask("UPDATE ds.firm SET v = 20 WHERE d = '2026-03-02'")
    await rig.ask(merge("t.v = s.v AND t.d = '2026-03-03'"))
    expect(await rig.rows("SELECT v FROM ds.firm WHERE d >= '2026-03-01'")).toEqual([[20]])
  })

  test('a dry run takes milliseconds and tells the age of its numbers', async () => {
    const request = {
      sql: 'SELECT * FROM web.clicks',
      dialect: 'googlesql' as const,
      port: 'api' as const,
      principal: root,
    }
    await rig.side.road.dryRun(request)
    const begun = performance.now()
    const told = await rig.side.road.dryRun(request)
    expect(performance.now() - begun).toBeLessThan(200)
    expect(told.statisticsAgeMs).toBe((clock.nowMicros() - Date.UTC(2026, 2, 10, 12) * 1000) / 1000)
    expect(told.bytesBilled).toBe(10 * 1024 * 1024)
    expect(told.dollars).toBeCloseTo((10 / 1024 / 1024) * 6.25, 8)
    expect(told.lint.map(({ code }) => code)).toEqual(['select-star', 'no-partition-filter'])
  })

  test('maximumBytesBilled refuses before it runs; what is in the cache costs nothing', async () => {
    const sql = 'SELECT COUNT(id) FROM web.clicks'
    expect(await rig.error(sql, { bytesBilledMax: 1024 })).toBe(
      'query-too-expensive: Query exceeded limit for bytes billed: 1024. 10485760 or higher required.',
    )
    expect((await rig.ask(sql)).info.statistics).toMatchObject({ cacheHit: false, bytesBilled: 10 * 1024 * 1024 })
    expect((await rig.ask(sql, { bytesBilledMax: 1024 })).info.statistics).toMatchObject({
      cacheHit: true,
      bytesBilled: 0,
    })
  })

  test("a person's quota holds over a restart, and ends with the day", async () => {
    const sql = 'SELECT COUNT(id) FROM web.clicks'
    rig.side.sizes.spend('ann', 1024 ** 3 - 45 * 1024 ** 2)
    for (let turn = 0; turn < 4; turn += 1) await rig.ask(sql, { ...ann, usesCache: false })
    expect(await rig.error(sql, { ...ann, usesCache: false })).toMatch(/^query-too-expensive: Quota exceeded: ann/)
    await rig.reopen()
    expect(await rig.error(sql, { ...ann, usesCache: false })).toMatch(/^query-too-expensive: Quota exceeded: ann/)
    expect(await rig.error(sql, { principal: principal('bob'), usesCache: false })).toBe('no error')
    nowMillis += dayMillis
    expect(await rig.error(sql, { ...ann, usesCache: false })).toBe('no error')
  })

  test('after a crash the history tells what was spent', async () => {
    const text = (name: string) => ({ name, type: 'text' as const })
    const jobs = [
      text('job_id'),
      text('parent_job_id'),
      text('owner'),
      { name: 'bytes_billed', type: 'integer' as const },
      { name: 'cache_hit', type: 'boolean' as const },
      { name: 'created_at', type: 'timestamp' as const },
    ]
    const at = nowMillis * 1000
    const job = (id: string, owner: string, billed: number | null, more: object = {}) => ({
      job_id: id,
      owner,
      bytes_billed: billed,
      cache_hit: false,
      created_at: at,
      ...more,
    })
    await rig.load('millpond', 'jobs', jobs, [
      job('a', 'cleo', 100),
      job('b', 'cleo', 20, { created_at: at - dayMillis * 1000 }),
      job('c', 'cleo', 20, { cache_hit: true }),
      job('script', 'cleo', 30),
      job('script_1', 'cleo', 10, { parent_job_id: 'script' }),
      job('script_2', 'cleo', 20, { parent_job_id: 'script' }),
      job('failed', 'cleo', null),
      job('failed_1', 'cleo', 7, { parent_job_id: 'failed' }),
    ])
    await rig.reopen()
    expect(rig.side.sizes.spentToday('cleo')).toBe(137)
  })
})

describe('the book', () => {
  test('is kept over restarts', async () => {
    const before = await bytes('SELECT id FROM web.clicks')
    await rig.reopen()
    expect(rig.side.sizes.sizeOf('web', 'clicks').partitions?.slice(0, 2)).toMatchObject([
      { id: '20260301', rows: 100 },
      { id: '20260302', rows: 200 },
    ])
    expect(await bytes('SELECT id FROM web.clicks')).toBe(before)
  })

  test.each([
    '',
    '{',
    'null',
    '[]',
    '{"version":1}',
    '{"version":1,"tables":[["x",{}]]}',
    '{"version":1,"tables":[1],"spent":3}',
  ])('a broken one costs a measurement: %j', async (text) => {
    const path = join(rig.folder, 'sizes.json')
    const good = await readFile(path, 'utf8')
    await rig.side.stop()
    await writeFile(path, text)
    // Stopping again writes it anew: the broken one is put in place by hand.
    const { SizeBook } = await import('../../src/query/cost/size-book.ts')
    const { createLog } = await import('../../src/core/log.ts')
    const log = createLog('silent')
    const book = await SizeBook.open({ driver: rig.driver, directory: rig.side.directory, clock, log, path })
    expect(book.sizeOf('web', 'clicks').bytes).toBe(0)
    const uses = [
      { dataset: 'web', table: 'clicks', columns: ['timestamp'], range: undefined, hasPartitionFilter: false },
    ]
    expect((await book.estimate(uses)).bytes).toBe(660 * 8)
    await writeFile(path, good)
    await rig.reopen()
  })
})

test('the report of storage: days, months, the largest tables, and what Google would charge', async () => {
  const directory = await rig.side.directory.read({ isFresh: true })
  await rig.side.sizes.measureAll(new AbortController().signal)
  const report = storageReport(directory, rig.side.sizes, nowMillis * 1000)
  expect(report.days.filter(({ dataset }) => dataset === 'web').map(({ day, rows }) => [day, rows])).toEqual([
    ['2026-03-10', 60],
    ['2026-03-03', 300],
    ['2026-03-02', 200],
    ['2026-03-01', 100],
  ])
  expect(report.months.find(({ dataset }) => dataset === 'web')).toMatchObject({ month: '2026-03', rows: 660 })
  expect(report.largest[0]).toMatchObject({
    dataset: 'ds',
    table: 'large',
    rows: 400_000,
    bytes: 6_400_000,
    bytesPerRow: 16,
  })
  expect(report.bytes).toBe(report.datasets.reduce((sum, one) => sum + one.bytes, 0))
  expect(report.dollarsPerMonth).toBeCloseTo((report.bytes / 1024 ** 3) * 0.02, 10)
  const later = storageReport(directory, rig.side.sizes, (nowMillis + 200 * dayMillis) * 1000)
  const web = (one: typeof report): number =>
    one.datasets.find(({ dataset }) => dataset === 'web')?.dollarsPerMonth ?? 0
  expect(web(later) / web(report)).toBeCloseTo(0.5, 5)
})
