// `_overflow` holds exact values, some of which no JavaScript number can hold. It is edited as text: what isn't touched
// keeps its bytes.

export interface OverflowEntry {
  readonly key: string
  /** The value's JSON, as it stands. */
  readonly text: string
}

/** Entries of a JSON object, in order. The text is valid: the engine and the parser before it have read it. */
export function splitObject(text: string): OverflowEntry[] {
  const entries: OverflowEntry[] = []
  let index = text.indexOf('{') + 1
  for (;;) {
    const keyStart = text.indexOf('"', index)
    if (keyStart === -1) return entries
    const keyEnd = endOfText(text, keyStart)
    const valueStart = text.indexOf(':', keyEnd) + 1
    const valueEnd = endOfValue(text, valueStart)
    entries.push({
      key: JSON.parse(text.slice(keyStart, keyEnd)) as string,
      text: text.slice(valueStart, valueEnd).trim(),
    })
    index = valueEnd
  }
}

/** Null instead of an empty object. */
export function joinObject(entries: readonly OverflowEntry[]): string | null {
  if (entries.length === 0) return null
  return `{${entries.map(({ key, text }) => `${jsonText(key)}:${text}`).join(',')}}`
}

/** Behind the closing quote of a text that begins here. */
function endOfText(text: string, start: number): number {
  let index = start + 1
  while (text[index] !== '"') {
    if (index >= text.length) return index
    index += text[index] === '\\' ? 2 : 1
  }
  return index + 1
}

/** At the comma or brace that ends the value. */
function endOfValue(text: string, start: number): number {
  let depth = 0
  let index = start
  while (index < text.length) {
    const character = text[index]
    if (character === '"') {
      index = endOfText(text, index)
      continue
    }
    if (depth === 0 && (character === ',' || character === '}')) return index
    if (character === '{' || character === '[') depth += 1
    if (character === '}' || character === ']') depth -= 1
    index += 1
  }
  return index
}

const escapes = /\\(?:ud[89a-f][0-9a-f]{2}|.)/g

/** As JSON.stringify, but never a lone surrogate: the engine refuses to read JSON that names one. */
export function jsonText(value: string): string {
  const text = JSON.stringify(value)
  return text.includes('\\ud') ? text.replaceAll(escapes, (one) => (one.length > 2 ? '\\ufffd' : one)) : text
}

// Node 24 has both; the language's type library lags behind.
interface ExactJson {
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown
  rawJSON(source: string): object
}
const exactJson = JSON as unknown as ExactJson

const integerSyntax = /^-?\d+$/
/** BigInt of a million digits takes seconds. */
const integerDigitsMax = 400

/**
 * Integers beyond 2^53 become bigint. Numbers that neither can hold become objects of JSON.rawJSON: JSON.stringify writes
 * their digits.
 */
export function parseExact(text: string): unknown {
  return exactJson.parse(text, (_key, value, { source }) => {
    if (typeof value !== 'number' || Math.abs(value) <= Number.MAX_SAFE_INTEGER || source === undefined) return value
    if (integerSyntax.test(source) && source.length <= integerDigitsMax) return BigInt(source)
    return Number.isFinite(value) && !integerSyntax.test(source) ? value : exactJson.rawJSON(source)
  })
}
