// Texts and bytes as GoogleSQL literals, for FORMAT('%T').
function quoteFor(value: string): string {
  return value.includes('"') && !value.includes("'") ? "'" : '"'
}

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

/** `head` stands in front: `JSON `. */
export function textLiteral(value: string, head: string): string {
  const quote = quoteFor(value)
  const body = value.replaceAll(/[\\"'\p{Cc}]/gu, (letter) => {
    if (letter === '"' || letter === "'") return letter === quote ? `\\${letter}` : letter
    const code = letter.charCodeAt(0)
    return escapes[letter] ?? (code > 0x7f ? letter : hex(code))
  })
  return `${head}${quote}${body}${quote}`
}

export function bytesLiteral(bytes: Uint8Array, isLiteral: boolean): string {
  const value = Buffer.from(bytes).toString('latin1')
  const quote = quoteFor(value)
  const body = value.replaceAll(/[^]/g, (letter) => {
    const code = letter.charCodeAt(0)
    if (code < 0x20 || code > 0x7e) return hex(code)
    return letter === '\\' || (isLiteral ? letter === quote : /["'`]/.test(letter)) ? `\\${letter}` : letter
  })
  return isLiteral ? `b${quote}${body}${quote}` : body
}

function hex(code: number): string {
  return `\\x${code.toString(16).padStart(2, '0')}`
}
