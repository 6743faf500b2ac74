// DuckDB's types as trees of the contract. TIMESTAMP_S and TIMESTAMP_MS are told as TIMESTAMP, arrays of fixed length as LIST;
// what the contract has no word for is OTHER, and its values are text.
import {
  DuckDBArrayType,
  DuckDBDecimalType,
  DuckDBListType,
  DuckDBMapType,
  DuckDBStructType,
  type DuckDBType,
  DuckDBTypeId,
} from '@duckdb/node-api'

import type { EngineScalarKind, EngineType } from '../session.ts'

const scalarKinds = new Map<DuckDBTypeId, EngineScalarKind>([
  [DuckDBTypeId.BOOLEAN, 'BOOLEAN'],
  [DuckDBTypeId.TINYINT, 'TINYINT'],
  [DuckDBTypeId.SMALLINT, 'SMALLINT'],
  [DuckDBTypeId.INTEGER, 'INTEGER'],
  [DuckDBTypeId.BIGINT, 'BIGINT'],
  [DuckDBTypeId.UTINYINT, 'UTINYINT'],
  [DuckDBTypeId.USMALLINT, 'USMALLINT'],
  [DuckDBTypeId.UINTEGER, 'UINTEGER'],
  [DuckDBTypeId.UBIGINT, 'UBIGINT'],
  [DuckDBTypeId.HUGEINT, 'HUGEINT'],
  [DuckDBTypeId.UHUGEINT, 'UHUGEINT'],
  [DuckDBTypeId.FLOAT, 'FLOAT'],
  [DuckDBTypeId.DOUBLE, 'DOUBLE'],
  [DuckDBTypeId.VARCHAR, 'VARCHAR'],
  [DuckDBTypeId.BLOB, 'BLOB'],
  [DuckDBTypeId.DATE, 'DATE'],
  [DuckDBTypeId.TIME, 'TIME'],
  [DuckDBTypeId.TIMESTAMP, 'TIMESTAMP'],
  [DuckDBTypeId.TIMESTAMP_S, 'TIMESTAMP'],
  [DuckDBTypeId.TIMESTAMP_MS, 'TIMESTAMP'],
  [DuckDBTypeId.TIMESTAMP_TZ, 'TIMESTAMPTZ'],
  [DuckDBTypeId.INTERVAL, 'INTERVAL'],
  [DuckDBTypeId.UUID, 'UUID'],
  [DuckDBTypeId.SQLNULL, 'NULL'],
])

export function engineTypeOf(type: DuckDBType): EngineType {
  if (type instanceof DuckDBDecimalType) return { kind: 'DECIMAL', width: type.width, scale: type.scale }
  if (type instanceof DuckDBListType || type instanceof DuckDBArrayType) {
    return { kind: 'LIST', element: engineTypeOf(type.valueType) }
  }
  if (type instanceof DuckDBMapType) {
    return { kind: 'MAP', key: engineTypeOf(type.keyType), value: engineTypeOf(type.valueType) }
  }
  if (type instanceof DuckDBStructType) {
    const fields = type.entryTypes.map((entry, index) => ({
      name: type.entryNames[index] ?? '',
      type: engineTypeOf(entry),
    }))
    return { kind: 'STRUCT', fields }
  }
  if (type.typeId === DuckDBTypeId.VARCHAR && type.alias === 'JSON') return { kind: 'JSON' }
  const kind = scalarKinds.get(type.typeId)
  return kind === undefined ? { kind: 'OTHER', name: type.alias ?? type.toString() } : { kind }
}
