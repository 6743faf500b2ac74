// Where the events of a batch lie in its bytes, and what stands around them: for dead letters (exact bytes), for the size
// of single events, and for numbers that a double can't hold. Runs only for bodies that need one of these. The body is
// valid JSON: intake answered 200 for it. Of a body that isn't, only as much is found as can be read.

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

function keyOf(text: string): string | undefined {
  try {
    return JSON.parse(text) as string
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

/** A key of the body's own object: its value, and where the search goes on. Undefined: there is no further one. */
function nextKey(body: Uint8Array, from: number): { key: string; value: Span; next: number } | undefined {
  if (body[from] !== quote) return undefined
  const keyEnd = skipString(body, from)
  const key = keyOf(textOf(body, { start: from, end: keyEnd }))
  const colonAt = skipSpace(body, keyEnd)
  if (key === undefined || body[colonAt] !== colon) return undefined
  const start = skipSpace(body, colonAt + 1)
  const end = skipValue(body, start)
  const commaAt = skipSpace(body, end)
  return { key, value: { start, end }, next: body[commaAt] === comma ? skipSpace(body, commaAt + 1) : body.length }
}

/** Spans of the values of some top-level keys; the last one of a key that comes twice, as JSON.parse decides. */
export function valueSpans(body: Uint8Array, keys: readonly string[]): ReadonlyMap<string, Span> {
  const spans = new Map<string, Span>()
  const openAt = skipSpace(body, 0)
  if (body[openAt] !== openBrace) return spans
  let found = nextKey(body, skipSpace(body, openAt + 1))
  while (found !== undefined) {
    if (keys.includes(found.key)) spans.set(found.key, found.value)
    found = nextKey(body, found.next)
  }
  return spans
}

/** Spans of the elements of the top-level key `batch`. Undefined: there is no such array. */
export function batchSpans(body: Uint8Array): Span[] | undefined {
  const array = valueSpans(body, ['batch']).get('batch')
  return array === undefined || body[array.start] !== openBracket ? undefined : elementSpans(body, array.start)
}

export function textOf(body: Uint8Array, { start, end }: Span): string {
  return Buffer.from(body.buffer, body.byteOffset + start, end - start).toString()
}

/** How deep the brackets of a value nest. */
export function depthOf(body: Uint8Array, { start, end }: Span): number {
  let depth = 0
  let deepest = 0
  let at = start
  while (at < end) {
    const byte = body[at]
    if (byte === quote) {
      at = skipString(body, at)
      continue
    }
    if (byte === openBrace || byte === openBracket) deepest = Math.max(deepest, (depth += 1))
    else if (byte === closeBrace || byte === closeBracket) depth -= 1
    at += 1
  }
  return deepest
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
