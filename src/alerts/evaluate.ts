// One look of an alert at one time: its query, as its owner, with @run_time bound; of a change the same query at the earlier time, too.
import type { Alert, AlertDefinition, AlertMessage, GroupState, StateChange } from '../control/alerts.ts'
import type { Control } from '../control/control.ts'
import type { Principal } from '../control/principals.ts'
import type { ParameterSetting } from '../control/saved-queries.ts'
import { isoTime } from '../core/clock.ts'
import { messageOf, MillpondError } from '../core/errors.ts'
import {
  namedIn,
  queryParameters,
  resolveParameters,
  runValues,
  sameName,
  withRunParameters,
} from '../jobs/parameters.ts'
import { ownerOf } from '../jobs/run-once.ts'
import type { SavedQueries } from '../jobs/saved.ts'
import type { QueryRequest, QueryRoad } from '../query/contract.ts'
import { jsonValue } from '../query/encode/json-value.ts'
import { type AlertRows, conditionText, judge, type Judged, readings } from './condition.ts'
import { type Found, freshState, step, type Told } from './state.ts'

export interface EvaluateDeps {
  readonly road: Pick<QueryRoad, 'submit' | 'dryRun'>
  readonly control: Pick<Control, 'alerts' | 'principalById'>
  readonly saved: SavedQueries
}

export interface Outcome {
  readonly states: readonly GroupState[]
  readonly changes: readonly StateChange[]
  readonly tells: readonly { readonly what: Told; readonly state: GroupState }[]
}

/** A condition reads the first rows; a query with more is a mistake, and no reason to run out of memory. */
const rowsMax = 10_000
const numberKinds = new Set(['INT64', 'FLOAT64', 'NUMERIC', 'BIGNUMERIC', 'BOOL'])

/**
 * What it asks at a time: of a saved query the newest version that its owner, or an administrator, has verified, so that nobody puts SQL
 * under others' rights. Errors: not-found, request-invalid, alert-invalid, schedule-invalid.
 */
export function requestAt(
  { saved }: Pick<EvaluateDeps, 'saved'>,
  { query, sql = '', parameters: given, zone }: AlertDefinition,
  principal: Principal,
  atMicros: number,
): QueryRequest {
  const content =
    query === undefined ? { sql, dialect: 'googlesql' as const, parameters: [] } : saved.verifiedFor(query, principal)
  if (content.dialect !== 'googlesql') throw new MillpondError('alert-invalid', 'An alert asks in GoogleSQL')
  const moment = { ms: atMicros / 1000, zone }
  const own = Object.entries(runValues(moment)).map(([name, value]): [string, ParameterSetting] => [name, { value }])
  const definitions = withRunParameters(content.parameters)
  const values = resolveParameters(definitions, { ...given, ...Object.fromEntries(own) }, moment)
  const named = namedIn(content.sql)
  // Parameters that a query does not name are no parameters of it.
  const asked = definitions.filter(({ name }) => named.some((one) => sameName(one, name)))
  return {
    labels: {},
    onlyReads: true,
    isBackground: true,
    sql: content.sql,
    dialect: 'googlesql',
    parameters: queryParameters(asked, values),
    principal,
    port: 'schedule',
  }
}

/** Errors: alert-invalid, and those of a job. */
export async function judgedAt(
  deps: EvaluateDeps,
  { definition, principal, labels, known }: Look,
  atMicros: number,
  signal: AbortSignal,
): Promise<readonly Judged[]> {
  const { condition } = definition
  const read = async (micros: number) => {
    const request = { ...requestAt(deps, definition, principal, micros), labels }
    return readings(await rowsOf(deps, request, signal), definition)
  }
  const now = await read(atMicros)
  const before = condition.kind === 'change' ? await read(atMicros - condition.beforeMinutes * 60_000_000) : []
  // Without groups there is always the one, also when no row came.
  const groups = definition.groupBy === undefined ? [''] : known
  return judge(condition, now, groups, before)
}

export interface Look {
  readonly definition: AlertDefinition
  readonly principal: Principal
  readonly labels: Readonly<Record<string, string>>
  readonly known: readonly string[]
}

/** Never rejects but for the signal's sake: what can't be evaluated is a state. */
export async function evaluate(
  deps: EvaluateDeps,
  alert: Alert,
  atMicros: number,
  signal: AbortSignal,
): Promise<Outcome> {
  const { definition } = alert
  const before = deps.control.alerts.states(alert.id)
  try {
    const principal = ownerOf(deps, alert)
    const known = before.map(({ group }) => group)
    const look = { definition, principal, labels: { alert: alert.id }, known }
    const judged = await judgedAt(deps, look, atMicros, signal)
    return outcomeOf(
      before,
      definition,
      atMicros,
      (group) => {
        const found = judged.find((one) => one.group === group)
        return { kind: 'found', holds: found?.holds ?? false, value: found?.value ?? null }
      },
      judged.map(({ group }) => group),
    )
  } catch (error) {
    signal.throwIfAborted()
    const failed = { kind: 'failed', error: messageOf(error).slice(0, 1000) } as const
    // Which groups there would be, nobody knows: those that there were, or the one of all.
    const groups = before.length === 0 ? [''] : []
    return outcomeOf(before, definition, atMicros, () => failed, groups)
  }
}

function outcomeOf(
  before: readonly GroupState[],
  definition: AlertDefinition,
  atMicros: number,
  find: (group: string) => Found,
  found: readonly string[],
): Outcome {
  const groups = new Set([...before.map(({ group }) => group), ...found])
  const steps = [...groups].map((group) => {
    const state = before.find((one) => one.group === group) ?? freshState(group, atMicros)
    return step(state, find(group), definition, atMicros)
  })
  return {
    // A group that is well and has no row any more is forgotten, or they would gather for ever.
    states: steps
      .map(({ state }) => state)
      .filter(
        ({ state, group, value }) =>
          definition.groupBy === undefined || state !== 'ok' || value !== null || group === '',
      ),
    changes: steps.flatMap(({ change }) => (change === undefined ? [] : [change])),
    tells: steps.flatMap(({ state, tells }) => (tells === undefined ? [] : [{ what: tells, state }])),
  }
}

/** `id`: of the alert, the time and the group, so that an evaluation that is repeated tells the same. */
export function messageAbout(
  { id, name, definition }: Pick<Alert, 'id' | 'name' | 'definition'>,
  { what, state }: Outcome['tells'][number],
  atMicros: number,
): AlertMessage {
  const { group, value, error } = state
  return {
    id: `${id}-${Math.floor(atMicros / 1000).toString(36)}-${what}-${Buffer.from(group).toString('base64url').slice(0, 40)}`,
    alert: name,
    alertId: id,
    what,
    group,
    value,
    condition: conditionText(definition.condition),
    error,
    runbook: definition.runbook,
    at: isoTime(atMicros),
  }
}

async function rowsOf({ road }: EvaluateDeps, request: QueryRequest, signal: AbortSignal): Promise<AlertRows> {
  const job = await road.submit(request, signal)
  const { columns, chunks } = await job.result()
  const rows: unknown[][] = []
  for await (const chunk of chunks) {
    for (let row = 0; row < chunk.rowCount && rows.length < rowsMax; row += 1) {
      rows.push(columns.map(({ type }, index) => jsonValue(chunk.columns[index]?.[row] ?? null, type)))
    }
    if (rows.length === rowsMax) break
  }
  const isNumber = ({ sqlType }: (typeof columns)[number]): boolean => numberKinds.has(sqlType?.kind ?? '')
  return { columns: columns.map((column) => ({ name: column.name, isNumber: isNumber(column) })), rows }
}
