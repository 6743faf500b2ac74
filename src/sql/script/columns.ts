// Columns of CREATE TABLE and ALTER TABLE.
import { type NamedColumn, resolveType } from '../lower/compile.ts'
import { SqlError } from '../sql-error.ts'
import type { ColumnDefinition } from '../syntax/ast-statement.ts'
import type * as ast from '../syntax/ast.ts'
import { parseType } from '../syntax/parser.ts'
import { duckType, identifier, typeName } from '../type-names.ts'
import type { CatalogColumn } from '../catalog.ts'
import type { ColumnShape } from './host.ts'
import { constantOptions } from './options.ts'

export function columnShape(column: ColumnDefinition, textOf: (node: ast.Node) => string): ColumnShape {
  if (column.generated !== undefined)
    throw new SqlError('unsupported', 'Generated columns are not supported locally', column.offset)
  const { description } = constantOptions(column.options)
  return {
    name: column.name.name,
    ...typeShape(column.type),
    isRequired: column.isNotNull,
    description: typeof description === 'string' ? description : undefined,
    defaultSql: column.defaultValue === undefined ? undefined : textOf(column.defaultValue),
  }
}

export function typeShape(node: ast.TypeNode): Pick<ColumnShape, 'type' | 'typeText' | 'limits'> {
  const { type, limits } = resolveType(node)
  const text = typeName(type)
  return { type, typeText: limits.length === 0 ? text : `${text}(${limits.join(', ')})`, limits }
}

/** Of a table that is made like another one. */
export function likeColumns(columns: readonly CatalogColumn[]): ColumnShape[] {
  return columns.map(({ name, type, typeText, isRequired = false, description, defaultSql }) => ({
    name,
    ...(typeText === undefined ? { type, typeText: typeName(type), limits: [] } : typeShape(parseType(typeText))),
    isRequired,
    description,
    defaultSql,
  }))
}

/** As DuckDB keeps it. Limits fail loudly where BigQuery might round: a value is never changed on its way in. */
export function columnDdl(column: ColumnShape): string {
  const name = identifier(column.name)
  return `${name} ${duckType(column.type)}${column.isRequired ? ' NOT NULL' : ''}${limitDdl(name, column)}`
}

function limitDdl(name: string, { type, limits }: Pick<ColumnShape, 'type' | 'limits'>): string {
  const [first, second = 0] = limits
  if (first === undefined) return ''
  if (type.kind === 'STRING') return ` CHECK (length(${name}) <= ${first})`
  if (type.kind === 'BYTES') return ` CHECK (octet_length(${name}) <= ${first})`
  if (type.kind === 'NUMERIC' || type.kind === 'BIGNUMERIC') {
    return ` CHECK (${name} = round(${name}, ${second}) AND abs(${name}) < 1${'0'.repeat(first - second)})`
  }
  return ''
}

/** Of a table that is made from a query. */
export function queriedColumns(columns: readonly NamedColumn[], offset: number): ColumnShape[] {
  refuseTwins(
    columns.map(({ name }) => name),
    offset,
  )
  return columns.map(({ name, type }) => ({
    name,
    type,
    typeText: typeName(type),
    limits: [],
    isRequired: false,
    description: undefined,
    defaultSql: undefined,
  }))
}

export function refuseTwins(names: readonly string[], offset: number): void {
  const seen = new Set<string>()
  for (const name of names) {
    if (seen.has(name.toLowerCase())) {
      throw new SqlError('semantic', `Duplicate column name ${name} in the table`, offset)
    }
    seen.add(name.toLowerCase())
  }
}
