// Goal: nothing acknowledged is lost or doubled by a power cut at any await. Method: test/faults/power-cut.ts, 200
// seeds; `npm run torture` runs 10,000.
import { expect, test } from 'vitest'

import { runPowerCutSeeds } from './power-cut.ts'

test('a power cut that drops or tears every unsynced write at any await loses and doubles nothing', async () => {
  const summary = await runPowerCutSeeds(1, 201)
  expect(summary.seeds).toBe(200)
  // The seeds must reach what they are for.
  expect(summary.powerCuts).toBeGreaterThan(300)
  expect(summary.acknowledged).toBeGreaterThan(2000)
  expect(summary.refused).toBeGreaterThan(100)
  expect(summary.unanswered).toBeGreaterThan(100)
})
