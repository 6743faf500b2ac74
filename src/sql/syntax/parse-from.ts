// FROM: tables, joins, and what can stand behind each of them.
import type { Expression, FromItem, Identifier, JoinItem, JoinKind, WithOffset } from './ast.ts'
import type { Cursor } from './cursor.ts'
import { readArguments, splitNames } from './parse-call.ts'
import { readExpression } from './parse-expression.ts'
import { readMatchRecognize, readPivot, readSample, readSkippedBrackets, readUnpivot } from './parse-pivot.ts'
import { continuesQuery, readColumnNames, readQuery, readQueryBehind, startsQuery } from './parse-query.ts'
import { readAlias } from './parse-select.ts'

/** Behind the word FROM. */
export function readFrom(c: Cursor): FromItem {
  return c.nested(() => readJoins(c, readFromItem(c)))
}

/** `FROM t` has a name of up to four parts; the first may hold dashes, back-ticks may hold dots. */
export function readTablePath(c: Cursor): Identifier[] {
  joinDashes(c)
  const parts = [c.identifier()]
  while (c.at('.') && !c.at('.', '*') && !c.at('.', '(')) {
    c.next()
    parts.push(c.identifierBehindDot())
  }
  return splitNames(parts, c)
}

const dashedName = /[A-Za-z_]\w*(?:-\w+)+/y

/** `my-project-1.ds.t` needs no back-ticks. */
function joinDashes(c: Cursor): void {
  if (c.peek().kind !== 'word' || c.peek(1).key !== '-' || !c.isGlued()) return
  dashedName.lastIndex = c.start
  const name = dashedName.exec(c.text)?.[0]
  if (name !== undefined) c.replaceWithName(name)
}

interface Condition {
  readonly on: Expression | undefined
  readonly using: readonly Identifier[] | undefined
  readonly offset: number
  readonly end: number
}

interface Step {
  readonly join: JoinKind
  readonly right: FromItem
  readonly conditions: readonly Condition[]
}

function readJoins(c: Cursor, first: FromItem): FromItem {
  const steps: Step[] = []
  let hasComma = false
  for (;;) {
    const offset = c.start
    const join = c.take(',') ? 'COMMA' : readJoinWords(c)
    if (join === undefined) break
    if (hasComma && (join === 'RIGHT' || join === 'FULL'))
      c.fail(`${join} JOIN must be parenthesized when following a comma join`, offset)
    hasComma ||= join === 'COMMA'
    const right = readFromItem(c)
    const conditions: Condition[] = []
    if (join !== 'COMMA') while (c.at('ON') || c.at('USING')) conditions.push(readCondition(c))
    steps.push({ join, right, conditions })
  }
  return assemble(c, first, steps)
}

/** Conditions may be left for later: in `a JOIN b JOIN c ON x ON y` the last one belongs to the first JOIN. */
function assemble(c: Cursor, first: FromItem, steps: readonly Step[]): FromItem {
  const items: FromItem[] = [first]
  const open: JoinKind[] = []
  const close = (condition: Condition | undefined): void => {
    const join = open.pop()
    const right = items.pop()
    const left = items.pop()
    if (join === undefined || right === undefined || left === undefined) {
      const count = steps.reduce((sum, step) => sum + step.conditions.length, 0)
      const joins = steps.filter((step) => step.join !== 'COMMA' && step.join !== 'CROSS').length
      c.fail(
        `The number of join conditions is ${count} but the number of joins that require a join condition is only ${joins}. Unexpected keyword ${condition?.using === undefined ? 'ON' : 'USING'}`,
        condition?.offset,
      )
    }
    items.push(joined(join, left, right, condition))
  }
  const isNested = steps.some(({ conditions }) => conditions.length > 1)
  for (const { join, right, conditions } of steps) {
    open.push(join)
    items.push(right)
    if (conditions.length === 0 && (!isNested || join === 'COMMA' || join === 'CROSS')) close(undefined)
    for (const condition of conditions) close(condition)
  }
  if (open.length > 0) c.fail('INNER JOIN must have an immediately following ON or USING clause', first.offset)
  return items[0] ?? first
}

function joined(join: JoinKind, left: FromItem, right: FromItem, condition: Condition | undefined): JoinItem {
  const { on, using } = condition ?? { on: undefined, using: undefined }
  const inBrackets = right.kind === 'join' ? { ...right, isInBrackets: true } : right
  return {
    kind: 'join',
    join,
    left,
    right: inBrackets,
    on,
    using,
    isInBrackets: false,
    offset: left.offset,
    end: condition?.end ?? right.end,
  }
}

export function readJoinWords(c: Cursor): Exclude<JoinKind, 'COMMA'> | undefined {
  if (c.take('JOIN')) return 'INNER'
  const { key } = c.peek()
  if (key !== 'INNER' && key !== 'CROSS' && key !== 'LEFT' && key !== 'RIGHT' && key !== 'FULL') return undefined
  const isOuter = c.at(key, 'OUTER', 'JOIN') && key !== 'INNER' && key !== 'CROSS'
  if (!isOuter && !c.at(key, 'JOIN')) return undefined
  c.next()
  c.take('OUTER')
  c.expect('JOIN')
  return key
}

export function readCondition(c: Cursor): Condition {
  const offset = c.start
  if (c.take('ON')) {
    const on = readExpression(c)
    return { on, using: undefined, ...c.span(offset) }
  }
  c.expect('USING')
  const using = readColumnNames(c)
  return { on: undefined, using, ...c.span(offset) }
}

export function readFromItem(c: Cursor): FromItem {
  return readBehindItem(c, readPlainItem(c))
}

function readPlainItem(c: Cursor): FromItem {
  const offset = c.start
  if (c.at('(')) return readBracketed(c, false)
  if (c.at('UNNEST', '(')) return readUnnest(c)
  if (c.take('LATERAL')) {
    if (c.at('(')) return readBracketed(c, true)
    const name = readTablePath(c)
    return readTableFunction(c, name, true, offset)
  }
  if (c.at('GRAPH_TABLE', '(')) {
    c.next()
    const text = readSkippedBrackets(c)
    return { kind: 'graph-table', text, alias: readTableAlias(c), ...c.span(offset) }
  }
  const parts = readTablePath(c)
  if (c.at('(')) return readTableFunction(c, parts, false, offset)
  let systemTime = readSystemTime(c)
  const alias = readTableAlias(c)
  const withOffset = readWithOffset(c)
  systemTime ??= readSystemTime(c)
  return { kind: 'table', parts, alias, withOffset, systemTime, ...c.span(offset) }
}

function readUnnest(c: Cursor): FromItem {
  const { offset } = c.next()
  c.expect('(')
  const array = readExpression(c)
  c.expect(')')
  const alias = readTableAlias(c)
  return { kind: 'unnest', array, alias, withOffset: readWithOffset(c), ...c.span(offset) }
}

function readTableFunction(c: Cursor, name: readonly Identifier[], isLateral: boolean, offset: number): FromItem {
  c.expect('(')
  const args = readArguments(c)
  c.expect(')')
  return { kind: 'table-function', isLateral, name, args, alias: readTableAlias(c), ...c.span(offset) }
}

/** PIVOT and its like are names, too: they are none where their brackets follow. */
export function readTableAlias(c: Cursor): Identifier | undefined {
  if (c.at('AS')) return readAlias(c)
  return isAtTableOperator(c) ? undefined : readAlias(c)
}

function isAtTableOperator(c: Cursor): boolean {
  if (c.at('PIVOT', '(') || c.at('UNPIVOT', '(') || c.at('MATCH_RECOGNIZE', '(')) return true
  return c.at('UNPIVOT', 'INCLUDE') || c.at('UNPIVOT', 'EXCLUDE')
}

function readWithOffset(c: Cursor): WithOffset | undefined {
  const offset = c.start
  if (!c.take('WITH', 'OFFSET')) return undefined
  return { kind: 'with-offset', alias: readTableAlias(c), ...c.span(offset) }
}

function readSystemTime(c: Cursor): Expression | undefined {
  if (c.take('FOR', 'SYSTEM_TIME', 'AS', 'OF') || c.take('FOR', 'SYSTEM', 'TIME', 'AS', 'OF')) return readExpression(c)
  return undefined
}

/** `(`: a query or a join, told apart by what is found inside. */
function readBracketed(c: Cursor, isLateral: boolean): FromItem {
  const offset = c.start
  const inside = c.nested(() => readInside(c))
  if (inside.kind !== 'query')
    return inside.kind === 'join' ? { ...inside, isInBrackets: true, ...c.span(offset) } : inside
  return { kind: 'from-query', isLateral, query: inside, alias: readTableAlias(c), ...c.span(offset) }
}

function readInside(c: Cursor): FromItem | ReturnType<typeof readQuery> {
  c.expect('(')
  const offset = c.start
  if (startsQuery(c)) {
    const query = readQuery(c)
    c.expect(')')
    return query
  }
  if (!c.at('(')) return endOfJoin(c, readFromItem(c))
  const inner = c.nested(() => readInside(c))
  if (inner.kind === 'join') return endOfJoin(c, readBehindItem(c, { ...inner, isInBrackets: true, ...c.span(offset) }))
  if (inner.kind !== 'query') return endOfJoin(c, readBehindItem(c, inner))
  if (c.at(')') || continuesQuery(c)) {
    const query = readQueryBehind(c, { kind: 'brackets', query: inner, ...c.span(offset) })
    c.expect(')')
    return query
  }
  const alias = readTableAlias(c)
  return endOfJoin(
    c,
    readBehindItem(c, { kind: 'from-query', isLateral: false, query: inner, alias, ...c.span(offset) }),
  )
}

function endOfJoin(c: Cursor, first: FromItem): FromItem {
  const item = readJoins(c, first)
  c.expect(')')
  return item
}

function readBehindItem(c: Cursor, first: FromItem): FromItem {
  let input = first
  for (;;) {
    if (c.at('PIVOT', '(')) {
      const clause = readPivot(c)
      input = { kind: 'pivot', input, clause, alias: readTableAlias(c), offset: input.offset, end: c.end }
    } else if (c.at('UNPIVOT') && isAtTableOperator(c)) {
      const clause = readUnpivot(c)
      input = { kind: 'unpivot', input, clause, alias: readTableAlias(c), offset: input.offset, end: c.end }
    } else if (c.at('TABLESAMPLE')) {
      input = { kind: 'sample', input, clause: readSample(c), offset: input.offset, end: c.end }
    } else if (c.at('MATCH_RECOGNIZE', '(')) {
      const text = readMatchRecognize(c)
      input = { kind: 'match-recognize', input, text, alias: readTableAlias(c), offset: input.offset, end: c.end }
    } else return input
  }
}
