// JSON in and out without losing digits: integers beyond 2^53 stay as they were written. Costs time, so only texts that may
// hold one go this way.

/** A number kept as its text; JSON.stringify writes it back unchanged. */
export interface RawNumber {
  readonly rawJSON: string
}

// Node 24 has them; the language's type library lags behind.
interface ExactJson {
  parse(text: string, reviver: (key: string, value: unknown, context: { source?: string }) => unknown): unknown
  rawJSON(source: string): RawNumber
  isRawJSON(value: unknown): value is RawNumber
}
const exactJson = JSON as unknown as ExactJson

const manyDigits = /\d{16}/

/** Throws SyntaxError. */
export function parseJson(text: string): unknown {
  if (!manyDigits.test(text)) return JSON.parse(text)
  return exactJson.parse(text, (_key, value, { source }) => {
    if (typeof value !== 'number' || Number.isSafeInteger(value) || source === undefined) return value
    return /^-?\d+$/.test(source) ? exactJson.rawJSON(source) : value
  })
}

/** `text` is the text of a JSON number. */
export function rawNumber(text: string): RawNumber {
  return exactJson.rawJSON(text)
}

export function isRawNumber(value: unknown): value is RawNumber {
  return exactJson.isRawJSON(value)
}
