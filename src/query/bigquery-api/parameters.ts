// Parameters of a query as clients send them: a type, and values as text or as JSON numbers and booleans. Bound by the road, never
// written into the SQL.
import type { SqlType } from '../../sql/types.ts'
import type { ParameterValue, QueryParameter } from '../contract.ts'
import { ExactNumber } from './body.ts'
import { invalid } from './google-error.ts'
import { isStructName, scalarKindOf } from './schema.ts'
import type { ParameterTypeInput, ParameterValueInput, QueryParameterInput } from './shapes.ts'

const depthMax = 15

/** `mode`: `named`, `POSITIONAL` and so on in any letters; absent: as the parameters are. Error: invalid. */
export function parametersOf(
  inputs: readonly QueryParameterInput[] | undefined,
  mode: string | undefined,
): QueryParameter[] {
  const list = inputs ?? []
  const upper = mode?.toUpperCase() ?? ''
  if (!['', 'NAMED', 'POSITIONAL', 'PARAMETER_MODE_UNSPECIFIED'].includes(upper))
    throw invalid(`Invalid value for parameterMode: ${upper.slice(0, 100)} is not a valid value`, 'parameterMode')
  const hasNames = list.some(({ name }) => name !== undefined && name !== '')
  if (upper === 'POSITIONAL' && hasNames) throw invalid('Positional query parameters have no names', 'parameterMode')
  const isNamed = upper === 'NAMED' || (upper !== 'POSITIONAL' && hasNames)
  return list.map((input, index) => parameterOf(input, index, isNamed))
}

function parameterOf(
  { name, parameterType, parameterValue }: QueryParameterInput,
  index: number,
  isNamed: boolean,
): QueryParameter {
  const label = name ?? String(index + 1)
  if (isNamed && (name === undefined || name === ''))
    throw invalid('A named query parameter has no name', 'queryParameters')
  if (parameterType === undefined) throw invalid(`Query parameter ${label} has no type`, 'queryParameters')
  const type = parameterSqlType(parameterType, 0)
  return { name: isNamed ? name : undefined, type, value: valueOf(type, parameterValue, label) }
}

function parameterSqlType(input: ParameterTypeInput, depth: number): SqlType {
  const name = input.type ?? ''
  if (depth > depthMax) throw invalid(`Types of parameters nest deeper than ${depthMax} levels`, 'queryParameters')
  const upper = name.toUpperCase()
  if (upper === 'ARRAY') {
    if (input.arrayType === undefined) throw invalid('A parameter of type ARRAY has no arrayType', 'queryParameters')
    return { kind: 'ARRAY', element: parameterSqlType(input.arrayType, depth + 1) }
  }
  if (isStructName(name)) {
    const fields = (input.structTypes ?? []).map((field) => ({
      name: field.name === '' ? undefined : field.name,
      type: parameterSqlType(field.type, depth + 1),
    }))
    return { kind: 'STRUCT', fields }
  }
  if (upper === 'RANGE') return { kind: 'RANGE', element: { kind: scalarKindOf(input.rangeElementType?.type ?? '') } }
  return { kind: scalarKindOf(name) }
}

function valueOf(type: SqlType, input: ParameterValueInput | undefined, label: string): ParameterValue {
  if (input === undefined) return null
  if (type.kind === 'ARRAY') {
    const { arrayValues } = input
    return arrayValues === undefined ? null : arrayValues.map((one) => valueOf(type.element, one, label))
  }
  if (type.kind === 'STRUCT') {
    const values = input.structValues
    if (values === undefined) return null
    return type.fields.map(({ name, type: inner }, index) => {
      const key = name ?? String(index)
      return valueOf(inner, Object.hasOwn(values, key) ? values[key] : undefined, label)
    })
  }
  if (type.kind === 'RANGE' && input.rangeValue !== undefined)
    throw invalid(`Query parameter ${label}: send a RANGE as its text, [start, end)`, 'queryParameters')
  return scalarText(type, input.value, label)
}

const shapes: Partial<Record<SqlType['kind'], RegExp>> = {
  INT64: /^\s*[-+]?(?:\d+|0x[0-9a-f]+)\s*$/i,
  FLOAT64: /^\s*(?:[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?|[-+]?inf(?:inity)?|nan)\s*$/i,
  NUMERIC: /^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?\s*$/i,
  BIGNUMERIC: /^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?\s*$/i,
  BOOL: /^(?:true|false)$/i,
  BYTES: /^[A-Za-z0-9+/_-]*={0,2}$/,
}

const int64Max = 2n ** 63n - 1n

function scalarText(type: SqlType, value: unknown, label: string): string | null {
  if (value === undefined || value === null) return null
  const text = textOf(value)
  const shape = shapes[type.kind]
  const isFitting =
    text !== undefined && (shape === undefined || shape.test(text)) && (type.kind !== 'INT64' || isInt64(text))
  if (isFitting) return text
  throw invalid(
    `Query parameter ${label} has no value of type ${type.kind}${text === undefined ? '' : `: ${text.slice(0, 100)}`}`,
    'queryParameters',
  )
}

function isInt64(text: string): boolean {
  const trimmed = text.trim().replace(/^\+/, '')
  const value = trimmed.startsWith('-') ? -BigInt(trimmed.slice(1)) : BigInt(trimmed)
  return value <= int64Max && value >= -int64Max - 1n
}

function textOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return value instanceof ExactNumber ? value.digits : undefined
}
