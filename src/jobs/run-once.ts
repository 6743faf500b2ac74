// One attempt of one run, from its schedule to the rows in the target; and what it would read and cost.
import { MillpondError } from '../core/errors.ts'
import type { Control } from '../control/control.ts'
import type { Principal } from '../control/principals.ts'
import type { QueryVersion } from '../control/saved-queries.ts'
import type { Run, RunFacts, Schedule } from '../control/schedules.ts'
import type { JsonValue } from '../control/json-value.ts'
import type { DryRun, QueryParameter, QueryRequest, QueryRoad } from '../query/contract.ts'
import { jsonValue } from '../query/encode/json-value.ts'
import { anomalyBounds, checkTests } from './data-tests.ts'
import {
  combinedSets,
  fixedSettings,
  listedSets,
  type Moment,
  type ParameterSet,
  parameterSetsMax,
  queryParameters,
  resolveParameters,
  runValues,
  withRunParameters,
} from './parameters.ts'
import { parseRelativeDate, resolveDate } from './relative-dates.ts'
import type { SavedQueries } from './saved.ts'
import { onlyQuery, rowsTable, runScript, scriptError } from './target-script.ts'

export interface RunDeps {
  readonly road: Pick<QueryRoad, 'submit' | 'dryRun' | 'visibleTables'>
  readonly control: Pick<Control, 'schedules' | 'principalById'>
  readonly saved: SavedQueries
}

/** What a run asks, before it is written anywhere. */
export interface Asked {
  readonly principal: Principal
  readonly version: QueryVersion
  readonly values: ParameterSet
  readonly parameters: readonly QueryParameter[]
  readonly told: DryRun
}

/** Former runs that the anomaly test looks at. */
const formerRunsMax = 2_000

/** Errors: not-allowed, and those of queries and parameters. */
export async function ask(deps: RunDeps, schedule: Schedule, runTimeMicros: number, set: ParameterSet): Promise<Asked> {
  const principal = ownerOf(deps, schedule)
  const version =
    schedule.version === undefined
      ? deps.saved.verifiedFor(schedule.query, principal)
      : deps.saved.version(schedule.query, schedule.version, principal)
  if (version.dialect !== 'googlesql')
    throw new MillpondError('schedule-invalid', 'Only queries in GoogleSQL can be scheduled')
  const moment = { ms: runTimeMicros / 1000, zone: schedule.zone }
  const own = Object.fromEntries(Object.entries(runValues(moment)).map(([name, value]) => [name, { value }]))
  const definitions = withRunParameters(version.parameters)
  const values = resolveParameters(definitions, { ...fixedSettings(schedule.parameters, set), ...own }, moment)
  const parameters = queryParameters(definitions, values)
  const sql = onlyQuery(version.sql)
  const told = await deps.road.dryRun({ sql, dialect: 'googlesql', parameters, principal, port: 'schedule' })
  if (told.portability === 'bigquery-only')
    throw new MillpondError('query-unsupported', told.portabilityReasons.join('; '))
  return { principal, version, values, parameters, told }
}

/** With the rights that they have now. Error: not-allowed. */
export function ownerOf(
  { control }: { readonly control: Pick<Control, 'principalById'> },
  { owner }: Pick<Schedule, 'owner'>,
): Principal {
  const found = control.principalById(owner)
  if (found === undefined)
    throw new MillpondError('not-allowed', 'Its owner was removed: make it anew as somebody else')
  const { id, kind, handle, role, attributes } = found
  return { id, kind, handle, role, attributes }
}

export function referenced({ referencedTables }: DryRun): string[] {
  return [...new Set(referencedTables.map(({ dataset, table }) => `${dataset}.${table}`))].sort()
}

/** The rows are in the target when it resolves. Errors: those of the query, data-test-failed. */
export async function writeRun(deps: RunDeps, schedule: Schedule, run: Run, signal: AbortSignal): Promise<RunFacts> {
  const { schedules } = deps.control
  const asked = await ask(deps, schedule, run.runTimeMicros, run.set ?? {})
  const { principal, version, values, parameters, told } = asked
  const reads = referenced(told)
  if (reads.join() !== schedule.reads.join()) schedules.setReads(schedule.id, reads)
  checkTests(
    schedule.tests,
    told.columns.map(({ name }) => name),
  )
  const sql = runScript({
    sql: version.sql,
    target: schedule.target,
    columns: told.columns,
    existing: await existingTarget(deps, schedule, principal),
    day: dayOf(schedule, { ms: run.runTimeMicros / 1000, zone: schedule.zone }),
    zone: schedule.zone,
    tests: schedule.tests,
    anomaly: schedule.tests.some(({ kind }) => kind === 'anomaly')
      ? anomalyBounds(run, schedules.runs(schedule.id, formerRunsMax, run.runTimeMicros))
      : undefined,
  })
  const jobId = `schedule_${run.id}_${run.attempt}`
  const known: RunFacts = { version: version.version, values, jobId }
  schedules.note(run.id, known)
  const request: QueryRequest = {
    ...requestOf(schedule, principal, parameters, sql),
    jobId,
    clientSql: version.sql,
    labels: { schedule: schedule.id, run: run.id },
    mark: { key: run.id, rowsOf: rowsTable },
  }
  try {
    const { rows, bytes } = await rowsOf(deps, request, signal, 1)
    const [[warned = []] = []] = rows
    return { ...known, bytes, warnings: Array.isArray(warned) ? warned.map(String) : [] }
  } catch (error) {
    throw error instanceof MillpondError ? scriptError(error, version.sql) : error
  }
}

async function existingTarget({ road }: RunDeps, { target }: Schedule, principal: Principal) {
  const tables = await road.visibleTables(principal)
  return tables.find(({ dataset, table }) => dataset === target.dataset && table === target.table)
}

export function dayOf({ target: { partition } }: Pick<Schedule, 'target'>, { ms, zone }: Moment): string | undefined {
  return partition === undefined ? undefined : resolveDate(parseRelativeDate(partition.day), ms, zone)
}

export function requestOf(
  { timeoutMs, bytesBilledMax }: Schedule,
  principal: Principal,
  parameters: readonly QueryParameter[],
  sql: string,
): QueryRequest {
  return {
    sql,
    dialect: 'googlesql',
    parameters,
    principal,
    port: 'schedule',
    timeoutMs,
    bytesBilledMax,
    usesCache: false,
    isBackground: true,
  }
}

/** The sets of values of a for-each query, with those of the lists. Errors: schedule-invalid, and those of the query. */
export async function expandRun(
  deps: RunDeps,
  schedule: Schedule,
  run: Run,
  signal: AbortSignal,
): Promise<ParameterSet[]> {
  const sets = await eachRow(deps, schedule, run.runTimeMicros, signal)
  return combinedSets(sets, listedSets(schedule.parameters))
}

async function eachRow(
  deps: RunDeps,
  schedule: Schedule,
  runTimeMicros: number,
  signal: AbortSignal,
): Promise<ParameterSet[]> {
  const principal = ownerOf(deps, schedule)
  const { sql, parameters: definitions } = deps.saved.verifiedFor(schedule.forEach ?? '', principal)
  const moment = { ms: runTimeMicros / 1000, zone: schedule.zone }
  const values = { ...resolveParameters(definitions, {}, moment), ...runValues(moment) }
  const parameters = queryParameters(withRunParameters(definitions), values)
  const request = requestOf(schedule, principal, parameters, onlyQuery(sql))
  const { columns, rows } = await rowsOf(deps, request, signal, parameterSetsMax + 1)
  return rows.map((row) => Object.fromEntries(columns.map((name, index) => [name, row[index] ?? null])))
}

interface Rows {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly JsonValue[])[]
  readonly bytes: number
}

export async function rowsOf(
  { road }: RunDeps,
  request: QueryRequest,
  signal: AbortSignal,
  rowsMax: number,
): Promise<Rows> {
  const job = await road.submit(request, signal)
  const { columns, chunks } = await job.result()
  const rows: JsonValue[][] = []
  for await (const chunk of chunks) {
    for (let row = 0; row < chunk.rowCount && rows.length < rowsMax; row += 1)
      rows.push(columns.map(({ type }, index) => jsonValue(chunk.columns[index]?.[row] ?? null, type) as JsonValue))
  }
  const { statistics } = await job.ended
  return { columns: columns.map(({ name }) => name), rows, bytes: statistics?.bytesProcessed ?? 0 }
}
