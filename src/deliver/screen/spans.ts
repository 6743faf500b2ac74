// Where the events of a batch lie in its bytes, for dead letters (exact bytes) and for the size of single events. Runs
// only for bodies that hold a quarantined event or are larger than one event may be. The body is valid JSON: intake
// answered 200 for it.

export interface Span {
  readonly start: number
  readonly end: number
}

const quote = 0x22
const backslash = 0x5c
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d
const comma = 0x2c
const colon = 0x3a

function isSpace(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09
}

function skipSpace(body: Uint8Array, from: number): number {
  let at = from
  while (isSpace(body[at])) at += 1
  return at
}

/** Behind the string that begins at `from`. */
function skipString(body: Uint8Array, from: number): number {
  let at = from + 1
  while (at < body.length && body[at] !== quote) at += body[at] === backslash ? 2 : 1
  return at + 1
}

/** Behind the value that begins at `from`. Never recursive: depth is the sender's to choose. */
function skipValue(body: Uint8Array, from: number): number {
  let at = from
  let depth = 0
  while (at < body.length) {
    const byte = body[at]
    if (byte === quote) {
      at = skipString(body, at)
      if (depth === 0) return at
      continue
    }
    if (byte === openBrace || byte === openBracket) depth += 1
    else if (byte === closeBrace || byte === closeBracket) {
      if (depth === 0) return at
      depth -= 1
      if (depth === 0) return at + 1
    } else if (depth === 0 && (byte === comma || isSpace(byte))) return at
    at += 1
  }
  return at
}

/**
 * Spans of the elements of the top-level key `batch` (the last one if it comes twice, as JSON.parse decides).
 * Undefined: there is no such array.
 */
export function batchSpans(body: Uint8Array): Span[] | undefined {
  let at = skipSpace(body, 0)
  if (body[at] !== openBrace) return undefined
  at = skipSpace(body, at + 1)
  let arrayAt: number | undefined
  while (at < body.length && body[at] === quote) {
    const keyEnd = skipString(body, at)
    const isBatch = JSON.parse(Buffer.from(body.buffer, body.byteOffset + at, keyEnd - at).toString()) === 'batch'
    at = skipSpace(body, keyEnd)
    if (body[at] !== colon) return undefined
    at = skipSpace(body, at + 1)
    if (isBatch) arrayAt = body[at] === openBracket ? at : undefined
    at = skipSpace(body, skipValue(body, at))
    if (body[at] !== comma) break
    at = skipSpace(body, at + 1)
  }
  return arrayAt === undefined ? undefined : elementSpans(body, arrayAt)
}

function elementSpans(body: Uint8Array, arrayAt: number): Span[] {
  const spans: Span[] = []
  let at = skipSpace(body, arrayAt + 1)
  while (at < body.length && body[at] !== closeBracket) {
    const end = skipValue(body, at)
    spans.push({ start: at, end })
    at = skipSpace(body, end)
    if (body[at] === comma) at = skipSpace(body, at + 1)
  }
  return spans
}
