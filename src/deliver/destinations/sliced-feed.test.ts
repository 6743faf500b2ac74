// Files of events: when they leave, what is in them, and that after a crash anywhere they are the same files.
import { readFile } from 'node:fs/promises'

import * as fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { until } from '../../../test/contract/destination.ts'
import { SlicedRig } from '../../../test/support/sliced-run.ts'
import { personHash } from '../maintenance/suppression.ts'

const minute = 60_000
const hour = 60 * minute
/** Ten minutes past nine. */
const start = Date.UTC(2026, 10, 24, 9, 10) * 1000

let rig: SlicedRig

beforeEach(async () => {
  rig = await SlicedRig.open(start)
})
afterEach(async () => {
  await rig.dispose()
})

const idsUpTo = (count: number): string[] => Array.from({ length: count }, (_, index) => `m-${index + 1}`)

test('events wait until their hour is over, then leave in one file for each source', async () => {
  await rig.begin()
  for (const source of ['shop', 'app', 'shop']) await rig.append({ source, events: [{}, {}] })
  await rig.idle()
  rig.clock.advance(49 * minute)
  await rig.idle()
  expect(rig.names).toEqual([])
  // The hour is over; what came in its last second may still be loading.
  rig.clock.advance(minute + 59_000)
  await rig.idle()
  expect(rig.names).toEqual([])
  rig.clock.advance(1000)
  await until(() => rig.ids.length === 6)
  expect(rig.names).toEqual([
    expect.stringMatching(/^app\/year=2026\/month=11\/day=24\/hour=09\/d1-events-\d{16}-\d{16}\.ndjson\.gz$/),
    expect.stringMatching(/^shop\/year=2026\/month=11\/day=24\/hour=09\/d1-events-\d{16}-\d{16}\.ndjson\.gz$/),
  ])
  expect(rig.ids).toEqual(idsUpTo(6))
  await until(() => rig.ledger.length === 6)
})

test('the next hour begins another file, and ends the one before without waiting for the clock', async () => {
  await rig.append()
  await rig.append({ receivedAtMicros: start + hour * 1000 })
  await rig.begin()
  await until(() => rig.ids.length === 1)
  await rig.idle()
  expect(rig.names.map((name) => name.slice(0, 40))).toEqual(['shop/year=2026/month=11/day=24/hour=09/d'])
})

test('what came just before the hour and was written just behind it has its own hour', async () => {
  await rig.begin()
  const nine = Date.UTC(2026, 10, 24, 10) * 1000 - 1
  for (const receivedAtMicros of [nine, nine + 2, nine, nine + 3]) await rig.append({ receivedAtMicros })
  await rig.idle()
  rig.clock.advance(2 * hour)
  await until(() => rig.ids.length === 4)
  const rows = rig.store.events()
  for (const [key, count] of [
    ['hour=09', 2],
    ['hour=10', 2],
  ] as const) {
    expect(rig.names.some((name) => name.includes(key))).toBe(true)
    expect(rows.filter((row) => String(row['received_at']).includes(`T${key.slice(5)}:`)).length).toBe(count)
  }
})

test('too many events leave at once, and no file holds more', async () => {
  await rig.begin({ eventsPerFileMax: '10' })
  for (let n = 0; n < 7; n++) await rig.append({ events: [{}, {}, {}] })
  await until(() => rig.ids.length === 18)
  await rig.idle()
  expect(rig.names.length).toBe(2)
  expect(rig.ids).toEqual(idsUpTo(18))
})

test('too many bytes leave at once', async () => {
  await rig.begin()
  const note = 'x'.repeat(3_000_000)
  for (let n = 0; n < 7; n++) await rig.append({ events: [{ properties: { note } }] })
  await until(() => rig.ids.length === 5)
  await rig.idle()
  expect(rig.ids).toEqual(idsUpTo(5))
})

test('a crash between PUT and position: the same names, whatever came meanwhile and whatever the clock says', async () => {
  await rig.append({ events: [{}, {}] })
  await rig.begin()
  await rig.idle()
  // The store takes it, and the answer never comes.
  rig.store.fail({ kind: 'silent-after' })
  rig.clock.advance(51 * minute)
  await rig.store.heard(1)
  const names = [...rig.names]
  expect(names.length).toBe(1)
  await rig.run.stop()
  expect(JSON.parse(await readFile(rig.positionPath, 'utf8'))).toMatchObject({ slice: { stream: 'events' } })
  // It came late, but it is of the same hour: cut anew, the file would be another one.
  await rig.append({ receivedAtMicros: start + minute * 1000 })
  await rig.append()
  await rig.begin({ eventsPerFileMax: '1' })
  await until(() => rig.ids.length === 4)
  expect(rig.names).toEqual(expect.arrayContaining(names))
  expect(rig.ids).toEqual(idsUpTo(4))
  expect(rig.store.taken()).toBe(6)
})

test('after a crash that set the warehouse back, a pinned slice waits until it is judged again', async () => {
  await rig.append()
  await rig.begin()
  await rig.idle()
  rig.store.fail({ kind: 'silent-before' })
  rig.clock.advance(51 * minute)
  await rig.store.heard(1)
  await rig.run.stop()
  rig.isLoading = true
  await rig.begin()
  await rig.idle()
  expect(rig.store.requests.length).toBe(1)
  rig.isLoading = false
  rig.run.wake()
  await until(() => rig.ids.length === 1)
  expect(rig.store.requests[1]?.path).toBe(rig.store.requests[0]?.path)
})

test('crashes at any moment: every event is in one file', async () => {
  let made = 0
  for (let round = 0; round < 12; round++) {
    for (const source of ['shop', 'app']) {
      await rig.append({ source, events: Array.from({ length: 3 }, () => ({})) })
      made += 3
    }
    await rig.begin({ eventsPerFileMax: String(1 + ((round * 5) % 17)) })
    const kind = (['silent-after', 'reset-after', 'silent-before', 'slow'] as const)[round % 4] ?? 'slow'
    const heard = rig.store.requests.length + 1
    rig.store.fail({ kind })
    rig.clock.advance((round % 3) * 40 * minute + 61 * minute)
    await rig.store.heard(heard)
    await rig.run.stop()
  }
  await rig.begin()
  await rig.idle()
  rig.clock.advance(2 * hour)
  await until(() => new Set(rig.ids).size === made)
  expect(rig.ids).toEqual(idsUpTo(made))
})

const step = fc.oneof(
  fc.record({
    kind: fc.constant('append' as const),
    stream: fc.constantFrom('events' as const, 'engine' as const),
    source: fc.constantFrom('shop', 'app'),
    count: fc.integer({ min: 1, max: 6 }),
    isRow: fc.boolean(),
  }),
  fc.record({ kind: fc.constant('wait' as const), minutes: fc.integer({ min: 1, max: 90 }) }),
  fc.record({
    kind: fc.constant('crash' as const),
    fault: fc.constantFrom('reset-after' as const, 'reset-before' as const, 'half-answer-reset' as const),
    eventsPerFileMax: fc.integer({ min: 1, max: 12 }),
    isCalm: fc.boolean(),
  }),
)

test('whatever comes, waits and dies, in whatever order: every event is in one file', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 25 }), async (steps) => {
      await rig.dispose()
      rig = await SlicedRig.open(start)
      await rig.begin()
      let made = 0
      for (const one of steps) {
        if (one.kind === 'append') {
          const { stream, source, count, isRow } = one
          await rig.append({ stream, source, events: Array.from({ length: count }, () => ({})) })
          made += count
          if (isRow) await rig.append({ stream, kind: 'row', events: [] })
        } else if (one.kind === 'wait') rig.clock.advance(one.minutes * minute)
        else {
          rig.store.fail({ kind: one.fault })
          // Some die with a request under way, some before they have looked.
          if (one.isCalm) await new Promise(setImmediate)
          await rig.run.stop()
          await rig.begin({ eventsPerFileMax: String(one.eventsPerFileMax) })
        }
      }
      rig.clock.advance(2 * hour)
      await until(() => {
        rig.clock.advance(Math.max(1, rig.run.status().retryInMs))
        return new Set(rig.ledger.map((row) => row['message_id'])).size === made
      })
      await rig.idle()
      expect(rig.ids).toEqual(idsUpTo(made))
    }),
    { numRuns: 40 },
  )
})

test('who was erased between two tries is missing from the second, and nobody else comes twice', async () => {
  await rig.append({ events: [{}, { userId: 'ana' }, {}] })
  await rig.begin()
  await rig.idle()
  rig.store.fail({ kind: 'silent-after' })
  rig.clock.advance(51 * minute)
  await rig.store.heard(1)
  expect(rig.ids).toEqual(['m-1', 'm-2', 'm-3'])
  await rig.run.stop()
  await rig.begin({}, [
    { dataset: null, person: personHash('user', 'ana'), receivedUntilMicros: rig.clock.nowMicros() },
  ])
  await until(() => rig.ids.length === 2)
  expect(rig.ids).toEqual(['m-1', 'm-3'])
})

test('while the store is away the same file is tried, and verdicts since the oldest event are asked for', async () => {
  await rig.append()
  await rig.begin()
  await rig.idle()
  rig.store.failAlways({ kind: 'answer', answer: { status: 503 } })
  rig.clock.advance(51 * minute)
  await until(() => rig.run.status().failures > 0)
  await rig.append({ stream: 'engine', kind: 'row' })
  rig.run.wake()
  expect(rig.run.status().readMicros).toBeLessThanOrEqual(start)
  rig.store.failAlways(undefined)
  await until(() => {
    if (rig.run.status().retryInMs > 0) rig.clock.advance(rig.run.status().retryInMs)
    return rig.ids.length === 1
  })
  expect(rig.store.requests.length).toBeGreaterThan(1)
  expect(new Set(rig.store.requests.map(({ path }) => path)).size).toBe(1)
})

test('an open hour holds back what is asked of verdicts, also when the other stream goes on', async () => {
  await rig.append()
  await rig.begin()
  await rig.idle()
  rig.clock.advance(20 * minute)
  for (let n = 0; n < 3; n++) {
    await rig.append({ stream: 'engine', kind: 'row' })
    await rig.idle()
  }
  const { positions, readMicros } = rig.run.status()
  expect(positions.map(({ stream }) => stream)).toEqual(['engine'])
  expect(readMicros).toBe(start)
})

test('records that are none of its business move the position, and make no file', async () => {
  await rig.begin({}, [], ['shop'])
  await rig.append({ kind: 'row' })
  await rig.append({ source: 'app' })
  await rig.idle()
  expect(rig.run.status().positions).toEqual(rig.loaded)
  rig.clock.advance(2 * hour)
  await rig.idle()
  expect(rig.store.requests).toEqual([])
})

test('a replay goes through its own stream, and has the hour of its first receiving', async () => {
  await rig.append()
  await rig.append({ stream: 'engine', firstReceivedAtMicros: start - 26 * hour * 1000 })
  await rig.begin()
  await rig.idle()
  rig.clock.advance(51 * minute)
  await until(() => rig.ids.length === 2)
  expect(rig.names).toEqual([
    expect.stringContaining('day=23/hour=07/d1-engine-'),
    expect.stringContaining('day=24/hour=09/d1-events-'),
  ])
})
