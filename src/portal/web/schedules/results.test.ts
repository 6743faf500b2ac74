import { expect, test } from 'vitest'

import type { DataTest, RunAnswer } from '../../api/job-answers.ts'
import { daysBetween, resultOf, statesOfDays, titleOf } from './results.ts'

const unique: DataTest = { kind: 'unique', columns: ['city', 'day'], severity: 'fail' }
const rows: DataTest = { kind: 'rows', min: 3, severity: 'warn' }
const run = (more: Partial<RunAnswer>): RunAnswer => ({ state: 'done', ...more }) as RunAnswer
const failed = (code: string, message: string): RunAnswer => run({ state: 'failed', error: { code, message } })

test('a test is named as runs name it', () => {
  expect(
    [unique, rows, { kind: 'freshness', column: 'at', hoursMax: 2, severity: 'fail' } as const].map(titleOf),
  ).toEqual(['unique(city, day)', 'rows', 'freshness(at)'])
})

test('what a run warns of or failed for is the result of its test, and of no other', () => {
  const told = failed(
    'data-test-failed',
    'Data test failed: not_null(a): 1 rows without a value; rows: 2 rows, expected 3',
  )
  expect(resultOf(rows, [told])).toEqual({ state: 'failed', text: '2 rows, expected 3' })
  expect(resultOf(unique, [told])).toEqual({ state: 'passed' })
  expect(resultOf(rows, [run({ warnings: ['rows: 1 rows, expected 3'] })])).toEqual({
    state: 'failed',
    text: '1 rows, expected 3',
  })
})

test('a run that waits, or failed for something else, says nothing of tests: the one before counts', () => {
  const others = [run({ state: 'running' }), failed('query-invalid', 'rows: x')]
  expect(resultOf(rows, others)).toEqual({ state: 'unknown' })
  expect(resultOf(rows, [...others, run({})])).toEqual({ state: 'passed' })
})

test('a day stands as what wants a look in it; of one time and set the newest run counts', () => {
  const at = (runTime: string, state: RunAnswer['state'], country: string, queuedAt = runTime): RunAnswer =>
    run({ runTime, state, set: { country }, queuedAt })
  const runs = [
    at('2026-03-03T20:00:00Z', 'done', 'TW'),
    at('2026-03-02T02:00:00Z', 'done', 'TW', '2026-03-09T00:00:00Z'),
    at('2026-03-02T02:00:00Z', 'failed', 'TW'),
    at('2026-03-02T02:00:00Z', 'done', 'JP'),
    at('2026-03-01T02:00:00Z', 'failed', 'TW'),
    at('2026-03-01T02:00:00Z', 'done', 'JP'),
  ]
  expect([...statesOfDays(runs, 'Asia/Taipei')]).toEqual([
    ['2026-03-04', 'done'],
    ['2026-03-02', 'done'],
    ['2026-03-01', 'failed'],
  ])
})

test('days between two are told with both ends, and no more than asked for', () => {
  expect(daysBetween('2026-02-27', '2026-03-01', 10)).toEqual(['2026-02-27', '2026-02-28', '2026-03-01'])
  expect(daysBetween('2026-02-27', '2026-03-01', 2)).toEqual(['2026-02-27', '2026-02-28'])
  expect(daysBetween('2026-03-02', '2026-03-01', 10)).toEqual([])
  expect(daysBetween('', '2026-03-01', 10)).toEqual([])
})
