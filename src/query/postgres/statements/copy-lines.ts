// The bytes of COPY … FROM STDIN -> rows of fields, as they come. A row that isn't whole waits, up to a bound.
import { StringDecoder } from 'node:string_decoder'

import { PgError, states } from '../sqlstate.ts'
import type { CopyOptions } from './copy-statement.ts'

export type CopyRow = readonly (string | null)[]

const rowLettersMax = 16 * 1024 * 1024

export class CopyLines {
  readonly #options: CopyOptions
  readonly #decoder = new StringDecoder('utf8')
  #text = ''
  #line = 0
  #isEnded = false
  /** Of CSV: how far the waiting text was read, and whether inside quotes. */
  #scanned = 0
  #isQuoted = false

  constructor(options: CopyOptions) {
    this.#options = options
  }

  get line(): number {
    return this.#line
  }

  push(bytes: Buffer): CopyRow[] {
    this.#text += this.#decoder.write(bytes)
    const rows = this.#take(false)
    if (this.#text.length > rowLettersMax) throw this.#broken('a line is too long')
    return rows
  }

  end(): CopyRow[] {
    this.#text += this.#decoder.end()
    return this.#take(true)
  }

  #take(isLast: boolean): CopyRow[] {
    const rows: CopyRow[] = []
    let from = 0
    for (;;) {
      const end = this.#lineEnd(from)
      if (end === -1 && (!isLast || from >= this.#text.length)) break
      const stop = end === -1 ? this.#text.length : end
      if (end === -1 && this.#isQuoted) throw this.#broken('unterminated CSV quoted field')
      const line = this.#text.slice(from, stop).replace(/\r$/, '')
      from = stop + 1
      this.#scanned = from
      this.#line += 1
      if (line === '\\.') this.#isEnded = true
      if (this.#isEnded) continue
      rows.push(this.#options.format === 'csv' ? this.#csvRow(line) : this.#textRow(line))
    }
    this.#text = this.#text.slice(from)
    this.#scanned = Math.max(0, this.#scanned - from)
    return rows
  }

  /** Where the line that begins at `from` ends; -1: not here. Quoted line ends are part of a field. */
  #lineEnd(from: number): number {
    const { format, quote, escape } = this.#options
    if (format === 'text') return this.#text.indexOf('\n', Math.max(from, this.#scanned))
    for (let at = Math.max(from, this.#scanned); at < this.#text.length; at += 1) {
      const letter = this.#text[at]
      if (this.#isQuoted && letter === escape && escape !== quote) at += 1
      else if (letter === quote) this.#isQuoted = !this.#isQuoted
      else if (letter === '\n' && !this.#isQuoted) return at
      this.#scanned = at + 1
    }
    return -1
  }

  #textRow(line: string): CopyRow {
    const { delimiter, nullText } = this.#options
    const fields: (string | null)[] = []
    let start = 0
    for (let at = 0; at <= line.length; at += 1) {
      if (line[at] === '\\' && at < line.length) {
        at += 1
        continue
      }
      if (at < line.length && line[at] !== delimiter) continue
      const raw = line.slice(start, at)
      fields.push(raw === nullText ? null : unescaped(raw))
      start = at + 1
    }
    return fields
  }

  #csvRow(line: string): CopyRow {
    const { delimiter, nullText, quote, escape } = this.#options
    const fields: (string | null)[] = []
    let field = ''
    let wasQuoted = false
    let isQuoted = false
    for (let at = 0; at <= line.length; at += 1) {
      const letter = line[at]
      if (isQuoted && letter !== undefined) {
        const next = line[at + 1]
        if (letter === escape && (next === quote || (next === escape && escape !== quote))) {
          field += next
          at += 1
        } else if (letter === quote) isQuoted = false
        else field += letter
      } else if (letter === quote) {
        isQuoted = true
        wasQuoted = true
      } else if (letter === delimiter || letter === undefined) {
        fields.push(!wasQuoted && field === nullText ? null : field)
        field = ''
        wasQuoted = false
      } else field += letter
    }
    return fields
  }

  #broken(message: string): PgError {
    return new PgError(states.badCopyFile, message, { detail: `COPY, line ${this.#line + 1}` })
  }
}

const plain: Record<string, string> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

function unescaped(raw: string): string {
  if (!raw.includes('\\')) return raw
  return raw.replace(
    /\\(?:([0-7]{1,3})|x([0-9a-fA-F]{1,2})|([^]))/g,
    (_, octal?: string, hex?: string, letter?: string) => {
      if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff)
      if (hex !== undefined) return String.fromCharCode(Number.parseInt(hex, 16))
      return plain[letter ?? ''] ?? letter ?? ''
    },
  )
}
