// Quoted texts: strings, bytes and names in back-ticks, with BigQuery's escapes. A wrong escape is an error, never a letter.

export class LiteralError extends Error {
  readonly at: number

  constructor(message: string, at: number) {
    super(message)
    this.at = at
  }
}

export interface QuotedText {
  readonly text: string
  readonly bytes: Uint8Array | undefined
  readonly end: number
}

export interface QuoteStyle {
  readonly isRaw: boolean
  readonly isBytes: boolean
}

const simpleEscapes: Readonly<Record<string, string>> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '?': '?',
  '"': '"',
  "'": "'",
  '`': '`',
}

/** `start` is the first quote. Three quotes in a row open a text that may span lines. */
export function readQuoted(source: string, start: number, style: QuoteStyle): QuotedText {
  const quote = source.charAt(start)
  const isTriple = quote !== '`' && source.startsWith(quote.repeat(3), start)
  const mark = isTriple ? quote.repeat(3) : quote
  const close = findClose(source, start + mark.length, mark, quote, style)
  const inner = source.slice(start + mark.length, close)
  const end = close + mark.length
  const plain = isTriple ? inner.replace(/\r\n?/g, '\n') : inner
  if (!style.isBytes) {
    const text = style.isRaw ? plain : unescape(plain, start + mark.length)
    return { text, bytes: undefined, end }
  }
  return {
    text: inner,
    bytes: style.isRaw ? new Uint8Array(Buffer.from(plain, 'utf8')) : unescapeBytes(plain, start + mark.length),
    end,
  }
}

/** A backslash keeps the next letter from closing, in raw texts too. */
function findClose(source: string, from: number, mark: string, quote: string, { isRaw, isBytes }: QuoteStyle): number {
  const isTriple = mark.length === 3
  for (let index = from; index < source.length; index += 1) {
    const letter = source[index]
    if (letter === '\\') index += 1
    else if (!isTriple && (letter === '\n' || letter === '\r')) break
    else if (letter === quote && source.startsWith(mark, index)) return index
  }
  const words = `${isTriple ? 'triple-quoted ' : ''}${isRaw ? 'raw ' : ''}${isBytes ? 'bytes' : 'string'} literal`
  const what = quote === '`' ? 'identifier literal' : words
  throw new LiteralError(`Unclosed ${what}`, from - mark.length)
}

type Piece = { readonly literal: string } | { readonly code: number; readonly isUnicode: boolean }

function unescape(text: string, start: number): string {
  if (!text.includes('\\')) return text
  let out = ''
  forEachPiece(text, start, false, (piece) => {
    out += 'literal' in piece ? piece.literal : String.fromCodePoint(piece.code)
  })
  return out
}

function unescapeBytes(text: string, start: number): Uint8Array {
  const parts: Uint8Array[] = []
  forEachPiece(text, start, true, (piece) => {
    parts.push('literal' in piece ? Buffer.from(piece.literal, 'utf8') : Uint8Array.of(piece.code))
  })
  return new Uint8Array(Buffer.concat(parts))
}

function forEachPiece(text: string, start: number, isBytes: boolean, take: (piece: Piece) => void): void {
  let index = 0
  while (index < text.length) {
    const slash = text.indexOf('\\', index)
    if (slash !== index) {
      take({ literal: text.slice(index, slash === -1 ? text.length : slash) })
      if (slash === -1) return
    }
    const { piece, length } = readEscape(text, slash, start, isBytes)
    take(piece)
    index = slash + length
  }
}

function readEscape(text: string, slash: number, start: number, isBytes: boolean): { piece: Piece; length: number } {
  const letter = text.charAt(slash + 1)
  if (letter === '\n' || letter === '\r') throw new LiteralError('Illegal escaped newline', start + slash)
  const simple = simpleEscapes[letter]
  if (simple !== undefined) return { piece: { literal: simple }, length: 2 }
  const fail = (why: string): never => {
    throw new LiteralError(`Illegal escape sequence: ${why}`, start + slash)
  }
  const digits = (from: number, count: number, pattern: RegExp, what: string): string => {
    const found = text.slice(from, from + count)
    if (found.length === count && pattern.test(found)) return found
    return fail(`${what} but saw: \\${text.slice(slash + 1, from + count)}`)
  }
  if (letter >= '0' && letter <= '3') {
    const octal = digits(slash + 1, 3, /^[0-7]+$/, 'Octal escape must be followed by 3 octal digits')
    return { piece: { code: Number.parseInt(octal, 8), isUnicode: false }, length: 4 }
  }
  if (letter === 'x' || letter === 'X') {
    const hex = digits(slash + 2, 2, /^[\da-f]+$/i, 'Hex escape must be followed by 2 hex digits')
    return { piece: { code: Number.parseInt(hex, 16), isUnicode: false }, length: 4 }
  }
  if (letter === 'u' || letter === 'U') {
    if (isBytes) return fail(`Unicode escape sequence \\${letter} cannot be used in bytes literals`)
    const count = letter === 'u' ? 4 : 8
    const hex = digits(slash + 2, count, /^[\da-f]+$/i, `\\${letter} must be followed by ${count} hex digits`)
    const code = Number.parseInt(hex, 16)
    if (code > 0x10_ffff) return fail(`Value of \\${hex} exceeds Unicode limit (0x0010FFFF)`)
    if (code >= 0xd8_00 && code <= 0xdf_ff) return fail(`Unicode value \\${hex} is invalid`)
    return { piece: { code, isUnicode: true }, length: count + 2 }
  }
  return fail(`\\${letter}`)
}
