// All cohorts together, period by period. Only those whose period is over count: the others would pull every line down at its end.
import type { RetentionAnswer } from '../../api/answers.ts'

export interface Overall {
  readonly back: number
  /** Of those cohorts. */
  readonly people: number
}

export function overallOf(cohorts: RetentionAnswer['cohorts'], periods: number): readonly Overall[] {
  return Array.from({ length: periods }, (_none, index) => {
    const over = cohorts.filter(({ periodsOver }) => index < periodsOver)
    return {
      back: over.reduce((sum, { back }) => sum + (back[index] ?? 0), 0),
      people: over.reduce((sum, { people }) => sum + people, 0),
    }
  })
}
