// Rows out to a Parquet file and in from one, below the one folder that the engine may reach.
import { resolve, sep } from 'node:path'

import { assert, MillpondError } from '../../core/errors.ts'
import type { Catalog, ColumnType, ExportRequest, TableName } from '../driver.ts'
import { knownColumns } from './catalog.ts'
import { changedRows, type Link, readRows } from './link.ts'
import { columnTypeOf, quoteName, quoteTable, quoteText, timestampSql } from './names.ts'

/** All columns, also those that the driver keeps to itself. Rows written. Error: column-unknown. */
export async function exportRows(
  link: Link,
  catalog: Catalog,
  { table, receivedBeforeMicros, path }: ExportRequest,
  folder: string,
): Promise<number> {
  checkPath(path, folder)
  const columns = knownColumns(catalog, table)
  const list = columns.map(({ name }) => quoteName(name)).join(', ')
  const where = receivedBeforeMicros === undefined ? '' : `WHERE received_at < ${timestampSql(receivedBeforeMicros)}`
  return changedRows(
    link,
    `COPY (SELECT ${list} FROM ${quoteTable(table)} ${where}) TO ${quoteText(path)} (FORMAT parquet, COMPRESSION zstd)`,
  )
}

export interface ImportRequest {
  readonly table: TableName
  readonly path: string
  readonly replace: 'nothing' | 'all' | 'same-ids'
}

/** Rows appended. Error: column-unknown, also for a column of another type. */
export async function importRows(
  link: Link,
  catalog: Catalog,
  { table, path, replace }: ImportRequest,
  folder: string,
): Promise<number> {
  const file = fileSql(path, folder)
  const names = await columnsToImport(link, catalog, table, file)
  const target = quoteTable(table)
  if (replace === 'all') await link.api.run(`DELETE FROM ${target}`)
  if (replace === 'same-ids') await link.api.run(`DELETE FROM ${target} WHERE id IN (SELECT id FROM ${file})`)
  const list = names.map(quoteName).join(', ')
  return changedRows(link, `INSERT INTO ${target} (${list}) SELECT ${list} FROM ${file}`)
}

/** No value changes on its way: types are the same, or float where the file has integer, as after a widening. */
async function columnsToImport(link: Link, catalog: Catalog, table: TableName, file: string): Promise<string[]> {
  const columns = new Map(knownColumns(catalog, table).map(({ name, type }) => [name, type]))
  return (await columnsOfFile(link, file)).map(({ name, type, typeName }) => {
    const own = columns.get(name)
    if (own !== undefined && (own === type || (own === 'float' && type === 'integer'))) return name
    const there = own === undefined ? 'no such column' : `the type ${own}`
    throw new MillpondError(
      'column-unknown',
      `The file has a column ${name} of type ${type ?? typeName}, ${table.dataset}.${table.table} has ${there}`,
    )
  })
}

export interface FileColumn {
  readonly name: string
  /** undefined: one that we never write. */
  readonly type: ColumnType | undefined
  readonly typeName: string
}

/** `file`: of fileSql. */
export async function columnsOfFile(link: Link, file: string): Promise<FileColumn[]> {
  const found = await readRows(link, `SELECT column_name, column_type FROM (DESCRIBE SELECT * FROM ${file})`)
  return found.map(([name, typeName]) => ({
    name: String(name),
    type: columnTypeOf(String(typeName)),
    typeName: String(typeName),
  }))
}

/** The file as a table of a query. */
export function fileSql(path: string, folder: string): string {
  checkPath(path, folder)
  return `read_parquet(${quoteText(path)})`
}

function checkPath(path: string, folder: string): void {
  assert(resolve(path) === path && path.startsWith(folder + sep), 'a file to exchange lies in the exchange folder')
}
