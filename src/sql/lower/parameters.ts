// Query parameters and script variables: bound as text, cast by the SQL. Values never stand in the SQL.
import type { Offset } from '../sql-error.ts'
import { SqlError } from '../sql-error.ts'
import { duckFields, duckType, text, typeName } from '../type-names.ts'
import type { SqlType } from '../types.ts'
import { timeLiteral } from './time-literals.ts'

/** A value as ports hand it in (query/contract.ts says how each is written). */
export type ParameterValue = null | string | readonly ParameterValue[]

/** The name behind the `$`: `p1` of the first positional one. */
export function parameterName(key: string | number): string {
  return typeof key === 'number' ? `p${key}` : key
}

export function parameterSql(key: string | number, type: SqlType): string {
  const name = `$${parameterName(key)}`
  if (type.kind === 'ARRAY' || type.kind === 'STRUCT') return fromJson(`CAST(${name} AS JSON)`, type, 0)
  return fromText(name, type)
}

function fromText(sql: string, type: SqlType): string {
  switch (type.kind) {
    case 'BYTES':
      return `from_base64(CAST(${sql} AS VARCHAR))`
    case 'INTERVAL':
      return `memory.bq.to_interval(CAST(${sql} AS VARCHAR))`
    default:
      return `CAST(${sql} AS ${duckType(type)})`
  }
}

/** Arrays and structs travel as JSON arrays of texts. */
function fromJson(sql: string, type: SqlType, depth: number): string {
  const one = `_p${depth}`
  if (type.kind === 'ARRAY') {
    const isPlain = type.element.kind !== 'ARRAY' && type.element.kind !== 'STRUCT'
    const element = isPlain ? fromText(one, type.element) : fromJson(one, type.element, depth + 1)
    return `list_transform(CAST(${sql} AS ${isPlain ? 'VARCHAR' : 'JSON'}[]), lambda ${one}: ${element})`
  }
  if (type.kind !== 'STRUCT') return fromText(`(${sql} ->> '$')`, type)
  const names = duckFields(type)
  const fields = type.fields.map(({ type: field }, index) => {
    const at = `$[${index}]`
    const isPlain = field.kind !== 'ARRAY' && field.kind !== 'STRUCT'
    const part = isPlain ? fromText(`(${one} ->> '${at}')`, field) : fromJson(`(${one} -> '${at}')`, field, depth + 1)
    return `${text(names[index] ?? '')}: ${part}`
  })
  return `list_transform([${sql}], lambda ${one}: CASE WHEN json_type(${one}) = 'ARRAY' THEN {${fields.join(', ')}} END)[1]`
}

/** The text to bind for a value. SqlError: the value isn't one of that type. */
export function bindParameter(type: SqlType, value: ParameterValue, offset: Offset = 0): string | null {
  if (value === null) return null
  if (type.kind === 'ARRAY' || type.kind === 'STRUCT') return JSON.stringify(bindNested(type, value, offset))
  return bindScalar(type, value, offset)
}

function bindNested(type: SqlType, value: ParameterValue, offset: Offset): unknown {
  if (value === null) return null
  if (type.kind === 'ARRAY') {
    if (typeof value === 'string') throw invalid(type, value, offset)
    return value.map((one) => bindNested(type.element, one, offset))
  }
  if (type.kind !== 'STRUCT') return bindScalar(type, value, offset)
  if (typeof value === 'string' || value.length !== type.fields.length)
    throw invalid(type, 'another number of fields', offset)
  return type.fields.map((field, index) => bindNested(field.type, value[index] ?? null, offset))
}

function bindScalar(type: SqlType, value: ParameterValue, offset: Offset): string {
  if (typeof value !== 'string') throw invalid(type, 'a list', offset)
  switch (type.kind) {
    case 'INT64':
      if (!/^[-+]?\d+$/.test(value.trim())) throw invalid(type, value, offset)
      return value.trim()
    case 'FLOAT64':
    case 'NUMERIC':
    case 'BIGNUMERIC':
      if (Number.isNaN(Number(value)) && !/^\s*[-+]?(nan|inf(inity)?)\s*$/i.test(value))
        throw invalid(type, value, offset)
      return value.trim()
    case 'BOOL':
      if (!/^(true|false)$/i.test(value)) throw invalid(type, value, offset)
      return value.toLowerCase()
    case 'DATE':
    case 'TIME':
    case 'DATETIME':
    case 'TIMESTAMP':
      return bindTime(type, value, offset)
    default:
      return value
  }
}

function bindTime(type: SqlType, value: string, offset: Offset): string {
  const literal = timeLiteral(value.trim().replace(/ (?=[+-]\d)/, ''), type)
  if (literal === undefined) throw invalid(type, value, offset)
  const plain = /^[A-Z]+ '([^']*)'$/.exec(literal)?.[1]
  if (plain !== undefined) return plain
  throw new SqlError(
    'semantic',
    `Write the zone of the parameter as an offset like +08:00, not by name: ${value}`,
    offset,
  )
}

function invalid(type: SqlType, value: string, offset: Offset): SqlError {
  return new SqlError('semantic', `Invalid value for a parameter of type ${typeName(type)}: ${value}`, offset)
}
