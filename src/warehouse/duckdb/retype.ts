// A column gets another type: every value it holds, and every one that once didn't fit and waits in `_overflow`, is
// judged anew. `users` follows `identifies`, and views over the tables show the new type.
import { MillpondError } from '../../core/errors.ts'
import type { Catalog, RetypeReceipt, RetypeRequest, TableName } from '../driver.ts'
import { callTables, overflowColumn, usersColumns, usersTable } from '../schema.ts'
import type { AppendBlock } from './append.ts'
import { hasColumn, knownColumns, retypedCatalog, specOf, traitTimesColumn } from './catalog.ts'
import { judge, type Retyping, sentValue } from './judge.ts'
import { type Link, readRows } from './link.ts'
import { quoteName, quoteTable, quoteText } from './names.ts'
import { retypeUsers } from './retype-users.ts'
import { bytesOf, rewriteTable, rowIdOf, type StagedRow, type TableShapes } from './rewrite.ts'
import { redefineViews } from './views.ts'

export interface Retyped {
  readonly receipt: RetypeReceipt
  /** Of all columns, in all tables. */
  readonly rowsWritten: number
  readonly catalog: Catalog
}

/** Inside the link's transaction. Error: column-unknown. */
export async function retypeColumn(
  link: Link,
  catalog: Catalog,
  request: RetypeRequest,
  append: AppendBlock,
): Promise<Retyped> {
  const { tables, column, type } = request
  for (const table of tables) checkTable(catalog, table, column)
  const identified = tables.filter(({ table }) => table === callTables.identify).map(({ dataset }) => dataset)
  const followers = identified
    .map((dataset): TableName => ({ dataset, table: usersTable }))
    .filter((table) => isTrait(catalog, table, column))
  const after = retypedCatalog(catalog, [...tables, ...followers], column, type)
  const counts = { rows: 0, overflowed: 0 }
  let rowsWritten = 0
  for (const table of tables) {
    const before = knownColumns(catalog, table)
    rowsWritten += await retypeTable(
      link,
      { table, before, after: knownColumns(after, table) },
      request,
      counts,
      append,
    )
  }
  for (const table of followers) {
    const users = { table, before: knownColumns(catalog, table), after: knownColumns(after, table) }
    rowsWritten += await retypeUsers(link, users, request, append)
  }
  await redefineViews(link, new Set(tables.map(({ dataset }) => dataset)), column, type)
  return { receipt: counts, rowsWritten, catalog: after }
}

function checkTable(catalog: Catalog, table: TableName, column: string): void {
  const columns = knownColumns(catalog, table)
  const where = `${table.dataset}.${table.table}`
  if (!hasColumn(columns, column)) throw new MillpondError('column-unknown', `${where} has no column ${column}`)
  if (hasColumn(columns, overflowColumn, 'json')) return
  throw new MillpondError('column-unknown', `${where} has no ${overflowColumn} for values that don't fit`)
}

function isTrait(catalog: Catalog, { dataset, table }: TableName, column: string): boolean {
  const columns = catalog.get(dataset)?.get(table)
  const isOurs = column === traitTimesColumn.name || hasColumn(usersColumns, column)
  return columns !== undefined && !isOurs && hasColumn(columns, column)
}

async function retypeTable(
  link: Link,
  { table, before, after }: TableShapes,
  retyping: Retyping,
  counts: { rows: number; overflowed: number },
  append: AppendBlock,
): Promise<number> {
  const { column } = retyping
  const spec = specOf(before, column)
  const value = `t.${quoteName(column)}`
  const overflow = `t.${overflowColumn}::VARCHAR`
  // A key may stand there with escapes; whoever has none holds it as it is.
  const mayHold = `contains(${overflow}, ${quoteText(column)}) OR contains(${overflow}, '\\')`
  const stage = async (range: string): Promise<StagedRow[]> => {
    const rows = await readRows(
      link,
      `SELECT t.rowid, ${value}, ${overflow} FROM ${quoteTable(table)} AS t
       WHERE ${range} AND (${value} IS NOT NULL OR ${mayHold})`,
    )
    return rows.map(([rowId, own, text]) => {
      const judged = judge(sentValue(own ?? null, spec.type), typeof text === 'string' ? text : null, retyping)
      if (judged.isHeld) counts.rows += 1
      if (judged.isOverflowed) counts.overflowed += 1
      return { rowId: rowIdOf(rowId), values: [judged.value, judged.overflow] }
    })
  }
  return rewriteTable(
    link,
    {
      table,
      columns: after,
      changed: [
        { name: column, isRetyped: true },
        { name: overflowColumn, isRetyped: false },
      ],
      bytesSql: `${bytesOf(spec)} + ${bytesOf(specOf(before, overflowColumn))}`,
      stage,
    },
    append,
  )
}
