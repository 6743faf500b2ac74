// What every expression becomes: DuckDB text with its type, and what coercion and grouping must still know of it.
import type { Origin, Typed } from '../coercion.ts'
import type { Offset } from '../sql-error.ts'
import { scalar } from '../type-names.ts'
import type { SqlType } from '../types.ts'

/** A column that is neither grouped nor aggregated so far; a grouping expression around it settles it. */
export interface LooseColumn {
  readonly name: string
  readonly offset: Offset
  /** The SELECT that the column belongs to. */
  readonly select: object
}

export interface Lowered {
  /** Safe to put anywhere an expression may stand. */
  readonly sql: string
  readonly type: SqlType
  readonly origin: Origin
  /** Of a literal: its value as text (numbers too), true, false or null. */
  readonly constant?: string | boolean | null | undefined
  /** Of origin 'made': the parts, so that a coercion reaches literals in them. */
  readonly parts?: readonly Lowered[] | undefined
  readonly loose?: readonly LooseColumn[] | undefined
  /** An undeclared parameter: its first coercion tells its type. */
  readonly parameter?: ParameterUse | undefined
  /**
   * Of FLOAT64 sums, differences and products: the text without the check for overflow, and what it was made of. Infinity and NaN pass
   * through these three, so one check at the end finds what BigQuery finds at each step.
   */
  readonly chain?: { readonly raw: string; readonly leaves: readonly string[] } | undefined
  /** Of `INTERVAL x PART`: the part and the number. */
  readonly interval?: { readonly part: string; readonly amount: Lowered } | undefined
}

export interface ParameterUse {
  /** Name in lower case, or position from 1. */
  readonly key: string | number
  readonly source: 'named' | 'positional' | 'variable'
  /** As it was first written. */
  readonly name: string | undefined
  type: SqlType | undefined
  readonly isDeclared: boolean
}

export function value(sql: string, type: SqlType, ...from: readonly (Lowered | undefined)[]): Lowered {
  const loose = looseOf(from)
  return loose === undefined ? { sql, type, origin: 'value' } : { sql, type, origin: 'value', loose }
}

export function looseOf(from: readonly (Lowered | undefined)[]): readonly LooseColumn[] | undefined {
  let all: readonly LooseColumn[] | undefined
  for (const one of from) {
    if (one?.loose === undefined || one.loose === all) continue
    all = all === undefined ? one.loose : joinLoose(all, one.loose)
  }
  return all
}

/** One of each SELECT is enough: the first is the one that messages name. */
function joinLoose(left: readonly LooseColumn[], right: readonly LooseColumn[]): readonly LooseColumn[] {
  const added = right.filter(({ select }) => !left.some((one) => one.select === select))
  return added.length === 0 ? left : [...left, ...added]
}

export function nullOf(type: SqlType = scalar.INT64): Lowered {
  return { sql: 'NULL', type, origin: 'null', constant: null }
}

export function typedOf(lowered: Lowered): Typed {
  return lowered
}
