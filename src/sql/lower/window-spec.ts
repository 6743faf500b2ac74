// OVER (…): named windows are written out in place.
import { type Offset, SqlError } from '../sql-error.ts'
import { isNumeric, scalar, typeName } from '../type-names.ts'
import type * as ast from '../syntax/ast.ts'
import { coerce } from './coerce.ts'
import { isGroupable } from './comparisons.ts'
import { type Lowered, looseOf, value } from './lowered.ts'
import { orderKeys, type OrderKey, orderText } from './ordering.ts'
import type { Scope } from './scope.ts'

export interface WindowText {
  /** ` OVER (…)` */
  readonly over: string
  readonly hasOrder: boolean
  readonly hasFrame: boolean
  /** All that it names, for the check of grouping. */
  readonly parts: readonly Lowered[]
}

interface Whole {
  readonly partitionBy: readonly ast.Expression[]
  readonly orderBy: readonly ast.OrderItem[]
  readonly frame: ast.WindowFrame | undefined
}

export function lowerWindow(over: ast.WindowReference | ast.WindowSpec, scope: Scope): WindowText {
  const whole = wholeWindow(over, scope, 0)
  const inner: Scope = { ...scope, allowsWindows: false, isInWindow: true }
  const partition = whole.partitionBy.map((node) => {
    const lowered = inner.state.tools.expression(node, inner)
    if (!isGroupable(lowered.type))
      throw new SqlError(
        'semantic',
        `Partitioning by expressions of type ${typeName(lowered.type)} is not allowed`,
        node.offset,
      )
    return lowered
  })
  const keys = orderKeys(whole.orderBy, inner).map((key, index) => withoutOrdinal(key, whole.orderBy[index]))
  const hasOffsets =
    whole.frame?.unit === 'RANGE' && [whole.frame.from, whole.frame.to].some((bound) => bound?.value !== undefined)
  const frame = whole.frame && frameText(whole.frame, keys, inner)
  const texts = [
    partition.length === 0 ? '' : `PARTITION BY ${partition.map(({ sql }) => sql).join(', ')}`,
    keys.length === 0 ? '' : `ORDER BY ${orderText(hasOffsets ? keys.map(widened) : keys, !hasOffsets)}`,
    frame?.text ?? '',
  ].filter((text) => text !== '')
  const parts = [...partition, ...keys.map(({ lowered }) => lowered), ...(frame?.parts ?? [])]
  return { over: ` OVER (${texts.join(' ')})`, hasOrder: keys.length > 0, hasFrame: whole.frame !== undefined, parts }
}

/** The ends of a RANGE frame may lie beyond INT64. */
function widened(key: OrderKey): OrderKey {
  const { lowered } = key
  if (lowered.type.kind !== 'INT64') return key
  return { ...key, lowered: { ...lowered, sql: `CAST(${lowered.sql} AS HUGEINT)` } }
}

/** An integer here is a constant, not a column's number. */
function withoutOrdinal(key: OrderKey, item: ast.OrderItem | undefined): OrderKey {
  if (item?.value.kind !== 'int') return key
  throw new SqlError('semantic', 'Window ORDER BY expression cannot be an integer literal', item.offset)
}

function wholeWindow(over: ast.WindowReference | ast.WindowSpec, scope: Scope, depth: number): Whole {
  if (over.kind === 'window-name') return named(over.name, scope, depth)
  const base = over.base && named(over.base, scope, depth)
  if (base === undefined) return over
  const refuse = (what: string, offset: Offset): never => {
    throw new SqlError('semantic', `${what} is not allowed when the window refers to another one that has it`, offset)
  }
  if (over.partitionBy.length > 0) refuse('PARTITION BY', over.offset)
  if (over.orderBy.length > 0 && base.orderBy.length > 0) refuse('ORDER BY', over.offset)
  if (base.frame !== undefined) refuse('A frame', over.offset)
  return {
    partitionBy: base.partitionBy,
    orderBy: over.orderBy.length > 0 ? over.orderBy : base.orderBy,
    frame: over.frame,
  }
}

function named(name: ast.Identifier, scope: Scope, depth: number): Whole {
  const window = scope.select.windows.get(name.name.toLowerCase())
  if (window === undefined || depth > scope.select.windows.size)
    throw new SqlError('semantic', `Unrecognized window alias ${name.name}`, name.offset)
  return wholeWindow(window, scope, depth + 1)
}

function frameText(
  frame: ast.WindowFrame,
  keys: readonly OrderKey[],
  scope: Scope,
): { readonly text: string; readonly parts: readonly Lowered[] } {
  const parts: Lowered[] = []
  if (keys.length === 0 && frame.unit === 'RANGE' && (frame.from.value ?? frame.to?.value) !== undefined) {
    throw new SqlError('semantic', 'RANGE frames with offsets need an ORDER BY', frame.offset)
  }
  const bound = (one: ast.FrameBound): string => {
    const word = one.kind === 'preceding' || one.kind === 'unbounded-preceding' ? 'PRECEDING' : 'FOLLOWING'
    if (one.kind === 'current-row') return 'CURRENT ROW'
    if (one.value === undefined) return `UNBOUNDED ${word}`
    const amount = frameAmount(frame, one.value, keys, scope)
    parts.push(amount)
    return `${amount.sql} ${word}`
  }
  const from = bound(frame.from)
  const text = frame.to === undefined ? `${frame.unit} ${from}` : `${frame.unit} BETWEEN ${from} AND ${bound(frame.to)}`
  return { text, parts }
}

function frameAmount(frame: ast.WindowFrame, node: ast.Expression, keys: readonly OrderKey[], scope: Scope): Lowered {
  const lowered = scope.state.tools.expression(node, scope)
  if (lowered.origin === 'value' && lowered.constant === undefined)
    throw new SqlError('semantic', 'Window framing expression must be a literal or a parameter', node.offset)
  const [key] = keys
  const type = frame.unit === 'ROWS' ? scalar.INT64 : key?.lowered.type
  if (frame.unit === 'RANGE' && (keys.length !== 1 || type === undefined || !isNumeric(type))) {
    throw new SqlError('semantic', 'RANGE frames with offsets need one ORDER BY key of a numeric type', frame.offset)
  }
  const amount = coerce(lowered, type ?? scalar.INT64, node.offset)
  if (amount === undefined)
    throw new SqlError('semantic', `Window framing expression has type ${typeName(lowered.type)}`, node.offset)
  if (amount.constant === null || (typeof amount.constant === 'string' && Number(amount.constant) < 0)) {
    throw new SqlError('semantic', 'Window framing expression cannot be negative or NULL', node.offset)
  }
  return value(amount.sql, amount.type, amount)
}

export function windowValue(sql: string, type: Lowered['type'], parts: readonly Lowered[], scope: Scope): Lowered {
  scope.select.hasWindows = true
  scope.select.overRows.add(sql)
  return { sql, type, origin: 'value', loose: looseOf(parts) }
}

export function refuseWindow(scope: Scope, offset: Offset): void {
  if (scope.allowsWindows) return
  const where = scope.isInAggregate
    ? 'Analytic functions cannot be arguments to aggregate functions'
    : scope.isInWindow
      ? 'Analytic function cannot be nested in another one'
      : `Analytic function not allowed in ${scope.clause}`
  throw new SqlError('semantic', where, offset)
}
