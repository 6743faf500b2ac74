// The field of a record that says when it happened, if it goes before the time of its Forward entry.
import type { RowTableSpec } from '../../warehouse/row-tables.ts'
import { timeOf } from './convert.ts'

/** A small number is no time but a duration or a count: it stays in the payload. */
const earliestMicros = Date.UTC(1971, 0, 1) * 1000

/** Undefined: the entry's time counts, if it has one. */
export function timeFieldOf(
  { time }: RowTableSpec,
  row: Readonly<Record<string, unknown>>,
  entryMicros: number | undefined,
): string | undefined {
  if (entryMicros !== undefined && !time.beforeEntry) return undefined
  return time.fields.find((name) => {
    const value = row[name]
    const micros = value === undefined ? undefined : timeOf(value)
    return micros !== undefined && micros >= earliestMicros
  })
}
