// Walks over msgpack without making objects: where a value ends, how many entries there are. Used by intake, which
// counts and cuts before it answers, and by the engine, which decodes later. https://github.com/msgpack/msgpack spec.md

/** Containers inside containers. Deeper is nothing that a program writes on purpose, and what decodes later recurses. */
export const msgpackDepthMax = 128

/** These bytes are no msgpack, or nest too deep; more bytes would not help. */
export class MsgpackInvalid extends Error {
  override name = 'MsgpackInvalid'
}

/**
 * The offset behind the value at `offset`; -1 if the bytes end (at `end`) before it does. Makes no objects, and costs as
 * much as there are bytes, whatever lengths are declared. Error: MsgpackInvalid.
 */
export function skipValue(bytes: Uint8Array, offset: number, end: number): number {
  return skipNested(bytes, offset, end, 0)
}

function skipNested(bytes: Uint8Array, offset: number, end: number, depth: number): number {
  const size = headBytes(bytes, offset, end)
  let at = offset + size
  if (size === -1 || at > end) return -1
  const children = childrenOf(bytes, offset)
  if (children === 0) return at
  if (depth >= msgpackDepthMax) throw tooDeep()
  for (let child = 0; child < children; child += 1) {
    at = skipNested(bytes, at, end, depth + 1)
    if (at === -1) return -1
  }
  return at
}

/**
 * `skipValue` for a value that arrives in pieces: each byte is looked at once, however many pieces there are. One walker
 * a value; after the end was found it begins anew.
 */
export class ValueWalker {
  /** Of the open containers, outermost first: values still to come. */
  readonly #open: number[] = []
  #walked = 0

  /** Bytes that the value has at least, counted from its beginning; may be more than have arrived. */
  get bytesMin(): number {
    return this.#walked
  }

  /**
   * The value begins at `offset`, and its bytes before `end` are there: those of the last call and perhaps more. Returns
   * the offset behind it, or -1 if it goes on. Error: MsgpackInvalid.
   */
  advance(bytes: Uint8Array, offset: number, end: number): number {
    let at = offset + this.#walked
    while (at === offset || this.#open.length > 0) {
      const size = headBytes(bytes, at, end)
      if (size === -1) break
      this.#enter(childrenOf(bytes, at))
      at += size
    }
    const isWhole = at > offset && this.#open.length === 0 && at <= end
    this.#walked = isWhole ? 0 : at - offset
    return isWhole ? at : -1
  }

  #enter(children: number): void {
    const open = this.#open
    if (children > 0) {
      if (open.length >= msgpackDepthMax) throw tooDeep()
      open.push(children)
      return
    }
    while (open.length > 0) {
      const left = (open.at(-1) ?? 0) - 1
      if (left > 0) {
        open[open.length - 1] = left
        return
      }
      open.pop()
    }
  }
}

/** A Fluent Bit group marker instead of an entry: the record of a start says what all entries up to the end share. */
export type GroupMarker = 'start' | 'end'

/**
 * Fluent Bit sends OpenTelemetry's groups as entries of the seconds -1 (start) and -2 (end). `offset` is where a whole
 * value begins; it is a marker only as Fluent Bit writes them, `[time, map]` or `[[time, map], map]`. Anything else of
 * such a time is an entry, or none, and must be counted: markers leave no trace of their own.
 */
export function groupMarkerOf(bytes: Uint8Array, offset: number): GroupMarker | undefined {
  if (arrayLength(bytes, offset) !== 2) return undefined
  const timeAt = insideOf(bytes, offset)
  const parts = arrayLength(bytes, timeAt)
  const secondsAt = parts === undefined ? timeAt : insideOf(bytes, timeAt)
  const seconds = parts === undefined || parts === 2 ? secondsOf(bytes, secondsAt) : undefined
  if (seconds !== -1 && seconds !== -2) return undefined
  let at = skipValue(bytes, secondsAt, bytes.length)
  if (parts === 2) at = behindMap(bytes, at)
  if (mapLength(bytes, at) === undefined) return undefined
  return seconds === -1 ? 'start' : 'end'
}

/** -1: no map begins at `offset`, or it isn't whole. */
function behindMap(bytes: Uint8Array, offset: number): number {
  return mapLength(bytes, offset) === undefined ? -1 : skipValue(bytes, offset, bytes.length)
}

export function isGroupMarker(bytes: Uint8Array, offset: number): boolean {
  return groupMarkerOf(bytes, offset) !== undefined
}

/** Of a number of a signed kind or an EventTime: its seconds as a signed number; meant for negative ones that are small. */
function secondsOf(bytes: Uint8Array, offset: number): number | undefined {
  const head = bytes[offset] ?? 0
  if (head >= 0xe0) return head - 256
  if (head === 0xd0) return uintAt(bytes, offset + 1, 1) - 2 ** 8
  if (head === 0xd1) return uintAt(bytes, offset + 1, 2) - 2 ** 16
  if (head === 0xd2) return uintAt(bytes, offset + 1, 4) - 2 ** 32
  // The same bits behind 0xcf are a large number, not a small negative one.
  if (head === 0xd3) {
    return uintAt(bytes, offset + 1, 4) === 0xffffffff ? uintAt(bytes, offset + 5, 4) - 2 ** 32 : undefined
  }
  if (head === 0xd7 && bytes[offset + 1] === 0) return uintAt(bytes, offset + 2, 4) - 2 ** 32
  if (head === 0xc7 && bytes[offset + 1] === 8 && bytes[offset + 2] === 0) return uintAt(bytes, offset + 3, 4) - 2 ** 32
  return undefined
}

/** Values in the array at `offset`; undefined if there is no array. The head must be there. */
export function arrayLength(bytes: Uint8Array, offset: number): number | undefined {
  return kinds[bytes[offset] ?? 0] === array ? childrenOf(bytes, offset) : undefined
}

/** Pairs in the map at `offset`; undefined if there is no map. The head must be there. */
export function mapLength(bytes: Uint8Array, offset: number): number | undefined {
  return kinds[bytes[offset] ?? 0] === map ? childrenOf(bytes, offset) / 2 : undefined
}

/** Of an array or a map: where its first value begins. */
export function insideOf(bytes: Uint8Array, offset: number): number {
  return offset + 1 + (lengthBytes[bytes[offset] ?? 0] ?? 0)
}

/** The bytes of the str or bin at `offset`, not copied; undefined if there is neither. The value must be there. */
export function textBytes(bytes: Uint8Array, offset: number): Uint8Array | undefined {
  const head = bytes[offset] ?? 0
  if (kinds[head] !== text) return undefined
  const width = lengthBytes[head] ?? 0
  const length = width === 0 ? head & 0x1f : uintAt(bytes, offset + 1, width)
  const begin = offset + 1 + width
  return bytes.subarray(begin, begin + length)
}

/** Whole numbers only: the value, or undefined for anything else. Beyond 2^53 it is not exact. */
export function intAt(bytes: Uint8Array, offset: number): number | undefined {
  const head = bytes[offset] ?? 0
  if (head <= 0x7f) return head
  if (head >= 0xe0) return head - 256
  if (head < 0xcc || head > 0xd3) return undefined
  const isSigned = head >= 0xd0
  if ((head & 3) === 3) return wholeAt(bytes, offset + 1, 4, isSigned) * 2 ** 32 + uintAt(bytes, offset + 5, 4)
  return wholeAt(bytes, offset + 1, 1 << (head & 3), isSigned)
}

function wholeAt(bytes: Uint8Array, offset: number, width: number, isSigned: boolean): number {
  const isNegative = isSigned && (bytes[offset] ?? 0) >= 0x80
  return uintAt(bytes, offset, width) - (isNegative ? 2 ** (8 * width) : 0)
}

// What a head says, by its first byte: its kind, how many bytes of a length follow, and what comes behind the length
// apart from the payload it counts.
const leaf = 0
const text = 1
const array = 2
const map = 3
const invalid = 4
const kinds = new Uint8Array(256)
const lengthBytes = new Uint8Array(256)
const fixedBytes = new Uint8Array(256)

function describe(first: number, last: number, kind: number, lengthWidth: number, fixed: number): void {
  kinds.fill(kind, first, last + 1)
  lengthBytes.fill(lengthWidth, first, last + 1)
  fixedBytes.fill(fixed, first, last + 1)
}

describe(0x00, 0x7f, leaf, 0, 1)
describe(0x80, 0x8f, map, 0, 1)
describe(0x90, 0x9f, array, 0, 1)
for (let length = 0; length < 32; length += 1) describe(0xa0 + length, 0xa0 + length, text, 0, 1 + length)
describe(0xc0, 0xc3, leaf, 0, 1)
describe(0xc1, 0xc1, invalid, 0, 1)
for (const [power, width] of [1, 2, 4].entries()) {
  describe(0xc4 + power, 0xc4 + power, text, width, 1)
  describe(0xc7 + power, 0xc7 + power, leaf, width, 2)
  describe(0xd9 + power, 0xd9 + power, text, width, 1)
}
describe(0xca, 0xca, leaf, 0, 5)
describe(0xcb, 0xcb, leaf, 0, 9)
for (const [power, width] of [1, 2, 4, 8].entries()) {
  describe(0xcc + power, 0xcc + power, leaf, 0, 1 + width)
  describe(0xd0 + power, 0xd0 + power, leaf, 0, 1 + width)
}
for (const [power, width] of [1, 2, 4, 8, 16].entries()) describe(0xd4 + power, 0xd4 + power, leaf, 0, 2 + width)
describe(0xdc, 0xdc, array, 2, 1)
describe(0xdd, 0xdd, array, 4, 1)
describe(0xde, 0xde, map, 2, 1)
describe(0xdf, 0xdf, map, 4, 1)
describe(0xe0, 0xff, leaf, 0, 1)

/** Bytes of the value's head and its payload, without what is inside it; -1 if the head is not whole. */
function headBytes(bytes: Uint8Array, offset: number, end: number): number {
  if (offset >= end) return -1
  const head = bytes[offset] ?? 0
  const fixed = fixedBytes[head] ?? 0
  const width = lengthBytes[head] ?? 0
  if (width === 0) {
    if (head === 0xc1) throw new MsgpackInvalid('There is a byte (0xc1) that msgpack never uses.')
    return fixed
  }
  if (offset + 1 + width > end) return -1
  // Lengths of arrays and maps count values, not bytes.
  return fixed + width + (head >= 0xdc ? 0 : uintAt(bytes, offset + 1, width))
}

/** Values inside the one at `offset`: 0 for everything but arrays and maps. */
function childrenOf(bytes: Uint8Array, offset: number): number {
  const head = bytes[offset] ?? 0
  if (head < 0x80) return 0
  if (head <= 0x8f) return (head & 0x0f) * 2
  if (head <= 0x9f) return head & 0x0f
  if (head < 0xdc || head > 0xdf) return 0
  const length = uintAt(bytes, offset + 1, head & 1 ? 4 : 2)
  return head >= 0xde ? length * 2 : length
}

function uintAt(bytes: Uint8Array, offset: number, width: number): number {
  let value = 0
  for (let index = 0; index < width; index += 1) value = value * 256 + (bytes[offset + index] ?? 0)
  return value
}

function tooDeep(): MsgpackInvalid {
  return new MsgpackInvalid(`The value nests deeper than ${msgpackDepthMax} levels.`)
}
