// The parser's place in the tokens: looking ahead, taking, and refusing in BigQuery's words. Nesting is counted here.
import { SqlError, type Offset } from '../sql-error.ts'
import type { Identifier, Node } from './ast.ts'
import { Lexer } from './lexer.ts'
import { describeToken, isName, type Token } from './token.ts'

/** How deep brackets, queries and statements may stand in each other. */
export const nestingMax = 500

export class Cursor {
  readonly text: string
  private readonly lexer: Lexer
  private readonly tokens: Token[] = []
  private index = 0
  private depth = 0
  private positions = 0
  /** Words that were read as names, if somebody wants to know. */
  private readonly names: Set<Token> | undefined
  /** End of the last token that was taken. */
  end: Offset = 0

  constructor(text: string, names?: Set<Token>) {
    this.text = text
    this.names = names
    this.lexer = new Lexer(text)
  }

  peek(ahead = 0): Token {
    const wanted = this.index + ahead
    let token = this.tokens[wanted]
    while (token === undefined) {
      this.tokens.push(this.lexer.next())
      token = this.tokens[wanted]
    }
    return token
  }

  /** Start of the next token. */
  get start(): Offset {
    return this.peek().offset
  }

  next(): Token {
    const token = this.peek()
    if (token.kind === 'invalid') throw new SqlError('syntax', token.text, token.offset)
    if (token.kind !== 'end') this.index += 1
    this.end = token.end
    return token
  }

  /** As `next`, of what is no word of the grammar. */
  name(): Token {
    const token = this.next()
    this.names?.add(token)
    return token
  }

  /** All that was read so far. */
  taken(): readonly Token[] {
    return this.tokens.slice(0, this.index)
  }

  /** A word in upper case or a symbol; several must follow each other. */
  at(...keys: readonly string[]): boolean {
    return keys.every((key, ahead) => this.peek(ahead).key === key)
  }

  atAny(keys: ReadonlySet<string>): boolean {
    return keys.has(this.peek().key)
  }

  take(...keys: readonly string[]): boolean {
    if (!this.at(...keys)) return false
    for (let count = 0; count < keys.length; count += 1) this.next()
    return true
  }

  expect(...keys: readonly string[]): void {
    for (const key of keys) if (!this.take(key)) this.expected(nameOf(key))
  }

  expected(what: string): never {
    const token = this.peek()
    if (token.kind === 'invalid') this.next()
    throw new SqlError('syntax', `Expected ${what} but got ${describeToken(token)}`, token.offset)
  }

  unexpected(): never {
    const token = this.peek()
    if (token.kind === 'invalid') this.next()
    throw new SqlError('syntax', `Unexpected ${describeToken(token)}`, token.offset)
  }

  fail(message: string, offset: Offset = this.start): never {
    throw new SqlError('syntax', message, offset)
  }

  /** `offset` … the last token taken. */
  span(offset: Offset): Node {
    return { offset, end: this.end }
  }

  isAtName(): boolean {
    return isName(this.peek())
  }

  identifier(): Identifier {
    const token = this.peek()
    if (!isName(token)) this.unexpected()
    this.name()
    return identifierOf(token)
  }

  /** Behind a dot every word is a name. */
  identifierBehindDot(): Identifier {
    const token = this.peek()
    if (token.kind !== 'word' && token.kind !== 'quoted') this.unexpected()
    this.name()
    return identifierOf(token)
  }

  /** Whether two tokens stand without a blank between them. */
  isGlued(ahead = 0): boolean {
    return this.peek(ahead).end === this.peek(ahead + 1).offset
  }

  /** Puts a name that the lexer reads otherwise (`my-project-1`) in place of the next tokens. */
  replaceWithName(name: string): void {
    const { offset } = this.peek()
    const token: Token = { kind: 'quoted', key: '', text: name, bytes: undefined, offset, end: offset + name.length }
    this.tokens.length = this.index
    this.tokens.push(token)
    this.lexer.moveTo(token.end, token)
  }

  nextPosition(): number {
    this.positions += 1
    return this.positions
  }

  nested<T>(work: () => T): T {
    if (this.depth >= nestingMax)
      throw new SqlError('syntax', `Too deeply nested: at most ${nestingMax} levels are read`, this.start)
    this.depth += 1
    const result = work()
    this.depth -= 1
    return result
  }

  /** `first`, then as many as commas follow. */
  list<T>(read: () => T): T[] {
    const items = [read()]
    while (this.take(',')) items.push(read())
    return items
  }
}

export function identifierOf(token: Token): Identifier {
  return {
    kind: 'identifier',
    name: token.text,
    isQuoted: token.kind === 'quoted',
    offset: token.offset,
    end: token.end,
  }
}

function nameOf(key: string): string {
  return /^\w+$/.test(key) ? `keyword ${key}` : `"${key}"`
}
