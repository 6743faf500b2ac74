// Walks over the tokens of one statement: what the readers of session statements share.
import type { StatementText, Token } from '../rewrite/lexer.ts'
import { PgError, states } from '../sqlstate.ts'

export class TokenReader {
  readonly statement: StatementText
  #at: number

  constructor(statement: StatementText, at = 0) {
    this.statement = statement
    this.#at = at
  }

  get index(): number {
    return this.#at
  }

  peek(ahead = 0): Token | undefined {
    return this.statement.tokens[this.#at + ahead]
  }

  get isAtEnd(): boolean {
    return this.#at >= this.statement.tokens.length
  }

  next(): Token {
    const token = this.statement.tokens[this.#at]
    if (token === undefined) throw this.broken()
    this.#at += 1
    return token
  }

  /** Takes these words if they come next, in this order. */
  take(...words: readonly string[]): boolean {
    if (!words.every((word, index) => this.peek(index)?.lower === word)) return false
    this.#at += words.length
    return true
  }

  /** Takes one of these words. */
  takeAny(...words: readonly string[]): string | undefined {
    const lower = this.peek()?.lower ?? ''
    if (lower === '' || !words.includes(lower)) return undefined
    this.#at += 1
    return lower
  }

  expect(...words: readonly string[]): void {
    if (!this.take(...words)) throw this.broken()
  }

  /** A name: bare ones in lower case, quoted ones as they stand. */
  name(): string {
    const token = this.next()
    if (token.kind === 'word') return token.lower
    if (token.kind === 'quoted') return token.value
    throw this.broken(token)
  }

  end(): void {
    if (!this.isAtEnd) throw this.broken()
  }

  /** The text from here to the statement's end. */
  restText(): string {
    const token = this.peek()
    if (token === undefined) throw this.broken()
    return this.statement.text.slice(token.offset - this.statement.offset)
  }

  restOffset(): number {
    return this.peek()?.offset ?? this.statement.offset
  }

  broken(token: Token | undefined = this.peek()): PgError {
    if (token === undefined) {
      return new PgError(states.syntax, 'syntax error at end of input', {
        offset: this.statement.offset + this.statement.text.length,
      })
    }
    return new PgError(states.syntax, `syntax error at or near "${token.text.slice(0, 60)}"`, { offset: token.offset })
  }
}
