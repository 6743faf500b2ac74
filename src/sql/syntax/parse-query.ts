// Queries: WITH, set operations, ORDER BY, LIMIT, and the pipe operators behind them.
import type {
  Expression,
  Identifier,
  OrderItem,
  PipeOperator,
  Query,
  QueryBody,
  SetOperator,
  With,
  WithEntry,
} from './ast.ts'
import type { Cursor } from './cursor.ts'
import { readExpression } from './parse-expression.ts'
import { readFrom } from './parse-from.ts'
import { readPipes } from './parse-pipe.ts'
import { readSelect } from './parse-select.ts'

/** Whether a query stands here without brackets around it. */
export function startsQuery(c: Cursor): boolean {
  return c.at('SELECT') || c.at('FROM') || (c.at('WITH') && !c.at('WITH', '('))
}

/** Whether a query goes on behind one in brackets. */
export function continuesQuery(c: Cursor): boolean {
  return isAtSetOperator(c) || c.at('ORDER') || c.at('LIMIT') || c.at('|>')
}

export function readQuery(c: Cursor): Query {
  return c.nested(() => {
    const offset = c.start
    const withClause = c.at('WITH') ? readWithClause(c) : undefined
    return readBehindBody(c, readBody(c), withClause, offset)
  })
}

/** `first` is read already. */
export function readQueryBehind(c: Cursor, first: QueryBody): Query {
  return readBehindBody(c, first, undefined, first.offset)
}

function readBehindBody(c: Cursor, first: QueryBody, withClause: With | undefined, offset: number): Query {
  const body = readSetOperation(c, first)
  const orderBy = c.take('ORDER', 'BY') ? readOrderItems(c) : []
  let limit: Expression | undefined
  let skip: Expression | undefined
  if (c.take('LIMIT')) {
    limit = readExpression(c)
    if (c.take('OFFSET')) skip = readExpression(c)
  }
  const pipes: PipeOperator[] = c.at('|>') ? readPipes(c) : []
  return { kind: 'query', with: withClause, body, orderBy, limit, skip, pipes, ...c.span(offset) }
}

function readBody(c: Cursor): QueryBody {
  const offset = c.start
  if (c.at('SELECT')) return readSelect(c)
  if (c.take('FROM')) {
    const from = readFrom(c)
    return { kind: 'from-first', from, ...c.span(offset) }
  }
  if (!c.at('(')) {
    if (c.peek().kind === 'end' || c.at('WITH')) c.unexpected()
    c.expected('"(" or keyword SELECT')
  }
  c.next()
  const query = readQuery(c)
  c.expect(')')
  return { kind: 'brackets', query, ...c.span(offset) }
}

export function readWithClause(c: Cursor): With {
  const offset = c.start
  c.expect('WITH')
  const isRecursive = c.take('RECURSIVE')
  const entries = [readWithEntry(c)]
  while (c.take(',')) {
    if (c.at('SELECT')) c.fail('Trailing comma after the WITH clause before the SELECT clause is not allowed')
    entries.push(readWithEntry(c))
  }
  return { kind: 'with', isRecursive, entries, ...c.span(offset) }
}

function readWithEntry(c: Cursor): WithEntry {
  const offset = c.start
  const name = c.identifier()
  c.expect('AS')
  c.expect('(')
  const query = readQuery(c)
  c.expect(')')
  return { kind: 'with-entry', name, query, ...c.span(offset) }
}

const setWords: ReadonlySet<string> = new Set(['UNION', 'INTERSECT', 'EXCEPT'])
const modeWords: ReadonlySet<string> = new Set(['INNER', 'FULL', 'LEFT'])

export function isAtSetOperator(c: Cursor): boolean {
  if (c.atAny(setWords)) return true
  if (!c.atAny(modeWords)) return false
  return setWords.has(c.peek(1).key) || (c.peek(1).key === 'OUTER' && setWords.has(c.peek(2).key))
}

/** One operator for the whole chain: BigQuery asks for brackets otherwise. */
function readSetOperation(c: Cursor, first: QueryBody): QueryBody {
  if (!isAtSetOperator(c)) return first
  const inputs = [first]
  let chain: SetOperator | undefined
  while (isAtSetOperator(c)) {
    const offset = c.start
    const operator = readSetOperator(c)
    if (chain !== undefined && !isSameOperator(chain, operator)) {
      c.fail('Different set operations cannot be used in the same query without using parentheses for grouping', offset)
    }
    chain ??= operator
    inputs.push(readBody(c))
  }
  return chain === undefined ? first : { kind: 'set-operation', inputs, ...chain, ...c.span(first.offset) }
}

function isSameOperator(left: SetOperator, right: SetOperator): boolean {
  const names = (columns: readonly Identifier[] | undefined) =>
    columns?.map(({ name }) => name.toLowerCase()).join('\0')
  return (
    left.operator === right.operator &&
    left.isDistinct === right.isDistinct &&
    left.matching === right.matching &&
    left.mode === right.mode &&
    left.isStrict === right.isStrict &&
    names(left.columns) === names(right.columns)
  )
}

export function readSetOperator(c: Cursor): SetOperator {
  const mode = readMode(c)
  const offset = c.start
  const operator = c.next().key as SetOperator['operator']
  if (operator === 'EXCEPT' && !c.at('ALL') && !c.at('DISTINCT'))
    c.fail('EXCEPT must be followed by ALL, DISTINCT, or "("', offset)
  if (!c.at('ALL') && !c.at('DISTINCT')) c.expected('keyword ALL or keyword DISTINCT')
  const isDistinct = c.next().key === 'DISTINCT'
  const isStrict = c.take('STRICT')
  if (c.take('BY', 'NAME')) {
    const columns = c.take('ON') ? readColumnNames(c) : undefined
    return { operator, isDistinct, isStrict, mode, matching: 'by-name', columns }
  }
  if (c.take('CORRESPONDING')) {
    const columns = c.take('BY') ? readColumnNames(c) : undefined
    return { operator, isDistinct, isStrict, mode, matching: 'corresponding', columns }
  }
  if (isStrict) c.expected('keyword CORRESPONDING')
  return { operator, isDistinct, isStrict, mode, matching: undefined, columns: undefined }
}

function readMode(c: Cursor): SetOperator['mode'] {
  const { key } = c.peek()
  if (key !== 'INNER' && key !== 'FULL' && key !== 'LEFT') return undefined
  c.next()
  if (key !== 'INNER') c.take('OUTER')
  return key
}

export function readColumnNames(c: Cursor): Identifier[] {
  c.expect('(')
  const names = c.list(() => c.identifier())
  c.expect(')')
  return names
}

export function readOrderItems(c: Cursor): OrderItem[] {
  return c.list(() => readOrderItem(c))
}

function readOrderItem(c: Cursor): OrderItem {
  const value = readExpression(c)
  const collate = c.take('COLLATE') ? readExpression(c) : undefined
  const direction = readDirection(c)
  const nulls = readNulls(c)
  return { kind: 'order-item', value, direction, nulls, collate, offset: value.offset, end: c.end }
}

export function readDirection(c: Cursor): 'ASC' | 'DESC' | undefined {
  if (c.take('ASC')) return 'ASC'
  return c.take('DESC') ? 'DESC' : undefined
}

export function readNulls(c: Cursor): 'FIRST' | 'LAST' | undefined {
  if (!c.take('NULLS')) return undefined
  if (c.take('FIRST')) return 'FIRST'
  if (c.take('LAST')) return 'LAST'
  return c.expected('keyword FIRST or keyword LAST')
}
