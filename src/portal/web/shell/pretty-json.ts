// JSON as people read it: new lines and indents only. Through JSON.parse integers over 2^53 would be rounded and doubled keys lost.
export const jsonLengthMax = 65_536
const indentMax = 40

/** As it came, where it is no JSON or was cut. What is very long is cut here: it may be megabytes large. */
export function prettyJson(text: string): string {
  if (text.length > jsonLengthMax) return `${text.slice(0, jsonLengthMax)}…`
  try {
    JSON.parse(text)
  } catch {
    return text
  }
  return indented(text.match(/"(?:[^"\\]|\\.)*"|[{}[\]:,]|[^\s{}[\]:,"]+/g) ?? [])
}

function indented(tokens: readonly string[]): string {
  let out = ''
  let depth = 0
  const newLine = (): string => `\n${'  '.repeat(Math.min(depth, indentMax))}`
  for (const [index, token] of tokens.entries()) {
    const next = tokens[index + 1]
    if (token === '{' || token === '[') {
      depth += 1
      out += next === '}' || next === ']' ? token : token + newLine()
    } else if (token === '}' || token === ']') {
      depth -= 1
      const before = tokens[index - 1]
      out += before === '{' || before === '[' ? token : newLine() + token
    } else if (token === ',') out += token + newLine()
    else out += token === ':' ? ': ' : token
  }
  return out
}
