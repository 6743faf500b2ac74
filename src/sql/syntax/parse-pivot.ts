// PIVOT, UNPIVOT, TABLESAMPLE and MATCH_RECOGNIZE: the same behind a table and as pipe operators.
import type {
  Identifier,
  PivotAggregate,
  PivotClause,
  PivotValue,
  SampleClause,
  UnpivotClause,
  UnpivotInput,
} from './ast.ts'
import type { Cursor } from './cursor.ts'
import { readExpression, readOperand } from './parse-expression.ts'
import { readColumnNames } from './parse-query.ts'
import { readAlias } from './parse-select.ts'

/** At PIVOT. */
export function readPivot(c: Cursor): PivotClause {
  const { offset } = c.next()
  c.expect('(')
  const aggregates = c.list((): PivotAggregate => {
    const call = readExpression(c)
    return { kind: 'pivot-aggregate', call, alias: readAlias(c), offset: call.offset, end: c.end }
  })
  c.expect('FOR')
  const input = readOperand(c)
  c.expect('IN')
  c.expect('(')
  const values = c.list((): PivotValue => {
    const value = readExpression(c)
    return { kind: 'pivot-value', value, alias: readAlias(c), offset: value.offset, end: c.end }
  })
  c.expect(')')
  c.expect(')')
  return { kind: 'pivot-clause', aggregates, input, values, ...c.span(offset) }
}

/** At UNPIVOT. */
export function readUnpivot(c: Cursor): UnpivotClause {
  const { offset } = c.next()
  const nulls = c.take('INCLUDE', 'NULLS') ? 'INCLUDE' : c.take('EXCLUDE', 'NULLS') ? 'EXCLUDE' : undefined
  c.expect('(')
  const values = c.at('(') ? readColumnNames(c) : [c.identifier()]
  c.expect('FOR')
  const name = c.identifier()
  c.expect('IN')
  c.expect('(')
  const inputs = c.list(() => readUnpivotInput(c))
  c.expect(')')
  c.expect(')')
  return { kind: 'unpivot-clause', nulls, values, name, inputs, ...c.span(offset) }
}

function readUnpivotInput(c: Cursor): UnpivotInput {
  const offset = c.start
  let columns: Identifier[][]
  if (c.take('(')) {
    columns = c.list(() => readColumnPath(c))
    c.expect(')')
  } else columns = [readColumnPath(c)]
  c.take('AS')
  const { kind } = c.peek()
  const alias = kind === 'string' || kind === 'int' ? readOperand(c) : undefined
  return { kind: 'unpivot-input', columns, alias, ...c.span(offset) }
}

function readColumnPath(c: Cursor): Identifier[] {
  const parts = [c.identifier()]
  while (c.take('.')) parts.push(c.identifierBehindDot())
  return parts
}

/** At TABLESAMPLE. */
export function readSample(c: Cursor): SampleClause {
  const { offset } = c.next()
  const method = c.identifier().name.toUpperCase()
  c.expect('(')
  const size = readOperand(c)
  const unit = c.peek().key
  if (unit !== 'PERCENT' && unit !== 'ROWS') c.expected('keyword PERCENT or keyword ROWS')
  c.next()
  c.expect(')')
  return { kind: 'sample-clause', method, size, unit, ...c.span(offset) }
}

/** At MATCH_RECOGNIZE. */
export function readMatchRecognize(c: Cursor): string {
  c.next()
  return readSkippedBrackets(c)
}

/** The text between `(` and its `)`, which nobody reads further. */
export function readSkippedBrackets(c: Cursor): string {
  c.expect('(')
  const from = c.end
  for (let depth = 1; ;) {
    const token = c.peek()
    if (token.kind === 'end') c.expected('")"')
    if (token.key === '(') depth += 1
    if (token.key === ')') depth -= 1
    c.name()
    if (depth === 0) return c.text.slice(from, token.offset).trim()
  }
}
