// What runs say, put together: how a data test went (tests that fail stand in the run's error, those that only warn among its
// warnings), and how it stands with each day.
import type { DataTest, RunAnswer } from '../../api/job-answers.ts'
import { timeIn } from './when.ts'

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

/** What wants a look comes first. */
const urgency = ['failed', 'running', 'queued', 'skipped', 'done'] as const

/** By day in the zone. `runs`: newest first; of one time and one set of values the newest counts, whatever ran before. */
export function statesOfDays(runs: readonly RunAnswer[], zone: string): ReadonlyMap<string, RunAnswer['state']> {
  const newest = new Map<string, RunAnswer>()
  for (const run of runs) {
    const key = `${run.runTime} ${JSON.stringify(run.set)}`
    const known = newest.get(key)
    if (known === undefined || known.queuedAt < run.queuedAt) newest.set(key, run)
  }
  const days = new Map<string, RunAnswer['state']>()
  for (const { runTime, state } of newest.values()) {
    const day = timeIn(runTime, zone).slice(0, 10)
    const known = days.get(day)
    if (known === undefined || urgency.indexOf(state) < urgency.indexOf(known)) days.set(day, state)
  }
  return days
}

const dayMs = 86_400_000

/** Both ends, too; none where the end comes first. */
export function daysBetween(from: string, to: string, max: number): readonly string[] {
  const first = Date.parse(`${from}T00:00:00Z`)
  const count = Math.floor((Date.parse(`${to}T00:00:00Z`) - first) / dayMs) + 1
  if (!(count > 0)) return []
  return Array.from({ length: Math.min(count, max) }, (_none, n) =>
    new Date(first + n * dayMs).toISOString().slice(0, 10),
  )
}
