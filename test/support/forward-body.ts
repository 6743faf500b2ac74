// Bodies of `forward` records for tests. An encoder of its own, because the usual ones can't write what strangers do:
// keys that come twice or are no text, integers of 64 bits beside extensions, bytes that are no msgpack.
import type { NewRecord } from '../../src/buffer/record.ts'
import type { ForwardMeta } from '../../src/core/event.ts'

/** Bytes written as they are. */
export class Raw {
  readonly bytes: Uint8Array

  constructor(bytes: Uint8Array | string) {
    this.bytes = typeof bytes === 'string' ? Buffer.from(bytes.replaceAll(' ', ''), 'hex') : bytes
  }
}

export class Ext {
  readonly type: number
  readonly data: Uint8Array

  constructor(type: number, data: Uint8Array) {
    this.type = type
    this.data = data
  }
}

/** EventTime: seconds and nanoseconds. */
export function eventTime(seconds: number, nanos = 0): Ext {
  const data = Buffer.alloc(8)
  data.writeUInt32BE(seconds >>> 0, 0)
  data.writeUInt32BE(nanos, 4)
  return new Ext(0, data)
}

/** Maps may be objects, or Maps and lists of pairs (`pairs`) with any keys. */
export class Pairs {
  readonly list: readonly (readonly [unknown, unknown])[]

  constructor(list: readonly (readonly [unknown, unknown])[]) {
    this.list = list
  }
}

function withLength(head: number, length: number, rest: readonly Uint8Array[]): Buffer {
  const bytes = Buffer.alloc(5)
  bytes[0] = head
  bytes.writeUInt32BE(length, 1)
  return Buffer.concat([bytes, ...rest])
}

function numberBytes(value: number | bigint): Buffer {
  if (typeof value === 'number' && value >= 0 && value < 128 && Number.isInteger(value) && !Object.is(value, -0))
    return Buffer.from([value])
  const bytes = Buffer.alloc(9)
  if (typeof value === 'bigint' || (Number.isSafeInteger(value) && !Object.is(value, -0))) {
    const isNegative = value < 0
    bytes[0] = isNegative ? 0xd3 : 0xcf
    if (isNegative) bytes.writeBigInt64BE(BigInt(value), 1)
    else bytes.writeBigUInt64BE(BigInt(value), 1)
  } else {
    bytes[0] = 0xcb
    bytes.writeDoubleBE(value, 1)
  }
  return bytes
}

export function encode(value: unknown): Uint8Array {
  if (value === null || value === undefined) return Buffer.from([0xc0])
  if (typeof value === 'boolean') return Buffer.from([value ? 0xc3 : 0xc2])
  if (typeof value === 'number' || typeof value === 'bigint') return numberBytes(value)
  if (typeof value === 'string') {
    const text = Buffer.from(value)
    if (text.length < 32) return Buffer.concat([Buffer.from([0xa0 + text.length]), text])
    return withLength(0xdb, text.length, [text])
  }
  if (value instanceof Raw) return value.bytes
  if (value instanceof Uint8Array) return withLength(0xc6, value.length, [value])
  if (value instanceof Ext && value.data.length === 8)
    return Buffer.concat([Buffer.from([0xd7, value.type & 255]), value.data])
  if (value instanceof Ext) return withLength(0xc9, value.data.length, [Buffer.from([value.type & 255]), value.data])
  if (Array.isArray(value)) {
    const items = value.map(encode)
    if (items.length < 16) return Buffer.concat([Buffer.from([0x90 + items.length]), ...items])
    return withLength(0xdd, items.length, items)
  }
  const pairs = value instanceof Pairs ? value.list : Object.entries(value)
  const parts = pairs.flatMap(([key, one]) => [encode(key), encode(one)])
  if (pairs.length < 16) return Buffer.concat([Buffer.from([0x80 + pairs.length]), ...parts])
  return withLength(0xdf, pairs.length, parts)
}

export interface ForwardOptions {
  readonly meta?: Partial<ForwardMeta> & Readonly<Record<string, unknown>>
  readonly source?: string
  readonly receivedAtMicros?: number
  /** Default: as many as there are values. */
  readonly count?: number
}

export function forwardRecord(values: readonly unknown[], options: ForwardOptions = {}): NewRecord {
  return {
    kind: 'forward',
    source: options.source ?? 'backend',
    receivedAtMicros: options.receivedAtMicros ?? Date.UTC(2026, 0, 15) * 1000,
    count: options.count ?? values.length,
    meta: JSON.stringify({ tag: 'app.api', ...options.meta }),
    body: Buffer.concat(values.map(encode)),
  }
}
