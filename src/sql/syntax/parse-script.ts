// Statements of scripts, and which reader a statement's first word leads to.
import type { Expression, Identifier, SystemVariable } from './ast.ts'
import type { Block, Statement } from './ast-statement.ts'
import type { Cursor } from './cursor.ts'
import { readArguments } from './parse-call.ts'
import { readAlter, readCreate, readDrop, readObjectName, readOther, readTruncate, readUndrop } from './parse-ddl.ts'
import { readDelete, readInsert, readMerge, readUpdate } from './parse-dml.ts'
import { readExpression } from './parse-expression.ts'
import { readPrimary, readString } from './parse-primary.ts'
import { readColumnNames, readQuery } from './parse-query.ts'
import { readType } from './parse-type.ts'

export function readStatement(c: Cursor): Statement {
  return c.nested(() => {
    const { key } = c.peek()
    if (c.isAtName() && c.peek(1).key === ':') return readLabelled(c)
    const read = Object.hasOwn(readers, key) ? readers[key] : undefined
    return read === undefined ? c.unexpected() : read(c)
  })
}

/** Each with its semicolon, up to one of the words that end the list. */
function readStatements(c: Cursor, ...ends: readonly string[]): Statement[] {
  const statements: Statement[] = []
  while (!ends.some((word) => c.at(word))) {
    if (c.peek().kind === 'end') c.expected(`keyword ${ends[0]}`)
    statements.push(readStatement(c))
    c.expect(';')
  }
  return statements
}

function readQueryStatement(c: Cursor): Statement {
  const offset = c.start
  const query = readQuery(c)
  return { kind: 'query-statement', query, ...c.span(offset) }
}

const readers: Readonly<Record<string, (c: Cursor) => Statement>> = {
  SELECT: readQueryStatement,
  WITH: readQueryStatement,
  FROM: readQueryStatement,
  '(': readQueryStatement,
  CREATE: readCreate,
  DROP: readDrop,
  ALTER: readAlter,
  TRUNCATE: readTruncate,
  UNDROP: readUndrop,
  INSERT: readInsert,
  UPDATE: readUpdate,
  DELETE: readDelete,
  MERGE: readMerge,
  DECLARE: readDeclare,
  SET: readSet,
  IF: readIf,
  CASE: readCase,
  BEGIN: (c) => readBegin(c, undefined, c.start),
  LOOP: (c) => readLoop(c, undefined, c.start),
  WHILE: (c) => readWhile(c, undefined, c.start),
  REPEAT: (c) => readRepeat(c, undefined, c.start),
  FOR: (c) => readFor(c, undefined, c.start),
  BREAK: (c) => readJump(c, 'leave'),
  LEAVE: (c) => readJump(c, 'leave'),
  CONTINUE: (c) => readJump(c, 'iterate'),
  ITERATE: (c) => readJump(c, 'iterate'),
  RETURN: (c) => {
    const { offset } = c.next()
    return { kind: 'return', ...c.span(offset) }
  },
  RAISE: readRaise,
  COMMIT: (c) => readTransactionEnd(c, 'commit-transaction'),
  ROLLBACK: (c) => readTransactionEnd(c, 'rollback-transaction'),
  CALL: (c) => {
    const { offset } = c.next()
    const name = readObjectName(c)
    c.expect('(')
    const args = readArguments(c)
    c.expect(')')
    return { kind: 'call-procedure', name, args, ...c.span(offset) }
  },
  EXECUTE: readExecute,
  ASSERT: (c) => {
    const { offset } = c.next()
    const condition = readExpression(c)
    const description = c.take('AS') ? readString(c) : undefined
    return { kind: 'assert', condition, description, ...c.span(offset) }
  },
  EXPORT: (c) => readOtherWords(c, ['EXPORT DATA', 'EXPORT MODEL', 'EXPORT METADATA']),
  LOAD: (c) => readOtherWords(c, ['LOAD DATA']),
  GRANT: (c) => readOtherWords(c, ['GRANT']),
  REVOKE: (c) => readOtherWords(c, ['REVOKE']),
  EXPLAIN: (c) => readOtherWords(c, ['EXPLAIN']),
  DEFINE: (c) => readOtherWords(c, ['DEFINE']),
}

function readOtherWords(c: Cursor, names: readonly string[]): Statement {
  const offset = c.start
  const what = names.find((words) => c.take(...words.split(' ')))
  if (what === undefined) {
    c.next()
    c.unexpected()
  }
  return readOther(c, what, offset)
}

function readLabelled(c: Cursor): Statement {
  const label = c.identifier()
  c.expect(':')
  const { key } = c.peek()
  if (key === 'BEGIN') return readBegin(c, label, label.offset)
  if (key === 'LOOP') return readLoop(c, label, label.offset)
  if (key === 'WHILE') return readWhile(c, label, label.offset)
  if (key === 'REPEAT') return readRepeat(c, label, label.offset)
  if (key === 'FOR') return readFor(c, label, label.offset)
  return c.unexpected()
}

/** Behind END …: the label again, if it is written. */
function readEndLabel(c: Cursor, label: Identifier | undefined): void {
  if (!c.isAtName()) return
  const { name, offset } = c.identifier()
  if (label === undefined) c.fail(`Unexpected label ${name}`, offset)
  if (name.toLowerCase() !== label.name.toLowerCase())
    c.fail(`Mismatched end label; expected ${label.name}, got ${name}`, offset)
}

function readBegin(c: Cursor, label: Identifier | undefined, offset: number): Statement {
  if (label === undefined) {
    const next = c.peek(1)
    if (next.key === 'TRANSACTION' || next.key === ';' || next.kind === 'end') {
      c.next()
      c.take('TRANSACTION')
      return { kind: 'begin-transaction', ...c.span(offset) }
    }
  }
  return readBlock(c, label, offset)
}

export function readBlock(c: Cursor, label: Identifier | undefined, offset: number): Block {
  c.expect('BEGIN')
  const body = readStatements(c, 'END', 'EXCEPTION')
  let handler: Statement[] | undefined
  if (c.take('EXCEPTION')) {
    c.expect('WHEN', 'ERROR', 'THEN')
    handler = readStatements(c, 'END')
  }
  c.expect('END')
  readEndLabel(c, label)
  return { kind: 'block', label, body, handler, ...c.span(offset) }
}

function readLoop(c: Cursor, label: Identifier | undefined, offset: number): Statement {
  c.next()
  const body = readStatements(c, 'END')
  c.expect('END', 'LOOP')
  readEndLabel(c, label)
  return { kind: 'loop', label, body, ...c.span(offset) }
}

function readWhile(c: Cursor, label: Identifier | undefined, offset: number): Statement {
  c.next()
  const condition = readExpression(c)
  c.expect('DO')
  const body = readStatements(c, 'END')
  c.expect('END', 'WHILE')
  readEndLabel(c, label)
  return { kind: 'while', label, condition, body, ...c.span(offset) }
}

function readRepeat(c: Cursor, label: Identifier | undefined, offset: number): Statement {
  c.next()
  const body = readStatements(c, 'UNTIL')
  c.expect('UNTIL')
  const until = readExpression(c)
  c.expect('END', 'REPEAT')
  readEndLabel(c, label)
  return { kind: 'repeat', label, body, until, ...c.span(offset) }
}

function readFor(c: Cursor, label: Identifier | undefined, offset: number): Statement {
  c.next()
  const variable = c.identifier()
  c.expect('IN')
  c.expect('(')
  const query = readQuery(c)
  c.expect(')')
  c.expect('DO')
  const body = readStatements(c, 'END')
  c.expect('END', 'FOR')
  readEndLabel(c, label)
  return { kind: 'for', label, variable, query, body, ...c.span(offset) }
}

function readJump(c: Cursor, kind: 'leave' | 'iterate'): Statement {
  const { offset } = c.next()
  const label = c.isAtName() ? c.identifier() : undefined
  return { kind, label, ...c.span(offset) }
}

function readDeclare(c: Cursor): Statement {
  const { offset } = c.next()
  const names = c.list(() => c.identifier())
  const type = c.at('DEFAULT') ? undefined : readType(c)
  const defaultValue = c.take('DEFAULT') ? readExpression(c) : undefined
  return { kind: 'declare', names, type, defaultValue, ...c.span(offset) }
}

function readSet(c: Cursor): Statement {
  const { offset } = c.next()
  const isTuple = c.at('(')
  let targets: (Identifier | SystemVariable)[]
  if (isTuple) targets = readColumnNames(c)
  else if (c.peek().kind === 'system') targets = [readPrimary(c) as SystemVariable]
  else targets = [c.identifier()]
  c.expect('=')
  const value = readExpression(c)
  return { kind: 'set', targets, isTuple, value, ...c.span(offset) }
}

function readIf(c: Cursor): Statement {
  const { offset } = c.next()
  const branches: { condition: Expression; body: Statement[] }[] = []
  do {
    const condition = readExpression(c)
    c.expect('THEN')
    branches.push({ condition, body: readStatements(c, 'END', 'ELSEIF', 'ELSE') })
  } while (c.take('ELSEIF'))
  const otherwise = c.take('ELSE') ? readStatements(c, 'END') : undefined
  c.expect('END', 'IF')
  return { kind: 'if', branches, otherwise, ...c.span(offset) }
}

function readCase(c: Cursor): Statement {
  const { offset } = c.next()
  const operand = c.at('WHEN') ? undefined : readExpression(c)
  if (!c.at('WHEN')) c.expected('keyword WHEN')
  const branches: { when: Expression; body: Statement[] }[] = []
  while (c.take('WHEN')) {
    const when = readExpression(c)
    c.expect('THEN')
    branches.push({ when, body: readStatements(c, 'END', 'WHEN', 'ELSE') })
  }
  const otherwise = c.take('ELSE') ? readStatements(c, 'END') : undefined
  c.expect('END', 'CASE')
  return { kind: 'case-statement', operand, branches, otherwise, ...c.span(offset) }
}

function readRaise(c: Cursor): Statement {
  const { offset } = c.next()
  let message: Expression | undefined
  if (c.take('USING')) {
    c.expect('MESSAGE')
    c.expect('=')
    message = readExpression(c)
  }
  return { kind: 'raise', message, ...c.span(offset) }
}

function readTransactionEnd(c: Cursor, kind: 'commit-transaction' | 'rollback-transaction'): Statement {
  const { offset } = c.next()
  c.take('TRANSACTION')
  return { kind, ...c.span(offset) }
}

function readExecute(c: Cursor): Statement {
  const { offset } = c.next()
  c.expect('IMMEDIATE')
  const sql = readExpression(c)
  const into = c.take('INTO') ? c.list(() => c.identifier()) : []
  const using = c.take('USING')
    ? c.list(() => {
        const value = readExpression(c)
        return { value, name: c.take('AS') ? c.identifier() : undefined }
      })
    : []
  return { kind: 'execute-immediate', sql, into, using, ...c.span(offset) }
}
