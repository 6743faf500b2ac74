// Literals and names in GoogleSQL's quotes.

const escapes: Readonly<Record<string, string>> = {
  '\\': '\\\\',
  "'": "\\'",
  '`': '\\`',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
}

export function stringText(value: string): string {
  return `'${value.replace(/[\\'\n\r\t]|[^\P{Cc}]/gu, escapeLetter)}'`
}

export function nameText(name: string): string {
  return `\`${name.replace(/[\\`\n\r\t]|[^\P{Cc}]/gu, escapeLetter)}\``
}

function escapeLetter(letter: string): string {
  return escapes[letter] ?? `\\u${letter.charCodeAt(0).toString(16).padStart(4, '0')}`
}

export function bytesText(bytes: Uint8Array): string {
  const letters = Array.from(bytes, (byte) => {
    const letter = String.fromCharCode(byte)
    if (byte < 0x20 || byte > 0x7e) return `\\x${byte.toString(16).padStart(2, '0')}`
    return letter === '`' ? letter : (escapes[letter] ?? letter)
  })
  return `b'${letters.join('')}'`
}
