// What a query reads, taken apart by column and day: the parts are the sum, and nobody learns the days of rows that a filter hides.
import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { Policies } from '../../src/control/principals.ts'
import { type Clock, systemClock } from '../../src/core/clock.ts'
import type { DryRun } from '../../src/query/contract.ts'
import { commonColumns } from '../../src/warehouse/schema.ts'
import { openRig, principal, type Rig, root } from './asking-rig.ts'

let nowMillis = Date.UTC(2026, 2, 10, 12)
const clock: Clock = { ...systemClock, nowMicros: () => nowMillis * 1000 }
const columns = [...commonColumns, { name: 'plan', type: 'text' as const }]
const policies: Policies & { readonly version: number } = {
  version: 1,
  grants: [{ grantee: 'ann', dataset: 'web', table: '*', privilege: 'read' }],
  masks: [],
  filters: [{ dataset: 'web', table: 'hidden', predicate: 'user_id = @team', exempt: [] }],
}
let rig: Rig

beforeAll(async () => {
  rig = await openRig({ clock, policies: () => policies })
  for (const table of ['clicks', 'hidden']) {
    for (const day of [1, 2, 3]) await rig.load('web', table, columns, events(table, day, day * 100))
  }
  await rig.ask('CREATE SCHEMA ds; CREATE TABLE ds.plain (v INT64, s STRING); INSERT ds.plain VALUES (1, "abc")')
  await rig.side.sizes.measureAll(new AbortController().signal)
})

afterAll(async () => {
  await rig.close()
})

function events(table: string, day: number, count: number): Readonly<Record<string, string | number | null>>[] {
  return Array.from({ length: count }, (_, index) => ({
    id: `${table}${day}-${index}`,
    received_at: Date.UTC(2026, 2, day, 1) * 1000,
    timestamp: Date.UTC(2026, 2, day, 1) * 1000 + index,
    plan: index % 3 === 0 ? null : 'paid',
  }))
}

async function dryRun(sql: string, who = root): Promise<DryRun> {
  return rig.side.road.dryRun({ sql, dialect: 'googlesql', port: 'api', wantsPlan: true, principal: who })
}

const sum = (parts: readonly { readonly bytes: number }[] | undefined): number =>
  (parts ?? []).reduce((all, { bytes }) => all + bytes, 0)

test('columns and days that are read', async () => {
  const told = await dryRun(
    'SELECT COUNT(plan) AS n FROM web.clicks WHERE DATE(timestamp) BETWEEN "2026-03-02" AND "2026-03-03"',
  )
  expect(told.plan).toEqual([
    {
      dataset: 'web',
      table: 'clicks',
      bytes: 500 * 8 + (133 + 200) * 6,
      columns: [
        { name: 'timestamp', bytes: 4000 },
        { name: 'plan', bytes: 1998 },
      ],
      days: [
        { day: '2026-03-02', bytes: 1600 + 133 * 6 },
        { day: '2026-03-03', bytes: 2400 + 200 * 6 },
      ],
      earlierDays: 0,
      newBytes: 0,
    },
  ])
  expect(told.referencedTables).toEqual([
    {
      dataset: 'web',
      table: 'clicks',
      range: { from: Date.UTC(2026, 2, 2) * 1000, to: Date.UTC(2026, 2, 4) * 1000 - 1 },
    },
  ])
})

test('a table without days has columns only, and nothing is told that was not asked for', async () => {
  const { plan } = await dryRun('SELECT s FROM ds.plain')
  expect(plan).toMatchObject([{ table: 'plain', bytes: 5, columns: [{ name: 's', bytes: 5 }] }])
  expect(plan?.[0]?.days).toBeUndefined()
  const asked = { sql: 'SELECT 1', dialect: 'googlesql', port: 'api', principal: root } as const
  expect((await rig.side.road.dryRun(asked)).plan).toBeUndefined()
})

describe('the parts are the sum', () => {
  test('whatever columns and days are asked for', async () => {
    const day = fc.integer({ min: 1, max: 5 }).map((one) => `2026-03-0${one}`)
    const names = fc.subarray(['id', 'plan', 'user_id', 'received_at'], { minLength: 1 })
    await fc.assert(
      fc.asyncProperty(names, day, day, async (wanted, from, to) => {
        const where = `DATE(timestamp) >= "${from}" AND DATE(timestamp) <= "${to}"`
        const { plan, bytesProcessed } = await dryRun(`SELECT ${wanted.join(', ')} FROM web.clicks WHERE ${where}`)
        expect(plan?.[0]?.bytes).toBe(bytesProcessed)
        expect(sum(plan?.[0]?.columns)).toBe(bytesProcessed)
        expect(sum(plan?.[0]?.days)).toBe(bytesProcessed)
      }),
      { numRuns: 40 },
    )
  })

  test('with rows that came since they were measured', async () => {
    await rig.load('web', 'clicks', columns, events('late', 10, 50))
    // Counts of rows are up to a second old.
    nowMillis += 2_000
    const { plan, bytesProcessed } = await dryRun('SELECT received_at FROM web.clicks')
    expect(bytesProcessed).toBe(650 * 8)
    expect([sum(plan?.[0]?.days), plan?.[0]?.newBytes]).toEqual([600 * 8, 50 * 8])
  })
})

test('whoever sees a part of the rows is not told of their columns and days', async () => {
  const ann = { ...principal('ann', 'viewer'), attributes: { team: 'a' } }
  const { plan, bytesProcessed } = await dryRun('SELECT plan FROM web.hidden', ann)
  expect(plan).toEqual([{ dataset: 'web', table: 'hidden', bytes: bytesProcessed }])
  expect((await dryRun('SELECT plan FROM web.clicks', ann)).plan?.[0]?.columns).toBeDefined()
})
