// Measures one table: bytes of every column, by day if it has days.
import type { WarehouseDriver } from '../../warehouse/driver.ts'
import type { WarehouseSession } from '../../warehouse/session.ts'
import type { DirectoryTable } from '../catalog/directory.ts'
import { collectRows } from '../../warehouse/collect-rows.ts'
import { sumOfSizes } from './size-sql.ts'

export interface TableSizes {
  readonly columns: readonly string[]
  /** By column; of the measured rows. */
  readonly bytes: readonly number[]
  /** Rows that the table had, and those that were looked at. */
  readonly rows: number
  readonly measuredRows: number
  readonly isExact: boolean
  /** Days since 1970, oldest first; undefined: of rows without a time. Undefined: the table has no days. */
  readonly days: readonly DaySizes[] | undefined
  readonly measuredAtMicros: number
}

export interface DaySizes {
  readonly day: number | undefined
  readonly rows: number
  readonly bytes: readonly number[]
}

/** A first look takes no longer than a person waits. */
const sampleRows = 200_000

export async function measureTable(
  driver: Pick<WarehouseDriver, 'openSession'>,
  table: DirectoryTable,
  { isExact, nowMicros }: { readonly isExact: boolean; readonly nowMicros: number },
): Promise<TableSizes> {
  const session = await driver.openSession({ semantics: 'plain' })
  try {
    // A view doesn't know its rows: they are counted, which is fast, before they are looked at.
    const rowsNow = table.kind === 'table' ? table.rows : await countRows(session, table)
    const isWhole = isExact || rowsNow <= sampleRows
    const rows = await collectRows(session, {
      sql: measureSql(table, isWhole ? 100 : (100 * sampleRows) / rowsNow),
    })
    const days = rows.map(([day, count, ...bytes]): DaySizes => ({
      day: day === null || day === undefined ? undefined : Number(day),
      rows: Number(count),
      bytes: bytes.map(Number),
    }))
    const measuredRows = days.reduce((sum, one) => sum + one.rows, 0)
    return {
      columns: table.columns.map(({ name }) => name),
      bytes: table.columns.map((_, index) => days.reduce((sum, one) => sum + (one.bytes[index] ?? 0), 0)),
      rows: isWhole ? measuredRows : Math.max(rowsNow, measuredRows),
      measuredRows,
      isExact: isWhole,
      days: table.partitioning === undefined ? undefined : days,
      measuredAtMicros: nowMicros,
    }
  } finally {
    await session.close()
  }
}

async function countRows(session: WarehouseSession, table: DirectoryTable): Promise<number> {
  const [[count] = []] = await collectRows(session, { sql: `SELECT count(*) FROM ${nameOf(table)}` })
  return Number(count ?? 0)
}

function nameOf({ origin, dataset, table }: DirectoryTable): string {
  return [origin, dataset, table].map(quoted).join('.')
}

function measureSql(table: DirectoryTable, percent: number): string {
  const { columns, partitioning } = table
  const time = columns.find((column) => column.name === partitioning?.column)
  // Rows that are partitioned by their coming have that time beside their columns.
  const kind = partitioning?.column === '_PARTITIONTIME' ? 'TIMESTAMP' : time?.sqlType.kind
  const hasDays = kind === 'TIMESTAMP' || kind === 'DATE' || kind === 'DATETIME'
  const day = hasDays ? `date_diff('day', DATE '1970-01-01', ${dateOf(partitioning?.column ?? '', kind)})` : 'NULL'
  const sizes = columns.map((column) => sumOfSizes(quoted(column.name), column.sqlType))
  const name = nameOf(table)
  // Whole blocks of rows: the others aren't even read.
  const from = percent >= 100 ? name : `(SELECT * FROM ${name} USING SAMPLE ${percent} PERCENT (system, 1))`
  return `SELECT ${[day, 'count(*)', ...sizes].join(', ')} FROM ${from} GROUP BY 1 ORDER BY 1`
}

function dateOf(column: string, kind: 'TIMESTAMP' | 'DATE' | 'DATETIME'): string {
  return kind === 'TIMESTAMP' ? `CAST(${quoted(column)} AT TIME ZONE 'UTC' AS DATE)` : `CAST(${quoted(column)} AS DATE)`
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}
