// The shape of the fed tables: read once when the file is opened, then carried along by the changes of every load.
// Only the loader changes shapes, so memory and file agree as long as both follow the same plan.
import { assert, MillpondError } from '../../core/errors.ts'
import type { Catalog, ColumnSpec, ColumnType, SchemaChange, TableName } from '../driver.ts'
import { systemDataset, systemTables, usersTable } from '../schema.ts'
import { type Link, readRows } from './link.ts'
import { columnTypeOf, fedCatalog, quoteName, quoteTable, quoteText, typeNameOf } from './names.ts'

/** Ours, in every `users` table: column -> [time in microseconds, tie break] of the value that stands there. */
export const traitTimesColumn: ColumnSpec = { name: '_trait_times', type: 'json' }

export async function readCatalog(link: Link): Promise<Catalog> {
  const rows = await readRows(
    link,
    `SELECT c.schema_name, c.table_name, c.column_name, c.data_type
     FROM duckdb_columns() c JOIN duckdb_tables() t USING (database_name, schema_name, table_name)
     WHERE database_name = '${fedCatalog}' ORDER BY c.schema_name, c.table_name, c.column_index`,
  )
  const catalog = new Map<string, Map<string, ColumnSpec[]>>()
  for (const row of rows) {
    const [dataset, table, name, typeName] = row.map(String)
    assert(dataset !== undefined && table !== undefined && name !== undefined, 'duckdb_columns has names')
    const type = columnTypeOf(typeName ?? '')
    assert(type !== undefined, `${dataset}.${table}.${name} has the unexpected type ${typeName}`)
    const tables = getOrAdd(catalog, dataset, () => new Map<string, ColumnSpec[]>())
    getOrAdd(tables, table, () => []).push({ name, type })
  }
  return catalog
}

function getOrAdd<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  const found = map.get(key)
  if (found !== undefined) return found
  const made = make()
  map.set(key, made)
  return made
}

/** The changes that bring `millpond` up to this version's tables. */
export function systemChanges(catalog: Catalog): SchemaChange[] {
  const existing = catalog.get(systemDataset)
  return Object.entries(systemTables).flatMap(([name, columns]): SchemaChange[] => {
    const table = { dataset: systemDataset, table: name }
    const there = existing?.get(name)
    if (there === undefined) return [{ kind: 'create-table', table, columns }]
    const names = new Set(there.map((column) => column.name))
    return columns.filter((column) => !names.has(column.name)).map((column) => ({ kind: 'add-column', table, column }))
  })
}

export function columnsOf(catalog: Catalog, table: TableName): readonly ColumnSpec[] {
  const columns = catalog.get(table.dataset)?.get(table.table)
  assert(columns !== undefined, `there is no table ${table.dataset}.${table.table}`)
  return columns
}

/** As columnsOf, for a table that somebody named. Error: column-unknown. */
export function knownColumns(catalog: Catalog, table: TableName): readonly ColumnSpec[] {
  const columns = catalog.get(table.dataset)?.get(table.table)
  if (columns !== undefined) return columns
  throw new MillpondError('column-unknown', `There is no table ${table.dataset}.${table.table}`)
}

export function hasColumn(columns: readonly ColumnSpec[], name: string, type?: ColumnType): boolean {
  return columns.some((one) => one.name === name && (type === undefined || one.type === type))
}

export function specOf(columns: readonly ColumnSpec[], name: string): ColumnSpec {
  const spec = columns.find((one) => one.name === name)
  if (spec === undefined) throw new MillpondError('column-unknown', `There is no column ${name}`)
  return spec
}

/** undefined: of all datasets. */
export function* tablesOf(
  catalog: Catalog,
  dataset?: string,
): Generator<{ readonly name: TableName; readonly columns: readonly ColumnSpec[] }> {
  for (const [one, tables] of catalog) {
    if (dataset !== undefined && one !== dataset) continue
    for (const [table, columns] of tables) yield { name: { dataset: one, table }, columns }
  }
}

/** One column of these tables has another type. */
export function retypedCatalog(
  catalog: Catalog,
  tables: readonly TableName[],
  column: string,
  type: ColumnType,
): Catalog {
  const changed = new Map([...catalog].map(([dataset, its]) => [dataset, new Map(its)]))
  for (const table of tables) {
    const columns = columnsOf(catalog, table).map((one) => (one.name === column ? { ...one, type } : one))
    changed.get(table.dataset)?.set(table.table, columns)
  }
  return changed
}

/** The catalog after the changes; the given one stays as it was, for the case that the transaction is rolled back. */
export function changedCatalog(catalog: Catalog, changes: readonly SchemaChange[]): Catalog {
  if (changes.length === 0) return catalog
  const changed = new Map([...catalog].map(([dataset, tables]) => [dataset, new Map(tables)]))
  for (const change of changes) {
    if (change.kind === 'define-union') continue
    const { dataset, table } = change.table
    const tables = getOrAdd(changed, dataset, () => new Map<string, readonly ColumnSpec[]>())
    if (change.kind === 'create-table') {
      tables.set(table, createdColumns(change))
      continue
    }
    const columns = tables.get(table)
    assert(columns !== undefined, `${change.kind} of ${dataset}.${table}, which doesn't exist`)
    tables.set(
      table,
      change.kind === 'add-column'
        ? [...columns, change.column]
        : columns.map((column) => (column.name === change.column ? { ...column, type: 'float' } : column)),
    )
  }
  return changed
}

function createdColumns(change: SchemaChange & { kind: 'create-table' }): readonly ColumnSpec[] {
  return change.table.table === usersTable ? [...change.columns, traitTimesColumn] : change.columns
}

/** Catalog without what is the driver's own affair. */
export function shownCatalog(catalog: Catalog): Catalog {
  return new Map(
    [...catalog].map(([dataset, tables]) => {
      const users = tables.get(usersTable)
      if (users === undefined) return [dataset, tables]
      const shown = users.filter((column) => column.name !== traitTimesColumn.name)
      return [dataset, new Map([...tables, [usersTable, shown]])]
    }),
  )
}

/** One SQL script for all changes of a load. */
export function changesSql(catalog: Catalog, changes: readonly SchemaChange[]): string {
  const datasets = new Set(
    changes.filter((change) => !catalog.has(change.table.dataset)).map((change) => change.table.dataset),
  )
  const schemas = [...datasets].map((dataset) => `CREATE SCHEMA IF NOT EXISTS ${fedCatalog}.${quoteName(dataset)};`)
  return [...schemas, ...changes.map((change) => `${changeSql(change)};`)].join('\n')
}

function changeSql(change: SchemaChange): string {
  const table = quoteTable(change.table)
  if (change.kind === 'create-table') {
    return `CREATE TABLE ${table} (${createdColumns(change).map(columnSql).join(', ')})`
  }
  if (change.kind === 'add-column') return `ALTER TABLE ${table} ADD COLUMN ${columnSql(change.column)}`
  if (change.kind === 'widen-column') {
    return `ALTER TABLE ${table} ALTER COLUMN ${quoteName(change.column)} SET DATA TYPE ${typeNameOf('float')}`
  }
  return `CREATE OR REPLACE VIEW ${table} AS ${unionSql(change)}`
}

function columnSql({ name, type }: ColumnSpec): string {
  return `${quoteName(name)} ${typeNameOf(type)}`
}

export function unionSql({ table, columns, members }: SchemaChange & { kind: 'define-union' }): string {
  const selects = members.map((member) => {
    const has = new Set(member.columns)
    const list = columns.map(({ name, type }) =>
      has.has(name) ? quoteName(name) : `CAST(NULL AS ${typeNameOf(type)}) AS ${quoteName(name)}`,
    )
    return `SELECT ${list.join(', ')} FROM ${quoteTable({ dataset: table.dataset, table: member.table })}`
  })
  if (selects.length > 0) return selects.join(' UNION ALL ')
  const nothing = columns.map(({ name, type }) => `CAST(NULL AS ${typeNameOf(type)}) AS ${quoteName(name)}`)
  return `SELECT ${nothing.join(', ')} WHERE ${quoteText('no members')} = ''`
}
