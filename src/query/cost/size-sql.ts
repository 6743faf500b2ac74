// How large a value is by BigQuery's rules, as SQL over the engine's columns (cloud.google.com/bigquery/docs, "data size
// calculation"): NULL 0 · BOOL 1 · INT64, FLOAT64, DATE, TIME, DATETIME, TIMESTAMP 8 · NUMERIC, INTERVAL 16 · BIGNUMERIC 32 ·
// STRING, BYTES 2 and their bytes · JSON its bytes · ARRAY, STRUCT the sum of what is in them. Logical, never compressed.
import type { SqlType } from '../../sql/types.ts'

const fixedBytes: Partial<Record<SqlType['kind'], number>> = {
  BOOL: 1,
  INT64: 8,
  FLOAT64: 8,
  DATE: 8,
  TIME: 8,
  DATETIME: 8,
  TIMESTAMP: 8,
  NUMERIC: 16,
  INTERVAL: 16,
  RANGE: 16,
  BIGNUMERIC: 32,
}

/** Sum over many rows; never NULL. */
export function sumOfSizes(column: string, type: SqlType): string {
  const fixed = fixedBytes[type.kind]
  if (fixed !== undefined) return `(count(${column}) * ${fixed})::DOUBLE`
  return `coalesce(sum(${sizeOf(column, type, 0)}), 0)::DOUBLE`
}

/** Of one value. `depth` keeps names of lambda parameters apart. */
function sizeOf(value: string, type: SqlType, depth: number): string {
  const fixed = fixedBytes[type.kind]
  if (fixed !== undefined) return `CASE WHEN ${value} IS NULL THEN 0 ELSE ${fixed} END`
  if (type.kind === 'STRING') return `coalesce(2 + strlen(${value}), 0)`
  if (type.kind === 'BYTES') return `coalesce(2 + octet_length(${value}), 0)`
  if (type.kind === 'JSON') return `coalesce(strlen(${value}::VARCHAR), 0)`
  if (type.kind === 'ARRAY') {
    const inner = fixedBytes[type.element.kind]
    if (inner !== undefined) return `coalesce(len(${value}) * ${inner}, 0)`
    const item = `v${depth}`
    return `coalesce(list_sum(list_transform(${value}, lambda ${item}: ${sizeOf(item, type.element, depth + 1)})), 0)`
  }
  if (type.kind === 'STRUCT') {
    const fields = type.fields.map((field, index) =>
      sizeOf(`struct_extract_at(${value}, ${index + 1})`, field.type, depth),
    )
    return fields.length === 0 ? '0' : `(${fields.join(' + ')})`
  }
  return '0'
}
