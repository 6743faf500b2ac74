// Function calls with all that can stand in and behind their brackets.
import type {
  Argument,
  Call,
  Expression,
  Identifier,
  Lambda,
  OrderItem,
  TableArgument,
  WindowFrame,
  WindowReference,
  WindowSpec,
  FrameBound,
} from './ast.ts'
import type { Cursor } from './cursor.ts'
import { readExpression, readOperand } from './parse-expression.ts'
import { readTablePath } from './parse-from.ts'
import { readOrderItems, startsQuery } from './parse-query.ts'

/** A name in back-ticks may hold dots: `proj.ds.f`. */
export function splitNames(parts: readonly Identifier[], c: Cursor): Identifier[] {
  return parts.flatMap((part) => {
    if (!part.isQuoted || !part.name.includes('.')) return [part]
    const names = part.name.split('.')
    if (names.includes('')) c.fail(`Invalid empty identifier in \`${part.name}\``, part.offset)
    return names.map((name) => ({ ...part, name }))
  })
}

/** At `(`. */
export function readCall(c: Cursor, path: readonly Identifier[]): Call {
  const offset = path[0]?.offset ?? c.start
  const isSafe = path.length > 1 && path[0]?.isQuoted === false && path[0].name.toUpperCase() === 'SAFE'
  const name = isSafe ? path.slice(1) : path
  c.expect('(')
  const isDistinct = c.take('DISTINCT')
  const args = readArguments(c)
  const nulls = c.take('IGNORE', 'NULLS') ? 'ignore' : c.take('RESPECT', 'NULLS') ? 'respect' : undefined
  const having = readHaving(c)
  const orderBy = c.take('ORDER', 'BY') ? readOrderItems(c) : []
  const limit = c.take('LIMIT') ? readExpression(c) : undefined
  if (!c.take(')')) c.expected(args.length === 0 ? '")"' : '")" or ","')
  let withinGroup: OrderItem[] | undefined
  if (c.take('WITHIN', 'GROUP')) {
    c.expect('(')
    c.expect('ORDER', 'BY')
    withinGroup = readOrderItems(c)
    c.expect(')')
  }
  const over = c.take('OVER') ? readWindow(c) : undefined
  return {
    kind: 'call',
    name,
    isSafe,
    args,
    isDistinct,
    nulls,
    having,
    orderBy,
    limit,
    withinGroup,
    over,
    ...c.span(offset),
  }
}

function readHaving(c: Cursor): Call['having'] {
  if (!c.take('HAVING')) return undefined
  const which = c.peek().key
  if (which !== 'MAX' && which !== 'MIN') c.expected('keyword MAX or keyword MIN')
  c.next()
  return { which: which === 'MAX' ? 'max' : 'min', value: readExpression(c) }
}

/** Up to the end of the arguments, `)` not taken. */
export function readArguments(c: Cursor): Argument[] {
  if (c.at(')')) return []
  return c.list(() => readArgument(c))
}

function readArgument(c: Cursor): Argument {
  const offset = c.start
  if (c.at('*')) {
    c.next()
    return { kind: 'star-argument', ...c.span(offset) }
  }
  if (c.isAtName() && c.peek(1).key === '=>') {
    const name = c.identifier()
    c.expect('=>')
    const value = readTableArgument(c) ?? readLambda(c) ?? readExpression(c)
    return { kind: 'named-argument', name, value, ...c.span(offset) }
  }
  if (startsQuery(c)) {
    c.fail(
      'Each function argument is an expression, not a query; to use a query as an expression, the query must be wrapped with additional parentheses to make it a scalar subquery expression',
    )
  }
  return readTableArgument(c) ?? readLambda(c) ?? readExpression(c)
}

function readTableArgument(c: Cursor): TableArgument | undefined {
  const what = c.peek().key
  const next = c.peek(1)
  if ((what !== 'TABLE' && what !== 'MODEL') || (next.kind !== 'word' && next.kind !== 'quoted')) return undefined
  const { offset } = c.next()
  const parts = readTablePath(c)
  return { kind: 'table-argument', what, parts, ...c.span(offset) }
}

function readLambda(c: Cursor): Lambda | undefined {
  const offset = c.start
  let parameters: Identifier[]
  if (c.isAtName() && c.peek(1).key === '->') parameters = [c.identifier()]
  else if (isBracketedLambda(c)) {
    c.expect('(')
    parameters = c.at(')') ? [] : c.list(() => c.identifier())
    c.expect(')')
  } else return undefined
  c.expect('->')
  const body = readExpression(c)
  return { kind: 'lambda', parameters, body, ...c.span(offset) }
}

/** Looks on only while names and commas alternate. */
function isBracketedLambda(c: Cursor): boolean {
  if (!c.at('(')) return false
  if (c.at('(', ')', '->')) return true
  for (let ahead = 1; ; ahead += 2) {
    const { kind } = c.peek(ahead)
    if (kind !== 'word' && kind !== 'quoted') return false
    const { key } = c.peek(ahead + 1)
    if (key === ')') return c.peek(ahead + 2).key === '->'
    if (key !== ',') return false
  }
}

export function readWindow(c: Cursor): WindowReference | WindowSpec {
  const offset = c.start
  if (!c.at('(')) {
    const name = c.identifier()
    return { kind: 'window-name', name, ...c.span(offset) }
  }
  c.next()
  const base = c.isAtName() ? c.identifier() : undefined
  const partitionBy: Expression[] = c.take('PARTITION', 'BY') ? c.list(() => readExpression(c)) : []
  const orderBy = c.take('ORDER', 'BY') ? readOrderItems(c) : []
  const frame = c.at('ROWS') || c.at('RANGE') ? readFrame(c) : undefined
  c.expect(')')
  return { kind: 'window', base, partitionBy, orderBy, frame, ...c.span(offset) }
}

function readFrame(c: Cursor): WindowFrame {
  const { offset, key } = c.next()
  const unit = key === 'ROWS' ? 'ROWS' : 'RANGE'
  if (c.take('BETWEEN')) {
    const from = readBound(c)
    c.expect('AND')
    const to = readBound(c)
    return { kind: 'frame', unit, from, to, ...c.span(offset) }
  }
  const from = readBound(c)
  return { kind: 'frame', unit, from, to: undefined, ...c.span(offset) }
}

function readBound(c: Cursor): FrameBound {
  const offset = c.start
  if (c.take('UNBOUNDED', 'PRECEDING')) return { kind: 'unbounded-preceding', value: undefined, ...c.span(offset) }
  if (c.take('UNBOUNDED', 'FOLLOWING')) return { kind: 'unbounded-following', value: undefined, ...c.span(offset) }
  if (c.take('CURRENT', 'ROW')) return { kind: 'current-row', value: undefined, ...c.span(offset) }
  const value = readOperand(c)
  if (c.take('PRECEDING')) return { kind: 'preceding', value, ...c.span(offset) }
  if (c.take('FOLLOWING')) return { kind: 'following', value, ...c.span(offset) }
  return c.expected('keyword PRECEDING or keyword FOLLOWING')
}
