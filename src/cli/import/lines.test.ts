import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'

import * as fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { lineBytesMax, readLines } from './lines.ts'
import type { Compression } from './unpack.ts'

let folder = ''
let path = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millpond-lines-'))
  path = join(folder, 'file')
})
afterAll(() => rm(folder, { recursive: true }))

async function read(compression: Compression = 'none', skip = 0): Promise<[number, string | undefined][]> {
  const found: [number, string | undefined][] = []
  for await (const lines of readLines(path, compression, skip))
    for (const { number, bytes } of lines) found.push([number, bytes?.toString()])
  return found
}

test('any text comes back in its lines, packed or not, from any line on', async () => {
  const part = fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('\n', '\r\n', '\n\n', ''))
  await fc.assert(
    fc.asyncProperty(fc.array(part), fc.nat({ max: 5 }), fc.boolean(), async (parts, skip, isPacked) => {
      // A mark that is no mark: the first line loses it, whoever wrote it.
      const content = parts.join('').replace(/^\uFEFF+/, '')
      await writeFile(path, isPacked ? gzipSync(content) : content)
      const all = content.split('\n').map((line): string => line.replace(/\r$/, ''))
      if (content.endsWith('\n') || content === '') all.pop()
      const expected = all.map((line, index) => [index + 1, line])
      expect(await read(isPacked ? 'gzip' : 'none', skip)).toEqual(expected.slice(skip))
    }),
    { numRuns: 60 },
  )
})

test('a line beyond the limit is left out, and memory does not hold it; its neighbours come', async () => {
  await writeFile(path, `a\n${'x'.repeat(lineBytesMax + 1)}\nb\n${'y'.repeat(lineBytesMax)}`)
  const found = await read()
  expect(found.map(([number, text]) => [number, text?.length])).toEqual([
    [1, 1],
    [2, undefined],
    [3, 1],
    [4, lineBytesMax],
  ])
})

test('several packed parts in one file are one text', async () => {
  await writeFile(path, Buffer.concat([gzipSync('a\nb'), gzipSync('c\nd')]))
  expect((await read('gzip')).map(([, text]) => text)).toEqual(['a', 'bc', 'd'])
})

test('the lines before a damage come, then the error', async () => {
  await writeFile(path, gzipSync('a\n'.repeat(100_000)).subarray(0, 150))
  const found: number[] = []
  const reading = (async () => {
    for await (const lines of readLines(path, 'gzip')) found.push(...lines.map(({ number }) => number))
  })()
  await expect(reading).rejects.toMatchObject({ code: 'import-unreadable' })
  expect(found.length).toBeGreaterThan(0)
})
