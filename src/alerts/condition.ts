// Whether a condition holds for the rows of a query, group by group.
import type { AlertCondition, AlertDefinition } from '../control/alerts.ts'
import { MillpondError } from '../core/errors.ts'

/** A result, row by row. */
export interface AlertRows {
  readonly columns: readonly { readonly name: string; readonly isNumber: boolean }[]
  readonly rows: readonly (readonly unknown[])[]
}

export interface Reading {
  readonly group: string
  /** null: NULL, or no row. */
  readonly value: number | null
}

export interface Judged extends Reading {
  readonly holds: boolean
}

/** More states than anybody reads; a mistake in the query would send as many messages. */
export const groupsMax = 100

/** One reading a group; without groupBy all rows are one, of which the first counts. Error: alert-invalid. */
export function readings(
  { columns, rows }: AlertRows,
  { column, groupBy }: Pick<AlertDefinition, 'column' | 'groupBy'>,
): readonly Reading[] {
  const groupAt = groupBy === undefined ? undefined : indexOf(columns, groupBy)
  const valueAt =
    column === undefined
      ? columns.findLastIndex(({ isNumber }, at) => isNumber && at !== groupAt)
      : indexOf(columns, column)
  if (valueAt < 0) throw invalid('The query has no column of numbers')
  if (groupAt === undefined) return rows.length === 0 ? [] : [{ group: '', value: numberOf(rows[0]?.[valueAt]) }]
  const found = new Map<string, Reading>()
  for (const row of rows) {
    const group = textOf(row[groupAt])
    if (!found.has(group)) found.set(group, { group, value: numberOf(row[valueAt]) })
    if (found.size > groupsMax) throw invalid(`The query has more than ${groupsMax} groups`)
  }
  return [...found.values()]
}

/**
 * `known`: groups that had a state before; one that has no row now is absent. `before`: of the same query at the earlier time, for
 * change.
 */
export function judge(
  condition: AlertCondition,
  now: readonly Reading[],
  known: readonly string[],
  before: readonly Reading[] = [],
): readonly Judged[] {
  const groups = new Set([...now.map(({ group }) => group), ...known])
  const byGroup = (list: readonly Reading[], group: string): number | null =>
    list.find((one) => one.group === group)?.value ?? null
  return [...groups].map((group) => {
    const value = byGroup(now, group)
    return { group, value, holds: holds(condition, value, byGroup(before, group)) }
  })
}

function holds(condition: AlertCondition, value: number | null, before: number | null): boolean {
  if (condition.kind === 'absence') return value === null
  if (value === null) return false
  if (condition.kind === 'threshold')
    return condition.is === 'above' ? value > condition.value : value < condition.value
  // From nothing anything would be infinitely more.
  if (before === null || before === 0) return false
  const percent = ((value - before) / Math.abs(before)) * 100
  const { direction, percent: bound } = condition
  return (direction !== 'down' && percent >= bound) || (direction !== 'up' && -percent >= bound)
}

export function conditionText(condition: AlertCondition): string {
  if (condition.kind === 'absence') return 'no row, or NULL'
  if (condition.kind === 'threshold') return `${condition.is} ${condition.value}`
  const way = { up: 'up', down: 'down', either: 'up or down' }[condition.direction]
  return `${way} by ${condition.percent} % against ${condition.beforeMinutes} minutes before`
}

function indexOf(columns: AlertRows['columns'], name: string): number {
  const index = columns.findIndex((one) => one.name.toLowerCase() === name.toLowerCase())
  if (index < 0) throw invalid(`The query has no column ${name}`)
  return index
}

function numberOf(value: unknown): number | null {
  const number =
    typeof value === 'boolean' ? Number(value) : typeof value === 'string' && value !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : null
}

function textOf(value: unknown): string {
  if (value === null || value === undefined) return ''
  return (typeof value === 'string' ? value : JSON.stringify(value)).slice(0, 300)
}

function invalid(message: string): MillpondError {
  return new MillpondError('alert-invalid', message)
}
