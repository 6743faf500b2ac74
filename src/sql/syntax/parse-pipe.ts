// Pipe operators: `|> WHERE …`.
import type {
  FromItem,
  PipeGroupItem,
  PipeItem,
  PipeOperator,
  PipeOrder,
  Query,
  SelectItem,
  TableFunctionItem,
} from './ast.ts'
import type { PipeSubpipeline } from './ast-pipe.ts'
import type { Cursor } from './cursor.ts'
import { readExpression } from './parse-expression.ts'
import { readCondition, readFromItem, readJoinWords, readTableAlias } from './parse-from.ts'
import { readMatchRecognize, readPivot, readSample, readUnpivot } from './parse-pivot.ts'
import {
  isAtSetOperator,
  readDirection,
  readNulls,
  readOrderItems,
  readQuery,
  readSetOperator,
  readWithClause,
} from './parse-query.ts'
import { readAlias, readGroupingItem, readSelectHead, readSelectItems, readWindows } from './parse-select.ts'

export function readPipes(c: Cursor): PipeOperator[] {
  const pipes: PipeOperator[] = []
  while (c.take('|>')) pipes.push(readPipe(c))
  return pipes
}

function readPipe(c: Cursor): PipeOperator {
  const offset = c.start
  if (isAtSetOperator(c)) {
    const operator = readSetOperator(c)
    return { kind: 'pipe-set-operation', ...operator, inputs: c.list(() => readBracketedQuery(c)), ...c.span(offset) }
  }
  const join = readJoinWords(c)
  if (join !== undefined) {
    const right: FromItem = readFromItem(c)
    const { on, using } = c.at('ON') || c.at('USING') ? readCondition(c) : { on: undefined, using: undefined }
    return { kind: 'pipe-join', join, right, on, using, ...c.span(offset) }
  }
  const { key } = c.peek()
  const read = Object.hasOwn(pipeReaders, key) ? pipeReaders[key] : undefined
  if (read === undefined) return c.unexpected()
  return read(c, offset)
}

const pipeReaders: Readonly<Record<string, (c: Cursor, offset: number) => PipeOperator>> = {
  SELECT: readPipeSelect,
  EXTEND: (c, offset) => {
    c.next()
    const items = readSelectItems(c)
    const windows = c.take('WINDOW') ? readWindows(c) : []
    return { kind: 'pipe-extend', items, windows, ...c.span(offset) }
  },
  SET: (c, offset) => {
    c.next()
    const items = listWithEnd(c, () => {
      const column = c.identifier()
      c.expect('=')
      return { column, value: readExpression(c) }
    })
    return { kind: 'pipe-set', items, ...c.span(offset) }
  },
  DROP: (c, offset) => {
    c.next()
    const columns = listWithEnd(c, () => c.identifier())
    return { kind: 'pipe-drop', columns, ...c.span(offset) }
  },
  RENAME: (c, offset) => {
    c.next()
    const items = listWithEnd(c, () => {
      const from = c.identifier()
      c.take('AS')
      return { from, to: c.identifier() }
    })
    return { kind: 'pipe-rename', items, ...c.span(offset) }
  },
  AS: (c, offset) => {
    c.next()
    const alias = c.identifier()
    return { kind: 'pipe-as', alias, ...c.span(offset) }
  },
  WHERE: (c, offset) => {
    c.next()
    const condition = readExpression(c)
    return { kind: 'pipe-where', condition, ...c.span(offset) }
  },
  LIMIT: (c, offset) => {
    c.next()
    const limit = readExpression(c)
    const skip = c.take('OFFSET') ? readExpression(c) : undefined
    return { kind: 'pipe-limit', limit, skip, ...c.span(offset) }
  },
  AGGREGATE: readAggregate,
  ORDER: (c, offset) => {
    c.next()
    c.expect('BY')
    const orderBy = readOrderItems(c)
    return { kind: 'pipe-order-by', orderBy, ...c.span(offset) }
  },
  DISTINCT: (c, offset) => {
    c.next()
    return { kind: 'pipe-distinct', ...c.span(offset) }
  },
  CALL: readCallPipe,
  WINDOW: (c, offset) => {
    c.next()
    const items = readSelectItems(c)
    return { kind: 'pipe-window', items, ...c.span(offset) }
  },
  TABLESAMPLE: (c, offset) => ({ kind: 'pipe-sample', clause: readSample(c), ...c.span(offset) }),
  PIVOT: (c, offset) => ({ kind: 'pipe-pivot', clause: readPivot(c), alias: readAlias(c), ...c.span(offset) }),
  UNPIVOT: (c, offset) => ({ kind: 'pipe-unpivot', clause: readUnpivot(c), alias: readAlias(c), ...c.span(offset) }),
  MATCH_RECOGNIZE: (c, offset) => ({
    kind: 'pipe-match-recognize',
    text: readMatchRecognize(c),
    alias: readAlias(c),
    ...c.span(offset),
  }),
  WITH: (c, offset) => ({ kind: 'pipe-with', with: readWithClause(c), ...c.span(offset) }),
  RECURSIVE: readRecursiveUnion,
}

/** A comma at the end is allowed. */
function listWithEnd<T>(c: Cursor, read: () => T): T[] {
  const items = [read()]
  while (c.take(',')) {
    if (c.at('|>') || c.at(')') || c.at(';') || c.peek().kind === 'end') break
    items.push(read())
  }
  return items
}

function readPipeSelect(c: Cursor, offset: number): PipeOperator {
  const head = readSelectHead(c)
  const windows = c.take('WINDOW') ? readWindows(c) : []
  const select = {
    kind: 'select' as const,
    ...head,
    from: undefined,
    where: undefined,
    groupBy: undefined,
    having: undefined,
    qualify: undefined,
    windows,
    ...c.span(offset),
  }
  return { kind: 'pipe-select', select, ...c.span(offset) }
}

function readBracketedQuery(c: Cursor): Query {
  c.expect('(')
  const query = readQuery(c)
  c.expect(')')
  return query
}

function readCallPipe(c: Cursor, offset: number): PipeOperator {
  c.next()
  const call = readFromItem(c)
  if (call.kind !== 'table-function') c.fail('Expected a call of a table function', call.offset)
  return { kind: 'pipe-call', call: call satisfies TableFunctionItem, ...c.span(offset) }
}

const aggregateEnds: ReadonlySet<string> = new Set(['GROUP', '|>', ')', ';'])

function readAggregate(c: Cursor, offset: number): PipeOperator {
  c.next()
  const items: PipeItem[] = []
  while (!c.atAny(aggregateEnds) && c.peek().kind !== 'end') {
    items.push(readPipeItem(c))
    if (!c.take(',')) break
  }
  if (!c.at('GROUP')) {
    if (items.length === 0) c.unexpected()
    return { kind: 'pipe-aggregate', items, groupBy: undefined, isOrdered: false, ...c.span(offset) }
  }
  c.next()
  const isOrdered = c.take('AND', 'ORDER')
  c.expect('BY')
  const groupBy = listWithEnd(c, () => readPipeGroupItem(c))
  return { kind: 'pipe-aggregate', items, groupBy, isOrdered, ...c.span(offset) }
}

function readPipeItem(c: Cursor): PipeItem {
  const offset = c.start
  const value = readExpression(c)
  const item: SelectItem = { kind: 'select-expression', value, alias: readAlias(c), ...c.span(offset) }
  return { kind: 'pipe-item', item, order: readOrder(c), ...c.span(offset) }
}

function readPipeGroupItem(c: Cursor): PipeGroupItem {
  const offset = c.start
  const grouping = readGroupingItem(c)
  const alias = readAlias(c)
  return { kind: 'pipe-group-item', grouping, alias, order: readOrder(c), ...c.span(offset) }
}

function readOrder(c: Cursor): PipeOrder | undefined {
  const offset = c.start
  const direction = readDirection(c)
  const nulls = c.at('NULLS') ? readNulls(c) : undefined
  if (direction === undefined && nulls === undefined) return undefined
  return { kind: 'pipe-order', direction: direction ?? 'ASC', nulls, ...c.span(offset) }
}

function readRecursiveUnion(c: Cursor, offset: number): PipeOperator {
  c.next()
  if (!isAtSetOperator(c)) c.expected('keyword UNION')
  const operator = readSetOperator(c)
  const inputs = c.list(() => readPipeInput(c))
  return { kind: 'pipe-recursive-union', ...operator, inputs, alias: readTableAlias(c), ...c.span(offset) }
}

function readPipeInput(c: Cursor): Query | PipeSubpipeline {
  if (!c.at('(', '|>')) return readBracketedQuery(c)
  const offset = c.start
  c.expect('(')
  const pipes = c.nested(() => readPipes(c))
  c.expect(')')
  return { kind: 'subpipeline', pipes, ...c.span(offset) }
}
