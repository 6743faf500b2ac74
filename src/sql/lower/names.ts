// Names with dots: column, range variable with a column, field of either, script variable.
import { SqlError } from '../sql-error.ts'
import type * as ast from '../syntax/ast.ts'
import { fieldOf } from './access.ts'
import type { Lowered } from './lowered.ts'
import { nearest } from './nearest.ts'
import { variable } from './parameter-nodes.ts'
import { columnValue, findName, type RangeVariable, rangeValue, type Scope, settle, unknownName } from './scope.ts'

export function lowerName(parts: readonly ast.Identifier[], scope: Scope): Lowered {
  const [first, ...rest] = parts
  if (first === undefined) throw new Error('BUG: a name without parts')
  const found = findName(first.name, scope, first.offset)
  if (found === undefined) {
    if (rest.length === 0 && niladic.has(first.name.toUpperCase()))
      return scope.state.tools.expression(calledNode(first), scope)
    const known = variable(first.name, scope)
    if (known === undefined) throw unknownName(first.name, scope, first.offset)
    return fields(known, rest, scope)
  }
  if (found.kind === 'value') return fields(found.lowered, rest, scope)
  const [second, ...others] = rest
  if (second === undefined) return rangeValue(found.range, found.scope, scope, first.name, first.offset)
  const column = columnOf(found.range, second)
  if (column !== undefined)
    return fields(columnValue(column, second.name, found.scope, scope, second.offset), others, scope)
  if (found.range.value !== undefined && found.range.value.type.kind !== 'STRUCT') {
    return fields(rangeValue(found.range, found.scope, scope, first.name, first.offset), rest, scope)
  }
  const close = nearest(
    second.name,
    found.range.columns.flatMap(({ name }) => (name === undefined ? [] : [name])),
  )
  const hint = close === undefined ? '' : `; did you mean ${close}?`
  throw new SqlError('semantic', `Name ${second.name} not found inside ${first.name}${hint}`, second.offset)
}

/** These may stand without brackets. */
const niladic = new Set(['CURRENT_DATE', 'CURRENT_DATETIME', 'CURRENT_TIME', 'CURRENT_TIMESTAMP'])

function calledNode(name: ast.Identifier): ast.Call {
  const { offset, end } = name
  const none = {
    having: undefined,
    orderBy: [],
    limit: undefined,
    withinGroup: undefined,
    over: undefined,
    nulls: undefined,
  }
  return { kind: 'call', name: [name], isSafe: false, args: [], isDistinct: false, ...none, offset, end }
}

function columnOf(range: RangeVariable, part: ast.Identifier): RangeVariable['columns'][number] | undefined {
  const wanted = part.name.toLowerCase()
  const found = range.columns.filter(({ name }) => name?.toLowerCase() === wanted)
  if (found.length > 1) throw new SqlError('semantic', `Column name ${part.name} is ambiguous`, part.offset)
  return found[0]
}

function fields(start: Lowered, rest: readonly ast.Identifier[], scope: Scope): Lowered {
  let lowered = start
  for (const part of rest) lowered = settle(fieldOf(lowered, part.name, part.offset), scope)
  return lowered
}

/** The name that a column or field gets from what it is. */
export function impliedName(node: ast.Expression | undefined): string | undefined {
  if (node?.kind === 'name') return node.parts.at(-1)?.name
  if (node?.kind === 'field') return node.field.name
  return undefined
}
