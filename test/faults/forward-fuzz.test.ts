// Whatever comes to the Forward port: no crash, bounded memory, and the others on the port notice nothing.
import { randomBytes } from 'node:crypto'
import { constants, gzipSync, zstdCompressSync, zstdDecompressSync } from 'node:zlib'

import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { cutEntries } from '../../src/collect/fluent/entries.ts'
import { readMessage } from '../../src/collect/fluent/message.ts'
import { zstdFrameAt } from '../../src/collect/http/zstd-frames.ts'
import { MsgpackInvalid, skipValue } from '../../src/core/msgpack.ts'
import { type ForwardRig, hex, MiB, openSender, pack, startForward, unpackAll } from '../wire/forward-rig.ts'

const entries = [1, 2, 3].map((n) => [n, { n, text: 'some text', list: [1, { deep: [n] }] }])
const packed = pack(...entries)
const validMessages: readonly Buffer[] = [
  pack(['app.log', 1_700_000_000, { a: 1 }, { chunk: 'c' }]),
  pack(['app.log', entries, { chunk: 'c', size: 3 }]),
  pack(['app.log', packed, { chunk: 'c' }]),
  pack(['app.log', gzipSync(packed), { chunk: 'c', compressed: 'gzip' }]),
  pack(['app.log', zstdCompressSync(packed), { chunk: 'c', compressed: 'zstd' }]),
  Buffer.from('["app.log",[[1,{"a":[1,{"b":"c"}]}]],{"chunk":"c"}]'),
]

const mutated = fc
  .tuple(
    fc.constantFrom(...validMessages),
    fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), { minLength: 1, maxLength: 6 }),
  )
  .map(([message, changes]) => {
    const copy = Buffer.from(message)
    for (const [at, byte] of changes) copy[at % copy.length] = byte
    return copy
  })

const anything = fc.oneof(
  fc.uint8Array({ maxLength: 2_000 }).map((bytes) => Buffer.from(bytes)),
  mutated,
  fc
    .tuple(fc.constantFrom(...validMessages), fc.nat())
    .map(([message, at]) => message.subarray(0, at % message.length)),
)

/** The frames with data; undefined if not all of it is whole frames. */
function framesOf(bytes: Buffer): Buffer[] | undefined {
  const frames: Buffer[] = []
  for (let at = 0; at < bytes.length;) {
    const frame = zstdFrameAt(bytes, at)
    if (frame === undefined) return undefined
    expect(frame.end).toBeGreaterThan(at)
    if (frame.isData) frames.push(bytes.subarray(at, frame.end))
    at = frame.end
  }
  return frames
}

describe('the parts of the port', () => {
  it('take any whole value apart, or say that it is none', () => {
    fc.assert(
      fc.property(anything, (bytes) => {
        let end: number
        try {
          end = skipValue(bytes, 0, bytes.length)
          if (end === -1) return
          const message = readMessage(bytes, 0, end)
          if (message !== 'heartbeat') expect(message.entries.length).toBeLessThanOrEqual(bytes.length + 2)
        } catch (error) {
          expect(error).toBeInstanceOf(MsgpackInvalid)
        }
      }),
      { numRuns: 3_000 },
    )
  })

  it('cut any bytes into bodies that can be walked, and lose none of them', () => {
    const shuffled = fc.oneof(
      fc.uint8Array({ maxLength: 500 }),
      fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })).map(([at, byte]) => {
        const copy = Buffer.from(packed)
        copy[at % copy.length] = byte
        return copy
      }),
    )
    fc.assert(
      fc.property(shuffled, (bytes) => {
        const parts = cutEntries(bytes)
        for (const { body, count } of parts) expect(unpackAllLoosely(body)).toBeGreaterThanOrEqual(count)
        const last = parts.at(-1)
        const total = parts.reduce((sum, { body }) => sum + body.length, 0)
        const isWrapped = total === bytes.length + 5 && last?.body[0] === 0xc6
        expect(total === bytes.length || isWrapped).toBe(true)
      }),
      { numRuns: 3_000 },
    )
  })

  it('find every frame of zstd, whatever it holds', () => {
    const { ZSTD_c_checksumFlag, ZSTD_c_compressionLevel, ZSTD_c_contentSizeFlag } = constants
    const flag = fc.integer({ min: 0, max: 1 })
    const content = fc.oneof(
      fc.uint8Array({ maxLength: 400 }).map((bytes) => Buffer.from(bytes)),
      fc.integer({ min: 0, max: 400_000 }).map((length) => Buffer.alloc(length, 'some text ')),
      fc.integer({ min: 100_000, max: 300_000 }).map((length) => randomBytes(length)),
    )
    const part = fc
      .tuple(content, flag, flag, fc.integer({ min: 1, max: 9 }))
      .map(([bytes, checksum, size, level]) => ({
        bytes,
        packed: zstdCompressSync(bytes, {
          params: {
            [ZSTD_c_checksumFlag]: checksum,
            [ZSTD_c_contentSizeFlag]: size,
            [ZSTD_c_compressionLevel]: level,
          },
        }),
      }))
    fc.assert(
      fc.property(fc.array(part, { maxLength: 4 }), (parts) => {
        const found = framesOf(Buffer.concat(parts.map(({ packed: one }) => one))) ?? []
        // Node ends what fills its output exactly with an empty frame, so there may be more frames than parts.
        expect(found.length).toBeGreaterThanOrEqual(parts.length)
        const plain = Buffer.concat(found.map((one) => zstdDecompressSync(one)))
        expect(plain.equals(Buffer.concat(parts.map(({ bytes }) => bytes)))).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  it('find frames of zstd, or none, in any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const frame = zstdCompressSync(packed)
        const all = framesOf(Buffer.concat([frame, hex('50 2a 4d 18 02 00 00 00 00 00'), frame]))
        expect(all?.map((one) => one.equals(frame))).toEqual([true, true])
        const some = framesOf(Buffer.concat([frame, bytes]))
        if (bytes.length > 0 && some !== undefined) expect(some.length).toBeGreaterThan(0)
      }),
      { numRuns: 300 },
    )
  })
})

/** The number of values; throws where the walk doesn't end cleanly. */
function unpackAllLoosely(body: Uint8Array): number {
  let values = 0
  for (let at = 0; at < body.length; values += 1) {
    at = skipValue(body, at, body.length)
    if (at === -1) throw new Error('The body ends in the middle of a value.')
  }
  return values
}

describe.each([
  ['open', {}],
  ['with a shared key', { forwardSharedKey: 'k' }],
])('a port %s', (_name, settings) => {
  let rig: ForwardRig

  beforeEach(async () => {
    // What was kept is not decoded here: not all of it can be.
    const append = (): Promise<number> => Promise.resolve(1)
    rig = await startForward({ append, settings: { ...settings, chunkBytesMax: MiB, chunksBytesMax: 4 * MiB } })
  })

  afterEach(async () => {
    await rig.stop()
  })

  it('outlives whatever is sent to it, and holds nothing afterwards', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anything, { minLength: 1, maxLength: 4 }), async (pieces) => {
        const sender = await openSender(rig.port)
        sender.send(...pieces)
        sender.socket.end()
        await sender.closed
      }),
      { numRuns: 120 },
    )
    expect(rig.lines.filter(({ level }) => level >= 50)).toEqual([])
    expect(rig.server.stats()).toMatchObject({ heldBytes: 0, connections: 0 })
  })
})

describe('truncation', () => {
  it('at every byte keeps all whole messages before it, and never a part', async () => {
    const rig = await startForward()
    const first = pack(['t', [[1, { n: 1 }]], { chunk: 'first' }])
    for (const message of validMessages.slice(0, 5)) {
      const bytes = Buffer.concat([first, message])
      for (let end = first.length; end < bytes.length; end += 3) {
        const before = rig.records.length
        const sender = await openSender(rig.port)
        sender.send(bytes.subarray(0, end))
        sender.socket.end()
        await sender.closed
        expect(sender.answers()).toEqual([{ ack: 'first' }])
        expect(rig.records.slice(before).flatMap((record) => unpackAll(record.body))).toEqual([[1, { n: 1 }]])
      }
    }
    await rig.stop()
  })
})

describe('declared lengths', () => {
  it.each([
    ['a map of four billion pairs', hex('93 a1 74 01 df ffffffff')],
    ['an array of four billion entries', hex('92 a1 74 dd ffffffff')],
    ['a text of four gigabytes', hex('92 a1 74 db ffffffff')],
    ['a tag of four gigabytes', hex('93 db ffffffff')],
  ])('cost nothing: %s', async (_name, bytes) => {
    const rig = await startForward({ settings: { chunkBytesMax: 4 * MiB } })
    const before = process.memoryUsage().arrayBuffers
    const senders = await Promise.all(Array.from({ length: 50 }, async () => openSender(rig.port)))
    for (const sender of senders) sender.send(bytes)
    const other = await openSender(rig.port)
    other.send(pack(['t', [[1, {}]], { chunk: 'c' }]))
    expect(await other.answered(1)).toEqual([{ ack: 'c' }])
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(8 * MiB)
    for (const sender of [other, ...senders]) sender.close()
    await rig.stop()
  })
})
