// What a masked column shows instead of its values: always of the column's own type, so that queries go on working.
import type { MaskKind } from '../../control/principals.ts'
import { duckType, identifier } from '../../sql/type-names.ts'
import type { SqlType } from '../../sql/types.ts'

/** Where several masks lie on one column, the one that shows least counts. */
const strictness: readonly MaskKind[] = ['nothing', 'default', 'hash', 'last4']

export function strictest(kinds: readonly MaskKind[]): MaskKind | undefined {
  return strictness.find((kind) => kinds.includes(kind))
}

/** DuckDB expression over the column. `hash` and `last4` of what is no text show nothing. */
export function maskSql(kind: MaskKind, column: string, type: SqlType): string {
  const name = identifier(column)
  if (kind === 'default') return `CAST(${defaultOf(type)} AS ${duckType(type)})`
  if (kind === 'hash' && type.kind === 'STRING') return `sha256(${name})`
  if (kind === 'hash' && type.kind === 'BYTES') return `unhex(sha256(${name}))`
  // Of a text of four letters or less, the end would be everything.
  if (kind === 'last4' && type.kind === 'STRING') {
    return `CASE WHEN length(${name}) > 4 THEN concat('XXXX', right(${name}, 4)) WHEN ${name} IS NOT NULL THEN 'XXXX' END`
  }
  return nothingSql(type)
}

export function nothingSql(type: SqlType): string {
  return `CAST(NULL AS ${duckType(type)})`
}

function defaultOf(type: SqlType): string {
  switch (type.kind) {
    case 'INT64':
    case 'FLOAT64':
    case 'NUMERIC':
    case 'BIGNUMERIC':
      return '0'
    case 'BOOL':
      return 'FALSE'
    case 'STRING':
      return "''"
    case 'BYTES':
      return "''::BLOB"
    case 'DATE':
      return "DATE '1970-01-01'"
    case 'TIME':
      return "TIME '00:00:00'"
    case 'DATETIME':
      return "TIMESTAMP '1970-01-01 00:00:00'"
    case 'TIMESTAMP':
      return "TIMESTAMPTZ '1970-01-01 00:00:00+00'"
    case 'INTERVAL':
      return "INTERVAL '0 days'"
    case 'JSON':
      return `'null'`
    case 'ARRAY':
      return '[]'
    case 'STRUCT':
    case 'RANGE':
    default:
      return 'NULL'
  }
}
