// One way to ask about people: SQL as a job of whoever looks, on the road that everybody's SQL takes, so that grants,
// masks and row filters hold. Values are bound, never spliced.
import type { Principal } from '../control/principals.ts'
import type { Dialect, QueryParameter, QueryRoad } from '../query/contract.ts'
import { jsonValue } from '../query/encode/json-value.ts'
import { isoTimestamp } from '../query/encode/time-text.ts'
import type { ScalarType } from '../sql/types.ts'

export interface Caller {
  readonly principal: Principal
  /** Whoever asked has left. */
  readonly signal: AbortSignal
}

/** A time, in microseconds since the epoch. */
export interface Instant {
  readonly micros: number
}

/** As a port reads it: `{ type: { kind: 'BOOL' }, text: 'true' }`. */
export interface Typed {
  readonly type: ScalarType
  readonly text: string
}

export type Values = Readonly<Record<string, string | readonly string[] | number | Instant | Typed>>
export interface Manner {
  readonly dialect: Dialect
  /** In the history: which page asked. */
  readonly page: string
  readonly usesCache: boolean
  /** A part of it was written by others. */
  readonly onlyReads?: boolean
}
export type Row = Readonly<Record<string, unknown>>

/** Nobody looks at one person often enough for the cache, and each kept answer is a file. */
const aboutOne: Manner = { dialect: 'googlesql', page: 'people', usesCache: false }

/** Rows as objects; a TIMESTAMP is ISO 8601. Errors: as a job's. */
export async function ask(
  road: QueryRoad,
  caller: Caller,
  sql: string,
  values: Values,
  manner: Manner = aboutOne,
): Promise<Row[]> {
  const rows: Row[] = []
  for await (const row of askRows(road, caller, sql, values, manner)) rows.push(row)
  return rows
}

/** As `ask`, at the pace of whoever takes them. */
export async function* askRows(
  road: QueryRoad,
  caller: Caller,
  sql: string,
  values: Values,
  { dialect, page, usesCache, onlyReads = false }: Manner = aboutOne,
): AsyncGenerator<Row> {
  const parameters = Object.entries(values).map(parameterOf)
  const { principal } = caller
  const request = {
    sql,
    dialect,
    parameters,
    principal,
    port: 'portal',
    labels: { page },
    usesCache,
    onlyReads,
  } as const
  const job = await road.submit(request, caller.signal)
  const { columns, chunks } = await job.result()
  for await (const chunk of chunks) {
    for (let row = 0; row < chunk.rowCount; row += 1) {
      const values = columns.map(({ name, type }, index) => [
        name,
        jsonValue(chunk.columns[index]?.[row] ?? null, type),
      ])
      yield Object.fromEntries(values) as Row
    }
  }
}

export function parameterOf([name, value]: [string, Values[string]]): QueryParameter {
  if (typeof value === 'string') return { name, type: { kind: 'STRING' }, value }
  if (typeof value === 'number') return { name, type: { kind: 'INT64' }, value: String(value) }
  if ('micros' in value) {
    return { name, type: { kind: 'TIMESTAMP' }, value: isoTimestamp(BigInt(value.micros), 'Z') }
  }
  if ('text' in value) return { name, type: value.type, value: value.text }
  return { name, type: { kind: 'ARRAY', element: { kind: 'STRING' } }, value }
}

/** `2026-03-01T10:00:00.000Z` of a column that was read as UNIX_MICROS. */
export function isoOf(micros: unknown): string {
  return isoTimestamp(BigInt(Number(micros)), 'Z')
}

/** A name of the catalogue in GoogleSQL. */
export function quoted(name: string): string {
  return `\`${name.replaceAll(/[\\`]/g, (letter) => `\\${letter}`)}\``
}

/** A constant of ours, or a name of the catalogue, as a text in GoogleSQL. */
export function literal(value: string): string {
  return `'${value.replaceAll(/[\\']/g, (letter) => `\\${letter}`)}'`
}
