// SELECT: its list and the clauses behind it.
import type {
  Expression,
  GroupBy,
  GroupingItem,
  Identifier,
  NamedWindow,
  Select,
  SelectItem,
  SelectStar,
} from './ast.ts'
import type { Cursor } from './cursor.ts'
import { readWindow } from './parse-call.ts'
import { readExpression } from './parse-expression.ts'
import { readFrom, readTablePath } from './parse-from.ts'
import { maybeOptions } from './parse-options.ts'
import { readColumnNames } from './parse-query.ts'

export function readSelect(c: Cursor): Select {
  const head = readSelectHead(c)
  const from = c.take('FROM') ? readFrom(c) : undefined
  const where = c.take('WHERE') ? readExpression(c) : undefined
  const groupBy = c.at('GROUP') ? readGroupBy(c) : undefined
  const having = c.take('HAVING') ? readExpression(c) : undefined
  const qualify = c.take('QUALIFY') ? readExpression(c) : undefined
  const windows = c.take('WINDOW') ? readWindows(c) : []
  return { kind: 'select', ...head, from, where, groupBy, having, qualify, windows, ...c.span(head.offset) }
}

type SelectHead = Pick<Select, 'offset' | 'privacy' | 'isDistinct' | 'as' | 'items'>

/** SELECT up to the end of its list: all of a pipe's SELECT. */
export function readSelectHead(c: Cursor): SelectHead {
  const offset = c.start
  c.expect('SELECT')
  let privacy: Select['privacy']
  if (c.at('WITH') && !c.at('WITH', '(')) {
    c.next()
    privacy = { name: c.identifier().name.toUpperCase(), options: maybeOptions(c) }
  }
  const isDistinct = c.take('DISTINCT')
  if (!isDistinct) c.take('ALL')
  let as: Select['as']
  if (c.take('AS', 'STRUCT')) as = { kind: 'struct' }
  else if (c.take('AS', 'VALUE')) as = { kind: 'value' }
  else if (c.take('AS')) as = { kind: 'type', parts: readTablePath(c) }
  if (c.at('FROM')) c.fail('SELECT list must not be empty')
  return { offset, privacy, isDistinct, as, items: readSelectItems(c) }
}

/** What may stand behind a comma at the end of the list. */
const listEnds: ReadonlySet<string> = new Set([
  'FROM',
  ')',
  ';',
  '|>',
  'WHERE',
  'GROUP',
  'ORDER',
  'LIMIT',
  'UNION',
  'INTERSECT',
  'EXCEPT',
])

export function readSelectItems(c: Cursor): SelectItem[] {
  const items = [readSelectItem(c)]
  while (c.take(',')) {
    if (c.atAny(listEnds) || c.peek().kind === 'end') break
    items.push(readSelectItem(c))
  }
  return items
}

function readSelectItem(c: Cursor): SelectItem {
  const offset = c.start
  if (c.take('*')) return readStar(c, undefined, offset)
  const value = readExpression(c)
  if (c.take('.', '*')) return readStar(c, value, offset)
  return { kind: 'select-expression', value, alias: readAlias(c), ...c.span(offset) }
}

/** With AS or without. */
export function readAlias(c: Cursor): Identifier | undefined {
  if (c.take('AS')) return c.identifier()
  return c.isAtName() ? c.identifier() : undefined
}

function readStar(c: Cursor, of: Expression | undefined, offset: number): SelectStar {
  const except = c.at('EXCEPT', '(') && c.take('EXCEPT') ? readColumnNames(c) : []
  let replace: SelectStar['replace'] = []
  if (c.at('REPLACE', '(')) {
    c.next()
    c.next()
    replace = c.list(() => {
      const value = readExpression(c)
      c.expect('AS')
      return { value, name: c.identifier() }
    })
    c.expect(')')
  }
  return { kind: 'select-star', of, except, replace, ...c.span(offset) }
}

function readGroupBy(c: Cursor): GroupBy {
  const offset = c.start
  c.expect('GROUP')
  c.expect('BY')
  if (c.take('ALL')) return { kind: 'group-by', isAll: true, items: [], ...c.span(offset) }
  const items = c.list(() => readGroupingItem(c))
  return { kind: 'group-by', isAll: false, items, ...c.span(offset) }
}

export function readGroupingItem(c: Cursor): GroupingItem {
  const offset = c.start
  if (c.take('(', ')')) return { kind: 'grouping-set', items: [], ...c.span(offset) }
  const word = c.peek().key
  if ((word === 'ROLLUP' || word === 'CUBE') && c.peek(1).key === '(') {
    c.next()
    c.next()
    const elements = c.list(() => elementsOf(readExpression(c)))
    c.expect(')')
    return { kind: word === 'ROLLUP' ? 'rollup' : 'cube', elements, ...c.span(offset) }
  }
  if (c.at('GROUPING', 'SETS')) {
    c.next()
    c.next()
    c.expect('(')
    const sets = c.list(() => c.nested(() => readGroupingSet(c)))
    c.expect(')')
    return { kind: 'grouping-sets', sets, ...c.span(offset) }
  }
  const value = readExpression(c)
  return { kind: 'grouping-expression', value, ...c.span(offset) }
}

/** `(a, b)` reads as a tuple. */
function elementsOf(value: Expression): readonly Expression[] {
  return value.kind === 'struct' && value.isTuple ? value.fields.map((field) => field.value) : [value]
}

function readGroupingSet(c: Cursor): GroupingItem {
  const item = readGroupingItem(c)
  if (item.kind !== 'grouping-expression') return item
  const elements = elementsOf(item.value)
  return elements.length === 1 ? item : { kind: 'grouping-set', items: elements, offset: item.offset, end: item.end }
}

export function readWindows(c: Cursor): NamedWindow[] {
  return c.list(() => {
    const name = c.identifier()
    c.expect('AS')
    const window = readWindow(c)
    return { kind: 'named-window' as const, name, window, offset: name.offset, end: c.end }
  })
}
