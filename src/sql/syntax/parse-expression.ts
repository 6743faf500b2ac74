// Expressions by operator precedence. What stands in brackets may be a query, a tuple or an expression: told apart without going back.
import type { Binary, BinaryOperator, Expression, InSource, Query } from './ast.ts'
import type { Cursor } from './cursor.ts'
import { readPrimary } from './parse-primary.ts'
import { continuesQuery, readQuery, readQueryBehind, startsQuery } from './parse-query.ts'

// From the loosest: OR, AND, NOT, comparisons, |, ^, &, shifts, sums, products.
const orLevel = 1
const andLevel = 2
const notLevel = 3
const comparisonLevel = 4
const shiftLevel = 8

const binaryLevels: Readonly<Record<string, { readonly level: number; readonly operator: BinaryOperator }>> = {
  '|': { level: 5, operator: '|' },
  '^': { level: 6, operator: '^' },
  '&': { level: 7, operator: '&' },
  '<<': { level: shiftLevel, operator: '<<' },
  '+': { level: 9, operator: '+' },
  '-': { level: 9, operator: '-' },
  '*': { level: 10, operator: '*' },
  '/': { level: 10, operator: '/' },
  '||': { level: 10, operator: '||' },
}
const unaryLevel = 11

const comparisons: Readonly<Record<string, BinaryOperator>> = {
  '=': '=',
  '!=': '!=',
  '<>': '!=',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
}

export function readExpression(c: Cursor, level = 0): Expression {
  return c.nested(() => readRest(c, readUnary(c, level), level))
}

/** What can stand beside a comparison or within BETWEEN: no AND, OR, NOT or comparison. */
export function readOperand(c: Cursor): Expression {
  return readExpression(c, comparisonLevel)
}

/** Goes on behind an expression that stood in brackets: fields, subscripts, operators. */
function readBehind(c: Cursor, left: Expression): Expression {
  return readRest(c, readPostfix(c, left), 0)
}

function readUnary(c: Cursor, level: number): Expression {
  const start = c.start
  if (c.at('NOT')) {
    // Neither `a + NOT b` nor `a = NOT b` is an expression.
    if (level >= comparisonLevel) c.unexpected()
    c.next()
    const operand = readExpression(c, notLevel)
    return { kind: 'unary', operator: 'NOT', operand, ...c.span(start) }
  }
  const sign = c.peek().key
  if (sign === '-' || sign === '+' || sign === '~') {
    c.next()
    const operand = readExpression(c, unaryLevel)
    return { kind: 'unary', operator: sign, operand, ...c.span(start) }
  }
  return readPostfix(c, readPrimary(c))
}

function readPostfix(c: Cursor, first: Expression): Expression {
  let left = first
  for (;;) {
    if (c.at('[')) left = readSubscript(c, left)
    else if (c.at('.') && !c.at('.', '*') && !c.at('.', '(')) {
      c.next()
      const field = c.identifierBehindDot()
      left = { kind: 'field', operand: left, field, offset: left.offset, end: c.end }
    } else return left
  }
}

const subscriptModes = {
  OFFSET: 'offset',
  ORDINAL: 'ordinal',
  SAFE_OFFSET: 'safe-offset',
  SAFE_ORDINAL: 'safe-ordinal',
  KEY: 'key',
  SAFE_KEY: 'safe-key',
} as const

function readSubscript(c: Cursor, operand: Expression): Expression {
  c.expect('[')
  const word = c.peek().key
  if (c.at(word, '(') && Object.hasOwn(subscriptModes, word)) {
    const mode = subscriptModes[word as keyof typeof subscriptModes]
    c.next()
    c.next()
    const index = readExpression(c)
    c.expect(')')
    c.expect(']')
    return { kind: 'subscript', operand, mode, index, offset: operand.offset, end: c.end }
  }
  const index = readExpression(c)
  c.expect(']')
  return { kind: 'subscript', operand, mode: 'plain', index, offset: operand.offset, end: c.end }
}

function readRest(c: Cursor, first: Expression, level: number): Expression {
  let left = first
  let isCompared = false
  for (;;) {
    const isNegated = c.at('NOT')
    const key = c.peek(isNegated ? 1 : 0).key
    if (!isNegated && (key === 'OR' || key === 'AND')) {
      const own = key === 'OR' ? orLevel : andLevel
      if (own <= level) return left
      left = readLogical(c, left, key, own)
      isCompared = false
      continue
    }
    if (isComparison(c, key, isNegated)) {
      if (level >= comparisonLevel) return left
      // BigQuery's comparisons don't chain.
      if (isCompared) c.unexpected()
      left = readComparison(c, left, key, isNegated)
      isCompared = true
      continue
    }
    const binary = isNegated ? undefined : binaryAt(c, key)
    if (binary === undefined || binary.level <= level) return left
    if (isCompared) c.unexpected()
    for (let count = 0; count < (binary.operator === '>>' ? 2 : 1); count += 1) c.next()
    const right = readExpression(c, binary.level)
    left = { kind: 'binary', operator: binary.operator, left, right, offset: left.offset, end: c.end }
  }
}

function binaryAt(c: Cursor, key: string): { readonly level: number; readonly operator: BinaryOperator } | undefined {
  // Read as two, so that nested types can end in `>>`.
  if (key === '>' && isShiftRight(c)) return { level: shiftLevel, operator: '>>' }
  return Object.hasOwn(binaryLevels, key) ? binaryLevels[key] : undefined
}

function isShiftRight(c: Cursor): boolean {
  return c.at('>', '>') && c.isGlued()
}

function readLogical(c: Cursor, left: Expression, operator: 'AND' | 'OR', level: number): Expression {
  const operands = [left]
  while (c.take(operator)) operands.push(readExpression(c, level))
  return { kind: 'logical', operator, operands, offset: left.offset, end: c.end }
}

function isComparison(c: Cursor, key: string, isNegated: boolean): boolean {
  if (key === 'IN' || key === 'LIKE' || key === 'BETWEEN') return true
  if (isNegated) return false
  if (key === '>' && isShiftRight(c)) return false
  return key === 'IS' || Object.hasOwn(comparisons, key)
}

function readComparison(c: Cursor, left: Expression, key: string, isNot: boolean): Expression {
  if (isNot) c.next()
  c.next()
  const offset = left.offset
  switch (key) {
    case 'IS':
      return readIs(c, left)
    case 'IN':
      return { kind: 'in', operand: left, source: readInSource(c), isNot, offset, end: c.end }
    case 'BETWEEN': {
      const low = readOperand(c)
      c.expect('AND')
      const high = readOperand(c)
      return { kind: 'between', operand: left, low, high, isNot, offset, end: c.end }
    }
    case 'LIKE': {
      const quantifier = c.peek().key
      if (quantifier === 'ANY' || quantifier === 'SOME' || quantifier === 'ALL') {
        c.next()
        return {
          kind: 'like-quantified',
          operand: left,
          quantifier,
          source: readInSource(c),
          isNot,
          offset,
          end: c.end,
        }
      }
      return binary(c, isNot ? 'NOT LIKE' : 'LIKE', left)
    }
    default:
      return binary(c, comparisons[key] ?? '=', left)
  }
}

function binary(c: Cursor, operator: BinaryOperator, left: Expression): Binary {
  const right = readOperand(c)
  return { kind: 'binary', operator, left, right, offset: left.offset, end: c.end }
}

function readIs(c: Cursor, left: Expression): Expression {
  const { offset } = left
  const isNot = c.take('NOT')
  if (c.take('DISTINCT', 'FROM')) {
    const right = readOperand(c)
    return { kind: 'distinct-from', left, right, isNot, offset, end: c.end }
  }
  const what = c.peek().key
  if (what === 'NULL' || what === 'TRUE' || what === 'FALSE' || what === 'UNKNOWN') {
    c.next()
    return { kind: 'is', operand: left, what, isNot, offset, end: c.end }
  }
  return c.unexpected()
}

function readInSource(c: Cursor): InSource {
  if (c.take('UNNEST')) {
    c.expect('(')
    const array = readExpression(c)
    c.expect(')')
    return { kind: 'unnest', array }
  }
  if (!c.at('(')) c.expected('"(" or keyword UNNEST')
  c.next()
  const inside = readInside(c)
  return inside.kind === 'query' ? inside : { kind: 'list', items: inside.items }
}

type Inside =
  | { readonly kind: 'query'; readonly query: Query }
  | { readonly kind: 'items'; readonly items: readonly Expression[] }

/** Behind `(`, up to and with `)`. */
export function readInside(c: Cursor): Inside {
  if (startsQuery(c)) {
    const query = readQuery(c)
    c.expect(')')
    return { kind: 'query', query }
  }
  const first = c.at('(') ? c.nested(() => readInnerBrackets(c)) : readExpression(c)
  if (first.kind === 'query') return { kind: 'query', query: first }
  const items = [first]
  while (c.take(',')) items.push(readExpression(c))
  c.expect(')')
  return { kind: 'items', items }
}

/** At a second `(`. Answers a query if the outer brackets hold nothing else; their end is then taken. */
function readInnerBrackets(c: Cursor): Expression | Query {
  const offset = c.start
  c.next()
  const inside = readInside(c)
  if (inside.kind === 'items') return readBehind(c, grouped(inside.items, offset, c))
  if (!continuesQuery(c) && !c.at(')'))
    return readBehind(c, { kind: 'subquery', query: inside.query, ...c.span(offset) })
  const query = readQueryBehind(c, { kind: 'brackets', query: inside.query, ...c.span(offset) })
  c.expect(')')
  return query
}

function grouped(items: readonly Expression[], offset: number, c: Cursor): Expression {
  const [only] = items
  if (only !== undefined && items.length === 1) return only
  return {
    kind: 'struct',
    isTuple: true,
    type: undefined,
    fields: items.map((value) => ({ value, alias: undefined })),
    ...c.span(offset),
  }
}

/** `(…)` where an expression begins. */
export function readBrackets(c: Cursor): Expression {
  const offset = c.start
  c.expect('(')
  const inside = readInside(c)
  if (inside.kind === 'query') return { kind: 'subquery', query: inside.query, ...c.span(offset) }
  return grouped(inside.items, offset, c)
}
