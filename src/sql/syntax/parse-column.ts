// Columns and constraints of CREATE TABLE and ALTER TABLE.
import type { Expression, Identifier, OptionEntry } from './ast.ts'
import type { ColumnDefinition, Reference, TableConstraint } from './ast-statement.ts'
import type { Cursor } from './cursor.ts'
import { readObjectName } from './parse-ddl.ts'
import { readExpression } from './parse-expression.ts'
import { readOptions } from './parse-options.ts'
import { readColumnNames } from './parse-query.ts'
import { readType } from './parse-type.ts'

export function readColumn(c: Cursor): ColumnDefinition {
  const name = c.identifier()
  const type = readType(c)
  let isNotNull = false
  let defaultValue: Expression | undefined
  let generated: Expression | undefined
  let isPrimaryKey = false
  let references: Reference | undefined
  let options: OptionEntry[] = []
  for (;;) {
    if (c.take('NOT', 'NULL')) isNotNull = true
    else if (c.take('DEFAULT')) defaultValue = readExpression(c)
    else if (c.take('PRIMARY', 'KEY')) {
      isPrimaryKey = true
      readNotEnforced(c)
    } else if (c.at('REFERENCES') || c.at('CONSTRAINT')) {
      if (c.take('CONSTRAINT')) c.identifier()
      references = readReference(c)
    } else if (c.take('GENERATED', 'ALWAYS', 'AS')) {
      c.expect('(')
      generated = readExpression(c)
      c.expect(')')
    } else if (c.at('OPTIONS', '(')) options = readOptions(c)
    else break
  }
  return {
    kind: 'column',
    name,
    type,
    isNotNull,
    defaultValue,
    generated,
    isPrimaryKey,
    references,
    options,
    offset: name.offset,
    end: c.end,
  }
}

function readNotEnforced(c: Cursor): void {
  if (!c.take('NOT', 'ENFORCED') && !c.at(',') && !c.at(')')) c.take('ENFORCED')
}

function readReference(c: Cursor): Reference {
  const offset = c.start
  c.expect('REFERENCES')
  const table = readObjectName(c)
  const columns = readColumnNames(c)
  readNotEnforced(c)
  return { kind: 'reference', table, columns, ...c.span(offset) }
}

/** undefined: a column stands here. */
export function maybeConstraint(c: Cursor): TableConstraint | undefined {
  const isNamed = c.at('CONSTRAINT') && (c.peek(2).key === 'PRIMARY' || c.peek(2).key === 'FOREIGN')
  if (!isNamed && !c.at('PRIMARY', 'KEY') && !c.at('FOREIGN', 'KEY')) return undefined
  return readConstraint(c).constraint
}

export function readConstraint(c: Cursor): { constraint: TableConstraint; ifNotExists: boolean } {
  const offset = c.start
  let name: Identifier | undefined
  let ifNotExists = false
  if (c.take('CONSTRAINT')) {
    ifNotExists = c.take('IF', 'NOT', 'EXISTS')
    name = c.identifier()
  }
  if (c.take('PRIMARY', 'KEY')) {
    const columns = readColumnNames(c)
    readNotEnforced(c)
    return { constraint: { kind: 'primary-key', name, columns, ...c.span(offset) }, ifNotExists }
  }
  c.expect('FOREIGN', 'KEY')
  const columns = readColumnNames(c)
  const references = readReference(c)
  return { constraint: { kind: 'foreign-key', name, columns, references, ...c.span(offset) }, ifNotExists }
}
