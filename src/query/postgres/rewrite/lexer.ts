// SQL text -> tokens, and statements. The one place that knows where strings and comments begin and end: everything else
// works with tokens, never with text.
import { PgError, states } from '../sqlstate.ts'

export type TokenKind =
  /** Bare, as written; `lower` is what it means. */
  | 'word'
  /** "…": `value` is the name. */
  | 'quoted'
  /** '…', E'…', $$…$$: `value` is the content. */
  | 'string'
  | 'number'
  /** $1: `value` is the number. */
  | 'parameter'
  | 'symbol'

export interface Token {
  readonly kind: TokenKind
  readonly text: string
  /** Of words in lower case, of symbols as they are; of all others ''. */
  readonly lower: string
  readonly value: string
  readonly offset: number
}

/** More than that in one message is no query of anybody's. */
const tokensMax = 1_000_000
/** Postgres' longest operators are four letters; these are those that belong together. */
const operatorLetters = '+-*/<>=~!@#%^&|`?'
const bracketLetters = '()[]{},;'

export function tokenize(text: string): Token[] {
  const tokens: Token[] = []
  let at = skipBlank(text, 0)
  for (; at < text.length; at = skipBlank(text, at)) {
    const token = readToken(text, at)
    tokens.push(token)
    if (tokens.length > tokensMax) throw new PgError(states.limit, 'The statement is too long')
    at += token.text.length
  }
  return tokens
}

function readToken(text: string, at: number): Token {
  const letter = text[at] ?? ''
  const next = text[at + 1] ?? ''
  if (letter === "'") return stringToken(text, at, at, false)
  if ((letter === 'e' || letter === 'E') && next === "'") return stringToken(text, at, at + 1, true)
  if (/[bBxXnN]/.test(letter) && next === "'") return stringToken(text, at, at + 1, false)
  if (letter === '"') return quotedToken(text, at)
  if (letter === '$') return dollarToken(text, at)
  if (isDigit(letter) || (letter === '.' && isDigit(next))) return matched(text, at, 'number', numberPattern)
  if (isWordStart(letter)) {
    const word = matched(text, at, 'word', wordPattern)
    return { ...word, lower: word.text.toLowerCase() }
  }
  return symbolToken(text, at)
}

const numberPattern = /0[xX][0-9a-fA-F_]+|(?:\d[\d_]*\.?[\d_]*|\.\d[\d_]*)(?:[eE][+-]?\d+)?/y
const wordPattern = /[\p{L}_][\p{L}\p{M}\p{N}_$]*/uy

function matched(text: string, at: number, kind: TokenKind, pattern: RegExp): Token {
  pattern.lastIndex = at
  const found = pattern.exec(text)?.[0] ?? text.slice(at, at + 1)
  return { kind, text: found, lower: '', value: found, offset: at }
}

function stringToken(text: string, start: number, quote: number, hasEscapes: boolean): Token {
  let value = ''
  let at = quote + 1
  for (;;) {
    const letter = text[at]
    if (letter === undefined) throw unfinished('a string', start)
    if (letter === '\\' && hasEscapes) {
      const { value: meant, length } = escape(text, at)
      value += meant
      at += length
    } else if (letter !== "'") {
      const from = at
      const edge = hasEscapes ? /['\\]/g : /'/g
      edge.lastIndex = from
      at = edge.exec(text)?.index ?? text.length
      value += text.slice(from, at)
    } else if (text[at + 1] === "'") {
      value += "'"
      at += 2
    } else {
      return { kind: 'string', text: text.slice(start, at + 1), lower: '', value, offset: start }
    }
  }
}

const plainEscapes: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' }

function escape(text: string, at: number): { value: string; length: number } {
  const pattern = /\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([^]))/y
  pattern.lastIndex = at
  const found = pattern.exec(text)
  if (found === null) throw unfinished('a string', at)
  const [whole, octal, hex, short, long, plain = ''] = found
  const digits = hex ?? short ?? long
  const code = octal !== undefined ? Number.parseInt(octal, 8) : digits === undefined ? -1 : Number.parseInt(digits, 16)
  if (code > 0x10_ffff) throw new PgError(states.syntax, 'There is no such letter in Unicode', { offset: at })
  return { value: code >= 0 ? String.fromCodePoint(code) : (plainEscapes[plain] ?? plain), length: whole.length }
}

function quotedToken(text: string, start: number): Token {
  let end = start + 1
  for (;;) {
    end = text.indexOf('"', end)
    if (end === -1) throw unfinished('a quoted name', start)
    if (text[end + 1] !== '"') break
    end += 2
  }
  const whole = text.slice(start, end + 1)
  return { kind: 'quoted', text: whole, lower: '', value: whole.slice(1, -1).replaceAll('""', '"'), offset: start }
}

function dollarToken(text: string, start: number): Token {
  const pattern = /\$(\d+)|\$((?:[\p{L}_][\p{L}\p{N}_]*)?)\$/uy
  pattern.lastIndex = start
  const found = pattern.exec(text)
  if (found === null) return { kind: 'symbol', text: '$', lower: '$', value: '$', offset: start }
  const [opening, number] = found
  if (number !== undefined) return { kind: 'parameter', text: opening, lower: '', value: number, offset: start }
  const end = text.indexOf(opening, start + opening.length)
  if (end === -1) throw unfinished('a dollar-quoted string', start)
  const whole = text.slice(start, end + opening.length)
  return { kind: 'string', text: whole, lower: '', value: text.slice(start + opening.length, end), offset: start }
}

function symbolToken(text: string, at: number): Token {
  let length = 1
  const two = text.slice(at, at + 2)
  if (two === '::' || two === ':=' || two === '..') length = 2
  else if (operatorLetters.includes(text[at] ?? '')) length = operatorLength(text, at)
  else if (!bracketLetters.includes(text[at] ?? '')) length = (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1
  const symbol = text.slice(at, at + length)
  return { kind: 'symbol', text: symbol, lower: symbol, value: symbol, offset: at }
}

/** An operator ends before a comment; as in Postgres, a sign at its end is one only behind ~ ! @ # % ^ & | ` ?. */
function operatorLength(text: string, at: number): number {
  let end = at
  while (end < text.length && operatorLetters.includes(text[end] ?? '')) {
    const two = text.slice(end, end + 2)
    if (two === '--' || two === '/*') break
    end += 1
  }
  let operator = text.slice(at, end)
  while (operator.length > 1 && /[+-]$/.test(operator) && !/[~!@#%^&|`?]/.test(operator) && !/^->>?$/.test(operator)) {
    operator = operator.slice(0, -1)
  }
  return Math.max(1, operator.length)
}

/** Blanks and comments, which nest. */
function skipBlank(text: string, from: number): number {
  let at = from
  for (;;) {
    while (at < text.length && /\s|\uFEFF/.test(text[at] ?? '')) at += 1
    const two = text.slice(at, at + 2)
    if (two === '--') {
      const end = text.indexOf('\n', at)
      at = end === -1 ? text.length : end + 1
    } else if (two === '/*') {
      at = skipComment(text, at)
    } else {
      return at
    }
  }
}

function skipComment(text: string, start: number): number {
  const edge = /\/\*|\*\//g
  edge.lastIndex = start
  let depth = 0
  for (let found = edge.exec(text); found !== null; found = edge.exec(text)) {
    depth += found[0] === '/*' ? 1 : -1
    if (depth === 0) return edge.lastIndex
  }
  throw unfinished('a comment', start)
}

function unfinished(what: string, offset: number): PgError {
  return new PgError(states.syntax, `The statement ends inside ${what}`, { offset })
}

function isDigit(letter: string): boolean {
  return letter >= '0' && letter <= '9'
}

function isWordStart(letter: string): boolean {
  return /[\p{L}_]/u.test(letter)
}

export interface StatementText {
  readonly tokens: readonly Token[]
  /** As the client wrote it, without the semicolon. */
  readonly text: string
  readonly offset: number
}

/** Cut at semicolons; empty ones are left out. */
export function splitStatements(text: string): StatementText[] {
  const statements: StatementText[] = []
  let tokens: Token[] = []
  const close = (): void => {
    const [first] = tokens
    const last = tokens.at(-1)
    if (first === undefined || last === undefined) return
    const end = last.offset + last.text.length
    statements.push({ tokens, text: text.slice(first.offset, end), offset: first.offset })
    tokens = []
  }
  for (const token of tokenize(text)) {
    if (token.text === ';') close()
    else tokens.push(token)
  }
  close()
  return statements
}
