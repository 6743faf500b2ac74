// EXECUTE name (1, 'a'): the prepared statement with the values in their places, token by token.
import type { StatementText, Token } from '../rewrite/lexer.ts'
import { PgError, states } from '../sqlstate.ts'

export function executedSource(
  source: StatementText,
  types: readonly string[],
  values: readonly StatementText[],
): StatementText {
  const needed = Math.max(
    types.length,
    ...source.tokens.map((token) => (token.kind === 'parameter' ? Number(token.value) : 0)),
    0,
  )
  if (values.length !== needed) {
    throw new PgError(states.syntax, `wrong number of parameters: ${needed} are needed, ${values.length} were given`)
  }
  const tokens = source.tokens.flatMap((token): readonly Token[] => {
    const value = token.kind === 'parameter' ? values[Number(token.value) - 1] : undefined
    if (value === undefined) return [token]
    const type = types[Number(token.value) - 1]
    const cast = type === undefined ? [] : [symbol('::', token), ...typeTokens(type, token)]
    return [symbol('(', token), ...value.tokens, symbol(')', token), ...cast]
  })
  return { tokens, text: source.text, offset: source.offset }
}

function symbol(text: string, { offset }: Token): Token {
  return { kind: 'symbol', text, lower: text, value: text, offset }
}

function typeTokens(type: string, { offset }: Token): Token[] {
  const words = type.match(/\w+|\S/g) ?? []
  return words.map((text) => ({ kind: /^\w/.test(text) ? 'word' : 'symbol', text, lower: text, value: text, offset }))
}
