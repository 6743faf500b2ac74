// Parameters of a query, from a port's JSON to typed values.
import { MillpondError } from '../core/errors.ts'
import type { SqlType } from '../sql/types.ts'
import { typeOfText } from './catalog/type-text.ts'
import type { ParameterValue, QueryParameter } from './contract.ts'

/** `value`: JSON as people write it: numbers, booleans, texts, null, arrays, objects of structs. Error: request-invalid. */
export function parameterOf(name: string | undefined, type: string, value: unknown): QueryParameter {
  const sqlType = typeOfText(type)
  return { name, type: sqlType, value: valueOf(sqlType, value, name ?? '?') }
}

function valueOf(type: SqlType, value: unknown, name: string): ParameterValue {
  if (value === null || value === undefined) return null
  if (type.kind === 'ARRAY') {
    if (!Array.isArray(value)) throw wrong(name, 'is an array: its value must be one, too')
    return value.map((item) => valueOf(type.element, item, name))
  }
  if (type.kind === 'STRUCT') {
    if (typeof value !== 'object' || Array.isArray(value)) throw wrong(name, 'is a struct: its value must be an object')
    const fields = value as Readonly<Record<string, unknown>>
    return type.fields.map((field, index) => valueOf(field.type, fields[field.name ?? `_field_${index + 1}`], name))
  }
  if (type.kind === 'JSON') return typeof value === 'string' ? value : JSON.stringify(value)
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  throw wrong(name, `is a ${type.kind}: its value must be a text, a number or a boolean`)
}

function wrong(name: string, what: string): MillpondError {
  return new MillpondError('request-invalid', `The parameter ${name} ${what}`)
}
