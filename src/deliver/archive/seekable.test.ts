import { randomBytes } from 'node:crypto'
import { zstdDecompressSync } from 'node:zlib'

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { seededRandom } from '../../../test/support/random.ts'
import { type Chunk, chunkBytes, encodeTable, packChunk, parseTable, unpackChunk, walkChunks } from './seekable.ts'

function words(bytes: number, seed = 1): Buffer {
  const random = seededRandom(seed)
  const text: string[] = []
  for (let length = 0; length < bytes; length += 9)
    text.push(
      Math.floor(random() * 5e8)
        .toString(36)
        .padEnd(8),
      '\n',
    )
  return Buffer.from(text.join('')).subarray(0, bytes)
}

interface Packed {
  readonly object: Buffer
  readonly chunks: Chunk[]
}

async function pack(raw: Buffer): Promise<Packed> {
  const parts: Buffer[] = []
  const chunks: Chunk[] = []
  let offset = 0
  for (let start = 0; start < raw.length; start += chunkBytes) {
    const piece = raw.subarray(start, start + chunkBytes)
    const packed = await packChunk(piece)
    parts.push(packed)
    chunks.push({ offset, packedBytes: packed.length, start, bytes: piece.length })
    offset += packed.length
  }
  return { object: Buffer.concat([...parts, encodeTable(chunks)]), chunks }
}

function walk(object: Buffer): Promise<Chunk[]> {
  return walkChunks((start, end) => Promise.resolve(object.subarray(start, end)), object.length)
}

/** As a reader has them: zeros for what can't be decompressed. */
async function content(object: Buffer, chunks: readonly Chunk[]): Promise<Buffer> {
  const parts: Buffer[] = []
  for (const { offset, packedBytes, bytes } of chunks) {
    const packed = object.subarray(offset, offset + packedBytes)
    parts.push((await unpackChunk(packed, bytes).catch(() => undefined)) ?? Buffer.alloc(bytes))
  }
  return Buffer.concat(parts)
}

describe('the table', () => {
  test('tells where the chunks are, from the end of the object alone', async () => {
    for (const bytes of [1, 300, chunkBytes, chunkBytes + 1, 3 * chunkBytes - 5]) {
      const raw = words(bytes)
      const { object, chunks } = await pack(raw)
      expect(parseTable(object.subarray(-200), object.length)).toEqual(chunks)
      expect(await content(object, chunks)).toEqual(raw)
    }
  })

  test('stands in a frame that decoders skip', async () => {
    const { object } = await pack(words(5000))
    expect(zstdDecompressSync(object).length).toBe(5000)
  })

  test('that does not fit in every way is none', async () => {
    const { object } = await pack(words(2 * chunkBytes + 9))
    const tableBytes = 8 + 3 * 8 + 9
    for (let at = object.length - tableBytes; at < object.length; at += 1) {
      const damaged = Buffer.from(object)
      damaged[at] = (damaged[at] ?? 0) ^ 0x10
      const parsed = parseTable(damaged.subarray(-200), damaged.length)
      // The last chunk's size is all that nothing else tells; its frame does.
      if (at - (object.length - 9) === -4 || at - (object.length - 9) === -3) continue
      expect([undefined, at]).toContain(parsed === undefined ? undefined : `${at} was believed`)
    }
    expect(parseTable(object.subarray(-200), object.length + 1)).toBeUndefined()
    expect(parseTable(object.subarray(-20), object.length)).toBeUndefined()
    expect(parseTable(Buffer.alloc(0), 0)).toBeUndefined()
  })

  test('any bytes: an answer, never an error', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        expect(parseTable(Buffer.from(bytes), bytes.length)).toBeUndefined()
      }),
    )
  })
})

describe('without a table', () => {
  test('the chunks are found by their frames', async () => {
    for (const raw of [
      words(300),
      words(3 * chunkBytes - 5),
      randomBytes(2 * chunkBytes),
      Buffer.alloc(chunkBytes * 2),
    ]) {
      const { object, chunks } = await pack(raw)
      const end = (chunks.at(-1)?.offset ?? 0) + (chunks.at(-1)?.packedBytes ?? 0)
      expect(await walk(object.subarray(0, end))).toEqual(chunks)
    }
  })

  test('noise between them costs only itself, and takes a place in the content', async () => {
    const raw = words(3 * chunkBytes)
    const { object, chunks } = await pack(raw)
    const second = chunks[1]?.offset ?? 0
    object.fill(0x28, second, second + 9)
    const found = await walk(object)
    const read = await content(object, found)
    expect(read.subarray(0, chunkBytes).equals(raw.subarray(0, chunkBytes))).toBe(true)
    expect(read.includes(raw.subarray(2 * chunkBytes))).toBe(true)
    expect(
      found.every(({ start }, index) => start === found.slice(0, index).reduce((sum, one) => sum + one.bytes, 0)),
    ).toBe(true)
  })

  test('any bytes: an answer that covers all of them', async () => {
    const frames = [words(40, 2), words(3000, 3)]
    const packed = await Promise.all(frames.map(packChunk))
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.constantFrom(...packed))),
        async (parts) => {
          const object = Buffer.concat(parts)
          const found = await walk(object)
          expect(found.reduce((sum, one) => sum + one.packedBytes, 0)).toBe(object.length)
          await content(object, found)
        },
      ),
    )
  })
})

test('a chunk that says it is larger than it should be is not decompressed', async () => {
  const bomb = await packChunk(Buffer.alloc(chunkBytes))
  await expect(unpackChunk(bomb, 1000)).rejects.toMatchObject({ code: 'ERR_BUFFER_TOO_LARGE' })
  expect(await unpackChunk(bomb, chunkBytes + 1)).toBeUndefined()
})
