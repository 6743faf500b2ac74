import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { SimulatedClock } from '../../../test/faults/simulated-clock.ts'
import { Breaker } from './breaker.ts'

async function settled(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve)
  })
}

/** `count` requests that wait; how many have been let through. */
function waiting(breaker: Breaker, count: number): { passed: () => number } {
  let passed = 0
  for (let one = 0; one < count; one++) void breaker.permit().then((isPermitted) => (passed += isPermitted ? 1 : 0))
  return { passed: () => passed }
}

test('all pass until one fails; then one at a time tries, and when it succeeds all pass', async () => {
  const clock = new SimulatedClock()
  const breaker = new Breaker({ clock, random: () => 0.5 })
  const before = waiting(breaker, 3)
  await settled()
  expect(before.passed()).toBe(3)
  breaker.failed()
  const after = waiting(breaker, 3)
  await settled()
  expect(after.passed()).toBe(0)
  clock.advance(1000)
  await settled()
  expect(after.passed()).toBe(1)
  breaker.succeeded()
  await settled()
  expect(after.passed()).toBe(3)
})

test('requests that fail together are one failure', async () => {
  const breaker = new Breaker({ clock: new SimulatedClock(), random: () => 0.5 })
  for (let one = 0; one < 4; one++) breaker.failed()
  expect(breaker).toMatchObject({ failures: 1, pauseMs: 1000 })
})

test('after a stop nothing passes any more', async () => {
  const breaker = new Breaker({ clock: new SimulatedClock(), random: () => 0.5 })
  breaker.failed()
  const one = breaker.permit()
  breaker.stop()
  expect(await one).toBe(false)
})

test('pauses lie between 0.8 s and 6 min, or are what the service asks for, up to an hour', () => {
  fc.assert(
    fc.property(
      fc.array(
        fc.record({ random: fc.double({ min: 0, max: 0.999, noNaN: true }), afterMs: fc.option(fc.nat(10_000_000)) }),
        {
          minLength: 1,
          maxLength: 30,
        },
      ),
      (failures) => {
        const clock = new SimulatedClock()
        let random = 0
        const breaker = new Breaker({ clock, random: () => random })
        for (const { random: next, afterMs } of failures) {
          random = next
          breaker.failed(afterMs ?? undefined)
          const asked = Math.min(3_600_000, afterMs ?? 0)
          expect(breaker.pauseMs).toBeGreaterThanOrEqual(Math.max(800, asked) - 1)
          expect(breaker.pauseMs).toBeLessThanOrEqual(Math.max(360_000, asked) + 1)
          clock.advance(breaker.pauseMs)
        }
      },
    ),
  )
})
