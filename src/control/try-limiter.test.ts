// Tries against a model, on a clock of the test's own.
import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { SimulatedClock } from '../../test/faults/simulated-clock.ts'
import type { MillpondError } from '../core/errors.ts'
import { networkOf, TryLimiter } from './try-limiter.ts'

const quarterMs = 15 * 60_000

function tryOnce(limiter: TryLimiter, key: string): number {
  try {
    limiter.take(key)
    return 0
  } catch (error) {
    expect(error).toMatchObject({ code: 'rate-limited' })
    return (error as MillpondError).retryAfterSeconds ?? -1
  }
}

test('ten at once, then one each minute and a half, and Retry-After is the truth', () => {
  const clock = new SimulatedClock()
  const limiter = new TryLimiter(clock, 10)
  expect(Array.from({ length: 10 }, () => tryOnce(limiter, 'ana'))).toEqual(Array.from({ length: 10 }, () => 0))
  expect(tryOnce(limiter, 'ana')).toBe(90)
  expect(tryOnce(limiter, 'bob')).toBe(0)
  clock.advance(89_000)
  expect(tryOnce(limiter, 'ana')).toBe(1)
  clock.advance(1_000)
  expect(tryOnce(limiter, 'ana')).toBe(0)
  expect(tryOnce(limiter, 'ana')).toBe(90)
  limiter.forget('ana')
  expect(tryOnce(limiter, 'ana')).toBe(0)
})

test('whatever the order, nobody has more tries than the bound and what time has given back', () => {
  const step = fc.record({ waitMs: fc.nat(200_000), key: fc.constantFrom('a', 'b') })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), fc.array(step, { maxLength: 200 }), (triesMax, steps) => {
      const clock = new SimulatedClock()
      const limiter = new TryLimiter(clock, triesMax)
      const taken = { a: 0, b: 0 }
      for (const { waitMs, key } of steps) {
        clock.advance(waitMs)
        if (tryOnce(limiter, key) === 0) taken[key as 'a'] += 1
        expect(taken[key as 'a']).toBeLessThanOrEqual(triesMax + (clock.monotonicMs() / quarterMs) * triesMax + 1e-6)
      }
    }),
  )
})

test('a whole /64 is one, however it is written; IPv4 is itself', () => {
  expect(networkOf('2001:db8:1:2::1')).toBe(networkOf('2001:0db8:1:2:ffff::'))
  expect(networkOf('2001:db8:1:2::1')).not.toBe(networkOf('2001:db8:1:3::1'))
  expect(networkOf('::ffff:192.0.2.1')).toBe('192.0.2.1')
  expect([networkOf('192.0.2.1'), networkOf('192.0.2.2'), networkOf('')]).toEqual(['192.0.2.1', '192.0.2.2', ''])
})
