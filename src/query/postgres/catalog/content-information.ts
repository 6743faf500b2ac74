// The rows of information_schema.
import type { CatalogInput, CatalogRow, RowMaker } from './content.ts'
import { ownerName } from './content.ts'
import type { CatalogColumn, CatalogTable } from './snapshot.ts'
import { type TypeRow, typesByOid } from './types-table.ts'

export const informationContent: Readonly<Record<string, RowMaker>> = {
  information_schema_catalog_name: ({ identity }) => [{ catalog_name: identity.database }],
  schemata: ({ snapshot, identity }) =>
    [...snapshot.datasets, 'information_schema', 'pg_catalog'].map((name) => ({
      catalog_name: identity.database,
      schema_name: name,
      schema_owner: ownerName,
    })),
  tables: (input) => input.snapshot.tables.filter(({ kind }) => kind !== 'm').map((table) => tableRow(table, input)),
  columns: (input) =>
    input.snapshot.tables
      .filter(({ kind }) => kind !== 'm')
      .flatMap((table) => table.columns.map((column) => columnRow(table, column, input))),
  views: ({ snapshot, identity }) =>
    snapshot.tables
      .filter(({ kind }) => kind === 'v')
      .map(({ dataset, name, source }) => ({
        table_catalog: identity.database,
        table_schema: dataset,
        table_name: name,
        view_definition: source.viewSql ?? null,
        check_option: 'NONE',
        is_updatable: 'NO',
        is_insertable_into: 'NO',
        is_trigger_updatable: 'NO',
        is_trigger_deletable: 'NO',
        is_trigger_insertable_into: 'NO',
      })),
  element_types: ({ snapshot, identity }) => snapshot.tables.flatMap((table) => elementRows(table, identity.database)),
  character_sets: ({ identity }) => [
    {
      character_set_name: 'UTF8',
      character_repertoire: 'UCS',
      form_of_use: 'UTF8',
      default_collate_catalog: identity.database,
    },
  ],
  enabled_roles: ({ identity }) => [{ role_name: identity.handle }],
  table_privileges: (input) => privileges(input),
  role_table_grants: (input) => privileges(input),
  column_privileges: (input) =>
    input.snapshot.tables.flatMap((table) =>
      grantsOf(table).flatMap((privilege) =>
        privilege === 'DELETE' || privilege === 'TRUNCATE'
          ? []
          : table.columns.map((column) => ({
              grantor: ownerName,
              grantee: input.identity.handle,
              table_catalog: input.identity.database,
              table_schema: table.dataset,
              table_name: table.name,
              column_name: column.name,
              privilege_type: privilege,
              is_grantable: 'NO',
            })),
      ),
    ),
}

function isWritable({ kind, source }: CatalogTable): boolean {
  return kind === 'r' && source.isWritable
}

function tableRow(table: CatalogTable, { identity }: CatalogInput): CatalogRow {
  return {
    table_catalog: identity.database,
    table_schema: table.dataset,
    table_name: table.name,
    table_type: table.kind === 'v' ? 'VIEW' : 'BASE TABLE',
    is_insertable_into: isWritable(table) ? 'YES' : 'NO',
    is_typed: 'NO',
  }
}

/** Bits of whole and floating numbers. */
const precisions: Record<string, number> = { int2: 16, int4: 32, int8: 64, float4: 24, float8: 53 }

function columnRow(table: CatalogTable, column: CatalogColumn, { identity }: CatalogInput): CatalogRow {
  const { type } = column
  return {
    table_catalog: identity.database,
    table_schema: table.dataset,
    table_name: table.name,
    column_name: column.name,
    ordinal_position: column.number,
    is_nullable: column.isRequired ? 'NO' : 'YES',
    data_type: dataType(type),
    character_octet_length: type.name === 'text' ? 1_073_741_824 : null,
    ...numberTraits(column),
    datetime_precision: timePrecision(type),
    udt_catalog: identity.database,
    udt_schema: 'pg_catalog',
    udt_name: type.name,
    dtd_identifier: String(column.number),
    is_self_referencing: 'NO',
    is_identity: 'NO',
    identity_cycle: 'NO',
    is_generated: 'NEVER',
    is_updatable: isWritable(table) ? 'YES' : 'NO',
  }
}

function dataType(type: TypeRow): string {
  return type.category === 'A' ? 'ARRAY' : type.shown
}

function timePrecision({ name }: TypeRow): number | null {
  if (name === 'date') return 0
  return ['time', 'timestamp', 'timestamptz', 'interval'].includes(name) ? 6 : null
}

function numberTraits({ type, modifier }: CatalogColumn): CatalogRow {
  if (type.name === 'numeric') {
    const isBounded = modifier >= 0
    return {
      numeric_precision: isBounded ? (modifier - 4) >> 16 : null,
      numeric_precision_radix: 10,
      numeric_scale: isBounded ? (modifier - 4) & 0xffff : null,
    }
  }
  const precision = precisions[type.name]
  if (precision === undefined) return {}
  const isWhole = type.name.startsWith('int')
  return { numeric_precision: precision, numeric_precision_radix: 2, numeric_scale: isWhole ? 0 : null }
}

function elementRows({ dataset, name, kind, columns }: CatalogTable, database: string): CatalogRow[] {
  return columns.flatMap(({ number, type }) => {
    const element = type.category === 'A' ? typesByOid.get(type.element) : undefined
    if (element === undefined) return []
    return [
      {
        object_catalog: database,
        object_schema: dataset,
        object_name: name,
        object_type: kind === 'v' ? 'VIEW' : 'TABLE',
        collection_type_identifier: String(number),
        data_type: dataType(element),
        udt_catalog: database,
        udt_schema: 'pg_catalog',
        udt_name: element.name,
        dtd_identifier: `a${number}`,
      },
    ]
  })
}

function grantsOf(table: CatalogTable): string[] {
  return isWritable(table) ? ['INSERT', 'SELECT', 'UPDATE', 'DELETE', 'TRUNCATE'] : ['SELECT']
}

function privileges({ snapshot, identity }: CatalogInput): CatalogRow[] {
  return snapshot.tables.flatMap((table) =>
    grantsOf(table).map((privilege) => ({
      grantor: ownerName,
      grantee: identity.handle,
      table_catalog: identity.database,
      table_schema: table.dataset,
      table_name: table.name,
      privilege_type: privilege,
      is_grantable: 'NO',
      with_hierarchy: privilege === 'SELECT' ? 'YES' : 'NO',
    })),
  )
}
