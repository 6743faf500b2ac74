import zlib from 'node:zlib'

import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { decode, type DecodeOutcome, type Encoding, encodingOf } from './decode.ts'

function run(body: Buffer, encoding: Encoding, bytesMax: number): Promise<DecodeOutcome & { grown: number }> {
  let grown = 0
  return new Promise((resolve) => {
    const grow = (bytes: number): boolean => {
      grown += bytes
      return grown <= bytesMax
    }
    decode(body, encoding, { grow, framesMax: 10 }, (outcome) => resolve({ ...outcome, grown }))
  })
}

const encoders: Readonly<Record<Encoding, (bytes: Uint8Array) => Buffer>> = {
  gzip: (bytes) => zlib.gzipSync(bytes),
  deflate: (bytes) => zlib.deflateSync(bytes),
  br: (bytes) => zlib.brotliCompressSync(bytes),
  zstd: (bytes) => zlib.zstdCompressSync(bytes),
}
const encodings = Object.keys(encoders) as Encoding[]

describe.each(encodings)('%s', (encoding) => {
  test('gives back what went in', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 5_000 }), async (bytes) => {
        const outcome = await run(encoders[encoding](bytes), encoding, 5_000)
        expect(outcome).toMatchObject({ kind: 'decoded' })
        expect(outcome.kind === 'decoded' && outcome.body.equals(bytes)).toBe(true)
      }),
      { numRuns: 20 },
    )
  })

  test('stops a bomb soon after the limit', async () => {
    const outcome = await run(encoders[encoding](Buffer.alloc(20_000_000)), encoding, 100_000)
    expect(outcome.kind).toBe('stopped')
    expect(outcome.grown).toBeLessThan(200_000)
  })

  test('any bytes end in an outcome', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 200 }), async (bytes) => {
        expect(['decoded', 'damaged']).toContain((await run(Buffer.from(bytes), encoding, 1_000_000)).kind)
      }),
      { numRuns: 50 },
    )
  })
})

test('a zstd frame that asks for a huge window is refused', async () => {
  const params = { [zlib.constants.ZSTD_c_windowLog]: 27, [zlib.constants.ZSTD_c_enableLongDistanceMatching]: 1 }
  const chunks: Buffer[] = []
  const encoder = zlib.createZstdCompress({ params })
  encoder.on('data', (chunk: Buffer) => chunks.push(chunk))
  const ended = new Promise((resolve) => {
    encoder.on('end', resolve)
  })
  // Flushed in pieces, so that the frame states its window instead of its whole size.
  for (let piece = 0; piece < 300; piece++) {
    await new Promise((resolve) => {
      encoder.write(Buffer.alloc(100_000, piece), resolve)
    })
  }
  encoder.end()
  await ended
  expect((await run(Buffer.concat(chunks), 'zstd', 1_000_000_000)).kind).toBe('damaged')
})

test.each([
  { header: undefined, body: '{"a":1}', encoding: undefined },
  { header: 'gzip', body: '{"a":1}', encoding: undefined },
  { header: 'br', body: '{"a":1}', encoding: undefined },
  { header: 'br', body: '\u000b\u0002', encoding: 'br' },
  { header: ' GZIP ', body: '\u001f\u008b', encoding: 'gzip' },
  { header: undefined, body: '\u001f\u008b', encoding: 'gzip' },
  { header: 'rot13', body: 'xyz', encoding: 'unknown' },
  { header: 'utf-8', body: '{"a":1}', encoding: undefined },
])('$header of $body is $encoding', ({ header, body, encoding }) => {
  expect(encodingOf(header, Buffer.from(body, 'latin1'))).toBe(encoding)
})

test('several zstd frames one after the other are one body, as of gzip members', async () => {
  for (const encoding of ['gzip', 'zstd'] as const) {
    const body = Buffer.concat(['{"batch":[', '1,2', ']}'].map((part) => encoders[encoding](Buffer.from(part))))
    const outcome = await run(body, encoding, 1000)
    expect(outcome.kind === 'decoded' && outcome.body.toString()).toBe('{"batch":[1,2]}')
  }
})
