import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { boundsOf, bucketsOf, daysBefore, daysBetween, daysOf, firstDay } from './days.ts'
import { intervals } from './spec.ts'

const hourMicros = 3_600_000_000
const zones = ['UTC', 'Asia/Taipei', 'America/New_York', 'Europe/Berlin', 'Australia/Lord_Howe', 'Asia/Kathmandu']
const ranges = fc
  .record({
    zone: fc.constantFrom(...zones),
    start: fc.integer({ min: 0, max: 1500 }),
    length: fc.integer({ min: 0, max: 120 }),
  })
  .map(({ zone, start, length }) => {
    const day = (offset: number): string => new Date(Date.UTC(2024, 0, 1 + offset)).toISOString().slice(0, 10)
    return { from: day(start), to: day(start + length), zone }
  })

test('the last days end today, where today is', () => {
  const micros = Date.UTC(2026, 2, 1, 20) * 1000
  expect(daysOf({ days: 1 }, 'UTC', micros)).toEqual({ from: '2026-03-01', to: '2026-03-01', zone: 'UTC' })
  expect(daysOf({ days: 3 }, 'Asia/Taipei', micros)).toMatchObject({ from: '2026-02-28', to: '2026-03-02' })
})

describe('intervals', () => {
  test('cover the range without a gap, the first one begins at it or before it', () => {
    fc.assert(
      fc.property(ranges, fc.constantFrom(...intervals), (days, interval) => {
        const { fromMicros, toMicros } = boundsOf(days)
        const buckets = bucketsOf(days, interval)
        expect(buckets[0]).toBeLessThanOrEqual(fromMicros)
        expect(buckets.at(-1)).toBeLessThan(toMicros)
        const longest = { hour: 1, day: 25, week: 7 * 24 + 1, month: 31 * 24 + 1 }[interval] * hourMicros
        for (const [index, start] of [...buckets, toMicros].entries()) {
          if (index > 0) expect(start - (buckets[index - 1] ?? 0)).toBeLessThanOrEqual(longest)
          if (index > 0) expect(start).toBeGreaterThan(buckets[index - 1] ?? 0)
        }
      }),
    )
  })

  test('a day that the clocks change has 23 or 25 hours', () => {
    expect(bucketsOf({ from: '2026-03-08', to: '2026-03-08', zone: 'America/New_York' }, 'hour')).toHaveLength(23)
    expect(bucketsOf({ from: '2026-11-01', to: '2026-11-01', zone: 'America/New_York' }, 'hour')).toHaveLength(25)
  })

  test('weeks begin on Mondays, months on their first', () => {
    expect(firstDay('2026-03-01', 'week')).toBe('2026-02-23')
    expect(firstDay('2026-03-02', 'week')).toBe('2026-03-02')
    expect(firstDay('2026-03-31', 'month')).toBe('2026-03-01')
  })
})

describe('the range before', () => {
  test('lies wholly before the range, right beside it but for weeks, and has as many intervals', () => {
    fc.assert(
      fc.property(ranges, fc.constantFrom(...intervals), (days, interval) => {
        const before = daysBefore(days, interval)
        expect(before.from <= before.to).toBe(true)
        expect(before.to < days.from).toBe(true)
        if (interval === 'month') {
          expect(bucketsOf(before, 'month')).toHaveLength(bucketsOf(days, 'month').length)
        } else {
          expect(daysBetween(before.from, before.to)).toBe(daysBetween(days.from, days.to))
          expect(daysBetween(before.to, days.from)).toBeLessThanOrEqual(interval === 'week' ? 7 : 1)
        }
        if (interval === 'week') expect(daysBetween(before.from, days.from) % 7).toBe(0)
      }),
    )
  })

  test('of a month is the month before, and never a day that is not there', () => {
    const march = { from: '2026-03-01', to: '2026-03-31', zone: 'UTC' }
    expect(daysBefore(march, 'month')).toEqual({ from: '2026-02-01', to: '2026-02-28', zone: 'UTC' })
    expect(daysBefore({ ...march, from: '2026-01-01' }, 'month')).toMatchObject({
      from: '2025-10-01',
      to: '2025-12-31',
    })
  })
})
