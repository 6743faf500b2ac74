// INFORMATION_SCHEMA as BigQuery has it, over the tables that a caller may see. Columns are named and ordered as in its
// documentation; what Millpond doesn't have is NULL or has no rows.
import type { CatalogTable } from '../../sql/catalog.ts'
import type { VisibleTable } from '../contract.ts'
import { type RelationColumn, relationText, type RelationValue, sqlTypeOf } from './relation-text.ts'

export interface SchemaSource {
  readonly project: string
  readonly datasets: readonly {
    readonly dataset: string
    readonly options: Readonly<Record<string, unknown>>
    readonly createdAtMicros: number
    readonly changedAtMicros: number
  }[]
  readonly tables: readonly VisibleTable[]
  readonly routines: readonly {
    readonly dataset: string
    readonly name: string
    readonly definition: string
    readonly createdAtMicros: number
  }[]
  /** Type text of a column (`NUMERIC(10, 2)`, `ARRAY<STRUCT<a INT64>>`). */
  typeText(table: VisibleTable, column: string): string
  /** The jobs that the caller may know, as a relation in brackets. */
  readonly jobs: { readonly columns: CatalogTable['columns']; readonly relation: string }
}

type Row = Readonly<Record<string, RelationValue>>

interface View {
  readonly columns: readonly RelationColumn[]
  readonly rows: (source: SchemaSource, dataset: string | undefined) => Row[]
}

/** `STRING a b, INT64 c`: columns by type. */
function columns(text: string): RelationColumn[] {
  return text.split(', ').flatMap((group) => {
    const [type, ...names] = group.split(' ')
    return names.map((name) => ({ name, type: type as RelationColumn['type'] }))
  })
}

function tablesOf(source: SchemaSource, dataset: string | undefined): readonly VisibleTable[] {
  return dataset === undefined ? source.tables : source.tables.filter((table) => table.dataset === dataset)
}

function place(source: SchemaSource, table: VisibleTable): Row {
  return { table_catalog: source.project, table_schema: table.dataset, table_name: table.table }
}

const tableTypes = { table: 'BASE TABLE', view: 'VIEW', 'materialized-view': 'MATERIALIZED VIEW' } as const

const schemata: View = {
  columns: columns(
    'STRING catalog_name schema_name schema_owner, TIMESTAMP creation_time last_modified_time, STRING location ddl default_collation_name',
  ),
  rows: ({ project, datasets }, only) =>
    datasets
      .filter(({ dataset }) => only === undefined || dataset === only)
      .map(({ dataset, createdAtMicros, changedAtMicros }) => ({
        catalog_name: project,
        schema_name: dataset,
        schema_owner: null,
        creation_time: createdAtMicros,
        last_modified_time: changedAtMicros,
        location: 'US',
        ddl: `CREATE SCHEMA \`${project}.${dataset}\``,
      })),
}

const schemataOptions: View = {
  columns: columns('STRING catalog_name schema_name option_name option_type option_value'),
  rows: ({ project, datasets }, only) =>
    datasets
      .filter(({ dataset }) => only === undefined || dataset === only)
      .flatMap(({ dataset, options }) =>
        optionRows(options).map((row) => ({ catalog_name: project, schema_name: dataset, ...row })),
      ),
}

const tables: View = {
  columns: columns(
    'STRING table_catalog table_schema table_name table_type, STRING is_insertable_into is_typed is_change_history_enabled, TIMESTAMP creation_time, STRING ddl default_collation_name',
  ),
  rows: (source, dataset) =>
    tablesOf(source, dataset).map((table) => ({
      ...place(source, table),
      table_type: tableTypes[table.kind],
      is_insertable_into: table.isWritable && table.kind === 'table' ? 'YES' : 'NO',
      is_typed: 'NO',
      is_change_history_enabled: 'NO',
      creation_time: table.createdAtMicros,
      ddl: null,
      default_collation_name: 'NULL',
    })),
}

const tableOptions: View = {
  columns: columns('STRING table_catalog table_schema table_name option_name option_type option_value'),
  rows: (source, dataset) =>
    tablesOf(source, dataset).flatMap((table) =>
      optionRows(optionsOf(table)).map((row) => ({ ...place(source, table), ...row })),
    ),
}

function optionsOf(table: VisibleTable): Readonly<Record<string, unknown>> {
  const described = table.description === undefined ? {} : { description: table.description }
  const filter = table.partitioning?.isFilterRequired === true ? { require_partition_filter: true } : {}
  return { ...described, ...filter, ...table.options }
}

function optionRows(options: Readonly<Record<string, unknown>>): Row[] {
  return Object.entries(options).map(([option_name, value]) => ({
    option_name,
    option_type: optionType(value),
    option_value: typeof value === 'string' ? JSON.stringify(value) : JSON.stringify(value),
  }))
}

function optionType(value: unknown): string {
  if (typeof value === 'boolean') return 'BOOL'
  if (typeof value === 'number') return Number.isInteger(value) ? 'INT64' : 'FLOAT64'
  return typeof value === 'string' ? 'STRING' : 'ARRAY<STRUCT<STRING, STRING>>'
}

const columnsView: View = {
  columns: columns(
    'STRING table_catalog table_schema table_name column_name, INT64 ordinal_position, STRING is_nullable data_type is_generated generation_expression is_stored is_hidden is_updatable is_system_defined is_partitioning_column, INT64 clustering_ordinal_position, STRING collation_name column_default rounding_mode',
  ),
  rows: (source, dataset) =>
    tablesOf(source, dataset).flatMap((table) =>
      table.columns.map(({ name, mode }, index) => ({
        ...place(source, table),
        column_name: name,
        ordinal_position: index + 1,
        is_nullable: mode === 'REQUIRED' ? 'NO' : 'YES',
        data_type: source.typeText(table, name),
        is_generated: 'NEVER',
        is_stored: null,
        is_hidden: 'NO',
        is_updatable: null,
        is_system_defined: 'NO',
        is_partitioning_column: table.partitioning?.column === name ? 'YES' : 'NO',
        clustering_ordinal_position: table.clustering.includes(name) ? table.clustering.indexOf(name) + 1 : null,
        collation_name: 'NULL',
        column_default: 'NULL',
      })),
    ),
}

const columnFieldPaths: View = {
  columns: columns(
    'STRING table_catalog table_schema table_name column_name field_path data_type description collation_name rounding_mode',
  ),
  rows: (source, dataset) =>
    tablesOf(source, dataset).flatMap((table) =>
      table.columns.map(({ name, description }) => ({
        ...place(source, table),
        column_name: name,
        field_path: name,
        data_type: source.typeText(table, name),
        description: description ?? null,
        collation_name: 'NULL',
      })),
    ),
}

const views: View = {
  columns: columns('STRING table_catalog table_schema table_name view_definition check_option use_standard_sql'),
  rows: (source, dataset) =>
    tablesOf(source, dataset)
      .filter(({ kind }) => kind === 'view')
      .map((table) => ({ ...place(source, table), view_definition: table.viewSql ?? null, use_standard_sql: 'YES' })),
}

const materializedViews: View = {
  columns: columns('STRING table_catalog table_schema table_name, TIMESTAMP last_refresh_time refresh_watermark'),
  rows: (source, dataset) =>
    tablesOf(source, dataset)
      .filter(({ kind }) => kind === 'materialized-view')
      .map((table) => place(source, table)),
}

/** Older than INFORMATION_SCHEMA, and named without it: `dataset.__TABLES__`. Moments are milliseconds. */
const metaTables: View = {
  columns: columns(
    'STRING project_id dataset_id table_id, INT64 creation_time last_modified_time row_count size_bytes type',
  ),
  rows: (source, dataset) =>
    tablesOf(source, dataset).map((table) => ({
      project_id: source.project,
      dataset_id: table.dataset,
      table_id: table.table,
      creation_time: Math.floor(table.createdAtMicros / 1000),
      last_modified_time: Math.floor(table.changedAtMicros / 1000),
      row_count: table.kind === 'table' ? (table.rows ?? null) : 0,
      size_bytes: table.kind === 'table' ? (table.logicalBytes ?? null) : 0,
      type: table.kind === 'table' ? 1 : 2,
    })),
}

const tableStorage: View = {
  columns: columns(
    'STRING project_id table_schema table_name, TIMESTAMP creation_time, INT64 total_rows total_partitions total_logical_bytes active_logical_bytes, STRING table_type',
  ),
  rows: (source, dataset) =>
    tablesOf(source, dataset)
      .filter(({ kind }) => kind === 'table')
      .map((table) => ({
        project_id: source.project,
        table_schema: table.dataset,
        table_name: table.table,
        creation_time: table.createdAtMicros,
        total_rows: table.rows ?? null,
        total_logical_bytes: table.logicalBytes ?? null,
        active_logical_bytes: table.logicalBytes ?? null,
        table_type: tableTypes[table.kind],
      })),
}

const partitions: View = {
  columns: columns(
    'STRING table_catalog table_schema table_name partition_id, INT64 total_rows total_logical_bytes, TIMESTAMP last_modified_time, STRING storage_tier',
  ),
  rows: (source, dataset) =>
    tablesOf(source, dataset)
      .filter(({ kind }) => kind === 'table')
      .flatMap((table) =>
        (table.partitions ?? [{ id: null, rows: table.rows, logicalBytes: table.logicalBytes }]).map((part) => ({
          ...place(source, table),
          partition_id: part.id,
          total_rows: part.rows ?? null,
          total_logical_bytes: part.logicalBytes ?? null,
          last_modified_time: table.changedAtMicros,
          storage_tier: 'ACTIVE',
        })),
      ),
}

const routines: View = {
  columns: columns(
    'STRING specific_catalog specific_schema specific_name routine_catalog routine_schema routine_name routine_type data_type routine_body routine_definition external_language is_deterministic security_type, TIMESTAMP created last_altered, STRING ddl',
  ),
  rows: ({ project, routines: all }, only) =>
    all
      .filter(({ dataset }) => only === undefined || dataset === only)
      .map(({ dataset, name, definition, createdAtMicros }) => ({
        specific_catalog: project,
        specific_schema: dataset,
        specific_name: name,
        routine_catalog: project,
        routine_schema: dataset,
        routine_name: name,
        routine_type: routineType(definition),
        routine_body: /LANGUAGE\s+js/i.test(definition) ? 'EXTERNAL' : 'SQL',
        external_language: /LANGUAGE\s+js/i.test(definition) ? 'JAVASCRIPT' : null,
        created: createdAtMicros,
        last_altered: createdAtMicros,
        ddl: definition,
      })),
}

function routineType(definition: string): string {
  if (/^\s*CREATE\b[^(]*\bTABLE\s+FUNCTION\b/i.test(definition)) return 'TABLE FUNCTION'
  return /^\s*CREATE\b[^(]*\bPROCEDURE\b/i.test(definition) ? 'PROCEDURE' : 'FUNCTION'
}

function empty(text: string): View {
  return { columns: columns(text), rows: () => [] }
}

const known: Readonly<Record<string, View>> = {
  SCHEMATA: schemata,
  SCHEMATA_OPTIONS: schemataOptions,
  TABLES: tables,
  TABLE_OPTIONS: tableOptions,
  COLUMNS: columnsView,
  COLUMN_FIELD_PATHS: columnFieldPaths,
  VIEWS: views,
  MATERIALIZED_VIEWS: materializedViews,
  __TABLES__: metaTables,
  TABLE_STORAGE: tableStorage,
  PARTITIONS: partitions,
  ROUTINES: routines,
  TABLE_CONSTRAINTS: empty(
    'STRING constraint_catalog constraint_schema constraint_name table_catalog table_schema table_name constraint_type is_deferrable initially_deferred enforced',
  ),
  KEY_COLUMN_USAGE: empty(
    'STRING constraint_catalog constraint_schema constraint_name table_catalog table_schema table_name column_name, INT64 ordinal_position position_in_unique_constraint',
  ),
}

const jobViews = new Set(['JOBS', 'JOBS_BY_USER', 'JOBS_BY_PROJECT'])

/** undefined: there is no such view. */
export function informationSchemaView(
  source: SchemaSource,
  view: string,
  dataset: string | undefined,
): Omit<CatalogTable, 'dataset' | 'isWritable'> | undefined {
  const table = view.toUpperCase()
  if (jobViews.has(table)) return { table, kind: 'view', ...source.jobs }
  const found = Object.hasOwn(known, table) ? known[table] : undefined
  if (found === undefined) return undefined
  return {
    table,
    kind: 'view',
    columns: found.columns.map((column) => ({ name: column.name, type: sqlTypeOf(column) })),
    relation: relationText(found.columns, found.rows(source, dataset)),
  }
}
