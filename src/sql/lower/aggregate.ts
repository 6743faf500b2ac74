// Aggregates, with and without OVER.
import type { AggregateModifiers, AggregateRow } from '../functions/function-row.ts'
import { type Offset, SqlError } from '../sql-error.ts'
import { typeName } from '../type-names.ts'
import type * as ast from '../syntax/ast.ts'
import { boundValues, loweringCall, noMatch, resultType } from './bound.ts'
import { callArguments } from './call-arguments.ts'
import { isGroupable } from './comparisons.ts'
import type { Overloads } from './function-table.ts'
import { type Lowered, looseOf } from './lowered.ts'
import { orderKeys, orderText } from './ordering.ts'
import { chooseSignature, type Match } from './overload.ts'
import type { Scope } from './scope.ts'
import { rowCount } from './tail.ts'
import { lowerWindow, refuseWindow, type WindowText, windowValue } from './window-spec.ts'

export function lowerAggregate(
  name: string,
  overloads: Overloads<AggregateRow>,
  node: ast.Call,
  scope: Scope,
): Lowered {
  if (node.isSafe) throw new SqlError('semantic', `SAFE is not supported for aggregate function ${name}`, node.offset)
  if (node.over === undefined) refuseAggregate(name, scope, node.offset)
  else refuseWindow(scope, node.offset)
  const inner: Scope =
    node.over === undefined
      ? { ...scope, allowsAggregates: false, allowsWindows: false, isInAggregate: true }
      : { ...scope, allowsWindows: false, isInWindow: true }
  if (node.args.some(({ kind }) => kind === 'star-argument')) return countStar(name, overloads, node, scope)
  const args = callArguments(node.args, inner)
  const match = chooseSignature(
    overloads.signatures.filter(({ isStar }) => !isStar),
    args,
  )
  if (match === undefined) throw noMatch(name, overloads, args, node.offset)
  const row = overloads.rows.get(match.signature) as AggregateRow
  checkAllowed(name, row, node)
  const bound = boundValues(match, name)
  const { lowered } = bound
  if (node.isDistinct) checkDistinct(lowered, node.offset)
  const values = anchored(bound.values, lowered, scope, node.offset)
  const window = node.over && lowerWindow(node.over, scope)
  const modifiers = modifiersOf(node, inner, window)
  if (node.isDistinct) checkDistinctOrder(modifiers.keys, lowered, node.offset)
  return finish(
    name,
    row,
    match,
    { values, lowered: [...lowered, ...modifiers.parts], modifiers: modifiers.modifiers, window },
    node,
    scope,
  )
}

interface Prepared {
  readonly values: ReturnType<typeof boundValues>['values']
  readonly lowered: readonly Lowered[]
  readonly modifiers: AggregateModifiers
  readonly window: WindowText | undefined
}

function finish(
  name: string,
  row: AggregateRow,
  match: Match,
  prepared: Prepared,
  node: ast.Call,
  scope: Scope,
): Lowered {
  const { values, lowered, modifiers, window } = prepared
  const result = resultType(match, lowered)
  if (row.volatile === true) scope.state.facts.isVolatile = true
  const sql = `(${row.lower({ ...loweringCall(name, values, result, node.offset), modifiers })})`
  if (window !== undefined) return windowValue(sql, result, [...lowered, ...window.parts], scope)
  return aggregated(sql, result, lowered, scope)
}

/** What is aggregated is settled for this SELECT; columns of outer ones aren't. */
function aggregated(sql: string, type: Lowered['type'], lowered: readonly Lowered[], scope: Scope): Lowered {
  scope.select.hasAggregates = true
  scope.select.overRows.add(sql)
  const loose = looseOf(lowered)?.filter(({ select }) => select !== scope.select)
  return { sql, type, origin: 'value', loose: loose === undefined || loose.length === 0 ? undefined : loose }
}

function refuseAggregate(name: string, scope: Scope, offset: Offset): void {
  if (scope.allowsAggregates) return
  const message = scope.isInAggregate
    ? 'Aggregations of aggregations are not allowed'
    : `Aggregate function ${name} not allowed in ${scope.clause}`
  throw new SqlError('semantic', message, offset)
}

function countStar(name: string, overloads: Overloads<AggregateRow>, node: ast.Call, scope: Scope): Lowered {
  const signature = overloads.signatures.find(({ isStar }) => isStar)
  const row = signature && overloads.rows.get(signature)
  if (row === undefined || signature === undefined || node.args.length > 1) {
    throw new SqlError('semantic', `Argument * can only be used in COUNT(*), but was used in ${name}(*)`, node.offset)
  }
  if (node.isDistinct) throw new SqlError('semantic', 'COUNT(*) cannot be used with DISTINCT', node.offset)
  checkAllowed(name, row, node)
  const window = node.over && lowerWindow(node.over, scope)
  const { modifiers } = modifiersOf(node, scope, window)
  return finish(
    name,
    row,
    { signature, bound: [], variables: new Map() },
    { values: [], lowered: [], modifiers, window },
    node,
    scope,
  )
}

function checkAllowed(name: string, row: AggregateRow, node: ast.Call): void {
  const used = [
    ['distinct', node.isDistinct, 'DISTINCT'],
    ['order', node.orderBy.length > 0, 'ORDER BY'],
    ['limit', node.limit !== undefined, 'LIMIT'],
    ['nulls', node.nulls !== undefined, 'IGNORE NULLS and RESPECT NULLS'],
    ['having', node.having !== undefined, 'HAVING'],
    ['over', node.over !== undefined, 'an OVER clause'],
  ] as const
  for (const [what, isUsed, word] of used) {
    if (isUsed && !row.allows.includes(what))
      throw new SqlError('semantic', `Aggregate function ${name} does not support ${word}`, node.offset)
  }
  if (node.over !== undefined && (node.orderBy.length > 0 || node.limit !== undefined)) {
    throw new SqlError(
      'semantic',
      `ORDER BY and LIMIT are not allowed in the arguments of analytic function ${name}`,
      node.offset,
    )
  }
  if (node.withinGroup !== undefined)
    throw new SqlError('unsupported', 'WITHIN GROUP is not supported locally', node.offset)
}

function checkDistinct(lowered: readonly Lowered[], offset: Offset): void {
  for (const { type } of lowered) {
    if (!isGroupable(type))
      throw new SqlError(
        'semantic',
        `Aggregate functions with DISTINCT cannot be used with arguments of type ${typeName(type)}`,
        offset,
      )
  }
}

function checkDistinctOrder(keys: readonly Lowered[], args: readonly Lowered[], offset: Offset): void {
  if (keys.every((key) => args.some(({ sql }) => sql === key.sql))) return
  const message =
    'An aggregate function that has both DISTINCT and ORDER BY arguments can only ORDER BY expressions that are arguments to the function'
  throw new SqlError('semantic', message, offset)
}

function modifiersOf(
  node: ast.Call,
  scope: Scope,
  window: WindowText | undefined,
): { readonly modifiers: AggregateModifiers; readonly parts: readonly Lowered[]; readonly keys: readonly Lowered[] } {
  const { tools } = scope.state
  const keys = orderKeys(node.orderBy, scope)
  const having = node.having && tools.expression(node.having.value, scope)
  return {
    modifiers: {
      isDistinct: node.isDistinct,
      orderBy: orderText(keys, !node.isDistinct),
      limit: node.limit && rowCount(node.limit, scope, 'LIMIT'),
      nulls: node.nulls,
      having: node.having && having && { which: node.having.which, sql: having.sql },
      over: window?.over ?? '',
      filter: scope.filter,
    },
    keys: keys.map(({ lowered }) => lowered),
    parts: [...keys.map(({ lowered }) => lowered), ...(having === undefined ? [] : [having])],
  }
}

/**
 * To DuckDB an aggregate over outer columns alone belongs to the outer query, to BigQuery to the one it stands in: a column from here ties
 * it down.
 */
function anchored(
  values: Prepared['values'],
  lowered: readonly Lowered[],
  scope: Scope,
  offset: Offset,
): Prepared['values'] {
  if (scope.parent === undefined || lowered.length === 0) return values
  const own = new Set(scope.from.columns.concat(scope.from.hidden).map(({ sql }) => relationOf(sql)))
  const sqls = values.map(({ sql }) => sql).join(' ')
  const refersOut = /"[^"]*"\."/.test(sqls) && ![...own].some((name) => name !== undefined && sqls.includes(name))
  if (!refersOut) return values
  const anchor = scope.from.columns[0]?.sql
  if (anchor === undefined)
    throw new SqlError(
      'unsupported',
      'Aggregates over columns of the outer query alone are not supported locally',
      offset,
    )
  return values.map((one, index) =>
    index === 0 ? { ...one, sql: `CASE WHEN ${anchor} IS NULL OR true THEN ${one.sql} END` } : one,
  )
}

function relationOf(sql: string): string | undefined {
  return /"(?:[^"]|"")*"\./.exec(sql)?.[0]
}
