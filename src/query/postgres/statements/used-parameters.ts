// A rewriting may drop a function together with its arguments. The parameters left are numbered anew, without holes.
import { tokenize } from '../rewrite/lexer.ts'

/** `used`: the numbers they had, in the order of those that they have now. */
export function renumbered(sql: string): { readonly sql: string; readonly used: readonly number[] } {
  if (!sql.includes('$')) return { sql, used: [] }
  const found = tokenize(sql).filter((token) => token.kind === 'parameter')
  const used = [...new Set(found.map((token) => Number(token.value)))].sort((left, right) => left - right)
  if (used.at(-1) === used.length) return { sql, used }
  let text = ''
  let from = 0
  for (const token of found) {
    text += `${sql.slice(from, token.offset)}$${used.indexOf(Number(token.value)) + 1}`
    from = token.offset + token.text.length
  }
  return { sql: text + sql.slice(from), used }
}
