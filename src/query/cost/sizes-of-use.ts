// How much of a measured table one use of it reads: its columns, in the days that a filter leaves.
import type { PartitionRange, TableUse } from '../prepared.ts'
import type { TablePlan } from './table-plan.ts'
import type { DaySizes, TableSizes } from './measure.ts'

const dayMicros = 86_400_000_000
/** More than a year; of an older table the newest. */
const planDaysMax = 400

export function keyOf({ dataset, table }: { readonly dataset: string; readonly table: string }): string {
  return JSON.stringify([dataset, table])
}

/** A table that stands twice in a query is read twice by us, but billed once, for all its columns together. */
export function mergedUses(uses: readonly TableUse[]): TableUse[] {
  const byTable = new Map<string, TableUse>()
  for (const use of uses) {
    const other = byTable.get(keyOf(use))
    byTable.set(keyOf(use), other === undefined ? use : union(other, use))
  }
  return [...byTable.values()]
}

function union(one: TableUse, other: TableUse): TableUse {
  const columns =
    one.columns === undefined || other.columns === undefined
      ? undefined
      : [...new Set([...one.columns, ...other.columns])]
  const range =
    one.range === undefined || other.range === undefined
      ? undefined
      : { from: leastOf(one.range.from, other.range.from), to: mostOf(one.range.to, other.range.to) }
  return { ...one, columns, range }
}

function leastOf(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? undefined : Math.min(one, other)
}

function mostOf(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? undefined : Math.max(one, other)
}

export function bytesOf(
  sizes: TableSizes,
  rowsNow: number,
  range: PartitionRange | undefined,
  columns: readonly string[] | undefined,
): number {
  const indexes = sizes.columns.flatMap((name, index) =>
    columns === undefined || columns.includes(name) ? [index] : [],
  )
  const of = (bytes: readonly number[]): number => indexes.reduce((sum, index) => sum + (bytes[index] ?? 0), 0)
  const measured =
    sizes.days === undefined || range === undefined
      ? of(sizes.bytes)
      : daysIn(sizes.days, range).reduce((sum, day) => sum + of(day.bytes), 0)
  return measured * scaleOf(sizes) + newRowsOf(sizes, rowsNow, range) * meanOf(sizes, of)
}

/** What was measured stands for the rest. */
function scaleOf({ rows, measuredRows, isExact }: TableSizes): number {
  return measuredRows === 0 || isExact ? 1 : rows / measuredRows
}

function meanOf({ bytes, measuredRows }: TableSizes, of: (bytes: readonly number[]) => number): number {
  return measuredRows === 0 ? 0 : of(bytes) / measuredRows
}

/** Rows that came since it was measured, and may be in the range: they are young. */
function newRowsOf(sizes: TableSizes, rowsNow: number, range: PartitionRange | undefined): number {
  const isOpen = range?.to === undefined || range.to >= sizes.measuredAtMicros - dayMicros
  return isOpen ? Math.max(0, rowsNow - sizes.rows) : 0
}

function daysIn(days: readonly DaySizes[], range: PartitionRange | undefined): DaySizes[] {
  return days.filter(({ day }) => {
    if (range === undefined) return true
    if (day === undefined) return range.from === undefined && range.to === undefined
    const begins = day * dayMicros
    const isBefore = range.from !== undefined && begins + dayMicros <= range.from
    const isBehind = range.to !== undefined && begins > range.to
    return !isBefore && !isBehind
  })
}

/** The same sum as bytesOf, taken apart. */
export function planOf(sizes: TableSizes, rowsNow: number, use: TableUse): TablePlan {
  const { dataset, table, range } = use
  const named = sizes.columns.filter((name) => use.columns === undefined || use.columns.includes(name))
  const indexes = named.map((name) => sizes.columns.indexOf(name))
  const of = (bytes: readonly number[]): number => indexes.reduce((sum, index) => sum + (bytes[index] ?? 0), 0)
  const days = sizes.days === undefined ? undefined : daysIn(sizes.days, range)
  return {
    dataset,
    table,
    bytes: Math.round(bytesOf(sizes, rowsNow, range, named)),
    columns: named
      .map((name) => ({ name, bytes: Math.round(bytesOf(sizes, rowsNow, range, [name])) }))
      .sort((one, other) => other.bytes - one.bytes),
    days: days?.slice(-planDaysMax).map(({ day, bytes }) => ({
      day: day === undefined ? null : new Date((day * dayMicros) / 1000).toISOString().slice(0, 10),
      bytes: Math.round(of(bytes) * scaleOf(sizes)),
    })),
    earlierDays: Math.max(0, (days?.length ?? 0) - planDaysMax),
    newBytes: Math.round(newRowsOf(sizes, rowsNow, range) * meanOf(sizes, of)),
  }
}
