import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import type { OpenFile } from '../core/files.ts'
import {
  checkRecord,
  encodeControl,
  encodeRecord,
  frameBody,
  frameMagic,
  frameRecord,
  frameType,
  parseFrame,
  parseFrameHead,
  recordFrameBytes,
} from './frame.ts'
import type { NewRecord, RecordKind } from './record.ts'
import { FrameScanner, hopFrames } from './scan.ts'

const first = 3 * 2 ** 32 + 1

const records = fc.record({
  kind: fc.constantFrom<RecordKind>('segment', 'row', 'forward'),
  source: fc.string({ maxLength: 20, unit: 'grapheme' }),
  receivedAtMicros: fc.nat({ max: Number.MAX_SAFE_INTEGER }),
  count: fc.nat({ max: 0xffffffff }),
  meta: fc.string({ maxLength: 60, unit: 'grapheme' }),
  body: fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.uint8Array({ minLength: 4000, maxLength: 5000 })),
})

function bytesOf(record: NewRecord, sequence: number): Buffer {
  const parts: Uint8Array[] = []
  encodeRecord(record, sequence, parts)
  return Buffer.concat(parts)
}

/** A file of bytes in memory, for the scanners. */
function fileOf(bytes: Buffer): OpenFile {
  return {
    read: (target, offset) => Promise.resolve(bytes.copy(target, 0, Math.min(offset, bytes.length))),
    size: () => Promise.resolve(bytes.length),
    write: () => Promise.reject(new Error('read only')),
    truncate: () => Promise.reject(new Error('read only')),
    sync: () => Promise.resolve(),
    close: () => Promise.resolve(),
  }
}

async function scan(
  bytes: Buffer,
  windowBytes: number,
): Promise<{ sequences: number[]; damaged: number; validEnd: number }> {
  const scanner = new FrameScanner(fileOf(bytes), { offset: 0, end: Infinity, firstSequence: first, windowBytes })
  const sequences: number[] = []
  let damaged = 0
  for (let found = await scanner.next(); found !== undefined; found = await scanner.next()) {
    sequences.push(found.frame.sequence)
    if (found.damagedFrom !== undefined) damaged += 1
  }
  return { sequences, damaged, validEnd: scanner.validEnd }
}

const sample: NewRecord = {
  kind: 'segment',
  source: 'web',
  receivedAtMicros: 1_767_225_600_000_000,
  count: 2,
  meta: '{"call":"batch"}',
  body: Buffer.from('{"batch":[1,2]}'),
}

describe('frame', () => {
  test('any record comes back as it went in, wherever it lies', () => {
    fc.assert(
      fc.property(records, fc.nat({ max: 2 ** 31 }), fc.nat({ max: 50 }), (record, n, before) => {
        const bytes = bytesOf(record, first + n)
        expect(bytes.length).toBe(recordFrameBytes(record))
        const parsed = parseFrame(Buffer.concat([Buffer.alloc(before, 7), bytes, Buffer.alloc(9)]), before)
        if (typeof parsed !== 'object') throw new Error(`not parsed: ${parsed}`)
        const { body, ...rest } = frameRecord(parsed)
        const { body: bodyBefore, ...restBefore } = record
        expect(rest).toEqual({ ...restBefore, sequence: first + n })
        expect(Buffer.compare(body, bodyBefore)).toBe(0)
      }),
    )
  })

  test('random bytes are an answer, never an exception', () => {
    const noise = fc.uint8Array({ maxLength: 400 })
    fc.assert(
      fc.property(noise, fc.boolean(), fc.nat({ max: 20 }), (bytes, withMagic, offset) => {
        const window = Buffer.concat([Buffer.alloc(offset), withMagic ? frameMagic : Buffer.alloc(0), bytes])
        for (const parse of [parseFrame, parseFrameHead]) {
          const parsed = parse(window, offset)
          expect(['object', 'number', 'string']).toContain(typeof parsed)
        }
      }),
    )
  })

  test('one flipped bit anywhere makes the frame bad or unfinished, never another record', () => {
    const bytes = bytesOf(sample, first)
    for (let bit = 0; bit < bytes.length * 8; bit += 1) {
      const flipped = Buffer.from(bytes)
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(typeof parseFrame(flipped, 0), `bit ${bit}`).not.toBe('object')
    }
  })

  test('asks for as many bytes as it needs', () => {
    const bytes = bytesOf(sample, first)
    expect(parseFrame(bytes.subarray(0, 10), 0)).toBe(40)
    expect(parseFrame(bytes.subarray(0, 50), 0)).toBe(bytes.length)
  })

  test('a control frame carries JSON', () => {
    const frame = parseFrame(encodeControl(frameType.cut, first, 5, { totals: { web: 3 } }), 0)
    if (typeof frame !== 'object') throw new Error('not parsed')
    expect(frame).toMatchObject({ type: frameType.cut, sequence: first, micros: 5 })
    expect(frameBody(frame).toString()).toBe('{"totals":{"web":3}}')
  })

  test.each([
    ['a count that is no number', { count: Number.NaN }],
    ['a negative count', { count: -1 }],
    ['half a microsecond', { receivedAtMicros: 0.5 }],
    ['a source of 70,000 bytes', { source: 'x'.repeat(70_000) }],
  ])('refuses a record with %s', (_, wrong) => {
    const record = { ...sample, ...wrong }
    expect(checkRecord(record, recordFrameBytes(record))?.code).toBe('bug')
    expect(checkRecord(sample, recordFrameBytes(sample))).toBeUndefined()
  })
})

describe('scanning', () => {
  const frames = (count: number): Buffer[] =>
    Array.from({ length: count }, (_, index) => bytesOf({ ...sample, meta: `{"n":${index}}` }, first + index))

  test('finds every frame through windows of any size', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(records, { maxLength: 6 }),
        fc.integer({ min: 1, max: 300 }),
        async (list, windowBytes) => {
          const bytes = Buffer.concat(list.map((record, index) => bytesOf(record, first + index)))
          const found = await scan(bytes, windowBytes)
          expect(found).toEqual({
            sequences: list.map((_, index) => first + index),
            damaged: 0,
            validEnd: bytes.length,
          })
        },
      ),
      { numRuns: 60 },
    )
  })

  test('steps over any damage and finds all frames that it does not touch', async () => {
    const list = frames(6)
    const bounds = list.map((_, index) => list.slice(0, index).reduce((sum, { length }) => sum + length, 0))
    const whole = Buffer.concat(list)
    const range = fc.tuple(fc.nat({ max: whole.length - 1 }), fc.uint8Array({ minLength: 1, maxLength: 150 }))
    await fc.assert(
      fc.asyncProperty(range, fc.integer({ min: 1, max: 200 }), async ([offset, noise], windowBytes) => {
        const damaged = Buffer.from(whole)
        damaged.set(noise.subarray(0, whole.length - offset), offset)
        const end = offset + noise.length
        const untouched = bounds.flatMap((from, index) => {
          const to = from + (list[index]?.length ?? 0)
          const isSame = damaged.subarray(from, to).equals(whole.subarray(from, to))
          return to <= offset || from >= end || isSame ? [first + index] : []
        })
        expect((await scan(damaged, windowBytes)).sequences).toEqual(untouched)
      }),
      { numRuns: 100 },
    )
  })

  test('random bytes in between never stop it', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 500 }), fc.boolean(), async (noise, withMagic) => {
        const [one, two] = frames(2)
        const magic = withMagic ? frameMagic : Buffer.alloc(0)
        const bytes = Buffer.concat([one ?? magic, magic, noise, two ?? magic])
        expect((await scan(bytes, 64)).sequences).toEqual([first, first + 1])
      }),
    )
  })

  test('a frame that goes back in sequence, or is of another start, is not believed', async () => {
    const stale = bytesOf(sample, first - 2 ** 32)
    const [one, two] = frames(2)
    const found = await scan(Buffer.concat([one ?? stale, stale, two ?? stale, one ?? stale]), 4096)
    expect(found.sequences).toEqual([first, first + 1])
    expect(found.damaged).toBe(1)
    expect(found.validEnd).toBe((one?.length ?? 0) + stale.length + (two?.length ?? 0))
  })

  test('hopping sees the same frames, and says when something is wrong', async () => {
    const bytes = Buffer.concat([encodeControl(frameType.header, first, 0, {}), ...frames(3)])
    const seen: number[] = []
    const visit = ({ head }: { head: { sequence: number } }): boolean => seen.push(head.sequence) > 0
    expect(await hopFrames(fileOf(bytes), visit)).toEqual({ offset: bytes.length, clean: true })
    expect(seen).toEqual([first, first, first + 1, first + 2])
    expect((await hopFrames(fileOf(bytes.subarray(0, -1)), () => true)).clean).toBe(false)
    expect((await hopFrames(fileOf(Buffer.concat([bytes, Buffer.alloc(100)])), () => true)).clean).toBe(false)
  })
})
