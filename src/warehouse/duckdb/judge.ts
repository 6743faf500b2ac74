// What becomes of one row when a column gets another type: which of its values stands in the column, and what waits in
// `_overflow`.
import { DuckDBTimestampTZValue, type DuckDBValue } from '@duckdb/node-api'

import type { ColumnType, RetypeRequest, Scalar } from '../driver.ts'
import { joinObject, jsonText, type OverflowEntry, parseExact, splitObject } from './overflow.ts'
import { jsonReady } from './values.ts'

export type Retyping = Pick<RetypeRequest, 'column' | 'type' | 'convert'>

/** A column's value as it may have been sent. undefined: there is none. */
export function sentValue(value: DuckDBValue, type: ColumnType): unknown {
  if (value === null) return undefined
  if (typeof value === 'bigint') {
    return Number.isSafeInteger(Number(value)) ? Number(value) : value
  }
  if (type === 'json') return parseExact(String(value))
  return value instanceof DuckDBTimestampTZValue ? jsonReady(value, undefined) : value
}

interface Judged {
  readonly value: Scalar
  readonly overflow: string | null
  /** The row has a value of this name, here or there. */
  readonly isHeld: boolean
  readonly isOverflowed: boolean
}

/**
 * A value that fits stays in its column, or comes back to it; else it waits in `_overflow`. Both may hold one: two keys of
 * an event can lead to one column.
 */
export function judge(own: unknown, overflow: string | null, { column, convert }: Retyping): Judged {
  const fitting = own === undefined ? undefined : convert(own)
  if (fitting !== undefined) return { value: fitting, overflow, isHeld: true, isOverflowed: false }
  const entries = overflow === null ? [] : splitObject(overflow)
  const index = entries.findIndex(({ key }) => key === column)
  const kept = entries[index]
  const back = kept === undefined ? undefined : convert(parseExact(kept.text))
  const isHeld = own !== undefined || kept !== undefined
  if (back === undefined) {
    const more =
      own === undefined ? overflow : joinObject([...entries, { key: freeKey(entries, column), text: valueText(own) }])
    return { value: null, overflow: more, isHeld, isOverflowed: isHeld }
  }
  const left: OverflowEntry[] = own === undefined ? [] : [{ key: column, text: valueText(own) }]
  return {
    value: back,
    overflow: joinObject([...entries.slice(0, index), ...left, ...entries.slice(index + 1)]),
    isHeld,
    isOverflowed: own !== undefined,
  }
}

/** As deliver/ names a second value of a column. */
function freeKey(entries: readonly OverflowEntry[], column: string): string {
  const keys = new Set(entries.map(({ key }) => key))
  let key = column
  for (let turn = 2; keys.has(key); turn += 1) key = `${column}_${turn}`
  return key
}

function valueText(value: unknown): string {
  if (typeof value === 'string') return jsonText(value)
  if (typeof value === 'bigint') return String(value)
  // Not JSON, and never made by us; text is better than null.
  if (typeof value === 'number' && !Number.isFinite(value)) return jsonText(String(value))
  return JSON.stringify(value, (_key, part: unknown) => (typeof part === 'bigint' ? bigText(part) : part))
}

function bigText(value: bigint): object {
  return (JSON as unknown as { rawJSON(source: string): object }).rawJSON(String(value))
}
