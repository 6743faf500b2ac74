// Which days of a partitioned table a query can need: read off the conditions above the table. It may say too many days, never
// too few.
import type { Partitioning } from '../catalog.ts'
import type * as ast from '../syntax/ast.ts'
import { isExpression, type Moment, type MomentContext, momentOf } from './constant-time.ts'

/** Microseconds since 1970; both ends belong to it. */
export interface MomentRange {
  readonly from: number | undefined
  readonly to: number | undefined
}

export interface PartitionFilter {
  /** Some condition speaks of the partition column: enough for require_partition_filter. */
  readonly hasFilter: boolean
  /** undefined: nothing is ruled out. */
  readonly range: MomentRange | undefined
}

const dayMicros = 86_400_000_000

export function partitionFilter(
  conditions: readonly ast.Expression[],
  { alias, partitioning }: { readonly alias: string; readonly partitioning: Partitioning },
  context: MomentContext,
): PartitionFilter {
  const column = partitioning.column.toLowerCase()
  const isColumn = (expression: ast.Expression): boolean => namesColumn(expression, alias, column)
  let range: MomentRange | undefined
  let hasFilter = false
  for (const condition of conditions.flatMap(conjuncts)) {
    if (!mentions(condition, isColumn)) continue
    hasFilter = true
    const own = rangeOf(condition, isColumn, context)
    if (own !== undefined) range = range === undefined ? own : intersection(range, own)
  }
  return { hasFilter, range }
}

function conjuncts(condition: ast.Expression): readonly ast.Expression[] {
  return condition.kind === 'logical' && condition.operator === 'AND'
    ? condition.operands.flatMap(conjuncts)
    : [condition]
}

function namesColumn(expression: ast.Expression, alias: string, column: string): boolean {
  if (expression.kind !== 'name') return false
  const names = expression.parts.map(({ name }) => name.toLowerCase())
  if (names.length === 1) return names[0] === column
  return names.length === 2 && names[0] === alias && names[1] === column
}

/** A walk over whatever nodes there are; depth is bounded by the parser. */
function mentions(node: unknown, isColumn: (expression: ast.Expression) => boolean): boolean {
  if (typeof node !== 'object' || node === null) return false
  if (Array.isArray(node)) return node.some((item) => mentions(item, isColumn))
  if ((node as ast.Expression).kind === 'name' && isColumn(node as ast.Expression)) return true
  return Object.values(node).some((item) => mentions(item, isColumn))
}

function intersection(one: MomentRange, other: MomentRange): MomentRange {
  return { from: largest(one.from, other.from), to: smallest(one.to, other.to) }
}

function largest(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return Math.max(one, other)
}

function smallest(one: number | undefined, other: number | undefined): number | undefined {
  if (one === undefined || other === undefined) return one ?? other
  return Math.min(one, other)
}

type Side = 'moment' | 'day' | 'month' | 'hour'

/** What of the column is compared: itself, its day, its month, …; undefined: something that can't be turned round. */
function sideOf(expression: ast.Expression, isColumn: (one: ast.Expression) => boolean): Side | undefined {
  if (isColumn(expression)) return 'moment'
  if (expression.kind === 'cast' && expression.type.kind === 'simple-type' && expression.timeZone === undefined) {
    const inner = sideOf(expression.operand, isColumn)
    if (inner === undefined) return undefined
    return expression.type.name === 'DATE' ? dayOf(inner) : expression.type.name === 'TIMESTAMP' ? inner : undefined
  }
  if (expression.kind !== 'call' || expression.isSafe) return undefined
  const name = expression.name.map((part) => part.name.toUpperCase()).join('.')
  const [first, second, third] = expression.args
  if (first === undefined || !isExpression(first) || third !== undefined) return undefined
  const inner = sideOf(first, isColumn)
  if (inner === undefined) return undefined
  if (name === 'DATE' && second === undefined) return dayOf(inner)
  if ((name === 'TIMESTAMP' || name === 'DATETIME') && second === undefined) return inner
  if (/^(?:TIMESTAMP|DATE|DATETIME)_TRUNC$/.test(name) && second?.kind === 'name') return truncated(second, inner)
  return undefined
}

/** The day of a month's beginning stands for the whole month. */
function dayOf(inner: Side): Side {
  return inner === 'month' ? 'month' : 'day'
}

function truncated(part: ast.NameExpression, inner: Side): Side | undefined {
  const name = part.parts.map((one) => one.name.toUpperCase()).join('.')
  if (inner !== 'moment' && inner !== 'day') return undefined
  if (name === 'HOUR' && inner === 'moment') return 'hour'
  return name === 'DAY' ? 'day' : name === 'MONTH' ? 'month' : undefined
}

function rangeOf(
  condition: ast.Expression,
  isColumn: (one: ast.Expression) => boolean,
  context: MomentContext,
): MomentRange | undefined {
  if (condition.kind === 'between' && !condition.isNot) {
    const side = sideOf(condition.operand, isColumn)
    const low = momentOf(condition.low, context)
    const high = momentOf(condition.high, context)
    if (side === undefined || (low === undefined && high === undefined)) return undefined
    return { from: low?.micros, to: high === undefined ? undefined : endOf(high, side) }
  }
  if (condition.kind === 'in' && !condition.isNot && condition.source.kind === 'list') {
    const side = sideOf(condition.operand, isColumn)
    const moments = condition.source.items.map((item) => momentOf(item, context))
    if (side === undefined || moments.length === 0 || !moments.every((moment) => moment !== undefined)) return undefined
    return {
      from: Math.min(...moments.map(({ micros }) => micros)),
      to: Math.max(...moments.map((moment) => endOf(moment, side))),
    }
  }
  if (condition.kind !== 'binary') return undefined
  const side = sideOf(condition.left, isColumn)
  if (side !== undefined) return compared(condition.operator, side, momentOf(condition.right, context))
  const turned = sideOf(condition.right, isColumn)
  const mirror: Partial<Record<ast.BinaryOperator, ast.BinaryOperator>> = {
    '<': '>',
    '<=': '>=',
    '>': '<',
    '>=': '<=',
    '=': '=',
  }
  const operator = mirror[condition.operator]
  return turned === undefined || operator === undefined
    ? undefined
    : compared(operator, turned, momentOf(condition.left, context))
}

function compared(operator: ast.BinaryOperator, side: Side, moment: Moment | undefined): MomentRange | undefined {
  if (moment === undefined) return undefined
  switch (operator) {
    case '=':
      return { from: moment.micros, to: endOf(moment, side) }
    case '>=':
    case '>':
      return { from: moment.micros, to: undefined }
    case '<':
      return { from: undefined, to: isSharp(moment, side) ? moment.micros - 1 : endOf(moment, side) }
    case '<=':
      return { from: undefined, to: endOf(moment, side) }
    default:
      return undefined
  }
}

/** What lies before the moment lies before its day, too. */
function isSharp({ micros }: Moment, side: Side): boolean {
  return side === 'moment' || (side === 'day' && micros % dayMicros === 0)
}

/** Last microsecond whose day, month or hour is that of the moment. */
function endOf({ micros }: Moment, side: Side): number {
  if (side === 'moment') return micros
  if (side === 'hour') return micros + 3_600_000_000 - 1
  return micros + (side === 'day' ? 1 : 31) * dayMicros - 1
}
