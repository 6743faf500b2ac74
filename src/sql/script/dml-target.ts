// The table that a DML statement changes, and the catalogue with its row ids in it: what is to change is found by a query, and then
// changed by row id.
import type { CatalogColumn, SqlCatalog } from '../catalog.ts'
import type { CompileContext, TempTable } from '../lower/compile.ts'
import { SqlError } from '../sql-error.ts'
import type { ObjectName } from '../syntax/ast-statement.ts'
import { scalar } from '../type-names.ts'
import { placedName } from './names.ts'

/** Nobody's own column is called so. */
export const rowId = '_millpond_row'

export interface DmlTarget {
  /** 'temp' for a temp table. */
  readonly dataset: string
  readonly table: string
  readonly columns: readonly CatalogColumn[]
  /** Written only by name: _PARTITIONTIME. */
  readonly hidden: readonly CatalogColumn[]
  /** Read only by name: pseudo columns. */
  readonly pseudo: readonly CatalogColumn[]
  /** DuckDB name to write to. */
  readonly sql: string
  /** To read from, with the row ids. */
  readonly relation: string
  /** As `context`, but the target has its row ids. */
  readonly context: CompileContext
}

/** SqlError, if there is no such table, or nobody but Millpond writes it. */
export function dmlTarget(name: ObjectName, context: CompileContext): DmlTarget {
  const [first, second] = name.parts
  const temp =
    second === undefined && first !== undefined ? context.tempTables?.get(first.name.toLowerCase()) : undefined
  if (temp !== undefined && first !== undefined) return tempTarget(first.name, temp, context)
  const { catalog } = context
  const { dataset, name: table } = placedName(name, catalog)
  const found = catalog.table(dataset, table)
  const full = `${catalog.project}:${dataset}.${table}`
  if (found === undefined) throw new SqlError('semantic', `Not found: Table ${full}`, name.offset)
  if (found.kind !== 'table')
    throw new SqlError('semantic', `Cannot modify view ${full}: DML changes tables only`, name.offset)
  if (!found.isWritable || found.target === undefined) {
    throw new SqlError(
      'unwritable',
      `Access Denied: Table ${full} is written by Millpond alone, or you have no grant to write it: make a table of your own from it (CREATE TABLE … AS SELECT …)`,
      name.offset,
    )
  }
  const withRows = {
    ...found,
    columns: [...found.columns, { name: rowId, type: scalar.INT64, isHidden: true }],
    relation: `(SELECT *, rowid AS "${rowId}"${partitionDate(found.columns)} FROM ${found.target})`,
  }
  const own: SqlCatalog = {
    project: catalog.project,
    defaultDataset: catalog.defaultDataset,
    table: (inDataset, called) =>
      inDataset === dataset && called === table ? withRows : catalog.table(inDataset, called),
    tableNames: (inDataset) => catalog.tableNames(inDataset),
    datasetNames: () => catalog.datasetNames(),
    routine: (inDataset, called) => catalog.routine(inDataset, called),
    informationSchema: (view, inDataset) => catalog.informationSchema(view, inDataset),
  }
  const columns = found.columns.filter(({ isHidden }) => isHidden !== true)
  const hidden = found.columns.filter(({ name: hiddenName }) => hiddenName === '_PARTITIONTIME')
  const pseudo = found.columns.filter(({ isHidden }) => isHidden === true)
  const { relation } = withRows
  return { dataset, table, columns, hidden, pseudo, sql: found.target, relation, context: { ...context, catalog: own } }
}

/** Computed, as where it is read. */
function partitionDate(columns: readonly CatalogColumn[]): string {
  const has = columns.some(({ name, isHidden }) => name === '_PARTITIONDATE' && isHidden === true)
  return has ? `, CAST("_PARTITIONTIME" AT TIME ZONE 'UTC' AS DATE) AS "_PARTITIONDATE"` : ''
}

function tempTarget(name: string, temp: TempTable, context: CompileContext): DmlTarget {
  const withRows: TempTable = {
    columns: [...temp.columns, { name: rowId, type: scalar.INT64 }],
    relation: `(SELECT *, rowid AS "${rowId}" FROM ${temp.relation})`,
  }
  const tempTables = new Map(context.tempTables).set(name.toLowerCase(), withRows)
  return {
    dataset: 'temp',
    table: name,
    columns: temp.columns,
    hidden: [],
    pseudo: [],
    sql: temp.relation,
    relation: withRows.relation,
    context: { ...context, tempTables },
  }
}

export function targetColumn(target: DmlTarget, name: string, offset: number): CatalogColumn {
  const found = [...target.columns, ...target.hidden].find((column) => column.name.toLowerCase() === name.toLowerCase())
  if (found === undefined)
    throw new SqlError('semantic', `Column ${name} is not present in table ${target.dataset}.${target.table}`, offset)
  return found
}
