// Explore: a question about what people do, answered in the name of whoever asks, with the SQL behind it and the people behind each
// number. Nothing is kept: every answer is a job on the query road, so policies, the cost guard, limits and the history hold.
//
//   spec ─▶ tables of the caller ─▶ draft ─▶ statement ─▶ road ─▶ rows ─▶ answer
import type { Clock } from '../../core/clock.ts'
import { MillpondError } from '../../core/errors.ts'
import { dateIn } from '../../core/zone.ts'
import type { QueryRoad } from '../../query/contract.ts'
import { ask, type Caller, isoOf, type Row } from '../ask.ts'
import { idKinds } from '../ids.ts'
import { addDays, boundsOf, bucketsOf, type Days, daysBefore, daysOf, firstDay, microsOf } from './days.ts'
import { type Asking, type Bounds, shownSql, type Statement } from './draft.ts'
import { type EventTables, eventTablesOf } from './event-tables.ts'
import { funnelPeople, funnelStatement, readFunnel } from './funnel.ts'
import { namesOf } from './names.ts'
import { pathsPeople, pathsStatement, readPaths } from './paths.ts'
import { readRetention, retentionPeople, retentionStatement } from './retention.ts'
import type {
  Cell,
  EventsAnswer,
  ExploreAnswer,
  ExploreSpec,
  PeopleAnswer,
  RetentionSpec,
  TrendAnswer,
  TrendSpec,
} from './spec.ts'
import { type Measured, readTrend, trendPeople, trendStatement } from './trend.ts'

export interface ExploreDeps {
  readonly road: QueryRoad
  /** Datasets that sources feed. */
  readonly sources: () => readonly string[]
  readonly clock: Clock
}

export interface PeoplePage {
  /** The last id of the page before. */
  readonly after: string | undefined
  readonly limit: number
}

/** More points than a chart has pixels, and than anybody reads. */
const bucketsMax = 2000

export class Explore {
  readonly #deps: ExploreDeps

  constructor(deps: ExploreDeps) {
    this.#deps = deps
  }

  /** What there is to ask about, the most frequent first. */
  async events(caller: Caller): Promise<EventsAnswer> {
    const visible = await this.#deps.road.visibleTables(caller.principal)
    const known = this.#eventTables(visible)
    const names = await namesOf(visible, known, this.#nowMicros(), async (statement) => this.#rows(caller, statement))
    const events = [...known.values()].map(({ source, table, rows }) => ({
      source,
      table,
      names: names.get(`${source}.${table}`) ?? [],
      rows: rows ?? null,
    }))
    return { events: events.sort((one, other) => (other.rows ?? 0) - (one.rows ?? 0)) }
  }

  /** Errors: request-invalid, table-unknown, and those of a job. */
  async answer(caller: Caller, spec: ExploreSpec): Promise<ExploreAnswer> {
    const { asking, days } = await this.#asking(caller, spec)
    const told = (statements: readonly Statement[]) => ({
      people: statements.some(({ sql }) => sql.includes('linked AS (')) ? ('joined' as const) : ('ids' as const),
      from: isoOf(asking.range.fromMicros),
      to: isoOf(asking.range.toMicros),
      statements: statements.map(shownSql),
    })
    if (spec.kind === 'trend') {
      const { statements, ...answer } = await this.#trend(caller, spec, asking, days)
      return { ...answer, ...told(statements) }
    }
    const statement = statementOf(spec, asking, days)
    const rows = await this.#rows(caller, statement)
    if (spec.kind === 'funnel') return { kind: 'funnel', groups: readFunnel(spec, rows), ...told([statement]) }
    if (spec.kind === 'paths') return { kind: 'paths', ...readPaths(spec, rows), ...told([statement]) }
    const cohorts = readRetention(spec, rows, days, dateIn(this.#nowMicros() / 1000, spec.zone))
    return { kind: 'retention', cohorts, ...told([statement]) }
  }

  /** Errors: as answer; request-invalid for a cell that the spec doesn't have. */
  async people(caller: Caller, spec: ExploreSpec, cell: Cell, { after, limit }: PeoplePage): Promise<PeopleAnswer> {
    const { asking, days } = await this.#asking(caller, spec)
    // One more tells whether there are more.
    const statement = peopleStatement(spec, cell, asking, days, { after, limit: limit + 1 })
    if (statement === undefined) throw new MillpondError('request-invalid', '`cell`: there is no such number.')
    const rows = await this.#rows(caller, statement)
    const people = rows.slice(0, limit).map((row) => ({
      id: String(row['person']),
      address: addressOf(String(row['person'])),
      firstAt: isoOf(row['first_at']),
      events: Number(row['events']),
    }))
    return { people, next: rows.length > limit ? (people.at(-1)?.id ?? null) : null, statements: [shownSql(statement)] }
  }

  async #trend(caller: Caller, spec: TrendSpec, asking: Asking, days: Days) {
    const buckets = bucketsOf(days, spec.interval)
    if (buckets.length > bucketsMax) {
      throw new MillpondError(
        'request-invalid',
        `\`interval\`: that makes ${buckets.length} points; ${bucketsMax} is all.`,
      )
    }
    const daysOfBefore = daysBefore(days, spec.interval)
    const before = spec.compares ? boundsOf(daysOfBefore) : undefined
    const statements: Statement[] = []
    const rowsOf = async (series: TrendSpec['series'][number], range: Bounds): Promise<Row[]> => {
      const statement = trendStatement(asking, spec, series, range)
      statements.push(statement)
      return this.#rows(caller, statement)
    }
    const measured = await Promise.all(
      spec.series.map(async (series, index): Promise<Measured> => {
        const [rows = [], earlier] = await Promise.all(
          [asking.range, ...(before === undefined ? [] : [before])].map(async (range) => rowsOf(series, range)),
        )
        return { series: index, rows, before: earlier }
      }),
    )
    const answer: Pick<TrendAnswer, 'kind' | 'buckets' | 'isOpen' | 'lines'> = {
      kind: 'trend',
      buckets: buckets.map(isoOf),
      isOpen: asking.range.toMicros > this.#nowMicros(),
      lines: readTrend(spec, measured, buckets, bucketsOf(daysOfBefore, spec.interval)),
    }
    return { ...answer, statements }
  }

  async #asking(caller: Caller, spec: ExploreSpec): Promise<{ readonly asking: Asking; readonly days: Days }> {
    const days = daysOf(spec.range, spec.zone, this.#nowMicros())
    const tables = this.#eventTables(await this.#deps.road.visibleTables(caller.principal))
    return { asking: { tables, among: spec.among, range: boundsOf(days) }, days }
  }

  #eventTables(visible: Parameters<typeof eventTablesOf>[0]): EventTables {
    const sources = new Set(this.#deps.sources())
    return eventTablesOf(visible, (dataset) => sources.has(dataset))
  }

  async #rows(caller: Caller, { sql, values, dialect }: Statement): Promise<Row[]> {
    return ask(this.#deps.road, caller, sql, values, { dialect, page: 'explore', usesCache: true })
  }

  #nowMicros(): number {
    return this.#deps.clock.nowMicros()
  }
}

function statementOf(spec: Exclude<ExploreSpec, TrendSpec>, asking: Asking, days: Days): Statement {
  if (spec.kind === 'funnel') return funnelStatement(asking, spec)
  if (spec.kind === 'paths') return pathsStatement(asking, spec)
  return retentionStatement(asking, spec, backUntil(spec, days))
}

function peopleStatement(
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
function bucketBounds(spec: TrendSpec, days: Days, bucket: string): Bounds | undefined {
  const range = boundsOf(days)
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
function backUntil(spec: RetentionSpec, { to, zone }: Days): number {
  const length = spec.interval === 'week' ? 7 : 1
  return microsOf(addDays(firstDay(to, spec.interval), (spec.periods + 1) * length), zone)
}

/** Of /people/…: an id that looks as if it said its kind has to say it. */
function addressOf(id: string): string {
  return idKinds.some((kind) => id.startsWith(`${kind}:`)) ? `user:${id}` : id
}
