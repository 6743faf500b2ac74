// What a query would read, by BigQuery's size rules, before it runs.
import type { TableUse } from '../prepared.ts'
import type { TablePlan } from './table-plan.ts'

export interface Estimate {
  /** Referenced columns of the partitions that are left. */
  readonly bytes: number
  /** Every column of them. */
  readonly bytesOfAllColumns: number
  /** As BigQuery bills it: each table at least 10 MB, rounded up to whole MB. */
  readonly billedBytes: number
  readonly dollars: number
  /** Age of the oldest number that it rests on. */
  readonly ageMs: number
}

export interface CostBook {
  /** Milliseconds; nothing is scanned. */
  estimate(tables: readonly TableUse[]): Promise<Estimate>
  /** The same, taken apart. */
  plan(tables: readonly TableUse[]): Promise<readonly TablePlan[]>
  /** Logical bytes of one table, all columns; partitions if it has any. */
  sizeOf(
    dataset: string,
    table: string,
  ): {
    readonly bytes: number
    readonly partitions:
      | readonly { readonly id: string; readonly rows: number; readonly logicalBytes: number }[]
      | undefined
  }
  /** Bytes that a person was billed for today (UTC). */
  spentToday(handle: string): number
  spend(handle: string, billedBytes: number): void
}

const megabyte = 1024 * 1024
/** "a minimum of 10 MB data processed per table referenced by the query" (cloud.google.com/bigquery/pricing). */
const tableBytesMin = 10 * megabyte
/** List price of the region US, on demand. */
const dollarsPerTebibyte = 6.25

/** `tables`: bytes read of each. */
export function priceOf(tables: readonly number[]): { readonly billedBytes: number; readonly dollars: number } {
  const rounded = tables.map((bytes) => Math.max(tableBytesMin, Math.ceil(bytes / megabyte) * megabyte))
  const billedBytes = rounded.reduce((sum, bytes) => sum + bytes, 0)
  return { billedBytes, dollars: (billedBytes / 1024 ** 4) * dollarsPerTebibyte }
}
