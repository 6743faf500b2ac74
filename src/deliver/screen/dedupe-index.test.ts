import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { type DedupeAnswer, DedupeIndex } from './dedupe-index.ts'

/** The rule as a Map: every remembered (id, content) with its hour. */
class Model {
  readonly #ids = new Map<number, { content: number; hour: number }[]>()
  readonly #windowHours: number

  constructor(windowHours: number) {
    this.#windowHours = windowHours
  }

  ask(id: number, content: number, hour: number): DedupeAnswer {
    const seen = (this.#ids.get(id) ?? []).filter((one) => one.hour >= hour - this.#windowHours)
    if (seen.some((one) => one.content === content)) return 'duplicate'
    return seen.length > 0 ? 'other-content' : 'new'
  }

  remember(id: number, content: number, hour: number): void {
    this.#ids.set(id, [...(this.#ids.get(id) ?? []), { content, hour }])
  }
}

// Few low words, so that probes collide; ids differ in the high word too.
const step = fc.record({ id: fc.nat(300), content: fc.nat(2), hours: fc.constantFrom(0, 0, 0, 0, 1, 5, 30) })

test('It answers as a map of everything would, while ids have room', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 2000, size: 'max' }), (steps) => {
      const index = new DedupeIndex({ dedupeWindowHours: 48, dedupeIdsMax: 100_000 })
      const model = new Model(48)
      let hour = 490_000
      for (const { id, content, hours } of steps) {
        hour += hours
        const [low, high] = [id % 7, id]
        const answer = index.ask(low, high, content, hour)
        expect(answer).toBe(model.ask(id, content, hour))
        if (answer === 'duplicate') continue
        index.remember(low, high, content, hour)
        model.remember(id, content, hour)
      }
      expect(index.windowHours).toBe(48)
    }),
    { numRuns: 30 },
  )
})

test('Memory is bounded: the oldest ids go, the window says so, the newest are still known', () => {
  const index = new DedupeIndex({ dedupeWindowHours: 168, dedupeIdsMax: 10_000 })
  for (let id = 0; id < 100_000; id++)
    index.remember(Math.imul(id, 0x9e3779b1) >>> 0, id, 1, 490_000 + Math.floor(id / 1000))
  expect(index.ids).toBeLessThanOrEqual(10_000)
  expect(index.bytes).toBeLessThan(10_000 * 64)
  expect(index.windowHours).toBeLessThan(168)
  expect(index.windowHours).toBeGreaterThan(5)
  for (let id = 93_000; id < 100_000; id++) {
    expect(index.ask(Math.imul(id, 0x9e3779b1) >>> 0, id, 1, 490_100)).toBe('duplicate')
  }
})
