// DuckDB's values -> values that JSON can say, without losing a digit.
//
//   BIGINT, HUGEINT, DECIMAL   number while a double holds it exactly, else text
//   NaN, Infinity              text                    TIMESTAMPTZ  ISO 8601 with Z, microseconds only if there are any
//   JSON                       the value itself        TIMESTAMP    the same without Z (it has no zone)
//   BLOB                       base64                  LIST, STRUCT arrays, objects
//   MAP                        object if its keys are text, else [{key, value}]
import {
  DuckDBArrayValue,
  DuckDBBlobValue,
  DuckDBDecimalValue,
  DuckDBListValue,
  DuckDBMapValue,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  type DuckDBType,
  DuckDBUnionValue,
  type DuckDBValue,
} from '@duckdb/node-api'

import { parseJson } from '../../core/exact-json.ts'

export function jsonReady(value: DuckDBValue, type: DuckDBType | undefined): unknown {
  if (value === null || typeof value === 'boolean') return value
  if (typeof value === 'string') return type?.alias === 'JSON' ? parseJson(value) : value
  if (typeof value === 'number') return Number.isFinite(value) ? value : String(value)
  if (typeof value === 'bigint') return exactNumber(value)
  return jsonReadyObject(value, type)
}

function jsonReadyObject(
  value: Exclude<DuckDBValue, null | boolean | number | bigint | string>,
  type: DuckDBType | undefined,
): unknown {
  if (value instanceof DuckDBTimestampTZValue) return isoTime(value.micros, 'Z') ?? value.toString()
  if (value instanceof DuckDBTimestampValue) return isoTime(value.micros, '') ?? value.toString()
  if (value instanceof DuckDBDecimalValue) return decimal(value)
  if (value instanceof DuckDBBlobValue) return Buffer.from(value.bytes).toString('base64')
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) {
    const inner = type !== undefined && 'valueType' in type ? type.valueType : undefined
    return value.items.map((item) => jsonReady(item, inner))
  }
  if (value instanceof DuckDBStructValue) {
    const types = type !== undefined && 'entryTypes' in type ? type.entryTypes : []
    const entries = Object.entries(value.entries)
    return Object.fromEntries(entries.map(([key, entry], index) => [key, jsonReady(entry, types[index])]))
  }
  if (value instanceof DuckDBMapValue) return map(value, type)
  if (value instanceof DuckDBUnionValue) {
    const member = type !== undefined && 'memberTypeForTag' in type ? type.memberTypeForTag(value.tag) : undefined
    return jsonReady(value.value, member)
  }
  return value.toString()
}

function map(value: DuckDBMapValue, type: DuckDBType | undefined): unknown {
  const keyType = type !== undefined && 'keyType' in type ? type.keyType : undefined
  const valueType = type !== undefined && 'valueType' in type ? type.valueType : undefined
  const entries = value.entries.map((entry) => ({
    key: jsonReady(entry.key, keyType),
    value: jsonReady(entry.value, valueType),
  }))
  return entries.every(({ key }) => typeof key === 'string')
    ? Object.fromEntries(entries.map((entry) => [String(entry.key), entry.value]))
    : entries
}

function exactNumber(value: bigint): number | string {
  return value >= Number.MIN_SAFE_INTEGER && value <= Number.MAX_SAFE_INTEGER ? Number(value) : String(value)
}

/** Fifteen digits survive a double and back. */
function decimal(value: DuckDBDecimalValue): number | string {
  const text = value.toString()
  return value.value > -(10n ** 15n) && value.value < 10n ** 15n ? Number(text) : text
}

const microsPerMilli = 1000n

/** undefined for infinity and years that ISO 8601 can't say in four digits. */
function isoTime(micros: bigint, zone: 'Z' | ''): string | undefined {
  const rest = ((micros % microsPerMilli) + microsPerMilli) % microsPerMilli
  const millis = Number((micros - rest) / microsPerMilli)
  if (millis < -62_135_596_800_000 || millis > 253_402_300_799_999) return undefined
  const text = new Date(millis).toISOString().slice(0, -1)
  return `${text}${rest === 0n ? '' : String(rest).padStart(3, '0')}${zone}`
}
