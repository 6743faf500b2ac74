// Replays to a destination that keeps files: whole hours of the past, each event in one file, whoever dies in the middle.
import { afterEach, beforeEach, expect, test } from 'vitest'

import { until } from '../../../../test/contract/destination.ts'
import { SlicedRig } from '../../../../test/support/sliced-run.ts'
import { deliveryKey, type Replay } from './replay.ts'
import { ReplayRun } from './replay-run.ts'

const hour = 3_600_000
const start = Date.UTC(2026, 10, 24, 9, 10) * 1000

let rig: SlicedRig
const replays: ReplayRun[] = []

beforeEach(async () => {
  rig = await SlicedRig.open(start)
})
afterEach(async () => {
  for (const one of replays.splice(0)) await one.stop()
  await rig.dispose()
})

/** Like a start of the engine, with a replay under way. */
async function begin(over: Partial<Replay> = {}, faults: Error[] = []): Promise<ReplayRun> {
  const replay: Replay = {
    id: 'r1',
    destination: 'd1',
    state: 'running',
    fromMicros: 0,
    toMicros: start * 2,
    again: false,
    eventsPerSecond: 5000,
    ...over,
  }
  const run = new ReplayRun(replay, rig.destination(), {
    ...rig.deps(),
    isLiveIdle: () => true,
    delivered: async (_events, own) => {
      const fault = faults.shift()
      if (fault !== undefined) throw fault
      const rows = rig.ledger.filter(
        (row) => row['status'] === 'delivered' && (own ?? row['replay_id']) === row['replay_id'],
      )
      return new Set(
        rows.map((row) => deliveryKey({ source: String(row['event_source']), messageId: String(row['message_id']) })),
      )
    },
  })
  await run.begin()
  replays.push(run)
  return run
}

async function done(run: ReplayRun): Promise<void> {
  await until(() => {
    rig.clock.advance(1000)
    return run.progress().isDone
  })
}

async function appendHours(count: number, perHour: number): Promise<string[]> {
  for (let n = 0; n < count * perHour; n++) {
    await rig.append({ receivedAtMicros: start + Math.floor(n / perHour) * hour * 1000 })
  }
  return Array.from({ length: count * perHour }, (_, index) => `m-${index + 1}`)
}

test('each hour of the past is one file, the last one too, and it ends', async () => {
  const ids = await appendHours(3, 4)
  await done(await begin())
  expect(rig.ids).toEqual(ids)
  expect(rig.names).toEqual([
    expect.stringMatching(/hour=09\/d1-replay-r1-events-/),
    expect.stringMatching(/hour=10\/d1-replay-r1-events-/),
    expect.stringMatching(/hour=11\/d1-replay-r1-events-/),
  ])
})

test('what is there already stays out', async () => {
  await appendHours(2, 3)
  await rig.begin()
  rig.clock.advance(3 * hour)
  await rig.idle()
  await until(() => rig.ledger.length === 6)
  await rig.run.stop()
  await rig.append({ receivedAtMicros: start + 2 * hour * 1000 })
  await done(await begin())
  expect(rig.ids).toEqual(['m-1', 'm-2', 'm-3', 'm-4', 'm-5', 'm-6', 'm-7'])
  expect(rig.names.filter((name) => name.includes('replay')).length).toBe(1)
})

test.each([
  ['before the ledger has any of it', 0],
  ['when the ledger has a part of it', 2],
  ['when the ledger has all of it', 4],
])('a crash after the file is there, %s: each event is in one file', async (_name, kept) => {
  const ids = await appendHours(2, 4)
  rig.store.fail({ kind: 'silent-after' })
  const dying = await begin()
  await rig.store.heard(1)
  await dying.stop()
  // As if the entries had become durable, and the position had not.
  for (const id of ids.slice(0, kept)) {
    rig.ledger.push({ status: 'delivered', replay_id: 'r1', event_source: 'shop', message_id: id })
  }
  await done(await begin())
  expect(rig.ids).toEqual(ids)
  expect(rig.names.length).toBe(2)
})

test('only what is asked for goes into the files', async () => {
  await rig.append({ events: [{}, { userId: 'ana' }, {}] })
  await rig.append({ events: [{ userId: 'ana' }] })
  await done(await begin({ person: 'ana' }))
  expect(rig.ids).toEqual(['m-2', 'm-4'])
})

test('a read that fails once, in the archive or in the ledger, loses nothing', async () => {
  const ids = await appendHours(2, 3)
  const faults = [new Error('The ledger could not be asked.'), new Error('Nor now.')]
  await done(await begin({}, faults))
  expect(faults).toEqual([])
  expect(rig.ids).toEqual(ids)
})
