// Does a dead letter speak of a person? It was kept out for a reason, so it may be anything: an event's JSON, a whole
// request, entries of the Forward protocol in base64, or bytes that nobody can read.
export interface LetterText {
  readonly raw: string
  readonly meta: string
}

export interface Person {
  readonly userId: string | undefined
  readonly anonymousId: string | undefined
}

const userKeys = ['userId', 'user_id']
const anonymousKeys = ['anonymousId', 'anonymous_id']
/** Of an alias: whom its user was before, by either kind of id. */
const previousKeys = ['previousId', 'previous_id']

/** True if an id of the person stands where such an id belongs; in unreadable text, if it stands anywhere as a text of its own. */
export function names({ raw, meta }: LetterText, person: Person): boolean {
  if (isBase64(meta)) return namesInEntries(Buffer.from(raw, 'base64'), person)
  const parsed = parseEvents(raw)
  if (parsed === undefined) {
    return [person.userId, person.anonymousId].some((id) => id !== undefined && raw.includes(JSON.stringify(id)))
  }
  return namesInValue(parsed, person)
}

function isBase64(meta: string): boolean {
  return meta.includes('"encoding":"msgpack-base64"')
}

/** Of several events joined by commas, too. undefined: it isn't JSON. */
function parseEvents(raw: string): unknown {
  for (const text of [raw, `[${raw}]`]) {
    try {
      return JSON.parse(text) as unknown
    } catch (error) {
      // RangeError: nested deeper than the parser's stack reaches.
      if (!(error instanceof SyntaxError) && !(error instanceof RangeError)) throw error
    }
  }
  return undefined
}

function namesInValue(root: unknown, { userId, anonymousId }: Person): boolean {
  // A stack, not recursion: depth is one of the reasons why letters exist.
  const waiting: unknown[] = [root]
  while (waiting.length > 0) {
    const value = waiting.pop()
    if (typeof value !== 'object' || value === null) continue
    for (const [key, child] of Object.entries(value)) {
      if (userKeys.includes(key) && isId(child, userId)) return true
      if (anonymousKeys.includes(key) && isId(child, anonymousId)) return true
      if (previousKeys.includes(key) && (isId(child, userId) || isId(child, anonymousId))) return true
      if (key === 'user' && isId((child as { id?: unknown } | null)?.id, userId)) return true
      waiting.push(child)
    }
  }
  return false
}

function isId(value: unknown, id: string | undefined): boolean {
  if (id === undefined) return false
  return (
    (typeof value === 'string' && value.toWellFormed() === id.toWellFormed()) ||
    (typeof value === 'number' && String(value) === id)
  )
}

/** A key and its value stand beside each other in a map. */
function namesInEntries(bytes: Buffer, { userId, anonymousId }: Person): boolean {
  const has = (key: string, id: string | undefined): boolean =>
    id !== undefined && bytes.includes(Buffer.concat([packText(key), packText(id)]))
  return (
    userKeys.some((key) => has(key, userId)) ||
    anonymousKeys.some((key) => has(key, anonymousId)) ||
    (bytes.includes(packText('user')) && has('id', userId))
  )
}

/** A msgpack str, as short as it can be. */
function packText(text: string): Buffer {
  const bytes = Buffer.from(text)
  const { byteLength } = bytes
  if (byteLength < 32) return Buffer.concat([Uint8Array.of(0xa0 | byteLength), bytes])
  if (byteLength < 256) return Buffer.concat([Uint8Array.of(0xd9, byteLength), bytes])
  const head = Buffer.of(0xda, 0, 0)
  head.writeUInt16BE(Math.min(byteLength, 0xffff), 1)
  return Buffer.concat([head, bytes])
}
