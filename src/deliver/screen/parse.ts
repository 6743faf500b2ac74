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

/** JSON text of a value that parseExact gave. */
export function stringifyExact(value: unknown): string {
  return JSON.stringify(value, (_key, part: unknown) => {
    if (typeof part === 'bigint') return exactJson.rawJSON(String(part))
    if (part instanceof RawNumber) return exactJson.rawJSON(part.source)
    return part
  })
}
