// The question that somebody builds, as the address holds it. One list of events serves all four kinds, so that a trend becomes a funnel
// with one click; what a question has to be for the API is made of it at the end.
import type { EventPick, ExploreSpec, InCohort, Measure } from '../../api/answers.ts'

export const kinds = ['trend', 'funnel', 'retention', 'paths'] as const
export type Kind = (typeof kinds)[number]
export const intervals = ['hour', 'day', 'week', 'month'] as const
export const filterKinds = ['equals', 'not', 'contains', 'more', 'less', 'set', 'unset'] as const
export const plainMeasures = ['events', 'people', 'per-person'] as const
export const propertyMeasures = ['sum', 'average', 'median', 'p90', 'p99'] as const
export const entries = ['any', 'first'] as const
export const returns = ['on', 'on-or-after'] as const
export const directions = ['after', 'before'] as const
export const dialects = ['duckdb', 'googlesql'] as const
export const eventsMax: Readonly<Record<Kind, number>> = { trend: 6, funnel: 16, retention: 2, paths: 1 }

export interface AskedEvent extends EventPick {
  readonly measure: Measure
}
export interface Among {
  readonly did: EventPick
  readonly times: number
}

export interface Question {
  readonly kind: Kind
  /** Series, steps, the beginning and the return, or what paths lead from. */
  readonly events: readonly AskedEvent[]
  readonly range: ExploreSpec['range']
  readonly zone: string
  readonly interval: (typeof intervals)[number]
  /** Of trends and funnels. */
  readonly breakdown: string | undefined
  /** Id of a saved cohort; goes before a property. */
  readonly breakdownCohort: string | undefined
  readonly compares: boolean
  readonly windowSeconds: number
  readonly entry: (typeof entries)[number]
  readonly dialect: (typeof dialects)[number]
  readonly periods: number
  readonly counts: (typeof returns)[number]
  readonly direction: (typeof directions)[number]
  readonly pathWindowSeconds: number
  readonly steps: number
  readonly among: Among | undefined
  readonly cohorts: readonly InCohort[]
}

/** Parts of the address: the page reads them, so that the shell needs not. */
export type ExploreSearch = Readonly<Record<string, unknown>>

export const breakdownTop = 8
const pathsTop = 6

/** `zone`: of the browser; an address always says its own, so that a colleague elsewhere sees the same numbers. */
export function emptyQuestion(zone: string): Question {
  return {
    kind: 'trend',
    events: [],
    range: { days: 30 },
    zone,
    interval: 'day',
    breakdown: undefined,
    breakdownCohort: undefined,
    compares: false,
    windowSeconds: 7 * 86_400,
    entry: 'any',
    dialect: 'duckdb',
    periods: 14,
    counts: 'on',
    direction: 'after',
    pathWindowSeconds: 3600,
    steps: 4,
    among: undefined,
    cohorts: [],
  }
}

/** Addresses are typed by hand and cut by mail programs: what can't be read is as if it weren't there. */
export function readQuestion(search: ExploreSearch, browserZone: string): Question {
  const empty = emptyQuestion(browserZone)
  const text = (key: string): string | undefined =>
    typeof search[key] === 'string' && search[key] !== '' ? search[key] : undefined
  const number = (key: 'windowSeconds' | 'periods' | 'pathWindowSeconds' | 'steps', most: number): number => {
    const given = search[key]
    const isGood = typeof given === 'number' && Number.isInteger(given) && given >= 1 && given <= most
    return isGood ? given : empty[key]
  }
  const events = search['events']
  const among = search['among']
  const did = isRecord(among) ? readEvent(among['did']) : undefined
  const times = isRecord(among) && typeof among['times'] === 'number' ? Math.max(1, Math.round(among['times'])) : 1
  return {
    kind: oneOf(kinds, search['kind']) ?? empty.kind,
    events: (Array.isArray(events) ? events : [])
      .map((event: unknown) => readEvent(event))
      .filter((event) => event !== undefined)
      .slice(0, eventsMax.funnel),
    range: readRange(search['range']) ?? empty.range,
    zone: text('zone') ?? empty.zone,
    interval: oneOf(intervals, search['interval']) ?? empty.interval,
    breakdown: text('breakdown'),
    breakdownCohort: text('breakdownCohort'),
    compares: search['compares'] === true,
    windowSeconds: number('windowSeconds', 366 * 86_400),
    entry: oneOf(entries, search['entry']) ?? empty.entry,
    dialect: oneOf(dialects, search['dialect']) ?? empty.dialect,
    periods: number('periods', 60),
    counts: oneOf(returns, search['counts']) ?? empty.counts,
    direction: oneOf(directions, search['direction']) ?? empty.direction,
    pathWindowSeconds: number('pathWindowSeconds', 366 * 86_400),
    steps: number('steps', 6),
    among: did === undefined ? undefined : { did: pickOf(did), times },
    cohorts: readCohorts(search['cohorts']),
  }
}

/** What differs from an empty question, and the zone. */
export function searchOf(question: Question): ExploreSearch {
  const empty = emptyQuestion('')
  const different = Object.entries(question).filter(
    ([key, value]) => JSON.stringify(value) !== JSON.stringify(empty[key as keyof Question]),
  )
  const events = question.events.map(({ measure, filters, ...event }) => ({
    ...event,
    ...(filters.length === 0 ? {} : { filters }),
    ...(measure.kind === 'events' ? {} : { measure }),
  }))
  return { ...Object.fromEntries(different), ...(events.length === 0 ? {} : { events }) }
}

/** What the question still needs before it can be asked. */
export type Missing = 'event' | 'step' | 'property' | 'name'

/** `nameOf`: as the event was sent; paths know events by nothing else. */
export function specOf(
  question: Question,
  nameOf: (event: EventPick) => string | undefined,
): { readonly spec: ExploreSpec } | { readonly missing: Missing } {
  const { kind, zone, range } = question
  const events = question.events.slice(0, eventsMax[kind])
  const [first, second = first] = events
  if (first === undefined || second === undefined) return { missing: 'event' }
  const among = question.among && { ...question.among, did: pickOf(question.among.did) }
  const cohorts = question.cohorts.length === 0 ? {} : { cohorts: question.cohorts }
  const common = { range, zone, ...(among === undefined ? {} : { among }), ...cohorts }
  const breakdown = breakdownOf(question)
  switch (kind) {
    case 'trend': {
      if (events.some(({ measure }) => 'property' in measure && measure.property === '')) return { missing: 'property' }
      const series = events.map((event) => ({ event: pickOf(event), measure: event.measure }))
      const { interval, compares } = question
      return { spec: { ...common, ...breakdown, kind, series, interval, compares } }
    }
    case 'funnel': {
      if (events.length < 2) return { missing: 'step' }
      const { windowSeconds, entry, dialect } = question
      return { spec: { ...common, ...breakdown, kind, steps: events.map(pickOf), windowSeconds, entry, dialect } }
    }
    case 'retention': {
      const { periods, counts } = question
      const interval = question.interval === 'week' ? 'week' : 'day'
      return { spec: { ...common, kind, born: pickOf(first), back: pickOf(second), interval, periods, counts } }
    }
    case 'paths': {
      const event = nameOf(first)
      if (event === undefined) return { missing: 'name' }
      const { direction, steps, pathWindowSeconds: windowSeconds } = question
      return { spec: { ...common, kind, source: first.source, event, direction, steps, windowSeconds, top: pathsTop } }
    }
  }
}

function breakdownOf({ breakdown: property, breakdownCohort: cohort }: Question) {
  if (cohort !== undefined) return { breakdown: { cohort } }
  return property === undefined ? {} : { breakdown: { property, top: breakdownTop } }
}

/** Without filters that are not filled in yet. */
export function pickOf({ source, table, name, filters }: EventPick): EventPick {
  const filled = filters.filter(
    ({ property, is, values }) => property !== '' && (values.length > 0 || is === 'set' || is === 'unset'),
  )
  // An empty value among others is one that is about to be typed.
  const kept = filled.map((filter) =>
    filter.values.length > 1 ? { ...filter, values: filter.values.filter((value) => value !== '') } : filter,
  )
  return { source, table, ...(name === undefined ? {} : { name }), filters: kept }
}

function readEvent(given: unknown): AskedEvent | undefined {
  if (!isRecord(given) || typeof given['source'] !== 'string' || typeof given['table'] !== 'string') return undefined
  const { source, table, name, filters, measure } = given
  return {
    source,
    table,
    ...(typeof name === 'string' ? { name } : {}),
    filters: Array.isArray(filters) ? filters.flatMap(readFilter) : [],
    measure: readMeasure(measure),
  }
}

/** As many as the API takes. */
export const cohortsMax = 5

function readCohorts(given: unknown): readonly InCohort[] {
  if (!Array.isArray(given)) return []
  const read = given.map((one: unknown): InCohort | undefined => {
    if (!isRecord(one) || typeof one['cohort'] !== 'string' || one['cohort'] === '') return undefined
    return { cohort: one['cohort'], is: one['is'] === 'out' ? 'out' : 'in' }
  })
  return read.filter((one) => one !== undefined).slice(0, cohortsMax)
}

function readFilter(given: unknown): EventPick['filters'] {
  if (!isRecord(given) || typeof given['property'] !== 'string') return []
  const is = oneOf(filterKinds, given['is']) ?? 'equals'
  const values: readonly unknown[] = Array.isArray(given['values']) ? given['values'] : []
  const takesNone = is === 'set' || is === 'unset'
  return [
    { property: given['property'], is, values: takesNone ? [] : values.filter((value) => typeof value === 'string') },
  ]
}

function readMeasure(given: unknown): Measure {
  if (!isRecord(given)) return { kind: 'events' }
  const ofProperty = oneOf(propertyMeasures, given['kind'])
  if (ofProperty !== undefined)
    return { kind: ofProperty, property: typeof given['property'] === 'string' ? given['property'] : '' }
  return { kind: oneOf(plainMeasures, given['kind']) ?? 'events' }
}

function readRange(given: unknown): Question['range'] | undefined {
  if (!isRecord(given)) return undefined
  const { days, from, to } = given
  if (typeof days === 'number' && Number.isInteger(days) && days >= 1 && days <= 3660) return { days }
  return typeof from === 'string' && typeof to === 'string' ? { from, to } : undefined
}

function oneOf<Value extends string>(values: readonly Value[], given: unknown): Value | undefined {
  return values.find((value) => value === given)
}

export function isRecord(given: unknown): given is Readonly<Record<string, unknown>> {
  return typeof given === 'object' && given !== null && !Array.isArray(given)
}
