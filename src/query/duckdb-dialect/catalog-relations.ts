// The engine's own views of its catalogue, cut down to what the caller may see, as text. What would give away rows or names
// that the caller may not see is NULL in them: sizes and the SQL of views.
import type { CatalogTable } from '../../sql/catalog.ts'
import { identifier, text } from '../../sql/type-names.ts'
import { fold, type VisibleNames } from './names.ts'

/** Tables that the caller sees, with their columns. */
function visible(names: VisibleNames): CatalogTable[] {
  return names
    .datasetNames()
    .flatMap((dataset) => (names.tableNames(dataset) ?? []).flatMap((name) => names.table(dataset, name) ?? []))
}

function rowsOf(rows: readonly (readonly string[])[], width: number): string {
  if (rows.length > 0) return `(VALUES ${rows.map((row) => `(${row.map(text).join(', ')})`).join(', ')})`
  return `(SELECT ${Array.from({ length: width }, () => "''").join(', ')} WHERE 1 = 0)`
}

function tableRows(names: VisibleNames): string {
  return rowsOf(
    visible(names).map(({ dataset, table }) => [dataset, table]),
    2,
  )
}

function columnRows(names: VisibleNames): string {
  const rows = visible(names).flatMap(({ dataset, table, columns }) =>
    columns.filter(({ isHidden }) => isHidden !== true).map(({ name }) => [dataset, table, name]),
  )
  return rowsOf(rows, 3)
}

function schemaRows(names: VisibleNames): string {
  return rowsOf(
    names.datasetNames().map((dataset) => [dataset]),
    1,
  )
}

const inTables = `IN ('fed', 'made')`

interface Relation {
  readonly sql: (names: VisibleNames) => string
}

function filtered(
  from: string,
  catalog: string,
  keys: string,
  rows: (names: VisibleNames) => string,
  replace = '',
): Relation {
  return {
    sql: (names) => `(SELECT *${replace} FROM ${from} WHERE ${catalog} ${inTables} AND (${keys}) IN ${rows(names)})`,
  }
}

const relations: Readonly<Record<string, Relation>> = {
  'information_schema.tables': filtered(
    'system.information_schema.tables',
    'table_catalog',
    'table_schema, table_name',
    tableRows,
  ),
  'information_schema.columns': filtered(
    'system.information_schema.columns',
    'table_catalog',
    'table_schema, table_name, column_name',
    columnRows,
  ),
  'information_schema.schemata': filtered(
    'system.information_schema.schemata',
    'catalog_name',
    'schema_name',
    schemaRows,
  ),
  duckdb_tables: filtered(
    'duckdb_tables()',
    'database_name',
    'schema_name, table_name',
    tableRows,
    ' REPLACE (NULL::BIGINT AS estimated_size, NULL::VARCHAR AS sql)',
  ),
  duckdb_views: filtered(
    'duckdb_views()',
    'database_name',
    'schema_name, view_name',
    tableRows,
    ' REPLACE (NULL::VARCHAR AS sql)',
  ),
  duckdb_columns: filtered('duckdb_columns()', 'database_name', 'schema_name, table_name, column_name', columnRows),
  duckdb_schemas: filtered('duckdb_schemas()', 'database_name', 'schema_name', schemaRows),
}

/** In brackets; undefined: it is not answered. `schema` '' for functions and views of the engine's own. */
export function catalogRelation(schema: string, name: string, names: VisibleNames): string | undefined {
  const key = schema === '' ? fold(name) : `${fold(schema)}.${fold(name)}`
  return Object.hasOwn(relations, key) ? relations[key]?.sql(names) : undefined
}

/** What SHOW gives. undefined: it shows something else than tables. */
export function showRelation(what: string, schema: string, names: VisibleNames): string | undefined {
  switch (what) {
    case 'tables': {
      const rows = visible(names).filter(({ dataset }) => schema === '' || fold(dataset) === fold(schema))
      return listed(
        ['name'],
        rows.map(({ table }) => [text(table)]),
        'ORDER BY 1',
      )
    }
    case 'databases':
      return listed(['database_name'], [[text(names.project)]], '')
    case 'schemas':
      return listed(
        ['database_name', 'schema_name', 'current'],
        names.datasetNames().map((dataset) => [text(names.project), text(dataset), 'false']),
        'ORDER BY 2',
      )
    case '__show_tables_expanded':
      return expanded(names)
    default:
      return undefined
  }
}

function expanded(names: VisibleNames): string {
  return `(SELECT ${text(names.project)} AS database, schema_name AS schema, table_name AS name,
    list(column_name ORDER BY column_index) AS column_names, list(data_type ORDER BY column_index) AS column_types,
    false AS temporary
    FROM ${relations['duckdb_columns']?.sql(names) ?? ''} GROUP BY 1, 2, 3 ORDER BY 2, 3)`
}

function listed(columns: readonly string[], rows: readonly (readonly string[])[], order: string): string {
  const names = columns.map(identifier).join(', ')
  if (rows.length === 0) return `(SELECT ${columns.map((name) => `'' AS ${identifier(name)}`).join(', ')} WHERE 1 = 0)`
  return `(SELECT * FROM (VALUES ${rows.map((row) => `(${row.join(', ')})`).join(', ')}) AS shown(${names}) ${order})`
}
