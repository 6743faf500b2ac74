// Lays GoogleSQL out as BigQuery's editor does: words of the grammar in upper case, clauses on lines of their own, two blanks a level.
// Works on tokens, so that comments stay; what it writes is read again and must be the same.
import { scriptTokens } from '../syntax/parser.ts'
import type { Token } from '../syntax/token.ts'
import { Layout, sameLine } from './layout.ts'
import { LineWriter } from './line-writer.ts'
import { commentsBetween } from './comments.ts'
import { needsBlank, type Spaced } from './spacing.ts'

/** SqlError('syntax'), if the text isn't readable. Formatting what is formatted changes nothing. */
export function formatSql(text: string): string {
  const formatted = layOut(text)
  // Whatever went wrong here, it must not change what the SQL says.
  return saysTheSame(formatted, text) ? formatted : text
}

function saysTheSame(left: string, right: string): boolean {
  const shape = (text: string): string[] => {
    const { tokens, names } = scriptTokens(text)
    return tokens.map((token) => `${token.kind} ${names.has(token) ? token.text : token.key || token.text}`)
  }
  const before = shape(right)
  return shape(left).every((one, index) => one === before[index]) && comments(left) === comments(right)
}

/** All that stands between the tokens. */
function comments(text: string): string {
  const { tokens } = scriptTokens(text)
  const gaps = [...tokens.map(({ offset }) => offset), text.length]
  return gaps
    .flatMap((to, index) => commentsBetween(text, tokens[index - 1]?.end ?? 0, to))
    .map((comment) => comment.text)
    .join('\n')
}

function layOut(text: string): string {
  const { tokens, names } = scriptTokens(text)
  const layout = new Layout()
  const writer = new LineWriter()
  let typeDepth = 0
  let before: Spaced | undefined
  let end = 0
  for (const [index, token] of tokens.entries()) {
    const isWord = token.kind === 'word' && !names.has(token)
    const isTypeMark = (token.key === '<' && isTypeWord(before)) || (typeDepth > 0 && token.key === '>')
    if (isTypeMark) typeDepth += token.key === '<' ? 1 : -1
    const spaced: Spaced = { token, isWord, isTypeMark, isUnary: isUnary(token, before) }
    const place =
      typeDepth > 0 || isTypeMark ? sameLine : layout.place(token, isWord ? token.key : symbolOf(token), tokens, index)
    const gap = commentsBetween(text, end, token.offset)
    writer.put(shown(text, token, isWord), place, before !== undefined && needsBlank(before, spaced), gap)
    before = spaced
    end = token.end
  }
  return writer.finish(commentsBetween(text, end, text.length))
}

function symbolOf(token: Token): string {
  return token.kind === 'symbol' ? token.key : ''
}

function shown(text: string, token: Token, isWord: boolean): string {
  return isWord ? token.key : text.slice(token.offset, token.end)
}

function isTypeWord(before: Spaced | undefined): boolean {
  return before?.isWord === true && ['ARRAY', 'STRUCT', 'RANGE', 'TABLE'].includes(before.token.key)
}

/** A sign, not an operator: nothing to its left that could be an operand. */
function isUnary(token: Token, before: Spaced | undefined): boolean {
  if (token.key !== '-' && token.key !== '+' && token.key !== '~') return false
  if (before === undefined || before.isUnary) return true
  if (before.isWord) return !['END', 'NULL', 'TRUE', 'FALSE'].includes(before.token.key)
  return before.token.kind === 'symbol' && ![')', ']', '?'].includes(before.token.key) && !isTypeEnd(before)
}

function isTypeEnd({ isTypeMark, token }: Spaced): boolean {
  return isTypeMark && token.key === '>'
}
