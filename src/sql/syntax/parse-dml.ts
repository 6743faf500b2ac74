// INSERT, UPDATE, DELETE and MERGE.
import type { Identifier } from './ast.ts'
import type { Assignment, DmlValue, Merge, MergeClause, Statement } from './ast-statement.ts'
import type { Cursor } from './cursor.ts'
import { readObjectName } from './parse-ddl.ts'
import { readExpression } from './parse-expression.ts'
import { readFrom, readFromItem } from './parse-from.ts'
import { readColumnNames, readQuery } from './parse-query.ts'
import { readAlias } from './parse-select.ts'

function readValue(c: Cursor): DmlValue {
  const offset = c.start
  if (c.take('DEFAULT')) return { kind: 'default', ...c.span(offset) }
  return readExpression(c)
}

function readRow(c: Cursor): DmlValue[] {
  c.expect('(')
  const values = c.list(() => readValue(c))
  c.expect(')')
  return values
}

function startsQueryInBrackets(c: Cursor): boolean {
  const { key } = c.peek(1)
  return c.at('(') && (key === 'SELECT' || key === 'WITH' || key === 'FROM' || key === '(')
}

export function readInsert(c: Cursor): Statement {
  const { offset } = c.next()
  c.take('INTO')
  const table = readObjectName(c)
  const columns = c.at('(') && !startsQueryInBrackets(c) ? readColumnNames(c) : []
  if (c.take('VALUES')) {
    const rows = c.list(() => readRow(c))
    return { kind: 'insert', table, columns, rows, query: undefined, ...c.span(offset) }
  }
  const query = readQuery(c)
  return { kind: 'insert', table, columns, rows: undefined, query, ...c.span(offset) }
}

function readAssignment(c: Cursor): Assignment {
  const offset = c.start
  const path = [c.identifier()]
  while (c.take('.')) path.push(c.identifierBehindDot())
  c.expect('=')
  const value = readValue(c)
  return { kind: 'assignment', path, value, ...c.span(offset) }
}

export function readUpdate(c: Cursor): Statement {
  const { offset } = c.next()
  const table = readObjectName(c)
  const alias = readAlias(c)
  c.expect('SET')
  const assignments = c.list(() => readAssignment(c))
  const from = c.take('FROM') ? readFrom(c) : undefined
  const where = c.take('WHERE') ? readExpression(c) : undefined
  return { kind: 'update', table, alias, assignments, from, where, ...c.span(offset) }
}

export function readDelete(c: Cursor): Statement {
  const { offset } = c.next()
  c.take('FROM')
  const table = readObjectName(c)
  const alias = readAlias(c)
  const where = c.take('WHERE') ? readExpression(c) : undefined
  return { kind: 'delete', table, alias, where, ...c.span(offset) }
}

export function readMerge(c: Cursor): Statement {
  const { offset } = c.next()
  c.take('INTO')
  const table = readObjectName(c)
  const alias = readAlias(c)
  c.expect('USING')
  const source = readFromItem(c)
  c.expect('ON')
  const on = readExpression(c)
  const clauses: MergeClause[] = []
  while (c.at('WHEN')) clauses.push(readMergeClause(c))
  if (clauses.length === 0) c.expected('keyword WHEN')
  const merge: Merge = { kind: 'merge', table, alias, source, on, clauses, ...c.span(offset) }
  return merge
}

function readMergeClause(c: Cursor): MergeClause {
  const { offset } = c.next()
  const when = readMergeWhen(c)
  const condition = c.take('AND') ? readExpression(c) : undefined
  c.expect('THEN')
  const action = readMergeAction(c, when)
  return { kind: 'merge-clause', when, condition, action, ...c.span(offset) }
}

function readMergeWhen(c: Cursor): MergeClause['when'] {
  if (c.take('MATCHED')) return 'matched'
  c.expect('NOT', 'MATCHED')
  if (c.take('BY', 'SOURCE')) return 'not-matched-by-source'
  c.take('BY', 'TARGET')
  return 'not-matched-by-target'
}

function readMergeAction(c: Cursor, when: MergeClause['when']): MergeClause['action'] {
  if (when === 'not-matched-by-target') {
    c.expect('INSERT')
    const columns: Identifier[] = c.at('(') ? readColumnNames(c) : []
    if (c.take('ROW')) return { kind: 'insert-row', columns }
    if (!c.take('VALUES')) c.expected('keyword ROW or keyword VALUES')
    return { kind: 'insert', columns, values: readRow(c) }
  }
  if (c.take('DELETE')) return { kind: 'delete' }
  if (!c.take('UPDATE')) c.expected('keyword DELETE or keyword UPDATE')
  c.expect('SET')
  return { kind: 'update', assignments: c.list(() => readAssignment(c)) }
}
