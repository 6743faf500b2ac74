// The smallest expressions: literals, names, parameters, and the forms that begin with a word of their own.
import type {
  ArrayTypeNode,
  DatePart,
  Expression,
  Identifier,
  StringLiteral,
  StructTypeNode,
  TypedLiteral,
} from './ast.ts'
import { identifierOf, type Cursor } from './cursor.ts'
import { readCall, splitNames } from './parse-call.ts'
import { readBrackets, readExpression } from './parse-expression.ts'
import { readQuery, startsQuery } from './parse-query.ts'
import { readType } from './parse-type.ts'
import { isReserved } from './token.ts'

export function readPrimary(c: Cursor): Expression {
  const token = c.peek()
  const span = { offset: token.offset, end: token.end }
  switch (token.kind) {
    case 'int':
    case 'float':
      c.next()
      return { kind: token.kind, text: token.text, ...span }
    case 'string':
      return readString(c)
    case 'bytes':
      c.next()
      return { kind: 'bytes', value: token.bytes ?? new Uint8Array(0), ...span }
    case 'parameter':
      c.next()
      return { kind: 'parameter', name: token.text, ...span }
    case 'system':
      return readSystemVariable(c)
    case 'symbol':
      return readSymbol(c)
    case 'quoted':
      return readName(c)
    case 'word':
      return readWord(c)
    default:
      return c.unexpected()
  }
}

export function readString(c: Cursor): StringLiteral {
  const token = c.peek()
  if (token.kind !== 'string') c.expected('string literal')
  c.next()
  return { kind: 'string', value: token.text, offset: token.offset, end: token.end }
}

function readSystemVariable(c: Cursor): Expression {
  const token = c.next()
  const path = [token.text]
  while (c.take('.')) path.push(c.identifierBehindDot().name)
  return { kind: 'system-variable', path, ...c.span(token.offset) }
}

function readSymbol(c: Cursor): Expression {
  const offset = c.start
  if (c.at('(')) return readBrackets(c)
  if (c.at('[')) return readArrayItems(c, undefined, offset)
  if (c.take('?')) return { kind: 'positional-parameter', position: c.nextPosition(), ...c.span(offset) }
  return c.unexpected()
}

const typedLiterals: Readonly<Record<string, TypedLiteral['type']>> = {
  DATE: 'DATE',
  TIME: 'TIME',
  DATETIME: 'DATETIME',
  TIMESTAMP: 'TIMESTAMP',
  NUMERIC: 'NUMERIC',
  DECIMAL: 'NUMERIC',
  BIGNUMERIC: 'BIGNUMERIC',
  BIGDECIMAL: 'BIGNUMERIC',
  JSON: 'JSON',
}

/** Reserved words that are names of functions where `(` follows. */
const functionWords: ReadonlySet<string> = new Set(['IF', 'LEFT', 'RIGHT', 'GROUPING', 'COLLATE', 'RANGE'])

function readWord(c: Cursor): Expression {
  const token = c.peek()
  const next = c.peek(1)
  const special = specialForms[token.key]
  if (special !== undefined && Object.hasOwn(specialForms, token.key)) return special(c)
  if (token.key === 'SAFE_CAST' && next.key === '(') return readCast(c)
  if (next.kind === 'string' && Object.hasOwn(typedLiterals, token.key)) return readTypedLiteral(c)
  if (isReserved(token)) {
    if (next.key !== '(' || !functionWords.has(token.key)) c.unexpected()
    c.next()
    return readCall(c, [identifierOf(token)])
  }
  return readName(c)
}

function readName(c: Cursor): Expression {
  const offset = c.start
  const parts: Identifier[] = [c.identifier()]
  while (c.at('.') && !c.at('.', '*') && !c.at('.', '(')) {
    c.next()
    parts.push(c.identifierBehindDot())
  }
  if (c.at('(')) return readCall(c, splitNames(parts, c))
  return { kind: 'name', parts, ...c.span(offset) }
}

const specialForms: Readonly<Record<string, (c: Cursor) => Expression>> = {
  NULL: (c) => ({ kind: 'null', ...wordSpan(c) }),
  TRUE: (c) => ({ kind: 'bool', value: true, ...wordSpan(c) }),
  FALSE: (c) => ({ kind: 'bool', value: false, ...wordSpan(c) }),
  CASE: readCase,
  CAST: readCast,
  EXTRACT: readExtract,
  INTERVAL: readInterval,
  ARRAY: readArray,
  STRUCT: readStruct,
  EXISTS: readExists,
  WITH: readWith,
  RANGE: readRange,
}

function wordSpan(c: Cursor): { offset: number; end: number } {
  const { offset, end } = c.next()
  return { offset, end }
}

function readTypedLiteral(c: Cursor): Expression {
  const { key, offset } = c.next()
  return { kind: 'typed-literal', type: typedLiterals[key] ?? 'DATE', value: readString(c), ...c.span(offset) }
}

function readCase(c: Cursor): Expression {
  const offset = c.start
  c.expect('CASE')
  const operand = c.at('WHEN') ? undefined : readExpression(c)
  if (!c.at('WHEN')) c.expected('keyword WHEN')
  const branches: { when: Expression; result: Expression }[] = []
  while (c.take('WHEN')) {
    const when = readExpression(c)
    c.expect('THEN')
    branches.push({ when, result: readExpression(c) })
  }
  const otherwise = c.take('ELSE') ? readExpression(c) : undefined
  c.expect('END')
  return { kind: 'case', operand, branches, otherwise, ...c.span(offset) }
}

function readCast(c: Cursor): Expression {
  const { offset, key } = c.next()
  c.expect('(')
  const operand = readExpression(c)
  c.expect('AS')
  const type = readType(c)
  const format = c.take('FORMAT') ? readExpression(c) : undefined
  const timeZone = c.take('AT', 'TIME', 'ZONE') ? readExpression(c) : undefined
  c.expect(')')
  return { kind: 'cast', isSafe: key === 'SAFE_CAST', operand, type, format, timeZone, ...c.span(offset) }
}

export function readDatePart(c: Cursor): DatePart {
  const { name, offset } = c.identifier()
  let argument: string | undefined
  if (c.take('(')) {
    argument = c.identifier().name.toUpperCase()
    c.expect(')')
  }
  return { kind: 'date-part', name: name.toUpperCase(), argument, ...c.span(offset) }
}

function readExtract(c: Cursor): Expression {
  const { offset } = c.next()
  c.expect('(')
  const part = readDatePart(c)
  c.expect('FROM')
  const operand = readExpression(c)
  const timeZone = c.take('AT', 'TIME', 'ZONE') ? readExpression(c) : undefined
  c.expect(')')
  return { kind: 'extract', part, operand, timeZone, ...c.span(offset) }
}

function readInterval(c: Cursor): Expression {
  const { offset } = c.next()
  const value = readExpression(c)
  const part = readDatePart(c)
  const to = c.take('TO') ? readDatePart(c) : undefined
  return { kind: 'interval', value, part, to, ...c.span(offset) }
}

function readArray(c: Cursor): Expression {
  const offset = c.start
  if (c.at('ARRAY', '(')) {
    c.next()
    c.next()
    const query = readQuery(c)
    c.expect(')')
    return { kind: 'array-query', query, ...c.span(offset) }
  }
  if (c.take('ARRAY', '[')) return readItems(c, undefined, offset)
  if (!c.at('ARRAY', '<')) c.unexpected()
  const type = readType(c) as ArrayTypeNode
  return readArrayItems(c, type, offset)
}

function readArrayItems(c: Cursor, type: ArrayTypeNode | undefined, offset: number): Expression {
  c.expect('[')
  return readItems(c, type, offset)
}

function readItems(c: Cursor, type: ArrayTypeNode | undefined, offset: number): Expression {
  const items = c.at(']') ? [] : c.list(() => readExpression(c))
  if (!c.take(']')) c.expected('"," or "]"')
  return { kind: 'array', type, items, ...c.span(offset) }
}

function readStruct(c: Cursor): Expression {
  const offset = c.start
  let type: StructTypeNode | undefined
  if (c.at('STRUCT', '(')) c.next()
  else if (c.at('STRUCT', '<') || c.at('STRUCT', '<>')) type = readType(c) as StructTypeNode
  else {
    c.next()
    c.unexpected()
  }
  c.expect('(')
  const fields = c.at(')') ? [] : c.list(() => readStructField(c))
  c.expect(')')
  return { kind: 'struct', isTuple: false, type, fields, ...c.span(offset) }
}

function readStructField(c: Cursor): { value: Expression; alias: Identifier | undefined } {
  const value = readExpression(c)
  return { value, alias: c.take('AS') ? c.identifier() : undefined }
}

function readExists(c: Cursor): Expression {
  const { offset } = c.next()
  c.expect('(')
  const query = readQuery(c)
  c.expect(')')
  return { kind: 'exists', query, ...c.span(offset) }
}

function readWith(c: Cursor): Expression {
  const { offset } = c.next()
  c.expect('(')
  if (startsQuery(c)) c.unexpected()
  const bindings: { name: Identifier; value: Expression }[] = []
  while (c.isAtName() && c.peek(1).key === 'AS') {
    const name = c.identifier()
    c.expect('AS')
    bindings.push({ name, value: readExpression(c) })
    c.expect(',')
  }
  const body = readExpression(c)
  c.expect(')')
  return { kind: 'with-expression', bindings, body, ...c.span(offset) }
}

function readRange(c: Cursor): Expression {
  const token = c.peek()
  if (c.at('RANGE', '(')) {
    c.next()
    return readCall(c, [identifierOf(token)])
  }
  if (!c.at('RANGE', '<')) c.unexpected()
  const type = readType(c)
  if (type.kind !== 'range-type') c.unexpected()
  return { kind: 'range-literal', type, value: readString(c), ...c.span(token.offset) }
}
