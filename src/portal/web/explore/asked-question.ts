// The way back: of a question that was asked, the address where it is built.
import type { Cell, EventPick, ExploreSpec } from '../../api/answers.ts'
import { type AskedEvent, type ExploreSearch, readQuestion, searchOf } from './question.ts'

/** The address of a question that was asked, with the number that was opened. */
export function searchOfSpec(spec: ExploreSpec, cell: Cell): ExploreSearch {
  const breakdown = 'breakdown' in spec ? spec.breakdown : undefined
  const given = {
    ...spec,
    events: eventsOf(spec),
    breakdown: breakdown !== undefined && 'property' in breakdown ? breakdown.property : undefined,
    breakdownCohort: breakdown !== undefined && 'cohort' in breakdown ? breakdown.cohort : undefined,
    ...(spec.kind === 'paths' ? { pathWindowSeconds: spec.windowSeconds, windowSeconds: undefined } : {}),
    // Of paths they are a number, of a funnel its events.
    steps: spec.kind === 'paths' ? spec.steps : undefined,
  }
  const isWhole = cell.of === 'trend' && cell.bucket === null
  return { ...searchOf(readQuestion(given, spec.zone)), ...(isWhole ? {} : { cell }) }
}

function eventsOf(spec: ExploreSpec): readonly AskedEvent[] {
  const counted = (pick: EventPick): AskedEvent => ({ ...pick, measure: { kind: 'events' } })
  if (spec.kind === 'trend') return spec.series.map(({ event, measure }) => ({ ...event, measure }))
  if (spec.kind === 'funnel') return spec.steps.map(counted)
  if (spec.kind === 'retention') return [counted(spec.born), counted(spec.back)]
  return [counted({ source: spec.source, table: 'tracks', name: spec.event, filters: [] })]
}
