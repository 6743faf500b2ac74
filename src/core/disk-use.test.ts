import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { expect, test } from 'vitest'

import { daysUntilFull, folderBytes } from './disk-use.ts'

const dayMs = 86_400_000

test.each([
  ['ten days gathered as much as is free', { freeBytes: 100, usedBytes: 100, ageMs: 10 * dayMs }, 10],
  ['nothing is free', { freeBytes: -5, usedBytes: 100, ageMs: 10 * dayMs }, 0],
  ['the first day tells nothing', { freeBytes: 100, usedBytes: 100, ageMs: dayMs - 1 }, undefined],
  ['nothing gathers', { freeBytes: 100, usedBytes: 0, ageMs: 10 * dayMs }, undefined],
])('days until a disk is full: %s', (_what, use, days) => {
  expect(daysUntilFull(use)).toBe(days)
})

test('a folder takes what all files below it take', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millpond-disk-use-'))
  try {
    expect(await folderBytes(folder)).toBe(0)
    await mkdir(join(folder, 'a', 'b'), { recursive: true })
    await writeFile(join(folder, 'one'), Buffer.alloc(100_000, 1))
    await writeFile(join(folder, 'a', 'b', 'two'), Buffer.alloc(50_000, 1))
    const bytes = await folderBytes(folder)
    expect(bytes).toBeGreaterThanOrEqual(150_000)
    expect(bytes).toBeLessThan(300_000)
  } finally {
    await rm(folder, { recursive: true })
  }
})
