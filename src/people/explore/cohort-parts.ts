// Cohorts that a question names become parts of its statement, so that each is counted when somebody asks, with the rights of whoever
// asks: nothing of what its maker may read goes into it.
//
//   names ─▶ definitions (as far as the asker may see them) ─▶ SQL with a column `person`, a WITH of the question's own
import { MillpondError } from '../../core/errors.ts'
import type { DryRun } from '../../query/contract.ts'
import { boundsOf, daysOf } from './days.ts'
import type { Draft, WriteCohort } from './draft.ts'
import type { EventTables } from './event-tables.ts'
import { peopleStatement } from './people-statement.ts'
import type { CohortDefinition, ExploreSpec } from './spec.ts'

/** A cohort of people of a cohort of people of …: more than anybody can follow. */
export const depthMax = 4
const cohortsMax = 20

/** For one asker and one question. */
export interface CohortLookUp {
  readonly tables: EventTables
  readonly nowMicros: number
  /** `hidesIds`: the asker may not read its list. Error: not-found. */
  definitionOf(cohort: string): { readonly definition: CohortDefinition; readonly hidesIds: boolean }
  /** Error: not-found. */
  queryOf(query: string): { readonly sql: string; readonly dialect: string; readonly name: string }
  /** Of a text that is to change nothing, in GoogleSQL, with the asker's rights. Errors: as a job's. */
  dryRun(sql: string): Promise<DryRun>
}

export interface WrittenCohort {
  readonly write: WriteCohort
  /** There is no other way to write it. */
  readonly needsGoogleSql: boolean
  readonly hidesIds: boolean
}

/** The cohorts that a question names, each once. */
export function cohortsIn(spec: ExploreSpec): string[] {
  const breakdown = 'breakdown' in spec ? spec.breakdown : undefined
  const named = (spec.cohorts ?? []).map(({ cohort }) => cohort)
  return [...new Set(breakdown !== undefined && 'cohort' in breakdown ? [...named, breakdown.cohort] : named)]
}

/** Errors: not-found, request-invalid, those of a dry run. */
export async function writtenCohorts(
  lookUp: CohortLookUp,
  names: readonly string[],
  depth = 0,
  budget = { left: cohortsMax },
): Promise<Map<string, WrittenCohort>> {
  const written = new Map<string, WrittenCohort>()
  for (const name of names) {
    budget.left -= 1
    if (depth >= depthMax || budget.left < 0) {
      throw new MillpondError('request-invalid', `\`cohorts\`: too many cohorts are made of cohorts here.`)
    }
    const { definition, hidesIds } = lookUp.definitionOf(name)
    written.set(name, await writtenCohort(lookUp, definition, hidesIds, depth + 1, budget))
  }
  return written
}

export async function writtenCohort(
  lookUp: CohortLookUp,
  definition: CohortDefinition,
  hidesIds: boolean,
  depth = 0,
  budget = { left: cohortsMax },
): Promise<WrittenCohort> {
  if (definition.kind === 'ids') {
    const { ids } = definition
    return { write: (draft) => draft.owners(idsSql(draft, ids)), needsGoogleSql: false, hidesIds }
  }
  if (definition.kind === 'query') {
    return { write: await queryPart(lookUp, definition.query), needsGoogleSql: true, hidesIds: false }
  }
  const { spec, cell } = definition
  const inner = await writtenCohorts(lookUp, cohortsIn(spec), depth, budget)
  const days = daysOf(spec.range, spec.zone, lookUp.nowMicros)
  const asking = {
    tables: lookUp.tables,
    among: spec.among,
    inCohorts: spec.cohorts ?? [],
    cohorts: writersOf(inner),
    range: boundsOf(days),
  }
  return {
    write: (draft) => {
      const everybody = { after: undefined, limit: undefined }
      const found = peopleStatement(spec, cell, { ...asking, outer: draft }, days, everybody)
      if (found === undefined) throw new MillpondError('request-invalid', '`cell`: there is no such number.')
      return `SELECT person FROM (\n  ${found.sql}\n) AS behind`
    },
    needsGoogleSql: spec.kind !== 'funnel' || [...inner.values()].some((one) => one.needsGoogleSql),
    hidesIds: [...inner.values()].some((one) => one.hidesIds),
  }
}

export function writersOf(written: ReadonlyMap<string, WrittenCohort>): Map<string, WriteCohort> {
  return new Map([...written].map(([name, { write }]) => [name, write]))
}

function idsSql(draft: Draft, ids: readonly string[]): string {
  const bound = draft.bind(ids)
  return draft.dialect === 'duckdb' ? `SELECT UNNEST(${bound}) AS id` : `SELECT id FROM UNNEST(${bound}) AS id`
}

/**
 * The text goes into brackets of ours, so it has to be a whole query by itself: what closes a bracket, names one of our parts or asks
 * for one of our values isn't.
 */
async function queryPart(lookUp: CohortLookUp, query: string): Promise<WriteCohort> {
  const { sql, dialect, name } = lookUp.queryOf(query)
  const refused = (why: string): MillpondError =>
    new MillpondError('request-invalid', `The saved query "${name}" ${why}`)
  if (dialect !== 'googlesql') throw refused('is no GoogleSQL, which a cohort has to be')
  const text = sql.trim().replace(/;$/, '')
  const { statementType, columns, undeclaredParameters } = await lookUp.dryRun(text)
  if (statementType !== 'SELECT') throw refused('is more than one SELECT, which a cohort has to be')
  if (undeclaredParameters.length > 0) throw refused('has parameters, which nobody gives a cohort')
  const [column, more] = columns
  const isNamed = column?.name === 'user_id' || column?.name === 'anonymous_id'
  if (!isNamed || more !== undefined || column.sqlType?.kind !== 'STRING') {
    throw refused('has to give one column, `user_id` or `anonymous_id`, of texts')
  }
  const rows = `SELECT ${column.name} AS id FROM (\n${text}\n) AS chosen`
  if (column.name === 'anonymous_id') return (draft) => draft.owners(rows)
  return () => `SELECT DISTINCT id AS person FROM (\n  ${rows}\n) AS given WHERE id IS NOT NULL`
}
