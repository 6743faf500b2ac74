// Types in three spellings: the compiler's (SqlType), GoogleSQL's text (`ARRAY<STRUCT<a INT64>>`) and the API's fields
// (INTEGER, FLOAT, BOOLEAN, RECORD and a mode, the names of legacy SQL, which clients still read).
import type { ScalarKind, SqlType } from '../../sql/types.ts'
import { invalid, unsupported } from './google-error.ts'

export type FieldMode = 'NULLABLE' | 'REQUIRED' | 'REPEATED'

/** TableFieldSchema, as answers carry it. */
export interface FieldSchema {
  readonly name: string
  readonly type: string
  readonly mode: FieldMode
  readonly fields?: readonly FieldSchema[]
  readonly description?: string
  readonly rangeElementType?: { readonly type: string }
  readonly defaultValueExpression?: string
}

/** TableFieldSchema, as requests carry it: checked for its shape, not yet for its types. */
export interface FieldInput {
  readonly name: string
  readonly type: string
  readonly mode?: string | undefined
  readonly fields?: readonly FieldInput[] | undefined
  readonly description?: string | undefined
  readonly maxLength?: string | undefined
  readonly precision?: string | undefined
  readonly scale?: string | undefined
  readonly defaultValueExpression?: string | undefined
  readonly rangeElementType?: { readonly type: string } | undefined
  readonly collation?: string | undefined
  readonly policyTags?: { readonly names?: readonly string[] | undefined } | undefined
}

const depthMax = 15

/** Every name that clients may say for a scalar type. */
const scalarKinds: Readonly<Record<string, ScalarKind>> = {
  INT64: 'INT64',
  INTEGER: 'INT64',
  INT: 'INT64',
  SMALLINT: 'INT64',
  BIGINT: 'INT64',
  TINYINT: 'INT64',
  BYTEINT: 'INT64',
  FLOAT64: 'FLOAT64',
  FLOAT: 'FLOAT64',
  NUMERIC: 'NUMERIC',
  DECIMAL: 'NUMERIC',
  BIGNUMERIC: 'BIGNUMERIC',
  BIGDECIMAL: 'BIGNUMERIC',
  BOOL: 'BOOL',
  BOOLEAN: 'BOOL',
  STRING: 'STRING',
  BYTES: 'BYTES',
  DATE: 'DATE',
  TIME: 'TIME',
  DATETIME: 'DATETIME',
  TIMESTAMP: 'TIMESTAMP',
  INTERVAL: 'INTERVAL',
  JSON: 'JSON',
}

/** Error: invalid; GEOGRAPHY and what else isn't kept here is refused by name. */
export function scalarKindOf(name: string): ScalarKind {
  const upper = name.toUpperCase()
  const kind = Object.hasOwn(scalarKinds, upper) ? scalarKinds[upper] : undefined
  if (kind !== undefined) return kind
  if (upper === 'GEOGRAPHY') throw unsupported('type GEOGRAPHY')
  throw invalid(`Invalid value for type: ${name.slice(0, 100)} is not a valid value`)
}

export function isStructName(name: string): boolean {
  const upper = name.toUpperCase()
  return upper === 'RECORD' || upper === 'STRUCT'
}

const apiNames: Partial<Record<ScalarKind, string>> = { INT64: 'INTEGER', FLOAT64: 'FLOAT', BOOL: 'BOOLEAN' }

function apiName(kind: ScalarKind): string {
  return apiNames[kind] ?? kind
}

export interface FieldExtra {
  readonly mode?: FieldMode
  readonly description?: string | undefined
  readonly defaultSql?: string | undefined
}

export function fieldOf(name: string, type: SqlType, extra: FieldExtra = {}): FieldSchema {
  const isRepeated = type.kind === 'ARRAY'
  const inner = isRepeated ? type.element : type
  const rest = {
    mode: isRepeated ? ('REPEATED' as const) : (extra.mode ?? 'NULLABLE'),
    ...(extra.description === undefined ? {} : { description: extra.description }),
    ...(extra.defaultSql === undefined ? {} : { defaultValueExpression: extra.defaultSql }),
  }
  if (inner.kind === 'STRUCT') {
    const fields = inner.fields.map((field, index) => fieldOf(field.name ?? `_field_${index + 1}`, field.type))
    return { name, type: 'RECORD', ...rest, fields }
  }
  if (inner.kind === 'RANGE')
    return { name, type: 'RANGE', ...rest, rangeElementType: { type: apiName(inner.element.kind) } }
  // An array of arrays is no value of GoogleSQL.
  return { name, type: apiName(inner.kind === 'ARRAY' ? 'STRING' : inner.kind), ...rest }
}

/** Columns of a result without a name are called f0_, f1_, … as BigQuery does. */
export function resultFields(
  columns: readonly { readonly name: string; readonly sqlType: SqlType | undefined }[],
): FieldSchema[] {
  return columns.map(({ name, sqlType }, index) =>
    fieldOf(name === '' ? `f${index}_` : name, sqlType ?? { kind: 'STRING' }),
  )
}

function wholeNumber(text: string | undefined, name: string): string | undefined {
  if (text === undefined) return undefined
  if (/^\d{1,18}$/.test(text)) return text
  throw invalid(`Invalid value for ${name}: ${text.slice(0, 100)}`)
}

function parametersText({ maxLength, precision, scale }: FieldInput, kind: ScalarKind): string {
  const length = wholeNumber(maxLength, 'maxLength')
  if (length !== undefined && (kind === 'STRING' || kind === 'BYTES')) return `(${length})`
  const digits = wholeNumber(precision, 'precision')
  if (digits === undefined || (kind !== 'NUMERIC' && kind !== 'BIGNUMERIC')) return ''
  const behind = wholeNumber(scale, 'scale')
  return behind === undefined ? `(${digits})` : `(${digits}, ${behind})`
}

export function modeOf(field: FieldInput): FieldMode {
  const mode = (field.mode ?? 'NULLABLE').toUpperCase()
  if (mode === 'NULLABLE' || mode === 'REQUIRED' || mode === 'REPEATED') return mode
  throw invalid(`Invalid value for mode: ${mode.slice(0, 100)} is not a valid value`)
}

export function quoteName(name: string): string {
  return `\`${name.replaceAll('\\', '\\\\').replaceAll('`', '\\`')}\``
}

function refuseUnknown(field: FieldInput, depth: number): void {
  if (depth > depthMax) throw invalid(`Schema fields nest deeper than ${depthMax} levels`)
  if ((field.policyTags?.names ?? []).length > 0) throw unsupported('policyTags; use column masks')
  if ((field.collation ?? '') !== '') throw unsupported('collation of columns')
}

/** The element's type of a repeated field stands in ARRAY<…>. Error: invalid. */
export function typeText(field: FieldInput, depth = 0): string {
  refuseUnknown(field, depth)
  const inner = innerText(field, depth)
  return modeOf(field) === 'REPEATED' ? `ARRAY<${inner}>` : inner
}

function innerText(field: FieldInput, depth: number): string {
  if (isStructName(field.type)) {
    const fields = field.fields ?? []
    if (fields.length === 0) throw invalid(`Field ${field.name} is type RECORD but has no schema`)
    const inner = fields.map((one) => `${quoteName(one.name)} ${typeText(one, depth + 1)}${requiredText(one)}`)
    return `STRUCT<${inner.join(', ')}>`
  }
  if (field.type.toUpperCase() === 'RANGE') return `RANGE<${scalarKindOf(field.rangeElementType?.type ?? '')}>`
  const kind = scalarKindOf(field.type)
  return kind + parametersText(field, kind)
}

function requiredText(field: FieldInput): string {
  return modeOf(field) === 'REQUIRED' ? ' NOT NULL' : ''
}

/** The same as a tree, for checking values against it. */
export function typeOf(field: FieldInput, depth = 0): SqlType {
  refuseUnknown(field, depth)
  const inner = innerType(field, depth)
  return modeOf(field) === 'REPEATED' ? { kind: 'ARRAY', element: inner } : inner
}

function innerType(field: FieldInput, depth: number): SqlType {
  if (isStructName(field.type))
    return {
      kind: 'STRUCT',
      fields: (field.fields ?? []).map((one) => ({ name: one.name, type: typeOf(one, depth + 1) })),
    }
  if (field.type.toUpperCase() === 'RANGE')
    return { kind: 'RANGE', element: { kind: scalarKindOf(field.rangeElementType?.type ?? '') } }
  return { kind: scalarKindOf(field.type) }
}
