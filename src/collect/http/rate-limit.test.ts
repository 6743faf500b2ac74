import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { createManualClock } from '../../../test/wire/manual-clock.ts'
import { createRateLimit, createStrangerLimit } from './rate-limit.ts'

test('lets a second of requests through at once, then one for each that comes back', () => {
  const clock = createManualClock()
  const limit = createRateLimit(10, clock)
  for (let request = 0; request < 10; request++) expect(limit.take('key', '1.2.3.4')).toBe(0)
  expect(limit.take('key', '1.2.3.4')).toBe(1)
  clock.advance(100)
  expect(limit.take('key', '1.2.3.4')).toBe(0)
  expect(limit.take('key', '1.2.3.4')).toBe(1)
})

test('keys and addresses do not use up each other', () => {
  const limit = createRateLimit(1, createManualClock())
  expect(limit.take('key', '1.2.3.4')).toBe(0)
  expect(limit.take('key', '1.2.3.5')).toBe(0)
  expect(limit.take('other', '1.2.3.4')).toBe(0)
  expect(limit.take('key', '1.2.3.4')).toBe(1)
})

test('never more than the burst plus the rate, and waiting as told is enough', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 50 }),
      fc.array(fc.integer({ min: 0, max: 400 }), { maxLength: 100 }),
      (rate, waits) => {
        const clock = createManualClock()
        const limit = createRateLimit(rate, clock)
        let passed = 0
        for (const wait of waits) {
          clock.advance(wait)
          const seconds = limit.take('key', '::1')
          if (seconds === 0) passed++
          else {
            expect(Number.isInteger(seconds)).toBe(true)
            clock.advance(seconds * 1000)
            expect(limit.take('key', '::1')).toBe(0)
            passed++
          }
        }
        expect(passed).toBeLessThanOrEqual(rate + ((clock.monotonicMs() - 1_000) / 1000) * rate + 1)
      },
    ),
  )
})

test('a stranger is heard again when the failures of its address are some time ago; large bodies count as many', () => {
  const clock = createManualClock()
  const limit = createStrangerLimit(clock)
  for (let failure = 0; failure < 200; failure++) {
    expect(limit.wait('1.2.3.4')).toBe(0)
    limit.charge('1.2.3.4', 100)
  }
  expect(limit.wait('1.2.3.4')).toBe(1)
  expect(limit.wait('1.2.3.5')).toBe(0)
  clock.advance(20)
  expect(limit.wait('1.2.3.4')).toBe(0)

  limit.charge('1.2.3.5', 64 * 1024 * 299)
  const seconds = limit.wait('1.2.3.5')
  expect(seconds).toBeGreaterThan(1)
  clock.advance(seconds * 1000)
  expect(limit.wait('1.2.3.5')).toBe(0)
})
