// Postgres' arrays as text: {a,"b c",NULL}.
import { PgError, states } from '../sqlstate.ts'

/** Quoted where the array's own letters, blanks or the word NULL would be misread. */
export function arrayElementText(text: string): string {
  const isPlain = text !== '' && !/[{}",\\\s]/.test(text) && text.toUpperCase() !== 'NULL'
  return isPlain ? text : `"${text.replace(/(["\\])/g, '\\$1')}"`
}

export type ArrayItem = string | null | readonly ArrayItem[]

const depthMax = 6

/** Error: text that is no array. */
export function readArray(text: string): readonly ArrayItem[] {
  const reader = new ArrayReader(text.trim())
  return reader.read()
}

class ArrayReader {
  readonly #text: string
  #at = 0

  constructor(text: string) {
    this.#text = text
  }

  read(): readonly ArrayItem[] {
    // [1:3]={…}: bounds that start elsewhere.
    const bounds = /^(?:\[-?\d+:-?\d+\])+=/.exec(this.#text)
    if (bounds !== null) this.#at = bounds[0].length
    const items = this.#array(1)
    if (this.#at !== this.#text.length) throw this.#broken()
    return items
  }

  #array(depth: number): readonly ArrayItem[] {
    if (this.#text[this.#at] !== '{' || depth > depthMax) throw this.#broken()
    this.#at += 1
    this.#blank()
    const items: ArrayItem[] = []
    if (this.#text[this.#at] === '}') {
      this.#at += 1
      return items
    }
    for (;;) {
      this.#blank()
      items.push(this.#text[this.#at] === '{' ? this.#array(depth + 1) : this.#item())
      this.#blank()
      const letter = this.#text[this.#at]
      this.#at += 1
      if (letter === '}') return items
      if (letter !== ',') throw this.#broken()
    }
  }

  #item(): string | null {
    const pattern = /"((?:[^"\\]|\\[^])*)"|((?:[^{}",\\]|\\[^])+)/y
    pattern.lastIndex = this.#at
    const found = pattern.exec(this.#text)
    if (found === null) throw this.#broken()
    this.#at = pattern.lastIndex
    const [, quoted, bare = ''] = found
    if (quoted !== undefined) return quoted.replace(/\\([^])/g, '$1')
    const item = bare.trim()
    return item.toUpperCase() === 'NULL' ? null : item.replace(/\\([^])/g, '$1')
  }

  #blank(): void {
    while (/\s/.test(this.#text[this.#at] ?? '')) this.#at += 1
  }

  #broken(): PgError {
    return new PgError(states.invalidText, `malformed array literal: "${this.#text.slice(0, 100)}"`)
  }
}
