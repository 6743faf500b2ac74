import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import { cronOf, rhythms, timeIn, type When, whenOf } from './when.ts'

const two = (n: number): string => String(n).padStart(2, '0')

describe('when a schedule runs', () => {
  it('is said as it was chosen', () => {
    const when: fc.Arbitrary<When> = fc.record({
      rhythm: fc.constantFrom(...rhythms),
      time: fc.tuple(fc.nat(23), fc.nat(59)).map(([hour, minute]) => `${two(hour)}:${two(minute)}`),
      weekday: fc.nat(6),
      day: fc.integer({ min: 1, max: 31 }),
    })
    fc.assert(
      fc.property(when, (one) => {
        const read = whenOf(cronOf(one))
        expect(read?.rhythm).toBe(one.rhythm)
        expect(cronOf(read ?? one)).toBe(cronOf(one))
        if (one.rhythm === 'weekly') expect(read?.weekday).toBe(one.weekday)
        if (one.rhythm === 'monthly') expect(read?.day).toBe(one.day)
        expect(read?.time).toBe(one.rhythm === 'hourly' ? `00:${one.time.slice(3)}` : one.time)
      }),
    )
  })

  it.each([
    '*/5 * * * *',
    '0 3 1 1 *',
    '0 3 1 * 1',
    '0 24 * * *',
    '60 1 * * *',
    '0 3 * * 7',
    '0 3 32 * *',
    '5 * 1 * *',
    '',
    '0 3 * *',
  ])('stays cron where it can not be said simply: %s', (cron) => {
    expect(whenOf(cron)).toBe(undefined)
  })

  it('stands on the clocks of its zone', () => {
    expect(timeIn('2026-03-08T07:00:00.000Z', 'America/New_York')).toBe('2026-03-08 03:00')
    expect(timeIn('2026-03-08T07:00:00.000Z', 'Asia/Taipei')).toBe('2026-03-08 15:00')
    expect(timeIn('2026-03-08T07:00:00.000Z', 'Nowhere/Yet')).toBe('2026-03-08 07:00')
  })
})
