// Judges a body: JSON or not, how many events, and the few fields that intake needs. Everything about single events is the
// screen's. The bytes themselves go on untouched, so nothing that this reading loses (names in UTF-8, big numbers) is lost.
import type { RequestMeta } from '../../core/event.ts'
import { isObject, type JsonObject } from '../../core/json-object.ts'
import { withoutBareWords } from '../../core/json-text.ts'

export interface Readable {
  readonly kind: 'readable'
  readonly root: JsonObject
  /** The single event, or the first of the batch if it is an object. */
  readonly first: JsonObject | undefined
  readonly count: number
  /** What to store: the bytes as they came, without a byte order mark; see `repaired`. */
  readonly body: Uint8Array
  /** True if NaN or Infinity, which Python writes and JSON doesn't know, were replaced by null. */
  readonly repaired: boolean
}

export type Judgement = Readable | { readonly kind: 'unreadable'; readonly message: string }

/** Below this a body can't nest deep enough to hurt: the worst 256 KiB parse in 9 ms with 6 MB. */
const scanBytesMin = 256 * 1024
/** No SDK can write it (their own serializers give up earlier), and 10 MiB of `[` would cost 400 MB and a second. */
const depthMax = 10_000
const messageCharsMax = 200

export function judge(bytes: Uint8Array, call: RequestMeta['call']): Judgement {
  const body = withoutByteOrderMark(bytes)
  if (body.length > scanBytesMin && isDeeperThan(body, depthMax)) {
    return unreadable(`The body nests deeper than ${depthMax} levels.`)
  }
  // Latin-1 takes each byte as a character: cheaper than UTF-8, no byte is invalid, and JSON's own syntax is ASCII.
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1')
  const parsed = parse(text)
  if (!parsed.ok) {
    // Python writes them, and one of them must not cost the other 99 events of a batch.
    const repaired = withoutBareWords(text)
    const again = repaired === undefined ? parsed : parse(repaired)
    if (!again.ok || repaired === undefined) return unreadable(`The body is not JSON: ${parsed.message}`)
    return judgeShape(again.value, call, Buffer.from(repaired, 'latin1'), true)
  }
  return judgeShape(parsed.value, call, body, false)
}

function judgeShape(root: unknown, call: RequestMeta['call'], body: Uint8Array, repaired: boolean): Judgement {
  if (!isObject(root)) return unreadable('The body must be a JSON object.')
  if (call !== 'batch') return { kind: 'readable', root, first: root, count: 1, body, repaired }
  const { batch } = root
  if (!Array.isArray(batch)) return unreadable('"batch" must be an array of events.')
  const first: unknown = batch[0]
  return { kind: 'readable', root, first: isObject(first) ? first : undefined, count: batch.length, body, repaired }
}

function unreadable(message: string): Judgement {
  return { kind: 'unreadable', message }
}

function parse(text: string): { ok: true; value: unknown } | { ok: false; message: string } {
  try {
    return { ok: true, value: JSON.parse(text) }
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    // V8 quotes the sender's bytes, here one character a byte; show only what certainly reads the same.
    return { ok: false, message: message.replaceAll(/[^ -~]/g, '?').slice(0, messageCharsMax) }
  }
}

function withoutByteOrderMark(bytes: Uint8Array): Uint8Array {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes
}

const quote = 0x22
const backslash = 0x5c

/** True if brackets outside of strings open more than `levels` deep; the text need not be JSON. */
export function isDeeperThan(body: Uint8Array, levels: number): boolean {
  let depth = 0
  for (let index = 0; index < body.length; index++) {
    const byte = body[index]
    if (byte === quote) {
      index++
      while (index < body.length && body[index] !== quote) index += body[index] === backslash ? 2 : 1
    } else if (byte === 0x5b || byte === 0x7b) {
      depth++
      if (depth > levels) return true
    } else if (byte === 0x5d || byte === 0x7d) {
      depth--
    }
  }
  return false
}
