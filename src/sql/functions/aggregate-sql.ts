// How every aggregate is put together: DISTINCT, ORDER BY, FILTER and OVER at their places in DuckDB's syntax.
import type { AggregateCall, AggregateModifiers } from './function-row.ts'

export interface Pieces {
  /** Defaults to the call's DISTINCT. */
  readonly isDistinct?: boolean
  /** Only rows for which this holds. */
  readonly where?: string | undefined
  /** Defaults to the call's ORDER BY. */
  readonly orderBy?: string
}

export function aggregate(name: string, args: string, { modifiers }: AggregateCall, pieces: Pieces = {}): string {
  const { isDistinct = modifiers.isDistinct, orderBy = '' } = pieces
  const order = orderBy === '' ? '' : ` ORDER BY ${orderBy}`
  return `${name}(${isDistinct ? 'DISTINCT ' : ''}${args}${order})${filterWith(modifiers, pieces.where)}${modifiers.over}`
}

/** The call's own FILTER and one more condition. */
export function filterWith({ filter }: AggregateModifiers, condition: string | undefined): string {
  if (condition === undefined) return filter
  const present = /^\s*FILTER \(WHERE ([^]*)\)\s*$/.exec(filter)?.[1]
  return ` FILTER (WHERE ${present === undefined ? condition : `(${present}) AND (${condition})`})`
}

/** The first argument. */
export function first(call: AggregateCall): string {
  return call.args[0]?.sql ?? 'NULL'
}

/** `l[1:n]`, if the call has a LIMIT; of none is NULL, as over no rows. */
export function limited(list: string, { limit }: AggregateModifiers): string {
  return limit === undefined ? list : `CASE WHEN ${limit} > 0 THEN (${list})[1:${limit}] END`
}
