// The second dialect's rewriter over the real engine: what comes out is what was meant, to the last digit.
import { readFileSync } from 'node:fs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { CatalogTable } from '../../src/sql/catalog.ts'
import { collectRows } from '../../src/warehouse/collect-rows.ts'
import type { EngineValue } from '../../src/warehouse/session.ts'
import {
  createDialectRewriter,
  type RewriteRequest,
  type Rewritten,
} from '../../src/query/duckdb-dialect/rewrite-select.ts'
import { openPond, type Pond } from './pond.ts'

let pond: Pond

beforeAll(async () => {
  pond = await openPond()
})

afterAll(async () => {
  await pond.close()
})

function table(dataset: string, name: string, columns: string, relation?: string): CatalogTable {
  return {
    dataset,
    table: name,
    kind: 'table',
    columns: columns.split(' ').map((column) => ({ name: column, type: { kind: 'STRING' } })),
    relation: relation ?? `"fed"."${dataset}"."${name}"`,
    isWritable: false,
  }
}

const tables = [
  table('web', 'orders', 'id total region', `(SELECT id, total, region FROM "fed"."web"."orders" WHERE region = 'EU')`),
  table('web', 'pages', 'id name'),
  table('web', 'users', 'id city'),
]

const names: RewriteRequest['names'] = {
  project: 'millpond',
  table: (dataset, name) => tables.find((one) => one.dataset === dataset && one.table === name),
  tableNames: (dataset) => (dataset === 'web' ? tables.map((one) => one.table) : undefined),
  datasetNames: () => ['web'],
}

async function rewrite(sql: string, more: Partial<RewriteRequest> = {}): Promise<Rewritten> {
  return createDialectRewriter(pond.driver).rewrite({ sql, names, searchPath: ['web'], handle: 'ana', ...more })
}

async function rows(sql: string, more: Partial<RewriteRequest> = {}): Promise<EngineValue[][]> {
  const rewritten = await rewrite(sql, more)
  const session = await pond.driver.openSession({ semantics: 'plain' })
  try {
    return await collectRows(session, { sql: rewritten.sql, parameters: new Map() })
  } finally {
    await session.close()
  }
}

describe('names', () => {
  test.each([
    ['SELECT sum(total) FROM orders'],
    ['SELECT sum(total) FROM web.orders'],
    ['SELECT sum(total) FROM WEB.Orders'],
    ['SELECT sum(o.total) FROM fed.web.orders AS o'],
    ['SELECT sum(orders.total) FROM millpond.web.orders'],
    ['SELECT sum(web.orders.total) FROM web.orders'],
    ['SELECT sum(millpond.web.orders.total) FROM millpond.web.orders'],
    ['FROM "orders" SELECT sum("total")'],
    ['SELECT sum(b) FROM orders AS o(a, b)'],
    ['SELECT (SELECT sum(total) FROM orders)'],
    ['WITH a AS (SELECT total FROM orders) SELECT sum(total) FROM a'],
    ['WITH orders AS (SELECT total FROM orders) SELECT sum(orders.total) FROM orders'],
    ['WITH a AS (WITH orders AS (SELECT 30 AS total) SELECT * FROM orders) SELECT sum(total) FROM a'],
    ['SELECT sum(total) FROM (FROM orders)'],
    ['SELECT sum(total) FROM orders WHERE EXISTS (SELECT 1 FROM pages)'],
    ["SELECT sum(total) FROM orders JOIN users ON users.id IS NOT NULL AND users.id = 'u1'"],
    ['SELECT sum(t) FROM (SELECT total AS t FROM orders UNION ALL SELECT 0 FROM pages)'],
    ["SELECT sum(COLUMNS('tot.*')) FROM orders"],
    ['SELECT sum(orders.total) FROM orders, LATERAL (SELECT orders.total) AS l'],
    ['SELECT total.sum() FROM orders'],
    ["PIVOT (SELECT region, total FROM orders) ON region IN ('EU') USING sum(total)"],
  ])('%s', async (sql) => {
    expect((await rows(sql)).map((row) => row.map(Number))).toEqual([[30]])
  })

  test('a CTE is a CTE where DuckDB says so, and nowhere else', async () => {
    const one = (sql: string): Promise<EngineValue[][]> => rows(sql)
    expect(await one('WITH pages AS (SELECT 1 AS x), b AS (SELECT * FROM pages) SELECT x FROM b')).toEqual([[1]])
    // Forward and outward, it isn't there yet.
    expect(await one('WITH b AS (SELECT id FROM pages), pages AS (SELECT 1 AS x) SELECT * FROM b')).toEqual([['g1']])
    expect(await one('SELECT (WITH pages AS (SELECT 1 AS x) SELECT x FROM pages), id FROM pages')).toEqual([[1, 'g1']])
    expect(await one('WITH pages AS (SELECT 1 AS x) SELECT id FROM web.pages')).toEqual([['g1']])
    expect(
      await one('WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < 3) SELECT max(r.n) FROM r'),
    ).toEqual([[3]])
    expect(
      await one(
        'WITH RECURSIVE r(k, n) USING KEY (k) AS (SELECT 1, 1 UNION SELECT k, n + 1 FROM r WHERE n < 3) SELECT n FROM r',
      ),
    ).toEqual([[3]])
  })

  test('inline tables are named as they are', async () => {
    const { sql } = await rewrite('SELECT pg_class.oid FROM pg_class', { inlineTables: ['pg_class'] })
    expect(sql).toContain('"temp".main.pg_class')
    await expect(rewrite('SELECT * FROM pg_class')).rejects.toMatchObject({ code: 'table-unknown' })
  })
})

test('numbers keep every digit', async () => {
  const digits = [
    '9007199254740993',
    '-9007199254740993',
    '12345678901234567890',
    '170141183460469231731687303715884105727',
  ]
  for (const number of digits) expect(await rows(`SELECT (${number})::VARCHAR`)).toEqual([[number]])
  const decimals = ['12345678901234567890.12345', '0.10000000000000000001', '99999999999999999999999999999999999999']
  for (const number of decimals) expect(await rows(`SELECT (${number})::VARCHAR`)).toEqual([[number]])
  expect(await rows(`SELECT 0.1::DOUBLE, 1e-320, 5e300, 1.7976931348623157e308`)).toEqual([
    [0.1, 1e-320, 5e300, 1.7976931348623157e308],
  ])
  expect(await rows('SELECT id FROM pages WHERE 9007199254740993 <> 9007199254740992')).toEqual([['g1']])
  await expect(rewrite('SELECT 1e400')).rejects.toMatchObject({ code: 'query-invalid' })
})

test('what the engine can not write again is refused, the rest is written as it was', async () => {
  const statements = readFileSync(new URL('statements.sql', import.meta.url), 'utf8')
    .split('\n')
    .filter(Boolean)
  const plain = {
    ...names,
    table: (dataset: string, name: string) => table(dataset, name, 'a b c x y', `"fed"."${dataset}"."${name}"`),
  }
  for (const sql of statements) {
    await expect(
      rewrite(sql, { names: plain }).then(
        () => 'written',
        (error: Error) => `${sql}: ${error.message}`,
      ),
    ).resolves.toBe('written')
  }
})

test('parameters get their types, positional ones their names', async () => {
  const parameterSql = (identifier: string): string =>
    identifier === '1' ? 'CAST($p1 AS BIGINT)' : 'CAST($city AS VARCHAR)'
  expect(await rewrite('SELECT ?', { parameterSql })).toMatchObject({
    sql: 'SELECT (CAST($p1 AS BIGINT))',
    parameters: ['1'],
  })
  expect(await rewrite('SELECT $1 + $2, $1')).toMatchObject({
    parameters: ['1', '2'],
    sql: expect.stringContaining('$p2'),
  })
  expect(await rewrite('SELECT $city', { parameterSql })).toMatchObject({ parameters: ['city'] })
  expect((await rewrite('SELECT * FROM orders LIMIT $1')).sql).toContain('LIMIT $p1')
})

test('tables and columns that count are told', async () => {
  const used = async (sql: string): Promise<unknown> =>
    (await rewrite(sql)).tables.map(({ table: one, columns }) => [one, columns])
  expect(await used('SELECT total FROM orders WHERE region = 1')).toEqual([['orders', ['total', 'region']]])
  expect(await used('SELECT * FROM orders, pages')).toEqual([
    ['orders', undefined],
    ['pages', undefined],
  ])
  expect(await used('SELECT orders FROM orders')).toEqual([['orders', undefined]])
  expect(await used('SELECT count(*) FROM orders')).toEqual([['orders', []]])
  expect(await used('SELECT 1 FROM orders JOIN pages USING (id)')).toEqual([
    ['orders', ['id']],
    ['pages', ['id']],
  ])
  expect(await used('SELECT #1 FROM pages')).toEqual([['pages', undefined]])
  expect(await used('SELECT 1')).toEqual([])
})

test('what answers otherwise each time is known', async () => {
  const isVolatile = async (sql: string): Promise<boolean> => (await rewrite(sql)).isVolatile
  for (const sql of [
    'SELECT now()',
    'SELECT current_date',
    'SELECT random()',
    'SHOW TABLES',
    'SELECT * FROM orders USING SAMPLE 1 ROWS',
    'SELECT session_user',
    'EXPLAIN SELECT 1',
  ]) {
    expect([sql, await isVolatile(sql)]).toEqual([sql, true])
  }
  for (const sql of ['SELECT 1', 'SELECT * FROM orders']) expect([sql, await isVolatile(sql)]).toEqual([sql, false])
})

test('the caller is the caller', async () => {
  expect(await rows('SELECT current_user, session_user, user, current_user()')).toEqual([['ana', 'ana', 'ana', 'ana']])
  expect(await rows('SELECT user FROM (SELECT 5 AS user)')).toEqual([[5]])
})

test('the catalogue is the caller’s', async () => {
  const tablesSeen = [['orders'], ['pages'], ['users']]
  expect(await rows('SHOW TABLES')).toEqual(tablesSeen)
  expect(await rows('SHOW TABLES FROM web')).toEqual(tablesSeen)
  expect(await rows('SELECT name FROM (SHOW ALL TABLES)')).toEqual(tablesSeen)
  expect(await rows('SELECT table_name FROM information_schema.tables ORDER BY 1')).toEqual(tablesSeen)
  expect(await rows('SELECT table_name FROM duckdb_tables() ORDER BY 1')).toEqual(tablesSeen)
  expect(
    await rows(`SELECT column_name FROM information_schema.columns WHERE table_name = 'users' ORDER BY 1`),
  ).toEqual([['city'], ['id']])
  expect(await rows('SHOW DATABASES')).toEqual([['millpond']])
  expect((await rows('DESCRIBE orders')).map(([name]) => name)).toEqual(['id', 'total', 'region'])
  expect((await rows('DESCRIBE users')).map(([name]) => name)).toEqual(['id', 'city'])
  expect((await rows('SUMMARIZE orders')).map((row) => row[0])).toEqual(['id', 'total', 'region'])
  expect((await rows('SELECT * FROM users LIMIT 1'))[0]).toHaveLength(2)
})

test('EXPLAIN shows plans of plain tables only', async () => {
  expect(await rewrite('EXPLAIN SELECT * FROM pages')).toMatchObject({
    kind: 'EXPLAIN',
    sql: expect.stringMatching(/^EXPLAIN\nSELECT/),
  })
  expect((await rewrite('explain analyze SELECT 1')).sql).toMatch(/^EXPLAIN ANALYZE\n/)
  expect((await rewrite('EXPLAIN (FORMAT json) SELECT 1')).sql).toMatch(/^EXPLAIN \(FORMAT json\)\n/)
  await expect(rewrite('EXPLAIN SELECT * FROM orders')).rejects.toMatchObject({ code: 'query-refused' })
})

test('a query that nests too deeply, or is too long to be read, is told', async () => {
  for (const sql of [
    `SELECT ${'('.repeat(5000)}1`,
    `SELECT ${'('.repeat(5000)}1${')'.repeat(5000)}`,
    `SELECT 1${' + 1'.repeat(20_000)}`,
    `SELECT 1${' UNION ALL SELECT 1'.repeat(3000)}`,
  ]) {
    const told = await rewrite(sql).then(
      () => 'fine',
      (error: { code?: string }) => error.code,
    )
    expect(['fine', 'query-invalid', 'query-unsupported']).toContain(told)
  }
})
