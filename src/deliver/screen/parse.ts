// JSON in, values out, with numbers that a double can't hold kept exactly. The fast path is JSON.parse; a body is parsed
// a second time, digit by digit, only if the walk over an event met a number beyond 2^53.

/** A number that neither a double nor a big integer of sensible size can hold: 1e400, or thousands of digits. */
export class RawNumber {
  readonly source: string

  constructor(source: string) {
    this.source = source
  }
}

const integerSyntax = /^-?\d+$/
/** BigInt of a million digits takes seconds; nobody counts that far. */
const integerDigitsMax = 400

// Node 24 has both; the language's type library lags behind.
interface ExactJson {
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown
  rawJSON(source: string): object
}
const exactJson = JSON as unknown as ExactJson

/** Integers beyond 2^53 become bigint, numbers beyond a double RawNumber; all else as JSON.parse. Throws SyntaxError. */
export function parseExact(text: string): unknown {
  return exactJson.parse(text, (_key, value, { source }) => {
    if (typeof value !== 'number' || Math.abs(value) <= Number.MAX_SAFE_INTEGER || source === undefined) return value
    if (integerSyntax.test(source)) return source.length <= integerDigitsMax ? BigInt(source) : new RawNumber(source)
    return Number.isFinite(value) ? value : new RawNumber(source)
  })
}

/**
 * JSON text for a column. Lone surrogates become U+FFFD, as in text columns: the engine refuses to read JSON that names
 * one, and a single such row would fail everybody's queries on the table. `isExact`: the value comes of parseExact.
 */
export function columnJson(value: unknown, isExact: boolean): string {
  const text = isExact ? stringifyExact(value) : JSON.stringify(value)
  // JSON.stringify escapes no surrogates but lone ones.
  return text.includes('\\ud') ? text.replaceAll(escapes, (one) => (one.length > 2 ? '\\ufffd' : one)) : text
}

const escapes = /\\(?:ud[89a-f][0-9a-f]{2}|.)/g

/** JSON text of a value that parseExact gave. */
export function stringifyExact(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part === 'bigint') return exactJson.rawJSON(String(part))
    if (part instanceof RawNumber) return exactJson.rawJSON(part.source)
    return part
  })
}
