// Whose people are shown: the number that was opened, as the address holds it.
import type { Cell } from '../../api/answers.ts'
import { isRecord } from './question.ts'

export function readCell(given: unknown): Cell | undefined {
  if (!isRecord(given)) return undefined
  const { of, series, bucket, step, who, day, period, event } = given
  const group = typeof given['group'] === 'string' ? given['group'] : given['group'] === null ? null : undefined
  if (of === 'trend' && isPlace(series) && typeof bucket === 'string' && group !== undefined)
    return { of, series, bucket, group }
  if (of === 'funnel' && isPlace(step) && group !== undefined)
    return { of, step, who: who === 'dropped' ? who : 'reached', group }
  if (of === 'retention' && typeof day === 'string' && isPlace(period)) return { of, day, period }
  if (of === 'paths' && isPlace(step) && typeof event === 'string') return { of, step, event }
  return undefined
}

function isPlace(given: unknown): given is number {
  return typeof given === 'number' && Number.isInteger(given) && given >= 0
}
