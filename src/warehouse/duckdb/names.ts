// How our words are written in DuckDB SQL: names, types, text. Every name is quoted, always: `at` is a reserved word,
// and so may be tomorrow's.
import type { ColumnType, TableName } from '../driver.ts'

/** The catalog under which fed.duckdb is attached; also the default catalog of every query. */
export const fedCatalog = 'fed'

const typeNames: Record<ColumnType, string> = {
  boolean: 'BOOLEAN',
  integer: 'BIGINT',
  float: 'DOUBLE',
  timestamp: 'TIMESTAMP WITH TIME ZONE',
  text: 'VARCHAR',
  json: 'JSON',
}

const columnTypes = new Map<string, ColumnType>(
  Object.entries(typeNames).map(([type, name]) => [name, type as ColumnType]),
)

export function typeNameOf(type: ColumnType): string {
  return typeNames[type]
}

/** undefined for a type that we never create. */
export function columnTypeOf(typeName: string): ColumnType | undefined {
  return columnTypes.get(typeName)
}

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

export function quoteText(text: string): string {
  return `'${text.replaceAll("'", "''")}'`
}

export function timestampSql(micros: number): string {
  return `make_timestamptz(${micros}::BIGINT)`
}

export function quoteTable({ dataset, table }: TableName): string {
  return `${fedCatalog}.${quoteName(dataset)}.${quoteName(table)}`
}
