// How a data test went, read out of what a run tells: tests that fail stand in its error, those that only warn among its warnings.
import type { DataTest, RunAnswer } from '../../api/job-answers.ts'

export interface TestResult {
  readonly state: 'passed' | 'failed' | 'unknown'
  readonly text?: string
}

/** As runs name it (jobs/data-tests.ts). */
export function titleOf(test: DataTest): string {
  const columns = 'columns' in test ? test.columns : 'column' in test ? [test.column] : []
  return `${test.kind}${columns.length === 0 ? '' : `(${columns.join(', ')})`}`
}

/** `runs`: newest first. A run that failed for another reason came to no test. */
export function resultOf(test: DataTest, runs: readonly RunAnswer[]): TestResult {
  const tested = runs.find(({ state, error }) => state === 'done' || error?.code === 'data-test-failed')
  if (tested === undefined) return { state: 'unknown' }
  const start = `${titleOf(test)}: `
  const told = [...(tested.error?.message.split('; ') ?? []), ...(tested.warnings ?? [])]
  const found = told.find((text) => text.includes(start))
  return found === undefined
    ? { state: 'passed' }
    : { state: 'failed', text: found.slice(found.indexOf(start) + start.length) }
}
