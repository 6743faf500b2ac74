import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync, zstdCompressSync } from 'node:zlib'

import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { compressionOf, openUnpacked } from './unpack.ts'

let folder = ''
let path = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millpond-unpack-'))
  path = join(folder, 'file')
})
afterAll(() => rm(folder, { recursive: true }))

async function unpacked(packed: Buffer): Promise<Buffer> {
  await writeFile(path, packed)
  const chunks: Buffer[] = []
  for await (const chunk of openUnpacked(path, compressionOf(packed)).bytes) chunks.push(chunk)
  return Buffer.concat(chunks)
}

function skippable(bytes: number): Buffer {
  const frame = Buffer.alloc(8 + bytes, 0xff)
  frame.writeUInt32LE(0x184d2a50, 0)
  frame.writeUInt32LE(bytes, 4)
  return frame
}

test('any frames, one behind the other, are one text', async () => {
  const text = fc.string().map((value) => ({ packed: zstdCompressSync(value), content: Buffer.from(value) }))
  // Larger than a chunk, packed and unpacked.
  const large = fc.integer({ min: 200_000, max: 600_000 }).map((bytes) => {
    const content = Buffer.alloc(bytes)
    for (let index = 0, state = bytes; index < bytes; index++) {
      state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0
      content[index] = state >>> 24
    }
    return { packed: zstdCompressSync(content), content }
  })
  const even = fc.constant(Buffer.alloc(512 * 1024, 'x')).map((content) => ({
    packed: zstdCompressSync(content),
    content,
  }))
  const skipped = fc.nat({ max: 20 }).map((bytes) => ({ packed: skippable(bytes), content: Buffer.alloc(0) }))
  const part = fc.oneof({ weight: 4, arbitrary: text }, { weight: 2, arbitrary: skipped }, large, even)
  await fc.assert(
    fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 12 }), async (parts) => {
      const found = await unpacked(Buffer.concat(parts.map(({ packed }) => packed)))
      expect(found.equals(Buffer.concat(parts.map(({ content }) => content)))).toBe(true)
    }),
    { numRuns: 40 },
  )
})

test('thousands of small frames', async () => {
  const frame = zstdCompressSync('a line\n')
  const found = await unpacked(Buffer.concat(Array.from({ length: 3000 }, () => frame)))
  expect(found.toString()).toBe('a line\n'.repeat(3000))
})

test('no number of frames without content keeps it busy for long', async () => {
  const frames = Buffer.concat(Array.from({ length: 10_100 }, () => skippable(0)))
  await expect(unpacked(frames)).rejects.toThrow('more than 10000 frames in a row have no content')
}, 30_000)

const whole = zstdCompressSync('what there is\n')

test.each([
  { what: 'text', rest: Buffer.from('something else\n'), says: 'Unknown frame descriptor' },
  { what: 'half a frame', rest: whole.subarray(0, whole.length - 3), says: 'unexpected end of file' },
  { what: 'two bytes of a mark', rest: whole.subarray(0, 2), says: 'unexpected end of file' },
  { what: 'a part of gzip', rest: gzipSync('x'), says: 'Unknown frame descriptor' },
])('$what behind a frame is an error, behind what could be read', async ({ rest, says }) => {
  await writeFile(path, Buffer.concat([whole, rest]))
  const chunks: Buffer[] = []
  const reading = (async () => {
    for await (const chunk of openUnpacked(path, 'zstd').bytes) chunks.push(chunk)
  })()
  await expect(reading).rejects.toThrow(says)
  expect(Buffer.concat(chunks).toString()).toMatch(/^what there is\n/)
})

test('who reads only the beginning leaves nothing open', async () => {
  await writeFile(path, Buffer.concat([whole, zstdCompressSync(Buffer.alloc(5_000_000, 'y')), whole]))
  for await (const chunk of openUnpacked(path, 'zstd').bytes) {
    expect(chunk.toString()).toBe('what there is\n')
    break
  }
})

test('a file that is not there is an error of reading', async () => {
  for (const compression of ['none', 'gzip', 'zstd'] as const) {
    const reading = (async () => {
      for await (const _ of openUnpacked(join(folder, 'absent'), compression).bytes);
    })()
    await expect(reading).rejects.toMatchObject({ code: 'ENOENT' })
  }
})
