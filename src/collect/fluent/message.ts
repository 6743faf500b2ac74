// Takes one Forward message apart without decoding its entries: tag, entries, what the options say. The layouts are
// told apart by the second value: docs/specs/forward.md §3.
import { arrayLength, insideOf, intAt, mapLength, MsgpackInvalid, skipValue, textBytes } from '../../core/msgpack.ts'

export interface ForwardMessage {
  readonly tag: string
  /** Entries as they came: concatenated `[time, record]`, perhaps compressed. */
  readonly entries: Uint8Array
  /** `single`: Message mode, one entry that was framed here; several may share a record. */
  readonly mode: 'single' | 'many' | 'packed'
  /** The token to acknowledge with; undefined = the sender waits for nothing. */
  readonly chunk: Uint8Array | undefined
  /** What Fluent Bit sends on the same road. */
  readonly signal: 'logs' | 'metrics' | 'traces'
}

/** What is in one value of a connection, if it isn't a message: a bare nil is a heartbeat. */
export type Heartbeat = 'heartbeat'

const nil = 0xc0
/** Tag and token stand in each record's meta. */
const tagBytesMax = 16 * 1024
/** Senders use 24 bytes. */
const chunkTokenBytesMax = 1024

const decoder = new TextDecoder('utf-8', { ignoreBOM: true })

/** The whole value of `bytes` between `offset` and `end`. Error: MsgpackInvalid, with the reason for the log. */
export function readMessage(bytes: Uint8Array, offset: number, end: number): ForwardMessage | Heartbeat {
  if (bytes[offset] === nil) return 'heartbeat'
  const values = arrayLength(bytes, offset)
  if (values === undefined || values < 2 || values > 4)
    throw new MsgpackInvalid('A message is an array of 2 to 4 values.')
  const tagAt = insideOf(bytes, offset)
  const second = skipValue(bytes, tagAt, end)
  const tag = readTag(bytes, tagAt)
  const packed = textBytes(bytes, second)
  const behind = skipValue(bytes, second, end)
  if (packed !== undefined) {
    const options = optionsAt(bytes, behind, end, values > 2)
    return { tag, entries: packed, mode: 'packed', ...options.known }
  }
  if (arrayLength(bytes, second) !== undefined) {
    const options = optionsAt(bytes, behind, end, values > 2)
    return { tag, entries: bytes.subarray(insideOf(bytes, second), behind), mode: 'many', ...options.known }
  }
  if (values === 2) throw new MsgpackInvalid('A message of two values has entries as its second.')
  const recordEnd = skipValue(bytes, behind, end)
  const options = optionsAt(bytes, recordEnd, end, values > 3)
  const entry = entryOf(bytes.subarray(second, behind), options.metadata, bytes.subarray(behind, recordEnd))
  return { tag, entries: entry, mode: 'single', ...options.known }
}

function readTag(bytes: Uint8Array, offset: number): string {
  const tag = textBytes(bytes, offset)
  if (tag === undefined) throw new MsgpackInvalid('The tag is no text.')
  checkTagBytes(tag.length)
  return decoder.decode(tag)
}

/** For every language of the wire. Error: MsgpackInvalid. */
export function checkTagBytes(bytes: number): void {
  if (bytes > tagBytesMax) throw new MsgpackInvalid(`The tag is longer than ${tagBytesMax} bytes.`)
}

/** As `checkTagBytes`. */
export function checkChunkBytes(bytes: number): void {
  if (bytes > chunkTokenBytesMax) {
    throw new MsgpackInvalid(`The option chunk is longer than ${chunkTokenBytesMax} bytes.`)
  }
}

/** `[time, record]`, or `[[time, metadata], record]` where the options bring metadata (Fluent Bit, Message mode). */
function entryOf(time: Uint8Array, metadata: Uint8Array | undefined, record: Uint8Array): Uint8Array {
  const pair = [0x92]
  if (metadata === undefined) return Buffer.concat([Uint8Array.from(pair), time, record])
  return Buffer.concat([Uint8Array.from([...pair, ...pair]), time, metadata, record])
}

interface Options {
  readonly known: Pick<ForwardMessage, 'chunk' | 'signal'>
  readonly metadata: Uint8Array | undefined
}

/** Options are any map, or nil; what isn't known is nobody's fault. `size` is never believed. */
function optionsAt(bytes: Uint8Array, offset: number, end: number, isThere: boolean): Options {
  let chunk: Uint8Array | undefined
  let signal: ForwardMessage['signal'] = 'logs'
  let metadata: Uint8Array | undefined
  const pairs = isThere ? (mapLength(bytes, offset) ?? 0) : 0
  let at = pairs === 0 ? offset : insideOf(bytes, offset)
  for (let pair = 0; pair < pairs; pair += 1) {
    const valueAt = skipValue(bytes, at, end)
    const behind = skipValue(bytes, valueAt, end)
    const key = keyAt(bytes, at)
    if (key === 'chunk') chunk = textBytes(bytes, valueAt)
    if (key === 'fluent_signal') signal = signals[intAt(bytes, valueAt) ?? 0] ?? 'logs'
    if (key === 'metadata' && (mapLength(bytes, valueAt) ?? 0) > 0) metadata = bytes.subarray(valueAt, behind)
    at = behind
  }
  checkChunkBytes(chunk?.length ?? 0)
  return { known: { chunk, signal }, metadata }
}

const signals: readonly (ForwardMessage['signal'] | undefined)[] = ['logs', 'metrics', 'traces']
const keyBytesMax = 16

/** Undefined for what can't be one of ours. */
function keyAt(bytes: Uint8Array, offset: number): string | undefined {
  const key = textBytes(bytes, offset)
  return key === undefined || key.length > keyBytesMax ? undefined : Buffer.from(key).toString('latin1')
}

/** `{ack: <chunk>}`, the token as str with the very bytes that came. */
export function ackOf(chunk: Uint8Array): Buffer {
  const length = chunk.length
  const head = length < 32 ? [0xa0 | length] : length < 256 ? [0xd9, length] : [0xda, length >> 8, length & 0xff]
  return Buffer.concat([Uint8Array.from([0x81, 0xa3, 0x61, 0x63, 0x6b, ...head]), chunk])
}
