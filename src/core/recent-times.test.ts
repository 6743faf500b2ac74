import { expect, test } from 'vitest'

import { SimulatedClock } from '../../test/faults/simulated-clock.ts'
import { RecentTimes } from './recent-times.ts'

const minuteMs = 60_000

test('quantiles of what took how long', () => {
  const times = new RecentTimes(new SimulatedClock())
  expect(times.summary()).toBeUndefined()
  for (let ms = 1; ms <= 1000; ms += 1) times.record(ms)
  const { count, p50Ms, p99Ms, maxMs } = times.summary() ?? { count: 0, p50Ms: 0, p99Ms: 0, maxMs: 0 }
  expect(count).toBe(1000)
  expect(p50Ms).toBeCloseTo(500, -1)
  expect(p99Ms).toBeCloseTo(990, -1)
  expect(maxMs).toBeCloseTo(1000, -1)
})

test('nothing takes less than a microsecond, and nothing breaks it', () => {
  const times = new RecentTimes(new SimulatedClock())
  for (const ms of [0, -5, 0.000_1]) times.record(ms)
  expect(times.summary()).toEqual({ count: 3, p50Ms: 0, p99Ms: 0, maxMs: 0 })
})

test('after ten minutes it is forgotten, and not before five', () => {
  const clock = new SimulatedClock()
  const times = new RecentTimes(clock)
  times.record(10)
  clock.advance(5 * minuteMs)
  times.record(20)
  expect(times.summary()?.count).toBe(2)
  clock.advance(4.9 * minuteMs)
  expect(times.summary()?.count).toBe(2)
  clock.advance(0.2 * minuteMs)
  expect(times.summary()?.count).toBe(1)
  clock.advance(60 * minuteMs)
  expect(times.summary()).toBeUndefined()
})
