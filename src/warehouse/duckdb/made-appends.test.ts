// Streamed rows in made tables: each lands once, with its position, as what it says.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { createManualClock, type ManualClock } from '../../../test/wire/manual-clock.ts'
import { createLog } from '../../core/log.ts'
import type { WarehouseSettings } from '../../core/settings.ts'
import type { EngineValue, MadeTable, WarehouseSession } from '../session.ts'
import { collectRows } from '../collect-rows.ts'
import { type DuckdbWarehouse, openDuckdbWarehouse } from './duckdb.ts'

let folder: string
let clock: ManualClock
let driver: DuckdbWarehouse
let session: WarehouseSession

async function open(): Promise<void> {
  const settings = { threads: 2, memoryBytesMax: 512 * 1024 ** 2 } as WarehouseSettings
  driver = await openDuckdbWarehouse({ folder, settings, clock, log: createLog('silent') })
  session = await driver.openSession({ semantics: 'plain' })
}

const rowsOf = async (sql: string): Promise<EngineValue[][]> => collectRows(session, { sql })

async function makeTable(table: string, columnsSql: string): Promise<void> {
  const times = { createdAtMicros: 1, changedAtMicros: 1 }
  const row: MadeTable = { dataset: 'shop', table, kind: 'table', columns: [], clustering: [], options: {}, ...times }
  await driver.made.change(session, [`CREATE TABLE made.shop."${table}" (${columnsSql})`], {
    kind: 'put-table',
    table: row,
  })
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millpond-appends-'))
  clock = createManualClock()
  await open()
  const times = { createdAtMicros: 1, changedAtMicros: 1 }
  await driver.made.change(session, [], { kind: 'put-dataset', dataset: { dataset: 'shop', options: {}, ...times } })
})
afterEach(async () => {
  await driver.stop()
  await rm(folder, { recursive: true, force: true })
})

async function append(
  rows: readonly object[],
  insertIds: readonly (string | undefined)[] = rows.map(() => undefined),
  more: { readonly table?: string; readonly sequence?: number } = {},
): Promise<void> {
  const { table = 'orders', sequence = 1 } = more
  await driver.made.appendPlan({
    positions: [{ stream: 'appends', sequence }],
    inserts: [{ dataset: 'shop', table, rows: rows.map((row) => JSON.stringify(row)), insertIds }],
  })
}

describe('values', () => {
  const cases: readonly (readonly [string, unknown, EngineValue])[] = [
    ['BIGINT', '9223372036854775807', 2n ** 63n - 1n],
    ['DOUBLE', 'NaN', NaN],
    ['DOUBLE', '-Infinity', -Infinity],
    ['DOUBLE', 1.5, 1.5],
    ['DECIMAL(38,9)', '99999999999999999999999999999.999999999', '99999999999999999999999999999.999999999'],
    ['DECIMAL(38,18)', '-0.000000000000000001', '-0.000000000000000001'],
    ['BOOLEAN', false, false],
    ['VARCHAR', 'tab\tand "quotes" \u0000', 'tab\tand "quotes" \u0000'],
    ['BLOB', 'AP9h', new Uint8Array([0, 255, 97])],
    ['DATE', '1969-12-31', -1],
    ['TIME', '00:00:01.5', 1_500_000n],
    ['TIMESTAMP', '1970-01-02 00:00:00.000001', 86_400_000_001n],
    ['TIMESTAMPTZ', '1970-01-01 01:00:00.5+01', 500_000n],
    ['TIMESTAMPTZ', '1970-01-01 00:00:00+00', 0n],
    ['INTERVAL', '1-2 -3 -4:5:6.5', { months: 14, days: -3, micros: -14_706_500_000n }],
    ['JSON', '{"a": 1.10}', '{"a": 1.10}'],
    ['STRUCT("start" DATE, "end" DATE)', '[1970-01-02, UNBOUNDED)', [1, null]],
    ['BIGINT[]', ['1', '2'], [1n, 2n]],
    ['BIGINT[]', null, []],
    ['STRUCT(a BIGINT, b BLOB[])', { a: '1', b: ['YQ=='] }, [1n, [new Uint8Array([97])]]],
    ['STRUCT(a BIGINT, b BLOB[])', null, null],
    [
      'STRUCT(a BIGINT, "odd ""name" STRUCT(c JSON)[])[]',
      [{ 'odd "name': [{ c: '[1]' }, {}] }],
      [[null, [['[1]'], [null]]]],
    ],
  ]
  test.each(cases)('%s %j', async (type, value, expected) => {
    await makeTable('orders', `v ${type}, n BIGINT`)
    await append([{ v: value, n: '1' }, { n: '2' }])
    const absent: EngineValue = type.endsWith('[]') ? [] : null
    expect(await rowsOf('SELECT v, n FROM made.shop.orders ORDER BY n')).toEqual([
      [expected, 1n],
      [absent, 2n],
    ])
  })

  test.each([
    ['BIGINT', '1.5'],
    ['BIGINT', '1_000'],
    ['DECIMAL(38,9)', '0.1234567891'],
    ['BLOB', '*'],
    ['DATE', '2026-02-30'],
    ['TIMESTAMPTZ', 'yesterday'],
    ['BIGINT[]', ['1', 'x']],
    ['STRUCT(a BOOLEAN)', { a: 'perhaps' }],
  ])('%s refuses %j, and the plan with it', async (type, value) => {
    await makeTable('orders', `v ${type}`)
    await append([], [], { sequence: 1 })
    await expect(append([{}, { v: value }], undefined, { sequence: 2 })).rejects.toMatchObject({
      code: 'query-invalid',
      message: /Could not parse '/,
    })
    expect(await driver.made.positions()).toEqual([{ stream: 'appends', sequence: 1 }])
    expect(await rowsOf('SELECT count(*) FROM made.shop.orders')).toEqual([[0n]])
  })

  test('absent ones have their default', async () => {
    await makeTable('orders', `id BIGINT, kind VARCHAR DEFAULT 'new', made BIGINT DEFAULT 7`)
    await append([{ id: '1' }, { id: '2', kind: null }, { id: '3', made: '8' }, { id: '4' }])
    expect(await rowsOf('SELECT * FROM made.shop.orders ORDER BY id')).toEqual([
      [1n, 'new', 7n],
      [2n, null, 7n],
      [3n, 'new', 8n],
      [4n, 'new', 7n],
    ])
  })
})

describe('rows', () => {
  test('with an id come once in seven days, in one table, also behind a restart', async () => {
    await makeTable('orders', 'id BIGINT')
    await makeTable('others', 'id BIGINT')
    const count = async (table = 'orders'): Promise<EngineValue> =>
      (await rowsOf(`SELECT count(*) FROM made.shop.${table}`))[0]?.[0] ?? null
    await append([{ id: '1' }, { id: '2' }, { id: '3' }], ['a', 'a', undefined])
    expect(await count()).toBe(2n)
    await append([{ id: '1' }, { id: '4' }, { id: '3' }], ['a', "b'", undefined], { sequence: 2 })
    expect(await count()).toBe(4n)
    await append([{ id: '1' }], ['a'], { table: 'others', sequence: 3 })
    expect(await count('others')).toBe(1n)
    await driver.stop()
    await open()
    expect(await driver.made.positions()).toEqual([{ stream: 'appends', sequence: 3 }])
    await append([{ id: '4' }], ["b'"], { sequence: 4 })
    expect(await count()).toBe(4n)
    clock.advance(7 * 86_400_000 + 1)
    await append([{ id: '4' }], ["b'"], { sequence: 5 })
    expect(await count()).toBe(5n)
    expect(await rowsOf('SELECT count(*) FROM made._millpond.inserts')).toEqual([[1n]])
  })

  test('of a table that is gone are refused, and its ids go with it', async () => {
    await makeTable('orders', 'id BIGINT')
    await append([{ id: '1' }], ['a'])
    expect(driver.made.hasTable('shop', 'orders')).toBe(true)
    const drop = { kind: 'drop-table', dataset: 'shop', table: 'orders' } as const
    await driver.made.change(session, ['DROP TABLE made.shop.orders'], drop)
    expect(driver.made.hasTable('shop', 'orders')).toBe(false)
    await expect(append([{ id: '1' }], ['b'])).rejects.toMatchObject({ code: 'table-unknown' })
    await makeTable('orders', 'id BIGINT')
    await append([{ id: '1' }], ['a'])
    expect(await rowsOf('SELECT count(*) FROM made.shop.orders')).toEqual([[1n]])
  })

  test('many come quickly, in their order', async () => {
    await makeTable('orders', 'id BIGINT, t VARCHAR')
    const rows = Array.from({ length: 20_000 }, (_, index) => ({ id: String(index), t: `text ${index}` }))
    await append(
      rows,
      rows.map(({ id }) => id),
    )
    const stored = await rowsOf('SELECT id FROM made.shop.orders')
    expect(stored.map(([id]) => Number(id))).toEqual(rows.map(({ id }) => Number(id)))
  })

  test('change the version of their table', async () => {
    await makeTable('orders', 'id BIGINT')
    const before = driver.made.version('shop', 'orders')
    await append([{ id: '1' }])
    expect(driver.made.version('shop', 'orders')).toBe(before + 1)
  })
})
