// The door of the parser: GoogleSQL text → tree, or SqlError('syntax') in BigQuery's words.
import { SqlError } from '../sql-error.ts'
import type { Expression, TypeNode } from './ast.ts'
import type { Script, Statement } from './ast-statement.ts'
import { Cursor } from './cursor.ts'
import { readExpression } from './parse-expression.ts'
import { readStatement } from './parse-script.ts'
import { readType } from './parse-type.ts'
import type { Token } from './token.ts'
import { checkTreeDepth } from './tree-depth.ts'

/** BigQuery's bound. */
export const queryCharsMax = 1024 * 1024

/** Statements, separated by semicolons. */
export function parseScript(text: string): Script {
  return readScript(open(text))
}

/** The tokens of a readable script. `names`: those that are no words of the grammar. */
export function scriptTokens(text: string): { readonly tokens: readonly Token[]; readonly names: ReadonlySet<Token> } {
  const names = new Set<Token>()
  const c = open(text, names)
  readScript(c)
  return { tokens: c.taken(), names }
}

function readScript(c: Cursor): Script {
  const statements: Statement[] = []
  while (c.take(';')) continue
  while (c.peek().kind !== 'end') {
    statements.push(readStatement(c))
    if (c.peek().kind !== 'end' && !c.at(';')) c.expected('end of input')
    while (c.take(';')) continue
  }
  if (statements.length === 0) c.unexpected()
  return checked({ kind: 'script', statements, offset: 0, end: c.text.length })
}

/** One statement; a semicolon behind it is fine. */
export function parseStatement(text: string): Statement {
  const c = open(text)
  const statement = readStatement(c)
  while (c.take(';')) continue
  return checked(ended(c, statement))
}

export function parseExpression(text: string): Expression {
  const c = open(text)
  return checked(ended(c, readExpression(c)))
}

export function parseType(text: string): TypeNode {
  const c = open(text)
  return checked(ended(c, readType(c)))
}

function open(text: string, names?: Set<Token>): Cursor {
  if (text.length > queryCharsMax) {
    throw new SqlError(
      'syntax',
      'The query is too large. The maximum standard SQL query length is 1024.00K characters, including comments and white space characters.',
      0,
    )
  }
  return new Cursor(text, names)
}

function ended<T>(c: Cursor, node: T): T {
  if (c.peek().kind !== 'end') c.expected('end of input')
  return node
}

function checked<T extends object>(node: T): T {
  checkTreeDepth(node)
  return node
}
