// OPTIONS (name = value, …).
import type { OptionEntry } from './ast.ts'
import type { Cursor } from './cursor.ts'
import { readExpression } from './parse-expression.ts'

/** At the word OPTIONS. */
export function readOptions(c: Cursor): OptionEntry[] {
  c.expect('OPTIONS')
  c.expect('(')
  const options = c.at(')') ? [] : c.list(() => readOption(c))
  c.expect(')')
  return options
}

export function maybeOptions(c: Cursor): OptionEntry[] {
  return c.at('OPTIONS', '(') ? readOptions(c) : []
}

function readOption(c: Cursor): OptionEntry {
  const name = c.identifierBehindDot()
  const operator = c.peek().key
  if (operator !== '=' && operator !== '+=' && operator !== '-=') c.expected('"="')
  c.next()
  const value = readExpression(c)
  return { kind: 'option', name, operator, value, offset: name.offset, end: c.end }
}
