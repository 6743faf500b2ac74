// Functions that need OVER: RANK, LAG, …
import type { WindowRow } from '../functions/function-row.ts'
import { SqlError } from '../sql-error.ts'
import type * as ast from '../syntax/ast.ts'
import { callArguments } from './call-arguments.ts'
import { boundValues, loweringCall, noMatch, resultType } from './bound.ts'
import type { Overloads } from './function-table.ts'
import type { Lowered } from './lowered.ts'
import { chooseSignature } from './overload.ts'
import type { Scope } from './scope.ts'
import { lowerWindow, refuseWindow, windowValue } from './window-spec.ts'

export function lowerWindowFunction(
  name: string,
  overloads: Overloads<WindowRow>,
  node: ast.Call,
  scope: Scope,
): Lowered {
  if (node.over === undefined)
    throw new SqlError('semantic', `Analytic function ${name} cannot be called without an OVER clause`, node.offset)
  refuseWindow(scope, node.offset)
  const inner: Scope = { ...scope, allowsWindows: false, isInWindow: true }
  const args = callArguments(node.args, inner)
  const match = chooseSignature(overloads.signatures, args)
  if (match === undefined) throw noMatch(name, overloads, args, node.offset)
  const row = overloads.rows.get(match.signature) as WindowRow
  const { lowered, values } = boundValues(match, name)
  const window = lowerWindow(node.over, scope)
  if (row.needsOrder && !window.hasOrder)
    throw new SqlError('semantic', `Window ORDER BY is required for analytic function ${name}`, node.offset)
  if (!row.allowsFrame && window.hasFrame)
    throw new SqlError('semantic', `Window framing clause is not allowed for analytic function ${name}`, node.offset)
  if (node.isDistinct || node.orderBy.length > 0 || node.limit !== undefined || node.having !== undefined) {
    throw new SqlError(
      'semantic',
      `DISTINCT, ORDER BY, LIMIT and HAVING are not allowed in analytic function ${name}`,
      node.offset,
    )
  }
  const result = resultType(match, lowered)
  const modifiers = {
    isDistinct: false,
    orderBy: '',
    limit: undefined,
    nulls: node.nulls,
    having: undefined,
    over: window.over,
    filter: '',
  }
  const sql = row.lower({ ...loweringCall(name, values, result, node.offset), modifiers })
  return windowValue(`(${sql})`, result, [...lowered, ...window.parts], scope)
}
