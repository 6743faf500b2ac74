// Which tables hold events of people, for one caller, and which columns of them may be named.
import { MillpondError } from '../../core/errors.ts'
import type { VisibleTable } from '../../query/contract.ts'
import type { ScalarKind, SqlType } from '../../sql/types.ts'
import type { EventPick } from './spec.ts'

export interface EventTable {
  readonly source: string
  readonly table: string
  readonly columns: ReadonlyMap<string, SqlType>
  /** Columns that may say whose a row is, first those that say it best. */
  readonly idColumns: readonly string[]
  readonly rows: number | undefined
}

/** By `source.table`, of sources only: what people make looks like anything. */
export type EventTables = ReadonlyMap<string, EventTable>

const idNames = ['user_id', 'anonymous_id'] as const

export function eventTablesOf(visible: readonly VisibleTable[], isSource: (dataset: string) => boolean): EventTables {
  const found = visible.flatMap(({ dataset, table, kind, columns: listed, rows }): [string, EventTable][] => {
    if (!isSource(dataset)) return []
    const columns = new Map(listed.map(({ name, sqlType }) => [name, sqlType]))
    const idColumns = idNames.filter((name) => columns.get(name)?.kind === 'STRING')
    if (idColumns.length === 0 || columns.get('timestamp')?.kind !== 'TIMESTAMP') return []
    return [
      [`${dataset}.${table}`, { source: dataset, table, columns, idColumns, rows: kind === 'view' ? undefined : rows }],
    ]
  })
  return new Map(found)
}

/** Error: table-unknown, also for what only others may read. */
export function tableOf(tables: EventTables, { source, table }: Pick<EventPick, 'source' | 'table'>): EventTable {
  const found = tables.get(`${source}.${table}`)
  if (found !== undefined) return found
  throw new MillpondError('table-unknown', `There are no events of people in ${source}.${table}, or not for you`)
}

const scalarKinds: ReadonlySet<string> = new Set<ScalarKind>([
  'INT64',
  'FLOAT64',
  'NUMERIC',
  'BIGNUMERIC',
  'BOOL',
  'STRING',
  'DATE',
  'TIMESTAMP',
])
const numberKinds: ReadonlySet<string> = new Set<ScalarKind>(['INT64', 'FLOAT64', 'NUMERIC', 'BIGNUMERIC'])

/** The type of a column that can be compared. Error: request-invalid. */
export function comparableKind({ columns, source, table }: EventTable, property: string): ScalarKind {
  const kind = columns.get(property)?.kind
  if (kind !== undefined && scalarKinds.has(kind)) return kind as ScalarKind
  const why = kind === undefined ? 'has no such column for you' : `has it as ${kind}, which can't be compared`
  throw new MillpondError('request-invalid', `\`${property}\`: ${source}.${table} ${why}.`)
}

/** Error: request-invalid. */
export function needNumber(table: EventTable, property: string): void {
  if (numberKinds.has(comparableKind(table, property))) return
  throw new MillpondError('request-invalid', `\`${property}\` of ${table.source}.${table.table} holds no numbers.`)
}

/** Whether one row may be an event of both. `tracks` holds every event with a table of its own. */
export function mayShareRows(one: EventPick, other: EventPick): boolean {
  if (one.source !== other.source) return false
  if (one.table !== other.table && one.table !== 'tracks' && other.table !== 'tracks') return false
  return one.name === undefined || other.name === undefined || one.name === other.name
}
