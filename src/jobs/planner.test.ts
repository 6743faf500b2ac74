// What a schedule plans, under clocks that stand, jump forwards and backwards, and looks that come at any time.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { keptSchedule } from '../../test/support/schedule.ts'
import type { NewRun, Schedule } from '../control/schedules.ts'
import { cronTimes } from './cron.ts'
import { plan } from './planner.ts'

const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs
const start = Date.parse('2026-03-01T00:00:00Z')

function schedule(more: Partial<Schedule> = {}): Schedule {
  return keptSchedule({ plannedUntilMicros: start * 1000, ...more })
}

const told = ({ cause, runTimeMicros, skipped }: NewRun): string =>
  `${skipped === undefined ? cause.split(' ')[0] : 'skipped'} ${new Date(runTimeMicros / 1000).toISOString().slice(0, 16)}`

describe('times that were missed', () => {
  const now = start + 3 * dayMs + 3 * hourMs
  test.each([
    [
      'all',
      now,
      [
        'schedule 2026-03-01T03:00',
        'schedule 2026-03-02T03:00',
        'schedule 2026-03-03T03:00',
        'schedule 2026-03-04T03:00',
      ],
    ],
    [
      'last',
      now,
      ['skipped 2026-03-01T03:00', 'skipped 2026-03-02T03:00', 'skipped 2026-03-03T03:00', 'schedule 2026-03-04T03:00'],
    ],
    ['last', now - hourMs, ['skipped 2026-03-01T03:00', 'skipped 2026-03-02T03:00', 'schedule 2026-03-03T03:00']],
    [
      'skip',
      now,
      ['skipped 2026-03-01T03:00', 'skipped 2026-03-02T03:00', 'skipped 2026-03-03T03:00', 'schedule 2026-03-04T03:00'],
    ],
    ['skip', now - hourMs, ['skipped 2026-03-01T03:00', 'skipped 2026-03-02T03:00', 'skipped 2026-03-03T03:00']],
  ] as const)('%s', (missed, at, runs) => {
    expect(plan(schedule({ missed }), at).runs.map(told)).toEqual(runs)
  })

  test('very many come in parts, and none is lost', () => {
    let current = schedule({ cron: '* * * * *' })
    let count = 0
    for (let look = 0; look < 4; look += 1) {
      const { untilMicros, runs } = plan(current, start + 2 * dayMs)
      count += runs.length
      current = { ...current, plannedUntilMicros: untilMicros }
    }
    expect(count).toBe(2 * 24 * 60)
  })
})

test('looking back repeats the days before, oldest first, at the same time of the day', () => {
  const daily = schedule({
    cron: '30 4 * * *',
    zone: 'Europe/Berlin',
    lookbackDays: 2,
    plannedUntilMicros: Date.parse('2026-03-30T00:00Z') * 1000,
  })
  expect(plan(daily, Date.parse('2026-03-30T03:00Z')).runs.map(told)).toEqual([
    'lookback 2026-03-28T03:30',
    'lookback 2026-03-29T02:30',
    'schedule 2026-03-30T02:30',
  ])
})

test('each value of the lists has a run of its own id', () => {
  const both = schedule({ parameters: { a: { each: [1, 2, 2] }, b: { each: ['x', 'y'] }, c: { value: 3 } } })
  const { runs } = plan(both, start + 3 * hourMs)
  expect(runs.map(({ set }) => set)).toEqual([
    { a: 1, b: 'x' },
    { a: 1, b: 'y' },
    { a: 2, b: 'x' },
    { a: 2, b: 'y' },
  ])
  expect(new Set(runs.map(({ id }) => id)).size).toBe(4)
})

test('whatever the clock does, each time that came is planned exactly once', () => {
  const cron = fc.constantFrom('0 3 * * *', '30 2 * * *', '*/20 * * * *', '15 */6 * * *')
  const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe')
  const step = fc.oneof(
    { weight: 6, arbitrary: fc.integer({ min: 1, max: 2 * hourMs }) },
    { weight: 1, arbitrary: fc.integer({ min: -dayMs, max: -1 }) },
    { weight: 1, arbitrary: fc.integer({ min: hourMs, max: 20 * dayMs }) },
  )
  const from = fc
    .constantFrom('2026-03-28T12:00Z', '2026-10-24T12:00Z', '2026-03-07T12:00Z', '2026-04-04T03:00Z')
    .map((text) => Date.parse(text))
  fc.assert(
    fc.property(cron, zone, from, fc.array(step, { minLength: 1, maxLength: 30 }), (cron, zone, from, steps) => {
      let current = schedule({ cron, zone, plannedUntilMicros: from * 1000 })
      /** As the table of runs: an id that is there stays. */
      const planned = new Map<string, number>()
      let [now, highest] = [from, from]
      for (const by of steps) {
        now += by
        highest = Math.max(highest, now)
        for (let part = 0; part < 3; part += 1) {
          const { untilMicros, runs } = plan(current, now)
          for (const { id, runTimeMicros } of runs) planned.set(id, runTimeMicros / 1000)
          current = { ...current, plannedUntilMicros: untilMicros }
        }
      }
      const times = [...planned.values()].sort((one, other) => one - other)
      expect(new Set(times).size).toBe(times.length)
      const wanted = cronTimes(cron, zone).between(from, highest, Infinity)
      // Set back before the schedule was made, the clock may make times of then come, too.
      expect(times.filter((at) => at > from)).toEqual(wanted)
    }),
    { numRuns: 40 },
  )
})
