// A value of the engine -> the text that Postgres would show.
import type { EngineInterval, EngineType, EngineValue } from '../../../warehouse/session.ts'
import { arrayElementText } from './arrays.ts'
import { oids, oidOf } from './oids.ts'
import { dateText, intervalText, timestampText, timestamptzText, timeText, utcZone, type Zone } from './time-text.ts'

export type TextEncoder = (value: EngineValue) => string

/** Never called with NULL. */
export function textEncoder(type: EngineType, zone: Zone): TextEncoder {
  switch (type.kind) {
    case 'BOOLEAN':
      return (value) => (value === true ? 't' : 'f')
    case 'FLOAT':
      return (value) => floatText(Number(value), true)
    case 'DOUBLE':
      return (value) => floatText(Number(value), false)
    case 'BLOB':
      return (value) => `\\x${Buffer.from(value as Uint8Array).toString('hex')}`
    case 'DATE':
      return (value) => dateText(Number(value))
    case 'TIME':
      return (value) => timeText(value as bigint)
    case 'TIMESTAMP':
      return (value) => timestampText(value as bigint)
    case 'TIMESTAMPTZ':
      return (value) => timestamptzText(value as bigint, zone)
    case 'INTERVAL':
      return (value) => intervalText(value as EngineInterval)
    case 'LIST':
      return oidOf(type, false) === oids.json ? jsonEncoder(type) : listEncoder(type.element, zone)
    case 'STRUCT':
    case 'MAP':
      return jsonEncoder(type)
    default:
      return String
  }
}

function listEncoder(element: EngineType, zone: Zone): TextEncoder {
  const encode = textEncoder(element, zone)
  return (value) =>
    `{${(value as readonly EngineValue[]).map((item) => (item === null ? 'NULL' : arrayElementText(encode(item)))).join(',')}}`
}

/** Shortest text that reads back as the same number. */
export function floatText(value: number, isSingle: boolean): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity'
  if (value === 0) return Object.is(value, -0) ? '-0' : '0'
  const [digits = '', exponentText = '0'] = (isSingle ? shortestSingle(value) : value).toExponential().split('e')
  const exponent = Number(exponentText)
  // Postgres changes to an exponent earlier than JavaScript.
  if (exponent < -4 || exponent >= (isSingle ? 6 : 15)) {
    return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`
  }
  return plainDigits(digits, exponent)
}

function shortestSingle(value: number): number {
  for (let precision = 1; precision < 9; precision += 1) {
    const candidate = Number(value.toPrecision(precision))
    if (Math.fround(candidate) === value) return candidate
  }
  return Number(value.toPrecision(9))
}

function plainDigits(scientific: string, exponent: number): string {
  const sign = scientific.startsWith('-') ? '-' : ''
  const digits = scientific.replace('-', '').replace('.', '')
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0')
  const behind = digits.slice(exponent + 1)
  return behind === '' ? `${sign}${whole}` : `${sign}${whole}.${behind}`
}

function jsonEncoder(type: EngineType): TextEncoder {
  return (value) => jsonText(value, type)
}

function jsonScalar(value: EngineValue): string {
  return typeof value === 'string' ? value : `${value as number | bigint}`
}

/** No digit is lost: numbers stand in it as the engine wrote them. */
export function jsonText(value: EngineValue, type: EngineType): string {
  if (value === null) return 'null'
  switch (type.kind) {
    case 'BOOLEAN':
      return value === true ? 'true' : 'false'
    case 'TINYINT':
    case 'SMALLINT':
    case 'INTEGER':
    case 'BIGINT':
    case 'UTINYINT':
    case 'USMALLINT':
    case 'UINTEGER':
    case 'UBIGINT':
    case 'HUGEINT':
    case 'UHUGEINT':
    case 'DECIMAL':
    case 'JSON':
      return jsonScalar(value)
    case 'FLOAT':
    case 'DOUBLE':
      return Number.isFinite(value)
        ? floatText(Number(value), type.kind === 'FLOAT')
        : JSON.stringify(jsonScalar(value))
    case 'TIMESTAMP':
      return JSON.stringify(timestampText(value as bigint).replace(' ', 'T'))
    case 'TIMESTAMPTZ':
      return JSON.stringify(
        timestamptzText(value as bigint, utcZone)
          .replace(' ', 'T')
          .replace(/\+00$/, '+00:00'),
      )
    case 'LIST':
      return `[${(value as readonly EngineValue[]).map((item) => jsonText(item, type.element)).join(',')}]`
    case 'STRUCT': {
      const values = value as readonly EngineValue[]
      const fields = type.fields.map(
        (field, index) => `${JSON.stringify(field.name)}:${jsonText(values[index] ?? null, field.type)}`,
      )
      return `{${fields.join(',')}}`
    }
    case 'MAP': {
      const encodeKey = textEncoder(type.key, utcZone)
      const entries = (value as readonly (readonly [EngineValue, EngineValue])[]).map(
        ([key, item]) => `${JSON.stringify(encodeKey(key))}:${jsonText(item, type.value)}`,
      )
      return `{${entries.join(',')}}`
    }
    default:
      return JSON.stringify(textEncoder(type, utcZone)(value))
  }
}
