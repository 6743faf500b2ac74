// Answers that need no engine.
import type { StatementText } from '../rewrite/lexer.ts'
import type { Execution } from './prepared-statement.ts'
import { RowCursor, rowsAtHand } from './row-cursor.ts'

const all = Number.POSITIVE_INFINITY

export function done(tag: string): Execution {
  return { kind: 'done', tag }
}

export function rowsOf(columns: readonly string[], rows: readonly (readonly string[])[], tag: string): Execution {
  const result = rowsAtHand(
    columns.map((name) => ({ name, kind: 'VARCHAR' })),
    rows,
  )
  return { kind: 'rows', cursor: new RowCursor(result, false), rowsMax: all, tag: () => tag }
}

/** SELECT 1: pools ask it all day long, and no engine is needed for it. */
export function healthCheck({ tokens }: StatementText): Execution | undefined {
  const [select, number] = tokens
  if (tokens.length !== 2 || select?.lower !== 'select' || !/^\d{1,9}$/.test(number?.text ?? '')) return undefined
  const result = rowsAtHand([{ name: '?column?', kind: 'INTEGER' }], [[Number(number?.text)]])
  return { kind: 'rows', cursor: new RowCursor(result, false), rowsMax: all, tag: (rows) => `SELECT ${rows}` }
}
