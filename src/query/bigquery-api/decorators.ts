// `table$20260301`: one partition of a table, as the name says it.
import type { VisibleTable } from '../contract.ts'
import { invalid } from './google-error.ts'
import { quoteName } from './schema.ts'

export interface Decorated {
  readonly table: string
  /** What stands behind the `$`. */
  readonly decorator: string | undefined
}

export function splitDecorator(tableId: string): Decorated {
  const at = tableId.indexOf('$')
  return at < 0
    ? { table: tableId, decorator: undefined }
    : { table: tableId.slice(0, at), decorator: tableId.slice(at + 1) }
}

/** From `start` on and before `end`; without them: rows without a partition. */
export interface PartitionPlace {
  readonly column: string
  readonly type: string
  readonly bounds: { readonly start: Date; readonly end: Date } | undefined
}

const shapes: Readonly<Record<string, RegExp>> = {
  HOUR: /^(\d{4})(\d{2})(\d{2})(\d{2})$/,
  DAY: /^(\d{4})(\d{2})(\d{2})$/,
  MONTH: /^(\d{4})(\d{2})$/,
  YEAR: /^(\d{4})$/,
}

/** Error: invalid. */
export function partitionPlace({ table, partitioning, columns }: VisibleTable, decorator: string): PartitionPlace {
  if (partitioning === undefined)
    throw invalid(`Table ${table} is not partitioned: it has no $${decorator.slice(0, 40)}`)
  const { column, granularity } = partitioning
  const type = columns.find(({ name }) => name.toLowerCase() === column.toLowerCase())?.sqlType.kind ?? 'TIMESTAMP'
  if (decorator === '__NULL__') return { column, type, bounds: undefined }
  const parts = shapes[granularity]?.exec(decorator)?.slice(1).map(Number)
  if (parts === undefined)
    throw invalid(`Invalid partition decorator $${decorator.slice(0, 40)} for a table partitioned by ${granularity}`)
  const [year = 0, month = 1, day = 1, hour = 0] = parts
  const start = new Date(Date.UTC(year, month - 1, day, hour))
  const step = (n: number): number[] => [
    year + (granularity === 'YEAR' ? n : 0),
    month - 1 + (granularity === 'MONTH' ? n : 0),
    day + (granularity === 'DAY' ? n : 0),
    hour + (granularity === 'HOUR' ? n : 0),
  ]
  const [endYear = 0, endMonth = 0, endDay = 1, endHour = 0] = step(1)
  const isReal = start.getUTCMonth() === month - 1 && start.getUTCDate() === day && start.getUTCHours() === hour
  if (!isReal) throw invalid(`Invalid partition decorator $${decorator}: there is no such day`)
  return { column, type, bounds: { start, end: new Date(Date.UTC(endYear, endMonth, endDay, endHour)) } }
}

/** A predicate of GoogleSQL. */
export function partitionText({ column, type, bounds }: PartitionPlace): string {
  const name = quoteName(column)
  if (bounds === undefined) return `${name} IS NULL`
  return `${name} >= ${literal(type, bounds.start)} AND ${name} < ${literal(type, bounds.end)}`
}

function literal(type: string, time: Date): string {
  const [date = '', clock = ''] = time.toISOString().slice(0, 19).split('T')
  if (type === 'DATE') return `DATE '${date}'`
  return type === 'DATETIME' ? `DATETIME '${date} ${clock}'` : `TIMESTAMP '${date} ${clock}+00'`
}
