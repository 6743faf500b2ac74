// Reads JSON out of STRINGs as leniently as BigQuery's functions do: stops at the first match, takes single quotes, commas too many,
// numbers as they are written. What it can't read is NULL, never an error.
import type { PathStep } from './json-path.ts'

export type Found =
  | { readonly kind: 'scalar'; readonly text: string | null; readonly json: string }
  | { readonly kind: 'array'; readonly items: readonly Found[]; readonly json: string }
  | { readonly kind: 'object'; readonly json: string }

// Thrown on every second row: made once, because an error's stack costs more than the scan.
const unreadable = new Error('Not JSON')
/** What was looked for is found: the rest of the text isn't read any more. */
const done = new Error('Found')

const depthMax = 500

export function scanJson(source: string, path: readonly PathStep[]): Found | undefined {
  const scanner = new Scanner(source)
  try {
    scanner.scan(path)
    return undefined
  } catch (error) {
    if (error === done) return scanner.found
    if (error === unreadable) return undefined
    throw error
  }
}

class Scanner {
  private readonly source: string
  private readonly token = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][-+]?\d+)?|true|false|null/y
  found: Found | undefined
  private at = 0
  private depth = 0

  constructor(source: string) {
    this.source = source
  }

  /** `path`: what is still to be followed; undefined: this value isn't on the way. */
  scan(path: readonly PathStep[] | undefined): Found {
    this.space()
    const isWanted = path?.length === 0
    const found = this.value(isWanted ? undefined : path)
    if (!isWanted) return found
    this.found = found
    throw done
  }

  private value(path: readonly PathStep[] | undefined): Found {
    const letter = this.source[this.at] ?? ''
    if (letter === '{' || letter === '[') {
      this.depth += 1
      if (this.depth > depthMax) throw unreadable
      this.at += 1
      const found = letter === '{' ? this.object(path) : this.array(path)
      this.depth -= 1
      return found
    }
    if (letter === '"' || letter === "'") {
      const text = this.string(letter)
      return { kind: 'scalar', text, json: textJson(text) }
    }
    this.token.lastIndex = this.at
    const word = this.token.exec(this.source)?.[0]
    if (word === undefined) throw unreadable
    this.at += word.length
    // A number or word that runs on is broken.
    const next = this.source[this.at] ?? ''
    if (next !== '' && '.eE'.includes(next) && /^-?\d+$/.test(word)) throw unreadable
    if (word === 'null' && /^[A-Za-z]/.test(next)) throw unreadable
    return { kind: 'scalar', text: word === 'null' ? null : word, json: word }
  }

  private space(): void {
    while (' \t\n\r\f\v'.includes(this.source[this.at] ?? 'x')) this.at += 1
  }

  private accept(letter: string): boolean {
    this.space()
    if (this.source[this.at] !== letter) return false
    this.at += 1
    return true
  }

  private object(path: readonly PathStep[] | undefined): Found {
    const members: string[] = []
    for (;;) {
      if (this.accept('}')) return { kind: 'object', json: `{${members.join(',')}}` }
      this.space()
      const quote = this.source[this.at]
      if (quote !== '"' && quote !== "'") throw unreadable
      const key = this.string(quote)
      if (!this.accept(':')) throw unreadable
      const found = this.scan(path?.[0]?.text === key ? path.slice(1) : undefined)
      members.push(`${textJson(key)}:${found.json}`)
      if (this.accept(',')) continue
      if (!this.accept('}')) throw unreadable
      return { kind: 'object', json: `{${members.join(',')}}` }
    }
  }

  private array(path: readonly PathStep[] | undefined): Found {
    const items: Found[] = []
    const wanted = path?.[0] !== undefined && /^\d+$/.test(path[0].text) ? Number(path[0].text) : undefined
    const whole = (): Found => ({ kind: 'array', items, json: `[${items.map(({ json }) => json).join(',')}]` })
    for (;;) {
      if (this.accept(']')) return whole()
      if (this.accept(',')) {
        items.push({ kind: 'scalar', text: null, json: 'null' })
        continue
      }
      items.push(this.scan(items.length === wanted ? path?.slice(1) : undefined))
      if (this.accept(',')) continue
      if (!this.accept(']')) throw unreadable
      return whole()
    }
  }

  private string(quote: string): string {
    let text = ''
    this.at += 1
    for (;;) {
      const end = this.source.indexOf(quote, this.at)
      if (end === -1) throw unreadable
      const part = this.source.slice(this.at, end)
      const slash = part.indexOf('\\')
      if (slash === -1) {
        this.at = end + 1
        return text + part
      }
      text += part.slice(0, slash)
      this.at += slash + 1
      text += this.escape()
    }
  }

  private escape(): string {
    const rest = /u([0-9a-fA-F]{4})|x([0-9a-fA-F]{2})|([0-7]{1,3})|([^ux])/uy
    rest.lastIndex = this.at
    const match = rest.exec(this.source)
    if (match === null) throw unreadable
    this.at += match[0].length
    const [, unicode, hex, octal, letter = ''] = match
    if (octal !== undefined) return String.fromCharCode(Number.parseInt(octal, 8) & 0xff)
    if (unicode === undefined && hex === undefined) return controls[letter] ?? letter
    return String.fromCharCode(Number.parseInt(unicode ?? hex ?? '', 16))
  }
}

const controls: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

/** The text as a JSON string, as TO_JSON_STRING writes it. */
export function textJson(text: string): string {
  return JSON.stringify(text.toWellFormed()).replaceAll('\u2028', '\\u2028').replaceAll('\u2029', '\\u2029')
}
