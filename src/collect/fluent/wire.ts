// The two languages of a connection, told apart by its first byte: msgpack, or JSON as some loggers speak it. Both give
// the same messages; JSON entries are written anew as msgpack, so that everything behind speaks one.
import { Packr } from 'msgpackr'

import { insideOf, MsgpackInvalid, msgpackDepthMax, ValueWalker } from '../../core/msgpack.ts'
import { ackOf, checkChunkBytes, checkTagBytes, type ForwardMessage, type Heartbeat, readMessage } from './message.ts'

/** Finds the end of a value that comes in pieces; see ValueWalker. */
export type Walker = Pick<ValueWalker, 'bytesMin' | 'advance'>

export interface Wire {
  readonly name: 'msgpack' | 'json'
  readonly walker: Walker
  /** Of one value, beside `chunkBytesMax`; undefined = no bound of its own. */
  readonly messageBytesMax: number | undefined
  /** Error: MsgpackInvalid. */
  read(bytes: Buffer, offset: number, end: number): ForwardMessage | Heartbeat
  ack(chunk: Uint8Array): Buffer
  /** True if these bytes at the end of a connection are no beginning of a value. */
  isBlank(bytes: Buffer): boolean
}

/**
 * JSON is read at once, between the bytes of everybody else: a message of this size takes half a second at worst.
 * Who sends JSON sends single entries.
 */
export const jsonMessageBytesMax = 1024 * 1024

/** No clash: a message in msgpack never begins with these bytes. */
export function isJsonStart(first: number | undefined): boolean {
  return first === openBracket || first === openBrace
}

export function createMsgpackWire(): Wire {
  return {
    name: 'msgpack',
    walker: new MessageWalker(),
    messageBytesMax: undefined,
    read: readMessage,
    ack: ackOf,
    isBlank: (bytes) => bytes.length === 0,
  }
}

export function createJsonWire(): Wire {
  return {
    name: 'json',
    walker: new JsonWalker(),
    messageBytesMax: jsonMessageBytesMax,
    read: readJsonMessage,
    ack: (chunk) => Buffer.from(JSON.stringify({ ack: Buffer.from(chunk).toString('utf8') })),
    isBlank: (bytes) => bytes.toString('latin1').trim() === '',
  }
}

/** Judges the first byte at once: who speaks HTTP or TLS to this port should hear so before megabytes have come. */
class MessageWalker implements Walker {
  readonly #inner = new ValueWalker()

  get bytesMin(): number {
    return this.#inner.bytesMin
  }

  advance(bytes: Uint8Array, offset: number, end: number): number {
    const first = bytes[offset]
    if (offset < end && !isMessageStart(first)) throw new MsgpackInvalid('The bytes are no Forward message.')
    return this.#inner.advance(bytes, offset, end)
  }
}

/** nil, or an array of 2 to 6 values (a PING has six). Longer heads (dc, dd) are judged with the whole message. */
function isMessageStart(first: number | undefined): boolean {
  if (first === undefined) return false
  return first === 0xc0 || (first >= 0x92 && first <= 0x96) || first === 0xdc || first === 0xdd
}

const openBracket = 0x5b
const openBrace = 0x7b
const closeBracket = 0x5d
const closeBrace = 0x7d
const quote = 0x22
const backslash = 0x5c
const space = 0x20
const letterN = 0x6e

/** Only brackets and strings matter for where a value ends; whether it is good JSON is asked when it is whole. */
class JsonWalker implements Walker {
  #walked = 0
  /** The closing brackets that are due, innermost last. */
  readonly #due: number[] = []
  #isText = false
  #isEscaped = false

  get bytesMin(): number {
    return this.#walked
  }

  advance(bytes: Uint8Array, offset: number, end: number): number {
    for (let at = offset + this.#walked; at < end; at += 1) {
      const byte = bytes[at] ?? 0
      if (this.#isText) this.#walkText(byte)
      else if (this.#due.length === 0 && byte === letterN) return this.#afterNull(offset, at, end)
      else if (this.#walkStructure(byte)) {
        this.#walked = 0
        return at + 1
      }
    }
    this.#walked = end - offset
    return -1
  }

  #walkText(byte: number): void {
    if (this.#isEscaped) this.#isEscaped = false
    else if (byte === backslash) this.#isEscaped = true
    else if (byte === quote) this.#isText = false
  }

  /** True if the value ends with this byte. */
  #walkStructure(byte: number): boolean {
    const due = this.#due
    if (byte === openBracket || byte === openBrace) {
      due.push(byte === openBracket ? closeBracket : closeBrace)
      if (due.length > msgpackDepthMax) throw new MsgpackInvalid(`JSON nests deeper than ${msgpackDepthMax} levels.`)
      return false
    }
    if (due.length === 0) {
      if (byte > space) throw new MsgpackInvalid('The text is no Forward message in JSON.')
      return false
    }
    if (byte === quote) this.#isText = true
    if (byte !== closeBracket && byte !== closeBrace) return false
    if (due.pop() !== byte) throw new MsgpackInvalid('The brackets of the JSON do not match.')
    return due.length === 0
  }

  /** A bare null is a heartbeat; its four letters are judged when they are read. */
  #afterNull(offset: number, at: number, end: number): number {
    const isWhole = at + 4 <= end
    this.#walked = isWhole ? 0 : at - offset
    return isWhole ? at + 4 : -1
  }
}

function readJsonMessage(bytes: Buffer, offset: number, end: number): ForwardMessage | Heartbeat {
  const value = parseJson(bytes.toString('utf8', offset, end))
  if (value === null) return 'heartbeat'
  if (!Array.isArray(value) || value.length < 2 || value.length > 4) {
    throw new MsgpackInvalid('A message is an array of 2 to 4 values.')
  }
  const [said, second, third, fourth] = value as readonly unknown[]
  if (typeof said !== 'string') throw new MsgpackInvalid('The tag is no text.')
  checkTagBytes(Buffer.byteLength(said))
  const tag = said.toWellFormed()
  const packr = new Packr({ useRecords: false, moreTypes: false })
  if (Array.isArray(second)) {
    // All at once: one call an entry would cost more than the entries.
    const packed = Buffer.from(packr.encode(second))
    const entries = packed.subarray(insideOf(packed, 0))
    return { tag, entries, mode: 'many', chunk: chunkOf(third), signal: 'logs' }
  }
  if (typeof second === 'string' || value.length < 3) {
    throw new MsgpackInvalid('A message in JSON is [tag, time, record] or [tag, [[time, record], ...]].')
  }
  const entries = Buffer.from(packr.encode([second, third]))
  return { tag, entries, mode: 'single', chunk: chunkOf(fourth), signal: 'logs' }
}

/** The least that a double can't hold. */
const longNumber = /\d{16}/

function parseJson(text: string): unknown {
  try {
    // Asking for each value costs thirty times as much.
    return longNumber.test(text) ? JSON.parse(text, keepWhole) : JSON.parse(text)
  } catch (error) {
    throw new MsgpackInvalid('The text is no JSON.', { cause: error })
  }
}

/** Whole numbers that a double can't hold stay whole as far as msgpack can say them. */
function keepWhole(_key: string, value: unknown, context?: { readonly source?: string }): unknown {
  if (typeof value !== 'number' || Number.isSafeInteger(value)) return value
  const source = context?.source ?? ''
  if (!/^-?\d{1,20}$/.test(source)) return value
  const whole = BigInt(source)
  return whole >= -(2n ** 63n) && whole < 2n ** 64n ? whole : value
}

function chunkOf(options: unknown): Uint8Array | undefined {
  if (typeof options !== 'object' || options === null || !('chunk' in options)) return undefined
  if (typeof options.chunk !== 'string') return undefined
  checkChunkBytes(Buffer.byteLength(options.chunk))
  return Buffer.from(options.chunk)
}
