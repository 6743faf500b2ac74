// Rows of insertAll against a table's schema: each value is what its column takes, or the row is refused with Google's words. What is
// kept is JSON in one spelling a type, so that the rows can be read back without knowing what the client sent:
//
//   INT64, NUMERIC, BIGNUMERIC  text of digits     FLOAT64  number, or "NaN", "Infinity", "-Infinity"
//   BYTES  base64    TIMESTAMP  2026-03-01 10:00:00.123456+00    DATETIME  the same without a zone    DATE, TIME, INTERVAL  text
//   JSON  its text as text    ARRAY  array    STRUCT  object with the schema's names    RANGE  its text
import type { SqlType } from '../../sql/types.ts'
import { ExactNumber } from './body.ts'

export interface RowError {
  readonly reason: 'invalid'
  /** The field. */
  readonly location: string
  readonly message: string
}

export interface InsertColumn {
  readonly name: string
  readonly type: SqlType
  readonly mode: 'NULLABLE' | 'REQUIRED' | 'REPEATED'
  readonly hasDefault: boolean
}

class ValueError extends Error {
  override name = 'ValueError'
  readonly path: string

  constructor(path: string, message: string) {
    super(message)
    this.path = path
  }
}

export type RowCheck = (
  json: Readonly<Record<string, unknown>>,
) => { readonly row: object } | { readonly errors: RowError[] }

/** Made once for a call. `ignoresUnknown`: fields that no column has are left out. */
export function createRowCheck(columns: readonly InsertColumn[], ignoresUnknown: boolean): RowCheck {
  const byName = new Map(columns.map((column) => [column.name.toLowerCase(), column]))
  return (json) => {
    const row: Record<string, unknown> = {}
    const errors: RowError[] = []
    const wrong = new Set<string>()
    const fail = (location: string, message: string): void => {
      errors.push({ reason: 'invalid', location, message })
    }
    for (const [name, value] of Object.entries(json)) {
      const column = byName.get(name.toLowerCase())
      if (column === undefined) {
        if (!ignoresUnknown) fail(name.slice(0, 300), `no such field: ${name.slice(0, 300)}.`)
        continue
      }
      try {
        row[column.name] = convert(value, column.type, { path: column.name, ignoresUnknown })
      } catch (error) {
        if (!(error instanceof ValueError)) throw error
        wrong.add(column.name)
        fail(error.path, error.message)
      }
    }
    for (const { name, mode, hasDefault } of columns) {
      const isAbsent = (row[name] ?? null) === null && (Object.hasOwn(row, name) || !hasDefault)
      if (mode === 'REQUIRED' && isAbsent && !wrong.has(name)) fail(name, `Missing required field: ${name}.`)
    }
    return errors.length === 0 ? { row } : { errors }
  }
}

interface Place {
  readonly path: string
  readonly ignoresUnknown: boolean
}

function convert(value: unknown, type: SqlType, place: Place): unknown {
  if (value === null || value === undefined) return type.kind === 'ARRAY' ? [] : null
  if (type.kind === 'ARRAY') return convertArray(value, type.element, place)
  if (type.kind === 'STRUCT') return convertStruct(value, type.fields, place)
  if (Array.isArray(value) && type.kind !== 'JSON')
    throw new ValueError(place.path, `Array specified for non-repeated field: ${place.path}.`)
  return convertScalar(value, type, place)
}

function convertArray(value: unknown, element: SqlType, place: Place): unknown[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value]
  return items.map((item) => {
    if (item === null || item === undefined)
      throw new ValueError(place.path, `Only optional fields can be set to NULL. Field: ${place.path}; Value: NULL`)
    return convert(item, element, place)
  })
}

function convertStruct(
  value: unknown,
  fields: readonly { readonly name: string | undefined; readonly type: SqlType }[],
  { path, ignoresUnknown }: Place,
): object {
  if (typeof value !== 'object' || value === null || Array.isArray(value) || value instanceof ExactNumber)
    throw new ValueError(path, `This field: ${path} is a record.`)
  const byName = new Map(fields.map((field) => [(field.name ?? '').toLowerCase(), field]))
  const row: Record<string, unknown> = {}
  for (const [name, inner] of Object.entries(value)) {
    const field = byName.get(name.toLowerCase())
    const innerPath = `${path}.${name.slice(0, 300)}`
    if (field?.name !== undefined) row[field.name] = convert(inner, field.type, { path: innerPath, ignoresUnknown })
    else if (!ignoresUnknown) throw new ValueError(innerPath, `no such field: ${innerPath}.`)
  }
  return row
}

type ScalarKind = Exclude<SqlType['kind'], 'ARRAY' | 'STRUCT'>

function convertScalar(value: unknown, type: SqlType, { path }: Place): unknown {
  if (type.kind === 'JSON') return jsonText(value, path)
  const convertOne = converters[type.kind as ScalarKind]
  const text = typeof value === 'string' ? value : plainText(value)
  const converted = text === undefined ? undefined : convertOne === undefined ? text : convertOne(text)
  if (converted !== undefined) return converted
  const shown = text === undefined ? '' : ` Bad value: ${text.slice(0, 100)}`
  throw new ValueError(
    path,
    `Cannot convert value to ${messageNames[type.kind as ScalarKind] ?? type.kind.toLowerCase()}:${shown}`,
  )
}

const messageNames: Partial<Record<ScalarKind, string>> = {
  INT64: 'integer (bad value)',
  FLOAT64: 'floating point (bad value)',
  BOOL: 'boolean (bad value)',
}

function plainText(value: unknown): string | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return String(value)
  return value instanceof ExactNumber ? value.digits : undefined
}

/** A client sends JSON as its text; newer ones as it is. Text that isn't JSON is a mistake in the first case only. */
function jsonText(value: unknown, path: string): string {
  if (typeof value !== 'string') return JSON.stringify(value)
  try {
    JSON.parse(value)
    return value
  } catch {
    throw new ValueError(path, `Invalid JSON literal: ${value.slice(0, 100)}`)
  }
}

const int64Max = 2n ** 63n - 1n

function integer(text: string): string | undefined {
  const match = /^\s*([-+]?\d{1,30})(?:\.0*)?\s*$/.exec(text)
  const digits =
    match?.[1]?.replace(/^\+/, '') ?? (/^\d+(?:\.\d+)?e\+?\d+$/i.test(text) ? String(BigInt(Number(text))) : undefined)
  if (digits === undefined) return undefined
  const value = BigInt(digits)
  return value <= int64Max && value >= -int64Max - 1n ? String(value) : undefined
}

function float(text: string): number | string | undefined {
  const trimmed = text.trim()
  if (/^[-+]?inf(?:inity)?$/i.test(trimmed)) return trimmed.startsWith('-') ? '-Infinity' : 'Infinity'
  if (/^nan$/i.test(trimmed)) return 'NaN'
  const value = Number(trimmed)
  return /^[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?$/i.test(trimmed) && Number.isFinite(value) ? value : undefined
}

/** `digits` before the point, `scale` behind it: as the column keeps them. */
function decimal(text: string, digits: number, scale: number): string | undefined {
  const match = /^\s*([-+]?)0*(\d*)(?:\.(\d*))?(?:e([-+]?\d{1,3}))?\s*$/i.exec(text)
  if (match === null || !/\d/.test(text)) return undefined
  const [, sign = '', whole = '', behind = '', exponent = '0'] = match
  const shifted = shift(whole, behind, Number(exponent))
  const fraction = shifted.behind.replace(/0+$/, '')
  if (shifted.whole.length > digits || fraction.length > scale) return undefined
  return `${sign === '-' ? '-' : ''}${shifted.whole === '' ? '0' : shifted.whole}${fraction === '' ? '' : `.${fraction}`}`
}

function shift(whole: string, behind: string, by: number): { readonly whole: string; readonly behind: string } {
  if (by === 0) return { whole, behind }
  const digits = by > 0 ? whole + behind.padEnd(by, '0') : whole.padStart(-by + 1, '0') + behind
  const point = by > 0 ? whole.length + by : Math.max(whole.length, -by + 1) + by
  return { whole: digits.slice(0, point).replace(/^0+/, ''), behind: digits.slice(point) }
}

function isDay(year: string, month: string, day: string): boolean {
  const date = new Date(Date.UTC(2000, Number(month) - 1, Number(day)))
  date.setUTCFullYear(Number(year), Number(month) - 1, Number(day))
  return Number(year) > 0 && date.getUTCMonth() === Number(month) - 1 && date.getUTCDate() === Number(day)
}

function date(text: string): string | undefined {
  const match = /^\s*(\d{4})-(\d{1,2})-(\d{1,2})\s*$/.exec(text)
  if (match === null) return undefined
  const [, year = '', month = '', day = ''] = match
  return isDay(year, month, day) ? `${year}-${month.padStart(2, '0')}-${day.padStart(2, '0')}` : undefined
}

function time(text: string): string | undefined {
  const match = /^\s*(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{1,6})\d*)?\s*$/.exec(text)
  if (match === null) return undefined
  const [, hour = '', minute = '', second = '', fraction] = match
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined
  return `${hour.padStart(2, '0')}:${minute.padStart(2, '0')}:${second.padStart(2, '0')}${fraction === undefined ? '' : `.${fraction}`}`
}

function datetime(text: string): string | undefined {
  const match = /^\s*(\d{4}-\d{1,2}-\d{1,2})(?:[T ](.+))?$/i.exec(text)
  const day = date(match?.[1] ?? '')
  const clock = match?.[2] === undefined ? '00:00:00' : time(match[2])
  return day === undefined || clock === undefined ? undefined : `${day} ${clock}`
}

const microsPerSecond = 1_000_000n

/** Text with or without a zone (UTC), or seconds since 1970 as a number, as BigQuery takes both. */
function timestamp(text: string): string | undefined {
  const trimmed = text.trim()
  if (/^-?\d+(?:\.\d+)?(?:e[-+]?\d+)?$/i.test(trimmed)) return secondsTimestamp(trimmed)
  const match = /^(.+?)(?:\s*(Z|UTC|[-+]\d{1,2}(?::?\d{2})?))?$/i.exec(trimmed)
  const local = datetime(match?.[1] ?? '')
  if (local === undefined) return undefined
  const zone = match?.[2]
  if (zone === undefined || /^(?:Z|UTC)$/i.test(zone)) return `${local}+00`
  const [, sign = '+', hours = '0', minutes = '0'] = /^([-+])(\d{1,2})(?::?(\d{2}))?$/.exec(zone) ?? []
  if (Number(hours) > 14 || Number(minutes) > 59) return undefined
  return `${local}${sign}${hours.padStart(2, '0')}:${minutes.padStart(2, '0')}`
}

function secondsTimestamp(text: string): string | undefined {
  const exact = /^(-?)(\d{1,12})(?:\.(\d{1,6})\d*)?$/.exec(text)
  const micros =
    exact === null
      ? Math.round(Number(text) * 1e6)
      : (exact[1] === '-' ? -1 : 1) *
        Number(BigInt(exact[2] ?? '0') * microsPerSecond + BigInt((exact[3] ?? '').padEnd(6, '0')))
  if (!(Math.abs(micros) < 2.6e17) || micros < -62_135_596_800_000_000 || micros >= 253_402_300_800_000_000)
    return undefined
  const whole = Math.floor(micros / 1e6)
  const stamp = new Date(whole * 1000).toISOString().slice(0, 19).replace('T', ' ')
  return `${stamp}.${String(micros - whole * 1e6).padStart(6, '0')}+00`
}

const converters: Partial<Record<ScalarKind, (text: string) => string | number | boolean | undefined>> = {
  INT64: integer,
  FLOAT64: float,
  NUMERIC: (text) => decimal(text, 29, 9),
  BIGNUMERIC: (text) => decimal(text, 20, 18),
  BOOL: (text) => (/^(?:true|t|yes|y|1)$/i.test(text) ? true : /^(?:false|f|no|n|0)$/i.test(text) ? false : undefined),
  BYTES: (text) => (/^[A-Za-z0-9+/_-]*={0,2}$/.test(text) ? text.replaceAll('-', '+').replaceAll('_', '/') : undefined),
  DATE: date,
  TIME: time,
  DATETIME: datetime,
  TIMESTAMP: timestamp,
  INTERVAL: (text) => (/^[-+]?\d+-\d+ [-+]?\d+ [-+]?\d+:\d+:\d+(?:\.\d+)?$/.test(text) ? text : undefined),
  RANGE: (text) => (/^\[.*,.*\)$/.test(text) ? text : undefined),
}
