// The swap is killed at every step; the next start must leave either the old or the new warehouse, with its own verdicts.
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { diskFiles, type Files, pathExists } from '../../core/files.ts'
import { finishSwap, swapWarehouse } from './swap.ts'

let data: string

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'millpond-swap-'))
  for (const [folder, age] of [
    ['', 'old'],
    ['rebuild', 'new'],
  ] as const) {
    await mkdir(join(data, folder, 'verdicts', 'events'), { recursive: true })
    await mkdir(join(data, folder, 'warehouse'), { recursive: true })
    await writeFile(join(data, folder, 'verdicts', 'events', 'age'), age)
    await writeFile(join(data, folder, 'warehouse', 'fed.duckdb'), age)
  }
})

afterEach(async () => {
  await rm(data, { recursive: true })
})

const removeFolder = async (path: string): Promise<void> => rm(path, { recursive: true, force: true })

async function standing(): Promise<string> {
  const verdicts = await readFile(join(data, 'verdicts', 'events', 'age'), 'utf8')
  return `${await readFile(join(data, 'warehouse', 'fed.duckdb'), 'utf8')} warehouse, ${verdicts} verdicts`
}

/** Files that die at the n-th change of a name. */
function dyingFiles(at: number): Files {
  let changes = 0
  const change = (): void => {
    changes += 1
    if (changes === at) throw new Error('killed')
  }
  return {
    ...diskFiles,
    async rename(from, to) {
      change()
      await diskFiles.rename(from, to)
    },
    async syncDirectory(folder) {
      change()
      await diskFiles.syncDirectory(folder)
    },
  }
}

test('after the swap the rebuilt warehouse stands there with its verdicts, and nothing is left over', async () => {
  const install = async (path: string): Promise<void> => rename(path, join(data, 'warehouse', 'fed.duckdb'))
  await swapWarehouse(data, 'fed.duckdb', install, { files: diskFiles, removeFolder })
  expect(await standing()).toBe('new warehouse, new verdicts')
  expect(await pathExists(join(data, 'rebuild'))).toBe(false)
})

test('killed anywhere, the next start ends what was begun', async () => {
  const seen = new Set<string>()
  for (let at = 1; at <= 8; at++) {
    await rm(data, { recursive: true, force: true })
    for (const [folder, age] of [
      ['', 'old'],
      ['rebuild', 'new'],
    ] as const) {
      await mkdir(join(data, folder, 'verdicts', 'events'), { recursive: true })
      await mkdir(join(data, folder, 'warehouse'), { recursive: true })
      await writeFile(join(data, folder, 'verdicts', 'events', 'age'), age)
      await writeFile(join(data, folder, 'warehouse', 'fed.duckdb'), age)
    }
    const install = async (): Promise<void> => {
      throw new Error('killed')
    }
    await expect(swapWarehouse(data, 'fed.duckdb', install, { files: dyingFiles(at), removeFolder })).rejects.toThrow(
      'killed',
    )
    // The start itself may die once more, before it is through.
    await finishSwap(data, 'fed.duckdb', { files: dyingFiles(1), removeFolder }).catch(() => undefined)
    await finishSwap(data, 'fed.duckdb', { files: diskFiles, removeFolder })
    seen.add(await standing())
    expect(await pathExists(join(data, 'rebuild'))).toBe(false)
  }
  expect([...seen].toSorted()).toEqual(['new warehouse, new verdicts', 'old warehouse, old verdicts'])
})

test('a rebuild that was not ready is thrown away by the next start', async () => {
  await finishSwap(data, 'fed.duckdb', { files: diskFiles, removeFolder })
  expect(await standing()).toBe('old warehouse, old verdicts')
  expect(await pathExists(join(data, 'rebuild'))).toBe(false)
})
