// Entries of the ledger that are old become sums: each event is counted once, also if somebody dies before the entries go.
import { afterEach, expect, test } from 'vitest'

import { type NewRecord, ownRows } from '../../src/buffer/record.ts'
import { systemClock } from '../../src/core/clock.ts'
import { sumExpiring } from '../../src/deliver/destinations/ledger-sums.ts'
import { LoaderRig } from './loader-rig.ts'

let rig: LoaderRig | undefined

afterEach(async () => {
  await rig?.dispose()
})

const dayMicros = 86_400_000_000
const today = Math.floor(systemClock.nowMicros() / dayMicros) * dayMicros

function entries(name: string, count: number, status: string, receivedAtMicros: number): NewRecord {
  const rows = Array.from({ length: count }, (_, index) => {
    const entry = {
      delivery_id: `${name}-${index}`,
      destination: 'mixpanel',
      event_source: 'shop',
      status,
      attempts: 2,
    }
    return JSON.stringify({ ...entry, event_type: 'track', event_name: 'Order', user_id: `u${index}` })
  })
  return ownRows('millpond.deliveries', rows, receivedAtMicros)
}

test('what is old becomes sums by day and status, once, and what is young stays', async () => {
  rig = await LoaderRig.start()
  const { driver, loader } = rig
  const append = async (record: NewRecord) => rig?.append('engine', record) ?? 0
  const deps = { driver, append, clock: systemClock }
  const expiry = { dataset: 'millpond', table: 'deliveries', beforeMicros: today - 2 * dayMicros }
  // Before the first entry there is no table.
  expect(await sumExpiring(expiry, deps)).toBe(0)
  await append(entries('a', 700, 'delivered', today - 3 * dayMicros + 5))
  await append(entries('b', 3, 'rejected', today - 3 * dayMicros + 6))
  await append(entries('c', 4, 'delivered', today - 4 * dayMicros + 5))
  await append(entries('d', 5, 'delivered', today - dayMicros))
  await rig.settled()
  expect(await sumExpiring({ ...expiry, table: 'jobs' }, deps)).toBe(0)
  expect(await sumExpiring(expiry, deps)).toBe(3)
  // Somebody died before the entries went: the next night counts them again, under the same ids.
  expect(await sumExpiring(expiry, deps)).toBe(3)
  await rig.settled()
  await loader.exclusively(async () => driver.maintenance.expire(expiry))
  await rig.settled()
  expect(await sumExpiring(expiry, deps)).toBe(0)
  const sums = `SELECT day::DATE::TEXT, status, events::INT, attempts::INT FROM millpond.delivery_sums ORDER BY ALL`
  const dayOf = (days: number): string => new Date((today - days * dayMicros) / 1000).toISOString().slice(0, 10)
  expect(await rig.rows(sums)).toEqual([
    [dayOf(4), 'delivered', 4, 8],
    [dayOf(3), 'delivered', 700, 1400],
    [dayOf(3), 'rejected', 3, 6],
  ])
  expect(await rig.rows('SELECT count(*)::INT FROM millpond.deliveries')).toEqual([[5]])
})
