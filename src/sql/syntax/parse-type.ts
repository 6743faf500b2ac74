// Types as they stand in CAST, literals, columns and parameters.
import type { SimpleType, StructFieldNode, TypeNode } from './ast.ts'
import type { Cursor } from './cursor.ts'
import { readString } from './parse-primary.ts'
import { maybeOptions } from './parse-options.ts'
import { isName } from './token.ts'

const typeWords: ReadonlySet<string> = new Set(['ARRAY', 'STRUCT', 'RANGE', 'INTERVAL'])

export function readType(c: Cursor): TypeNode {
  return c.nested(() => readTypeHere(c))
}

function readTypeHere(c: Cursor): TypeNode {
  const offset = c.start
  if (c.at('ARRAY') || c.at('RANGE')) {
    const kind = c.next().key === 'ARRAY' ? 'array-type' : 'range-type'
    c.expect('<')
    const element = readType(c)
    c.expect('>')
    return { kind, element, ...c.span(offset) }
  }
  if (c.take('STRUCT')) {
    if (c.take('<>')) return { kind: 'struct-type', fields: [], ...c.span(offset) }
    c.expect('<')
    const fields = c.at('>') ? [] : c.list(() => readStructField(c))
    c.expect('>')
    return { kind: 'struct-type', fields, ...c.span(offset) }
  }
  if (c.take('ANY', 'TYPE')) return { kind: 'any-type', ...c.span(offset) }
  if (c.take('ANY', 'TABLE')) return { kind: 'table-type', columns: undefined, ...c.span(offset) }
  if (c.at('TABLE', '<')) {
    c.next()
    c.next()
    const columns = c.at('>') ? [] : c.list(() => readStructField(c))
    c.expect('>')
    return { kind: 'table-type', columns, ...c.span(offset) }
  }
  return readSimpleType(c)
}

function readSimpleType(c: Cursor): SimpleType {
  const offset = c.start
  const token = c.peek()
  if (!isName(token) && token.key !== 'INTERVAL') {
    if (token.kind === 'word') c.unexpected()
    c.expected('type')
  }
  if (token.kind === 'quoted' && !/^[\w.]+$/.test(token.text)) c.fail(`Type not found: ${token.text}`)
  let name = c.next().text
  while (c.take('.')) name += `.${c.identifierBehindDot().name}`
  const parameters = c.take('(') ? c.list(() => readTypeParameter(c)) : []
  if (parameters.length > 0) c.expect(')')
  const collate = c.take('COLLATE') ? readString(c) : undefined
  return { kind: 'simple-type', name: name.toUpperCase(), parameters, collate, ...c.span(offset) }
}

function readTypeParameter(c: Cursor): string {
  const token = c.peek()
  if (token.kind !== 'int' && token.key !== 'MAX') c.expected('integer literal')
  c.next()
  return token.kind === 'int' ? token.text : 'MAX'
}

/** Options and NOT NULL are for the columns of CREATE TABLE: elsewhere they are refused later. */
function readStructField(c: Cursor): StructFieldNode {
  const offset = c.start
  const behind = c.peek(1)
  const isNamed =
    c.isAtName() &&
    (isName(behind) || typeWords.has(behind.key)) &&
    !(behind.key === 'OPTIONS' && c.peek(2).key === '(')
  const name = isNamed ? c.identifier() : undefined
  const type = readType(c)
  const isNotNull = c.take('NOT', 'NULL')
  const options = maybeOptions(c)
  return { kind: 'struct-field', name, type, isNotNull, options, ...c.span(offset) }
}
