// The shape of a row of the function table. The table is data: one row a signature, read by the compiler, by the docs
// (docs/googlesql.md) and by the tests, which demand a case in test/sql for every function name.
import type { SqlType } from '../types.ts'

/**
 * One overload, in a small notation:
 *
 *   'STARTS_WITH(STRING, STRING) -> BOOL'
 *   'SUBSTR(STRING, INT64, [INT64]) -> STRING'        [T] may be left out
 *   'CONCAT(STRING, STRING...) -> STRING'             T... none or many more of it (only the last)
 *   'ARRAY_CONCAT(ARRAY<T>, ARRAY<T>...) -> ARRAY<T>' T, T1, T2: type variables; all uses of one are coerced to their supertype
 *   'DATE_TRUNC(DATE, PART) -> DATE'                  PART: a date part keyword (DAY, WEEK(MONDAY), …), handed to `lower` by name
 *   'DATE_ADD(DATE, INT64, PART) -> DATE'             an argument `INTERVAL n DAY` counts as two, INT64 and PART, where the row wants these
 *   'ROUND(FLOAT64, INT64, LITERAL STRING) -> …'      LITERAL T: must be a constant expression; its value is handed to `lower`
 *   'ARRAY_TRANSFORM(ARRAY<T>, LAMBDA(T) -> R) -> ARRAY<R>'
 *   'COUNT(*) -> INT64'
 *   'PARSE_JSON(STRING, [wide_number_mode => STRING])'  named argument
 *
 * Types: INT64 FLOAT64 NUMERIC BIGNUMERIC BOOL STRING BYTES DATE TIME DATETIME TIMESTAMP INTERVAL JSON, ARRAY<…>, STRUCT<a INT64, …>,
 * ANY (no coercion). An exact match wins, then the overload that coerces the least, the first of equals (literals coerce wider:
 * a STRING literal to DATE, DATETIME, TIMESTAMP, …; an INT64 literal to NUMERIC, FLOAT64; as BigQuery's conversion rules say).
 */
export type SignatureText = string

/** An argument as the compiler hands it to a lowering: already coerced to the signature's type. */
export interface LoweredArgument {
  /** DuckDB SQL, safe to put anywhere an expression may stand (bracketed if need be). */
  readonly sql: string
  readonly type: SqlType
  /** The value of a literal, a constant or a date part: string (also of PART, upper case, like `WEEK(MONDAY)`), number text, boolean, null. */
  readonly constant?: string | boolean | null | undefined
  /** Of a named argument. */
  readonly name?: string | undefined
}

export interface LoweringCall {
  readonly args: readonly LoweredArgument[]
  readonly result: SqlType
  /** Refuses by name: error 'unsupported', at the call's place. */
  unsupported(what: string): never
  /** A mistake that BigQuery finds, too. */
  invalid(message: string): never
}

/** '$1', '$2' … stand for the arguments; '$*' for all that are there, separated by commas. Or code, for what a template can't say. */
export type Lowering = string | ((call: LoweringCall) => string)

export interface FunctionRow {
  readonly signature: SignatureText
  readonly lower: Lowering
  /** Its answer may differ from call to call, or from person to person: results that hold it are never cached. */
  readonly volatile?: true
  /** It gives no value, so it becomes any type. */
  readonly fails?: true
  /** Also takes no part in the check that every argument NULL gives NULL; only documentation. */
  readonly note?: string
}

/**
 * Aggregates: the compiler writes DISTINCT, ORDER BY, LIMIT, IGNORE NULLS, HAVING MAX/MIN and FILTER around them, so the row says
 * how. `call.aggregate` carries what stood in the call.
 */
export interface AggregateModifiers {
  readonly isDistinct: boolean
  /** DuckDB text of the ORDER BY list, '' if there is none. */
  readonly orderBy: string
  /** DuckDB text of LIMIT, undefined if there is none. */
  readonly limit: string | undefined
  readonly nulls: 'ignore' | 'respect' | undefined
  /** HAVING MAX x / HAVING MIN x. */
  readonly having: { readonly which: 'max' | 'min'; readonly sql: string } | undefined
  /** ' OVER (…)' as DuckDB text, '' if it is a plain aggregate. */
  readonly over: string
  /** ` FILTER (WHERE …)` that PIVOT asks for, '' otherwise. Belongs directly behind each DuckDB aggregate call. */
  readonly filter: string
}

export interface AggregateCall extends LoweringCall {
  readonly modifiers: AggregateModifiers
}

export interface AggregateRow {
  readonly signature: SignatureText
  /** Builds the whole DuckDB expression, modifiers and over included. */
  readonly lower: (call: AggregateCall) => string
  /** Which modifiers BigQuery allows; others are refused with its message. */
  readonly allows: readonly ('distinct' | 'order' | 'limit' | 'nulls' | 'having' | 'over')[]
  readonly volatile?: true
  readonly note?: string
}

/** Only with OVER: RANK, LAG, … */
export interface WindowRow {
  readonly signature: SignatureText
  readonly lower: (call: AggregateCall) => string
  readonly needsOrder: boolean
  readonly allowsFrame: boolean
  readonly note?: string
}

/** Functions that BigQuery has and we refuse by name, with the reason: 'ST_AREA' -> 'GEOGRAPHY isn't supported locally'. */
export type RefusedFunctions = Readonly<Record<string, string>>
