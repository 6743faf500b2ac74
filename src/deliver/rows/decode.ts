// Msgpack -> values that JSON can write, with nothing lost. Written by hand, because a stranger chooses the bytes: the
// usual decoders let an extension define records for later values, keep one of two equal keys, or throw over an unknown
// extension. Only for values that `skipValue` of core/msgpack.ts has found whole and not too deep.
//
//   integers beyond 2^53 -> bigint · NaN, Infinity -> their names as text · bin -> text if it is UTF-8, else base64
//   EventTime, timestamp -> ISO text with nanoseconds · other ext -> { ext, base64 } · a key that comes again -> key_2
//   a list or map as key -> its JSON; inside such a key -> base64 of its bytes
import { isUtf8 } from 'node:buffer'

import { arrayLength, mapLength, skipValue } from '../../core/msgpack.ts'
import { stringifyExact } from '../screen/parse.ts'

type Json = Record<string, unknown>

export interface DecodeLimits {
  readonly eventDepthMax: number
  readonly eventKeysMax: number
}

/** Keys that an object had again -> the number to try next for a name of their own. One for each object. */
type Clashes = Map<string, number>

/** Keys repeat in every entry: their texts are kept, found by their bytes. */
const keySlots = 2048
const keyBytesKeptMax = 64

class KeyCache {
  readonly #bytes: (Uint8Array | undefined)[] = Array.from({ length: keySlots })
  readonly #texts: string[] = Array.from({ length: keySlots }, () => '')

  text(buffer: Buffer, start: number, end: number): string {
    if (end - start > keyBytesKeptMax) return buffer.toString('utf8', start, end)
    let hash = end - start
    for (let at = start; at < end; at++) hash = Math.imul(hash ^ (buffer[at] as number), 0x01000193)
    const slot = (hash ^ (hash >>> 15)) & (keySlots - 1)
    const known = this.#bytes[slot]
    if (known !== undefined && isSame(known, buffer, start, end)) return this.#texts[slot] as string
    const text = buffer.toString('utf8', start, end)
    this.#bytes[slot] = Uint8Array.prototype.slice.call(buffer, start, end)
    this.#texts[slot] = text
    return text
  }
}

function isSame(known: Uint8Array, buffer: Uint8Array, start: number, end: number): boolean {
  if (known.length !== end - start) return false
  for (let at = 0; at < known.length; at++) if (known[at] !== buffer[start + at]) return false
  return true
}

export class MsgpackDecoder {
  /** Of what was decoded since `begin`. */
  keys = 0
  tooDeep = false
  /** Reading stopped at the key limit: the value is not whole, and `at` is anywhere. */
  tooManyKeys = false
  /** Something is in it that only exact JSON can say. */
  isExact = false
  /** Where the next value begins. */
  at = 0
  readonly #depthMax: number
  readonly #keysMax: number
  /** What is read is the key of a map. */
  #isInKey = false
  readonly #keyCache = new KeyCache()
  #buffer = Buffer.alloc(0)
  #view = new DataView<ArrayBufferLike>(new ArrayBuffer(0))

  constructor({ eventDepthMax, eventKeysMax }: DecodeLimits) {
    this.#depthMax = eventDepthMax
    this.#keysMax = eventKeysMax
  }

  open(bytes: Uint8Array): void {
    this.#buffer = Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength)
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  /** Bytes gone by must not be kept alive. */
  close(): void {
    this.open(new Uint8Array(0))
  }

  begin(at: number): void {
    this.at = at
    this.keys = 0
    this.tooDeep = false
    this.tooManyKeys = false
    this.isExact = false
    this.#isInKey = false
  }

  /** `depth`: of the value, if it is an object or a list; 1 is a record itself. Not to be called after `tooManyKeys`. */
  read(depth: number): unknown {
    const head = this.#buffer[this.at++] as number
    if (head < 0x80) return head
    if (head >= 0xe0) return head - 256
    if (head < 0x90) return this.#map(head & 15, depth)
    if (head < 0xa0) return this.#list(head & 15, depth)
    if (head < 0xc0) return this.#text(head & 31)
    return head < 0xcc ? this.#readOther(head) : this.#readNumber(head, depth)
  }

  /** 0xc0 … 0xcb: nil, booleans, bin, ext, floats. */
  #readOther(head: number): unknown {
    switch (head) {
      case 0xc2:
        return false
      case 0xc3:
        return true
      case 0xc4:
      case 0xc5:
      case 0xc6:
        return this.#bin(this.#length(head - 0xc4))
      case 0xc7:
      case 0xc8:
      case 0xc9:
        return this.#ext(this.#length(head - 0xc7))
      case 0xca:
        return finite(this.#view.getFloat32(this.#step(4)))
      case 0xcb:
        return finite(this.#view.getFloat64(this.#step(8)))
      default:
        return null
    }
  }

  /** 0xcc … 0xdf: integers, then what has a length before it. */
  #readNumber(head: number, depth: number): unknown {
    const view = this.#view
    switch (head) {
      case 0xcc:
        return this.#buffer[this.at++]
      case 0xcd:
        return view.getUint16(this.#step(2))
      case 0xce:
        return view.getUint32(this.#step(4))
      case 0xcf:
        return this.#whole(view.getBigUint64(this.#step(8)))
      case 0xd0:
        return view.getInt8(this.#step(1))
      case 0xd1:
        return view.getInt16(this.#step(2))
      case 0xd2:
        return view.getInt32(this.#step(4))
      case 0xd3:
        return this.#whole(view.getBigInt64(this.#step(8)))
      case 0xd9:
      case 0xda:
      case 0xdb:
        return this.#text(this.#length(head - 0xd9))
      case 0xdc:
      case 0xdd:
        return this.#list(this.#length(head - 0xdb), depth)
      case 0xde:
      case 0xdf:
        return this.#map(this.#length(head - 0xdd), depth)
      default:
        return this.#ext(1 << (head - 0xd4))
    }
  }

  #step(bytes: number): number {
    const at = this.at
    this.at = at + bytes
    return at
  }

  /** A length of 1, 2 or 4 bytes. */
  #length(power: number): number {
    if (power === 0) return this.#buffer[this.at++] as number
    return power === 1 ? this.#view.getUint16(this.#step(2)) : this.#view.getUint32(this.#step(4))
  }

  #whole(value: bigint): number | bigint {
    const number = Number(value)
    if (Number.isSafeInteger(number)) return number
    this.isExact = true
    return value
  }

  #text(length: number): string {
    const start = this.#step(length)
    return this.#buffer.toString('utf8', start, start + length)
  }

  #bin(length: number): string {
    const start = this.#step(length)
    const bytes = this.#buffer.subarray(start, start + length)
    return isUtf8(bytes) ? bytes.toString() : bytes.toString('base64')
  }

  #ext(length: number): unknown {
    const type = this.#view.getInt8(this.#step(1))
    const start = this.#step(length)
    const view = this.#view
    let iso: string | undefined
    if (type === 0 && length === 8) iso = isoTime(view.getUint32(start), view.getUint32(start + 4))
    else if (type === -1 && length === 4) iso = isoTime(view.getUint32(start), 0)
    else if (type === -1 && length === 8) {
      const nanos = view.getUint32(start)
      iso = isoTime((nanos & 3) * 2 ** 32 + view.getUint32(start + 4), nanos >>> 2)
    } else if (type === -1 && length === 12) iso = isoTime(Number(view.getBigInt64(start + 4)), view.getUint32(start))
    return iso ?? { ext: type, base64: this.#buffer.toString('base64', start, start + length) }
  }

  #list(count: number, depth: number): unknown[] {
    if (depth > this.#depthMax) this.tooDeep = true
    const values: unknown[] = []
    for (let i = 0; i < count && !this.tooManyKeys; i++) values.push(this.read(depth + 1))
    return values
  }

  #map(count: number, depth: number): Json {
    if (depth > this.#depthMax) this.tooDeep = true
    const object: Json = {}
    let clashes: Clashes | undefined
    for (let i = 0; i < count && !this.tooManyKeys; i++) {
      this.keys += 1
      this.tooManyKeys = this.keys > this.#keysMax
      const key = this.tooManyKeys ? '' : this.#key(depth)
      // The key itself may have been too much.
      if (this.tooManyKeys) break
      const value = this.read(depth + 1)
      // The second is also true for what every object inherits, `__proto__` above all.
      if (object[key] === undefined) object[key] = value
      else setAnew(object, key, value, (clashes ??= new Map()))
    }
    return object
  }

  #key(depth: number): string {
    const head = this.#buffer[this.at] as number
    if (head >= 0xa0 && head < 0xc0) {
      const start = this.at + 1
      this.at = start + (head & 31)
      return this.#keyCache.text(this.#buffer, start, this.at)
    }
    const start = this.at
    const isNesting = mapLength(this.#buffer, start) !== undefined || arrayLength(this.#buffer, start) !== undefined
    if (isNesting && this.#isInKey) {
      // JSON inside JSON inside JSON: each level would double the backslashes of the one below.
      this.at = skipValue(this.#buffer, start, this.#buffer.length)
      return this.#buffer.toString('base64', start, this.at)
    }
    const wasInKey = this.#isInKey
    this.#isInKey = true
    const key = this.read(depth + 1)
    this.#isInKey = wasInKey
    return typeof key === 'string' ? key : stringifyExact(key)
  }
}

/** JSON knows neither. */
function finite(value: number): number | string {
  return Number.isFinite(value) ? value : String(value)
}

/**
 * Sets a key that the object may have already: the second one of a name gets a name of its own. No number is tried twice
 * for a key, so that n repetitions cost n tries, not n².
 */
export function setAnew(object: Json, key: string, value: unknown, clashes: Clashes): void {
  let name = key
  if (Object.hasOwn(object, key)) {
    let turn = clashes.get(key) ?? 2
    while (Object.hasOwn(object, `${key}_${turn}`)) turn += 1
    name = `${key}_${turn}`
    clashes.set(key, turn + 1)
  }
  Object.defineProperty(object, name, { value, enumerable: true, configurable: true, writable: true })
}

/** Undefined: a time that no calendar names. */
function isoTime(seconds: number, nanos: number): string | undefined {
  if (nanos > 999_999_999 || Math.abs(seconds) > 8.64e12) return undefined
  const iso = new Date(seconds * 1000).toISOString()
  return `${iso.slice(0, -4)}${String(nanos).padStart(9, '0')}Z`
}
