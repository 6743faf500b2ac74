// Which runs may begin, as a state machine: whatever ends when and how, no rule is ever broken and nothing waits for ever.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { keptSchedule } from '../../test/support/schedule.ts'
import type { Run, Schedule } from '../control/schedules.ts'
import { refuseCycle, startable, upstreamOf } from './order.ts'

function schedule(id: string, reads: readonly string[]): Schedule {
  return keptSchedule({ id, name: id, reads, target: { dataset: 'd', table: id, mode: 'append', keys: [] } })
}

function run(schedule: string, time: number, more: Partial<Run> = {}): Run {
  return {
    id: `${schedule}${time}${more.cause ?? ''}`,
    schedule,
    cause: 'schedule',
    runTimeMicros: time,
    set: {},
    state: 'queued',
    attempt: 0,
    queuedAtMicros: 0,
    waitsUntilMicros: 0,
    startedAtMicros: undefined,
    endedAtMicros: undefined,
    facts: {},
    ...more,
  }
}

describe('the order', () => {
  const all = [schedule('a', []), schedule('b', ['d.a']), schedule('c', ['d.b', 'other.x'])]
  const begin = (open: readonly Run[], runningMax = 9): string[] =>
    startable(open, all, { nowMicros: 10, runningMax }).map(({ id }) => id)

  test('one of a schedule at a time, oldest first', () => {
    expect(begin([run('a', 1), run('a', 2)])).toEqual(['a1'])
    expect(begin([run('a', 1, { state: 'running' }), run('a', 2)])).toEqual([])
    expect(begin([run('a', 1, { waitsUntilMicros: 11 }), run('a', 2)])).toEqual([])
  })

  test('behind what it reads, of the same time or before', () => {
    expect(begin([run('a', 5), run('b', 5), run('c', 5)])).toEqual(['a5'])
    expect(begin([run('b', 5), run('a', 6)])).toEqual(['b5', 'a6'])
    expect(begin([run('b', 5, { state: 'running' }), run('c', 5)])).toEqual([])
  })

  test('back-fill behind what is due, and no more at one time than may', () => {
    expect(begin([run('a', 1, { cause: 'backfill x' }), run('a', 5)])).toEqual(['a5'])
    expect(begin([run('a', 1), run('z', 1), run('y', 1)], 2)).toEqual(['a1', 'z1'])
  })
})

test('schedules that would wait for each other are refused by name; reading its own table is fine', () => {
  const all = [schedule('a', []), schedule('b', ['d.a']), schedule('c', ['d.b'])]
  expect(() => {
    refuseCycle(schedule('a', ['d.c']), all)
  }).toThrow('a → c → b → a')
  refuseCycle(schedule('a', ['d.a']), all)
  refuseCycle(schedule('d', ['d.a', 'd.b', 'd.c']), all)
})

test('whatever ends when: no two of a schedule, none before its upstream, and at last all have ended', () => {
  const names = ['a', 'b', 'c', 'd', 'e']
  // Each may read those before it: no cycles.
  const graph = fc.tuple(...names.map((_, index) => fc.subarray(names.slice(0, index))))
  const runs = fc.uniqueArray(fc.tuple(fc.constantFrom(...names), fc.integer({ min: 1, max: 5 }), fc.boolean()), {
    selector: ([name, time]) => `${name}${time}`,
  })
  fc.assert(
    fc.property(
      graph,
      runs,
      fc.integer({ min: 1, max: 3 }),
      fc.infiniteStream(fc.nat()),
      (graph, runs, runningMax, choices) => {
        const all = names.map((name, index) =>
          schedule(
            name,
            (graph[index] ?? []).map((read) => `d.${read}`),
          ),
        )
        let open = runs
          .map(([name, time, isBackfill]) => run(name, time, isBackfill ? { cause: 'backfill x' } : {}))
          .sort((one, other) => one.runTimeMicros - other.runTimeMicros)
        for (let turn = 0; open.length > 0; turn += 1) {
          expect(turn).toBeLessThan(200)
          const next = startable(open, all, { nowMicros: 10, runningMax })
          for (const { schedule: own, runTimeMicros } of next) {
            const found = all.find(({ id }) => id === own)
            const upstream = found === undefined ? [] : upstreamOf(found, all).map(({ id }) => id)
            expect(open.some((one) => upstream.includes(one.schedule) && one.runTimeMicros <= runTimeMicros)).toBe(
              false,
            )
          }
          open = open.map((one) => (next.includes(one) ? { ...one, state: 'running' as const } : one))
          const running = open.filter(({ state }) => state === 'running')
          expect(running.length).toBeLessThanOrEqual(runningMax)
          expect(running.length).toBeGreaterThan(0)
          expect(new Set(running.map(({ schedule }) => schedule)).size).toBe(running.length)
          const ended = running[(choices.next().value ?? 0) % running.length]
          open = open.filter((one) => one !== ended)
        }
      },
    ),
    { numRuns: 200 },
  )
})
