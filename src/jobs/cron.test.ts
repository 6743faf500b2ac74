// Cron over changes of the clock: compared with a plain reading of the rule, minute by minute.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { cronTimes } from './cron.ts'
import { offsetMs, wallMs } from '../core/zone.ts'

const minuteMs = 60_000
const dayMs = 86_400_000
const zones = [
  'UTC',
  'Asia/Taipei',
  'Europe/Berlin',
  'America/New_York',
  'America/Sao_Paulo',
  'Australia/Lord_Howe',
  'Asia/Beirut',
  'Pacific/Chatham',
  'Africa/Casablanca',
]

const iso = (times: readonly number[]): string[] => times.map((at) => new Date(at).toISOString().slice(0, 16))
const dueOf = (cron: string, zone: string, from: string, count: number): string[] =>
  iso(cronTimes(cron, zone).between(Date.parse(from), Infinity, count))

describe('a daily time on the days of a change', () => {
  test.each([
    // Spring: half past two doesn't come; it is due at the change.
    ['Europe/Berlin', '2026-03-28T00:00Z', ['2026-03-28T01:30', '2026-03-29T01:00', '2026-03-30T00:30']],
    // Autumn: it comes twice; the first is it.
    ['Europe/Berlin', '2026-10-24T00:00Z', ['2026-10-24T00:30', '2026-10-25T00:30', '2026-10-26T01:30']],
    ['America/New_York', '2026-03-07T00:00Z', ['2026-03-07T07:30', '2026-03-08T07:00', '2026-03-09T06:30']],
    ['Asia/Taipei', '2026-03-28T00:00Z', ['2026-03-28T18:30', '2026-03-29T18:30', '2026-03-30T18:30']],
  ])('30 2 * * * in %s from %s', (zone, from, due) => {
    expect(dueOf('30 2 * * *', zone, from, 3)).toEqual(due)
  })

  test('an hour that comes twice is due twice for what is due every hour', () => {
    expect(dueOf('30 * * * *', 'Europe/Berlin', '2026-10-24T23:59Z', 3)).toEqual([
      '2026-10-25T00:30',
      '2026-10-25T01:30',
      '2026-10-25T02:30',
    ])
  })
})

describe('properties', () => {
  const zone = fc.constantFrom(...zones)
  const minute = fc.integer({ min: 0, max: 59 })
  const hour = fc.integer({ min: 0, max: 23 })
  const start = fc
    .date({ min: new Date('2015-01-01'), max: new Date('2030-01-01'), noInvalidDate: true })
    .map((date) => date.getTime())

  test('a time of the day is due exactly once each day of the zone, whatever its clock does', () => {
    fc.assert(
      fc.property(zone, minute, hour, start, (zone, minute, hour, from) => {
        const times = cronTimes(`${minute} ${hour} * * *`, zone).between(from, from + 400 * dayMs, 1_000)
        const wanted = hour * 60 + minute
        const days = times.map((at) => Math.floor(wallMs(at, zone) / dayMs))
        for (const [index, day] of days.entries()) if (index > 0) expect(day - (days[index - 1] ?? 0)).toBe(1)
        for (const at of times) {
          const wall = Math.round((wallMs(at, zone) % dayMs) / minuteMs)
          // Later only where the clock jumped over it in this very minute.
          if (wall !== wanted) expect(offsetMs(at, zone)).toBeGreaterThan(offsetMs(at - minuteMs, zone))
        }
      }),
      { numRuns: 25 },
    )
  })

  test('every so many minutes follows the minutes that pass', () => {
    fc.assert(
      fc.property(
        fc.constantFrom('Europe/Berlin', 'America/New_York', 'Asia/Beirut', 'UTC'),
        minute,
        start,
        (zone, minute, from) => {
          const times = cronTimes(`${minute} * * * *`, zone).between(from, from + 200 * dayMs, 400)
          for (const [index, at] of times.entries()) if (index > 0) expect(at - (times[index - 1] ?? 0)).toBe(3_600_000)
        },
      ),
      { numRuns: 20 },
    )
  })

  test('what is due does not depend on how often it is asked, and the last of a span is the last of its list', () => {
    const cron = fc.constantFrom(
      '*/7 * * * *',
      '30 2 * * *',
      '15 */3 * * 1-5',
      '0 0 1 * *',
      '5 4 29 2 *',
      '0 12 13 * 5',
    )
    fc.assert(
      fc.property(
        cron,
        zone,
        start,
        fc.array(fc.integer({ min: 1, max: 3 * dayMs }), { maxLength: 20 }),
        (cron, zone, from, steps) => {
          const times = cronTimes(cron, zone)
          const found: number[] = []
          let at = from
          for (const step of steps) {
            found.push(...times.between(at, at + step, Infinity))
            at += step
          }
          expect(iso(found)).toEqual(iso(times.between(from, at, Infinity)))
          expect(times.last(from, at)).toBe(found.at(-1))
        },
      ),
      { numRuns: 60 },
    )
  })
})

test.each([
  ['', 'five fields'],
  ['* * * *', 'five fields'],
  ['0 0 0 * * *', 'five fields'],
  ['@daily', 'five fields'],
  ['61 * * * *', 'no schedule'],
  ['0 0 30 2 *', 'no schedule'],
  ['0 0 L * *', 'no schedule'],
  ['; drop * * *', 'fields hold'],
])('%j is refused', (cron, message) => {
  expect(() => cronTimes(cron, 'UTC')).toThrow(message)
})

test.each(['Mars/Base', '', '+08:00', 'Asia/Taipei; x'])('%j is no zone', (zone) => {
  expect(() => cronTimes('0 0 * * *', zone)).toThrow(/no time zone/)
})
