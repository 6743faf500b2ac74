// The engine's types in GoogleSQL's words, for columns that were found in a file.
import { MillpondError } from '../../core/errors.ts'
import type { EngineType } from '../session.ts'

const names: Partial<Record<EngineType['kind'], string>> = {
  BOOLEAN: 'BOOL',
  TINYINT: 'INT64',
  SMALLINT: 'INT64',
  INTEGER: 'INT64',
  BIGINT: 'INT64',
  UTINYINT: 'INT64',
  USMALLINT: 'INT64',
  UINTEGER: 'INT64',
  UBIGINT: 'NUMERIC',
  HUGEINT: 'BIGNUMERIC',
  FLOAT: 'FLOAT64',
  DOUBLE: 'FLOAT64',
  VARCHAR: 'STRING',
  JSON: 'JSON',
  BLOB: 'BYTES',
  DATE: 'DATE',
  TIME: 'TIME',
  TIMESTAMP: 'DATETIME',
  TIMESTAMPTZ: 'TIMESTAMP',
  INTERVAL: 'INTERVAL',
  UUID: 'STRING',
  NULL: 'STRING',
}

/** Error: query-invalid for a type that GoogleSQL has no word for. */
export function googleType(type: EngineType, column: string): string {
  if (type.kind === 'LIST') return `ARRAY<${googleType(type.element, column)}>`
  if (type.kind === 'STRUCT') {
    return `STRUCT<${type.fields.map((field) => `\`${field.name}\` ${googleType(field.type, column)}`).join(', ')}>`
  }
  if (type.kind === 'MAP') {
    return `ARRAY<STRUCT<key ${googleType(type.key, column)}, value ${googleType(type.value, column)}>>`
  }
  if (type.kind === 'DECIMAL') return type.scale <= 9 && type.width - type.scale <= 29 ? 'NUMERIC' : 'BIGNUMERIC'
  const name = names[type.kind]
  if (name !== undefined) return name
  throw new MillpondError('query-invalid', `Column ${column} has a type that BigQuery does not know`)
}
