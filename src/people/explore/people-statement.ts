// The people behind a number, as a statement: of every kind of question.
import { isoOf } from '../ask.ts'
import { addDays, boundsOf, bucketsOf, type Days, firstDay, microsOf } from './days.ts'
import type { Asking, Bounds, PeoplePage, Statement } from './draft.ts'
import { funnelPeople } from './funnel.ts'
import { pathsPeople } from './paths.ts'
import { retentionPeople } from './retention.ts'
import type { Cell, ExploreSpec, RetentionSpec, TrendSpec } from './spec.ts'
import { trendPeople } from './trend.ts'

/** undefined: the question has no such number. */
export function peopleStatement(
  spec: ExploreSpec,
  cell: Cell,
  asking: Asking,
  days: Days,
  page: PeoplePage,
): Statement | undefined {
  if (spec.kind === 'trend' && cell.of === 'trend') {
    const bucket = bucketBounds(spec, days, cell.bucket)
    return bucket && trendPeople(asking, spec, cell, { ...page, bucket })
  }
  if (spec.kind === 'funnel' && cell.of === 'funnel') {
    const isThere = cell.step < spec.steps.length - (cell.who === 'dropped' ? 1 : 0)
    return isThere ? funnelPeople(asking, spec, cell, page) : undefined
  }
  if (spec.kind === 'retention' && cell.of === 'retention') {
    const isThere = cell.period <= spec.periods
    return isThere
      ? retentionPeople(asking, spec, cell, { ...page, backUntilMicros: backUntil(spec, days) })
      : undefined
  }
  if (spec.kind === 'paths' && cell.of === 'paths') {
    return cell.step <= spec.steps ? pathsPeople(asking, spec, cell, page) : undefined
  }
  return undefined
}

/** What lies in one interval, no further than the range. */
function bucketBounds(spec: TrendSpec, days: Days, bucket: string | null): Bounds | undefined {
  const range = boundsOf(days)
  if (bucket === null) return range
  const all = bucketsOf(days, spec.interval)
  const index = all.findIndex((micros) => isoOf(micros) === bucket)
  const start = all[index]
  if (start === undefined) return undefined
  return {
    fromMicros: Math.max(start, range.fromMicros),
    toMicros: Math.min(all[index + 1] ?? range.toMicros, range.toMicros),
  }
}

/** The end of the last period of those who began last. */
export function backUntil(spec: RetentionSpec, { to, zone }: Days): number {
  const length = spec.interval === 'week' ? 7 : 1
  return microsOf(addDays(firstDay(to, spec.interval), (spec.periods + 1) * length), zone)
}
