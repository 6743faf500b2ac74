// Explore: a question about what people do, answered in the name of whoever asks, with the SQL behind it and the people behind each
// number. Nothing is kept: every answer is a job on the query road, so policies, the cost guard, limits and the history hold.
//
//   spec ─▶ tables of the caller ─▶ draft ─▶ statement ─▶ road ─▶ rows ─▶ answer
import type { Clock } from '../../core/clock.ts'
import { MillpondError } from '../../core/errors.ts'
import { dateIn } from '../../core/zone.ts'
import type { QueryRoad } from '../../query/contract.ts'
import { ask, type Caller, isoOf, parameterOf, type Row } from '../ask.ts'
import { idKinds } from '../ids.ts'
import { cohortListStatement, cohortPeopleStatement, cohortSizeStatement, type OneCohort } from './cohort-people.ts'
import {
  cohortsIn,
  type CohortLookUp,
  writersOf,
  writtenCohort,
  type WrittenCohort,
  writtenCohorts,
} from './cohort-parts.ts'
import type { Cohorts } from './cohorts.ts'
import { boundsOf, bucketsOf, type Days, daysBefore, daysOf } from './days.ts'
import { type Asking, type Bounds, shownSql, type Statement } from './draft.ts'
import { type EventTables, eventTablesOf } from './event-tables.ts'
import { funnelStatement, readFunnel } from './funnel.ts'
import { namesOf } from './names.ts'
import { pathsStatement, readPaths } from './paths.ts'
import { backUntil, peopleStatement } from './people-statement.ts'
import { readRetention, retentionStatement } from './retention.ts'
import type {
  Cell,
  CohortDefinition,
  EventsAnswer,
  ExploreAnswer,
  ExploreSpec,
  PeopleAnswer,
  ShownSql,
  TrendAnswer,
  TrendSpec,
} from './spec.ts'
import { type Measured, readTrend, trendStatement } from './trend.ts'

export interface ExploreDeps {
  readonly road: QueryRoad
  /** Datasets that sources feed. */
  readonly sources: () => readonly string[]
  readonly cohorts: Pick<Cohorts, 'get' | 'isOwn' | 'queryOf'>
  readonly clock: Clock
}

interface Page {
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

  /** Errors: request-invalid, table-unknown, not-found (a cohort), and those of a job. */
  async answer(caller: Caller, asked: ExploreSpec): Promise<ExploreAnswer> {
    const { spec, asking, days, hidesIds } = await this.#asking(caller, asked)
    const told = (statements: readonly Statement[]) => ({
      people: statements.some(({ sql }) => sql.includes('linked AS (')) ? ('joined' as const) : ('ids' as const),
      from: isoOf(asking.range.fromMicros),
      to: isoOf(asking.range.toMicros),
      statements: statements.map((statement) => shownSql(statement, hidesIds)),
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
  async people(caller: Caller, asked: ExploreSpec, cell: Cell, { after, limit }: Page): Promise<PeopleAnswer> {
    const { spec, asking, days, hidesIds } = await this.#asking(caller, asked)
    // One more tells whether there are more.
    const statement = peopleStatement(spec, cell, asking, days, { after, limit: limit + 1 })
    if (statement === undefined) throw new MillpondError('request-invalid', '`cell`: there is no such number.')
    return this.#people(caller, statement, limit, hidesIds)
  }

  /** Whether the caller could ask for it. Errors: as answer. */
  async checkCohort(caller: Caller, definition: CohortDefinition): Promise<void> {
    const { sql, values, dialect } = cohortSizeStatement(await this.#oneCohort(caller, definition, false))
    const parameters = Object.entries(values).map(parameterOf)
    const request = { sql, dialect, parameters, principal: caller.principal, port: 'portal', onlyReads: true } as const
    await this.#deps.road.dryRun(request)
  }

  /** People of a cohort of whom the caller may read anything at all. Errors of these: as answer. */
  async cohortSize(caller: Caller, definition: CohortDefinition): Promise<number> {
    const [row] = await this.#rows(caller, cohortSizeStatement(await this.#oneCohort(caller, definition, false)))
    return Number(row?.['people'] ?? 0)
  }

  /** `hidesIds`: the caller may not read its list. */
  async cohortPeople(
    caller: Caller,
    definition: CohortDefinition,
    { after, limit }: Page,
    hidesIds: boolean,
  ): Promise<PeopleAnswer> {
    const one = await this.#oneCohort(caller, definition, hidesIds)
    return this.#people(caller, cohortPeopleStatement(one, { after, limit: limit + 1 }), limit, one.hidesIds)
  }

  /** Who belongs to it, as a statement to go on with. */
  async cohortSql(caller: Caller, definition: CohortDefinition, hidesIds: boolean): Promise<ShownSql> {
    const one = await this.#oneCohort(caller, definition, hidesIds)
    return shownSql(cohortListStatement(one), one.hidesIds)
  }

  async #people(caller: Caller, statement: Statement, limit: number, hidesIds: boolean): Promise<PeopleAnswer> {
    const rows = await this.#rows(caller, statement)
    const people = rows.slice(0, limit).map((row) => ({
      id: String(row['person']),
      address: addressOf(String(row['person'])),
      firstAt: isoOf(row['first_at']),
      events: Number(row['events']),
    }))
    const next = rows.length > limit ? (people.at(-1)?.id ?? null) : null
    return { people, next, statements: [shownSql(statement, hidesIds)] }
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

  /** `spec`: as it can be written. */
  async #asking(caller: Caller, spec: ExploreSpec): Promise<Asked> {
    const days = daysOf(spec.range, spec.zone, this.#nowMicros())
    const tables = await this.#tables(caller)
    const cohorts = await writtenCohorts(this.#lookUp(caller, tables), cohortsIn(spec))
    const needsGoogleSql = [...cohorts.values()].some((one) => one.needsGoogleSql)
    return {
      spec: spec.kind === 'funnel' && needsGoogleSql ? { ...spec, dialect: 'googlesql' } : spec,
      asking: {
        tables,
        among: spec.among,
        inCohorts: spec.cohorts ?? [],
        cohorts: writersOf(cohorts),
        range: boundsOf(days),
      },
      days,
      hidesIds: [...cohorts.values()].some((one) => one.hidesIds),
    }
  }

  async #oneCohort(
    caller: Caller,
    definition: CohortDefinition,
    hidesIds: boolean,
  ): Promise<OneCohort & WrittenCohort> {
    const tables = await this.#tables(caller)
    return { tables, ...(await writtenCohort(this.#lookUp(caller, tables), definition, hidesIds)) }
  }

  #lookUp({ principal }: Caller, tables: EventTables): CohortLookUp {
    const { cohorts, road } = this.#deps
    return {
      tables,
      nowMicros: this.#nowMicros(),
      definitionOf(id) {
        const found = cohorts.get(id, principal)
        return { definition: found.definition, hidesIds: !cohorts.isOwn(found, principal) }
      },
      queryOf(id) {
        const { name, latest } = cohorts.queryOf(id, principal)
        return { name, sql: latest.sql, dialect: latest.dialect }
      },
      dryRun: async (sql) =>
        road.dryRun({ sql, dialect: 'googlesql', principal, port: 'portal', onlyReads: true, isDryRun: true }),
    }
  }

  async #tables({ principal }: Caller): Promise<EventTables> {
    return this.#eventTables(await this.#deps.road.visibleTables(principal))
  }

  #eventTables(visible: Parameters<typeof eventTablesOf>[0]): EventTables {
    const sources = new Set(this.#deps.sources())
    return eventTablesOf(visible, (dataset) => sources.has(dataset))
  }

  async #rows(caller: Caller, { sql, values, dialect }: Statement): Promise<Row[]> {
    return ask(this.#deps.road, caller, sql, values, { dialect, page: 'explore', usesCache: true, onlyReads: true })
  }

  #nowMicros(): number {
    return this.#deps.clock.nowMicros()
  }
}

interface Asked {
  readonly spec: ExploreSpec
  readonly asking: Asking
  readonly days: Days
  readonly hidesIds: boolean
}

function statementOf(spec: Exclude<ExploreSpec, TrendSpec>, asking: Asking, days: Days): Statement {
  if (spec.kind === 'funnel') return funnelStatement(asking, spec)
  if (spec.kind === 'paths') return pathsStatement(asking, spec)
  return retentionStatement(asking, spec, backUntil(spec, days))
}

/** Of /people/…: an id that looks as if it said its kind has to say it. */
function addressOf(id: string): string {
  return idKinds.some((kind) => id.startsWith(`${kind}:`)) ? `user:${id}` : id
}
