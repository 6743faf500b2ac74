// Values that come as text (streamed rows, files) -> values of a table's columns, as BigQuery reads them. What can't be read raises
// an error in BigQuery's words; it is never rounded or guessed.
//
//   INT64 digits, also 7.0 and 1e3 · NUMERIC, BIGNUMERIC no more decimals than the type has · BOOL true, t, yes, y, 1, …
//   TIMESTAMP with a zone or without (UTC), or seconds since 1970 · BYTES base64 · INTERVAL 'Y-M D H:M:S' · RANGE '[a, b)'
import { failSql } from '../../sql/functions/fail.ts'
import type { EngineType } from '../session.ts'
import { quoteName, quoteText } from './names.ts'

export interface Wire {
  /** For from_json: every leaf is text, but JSON if the wire carries it as it is. */
  readonly structure: unknown
  /** The value of an expression of that structure; raises an error if it can't be read. */
  sql(x: string, depth?: number): string
}

export interface WireForm {
  /** 'text': a value of type JSON is a text that holds JSON. 'raw': it stands there as it is. */
  readonly json: 'text' | 'raw'
}

export function wireOf(type: EngineType, form: WireForm): Wire {
  const bound = rangeElement(type)
  if (bound !== undefined) return { structure: 'VARCHAR', sql: (x) => rangeSql(x, bound) }
  if (type.kind === 'LIST') {
    const element = wireOf(type.element, form)
    return {
      structure: [element.structure],
      sql: (x, depth = 0) =>
        `coalesce(list_transform(${x}, lambda e${depth}: ${element.sql(`e${depth}`, depth + 1)}), [])::${nameOf(type)}`,
    }
  }
  if (type.kind === 'STRUCT') {
    const fields = type.fields.map((field) => ({ name: field.name, wire: wireOf(field.type, form) }))
    return {
      structure: Object.fromEntries(fields.map(({ name, wire }) => [name, wire.structure])),
      sql(x, depth = 0) {
        const list = fields.map(
          ({ name, wire }) => `${quoteName(name)} := ${wire.sql(`struct_extract(${x}, ${quoteText(name)})`, depth)}`,
        )
        return `CASE WHEN ${x} IS NULL THEN NULL ELSE struct_pack(${list.join(', ')}) END`
      },
    }
  }
  if (type.kind === 'JSON' && form.json === 'raw') return { structure: 'JSON', sql: (x) => x }
  return { structure: 'VARCHAR', sql: (x) => leafSql(x, type) }
}

/** Of a RANGE as sql/ keeps it, or a STRUCT of the same fields, which is read in the same way. */
function rangeElement(type: EngineType): EngineType | undefined {
  if (type.kind !== 'STRUCT' || type.fields.length !== 2) return undefined
  const [start, end] = type.fields
  if (start?.name !== 'start' || end?.name !== 'end' || start.type.kind !== end.type.kind) return undefined
  return ['DATE', 'TIMESTAMP', 'TIMESTAMPTZ'].includes(start.type.kind) ? start.type : undefined
}

/** DuckDB's name of a type. */
export function nameOf(type: EngineType): string {
  if (type.kind === 'LIST') return `${nameOf(type.element)}[]`
  if (type.kind === 'DECIMAL') return `DECIMAL(${type.width},${type.scale})`
  if (type.kind === 'OTHER') return type.name
  if (type.kind === 'MAP') return `MAP(${nameOf(type.key)}, ${nameOf(type.value)})`
  if (type.kind !== 'STRUCT') return type.kind
  return `STRUCT(${type.fields.map((field) => `${quoteName(field.name)} ${nameOf(field.type)}`).join(', ')})`
}

/** Text that isn't there stays NULL; text that can't be read is an error. */
export function leafSql(x: string, type: EngineType): string {
  if (type.kind === 'VARCHAR') return x
  const what = messageNames[type.kind] ?? type.kind.toLowerCase()
  const failure = failSql(`'Could not parse ''' || ${x}[:100] || ''' as ${what}'`, nameOf(type))
  return `CASE WHEN ${x} IS NULL THEN NULL ELSE coalesce(${readSql(x, type)}, ${failure}) END`
}

const messageNames: Partial<Record<EngineType['kind'], string>> = {
  BIGINT: 'INT64',
  DOUBLE: 'FLOAT64',
  BOOLEAN: 'BOOL',
  BLOB: 'BYTES',
  DECIMAL: 'NUMERIC',
  TIMESTAMP: 'DATETIME',
  TIMESTAMPTZ: 'TIMESTAMP',
}

/** NULL if it can't be read. DuckDB's own casts take more than BigQuery does (1_000, 1.5 as an integer): first a pattern. */
function readSql(x: string, type: EngineType): string {
  if (type.kind === 'BOOLEAN') {
    return `CASE WHEN lower(trim(${x})) IN ('true', 't', 'yes', 'y', '1') THEN true
      WHEN lower(trim(${x})) IN ('false', 'f', 'no', 'n', '0') THEN false END`
  }
  if (type.kind === 'BLOB') return `TRY(from_base64(translate(${x}, '-_', '+/')))`
  if (type.kind === 'TIMESTAMPTZ') return timestampSql(x)
  if (type.kind === 'INTERVAL') return intervalSql(x)
  const pattern = type.kind === 'DECIMAL' ? decimalPattern(type.scale) : patterns[type.kind]
  if (pattern === undefined) return `TRY_CAST(${x} AS ${nameOf(type)})`
  const isLike = `regexp_full_match(trim(${x}), ${quoteText(pattern)})`
  return `CASE WHEN ${isLike} THEN TRY_CAST(trim(${x}) AS ${nameOf(type)}) END`
}

const patterns: Partial<Record<EngineType['kind'], string>> = {
  BIGINT: String.raw`[-+]?\d+(\.0*)?([eE]\+?\d+)?`,
  DOUBLE: String.raw`(?i)[-+]?((\d+\.?\d*|\.\d+)(e[-+]?\d+)?|nan|inf(inity)?)`,
  DATE: String.raw`\d{4}-\d{1,2}-\d{1,2}`,
  TIME: String.raw`\d{1,2}:\d{1,2}:\d{1,2}(\.\d{1,6})?`,
  TIMESTAMP: String.raw`\d{4}-\d{1,2}-\d{1,2}([ T]\d{1,2}:\d{1,2}(:\d{1,2}(\.\d{1,6})?)?)?`,
}

function decimalPattern(scale: number): string {
  return String.raw`[-+]?\d*(\.\d{0,${scale}}0*)?|[-+]?\d(\.\d{1,8})?[eE]\+?\d{1,2}`
}

const seconds = String.raw`-?\d{1,12}(\.\d*)?`
const scientific = String.raw`-?\d\.\d+[eE]\d+`
const civil = String.raw`\d{4}-\d{1,2}-\d{1,2}([ Tt]\d{1,2}:\d{1,2}(:\d{1,2}(\.\d{1,9})?)?)?`
const zone = String.raw` ?([Zz]|UTC|[-+]\d{1,2}(:?\d{2})?|[A-Z][A-Za-z_]+(/[A-Za-z_+-]+)+)?`

function timestampSql(x: string): string {
  const text = `trim(${x})`
  const isLike = (pattern: string): string => `regexp_full_match(${text}, ${quoteText(pattern)})`
  // The engine reads no `Z` behind a space, and no hour of one digit in a zone.
  const withZone = `regexp_replace(${text}, ' ?[Zz]$', '+00')`
  const withHours = String.raw`regexp_replace(${withZone}, '(:\d{1,2}(\.\d+)?) ?([-+])(\d)((:\d{2})?)$', '\1\30\4\5')`
  return `CASE
    WHEN ${isLike(seconds)} THEN TRY(make_timestamptz((${text}::DECIMAL(38,6) * 1000000)::BIGINT))
    WHEN ${isLike(scientific)} THEN TRY(make_timestamptz(round(${text}::DOUBLE * 1000000)::BIGINT))
    WHEN ${isLike(civil + zone)} THEN TRY_CAST(${withHours} AS TIMESTAMPTZ) END`
}

const interval = String.raw`([-+]?)(\d+)-(\d+) ([-+]?\d+) ([-+]?)(\d+):(\d+):(\d+(?:\.\d{1,6})?)`

function intervalSql(x: string): string {
  const part = (index: number): string => `regexp_extract(${x}, ${quoteText(interval)}, ${index})`
  const sign = (index: number): string => `CASE WHEN ${part(index)} = '-' THEN -1 ELSE 1 END`
  const clock = `${part(6)}::BIGINT * 3600000000 + ${part(7)}::BIGINT * 60000000 + (${part(8)}::DECIMAL(18,6) * 1000000)::BIGINT`
  return `CASE WHEN regexp_full_match(${x}, ${quoteText(interval)}) THEN TRY(
    to_months(((${sign(1)}) * (${part(2)}::BIGINT * 12 + ${part(3)}::BIGINT))::INTEGER)
    + to_days(${part(4)}::INTEGER) + to_microseconds((${sign(5)}) * (${clock}))) END`
}

const range = String.raw`\[ *([^,]+?) *, *([^,]+?) *\)`

/** No bound is NULL. */
function rangeSql(x: string, element: EngineType): string {
  const bound = (index: number): string => {
    const part = `regexp_extract(${x}, ${quoteText(range)}, ${index})`
    const text = `(CASE WHEN upper(${part}) NOT IN ('UNBOUNDED', 'NULL') THEN ${part} END)`
    return leafSql(text, element)
  }
  return `CASE WHEN ${x} IS NULL THEN NULL
    WHEN NOT regexp_full_match(${x}, ${quoteText(range)}) THEN ${failSql(`'Could not parse ''' || ${x}[:100] || ''' as RANGE'`, `STRUCT("start" ${nameOf(element)}, "end" ${nameOf(element)})`)}
    ELSE struct_pack("start" := ${bound(1)}, "end" := ${bound(2)}) END`
}
