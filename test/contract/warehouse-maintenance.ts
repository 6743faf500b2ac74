// The part of the driver's contract that is work between loads: rows go, and days are put in order. See also
// warehouse-erase.ts, warehouse-retype.ts and warehouse-exchange.ts.
import { describe, expect, test } from 'vitest'

import type { WarehouseDriver } from '../../src/warehouse/driver.ts'
import { commonColumns } from '../../src/warehouse/schema.ts'
import { describeDatasets } from './warehouse-dataset.ts'
import { describeErase } from './warehouse-erase.ts'
import { describeExchange, type Doors } from './warehouse-exchange.ts'
import { blockOf, clickRows, clicks, createOf, never, planTo, rowsOf } from './warehouse-plans.ts'

const day = 86_400_000_000

export function describeMaintenance(name: string, doors: Doors): void {
  describeErase(name, doors)
  describe(`${name}: days`, () => {
    describeDays(doors)
  })
  describeExchange(name, doors)
  describeDatasets(name, doors)
  describe(`${name}: maintenance`, () => {
    test('what it did is there after a checkpoint and a new start, and not without one', async () => {
      const { driver, folder } = await doors.openFresh()
      const columns = [...commonColumns, { name: '_overflow', type: 'json' }] as const
      const rows = Array.from({ length: 3000 }, (_, row) => ({
        id: `${row}`,
        user_id: `${row % 7}`,
        timestamp: row * 1000,
      }))
      await driver.load(planTo(1, { changes: [createOf(clicks, columns)], blocks: [clickRows(rows)] }))
      await driver.checkpoint()
      const work = async ({ maintenance }: WarehouseDriver): Promise<void> => {
        const toInteger = (value: unknown): number | undefined => (Number(value) % 2 === 0 ? Number(value) : undefined)
        await maintenance.retype({ tables: [clicks], column: 'user_id', type: 'integer', convert: toInteger })
        await maintenance.expire({ dataset: 'web', beforeMicros: 1_000_000 })
        await maintenance.compactDay(clicks, 0)
      }
      const sql = 'SELECT count(*), count(user_id), sum(user_id) FROM web.clicks'
      await work(driver)
      const kept = rows.slice(1000).map((row) => Number(row.user_id))
      const even = kept.filter((user) => user % 2 === 0)
      const after = [[kept.length, even.length, even.reduce((sum, user) => sum + user, 0)]]
      expect(await rowsOf(driver, sql)).toEqual(after)
      await driver.stop()
      const again = await doors.openIn(folder)
      expect(await rowsOf(again, 'SELECT count(*), count(user_id), max(user_id) FROM web.clicks')).toEqual([
        [3000, 3000, '6'],
      ])
      await work(again)
      expect(await again.checkpoint()).toEqual([{ stream: 'events', sequence: 1 }])
      await again.stop()
      const third = await doors.openIn(folder)
      expect(await rowsOf(third, sql)).toEqual(after)
      expect((await third.catalog()).get('web')?.get('clicks')).toContainEqual({ name: 'user_id', type: 'integer' })
    })

    test('it never overlaps a load; the count of days may be asked beside one', async () => {
      const { driver } = await doors.openFresh()
      const loading = driver.load(planTo(1, { changes: [createOf(clicks)] }))
      await expect(driver.maintenance.expire({ dataset: 'web', beforeMicros: 1 })).rejects.toMatchObject({
        code: 'bug',
      })
      expect(await driver.maintenance.tablesOfDay(0, 1)).toEqual([])
      await loading
    })
  })
}

function describeDays({ openFresh }: Doors): void {
  test('expire takes what is before, keeps what is at the moment, and leaves other datasets alone', async () => {
    const { driver } = await openFresh()
    const shop = { dataset: 'shop', table: 'views' }
    const plain = { dataset: 'web', table: 'plain' }
    const rows = [{ timestamp: 99 }, { timestamp: 100 }, { timestamp: 101 }, { timestamp: null }]
    const columns = [{ name: 'id', type: 'text' }] as const
    await driver.load(
      planTo(1, {
        changes: [createOf(clicks), createOf(shop), createOf(plain, columns)],
        blocks: [clickRows(rows), clickRows(rows, shop), blockOf(plain, columns, [{ id: 'x' }])],
      }),
    )
    expect(await driver.maintenance.expire({ dataset: 'web', table: 'plain', beforeMicros: 100 })).toBe(0)
    expect(await driver.maintenance.expire({ dataset: 'web', beforeMicros: 100 })).toBe(1)
    expect(await driver.maintenance.expire({ dataset: 'nobody', beforeMicros: 100 })).toBe(0)
    expect(await rowsOf(driver, 'SELECT count(*) FROM web.clicks')).toEqual([[3]])
    expect(await rowsOf(driver, 'SELECT count(*) FROM shop.views')).toEqual([[4]])
    expect(await rowsOf(driver, 'SELECT count(*) FROM web.plain')).toEqual([[1]])
    expect(await driver.maintenance.expire({ ...shop, beforeMicros: 101 })).toBe(2)
  })

  test('a day is put in order of user and time at the end of the table, and keeps every row and value', async () => {
    const { driver } = await openFresh()
    const rows = Array.from({ length: 9000 }, (_, row) => ({
      id: `${row}`,
      // Milliseconds, so that the texts of the answer compare as the times do.
      timestamp: (row % 3) * day + ((row * 7919) % 1000) * 1000,
      user_id: row % 10 === 0 ? null : `u${(row * 31) % 17}`,
      anonymous_id: row % 2 === 0 ? null : 'ü',
    }))
    await driver.load(planTo(1, { changes: [createOf(clicks)], blocks: [clickRows(rows)] }))
    const all = 'SELECT * FROM web.clicks ORDER BY CAST(id AS INTEGER)'
    const before = await rowsOf(driver, all)
    const inOrder = 'SELECT id, user_id, "timestamp" FROM web.clicks'
    const others = (await rowsOf(driver, inOrder)).filter((_, row) => row % 3 !== 1)
    const run = await driver.query(inOrder, never)
    expect(await driver.maintenance.compactDay(clicks, day)).toBe(3000)
    expect(await rowsOf(driver, all)).toEqual(before)
    const after = await rowsOf(driver, inOrder)
    expect(after.slice(0, 6000)).toEqual(others)
    const moved = after.slice(6000).map(([, user, time]) => [user ?? '\uffff', String(time)] as [string, string])
    const compare = (one: [string, string], other: [string, string]): number =>
      one[0] === other[0] ? Number(one[1] > other[1]) - Number(one[1] < other[1]) : one[0] < other[0] ? -1 : 1
    expect(moved).toEqual(moved.toSorted(compare))
    let seen = 0
    for await (const chunk of run.rows) seen += chunk.length
    expect(seen).toBe(9000)
    expect(await driver.checkpoint()).toEqual([{ stream: 'events', sequence: 1 }])
    expect(await rowsOf(driver, inOrder)).toEqual(after)
    expect(await driver.maintenance.compactDay(clicks, 9 * day)).toBe(0)
    expect(await driver.maintenance.compactDay({ dataset: 'millpond', table: 'loads' }, 0)).toBe(0)
  })

  test('tables of a day are those with more rows than asked for, from midnight to midnight', async () => {
    const { driver } = await openFresh()
    const few = { dataset: 'web', table: 'few' }
    const times = [day - 1, day, day, 2 * day - 1, 2 * day]
    await driver.load(
      planTo(1, {
        changes: [createOf(clicks), createOf(few)],
        blocks: [clickRows(times.map((timestamp) => ({ timestamp }))), clickRows([{ timestamp: day }], few)],
      }),
    )
    expect(await driver.maintenance.tablesOfDay(day, 2)).toEqual([clicks])
    expect(await driver.maintenance.tablesOfDay(day, 3)).toEqual([])
    expect(await driver.maintenance.tablesOfDay(day, 0)).toEqual([clicks, few])
  })
}
