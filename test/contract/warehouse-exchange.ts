// The part of the driver's contract that is about whole tables and files: tables travel, warehouses are compared, and one
// takes the place of another.
import { copyFile, mkdtemp, readFile, rename, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import type { ColumnSpec, Scalar, TableName, WarehouseDriver } from '../../src/warehouse/driver.ts'
import { commonColumns, usersColumns } from '../../src/warehouse/schema.ts'
import { blockOf, clickRows, clicks, createOf, never, planTo, rowsOf } from './warehouse-plans.ts'

export interface Doors {
  readonly openFresh: () => Promise<{ driver: WarehouseDriver; folder: string }>
  readonly openIn: (folder: string) => Promise<WarehouseDriver>
  readonly fileName?: string
}

export function describeExchange(name: string, doors: Doors): void {
  describe(`${name}: exchange`, () => {
    describeTables(doors)
  })
  describe(`${name}: digest`, () => {
    describeDigest(doors)
  })
  describe.skipIf(doors.fileName === undefined)(`${name}: replaceWith`, () => {
    describeReplace(doors, doors.fileName ?? '')
  })
}

const everyType: readonly ColumnSpec[] = [
  { name: 'id', type: 'text' },
  { name: 'received_at', type: 'timestamp' },
  { name: 'count', type: 'integer' },
  { name: 'ratio', type: 'float' },
  { name: 'ok', type: 'boolean' },
  { name: 'properties', type: 'json' },
  { name: 'select "from" 购买', type: 'text' },
]
const everyValue: readonly Readonly<Record<string, Scalar>>[] = [
  { id: 'a', received_at: 0, count: 2n ** 63n - 1n, ratio: 0.1, ok: true, properties: '{"a":1e400, "b":[]}' },
  { id: 'ü水\u0000"\'', received_at: -1, count: -(2n ** 63n), ratio: -0.5e-300, ok: false, properties: 'null' },
  { id: '', received_at: 1_700_000_000_123_456, count: 0, ratio: 1.7e308, ok: null, properties: '"text"' },
  { id: null, received_at: null, count: null, ratio: null, ok: null, properties: null },
  { id: 'x'.repeat(100_000), received_at: 253_402_300_799_999_999n, 'select "from" 购买': 'y' },
]

function describeTables({ openFresh }: Doors): void {
  const select = 'SELECT * REPLACE (CAST(properties AS VARCHAR) AS properties) FROM web.every ORDER BY id'
  const every: TableName = { dataset: 'web', table: 'every' }

  test('out to a file and in again, every value of every type is the same', async () => {
    const { driver } = await openFresh()
    const block = blockOf(every, everyType, everyValue)
    await driver.load(planTo(1, { changes: [createOf(every, everyType)], blocks: [block] }))
    const before = await rowsOf(driver, select)
    const path = join(driver.maintenance.exchangeFolder, 'every.parquet')
    expect(await driver.maintenance.exportTable({ table: every, path })).toBe(5)
    expect(await driver.maintenance.importRows(every, path, 'all')).toBe(5)
    expect(await rowsOf(driver, select)).toEqual(before)
    const { driver: other } = await openFresh()
    const more = [{ name: 'more', type: 'text' } as const, ...everyType.toReversed()]
    await other.load(planTo(1, { changes: [createOf(every, more)] }))
    const elsewhere = join(other.maintenance.exchangeFolder, 'every.parquet')
    await copyFile(path, elsewhere)
    expect(await other.maintenance.importRows(every, elsewhere, 'nothing')).toBe(5)
    const names = everyType.map((column) =>
      column.type === 'json' ? 'CAST(properties AS VARCHAR)' : quoted(column.name),
    )
    expect(await rowsOf(other, `SELECT ${names.join(', ')} FROM web.every ORDER BY id`)).toEqual(before)
    expect(await rowsOf(other, 'SELECT count(more) FROM web.every')).toEqual([[0]])
  })

  test('only rows received before go out', async () => {
    const { driver } = await openFresh()
    const rows = [{ id: 'a', received_at: 9 }, { id: 'b', received_at: 10 }, { id: 'c' }]
    await driver.load(planTo(1, { changes: [createOf(clicks)], blocks: [clickRows(rows)] }))
    const path = join(driver.maintenance.exchangeFolder, 'clicks.parquet')
    expect(await driver.maintenance.exportTable({ table: clicks, receivedBeforeMicros: 10, path })).toBe(1)
    expect(await driver.maintenance.importRows(clicks, path, 'all')).toBe(1)
    expect(await rowsOf(driver, 'SELECT id FROM web.clicks')).toEqual([['a']])
  })

  test('same-ids replaces rows of the file and no others', async () => {
    const { driver } = await openFresh()
    const rows = [
      { id: 'a', user_id: 'old' },
      { id: 'b', user_id: 'old' },
      { id: null, user_id: 'kept' },
    ]
    await driver.load(planTo(1, { changes: [createOf(clicks)], blocks: [clickRows(rows)] }))
    const path = join(driver.maintenance.exchangeFolder, 'clicks.parquet')
    await driver.maintenance.exportTable({ table: clicks, path })
    await driver.load(
      planTo(2, {
        blocks: [
          clickRows([
            { id: 'c', user_id: 'new' },
            { id: 'a', user_id: 'new' },
          ]),
        ],
      }),
    )
    expect(await driver.maintenance.importRows(clicks, path, 'same-ids')).toBe(3)
    expect(await rowsOf(driver, 'SELECT id, user_id FROM web.clicks ORDER BY ALL')).toEqual([
      ['a', 'old'],
      ['b', 'old'],
      ['c', 'new'],
      [null, 'kept'],
      [null, 'kept'],
    ])
  })

  test('users travel with the times of their traits', async () => {
    const { driver } = await openFresh()
    const users = { dataset: 'web', table: 'users' }
    const email = { name: 'email', type: 'text' } as const
    const user = (timeMicros: number, value: string) => ({
      dataset: 'web',
      userId: 'u',
      receivedAtMicros: timeMicros,
      traits: [{ column: 'email', timeMicros, tieBreak: '', value }],
    })
    const changes = [createOf(users, [...usersColumns, email])]
    await driver.load(planTo(1, { changes, users: [user(10, 'ten')] }))
    const path = join(driver.maintenance.exchangeFolder, 'users.parquet')
    await driver.maintenance.exportTable({ table: users, path })
    await driver.maintenance.importRows(users, path, 'all')
    await driver.load(planTo(2, { users: [user(5, 'five')] }))
    expect(await rowsOf(driver, 'SELECT email FROM web.users')).toEqual([['ten']])
  })

  test('a wider type takes the file; another type or a missing column is refused and nothing goes', async () => {
    const { driver } = await openFresh()
    const columns = (type: 'integer' | 'float' | 'text', more = 'n'): ColumnSpec[] => [{ name: more, type }]
    const tables = {
      integer: columns('integer'),
      float: columns('float'),
      text: columns('text'),
      missing: columns('integer', 'm'),
    }
    const changes = Object.entries(tables).map(([table, its]) => createOf({ dataset: 'web', table }, its))
    const integer = { dataset: 'web', table: 'integer' }
    const blocks = [
      blockOf(integer, tables.integer, [{ n: 5 }]),
      blockOf({ dataset: 'web', table: 'text' }, tables.text, [{ n: 'x' }]),
    ]
    await driver.load(planTo(1, { changes, blocks }))
    const path = join(driver.maintenance.exchangeFolder, 'n.parquet')
    await driver.maintenance.exportTable({ table: integer, path })
    expect(await driver.maintenance.importRows({ dataset: 'web', table: 'float' }, path, 'all')).toBe(1)
    for (const table of ['text', 'missing', 'nowhere']) {
      const importing = driver.maintenance.importRows({ dataset: 'web', table }, path, 'all')
      await expect(importing).rejects.toMatchObject({ code: 'column-unknown' })
    }
    expect(await rowsOf(driver, 'SELECT n FROM web.text')).toEqual([['x']])
    await writeFile(path, 'no parquet at all')
    await expect(driver.maintenance.importRows(integer, path, 'all')).rejects.toMatchObject({
      code: 'warehouse-unavailable',
    })
    expect(await rowsOf(driver, 'SELECT n FROM web.integer')).toEqual([[5]])
  })

  test('nothing outside the folder is written or read, and the folder begins empty', async () => {
    const { driver, folder } = await openFresh()
    await driver.load(planTo(1, { changes: [createOf(clicks)] }))
    const { exchangeFolder } = driver.maintenance
    for (const path of [
      join(folder, 'x.parquet'),
      `${exchangeFolder}/../x.parquet`,
      `${exchangeFolder}x`,
      'x.parquet',
    ]) {
      await expect(driver.maintenance.exportTable({ table: clicks, path })).rejects.toMatchObject({
        code: 'warehouse-unavailable',
      })
      await expect(driver.maintenance.importRows(clicks, path, 'nothing')).rejects.toMatchObject({
        code: 'warehouse-unavailable',
      })
    }
  })

  test('what was loaded before is known after its table of loads was replaced', async () => {
    const { driver } = await openFresh()
    for (const sequence of [1, 2, 3]) await driver.load(planTo(sequence))
    const loads = { dataset: 'millpond', table: 'loads' }
    const path = join(driver.maintenance.exchangeFolder, 'loads.parquet')
    await driver.maintenance.exportTable({ table: loads, path })
    const { driver: other } = await openFresh()
    await rename(path, join(other.maintenance.exchangeFolder, 'loads.parquet'))
    await other.maintenance.importRows(loads, join(other.maintenance.exchangeFolder, 'loads.parquet'), 'all')
    expect(await other.load(planTo(9))).toMatchObject({ loadId: 4 })
  })
}

function quoted(column: string): string {
  return `"${column.replaceAll('"', '""')}"`
}

function describeDigest({ openFresh }: Doors): void {
  const count = { source: 'web', stream: 'events', hourMicros: 0, received: 3, stored: 3, flagged: 0 }
  const zeros = { duplicates: 0, quarantined: 0 }

  async function digestOf(groups: readonly (readonly string[])[], received = 3): Promise<Map<string, unknown>> {
    const { driver } = await openFresh()
    const plain = { dataset: 'web', table: 'plain' }
    const changes = [createOf(clicks), createOf(plain, [{ name: 'x', type: 'text' }])]
    await driver.load(planTo(1, { changes }))
    let sequence = 1
    for (const ids of groups) {
      sequence += 1
      await driver.load(planTo(sequence, { blocks: [clickRows(ids.map((id) => ({ id })))] }))
    }
    await driver.load(planTo(sequence + 1, { counts: [{ ...count, ...zeros, received, stored: received }] }))
    const digest = await driver.maintenance.digest()
    return new Map(digest.map(({ table, rows, idsHash }) => [`${table.dataset}.${table.table}`, { rows, idsHash }]))
  }

  test('equal for equal ids in any order and any grouping, different otherwise', async () => {
    const one = await digestOf([['a', 'b', 'c']])
    expect([...one.keys()].toSorted()).toEqual(['millpond.dead_letters', 'millpond.source_counts', 'web.clicks'])
    expect(await digestOf([['c'], ['b', 'a']])).toEqual(one)
    const other = await digestOf([['a', 'b', 'd']])
    expect(other.get('web.clicks')).not.toEqual(one.get('web.clicks'))
    expect(other.get('millpond.source_counts')).toEqual(one.get('millpond.source_counts'))
    expect((await digestOf([['a', 'b', 'c']], 4)).get('millpond.source_counts')).not.toEqual(
      one.get('millpond.source_counts'),
    )
    // What stands there twice doesn't cancel itself out.
    const twice = await digestOf([['a', 'a', 'b']])
    expect(twice.get('web.clicks')).not.toEqual((await digestOf([['c', 'c', 'b']])).get('web.clicks'))
    expect((await digestOf([])).get('web.clicks')).toEqual({ rows: 0, idsHash: '0' })
  })
}

function describeReplace({ openFresh, openIn }: Doors, fileName: string): void {
  const rows = Array.from({ length: 50_000 }, (_, row) => ({ id: `${row}` }))

  /** A closed warehouse at sequence 5, with one click and one more table. */
  async function closedFile(folder: string, id = 'rebuilt'): Promise<string> {
    const place = await mkdtemp(join(folder, 'rebuilt-'))
    const driver = await openIn(place)
    const changes = [createOf(clicks), createOf({ dataset: 'shop', table: 'views' })]
    await driver.load(planTo(5, { changes, blocks: [clickRows([{ id }])] }))
    await driver.checkpoint()
    await driver.stop()
    return join(place, fileName)
  }

  test('new queries see the new rows, running ones end over the old; then loads and checkpoints go on', async () => {
    const { driver, folder } = await openFresh()
    await driver.load(planTo(1, { changes: [createOf(clicks)], blocks: [clickRows(rows)] }))
    await driver.load(planTo(2))
    const path = await closedFile(folder)
    const run = await driver.query('SELECT id FROM web.clicks', never)
    await driver.maintenance.replaceWith(path)
    expect(await rowsOf(driver, 'SELECT id FROM web.clicks')).toEqual([['rebuilt']])
    expect(await driver.positions()).toEqual([{ stream: 'events', sequence: 5 }])
    expect((await driver.catalog()).has('shop')).toBe(true)
    expect((await driver.inspect()).rowsSinceCheckpoint).toBe(0)
    const receipt = await driver.load(planTo(6, { blocks: [clickRows([{ id: 'more' }])] }))
    expect(receipt.loadId).toBe(2)
    expect(await driver.checkpoint()).toEqual([{ stream: 'events', sequence: 6 }])
    let seen = 0
    for await (const chunk of run.rows) seen += chunk.length
    expect(seen).toBe(rows.length)
    expect((await driver.inspect()).tables).toContainEqual({ table: clicks, rows: 2, columns: commonColumns.length })
    await expect(readFile(path)).rejects.toMatchObject({ code: 'ENOENT' })
    await driver.stop()
    const again = await openIn(folder)
    expect(await rowsOf(again, 'SELECT id FROM web.clicks ORDER BY id')).toEqual([['more'], ['rebuilt']])
    expect(await again.positions()).toEqual([{ stream: 'events', sequence: 6 }])
  })

  test('again and again; the exchange folder keeps its files and stays the one folder', async () => {
    const { driver, folder } = await openFresh()
    await driver.load(planTo(1, { changes: [createOf(clicks)], blocks: [clickRows(rows)] }))
    const file = join(driver.maintenance.exchangeFolder, 'clicks.parquet')
    await driver.maintenance.exportTable({ table: clicks, path: file })
    const runs = []
    for (const round of ['one', 'two', 'three']) {
      runs.push(await driver.query('SELECT a.id FROM web.clicks a, range(50000)', never))
      await driver.maintenance.replaceWith(await closedFile(folder, round))
      expect(await rowsOf(driver, 'SELECT id FROM web.clicks')).toEqual([[round]])
    }
    expect(await driver.maintenance.importRows(clicks, file, 'nothing')).toBe(rows.length)
    // A query over the first file reads on; stop ends it together with all others.
    const first = runs[0]?.rows[Symbol.asyncIterator]()
    expect((await first?.next())?.done).toBe(false)
    await driver.stop()
    await expect(first?.next()).rejects.toMatchObject({ code: 'query-cancelled' })
  })

  test('a file that is none, or is not there, changes nothing', async () => {
    const { driver, folder } = await openFresh()
    await driver.load(planTo(1, { changes: [createOf(clicks)], blocks: [clickRows([{ id: 'a' }])] }))
    await writeFile(join(folder, 'none'), 'not a warehouse, but long enough to be looked at'.repeat(400))
    for (const path of [join(folder, 'none'), join(folder, 'nowhere', fileName)]) {
      await expect(driver.maintenance.replaceWith(path)).rejects.toMatchObject({ code: 'warehouse-unreadable' })
    }
    await driver.load(planTo(2, { blocks: [clickRows([{ id: 'b' }])] }))
    expect(await driver.checkpoint()).toEqual([{ stream: 'events', sequence: 2 }])
    expect(await rowsOf(driver, 'SELECT id FROM web.clicks')).toEqual([['a'], ['b']])
  })
}
