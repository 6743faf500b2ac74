// Text → tokens, one at a time: the parser asks for as many as it looks at, so an error at the start of a long text costs nothing.
import type { Offset } from '../sql-error.ts'
import { LiteralError, readQuoted } from './text-literal.ts'
import { reservedWords, type Token, type TokenKind } from './token.ts'

const symbols2: ReadonlySet<string> = new Set(['||', '<<', '<=', '>=', '<>', '!=', '=>', '->', '|>', '+=', '-='])
const symbols1 = '()[]{},;.+-*/%~&|^<>=!?:$'

export class Lexer {
  readonly text: string
  private position: Offset = 0
  /** A dot stood here behind a name: digits and any word are a name, too. */
  private isBehindDot = false
  private previous: Token | undefined

  constructor(text: string) {
    this.text = text
  }

  /** Goes on from another place, as if a name had stood before it. */
  moveTo(offset: Offset, previous: Token): void {
    this.position = offset
    this.previous = previous
    this.isBehindDot = false
  }

  next(): Token {
    let token: Token
    try {
      this.skipBlanks()
      token = this.read()
    } catch (error) {
      if (!(error instanceof LiteralError)) throw error
      token = {
        kind: 'invalid',
        key: '',
        text: error.message,
        bytes: undefined,
        offset: error.at,
        end: this.text.length,
      }
    }
    this.isBehindDot = token.key === '.' && this.previous !== undefined && endsName(this.previous)
    this.previous = token
    this.position = token.end
    return token
  }

  private skipBlanks(): void {
    const { text } = this
    for (;;) {
      const letter = text.charCodeAt(this.position)
      if (isBlank(letter)) this.position += 1
      else if (letter === hash || (letter === minus && text.charCodeAt(this.position + 1) === minus))
        this.position = lineEnd(text, this.position)
      else if (letter === slash && text.charCodeAt(this.position + 1) === star)
        this.position = commentEnd(text, this.position)
      else if (letter === at && isHint(text, this.position)) this.position = hintEnd(text, this.position)
      else return
    }
  }

  private read(): Token {
    const { text, position } = this
    if (position >= text.length)
      return { kind: 'end', key: '', text: '', bytes: undefined, offset: text.length, end: text.length }
    const letter = text.charAt(position)
    if (this.isBehindDot) {
      const name = match(/\w+/y, text, position)
      if (name !== undefined) return this.make('word', name, position + name.length, name.toUpperCase())
    }
    if (/[a-z_]/i.test(letter)) return this.readWord()
    if (/\d/.test(letter) || (letter === '.' && !this.isDotOfName() && /\d/.test(text.charAt(position + 1))))
      return this.readNumber()
    if (letter === '"' || letter === "'") return this.readText(position, { isRaw: false, isBytes: false })
    if (letter === '`') return this.readBackTicks()
    if (letter === '@') return this.readParameter()
    const two = text.slice(position, position + 2)
    if (symbols2.has(two)) return this.make('symbol', two, position + 2, two === '<>' ? '<>' : two)
    if (symbols1.includes(letter)) return this.make('symbol', letter, position + 1, letter)
    throw new LiteralError(
      `Illegal input character ${JSON.stringify(String.fromCodePoint(text.codePointAt(position) ?? 0))}`,
      position,
    )
  }

  private make(kind: TokenKind, text: string, end: Offset, key = ''): Token {
    return { kind, key, text, bytes: undefined, offset: this.position, end }
  }

  private isDotOfName(): boolean {
    return this.previous !== undefined && endsName(this.previous)
  }

  private readWord(): Token {
    const { text, position } = this
    const word = match(/\w+/y, text, position) ?? ''
    const quote = text.charAt(position + word.length)
    if ((quote === '"' || quote === "'") && /^(?:r|b|rb|br)$/i.test(word)) {
      return this.readText(position + word.length, { isRaw: /r/i.test(word), isBytes: /b/i.test(word) })
    }
    return this.make('word', word, position + word.length, word.toUpperCase())
  }

  private readNumber(): Token {
    const { text, position } = this
    const hex = match(/0x[\da-f]+/iy, text, position)
    const whole = hex ?? match(/(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/iy, text, position) ?? ''
    const end = position + whole.length
    if (/\w/.test(text.charAt(end))) throw new LiteralError('Missing whitespace between literal and alias', end)
    const isInt = hex !== undefined || /^\d+$/.test(whole)
    return this.make(isInt ? 'int' : 'float', whole, end)
  }

  private readText(quote: Offset, style: { isRaw: boolean; isBytes: boolean }): Token {
    const { text, bytes, end } = readQuoted(this.text, quote, style)
    if (/\w/.test(this.text.charAt(end))) throw new LiteralError('Missing whitespace between literal and alias', end)
    return { kind: style.isBytes ? 'bytes' : 'string', key: '', text, bytes, offset: this.position, end }
  }

  private readBackTicks(): Token {
    const { text, end } = readQuoted(this.text, this.position, { isRaw: false, isBytes: false })
    if (text === '') throw new LiteralError('Invalid empty identifier', this.position)
    return this.make('quoted', text, end)
  }

  private readParameter(): Token {
    const { text, position } = this
    const isSystem = text.charAt(position + 1) === '@'
    const start = position + (isSystem ? 2 : 1)
    const kind = isSystem ? 'system' : 'parameter'
    if (text.charAt(start) === '`') {
      const quoted = readQuoted(text, start, { isRaw: false, isBytes: false })
      return this.make(kind, quoted.text, quoted.end)
    }
    const name = match(/[a-z_]\w*/iy, text, start)
    if (name === undefined) return this.make('symbol', isSystem ? '@@' : '@', start, isSystem ? '@@' : '@')
    return this.make(kind, name, start + name.length)
  }
}

const hash = 0x23
const minus = 0x2d
const slash = 0x2f
const star = 0x2a
const at = 0x40

function isBlank(letter: number): boolean {
  return (
    (letter >= 0x09 && letter <= 0x0d) || letter === 0x20 || letter === 0xa0 || letter === 0x30_00 || letter === 0xfe_ff
  )
}

function lineEnd(text: string, from: number): number {
  const end = text.slice(from).search(/[\r\n]/)
  return end === -1 ? text.length : from + end
}

function commentEnd(text: string, from: number): number {
  const end = text.indexOf('*/', from + 2)
  if (end === -1) throw new LiteralError('Unclosed comment', from)
  return end + 2
}

function isHint(text: string, from: number): boolean {
  return match(/@\s*\{/y, text, from) !== undefined
}

/** Hints steer Google's engine only: they are skipped like comments. */
function hintEnd(text: string, from: number): number {
  let depth = 0
  for (let index = from + 1; index < text.length; index += 1) {
    const letter = text.charAt(index)
    if (letter === '{') depth += 1
    else if (letter === '}') {
      depth -= 1
      if (depth === 0) return index + 1
    } else if (letter === '"' || letter === "'" || letter === '`')
      index = readQuoted(text, index, { isRaw: false, isBytes: false }).end - 1
  }
  throw new LiteralError('Expected "}" but got end of script', text.length)
}

function match(pattern: RegExp, text: string, from: number): string | undefined {
  pattern.lastIndex = from
  return pattern.exec(text)?.[0]
}

/** Whether a dot behind this token leads to a field. */
function endsName(token: Token): boolean {
  switch (token.kind) {
    case 'quoted':
    case 'parameter':
    case 'system':
    case 'string':
    case 'bytes':
      return true
    case 'word':
      return !reservedWords.has(token.key) || token.key === 'END'
    case 'symbol':
      return token.key === ')' || token.key === ']' || token.key === '?'
    default:
      return false
  }
}
