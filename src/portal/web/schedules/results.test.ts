import { expect, test } from 'vitest'

import type { DataTest, RunAnswer } from '../../api/job-answers.ts'
import { resultOf, titleOf } from './results.ts'

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
