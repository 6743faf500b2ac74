// The engine's neutral values -> values that JSON can say, without losing a digit.
//
//   integers, DECIMAL     number while a double holds it exactly, else text
//   NaN, Infinity         text                    TIMESTAMPTZ  ISO 8601 with Z, microseconds only if there are any
//   JSON                  the value itself        TIMESTAMP    the same without Z (it has no zone)
//   BLOB                  base64                  LIST, STRUCT arrays, objects
//   MAP                   object if its keys are text, else [{key, value}]
import { parseJson } from '../../core/exact-json.ts'
import type { EngineInterval, EngineType, EngineValue } from '../../warehouse/session.ts'
import { valueText } from './value-text.ts'
import { dateText, intervalText, isoTimestamp, timeText } from './time-text.ts'

export function jsonValue(value: EngineValue, type: EngineType): unknown {
  if (value === null) return null
  switch (type.kind) {
    case 'JSON':
      return parseJson(valueText(value))
    case 'DECIMAL':
      return decimal(valueText(value))
    case 'BLOB':
      return Buffer.from(value as Uint8Array).toString('base64')
    case 'DATE':
      return dateText(Number(value))
    case 'TIME':
      return timeText(value as bigint)
    case 'TIMESTAMP':
      return isoTimestamp(value as bigint, '')
    case 'TIMESTAMPTZ':
      return isoTimestamp(value as bigint, 'Z')
    case 'INTERVAL':
      return intervalText(value as EngineInterval)
    case 'LIST':
      return (value as readonly EngineValue[]).map((item) => jsonValue(item, type.element))
    case 'STRUCT':
      return structValue(value as readonly EngineValue[], type.fields)
    case 'MAP':
      return mapValue(value as readonly EngineValue[], type.key, type.value)
    default:
      return plainValue(value)
  }
}

function plainValue(value: EngineValue): unknown {
  if (typeof value === 'bigint') return exactNumber(value)
  if (typeof value === 'number' && !Number.isFinite(value)) return String(value)
  return value
}

function structValue(
  values: readonly EngineValue[],
  fields: readonly { readonly name: string; readonly type: EngineType }[],
): unknown {
  return Object.fromEntries(fields.map(({ name, type }, index) => [name, jsonValue(values[index] ?? null, type)]))
}

function mapValue(entries: readonly EngineValue[], keyType: EngineType, valueType: EngineType): unknown {
  const pairs = entries.map((entry) => {
    const [key = null, value = null] = entry as readonly EngineValue[]
    return { key: jsonValue(key, keyType), value: jsonValue(value, valueType) }
  })
  return pairs.every(({ key }) => typeof key === 'string')
    ? Object.fromEntries(pairs.map(({ key, value }) => [String(key), value]))
    : pairs
}

function exactNumber(value: bigint): number | string {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : String(value)
}

/** Fifteen digits survive a double and back. */
function decimal(text: string): number | string {
  const short = text.includes('.') ? text.replace(/\.?0+$/, '') : text
  return short.replace(/[-.]/g, '').replace(/^0+/, '').length <= 15 ? Number(short) : short
}
