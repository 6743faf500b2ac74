// The part of the driver's contract that is about giving a column another type: every value is kept, in the column or in
// `_overflow`, whatever happens on the way.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import type { ColumnSpec, ColumnType, Scalar, TableName, WarehouseDriver } from '../../src/warehouse/driver.ts'
import { usersColumns } from '../../src/warehouse/schema.ts'
import { blockOf, never, planTo, rowsOf } from './warehouse-plans.ts'

const orders: TableName = { dataset: 'web', table: 'orders' }
const overflow: ColumnSpec = { name: '_overflow', type: 'json' }

function columnsWith(type: ColumnType): ColumnSpec[] {
  return [{ name: 'id', type: 'text' }, { name: 'value', type }, overflow, { name: 'after', type: 'text' }]
}

type Row = Readonly<Record<string, Scalar>>

async function loadOrders(driver: WarehouseDriver, type: ColumnType, rows: readonly Row[]): Promise<void> {
  const columns = columnsWith(type)
  const changes = [{ kind: 'create-table', table: orders, columns }] as const
  const numbered = rows.map((row, index) => ({ id: `${index}`, after: `after ${index}`, ...row }))
  await driver.load(planTo(1, { changes, blocks: [blockOf(orders, columns, numbered)] }))
}

function toText(value: unknown): string {
  return typeof value === 'string'
    ? value
    : JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? raw(part) : part))
}

function raw(value: bigint): object {
  return (JSON as unknown as { rawJSON(source: string): object }).rawJSON(String(value))
}

function toInteger(value: unknown): Scalar | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return value
  return typeof value === 'string' && /^-?\d{1,18}$/.test(value) ? BigInt(value) : undefined
}

/** As text: every digit counts. */
async function stored(driver: WarehouseDriver): Promise<unknown[][]> {
  return rowsOf(driver, 'SELECT id, value, CAST(_overflow AS VARCHAR), after FROM web.orders')
}

export function describeRetype(name: string, openFresh: () => Promise<{ driver: WarehouseDriver }>): void {
  describe(`${name}: retype`, () => {
    const retype = async (
      driver: WarehouseDriver,
      type: ColumnType,
      convert: (value: unknown) => Scalar | undefined,
    ): Promise<{ rows: number; overflowed: number }> =>
      driver.maintenance.retype({ tables: [orders], column: 'value', type, convert })

    test('integer becomes text; what never fitted comes back, with all its digits', async () => {
      const { driver } = await openFresh()
      await loadOrders(driver, 'integer', [
        { value: 1 },
        { value: 9_223_372_036_854_775_807n },
        { value: null },
        { _overflow: '{"value":"abc"}' },
        { _overflow: '{"big":123456789012345678901234567890.50, "value" : 123456789012345678901234567890}' },
        { _overflow: '{"value":{"deep":[12345678901234567890,1e400,"}"]},"\\u0061":1.0}' },
        { _overflow: '{"other":1e400}' },
      ])
      expect(await retype(driver, 'text', toText)).toEqual({ rows: 5, overflowed: 0 })
      expect(await stored(driver)).toEqual([
        ['0', '1', null, 'after 0'],
        ['1', '9223372036854775807', null, 'after 1'],
        ['2', null, null, 'after 2'],
        ['3', 'abc', null, 'after 3'],
        ['4', '123456789012345678901234567890', '{"big":123456789012345678901234567890.50}', 'after 4'],
        ['5', '{"deep":[12345678901234567890,1e400,"}"]}', '{"a":1.0}', 'after 5'],
        ['6', null, '{"other":1e400}', 'after 6'],
      ])
      expect((await driver.catalog()).get('web')?.get('orders')).toEqual(columnsWith('text'))
    })

    test('text becomes integer; what does not fit waits in _overflow beside what waits there already', async () => {
      const { driver } = await openFresh()
      await loadOrders(driver, 'text', [
        { value: '12' },
        { value: 'twelve "quoted" 水' },
        { value: 'x', _overflow: '{"big": 123456789012345678901234567890}' },
        { value: 'x', _overflow: '{"value":"7","z":null}' },
        { value: 'x', _overflow: '{"value":[1]}' },
        { value: '5', _overflow: '{"value":[1]}' },
        { value: '900719925474099312' },
      ])
      expect(await retype(driver, 'integer', toInteger)).toEqual({ rows: 7, overflowed: 4 })
      expect(await stored(driver)).toEqual([
        ['0', 12, null, 'after 0'],
        ['1', null, '{"value":"twelve \\"quoted\\" 水"}', 'after 1'],
        ['2', null, '{"big":123456789012345678901234567890,"value":"x"}', 'after 2'],
        ['3', 7, '{"value":"x","z":null}', 'after 3'],
        ['4', null, '{"value":[1],"value_2":"x"}', 'after 4'],
        ['5', 5, '{"value":[1]}', 'after 5'],
        ['6', '900719925474099312', null, 'after 6'],
      ])
    })

    test.each<[ColumnType, ColumnType, Scalar, (value: unknown) => Scalar | undefined, unknown, string | null]>([
      ['float', 'text', 0.1, toText, '0.1', null],
      ['float', 'text', 5, toText, '5', null],
      ['integer', 'boolean', 1, (value) => value === 1 || undefined, true, null],
      ['integer', 'boolean', 7, (value) => value === 1 || undefined, null, '{"value":7}'],
      ['integer', 'boolean', 2n ** 63n - 1n, () => undefined, null, '{"value":9223372036854775807}'],
      ['boolean', 'text', true, toText, 'true', null],
      ['boolean', 'integer', false, () => undefined, null, '{"value":false}'],
      ['float', 'integer', 0.5, () => undefined, null, '{"value":0.5}'],
      ['text', 'timestamp', 'now', () => 1_700_000_000_123_456, '2023-11-14T22:13:20.123456Z', null],
      ['timestamp', 'text', 1_700_000_000_123_000, toText, '2023-11-14T22:13:20.123Z', null],
      ['json', 'text', '{"a":12345678901234567890}', toText, '{"a":12345678901234567890}', null],
    ])('%s becomes %s: %s', async (before, after, value, convert, expected, kept) => {
      const { driver } = await openFresh()
      await loadOrders(driver, before, [{ value }, { value: null }])
      await retype(driver, after, convert)
      expect(await stored(driver)).toEqual([
        ['0', expected, kept, 'after 0'],
        ['1', null, null, 'after 1'],
      ])
    })

    test('there and back again, nothing is lost, whatever the values', async () => {
      const { driver } = await openFresh()
      let sequence = 1
      const cell = fc.oneof(
        fc.string({ unit: 'grapheme' }),
        fc.maxSafeInteger().map(String),
        fc.constantFrom('', '1', '007', '"', '\\', '\u0000', 'x'.repeat(300)),
      )
      const row = fc.record({ value: fc.option(cell), rest: fc.option(fc.jsonValue({ maxDepth: 2 })) })
      await fc.assert(
        fc.asyncProperty(fc.array(row, { minLength: 1, maxLength: 20 }), async (rows) => {
          const table = { dataset: 'web', table: `run_${sequence}` }
          sequence += 1
          const columns = columnsWith('text')
          const given = rows.map(({ value, rest }, index) => ({
            id: `${index}`,
            value: value?.toWellFormed() ?? null,
            _overflow: rest === null ? null : JSON.stringify({ rest }),
          }))
          const changes = [{ kind: 'create-table', table, columns }] as const
          await driver.load(planTo(sequence, { changes, blocks: [blockOf(table, columns, given)] }))
          const column = 'value'
          const sql = `SELECT id, value, CAST(_overflow AS VARCHAR) FROM web.${table.table}`
          const before = await rowsOf(driver, sql)
          const safe = (value: unknown): Scalar | undefined =>
            typeof value === 'string' && String(Number.parseInt(value, 10)) === value ? BigInt(value) : undefined
          await driver.maintenance.retype({ tables: [table], column, type: 'integer', convert: safe })
          await driver.maintenance.retype({ tables: [table], column, type: 'text', convert: toText })
          expect(await rowsOf(driver, sql)).toEqual(before)
        }),
        { numRuns: 25 },
      )
    })

    test('a long query goes on over the old table; a checkpoint and a load work afterwards', async () => {
      const { driver } = await openFresh()
      const rows = Array.from({ length: 70_000 }, (_, row) => ({ value: `${row}` }))
      await loadOrders(driver, 'text', rows)
      await driver.checkpoint()
      const run = await driver.query('SELECT value FROM web.orders', never)
      expect(await retype(driver, 'integer', toInteger)).toEqual({ rows: 70_000, overflowed: 0 })
      expect(await rowsOf(driver, 'SELECT sum(value), min(id), count(*) FROM web.orders')).toEqual([
        [2_449_965_000, '0', 70_000],
      ])
      const seen: unknown[] = []
      for await (const chunk of run.rows) seen.push(...chunk.map(([value]) => value))
      expect(seen).toEqual(rows.map(({ value }) => value))
      expect((await rowsOf(driver, 'SELECT value FROM web.orders')).map(([value]) => value)).toEqual(
        rows.map((_, row) => row),
      )
      await driver.load(planTo(2, { blocks: [blockOf(orders, columnsWith('integer'), [{ value: 70_000 }])] }))
      expect(await driver.checkpoint()).toEqual([{ stream: 'events', sequence: 2 }])
      expect(await rowsOf(driver, 'SELECT max(value) FROM web.orders')).toEqual([[70_000]])
    })

    test('rows of any size pass, some at a time', async () => {
      const { driver } = await openFresh()
      const rows = Array.from({ length: 60 }, (_, row) => ({ value: `${row} ${'x'.repeat(1_000_000)}` }))
      await loadOrders(driver, 'text', rows)
      expect(await retype(driver, 'integer', () => undefined)).toEqual({ rows: 60, overflowed: 60 })
      const lengths = 'SELECT count(*), min(length(CAST(_overflow AS VARCHAR))) FROM web.orders WHERE value IS NULL'
      expect(await rowsOf(driver, lengths)).toEqual([[60, 1_000_014]])
    })

    test('a failure in the middle changes nothing, and the next call works', async () => {
      const { driver } = await openFresh()
      await loadOrders(driver, 'integer', [{ value: 1 }, { value: 2 }])
      const before = await stored(driver)
      const failing = (value: unknown): Scalar => {
        if (value === 2) throw new Error('no')
        return 'fine'
      }
      await expect(retype(driver, 'text', failing)).rejects.toMatchObject({ code: 'warehouse-unavailable' })
      const wrong = (): Scalar => 'not a number'
      await expect(retype(driver, 'float', wrong)).rejects.toMatchObject({ code: 'warehouse-unavailable' })
      expect(await stored(driver)).toEqual(before)
      expect((await driver.catalog()).get('web')?.get('orders')).toEqual(columnsWith('integer'))
      await retype(driver, 'text', toText)
      expect((await stored(driver)).map(([, value]) => value)).toEqual(['1', '2'])
    })

    test('a table or column that is not there is column-unknown', async () => {
      const { driver } = await openFresh()
      await loadOrders(driver, 'integer', [])
      const request = { tables: [orders], column: 'nobody', type: 'text', convert: toText } as const
      await expect(driver.maintenance.retype(request)).rejects.toMatchObject({ code: 'column-unknown' })
      const tables = [orders, { dataset: 'web', table: 'nothing' }]
      const elsewhere = { ...request, tables, column: 'value' }
      await expect(driver.maintenance.retype(elsewhere)).rejects.toMatchObject({ code: 'column-unknown' })
    })

    test('a column of several tables changes in all of them, and the view over them shows it', async () => {
      const { driver } = await openFresh()
      const column = { name: 'context_level', type: 'integer' } as const
      const id = { name: 'id', type: 'text' } as const
      const full = ['a', 'b "and" AS (c'].map((table) => ({ dataset: 'we b', table }))
      const without = { dataset: 'we b', table: 'without' }
      const columns = [id, column, overflow]
      await driver.load(
        planTo(1, {
          changes: [
            ...full.map((table) => ({ kind: 'create-table', table, columns }) as const),
            { kind: 'create-table', table: without, columns: [id] },
            {
              kind: 'define-union',
              table: { dataset: 'we b', table: 'tracks' },
              columns: [column, id],
              members: [
                ...full.map(({ table }) => ({ table, columns: ['context_level', 'id'] })),
                { table: 'without', columns: ['id'] },
              ],
            },
          ],
          blocks: [
            ...full.map((table, index) => blockOf(table, columns, [{ id: `${index}`, context_level: index }])),
            blockOf(without, [id], [{ id: '2' }]),
          ],
        }),
      )
      await driver.maintenance.retype({
        tables: full,
        column: column.name,
        type: 'boolean',
        convert: (value) => value === 1,
      })
      expect(await rowsOf(driver, 'SELECT * FROM "we b".tracks ORDER BY id')).toEqual([
        [false, '0'],
        [true, '1'],
        [null, '2'],
      ])
      await driver.maintenance.retype({ tables: full, column: column.name, type: 'text', convert: toText })
      expect(await rowsOf(driver, 'SELECT * FROM "we b".tracks ORDER BY id')).toEqual([
        ['false', '0'],
        ['true', '1'],
        [null, '2'],
      ])
      expect((await driver.catalog()).get('we b')?.has('tracks')).toBe(false)
    })

    describeFollowingUsers(openFresh)
  })
}

const identifies: TableName = { dataset: 'web', table: 'identifies' }
const identifyColumns: readonly ColumnSpec[] = [
  { name: 'id', type: 'text' },
  { name: 'timestamp', type: 'timestamp' },
  { name: 'user_id', type: 'text' },
  { name: 'age', type: 'text' },
  { name: 'email', type: 'text' },
  overflow,
]

interface Identify {
  readonly user: string
  readonly time: number
  readonly id: string
  /** null removes. */
  readonly age: string | null
}

async function loadIdentifies(driver: WarehouseDriver, events: readonly Identify[]): Promise<void> {
  const users = { dataset: 'web', table: 'users' }
  const email = { name: 'email', type: 'text' } as const
  const columns = [...usersColumns, { name: 'age', type: 'text' }, email] as const
  await driver.load(
    planTo(1, {
      changes: [
        { kind: 'create-table', table: identifies, columns: identifyColumns },
        { kind: 'create-table', table: users, columns },
      ],
      blocks: [
        blockOf(
          identifies,
          identifyColumns,
          events.map(({ user, time, id, age }) => ({ id, timestamp: time, user_id: user, age, email: 'e' })),
        ),
      ],
      users: events.map(({ user, time, id, age }) => ({
        dataset: 'web',
        userId: user,
        receivedAtMicros: time,
        traits: [
          { column: 'age', timeMicros: time, tieBreak: id, value: age },
          { column: 'email', timeMicros: time, tieBreak: id, value: 'e' },
        ],
      })),
    }),
  )
}

function describeFollowingUsers(openFresh: () => Promise<{ driver: WarehouseDriver }>): void {
  const ages = async (driver: WarehouseDriver): Promise<Record<string, unknown>> =>
    Object.fromEntries((await rowsOf(driver, 'SELECT id, age FROM web.users')) as [string, unknown][])
  const toAge = async (driver: WarehouseDriver): Promise<void> => {
    await driver.maintenance.retype({ tables: [identifies], column: 'age', type: 'integer', convert: toInteger })
  }

  test('users follow: the newest value that fits, ties by id, what was removed stays removed', async () => {
    const { driver } = await openFresh()
    await loadIdentifies(driver, [
      { user: 'newest', time: 1, id: 'a', age: '1' },
      { user: 'newest', time: 2, id: 'b', age: '2' },
      { user: 'unfit', time: 1, id: 'a', age: '1' },
      { user: 'unfit', time: 2, id: 'b', age: 'two' },
      { user: 'tie', time: 1, id: '\u{1f600}', age: '1' },
      { user: 'tie', time: 1, id: '\uffee', age: '2' },
      { user: 'removed', time: 1, id: 'a', age: '1' },
      { user: 'removed', time: 2, id: 'b', age: null },
      { user: 'nothing', time: 1, id: 'a', age: 'one' },
    ])
    const before = await ages(driver)
    await toAge(driver)
    expect(await ages(driver)).toEqual({ newest: 2, unfit: 1, tie: 2, removed: null, nothing: null })
    expect((await driver.catalog()).get('web')?.get('users')).toContainEqual({ name: 'age', type: 'integer' })
    expect(await rowsOf(driver, 'SELECT DISTINCT email FROM web.users')).toEqual([['e']])
    // Back again, `_overflow` gives the values that didn't fit.
    await driver.maintenance.retype({ tables: [identifies], column: 'age', type: 'text', convert: toText })
    expect(await ages(driver)).toEqual(before)
  })

  test('users follow: later identifies win or lose as if the type had always been so', async () => {
    const { driver } = await openFresh()
    await loadIdentifies(driver, [
      { user: 'u', time: 10, id: 'a', age: '10' },
      { user: 'u', time: 20, id: 'b', age: 'twenty' },
    ])
    await toAge(driver)
    const identify = (timeMicros: number, value: number): Parameters<WarehouseDriver['load']>[0]['users'][number] => ({
      dataset: 'web',
      userId: 'u',
      receivedAtMicros: timeMicros,
      traits: [{ column: 'age', timeMicros, tieBreak: 'x', value }],
    })
    await driver.load(planTo(2, { users: [identify(5, 5)] }))
    expect(await ages(driver)).toEqual({ u: 10 })
    await driver.load(planTo(3, { users: [identify(15, 15)] }))
    expect(await ages(driver)).toEqual({ u: 15 })
  })

  test('users follow: values whose rows have expired are converted where they stand', async () => {
    const { driver } = await openFresh()
    await loadIdentifies(driver, [
      { user: 'u', time: 10, id: 'a', age: '10' },
      { user: 'v', time: 10, id: 'a', age: 'ten' },
      { user: 'w', time: 90, id: 'a', age: '90' },
    ])
    await driver.maintenance.expire({ dataset: 'web', beforeMicros: 50 })
    await toAge(driver)
    expect(await ages(driver)).toEqual({ u: 10, v: null, w: 90 })
  })

  test('users have only traits: a context column of identifies concerns nobody else', async () => {
    const { driver } = await openFresh()
    await loadIdentifies(driver, [{ user: 'u', time: 10, id: 'a', age: '10' }])
    const column = { name: 'context_age', type: 'text' } as const
    await driver.load(planTo(2, { changes: [{ kind: 'add-column', table: identifies, column }] }))
    await driver.maintenance.retype({ tables: [identifies], column: column.name, type: 'float', convert: () => 1 })
    expect(await ages(driver)).toEqual({ u: '10' })
  })
}
