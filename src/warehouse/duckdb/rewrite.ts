// A table written anew with some columns made in JavaScript: range by range of row numbers, so that neither side holds
// more than a few megabytes. Never UPDATE and never ALTER … TYPE (docs/decisions/0002-duckdb.md).
//
//   CREATE next ─▶ (read a range ─▶ make values ─▶ stage them ─▶ INSERT the joined range, in order) … ─▶ DROP, RENAME
import type { DuckDBValue } from '@duckdb/node-api'

import type { ColumnSpec, Scalar, TableName } from '../driver.ts'
import type { AppendBlock } from './append.ts'
import { changedRows, type Link, readRows } from './link.ts'
import { quoteName, quoteTable, typeNameOf } from './names.ts'
import { packColumn } from './pack.ts'

/** New values of one row, in the order of `changed`. */
export interface StagedRow {
  readonly rowId: bigint
  readonly values: readonly Scalar[]
}

export interface TableShapes {
  readonly table: TableName
  readonly before: readonly ColumnSpec[]
  readonly after: readonly ColumnSpec[]
}

export interface Rewrite {
  readonly table: TableName
  /** All of the table as it will be, in order. */
  readonly columns: readonly ColumnSpec[]
  /** Those that staged rows bring. A row that isn't staged keeps its value; of a retyped column it is NULL. */
  readonly changed: readonly { readonly name: string; readonly isRetyped: boolean }[]
  /** Rows in memory at once are about this large: SQL that gives the bytes of a row that is read. */
  readonly bytesSql: string
  /** The rows to stage of a range; `rangeSql` is a condition over `rowid` of the table, which must be called `t`. */
  readonly stage: (rangeSql: string) => Promise<StagedRow[]>
}

const stageTable: TableName = { dataset: 'main', table: 'millpond_rewritten' }
const nextTable = '_millpond_next'
/** A row group. */
const rangeRowsMax = 30_720
const rangeBytesMax = 16 * 1024 * 1024

/** Inside the link's transaction. Rows written. */
export async function rewriteTable(link: Link, rewrite: Rewrite, append: AppendBlock): Promise<number> {
  const { table, columns } = rewrite
  const next = quoteTable({ dataset: table.dataset, table: nextTable })
  const definition = columns.map(({ name, type }) => `${quoteName(name)} ${typeNameOf(type)}`)
  await link.api.run(`CREATE TABLE ${next} (${definition.join(', ')})`)
  const [last] = await readRows(link, `SELECT coalesce(max(rowid), -1) FROM ${quoteTable(table)}`)
  const end = BigInt(String(last?.[0] ?? -1))
  let rows = 0
  let from = 0n
  while (from <= end) {
    const until = await endOfRange(link, rewrite, from)
    const range = `t.rowid BETWEEN ${from} AND ${until}`
    await fillStage(link, rewrite, await rewrite.stage(range), append)
    rows += await changedRows(link, insertSql(rewrite, next, range))
    await link.api.run(`DROP TABLE temp.main.${stageTable.table}`)
    from = until + 1n
  }
  await link.api.run(`DROP TABLE ${quoteTable(table)}; ALTER TABLE ${next} RENAME TO ${quoteName(table.table)}`)
  return rows
}

/** Halves the range until what is read of it fits. */
async function endOfRange(link: Link, { table, bytesSql }: Rewrite, from: bigint): Promise<bigint> {
  for (let rows = rangeRowsMax; ; rows = Math.ceil(rows / 2)) {
    const until = from + BigInt(rows) - 1n
    const sql = `SELECT coalesce(sum(${bytesSql}), 0)::DOUBLE FROM ${quoteTable(table)} AS t
      WHERE t.rowid BETWEEN ${from} AND ${until}`
    const [row] = await readRows(link, sql)
    if (rows === 1 || Number(row?.[0]) <= rangeBytesMax) return until
  }
}

async function fillStage(
  link: Link,
  rewrite: Rewrite,
  staged: readonly StagedRow[],
  append: AppendBlock,
): Promise<void> {
  const specs: ColumnSpec[] = [
    { name: 'row_id', type: 'integer' },
    ...rewrite.changed.map(({ name }, index) => ({ name: `value_${index}`, type: typeIn(rewrite, name) })),
  ]
  const definition = specs.map(({ name, type }) => `${name} ${typeNameOf(type)}`).join(', ')
  await link.api.run(`CREATE TEMP TABLE ${stageTable.table} (${definition})`)
  if (staged.length === 0) return
  const columns = specs.map((spec, index) =>
    packColumn(
      spec,
      staged.map((row) => (index === 0 ? row.rowId : (row.values[index - 1] ?? null))),
    ),
  )
  await append(link, { table: stageTable, rowCount: staged.length, columns }, specs, 'temp')
}

function typeIn({ columns }: Rewrite, name: string): ColumnSpec['type'] {
  return columns.find((one) => one.name === name)?.type ?? 'text'
}

function insertSql({ table, columns, changed }: Rewrite, next: string, range: string): string {
  const list = columns.map(({ name }) => {
    const index = changed.findIndex((one) => one.name === name)
    if (index === -1) return `t.${quoteName(name)}`
    if (changed[index]?.isRetyped === true) return `s.value_${index}`
    return `CASE WHEN s.row_id IS NULL THEN t.${quoteName(name)} ELSE s.value_${index} END`
  })
  return `INSERT INTO ${next} SELECT ${list.join(', ')}
    FROM ${quoteTable(table)} AS t LEFT JOIN temp.main.${stageTable.table} AS s ON t.rowid = s.row_id
    WHERE ${range} ORDER BY t.rowid`
}

/** Bytes of a column's value in a row `t`; 0 without one. */
export function bytesOf({ name, type }: ColumnSpec): string {
  return type === 'text' || type === 'json' ? `coalesce(strlen(t.${quoteName(name)}::VARCHAR), 0)` : '8'
}

export function rowIdOf(value: DuckDBValue | undefined): bigint {
  return BigInt(String(value))
}
