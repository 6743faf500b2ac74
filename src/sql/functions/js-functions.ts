// Every function that only JavaScript can compute; the warehouse registers them once a database (warehouse/duckdb/js-functions.ts).
import { jsFunctionsA } from './js-functions-a.ts'
import { jsFunctionsB } from './js-functions-b.ts'

export interface JsFunction {
  readonly name: string
  /** DuckDB types: VARCHAR, BIGINT, DOUBLE, BLOB, VARCHAR[]. */
  readonly parameters: readonly string[]
  readonly result: string
  readonly call: (...values: readonly never[]) => unknown
  /** Default: a NULL among the arguments gives NULL without a call. */
  readonly takesNull?: boolean | undefined
  readonly isVolatile?: boolean | undefined
}

export const jsFunctions: readonly JsFunction[] = [...jsFunctionsB, ...jsFunctionsA]
