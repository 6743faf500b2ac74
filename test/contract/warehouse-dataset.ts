// The part of the driver's contract that is about datasets taken from files: all of one, or what was received before a moment.
import { rename } from 'node:fs/promises'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import type {
  ColumnSpec,
  ColumnType,
  LoadPlan,
  Scalar,
  SchemaChange,
  WarehouseDriver,
} from '../../src/warehouse/driver.ts'
import { commonColumns, usersColumns } from '../../src/warehouse/schema.ts'
import type { Doors } from './warehouse-exchange.ts'
import { blockOf, createOf, planTo, rowsOf } from './warehouse-plans.ts'

type Row = Readonly<Record<string, Scalar>>

interface Table {
  readonly columns: readonly ColumnSpec[]
  readonly rows: readonly Row[]
}

export function describeDatasets(name: string, doors: Doors): void {
  describe(`${name}: replaceDataset`, () => {
    describeReplaceDataset(doors)
  })
}

function eventTable(rows: readonly Row[], more: readonly ColumnSpec[] = []): Table {
  return { columns: [...commonColumns, ...more], rows }
}

function unionOf(
  tables: Readonly<Record<string, Table>>,
  columns: readonly ColumnSpec[] = commonColumns,
): SchemaChange {
  const members = Object.entries(tables).map(([table, { columns: own }]) => ({
    table,
    columns: own.map((column) => column.name),
  }))
  return { kind: 'define-union', table: { dataset: 'web', table: 'tracks' }, columns, members }
}

function planWith(tables: Readonly<Record<string, Table>>, parts: Partial<LoadPlan> = {}): LoadPlan {
  const named = Object.entries(tables).map(([table, its]) => ({ name: { dataset: 'web', table }, ...its }))
  return planTo(1, {
    ...parts,
    changes: [...named.map(({ name, columns }) => createOf(name, columns)), ...(parts.changes ?? [])],
    blocks: named.filter(({ rows }) => rows.length > 0).map(({ name, columns, rows }) => blockOf(name, columns, rows)),
  })
}

/** Files of another warehouse's tables, in the exchange folder of `driver`. */
async function filesFor(
  driver: WarehouseDriver,
  { openFresh }: Doors,
  plan: LoadPlan,
  receivedBeforeMicros?: number,
): Promise<{ table: string; columns: readonly ColumnSpec[]; path: string }[]> {
  const { driver: other } = await openFresh()
  await other.load(plan)
  const files = []
  for (const [table, columns] of (await other.catalog()).get('web') ?? []) {
    const made = join(other.maintenance.exchangeFolder, `${files.length}.parquet`)
    await other.maintenance.exportTable({ table: { dataset: 'web', table }, path: made, receivedBeforeMicros })
    const path = join(driver.maintenance.exchangeFolder, `${files.length}.parquet`)
    await rename(made, path)
    files.push({ table, columns, path })
  }
  return files
}

async function idsIn(driver: WarehouseDriver, table: string): Promise<unknown[]> {
  return (await rowsOf(driver, `SELECT id FROM web.${table} ORDER BY id`)).map(([id]) => id)
}

function describeReplaceDataset(doors: Doors): void {
  const { openFresh } = doors
  const amount = (type: ColumnType): ColumnSpec => ({ name: 'amount', type })

  test('tables of both sides, of one side only, and columns that are new; the view shows all rows', async () => {
    const { driver, folder } = await openFresh()
    const before = {
      clicks: eventTable([{ id: 'a' }, { id: 'gone' }]),
      rare: eventTable([{ id: 'b' }]),
      tracks_other: eventTable([{ id: 'c' }]),
    }
    await driver.load(planWith(before, { changes: [unionOf(before)] }))
    await driver.load({ ...planTo(2), changes: [createOf({ dataset: 'shop', table: 'clicks' })] })
    const rebuilt = {
      clicks: eventTable([{ id: 'a', amount: 3 }], [amount('integer')]),
      fresh: eventTable([{ id: 'b' }, { id: 'c' }]),
      tracks_other: eventTable([{ id: 'd' }]),
    }
    const tables = await filesFor(driver, doors, planWith(rebuilt))
    const changes = [unionOf({ ...before, ...rebuilt }, [...commonColumns, amount('integer')])]
    expect(await driver.maintenance.replaceDataset({ dataset: 'web', tables, changes })).toBe(4)
    expect(await rowsOf(driver, 'SELECT id, amount FROM web.tracks ORDER BY id')).toEqual([
      ['a', 3],
      ['b', null],
      ['c', null],
      ['d', null],
    ])
    expect(await idsIn(driver, 'rare')).toEqual([])
    const catalog = (await driver.catalog()).get('web')
    expect([...(catalog?.keys() ?? [])].toSorted()).toEqual(['clicks', 'fresh', 'rare', 'tracks_other'])
    expect(catalog?.get('clicks')).toEqual(rebuilt.clicks.columns)
    await driver.load(
      planTo(3, { blocks: [blockOf({ dataset: 'web', table: 'fresh' }, commonColumns, [{ id: 'e' }])] }),
    )
    await driver.checkpoint()
    await driver.stop()
    const again = await doors.openIn(folder)
    expect(await idsIn(again, 'tracks')).toEqual(['a', 'b', 'c', 'd', 'e'])
  })

  test('a dataset that is not there is made; users bring the times of their traits', async () => {
    const { driver } = await openFresh()
    const users = { dataset: 'web', table: 'users' }
    const user = (timeMicros: number, value: string) => ({
      dataset: 'web',
      userId: 'u',
      receivedAtMicros: timeMicros,
      traits: [{ column: 'email', timeMicros, tieBreak: '', value }],
    })
    const changes = [createOf(users, [...usersColumns, { name: 'email', type: 'text' }])]
    const tables = await filesFor(driver, doors, planTo(1, { changes, users: [user(10, 'ten')] }))
    expect(await driver.maintenance.replaceDataset({ dataset: 'web', tables, changes: [] })).toBe(1)
    await driver.load(planTo(1, { users: [user(5, 'five')] }))
    expect(await rowsOf(driver, 'SELECT email FROM web.users')).toEqual([['ten']])
  })

  test.each<[string, ColumnType, Scalar, ColumnType, Scalar, unknown]>([
    ['integer is widened for a file with float', 'integer', 2n ** 62n, 'float', 0.5, 0.5],
    ['float takes integers', 'float', 0.5, 'integer', 2n ** 53n, 2 ** 53],
  ])('%s', async (_, type, value, fileType, fileValue, seen) => {
    const { driver } = await openFresh()
    const before = { clicks: eventTable([{ id: 'a', amount: value }], [amount(type)]) }
    await driver.load(planWith(before, { changes: [unionOf(before, before.clicks.columns)] }))
    const rebuilt = { clicks: eventTable([{ id: 'a', amount: fileValue }], [amount(fileType)]) }
    const tables = await filesFor(driver, doors, planWith(rebuilt))
    const changes = [unionOf(before, [...commonColumns, amount('float')])]
    expect(await driver.maintenance.replaceDataset({ dataset: 'web', tables, changes })).toBe(1)
    expect(await rowsOf(driver, 'SELECT amount FROM web.tracks')).toEqual([[seen]])
    expect((await driver.catalog()).get('web')?.get('clicks')).toContainEqual(amount('float'))
  })

  test.each<[string, ColumnType, ColumnType, Scalar]>([
    ['text for integer', 'integer', 'text', 'x'],
    ['integer for text', 'text', 'integer', 1],
    ['boolean for float', 'float', 'boolean', true],
    ['integers that a float does not hold', 'float', 'integer', 2n ** 53n + 1n],
  ])('another type leaves everything as it was: %s', async (_, type, fileType, fileValue) => {
    const { driver } = await openFresh()
    const before = { clicks: eventTable([{ id: 'a' }]), orders: eventTable([{ id: 'b' }], [amount(type)]) }
    await driver.load(planWith(before, { changes: [unionOf(before)] }))
    const rebuilt = {
      a_first: eventTable([{ id: 'x' }]),
      clicks: eventTable([{ id: 'y' }], [{ name: 'more', type: 'text' }]),
      orders: eventTable([{ id: 'z', amount: fileValue }], [amount(fileType)]),
    }
    const tables = await filesFor(driver, doors, planWith(rebuilt))
    const catalog = await driver.catalog()
    const replacing = driver.maintenance.replaceDataset({ dataset: 'web', tables, changes: [] })
    await expect(replacing).rejects.toMatchObject({ code: 'rebuild-differs' })
    await expect(replacing).rejects.toThrow('its column orders.amount has another type by now; run a full rebuild')
    expect(await driver.catalog()).toEqual(catalog)
    expect(await idsIn(driver, 'tracks')).toEqual(['a', 'b'])
    await driver.load(planTo(2))
  })

  test('a failure at the very end leaves everything as it was, too', async () => {
    const { driver } = await openFresh()
    const before = { clicks: eventTable([{ id: 'a' }]) }
    await driver.load(planWith(before, { changes: [unionOf(before)] }))
    const tables = await filesFor(driver, doors, planWith({ fresh: eventTable([{ id: 'x' }]), ...before }))
    const changes = [unionOf({ nowhere: eventTable([]) })]
    const replacing = driver.maintenance.replaceDataset({ dataset: 'web', tables, changes })
    await expect(replacing).rejects.toMatchObject({ code: 'warehouse-unavailable' })
    expect(await idsIn(driver, 'tracks')).toEqual(['a'])
    expect([...((await driver.catalog()).get('web')?.keys() ?? [])]).toEqual(['clicks'])
  })
}
