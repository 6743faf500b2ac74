// Names of types: as GoogleSQL writes them, and as DuckDB does.
import { reservedWords } from './syntax/token.ts'
import type { RangeType, ScalarKind, ScalarType, SqlType, StructType } from './types.ts'

const duckScalars: Readonly<Record<ScalarKind, string>> = {
  INT64: 'BIGINT',
  FLOAT64: 'DOUBLE',
  NUMERIC: 'DECIMAL(38,9)',
  BIGNUMERIC: 'DECIMAL(38,18)',
  BOOL: 'BOOLEAN',
  STRING: 'VARCHAR',
  BYTES: 'BLOB',
  DATE: 'DATE',
  TIME: 'TIME',
  DATETIME: 'TIMESTAMP',
  TIMESTAMP: 'TIMESTAMPTZ',
  INTERVAL: 'INTERVAL',
  JSON: 'JSON',
}

const synonyms: Readonly<Record<string, ScalarKind>> = {
  INT: 'INT64',
  SMALLINT: 'INT64',
  INTEGER: 'INT64',
  BIGINT: 'INT64',
  TINYINT: 'INT64',
  BYTEINT: 'INT64',
  DECIMAL: 'NUMERIC',
  BIGDECIMAL: 'BIGNUMERIC',
  BOOLEAN: 'BOOL',
}

export const scalar: Readonly<Record<ScalarKind, ScalarType>> = {
  INT64: { kind: 'INT64' },
  FLOAT64: { kind: 'FLOAT64' },
  NUMERIC: { kind: 'NUMERIC' },
  BIGNUMERIC: { kind: 'BIGNUMERIC' },
  BOOL: { kind: 'BOOL' },
  STRING: { kind: 'STRING' },
  BYTES: { kind: 'BYTES' },
  DATE: { kind: 'DATE' },
  TIME: { kind: 'TIME' },
  DATETIME: { kind: 'DATETIME' },
  TIMESTAMP: { kind: 'TIMESTAMP' },
  INTERVAL: { kind: 'INTERVAL' },
  JSON: { kind: 'JSON' },
}

/** `INTEGER` is INT64, … undefined: there is no such scalar type. */
export function scalarNamed(name: string): ScalarType | undefined {
  const upper = name.toUpperCase()
  const kind = synonyms[upper] ?? upper
  return Object.hasOwn(scalar, kind) ? scalar[kind as ScalarKind] : undefined
}

/** As GoogleSQL writes it: `ARRAY<STRUCT<a INT64, STRING>>`. */
export function typeName(type: SqlType): string {
  switch (type.kind) {
    case 'ARRAY':
    case 'RANGE':
      return `${type.kind}<${typeName(type.element)}>`
    case 'STRUCT':
      return `STRUCT<${type.fields
        .map(({ name, type: field }) =>
          name === undefined ? typeName(field) : `${nameInType(name)} ${typeName(field)}`,
        )
        .join(', ')}>`
    default:
      return type.kind
  }
}

function nameInType(name: string): string {
  const isPlain = /^[A-Za-z_]\w*$/.test(name) && !reservedWords.has(name.toUpperCase())
  return isPlain ? name : `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``
}

export function duckType(type: SqlType): string {
  switch (type.kind) {
    case 'ARRAY':
      return `${duckType(type.element)}[]`
    case 'STRUCT': {
      if (type.fields.length === 0) return 'STRUCT("_field_0" BIGINT)'
      const names = duckFields(type)
      return `STRUCT(${type.fields.map((field, index) => `${identifier(names[index] ?? '')} ${duckType(field.type)}`).join(', ')})`
    }
    case 'RANGE':
      return duckRange(type)
    default:
      return duckScalars[type.kind]
  }
}

/** A range is a struct of its bounds; an unbounded one is NULL. */
function duckRange(type: RangeType): string {
  const bound = duckScalars[type.element.kind]
  return `STRUCT("start" ${bound}, "end" ${bound})`
}

/** DuckDB's names of a struct's fields: every one has a name, and no name stands twice. */
export function duckFields(type: StructType): string[] {
  const seen = new Map<string, number>()
  for (const { name } of type.fields)
    if (name !== undefined) seen.set(name.toLowerCase(), (seen.get(name.toLowerCase()) ?? 0) + 1)
  return type.fields.map(({ name }, index) =>
    name === undefined || name === '' || (seen.get(name.toLowerCase()) ?? 0) > 1 ? `_field_${index + 1}` : name,
  )
}

export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

/** A DuckDB string literal. */
export function text(value: string): string {
  if (!value.includes('\0')) return `'${value.replaceAll("'", "''")}'`
  const parts = value.split('\0').map((part) => `'${part.replaceAll("'", "''")}'`)
  return `concat(${parts.join(', chr(0), ')})`
}

export function sameType(left: SqlType, right: SqlType): boolean {
  if (left === right) return true
  if (left.kind !== right.kind) return false
  if (left.kind === 'ARRAY' && right.kind === 'ARRAY') return sameType(left.element, right.element)
  if (left.kind === 'RANGE' && right.kind === 'RANGE') return left.element.kind === right.element.kind
  if (left.kind === 'STRUCT' && right.kind === 'STRUCT') {
    if (left.fields.length !== right.fields.length) return false
    return left.fields.every((field, index) => {
      const other = right.fields[index]
      return other !== undefined && sameType(field.type, other.type) && sameName(field.name, other.name)
    })
  }
  return true
}

/** The same but for names of fields: values of one are stored as those of the other, by position. */
export function sameShape(left: SqlType, right: SqlType): boolean {
  if (left.kind === 'ARRAY' && right.kind === 'ARRAY') return sameShape(left.element, right.element)
  if (left.kind === 'STRUCT' && right.kind === 'STRUCT') {
    if (left.fields.length !== right.fields.length) return false
    return left.fields.every(({ type }, index) => {
      const other = right.fields[index]
      return other !== undefined && sameShape(type, other.type)
    })
  }
  return sameType(left, right)
}

function sameName(left: string | undefined, right: string | undefined): boolean {
  return left?.toLowerCase() === right?.toLowerCase()
}

export function isNumeric(type: SqlType): boolean {
  return type.kind === 'INT64' || type.kind === 'FLOAT64' || type.kind === 'NUMERIC' || type.kind === 'BIGNUMERIC'
}
