// SQL over the rows of one person. Each id column is searched by itself: the engine then skips what can't hold the id, and reads
// the other columns of the rows that it found only, which one condition with OR doesn't do.
import { type Instant, literal, type Values } from './ask.ts'
import { idKinds, type IdKind, idsOf, type PersonId } from './ids.ts'
import { type PersonTable, placeSql, relationOf } from './sources.ts'

export interface Bounds {
  /** Inclusive. */
  readonly fromMicros?: number | undefined
  /** Exclusive. */
  readonly toMicros?: number | undefined
  /** Exclusive: only rows that were loaded later. */
  readonly loadedAfterMicros?: number | undefined
  /** Only rows behind this place of a timeline. */
  readonly before?: { readonly micros: number; readonly place: string } | undefined
}

/** One id is compared: of a list the engine makes a table first. */
export function idValues(ids: readonly PersonId[]): Values {
  const kinds = idKinds.map((kind) => [kind, idsOf(ids, kind)] as const).filter(([, found]) => found.length > 0)
  return Object.fromEntries(kinds.map(([kind, found]) => [kind, found.length === 1 ? (found[0] ?? '') : found]))
}

export function boundValues({ fromMicros, toMicros, loadedAfterMicros, before }: Bounds): Values {
  const instants: [string, Instant][] = []
  if (fromMicros !== undefined) instants.push(['from_time', { micros: fromMicros }])
  if (toMicros !== undefined) instants.push(['to_time', { micros: toMicros }])
  if (loadedAfterMicros !== undefined) instants.push(['loaded', { micros: loadedAfterMicros }])
  if (before !== undefined) instants.push(['before_time', { micros: before.micros }])
  return { ...Object.fromEntries(instants), ...(before === undefined ? {} : { before_place: before.place }) }
}

function isOneOf(column: string, kind: IdKind, values: Values): string {
  return typeof values[kind] === 'string' ? `${column} = @${kind}` : `${column} IN UNNEST(@${kind})`
}

function boundsSql(table: PersonTable, { fromMicros, toMicros, loadedAfterMicros, before }: Bounds): string[] {
  const conditions: string[] = []
  if (fromMicros !== undefined) conditions.push('timestamp >= @from_time')
  if (toMicros !== undefined) conditions.push('timestamp < @to_time')
  if (loadedAfterMicros !== undefined) conditions.push('loaded_at > @loaded')
  if (before !== undefined) {
    conditions.push('timestamp <= @before_time')
    conditions.push(`(timestamp < @before_time OR ${placeSql(table)} > @before_place)`)
  }
  return conditions
}

/** Conditions that together take every row of the person once; none if the table can't have any. */
export function branches(table: PersonTable, values: Values, bounds: Bounds): string[] {
  const searched = searchedColumns(table, values)
  return searched.map(({ column, kind }, index) => {
    const others = searched
      .slice(0, index)
      .map((one) => `NOT COALESCE(${isOneOf(one.column, one.kind, values)}, FALSE)`)
    return [isOneOf(column, kind, values), ...others, ...boundsSql(table, bounds)].join(' AND ')
  })
}

/** The same as one condition: where only counting follows, it is the quicker one. */
export function oneCondition(table: PersonTable, values: Values, bounds: Bounds): string | undefined {
  const searched = searchedColumns(table, values)
  if (searched.length === 0) return undefined
  const isPerson = searched.map(({ column, kind }) => isOneOf(column, kind, values)).join(' OR ')
  return [`(${isPerson})`, ...boundsSql(table, bounds)].join(' AND ')
}

function searchedColumns({ idColumns }: PersonTable, values: Values): { column: string; kind: IdKind }[] {
  return idKinds.flatMap((kind) => {
    const column = idColumns[kind]
    return column !== undefined && values[kind] !== undefined ? [{ column, kind }] : []
  })
}

/** `select(table, condition)` for each way in which a table may hold rows of the person. Undefined: none does. */
export function unionOf(
  tables: readonly PersonTable[],
  values: Values,
  bounds: Bounds,
  select: (table: PersonTable, condition: string) => string,
): string | undefined {
  const selects = tables.flatMap((table) =>
    branches(table, values, bounds).map((condition) => select(table, condition)),
  )
  return selects.length === 0 ? undefined : selects.join(' UNION ALL ')
}

/** What a line of the timeline is made of. */
export function lineSql(table: PersonTable, condition: string): string {
  const { source, dataset, table: name, kind, title, severity } = table
  const constants = Object.entries({ source, dataset, tbl: name, kind }).map(
    ([key, text]) => `${literal(text)} AS ${key}`,
  )
  return `SELECT ${constants.join(', ')}, id, timestamp, received_at, loaded_at, ${title} AS title, ${severity} AS severity,
    ${placeSql(table)} AS place FROM ${relationOf(table)} WHERE ${condition}`
}
