// Looking back for rows that came late, on a real engine: which days a schedule makes again.
import { afterEach, beforeEach, expect, test } from 'vitest'

import type { Schedule } from '../../src/control/schedules.ts'
import { commonColumns } from '../../src/warehouse/schema.ts'
import { openSchedulesRig, owner, type SchedulesRig, target } from '../support/schedules-rig.ts'

const dayMs = 86_400_000

let rig: SchedulesRig

afterEach(async () => {
  await rig.close()
})

const rows = async (table: string): Promise<readonly (readonly unknown[])[]> =>
  rig.rig.rows(`SELECT * FROM daily.${table} ORDER BY 1, 2`)

const partition = { column: 'day', day: 'yesterday', scope: [] }
const clicksOfDay = 'SELECT @day AS day, COUNT(*) AS clicks FROM web.clicks WHERE DATE(timestamp) = @day'
const day = [{ name: 'day', type: 'DATE', default: { relative: 'yesterday' } }] as const
const micros = (iso: string): number => Date.parse(iso) * 1000

/** They happened at one time, and came at another. */
async function load(count: number, happened: string, came: string): Promise<void> {
  const times = { timestamp: micros(happened), received_at: micros(came), loaded_at: micros(came) }
  const rowsOfLoad = Array.from({ length: count }, (_none, index) => ({ id: `${happened}${came}${index}`, ...times }))
  await rig.rig.load('web', 'clicks', commonColumns, rowsOfLoad)
}

const scheduled = async (sql = clicksOfDay): Promise<Schedule> =>
  rig.schedule({
    query: rig.query('clicks of a day', sql, day).id,
    target: target({ table: 'clicks', mode: 'replace-partition', partition }),
    lookbackDays: 3,
  })

beforeEach(async () => {
  rig = await openSchedulesRig('2026-03-01T00:00:00Z')
  await load(1, '2026-02-28T12:00:00Z', '2026-02-28T12:00:00Z')
  await load(2, '2026-03-01T12:00:00Z', '2026-03-01T12:00:00Z')
})

test('a day into which rows came late is made again, others are not', async () => {
  const schedule = await scheduled()
  for (let count = 0; count < 4; count += 1) await rig.advance(dayMs)
  const before = rig.told(schedule)
  await load(5, '2026-03-02T23:59:59Z', '2026-03-05T12:00:00Z')
  await rig.advance(dayMs)
  expect((await rows('clicks')).filter(([, clicks]) => clicks !== 0)).toEqual([
    ['2026-02-28', 1],
    ['2026-03-01', 2],
    ['2026-03-02', 5],
  ])
  expect(rig.told(schedule).filter((run) => !before.includes(run))).toEqual([
    'done lookback 2026-03-03T03:00 1',
    'done schedule 2026-03-05T03:00 1',
  ])
  await rig.advance(dayMs)
  expect(rig.told(schedule)).toHaveLength(before.length + 3)
})

test('rows that were under way when the run before began are found', async () => {
  const schedule = await scheduled()
  for (let count = 0; count < 2; count += 1) await rig.advance(dayMs)
  const [last] = rig
    .runs(schedule)
    .filter(({ cause }) => cause === 'schedule')
    .slice(-1)
  const marked = new Date((last?.startedAtMicros ?? 0) / 1000 - 60_000).toISOString()
  await load(3, '2026-03-01T13:00:00Z', marked)
  await rig.advance(dayMs)
  expect(await rows('clicks')).toContainEqual(['2026-03-01', 5])
})

test('a new version, and a target that is gone, make all of the days again', async () => {
  const schedule = await scheduled()
  for (let count = 0; count < 3; count += 1) await rig.advance(dayMs)
  const content = { dialect: 'googlesql', parameters: day, zone: 'UTC' } as const
  const place = { name: 'clicks of a day', folder: '', description: '' }
  rig.saved.save(schedule.query, place, { ...content, sql: clicksOfDay.replace('COUNT(*)', '-COUNT(*)') }, owner)
  rig.saved.verify(schedule.query, 2, owner)
  await rig.advance(dayMs)
  expect(await rows('clicks')).toEqual(
    expect.arrayContaining([
      ['2026-02-28', -1],
      ['2026-03-01', -2],
    ]),
  )
  await rig.rig.ask('DROP TABLE daily.clicks')
  await rig.advance(dayMs)
  expect(await rows('clicks')).toHaveLength(4)
})

test('a query that reads all days is asked again for each when anything came', async () => {
  const all = await scheduled('SELECT @day AS day, COUNTIF(DATE(timestamp) = @day) AS clicks FROM web.clicks')
  for (let count = 0; count < 3; count += 1) await rig.advance(dayMs)
  const before = rig.told(all).length
  await load(1, '2026-01-01T12:00:00Z', '2026-03-04T12:00:00Z')
  await rig.advance(dayMs)
  expect(rig.told(all)).toHaveLength(before + 4)
  await rig.advance(dayMs)
  expect(rig.told(all)).toHaveLength(before + 5)
})
