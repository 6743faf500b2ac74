// Whether a look-back run would write anything new: did rows come, since the run before it, into what it reads? The loader marks
// every row with the time at which it came, and a dry run knows which days of which tables a query reads; so the answer is exact for
// collected tables, whatever their age. Of tables that people write nobody knows it, and the run is made.
import { isDeepStrictEqual } from 'node:util'

import type { Run, Schedule } from '../control/schedules.ts'
import type { TableRead, VisibleTable } from '../query/contract.ts'
import { nameText } from '../sql/print/text.ts'
import { ask, requestOf, rowsOf, type RunDeps } from './run-once.ts'

/** Rows are marked before they are committed: so much earlier than a run's beginning it may not have seen them. */
const commitMicrosMax = 10 * 60_000_000

/** Errors: those of the query. */
export async function hasLateRows(deps: RunDeps, schedule: Schedule, run: Run, signal: AbortSignal): Promise<boolean> {
  const before = runBefore(deps, run)
  if (before?.startedAtMicros === undefined) return true
  const { principal, version, values, told } = await ask(deps, schedule, run.runTimeMicros, run.set ?? {})
  if (before.facts.version !== version.version || !isDeepStrictEqual(before.facts.values, values)) return true
  const tables = await deps.road.visibleTables(principal)
  // One that was dropped, and made again by a run just before, has none of the other days.
  const target = tableOf(tables, schedule.target)
  if (target === undefined || target.createdAtMicros > (before.endedAtMicros ?? 0)) return true
  const sinceMicros = before.startedAtMicros - commitMicrosMax
  const asked = told.referencedTables.map((read) => lateSql(tableOf(tables, read), read, sinceMicros))
  if (asked.includes(undefined)) return true
  if (asked.length === 0) return false
  const { rows } = await rowsOf(
    deps,
    requestOf(schedule, principal, [], `${asked.join(' UNION ALL ')} LIMIT 1`),
    signal,
    1,
  )
  return rows.length > 0
}

/** The newest that ended well, of the same time and the same values. */
function runBefore({ control }: RunDeps, { id, schedule, runTimeMicros, set }: Run): Run | undefined {
  return control.schedules
    .runsAt(schedule, runTimeMicros)
    .filter((other) => other.id !== id && other.state === 'done' && isDeepStrictEqual(other.set, set))
    .sort((one, other) => (other.startedAtMicros ?? 0) - (one.startedAtMicros ?? 0))[0]
}

function tableOf(
  tables: readonly VisibleTable[],
  { dataset, table }: { readonly dataset: string; readonly table: string },
): VisibleTable | undefined {
  return tables.find((one) => one.dataset === dataset && one.table === table)
}

/** undefined: it can't be told. */
function lateSql(table: VisibleTable | undefined, { range }: TableRead, sinceMicros: number): string | undefined {
  if (table?.origin !== 'fed') return undefined
  const names = new Set(table.columns.map(({ name }) => name))
  if (!names.has('loaded_at') || (range !== undefined && !names.has('timestamp'))) return undefined
  const conditions = [`loaded_at > ${instant(sinceMicros)}`]
  if (range?.from !== undefined) conditions.push(`timestamp >= ${instant(range.from)}`)
  if (range?.to !== undefined) conditions.push(`timestamp <= ${instant(range.to)}`)
  return `(SELECT 1 AS late FROM ${nameText(table.dataset)}.${nameText(table.table)} WHERE ${conditions.join(' AND ')} LIMIT 1)`
}

function instant(micros: number): string {
  return `TIMESTAMP_MICROS(${Math.floor(micros)})`
}
