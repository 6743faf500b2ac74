// CREATE, ALTER, DROP and TRUNCATE. Functions and procedures are in parse-routine.ts.
import type { Expression, StringLiteral } from './ast.ts'
import type {
  Alter,
  AlterAction,
  CreateHead,
  CreateTable,
  CreateTableFrom,
  Drop,
  ObjectName,
  OtherStatement,
  Statement,
  ViewColumn,
} from './ast-statement.ts'
import type { Cursor } from './cursor.ts'
import { maybeConstraint, readColumn, readConstraint } from './parse-column.ts'
import { readExpression } from './parse-expression.ts'
import { readTablePath } from './parse-from.ts'
import { maybeOptions, readOptions } from './parse-options.ts'
import { readString } from './parse-primary.ts'
import { readQuery } from './parse-query.ts'
import { readFunction, readProcedure, readTableFunction } from './parse-routine.ts'
import { readType } from './parse-type.ts'

export function readObjectName(c: Cursor): ObjectName {
  const offset = c.start
  const parts = readTablePath(c)
  return { kind: 'object-name', parts, ...c.span(offset) }
}

/** Whatever BigQuery knows and Millpond has no counterpart for: read up to the semicolon, refused by name later. */
export function readOther(c: Cursor, what: string, offset: number): OtherStatement {
  let depth = 0
  let token = c.peek()
  while (token.kind !== 'end' && (depth > 0 || token.key !== ';')) {
    if (token.key === '(') depth += 1
    if (token.key === ')') depth -= 1
    c.name()
    token = c.peek()
  }
  if (depth > 0) c.expected('")"')
  return { kind: 'other', what, text: c.text.slice(offset, c.end), ...c.span(offset) }
}

const otherKinds: readonly string[] = [
  'SEARCH INDEX',
  'VECTOR INDEX',
  'ROW ACCESS POLICY',
  'ALL ROW ACCESS POLICIES',
  'DATA_POLICY',
  'MODEL',
  'REMOTE MODEL',
  'CAPACITY',
  'RESERVATION',
  'ASSIGNMENT',
  'EXTERNAL SCHEMA',
  'CONNECTION',
  'PROPERTY GRAPH',
  'ORGANIZATION',
  'PROJECT',
  'BI_CAPACITY',
]

function takeOther(c: Cursor, verb: string, offset: number): OtherStatement | undefined {
  const kind = otherKinds.find((words) => c.take(...words.split(' ')))
  return kind === undefined ? undefined : readOther(c, `${verb} ${kind}`, offset)
}

export interface CreateStart {
  readonly offset: number
  readonly isReplacing: boolean
  readonly isTemp: boolean
}

export function readCreate(c: Cursor): Statement {
  const { offset } = c.next()
  const isReplacing = c.take('OR', 'REPLACE')
  const isTemp = c.take('TEMP') || c.take('TEMPORARY')
  const start: CreateStart = { offset, isReplacing, isTemp }
  const other = takeOther(c, 'CREATE', offset)
  if (other !== undefined) return other
  if (c.take('TABLE', 'FUNCTION')) return readTableFunction(c, start)
  if (c.take('SNAPSHOT', 'TABLE')) return readCreateTable(c, start, 'snapshot')
  if (c.take('EXTERNAL', 'TABLE')) return readCreateTable(c, start, 'external')
  if (c.take('TABLE')) return readCreateTable(c, start, 'plain')
  if (c.take('MATERIALIZED', 'VIEW')) return readCreateView(c, start, true)
  if (c.take('VIEW')) return readCreateView(c, start, false)
  if (c.take('AGGREGATE', 'FUNCTION')) return readFunction(c, start, true)
  if (c.take('FUNCTION')) return readFunction(c, start, false)
  if (c.take('PROCEDURE')) return readProcedure(c, start)
  if (c.take('SCHEMA')) {
    const head = readHead(c, start)
    const collate = readDefaultCollate(c)
    return { kind: 'create-schema', ...head, collate, options: maybeOptions(c), ...c.span(offset) }
  }
  return c.unexpected()
}

export function readHead(c: Cursor, start: CreateStart): CreateHead {
  const ifNotExists = c.take('IF', 'NOT', 'EXISTS')
  return { isReplacing: start.isReplacing, ifNotExists, name: readObjectName(c) }
}

function readDefaultCollate(c: Cursor): StringLiteral | undefined {
  return c.take('DEFAULT', 'COLLATE') ? readString(c) : undefined
}

function readPartitioning(c: Cursor): { partitionBy: Expression | undefined; clusterBy: Expression[] } {
  const partitionBy = c.take('PARTITION', 'BY') ? readExpression(c) : undefined
  const clusterBy = c.take('CLUSTER', 'BY') ? c.list(() => readExpression(c)) : []
  return { partitionBy, clusterBy }
}

function readCreateTable(
  c: Cursor,
  start: CreateStart,
  what: 'plain' | 'snapshot' | 'external',
): CreateTable | CreateTableFrom | OtherStatement {
  const head = readHead(c, start)
  const { offset, isTemp } = start
  const columns: CreateTable['columns'][number][] = []
  const constraints: CreateTable['constraints'][number][] = []
  if (c.take('(')) {
    c.list(() => {
      // A comma at the end is allowed.
      if (c.at(')')) return
      const constraint = maybeConstraint(c)
      if (constraint === undefined) columns.push(readColumn(c))
      else constraints.push(constraint)
    })
    c.expect(')')
  }
  const how = c.peek().key
  if (columns.length === 0 && (how === 'LIKE' || how === 'COPY' || how === 'CLONE')) {
    c.next()
    const source = readObjectName(c)
    const systemTime = c.take('FOR', 'SYSTEM_TIME', 'AS', 'OF') ? readExpression(c) : undefined
    const layout = readPartitioning(c)
    const options = maybeOptions(c)
    const query = c.take('AS') ? readQuery(c) : undefined
    return {
      kind: 'create-table-from',
      how,
      ...head,
      isTemp,
      isSnapshot: what === 'snapshot',
      source,
      systemTime,
      ...layout,
      options,
      query,
      ...c.span(offset),
    }
  }
  const defaultCollate = readDefaultCollate(c)
  const layout = readPartitioning(c)
  if (c.take('WITH', 'PARTITION', 'COLUMNS')) return readOther(c, 'CREATE EXTERNAL TABLE', offset)
  const connection = c.take('WITH', 'CONNECTION') ? readObjectName(c) : undefined
  const options = maybeOptions(c)
  const query = c.take('AS') ? readQuery(c) : undefined
  const isExternal = what === 'external'
  return {
    kind: 'create-table',
    ...head,
    isTemp,
    isExternal,
    columns,
    constraints,
    defaultCollate,
    ...layout,
    connection,
    options,
    query,
    ...c.span(offset),
  }
}

function readCreateView(c: Cursor, start: CreateStart, isMaterialized: boolean): Statement {
  const head = readHead(c, start)
  const columns = c.take('(')
    ? c.list((): ViewColumn => {
        const name = c.identifier()
        return { kind: 'view-column', name, options: maybeOptions(c), offset: name.offset, end: c.end }
      })
    : []
  if (columns.length > 0) c.expect(')')
  const layout = readPartitioning(c)
  const options = maybeOptions(c)
  c.expect('AS')
  const replicaOf = c.take('REPLICA', 'OF') ? readObjectName(c) : undefined
  const query = replicaOf === undefined ? readQuery(c) : undefined
  return {
    kind: 'create-view',
    ...head,
    isTemp: start.isTemp,
    isMaterialized,
    columns,
    ...layout,
    options,
    query,
    replicaOf,
    ...c.span(start.offset),
  }
}

const objectKinds: readonly string[] = [
  'SCHEMA',
  'TABLE',
  'VIEW',
  'MATERIALIZED VIEW',
  'EXTERNAL TABLE',
  'SNAPSHOT TABLE',
  'PROCEDURE',
]

function readObjectKind(c: Cursor): string {
  const kind = objectKinds.find((words) => c.take(...words.split(' ')))
  return kind ?? c.unexpected()
}

export function readDrop(c: Cursor): Statement {
  const { offset } = c.next()
  const other = takeOther(c, 'DROP', offset)
  if (other !== undefined) return other
  const isTable = c.take('TABLE', 'FUNCTION')
  if (isTable || c.take('FUNCTION')) {
    const ifExists = c.take('IF', 'EXISTS')
    return { kind: 'drop-function', isTable, ifExists, name: readObjectName(c), ...c.span(offset) }
  }
  const what = readObjectKind(c)
  const ifExists = c.take('IF', 'EXISTS')
  const name = readObjectName(c)
  const behaviour: Drop['behaviour'] = c.take('CASCADE') ? 'CASCADE' : c.take('RESTRICT') ? 'RESTRICT' : undefined
  return { kind: 'drop', what, ifExists, name, behaviour, ...c.span(offset) }
}

export function readAlter(c: Cursor): Statement {
  const { offset } = c.next()
  const other = takeOther(c, 'ALTER', offset)
  if (other !== undefined) return other
  if (c.at('TABLE', 'FUNCTION') || c.at('FUNCTION') || c.at('AGGREGATE', 'FUNCTION'))
    return readOther(c, 'ALTER FUNCTION', offset)
  const what = readObjectKind(c)
  const ifExists = c.take('IF', 'EXISTS')
  const name = readObjectName(c)
  const actions = c.list(() => readAlterAction(c))
  const alter: Alter = { kind: 'alter', what, ifExists, name, actions, ...c.span(offset) }
  return alter
}

function readAlterAction(c: Cursor): AlterAction {
  const offset = c.start
  if (c.take('SET')) {
    const collate = readDefaultCollate(c)
    if (collate !== undefined) return { kind: 'set-default-collate', collate, ...c.span(offset) }
    return { kind: 'set-options', options: readOptions(c), ...c.span(offset) }
  }
  if (c.take('ADD', 'COLUMN')) {
    const ifNotExists = c.take('IF', 'NOT', 'EXISTS')
    return { kind: 'add-column', ifNotExists, column: readColumn(c), ...c.span(offset) }
  }
  if (c.take('DROP', 'COLUMN')) {
    const ifExists = c.take('IF', 'EXISTS')
    return { kind: 'drop-column', ifExists, name: c.identifier(), ...c.span(offset) }
  }
  if (c.take('RENAME', 'COLUMN')) {
    const ifExists = c.take('IF', 'EXISTS')
    const from = c.identifier()
    c.expect('TO')
    return { kind: 'rename-column', ifExists, from, to: c.identifier(), ...c.span(offset) }
  }
  if (c.take('RENAME', 'TO')) return { kind: 'rename-to', name: readObjectName(c), ...c.span(offset) }
  if (c.take('ALTER', 'COLUMN')) return readAlterColumn(c, offset)
  if (c.take('DROP', 'PRIMARY', 'KEY'))
    return { kind: 'drop-primary-key', ifExists: c.take('IF', 'EXISTS'), ...c.span(offset) }
  if (c.take('DROP', 'CONSTRAINT')) {
    const ifExists = c.take('IF', 'EXISTS')
    return { kind: 'drop-constraint', ifExists, name: c.identifier(), ...c.span(offset) }
  }
  if (c.at('ADD', 'CONSTRAINT') || c.at('ADD', 'PRIMARY') || c.at('ADD', 'FOREIGN')) {
    c.next()
    const { constraint, ifNotExists } = readConstraint(c)
    return { kind: 'add-constraint', ifNotExists, constraint, ...c.span(offset) }
  }
  if (c.take('ADD', 'VIRTUAL')) {
    const { text, end } = readOther(c, '', c.start)
    return { kind: 'other-action', what: 'ADD VIRTUAL', text, offset, end }
  }
  return c.unexpected()
}

function readAlterColumn(c: Cursor, offset: number): AlterAction {
  const ifExists = c.take('IF', 'EXISTS')
  const name = c.identifier()
  const head = { kind: 'alter-column' as const, ifExists, name }
  if (c.take('SET', 'DATA', 'TYPE')) return { ...head, change: { kind: 'type', type: readType(c) }, ...c.span(offset) }
  if (c.take('SET', 'DEFAULT'))
    return { ...head, change: { kind: 'default', value: readExpression(c) }, ...c.span(offset) }
  if (c.take('DROP', 'NOT', 'NULL')) return { ...head, change: { kind: 'drop-not-null' }, ...c.span(offset) }
  if (c.take('DROP', 'DEFAULT')) return { ...head, change: { kind: 'drop-default' }, ...c.span(offset) }
  c.expect('SET')
  return { ...head, change: { kind: 'options', options: readOptions(c) }, ...c.span(offset) }
}

export function readTruncate(c: Cursor): Statement {
  const { offset } = c.next()
  c.expect('TABLE')
  const table = readObjectName(c)
  const where = c.take('WHERE') ? readExpression(c) : undefined
  return { kind: 'truncate', table, where, ...c.span(offset) }
}

export function readUndrop(c: Cursor): Statement {
  const { offset } = c.next()
  c.expect('SCHEMA')
  const ifNotExists = c.take('IF', 'NOT', 'EXISTS')
  return { kind: 'undrop-schema', ifNotExists, name: readObjectName(c), ...c.span(offset) }
}
