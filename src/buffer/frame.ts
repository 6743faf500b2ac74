// The frame codec: one record, segment header or cut as bytes under one checksum. Layout: docs/specs/buffer.md §4.
// Parsing never throws: whatever stands in a file is an answer (a frame, not enough bytes, no frame).
import { crc32 } from 'node:zlib'

import { assert, MillpondError } from '../core/errors.ts'
import type { NewRecord, RecordKind, StoredRecord } from './record.ts'

/** 0xFF never stands in UTF-8, so a body of JSON can't hold it. The last byte is the version of the format. */
export const frameMagic = Buffer.from([0xff, 0x4d, 0x50, 0x01])
export const frameHeaderBytes = 40
export const frameBytesMax = 256 * 1024 * 1024
/** Sequences are startNumber * 2^32 + n and must stay safe integers. */
export const startNumberMax = 2 ** 21 - 1
export const sequencesPerStart = 2 ** 32

export const frameType = { header: 1, record: 2, cut: 3 } as const

const kindCodes: Readonly<Record<RecordKind, number>> = { segment: 1, row: 2, forward: 3, append: 4 }
const kindNames: readonly (RecordKind | undefined)[] = [undefined, 'segment', 'row', 'forward', 'append']

const magicNumber = frameMagic.readUInt32LE(0)
/** Below this size copying a body is cheaper than one more part of the vectored write. */
const copyBodyBytesMax = 4096
const sequenceHighOffset = 28
/** A character takes at most three bytes of UTF-8, and the length field holds 65,535. */
const sourceCharactersMax = 20_000

/** A frame as it lies in `bytes`, whose checksum was right. Strings are decoded on demand: most passes need none. */
export interface Frame {
  readonly type: number
  readonly kind: RecordKind | undefined
  readonly count: number
  readonly sequence: number
  readonly micros: number
  /** Bytes of the whole frame. */
  readonly length: number
  readonly bytes: Buffer
}

/** 'bad': no frame begins here. A number: not decidable before that many bytes are there. */
export type ParsedFrame = Frame | 'bad' | number

export interface FrameHead {
  readonly type: number
  readonly count: number
  readonly sequence: number
  readonly length: number
  readonly sourceBytes: number
}

function readUint64(bytes: Buffer, offset: number): number {
  return bytes.readUInt32LE(offset) + bytes.readUInt32LE(offset + 4) * 4_294_967_296
}

function writeUint64(bytes: Buffer, value: number, offset: number): void {
  bytes.writeUInt32LE(value % 4_294_967_296, offset)
  bytes.writeUInt32LE(Math.floor(value / 4_294_967_296), offset + 4)
}

/** The fixed header at `offset`, not checked against the checksum; for hopping from frame to frame. */
export function parseFrameHead(window: Buffer, offset: number): FrameHead | 'bad' | number {
  if (window.length - offset < frameHeaderBytes) return frameHeaderBytes
  if (window.readUInt32LE(offset) !== magicNumber) return 'bad'
  const length = window.readUInt32LE(offset + 4)
  const sourceBytes = window.readUInt16LE(offset + 14)
  const fixedBytes = frameHeaderBytes + sourceBytes + window.readUInt32LE(offset + 20)
  if (length < fixedBytes || length > frameBytesMax) return 'bad'
  if (window.readUInt32LE(offset + sequenceHighOffset) > startNumberMax) return 'bad'
  return {
    type: window[offset + 12] ?? 0,
    count: window.readUInt32LE(offset + 16),
    sequence: readUint64(window, offset + 24),
    length,
    sourceBytes,
  }
}

/** The whole frame at `offset`, checksum included. */
export function parseFrame(window: Buffer, offset: number): ParsedFrame {
  const head = parseFrameHead(window, offset)
  if (typeof head !== 'object') return head
  const { type, length } = head
  if (window.length - offset < length) return length
  const bytes = window.subarray(offset, offset + length)
  if (crc32(bytes.subarray(12)) !== bytes.readUInt32LE(8)) return 'bad'
  const kind = kindNames[bytes[13] ?? 0]
  if (type === frameType.record && kind === undefined) return 'bad'
  const micros = readUint64(bytes, 32)
  return { type, kind, count: head.count, sequence: head.sequence, micros, length, bytes }
}

export function frameSource(frame: Frame): string {
  return frame.bytes.toString('utf8', frameHeaderBytes, frameHeaderBytes + frame.bytes.readUInt16LE(14))
}

export function frameBody(frame: Frame): Buffer {
  const { bytes } = frame
  return bytes.subarray(frameHeaderBytes + bytes.readUInt16LE(14) + bytes.readUInt32LE(20))
}

/** The record of a record frame. Its body is a view of the bytes that were read, not a copy. */
export function frameRecord(frame: Frame): StoredRecord {
  const { bytes, kind } = frame
  assert(frame.type === frameType.record && kind !== undefined, 'only a record frame holds a record')
  const metaOffset = frameHeaderBytes + bytes.readUInt16LE(14)
  const bodyOffset = metaOffset + bytes.readUInt32LE(20)
  return {
    kind,
    source: bytes.toString('utf8', frameHeaderBytes, metaOffset),
    receivedAtMicros: frame.micros,
    count: frame.count,
    meta: bytes.toString('utf8', metaOffset, bodyOffset),
    body: bytes.subarray(bodyOffset),
    sequence: frame.sequence,
  }
}

function writeHead(
  head: Buffer,
  fields: { type: number; kind: number; count: number; sequence: number; micros: number; length: number },
  sourceBytes: number,
  metaBytes: number,
): void {
  assert(fields.length <= frameBytesMax, `a frame of ${fields.length} bytes is too long`)
  assert(sourceBytes <= 0xffff, 'a source name is too long for a frame')
  assert(
    Number.isSafeInteger(fields.sequence) && fields.sequence >= 0,
    `sequence ${fields.sequence} is no safe integer`,
  )
  assert(Number.isSafeInteger(fields.micros) && fields.micros >= 0, `time ${fields.micros} is no whole microsecond`)
  assert(Number.isInteger(fields.count) && fields.count >= 0, `count ${fields.count} is no whole number`)
  frameMagic.copy(head, 0)
  head.writeUInt32LE(fields.length, 4)
  head[12] = fields.type
  head[13] = fields.kind
  head.writeUInt16LE(sourceBytes, 14)
  head.writeUInt32LE(fields.count, 16)
  head.writeUInt32LE(metaBytes, 20)
  writeUint64(head, fields.sequence, 24)
  writeUint64(head, fields.micros, 32)
}

/** Bytes that `record` takes in a file. */
export function recordFrameBytes(record: NewRecord): number {
  return frameHeaderBytes + Buffer.byteLength(record.source) + Buffer.byteLength(record.meta) + record.body.byteLength
}

/** What a frame can't hold is refused before it shares a group with others. */
export function checkRecord(record: NewRecord, bytes: number): MillpondError | undefined {
  const { count, receivedAtMicros, source } = record
  const isCount = Number.isInteger(count) && count >= 0 && count <= 0xffffffff
  const isTime = Number.isSafeInteger(receivedAtMicros) && receivedAtMicros >= 0
  if (isCount && isTime && source.length <= sourceCharactersMax && bytes <= frameBytesMax) return undefined
  return new MillpondError(
    'bug',
    `BUG: a record can't be framed (count ${count}, time ${receivedAtMicros}, ${bytes} bytes)`,
  )
}

/** Appends the frame's parts to `parts` and returns its length. Large bodies are referenced, not copied. */
export function encodeRecord(record: NewRecord, sequence: number, parts: Uint8Array[]): number {
  const { body, source, meta } = record
  const sourceBytes = Buffer.byteLength(source)
  const metaBytes = Buffer.byteLength(meta)
  const fixedBytes = frameHeaderBytes + sourceBytes + metaBytes
  const length = fixedBytes + body.byteLength
  const copied = body.byteLength <= copyBodyBytesMax
  const head = Buffer.allocUnsafe(copied ? length : fixedBytes)
  const fields = { type: frameType.record, kind: kindCodes[record.kind], count: record.count, sequence, length }
  writeHead(head, { ...fields, micros: record.receivedAtMicros }, sourceBytes, metaBytes)
  head.write(source, frameHeaderBytes, sourceBytes)
  head.write(meta, frameHeaderBytes + sourceBytes, metaBytes)
  if (copied) head.set(body, fixedBytes)
  const headSum = crc32(head.subarray(12))
  head.writeUInt32LE(copied ? headSum : crc32(body, headSum), 8)
  parts.push(head)
  if (!copied) parts.push(body)
  return length
}

/** A segment header or a cut: a frame whose body is JSON. */
export function encodeControl(type: 1 | 3, sequence: number, micros: number, body: unknown): Buffer {
  const json = Buffer.from(JSON.stringify(body))
  const frame = Buffer.allocUnsafe(frameHeaderBytes + json.length)
  writeHead(frame, { type, kind: 0, count: 0, sequence, micros, length: frame.length }, 0, 0)
  json.copy(frame, frameHeaderBytes)
  frame.writeUInt32LE(crc32(frame.subarray(12)), 8)
  return frame
}
