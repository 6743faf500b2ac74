// A process may end at any moment of a run. Goal: whatever it was doing, the rows of each (schedule, time, values) are in the target
// exactly once, and the run's record says so. Method: the scheduler is stopped dead at every call that it makes to the outside, a
// new one is built over the same files, and so on until nothing is left to do.
import * as fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'

import type { SchedulerDeps } from '../../src/jobs/scheduler.ts'
import { openSchedulesRig, type SchedulesRig, target } from '../support/schedules-rig.ts'

const dayMs = 86_400_000
let rig: SchedulesRig

beforeEach(async () => {
  rig = await openSchedulesRig('2026-03-01T00:00:00Z')
})

afterEach(async () => {
  await rig.close()
})

/** What a dead process calls is never answered. */
const dead = new Promise<never>(() => undefined)

/** Lets so many calls through, half of the next one (`isDone`: all but its answer), and none after it. */
function dying(calls: number, isDone: boolean): { deps: Partial<SchedulerDeps>; died: Promise<void>; die: () => void } {
  let left = calls
  let isDead = false
  const died = Promise.withResolvers<void>()
  const die = (): void => {
    isDead = true
    died.resolve()
  }
  const through = async <Result>(work: () => Promise<Result>): Promise<Result> => {
    if (isDead) return dead
    if (left > 0) {
      left -= 1
      return work()
    }
    isDead = true
    if (isDone) await work().catch(() => undefined)
    die()
    return dead
  }
  const { rig: asking } = rig
  const { road } = asking.side
  const { made } = asking.driver
  const deps: Partial<SchedulerDeps> = {
    road: {
      dryRun: async (request) => through(async () => road.dryRun(request)),
      visibleTables: async (principal) => through(async () => road.visibleTables(principal)),
      submit: async (request, signal) =>
        through(async () => {
          const job = await road.submit(request, signal)
          await job.ended
          return job
        }),
    },
    marks: {
      marked: async (keys) => through(async () => made.marked(keys)),
      forgetMarks: async (before) => made.forgetMarks(before),
    },
    clock: {
      nowMicros: () => rig.clock.nowMicros(),
      monotonicMs: () => rig.clock.monotonicMs(),
      schedule: (task, delayMs) =>
        rig.clock.schedule(() => {
          if (!isDead) task()
        }, delayMs),
    },
  }
  return { deps, died: died.promise, die }
}

let number = 0

async function survive(mode: 'append' | 'merge', crashes: readonly (readonly [number, boolean])[]): Promise<void> {
  number += 1
  const table = `t${number}`
  const { id } = rig.query(`q${number}`, 'SELECT @run_date AS day, @n AS n', [{ name: 'n', type: 'INT64' }])
  const schedule = await rig.schedule({
    query: id,
    name: `s${number}`,
    target: target({ table, mode, keys: mode === 'merge' ? ['day', 'n'] : [] }),
    parameters: { n: { each: [1, 2] } },
    retriesMax: 10,
  })
  await rig.scheduler.stop()
  for (const [calls, isDone] of crashes) {
    const { deps, died, die } = dying(calls, isDone)
    await Promise.race([rig.restart(deps), died])
    rig.clock.advance(dayMs)
    let isDead = false
    void died.then(() => {
      isDead = true
    })
    while (!isDead) {
      const open = rig.control.schedules.openRuns()
      if (open.length === 0) break
      // The engine works in its own time; only what waits for a later try waits for this clock.
      const isWaiting = open.every(({ state, waitsUntilMicros }) => state === 'queued' && waitsUntilMicros > 0)
      rig.clock.advance(isWaiting ? 60_000 : 20)
      await new Promise(setImmediate)
    }
    // One that lived to the end must not work beside the next.
    die()
  }
  await rig.restart()
  await rig.advance(dayMs)
  const runs = rig.runs(schedule)
  expect(runs.length).toBeGreaterThanOrEqual(2)
  expect(runs.map(({ state, facts: { rows } }) => [state, rows])).toEqual(runs.map(() => ['done', 1]))
  const rows = await rig.rig.rows(`SELECT CAST(day AS STRING), n FROM daily.${table} ORDER BY 1, 2`)
  const wanted = runs.map(({ runTimeMicros, set }) => [
    new Date(runTimeMicros / 1000).toISOString().slice(0, 10),
    set?.['n'],
  ])
  const inOrder = (rows: readonly (readonly unknown[])[]): string[] => rows.map((row) => JSON.stringify(row)).sort()
  expect(inOrder(rows)).toEqual(inOrder(wanted))
  rig.control.schedules.remove(schedule.id)
}

test('every single place, before and behind the call', async () => {
  for (let calls = 0; calls <= 8; calls += 1) {
    await survive('append', [[calls, false]])
    await survive('append', [[calls, true]])
  }
}, 60_000)

test('several deaths one after the other', async () => {
  const crash = fc.tuple(fc.integer({ min: 0, max: 9 }), fc.boolean())
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom('append' as const, 'merge' as const),
      fc.array(crash, { minLength: 2, maxLength: 4 }),
      survive,
    ),
    { numRuns: 8 },
  )
}, 60_000)

test('a warehouse put back from before a run: the run is made again', async () => {
  const { id } = rig.query('again', 'SELECT @run_date AS day')
  const schedule = await rig.schedule({ query: id, name: 'again', target: target({ table: 'again' }) })
  await rig.advance(dayMs)
  expect(rig.runs(schedule).map(({ state }) => state)).toEqual(['done'])
  await rig.scheduler.stop()
  await rig.rig.ask('DROP TABLE daily.again')
  await rig.rig.driver.made.forgetMarks(Number.MAX_SAFE_INTEGER / 4)
  await rig.restart()
  await rig.settled()
  expect(rig.runs(schedule).map(({ state, attempt }) => [state, attempt])).toEqual([['done', 2]])
  expect(await rig.rig.rows('SELECT COUNT(*) FROM daily.again')).toEqual([[1]])
})
