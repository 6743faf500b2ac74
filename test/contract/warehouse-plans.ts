// Small plans and answers for tests that talk to a warehouse driver.
import type {
  ColumnSpec,
  LoadPlan,
  RowBlock,
  Scalar,
  SchemaChange,
  TableName,
  WarehouseDriver,
} from '../../src/warehouse/driver.ts'
import { packColumn } from '../../src/warehouse/duckdb/pack.ts'
import { commonColumns } from '../../src/warehouse/schema.ts'

export const never = new AbortController().signal

/** A plan that moves stream `events` to `sequence`. */
export function planTo(sequence: number, parts: Partial<LoadPlan> = {}): LoadPlan {
  return {
    changes: [],
    blocks: [],
    users: [],
    counts: [],
    replayed: [],
    positions: [{ stream: 'events', sequence }],
    ...parts,
  }
}

/** Rows given as one object each; columns that no row names are left out of the block. */
export function blockOf(
  table: TableName,
  columns: readonly ColumnSpec[],
  rows: readonly Readonly<Record<string, Scalar>>[],
): RowBlock {
  const named = columns.filter(({ name }) => rows.some((row) => Object.hasOwn(row, name)))
  return {
    table,
    rowCount: rows.length,
    columns: named.map((column) =>
      packColumn(
        column,
        rows.map((row) => row[column.name] ?? null),
      ),
    ),
  }
}

export async function rowsOf(driver: WarehouseDriver, sql: string): Promise<unknown[][]> {
  const run = await driver.query(sql, never)
  const rows: unknown[][] = []
  for await (const chunk of run.rows) rows.push(...chunk.map((row) => [...row]))
  return rows
}

export const clicks: TableName = { dataset: 'web', table: 'clicks' }

export function createOf(
  table: TableName,
  columns: readonly ColumnSpec[] = commonColumns,
): SchemaChange & { kind: 'create-table' } {
  return { kind: 'create-table', table, columns }
}

export function clickRows(rows: readonly Readonly<Record<string, Scalar>>[], table = clicks): RowBlock {
  return blockOf(table, commonColumns, rows)
}
