// A whole dataset is taken from files: in one transaction, so that nobody ever finds half
// of it, and only after every file has been looked at.
import { assert, MillpondError } from '../../core/errors.ts'
import type { Catalog, ColumnSpec, DatasetReplacement, SchemaChange, TableName } from '../driver.ts'
import { exactFloatMax, systemDataset } from '../schema.ts'
import { changedCatalog, changesSql, hasColumn, tablesOf } from './catalog.ts'
import { columnsOfFile, fileSql, importRows } from './exchange.ts'
import { type Link, readRows } from './link.ts'
import { quoteName, quoteTable } from './names.ts'

type Files = DatasetReplacement['tables']

/** Rows appended, and the tables as they are then. Errors: rebuild-differs, column-unknown. */
export async function replaceDataset(
  link: Link,
  catalog: Catalog,
  { dataset, tables, changes }: DatasetReplacement,
  folder: string,
): Promise<{ rows: number; catalog: Catalog }> {
  assert(dataset !== systemDataset, 'the tables of the platform are not replaced')
  const shapes = await shapeChanges(link, catalog, { dataset, tables }, folder)
  const shaped = changedCatalog(catalog, shapes)
  if (shapes.length > 0) await link.api.run(changesSql(catalog, shapes))
  const files = new Set(tables.map(({ table }) => table))
  for (const { name, columns } of tablesOf(shaped, dataset)) {
    if (files.has(name.table) || hasColumn(columns, 'id')) await link.api.run(`DELETE FROM ${quoteTable(name)}`)
  }
  let rows = 0
  for (const { table, path } of tables) {
    rows += await importRows(link, shaped, { table: { dataset, table }, path, replace: 'nothing' }, folder)
  }
  if (changes.length > 0) await link.api.run(changesSql(shaped, changes))
  return { rows, catalog: changedCatalog(shaped, changes) }
}

/** What the present tables lack to take the files. */
async function shapeChanges(
  link: Link,
  catalog: Catalog,
  { dataset, tables }: { readonly dataset: string; readonly tables: Files },
  folder: string,
): Promise<SchemaChange[]> {
  const changes: SchemaChange[] = []
  for (const { table, columns, path } of tables) {
    const name: TableName = { dataset, table }
    const present = catalog.get(dataset)?.get(table)
    if (present === undefined) {
      changes.push({ kind: 'create-table', table: name, columns })
      continue
    }
    const missing = columns.filter((column) => !hasColumn(present, column.name))
    changes.push(...missing.map((column): SchemaChange => ({ kind: 'add-column', table: name, column })))
    for (const column of await widenedColumns(link, name, present, fileSql(path, folder))) {
      changes.push({ kind: 'widen-column', table: name, column })
    }
  }
  return changes
}

/** Columns that are integer, and float in the file. Error: rebuild-differs, if there is no way from a type to the other. */
async function widenedColumns(
  link: Link,
  table: TableName,
  present: readonly ColumnSpec[],
  file: string,
): Promise<string[]> {
  const widened: string[] = []
  for (const { name, type } of await columnsOfFile(link, file)) {
    const own = present.find((column) => column.name === name)?.type
    if (own === undefined || own === type) continue
    if (own === 'integer' && type === 'float') widened.push(name)
    else if (own !== 'float' || type !== 'integer' || !(await isExactInFloat(link, file, name))) {
      throw anotherType(table, name)
    }
  }
  return widened
}

async function isExactInFloat(link: Link, file: string, column: string): Promise<boolean> {
  const value = quoteName(column)
  const beyond = `${value} NOT BETWEEN -${exactFloatMax} AND ${exactFloatMax}`
  const [row] = await readRows(link, `SELECT count(*) FROM ${file} WHERE ${beyond}`)
  return Number(row?.[0]) === 0
}

function anotherType({ dataset, table }: TableName, column: string): MillpondError {
  return new MillpondError(
    'rebuild-differs',
    `The dataset ${dataset} can't be taken over, and nothing was changed: its column ${table}.${column} has another type by now; run a full rebuild`,
  )
}
