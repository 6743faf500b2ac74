// Where a blank stands between two tokens of a line.
import type { Token } from '../syntax/token.ts'

export interface Spaced {
  readonly token: Token
  /** A word of the grammar, no name. */
  readonly isWord: boolean
  /** `<` or `>` of a type. */
  readonly isTypeMark: boolean
  /** A sign before its operand. */
  readonly isUnary: boolean
}

const neverBefore: ReadonlySet<string> = new Set([')', ']', ',', ';', '.', ':'])
const neverBehind: ReadonlySet<string> = new Set(['(', '[', '.', '@', '@@'])

export function needsBlank(before: Spaced, { token, isTypeMark }: Spaced): boolean {
  const { key } = token
  const isGlued = before.token.end === token.offset
  if (token.kind === 'symbol' && neverBefore.has(key)) return false
  if (before.token.kind === 'symbol' && neverBehind.has(before.token.key)) return false
  // `- -1` without its blank would be a comment.
  if (before.isUnary) return before.token.key === '-' && key === '-'
  if (isTypeMark) return false
  if (before.isTypeMark) return before.token.key === '>' && key !== '(' && key !== '['
  if (key === '<>' && before.token.key === 'STRUCT' && before.isWord) return false
  // `f(x)` and `t (a, b)`: as the person wrote it.
  if (key === '(' || key === '[') return !isGlued || isOperator(before.token)
  if (key === '>' && before.token.key === '>') return !isGlued
  return true
}

function isOperator({ kind, key }: Token): boolean {
  return kind === 'symbol' && key !== ')' && key !== ']' && key !== '?'
}
