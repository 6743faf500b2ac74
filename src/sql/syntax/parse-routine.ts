// CREATE FUNCTION, TABLE FUNCTION and PROCEDURE.
import type { Expression, OptionEntry, StringLiteral } from './ast.ts'
import type { CreateFunction, RoutineParameter, Statement } from './ast-statement.ts'
import type { Cursor } from './cursor.ts'
import { readHead, readObjectName, readOther, type CreateStart } from './parse-ddl.ts'
import { readExpression } from './parse-expression.ts'
import { maybeOptions } from './parse-options.ts'
import { readString } from './parse-primary.ts'
import { readQuery, startsQuery } from './parse-query.ts'
import { readBlock } from './parse-script.ts'
import { readType } from './parse-type.ts'

function readParameters(c: Cursor): RoutineParameter[] {
  c.expect('(')
  const parameters = c.at(')') ? [] : c.list(() => readParameter(c))
  c.expect(')')
  return parameters
}

const behindType: ReadonlySet<string> = new Set([',', ')', '(', '<', '.', '<>'])

function readParameter(c: Cursor): RoutineParameter {
  const offset = c.start
  const mode = readMode(c)
  const name = c.identifier()
  const type = readType(c)
  const isNotAggregate = c.take('NOT', 'AGGREGATE')
  const defaultValue = c.take('DEFAULT') ? readExpression(c) : undefined
  return { kind: 'routine-parameter', mode, name, type, isNotAggregate, defaultValue, ...c.span(offset) }
}

/** `out` can be a parameter's own name. */
function readMode(c: Cursor): RoutineParameter['mode'] {
  if (c.take('IN')) return 'IN'
  const { key } = c.peek()
  if ((key !== 'OUT' && key !== 'INOUT') || behindType.has(c.peek(2).key)) return undefined
  c.next()
  return key
}

interface Tail {
  language: string | undefined
  isDeterministic: boolean | undefined
  remoteConnection: CreateFunction['remoteConnection']
  options: OptionEntry[]
}

function readTail(c: Cursor): Tail {
  const tail: Tail = { language: undefined, isDeterministic: undefined, remoteConnection: undefined, options: [] }
  for (;;) {
    if (c.take('DETERMINISTIC')) tail.isDeterministic = true
    else if (c.take('NOT', 'DETERMINISTIC')) tail.isDeterministic = false
    else if (c.take('LANGUAGE')) tail.language = c.identifier().name.toLowerCase()
    else if (c.take('REMOTE', 'WITH', 'CONNECTION') || c.take('WITH', 'CONNECTION'))
      tail.remoteConnection = readObjectName(c)
    else if (c.at('OPTIONS', '(')) tail.options = maybeOptions(c)
    else return tail
  }
}

export function readFunction(c: Cursor, start: CreateStart, isAggregate: boolean): Statement {
  const head = readHead(c, start)
  const parameters = readParameters(c)
  const returns = c.take('RETURNS') ? readType(c) : undefined
  const tail = readTail(c)
  let body: Expression | undefined
  let code: StringLiteral | undefined
  if (c.take('AS')) {
    if (c.peek().kind === 'string') code = readString(c)
    else body = readFunctionBody(c)
  }
  const options = [...tail.options, ...maybeOptions(c)]
  return {
    kind: 'create-function',
    ...head,
    isTemp: start.isTemp,
    isAggregate,
    parameters,
    returns,
    ...tail,
    options,
    body,
    code,
    ...c.span(start.offset),
  }
}

function readFunctionBody(c: Cursor): Expression {
  c.expect('(')
  if (startsQuery(c)) {
    c.fail(
      'The body of each CREATE FUNCTION statement is an expression, not a query; to use a query as an expression, the query must be wrapped with additional parentheses to make it a scalar subquery expression',
    )
  }
  const body = readExpression(c)
  c.expect(')')
  return body
}

export function readTableFunction(c: Cursor, start: CreateStart): Statement {
  const head = readHead(c, start)
  const parameters = readParameters(c)
  const returns = c.take('RETURNS') ? readType(c) : undefined
  const options = maybeOptions(c)
  c.expect('AS')
  const query = readQuery(c)
  return {
    kind: 'create-table-function',
    ...head,
    isTemp: start.isTemp,
    parameters,
    returns,
    options,
    query,
    ...c.span(start.offset),
  }
}

export function readProcedure(c: Cursor, start: CreateStart): Statement {
  const head = readHead(c, start)
  const parameters = readParameters(c)
  if (c.at('WITH') || c.at('EXTERNAL') || c.at('LANGUAGE'))
    return readOther(c, 'CREATE PROCEDURE of another language', start.offset)
  const options = maybeOptions(c)
  if (c.at('LANGUAGE')) return readOther(c, 'CREATE PROCEDURE of another language', start.offset)
  const body = readBlock(c, undefined, c.start)
  return { kind: 'create-procedure', ...head, parameters, options, body, ...c.span(start.offset) }
}
