// Small helpers: errors, types, identifiers, noughts. IF, COALESCE and their kin are forms of the compiler (lower/conditional.ts).
import { text, typeName } from '../type-names.ts'
import { failSql } from './fail.ts'
import type { FunctionRow } from './function-row.ts'

const zeros = ['INT64', 'NUMERIC', 'BIGNUMERIC', 'FLOAT64'].flatMap((type): FunctionRow[] => [
  { signature: `ZEROIFNULL(${type}) -> ${type}`, lower: 'coalesce($1, 0)' },
  { signature: `NULLIFZERO(${type}) -> ${type}`, lower: 'nullif($1, 0)' },
])

export const utilityFunctions: readonly FunctionRow[] = [
  { signature: 'ERROR(STRING) -> INT64', lower: failSql("coalesce($1, 'NULL')", 'BIGINT'), fails: true },
  { signature: 'GENERATE_UUID() -> STRING', lower: 'CAST(uuid() AS VARCHAR)', volatile: true },
  {
    signature: 'TYPEOF(ANY) -> STRING',
    lower: (call) => text(call.args[0] === undefined ? '' : typeName(call.args[0].type)),
  },
  ...zeros,
]
