import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { parseRelativeDate, relativeValue, resolveDate } from './relative-dates.ts'
import { dateIn, startOfDay, wallMs } from '../core/zone.ts'

const at = Date.parse('2026-03-31T20:00:00Z')

describe('dates', () => {
  test.each([
    ['today', 'UTC', '2026-03-31'],
    ['today', 'Asia/Taipei', '2026-04-01'],
    ['Yesterday', 'UTC', '2026-03-30'],
    ['7 days ago', 'UTC', '2026-03-24'],
    ['1 day ago', 'Asia/Taipei', '2026-03-31'],
    ['2  weeks ago', 'UTC', '2026-03-17'],
    ['1 month ago', 'UTC', '2026-02-28'],
    ['4 months ago', 'UTC', '2025-11-30'],
    ['2 years ago', 'UTC', '2024-03-31'],
    ['25 months ago', 'UTC', '2024-02-29'],
    ['start of this month', 'UTC', '2026-03-01'],
    ['start of last month', 'Asia/Taipei', '2026-03-01'],
    ['start of this week', 'UTC', '2026-03-30'],
    ['start of last week', 'UTC', '2026-03-23'],
    ['start of last year', 'UTC', '2025-01-01'],
  ])('%s in %s', (text, zone, date) => {
    expect(resolveDate(parseRelativeDate(text), at, zone)).toBe(date)
  })

  test.each([
    '',
    'now',
    'tomorrow',
    '-1 days ago',
    '1 fortnight ago',
    '100000 days ago',
    '5000 years ago',
    "today' --",
  ])('%j is none', (text) => {
    expect(() => parseRelativeDate(text)).toThrow(/no relative date/)
  })
})

test.each([
  ['DATE', '2026-03-29'],
  ['string', '2026-03-29'],
  ['DATETIME', '2026-03-29 00:00:00'],
  ['TIMESTAMP', '2026-03-28T23:00:00.000Z'],
])('as %s', (type, value) => {
  expect(relativeValue('2 days ago', type, at, 'Europe/Berlin')).toBe(value)
  expect(() => relativeValue('today', 'INT64', at, 'UTC')).toThrow(/no INT64/)
})

test('a day begins at its first moment, also where midnight is left out or comes twice', () => {
  expect(new Date(startOfDay('2026-03-29', 'Asia/Beirut')).toISOString()).toBe('2026-03-28T22:00:00.000Z')
  const zone = fc.constantFrom(
    'UTC',
    'Asia/Beirut',
    'America/Sao_Paulo',
    'America/Havana',
    'Africa/Cairo',
    'Pacific/Chatham',
  )
  const moment = fc.date({ min: new Date('2012-01-01'), max: new Date('2030-01-01'), noInvalidDate: true })
  fc.assert(
    fc.property(zone, moment, (zone, moment) => {
      const date = dateIn(moment.getTime(), zone)
      const start = startOfDay(date, zone)
      expect(start).toBeLessThanOrEqual(moment.getTime())
      expect(dateIn(start, zone)).toBe(date)
      expect(wallMs(start, zone)).toBeGreaterThanOrEqual(Date.parse(date))
      // Nothing of the day lies before it.
      expect(dateIn(start - 1, zone) < date).toBe(true)
    }),
    { numRuns: 300 },
  )
})

test('so many days ago and back is the same day', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 5_000 }),
      fc.constantFrom('UTC', 'Europe/Berlin', 'Asia/Taipei'),
      (days, zone) => {
        const then = resolveDate(parseRelativeDate(`${days} days ago`), at, zone)
        expect((Date.parse(dateIn(at, zone)) - Date.parse(then)) / 86_400_000).toBe(days)
      },
    ),
  )
})
