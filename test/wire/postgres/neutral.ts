// DuckDB's values -> neutral values of warehouse/session.ts, for the small road of these tests.
import {
  DuckDBArrayValue,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalType,
  DuckDBIntervalValue,
  DuckDBListType,
  DuckDBListValue,
  DuckDBMapType,
  DuckDBMapValue,
  DuckDBStructType,
  DuckDBStructValue,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTimeValue,
  type DuckDBType,
  DuckDBTypeId,
  type DuckDBValue,
} from '@duckdb/node-api'

import type { EngineScalarKind, EngineType, EngineValue } from '../../../src/warehouse/session.ts'

const scalars: Partial<Record<DuckDBTypeId, EngineScalarKind>> = {
  [DuckDBTypeId.BOOLEAN]: 'BOOLEAN',
  [DuckDBTypeId.TINYINT]: 'TINYINT',
  [DuckDBTypeId.SMALLINT]: 'SMALLINT',
  [DuckDBTypeId.INTEGER]: 'INTEGER',
  [DuckDBTypeId.BIGINT]: 'BIGINT',
  [DuckDBTypeId.UTINYINT]: 'UTINYINT',
  [DuckDBTypeId.USMALLINT]: 'USMALLINT',
  [DuckDBTypeId.UINTEGER]: 'UINTEGER',
  [DuckDBTypeId.UBIGINT]: 'UBIGINT',
  [DuckDBTypeId.HUGEINT]: 'HUGEINT',
  [DuckDBTypeId.UHUGEINT]: 'UHUGEINT',
  [DuckDBTypeId.FLOAT]: 'FLOAT',
  [DuckDBTypeId.DOUBLE]: 'DOUBLE',
  [DuckDBTypeId.VARCHAR]: 'VARCHAR',
  [DuckDBTypeId.BLOB]: 'BLOB',
  [DuckDBTypeId.DATE]: 'DATE',
  [DuckDBTypeId.TIME]: 'TIME',
  [DuckDBTypeId.TIMESTAMP]: 'TIMESTAMP',
  [DuckDBTypeId.TIMESTAMP_TZ]: 'TIMESTAMPTZ',
  [DuckDBTypeId.INTERVAL]: 'INTERVAL',
  [DuckDBTypeId.UUID]: 'UUID',
  [DuckDBTypeId.SQLNULL]: 'NULL',
}

export function neutralType(type: DuckDBType): EngineType {
  if (type.alias === 'JSON') return { kind: 'JSON' }
  if (type instanceof DuckDBDecimalType) return { kind: 'DECIMAL', width: type.width, scale: type.scale }
  if (type instanceof DuckDBListType) return { kind: 'LIST', element: neutralType(type.valueType) }
  if (type instanceof DuckDBStructType) {
    return {
      kind: 'STRUCT',
      fields: type.entryTypes.map((entry, index) => ({ name: type.entryNames[index] ?? '', type: neutralType(entry) })),
    }
  }
  if (type instanceof DuckDBMapType)
    return { kind: 'MAP', key: neutralType(type.keyType), value: neutralType(type.valueType) }
  const kind = scalars[type.typeId]
  return kind === undefined ? { kind: 'OTHER', name: type.toString() } : { kind }
}

const infinity = 2n ** 63n - 1n

export function neutralValue(value: DuckDBValue): EngineValue {
  if (value === null || typeof value === 'boolean' || typeof value === 'number') return value
  if (typeof value === 'bigint' || typeof value === 'string') return value
  if (value instanceof DuckDBBlobValue) return value.bytes
  if (value instanceof DuckDBDateValue) {
    if (value.days === 0x7fff_ffff) return Number.POSITIVE_INFINITY
    return value.days === -0x7fff_ffff ? Number.NEGATIVE_INFINITY : value.days
  }
  if (
    value instanceof DuckDBTimeValue ||
    value instanceof DuckDBTimestampValue ||
    value instanceof DuckDBTimestampTZValue
  ) {
    return value.micros < -infinity ? -infinity : value.micros
  }
  if (value instanceof DuckDBIntervalValue) return { months: value.months, days: value.days, micros: value.micros }
  if (value instanceof DuckDBListValue || value instanceof DuckDBArrayValue) return value.items.map(neutralValue)
  if (value instanceof DuckDBStructValue) return Object.values(value.entries).map(neutralValue)
  if (value instanceof DuckDBMapValue)
    return value.entries.map(({ key, value: item }) => [neutralValue(key), neutralValue(item)])
  return value.toString()
}
