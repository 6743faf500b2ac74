import { expect, test } from 'vitest'

import type { LedgerLine } from '../../api/answers.ts'
import { historyMs, rateHistory, rateNow, type Sample, withSample } from './rates.ts'

function ledger(counts: Readonly<Record<string, number>>): LedgerLine[] {
  const rest = { stored: 0, flagged: 0, duplicates: 0, quarantined: 0, waiting: 0 }
  return Object.entries(counts).map(([source, received]) => ({ source, received, ...rest }))
}

test('a rate is what was received over the last four seconds, of all sources or of one', () => {
  let samples: readonly Sample[] = []
  expect(rateNow(samples)).toBe(undefined)
  for (let second = 0; second <= 10; second += 1) {
    samples = withSample(samples, ledger({ web: second < 6 ? 0 : (second - 6) * 10, door: second }), second * 1000)
  }
  expect(rateNow(samples)).toBe(11)
  expect(rateNow(samples, 'web')).toBe(10)
  expect(rateNow(samples, 'nobody')).toBe(0)
})

test('the history is a minute long, and a ledger that was restored makes no negative rate', () => {
  let samples: readonly Sample[] = []
  for (let second = 0; second < 200; second += 1) {
    samples = withSample(samples, ledger({ web: second < 190 ? second * 5 : 0 }), second * 1000)
  }
  const history = rateHistory(samples)
  expect(history.length).toBe(historyMs / 1000)
  expect(history[0]).toEqual({ ageMs: historyMs - 1000, rate: 5 })
  expect(Math.min(...history.map(({ rate }) => rate))).toBe(0)
})
