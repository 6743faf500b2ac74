// A function that JavaScript computes, as the warehouse registers it.

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
