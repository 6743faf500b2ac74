// The swap is killed at every step; the next start must leave either the old or the new warehouse, with its own verdicts.
import { mkdir, mkdtemp, readFile, rename, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { diskFiles, type Files, pathExists } from '../../core/files.ts'
import { finishSwap, isSwapPending, swapWarehouse } from './swap.ts'

let data: string

async function layOut(): Promise<void> {
  for (const [folder, age] of [
    ['', 'old'],
    ['rebuild', 'new'],
  ] as const) {
    await mkdir(join(data, folder, 'verdicts', 'events'), { recursive: true })
    await mkdir(join(data, folder, 'warehouse'), { recursive: true })
    await writeFile(join(data, folder, 'verdicts', 'events', 'age'), age)
    await writeFile(join(data, folder, 'warehouse', 'fed.duckdb'), age)
  }
}

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'millpond-swap-'))
  await layOut()
})

afterEach(async () => {
  await rm(data, { recursive: true })
})

const removeFolder = async (path: string): Promise<void> => rm(path, { recursive: true, force: true })

async function standing(): Promise<string> {
  const verdicts = await readFile(join(data, 'verdicts', 'events', 'age'), 'utf8')
  return `${await readFile(join(data, 'warehouse', 'fed.duckdb'), 'utf8')} warehouse, ${verdicts} verdicts`
}

/** Files that fail at the n-th change of a name, and from then on if they die of it. */
function failingFiles(at: number, isDead: boolean): Files {
  let changes = 0
  const change = (): void => {
    changes += 1
    if (changes === at || (isDead && changes > at)) throw new Error('killed')
  }
  return {
    ...diskFiles,
    async rename(from, to) {
      change()
      await diskFiles.rename(from, to)
    },
    async remove(path) {
      change()
      await diskFiles.remove(path)
    },
    async syncDirectory(folder) {
      change()
      await diskFiles.syncDirectory(folder)
    },
  }
}

const dyingFiles = (at: number): Files => failingFiles(at, true)

async function install(path: string): Promise<void> {
  await rename(path, join(data, 'warehouse', 'fed.duckdb'))
}

async function refuse(): Promise<void> {
  throw new Error('another process has it open')
}

/** What the caller of the swap does behind it. */
async function swapAsCalled(install: (path: string) => Promise<void>, files: Files): Promise<unknown> {
  try {
    await swapWarehouse(data, 'fed.duckdb', install, { files, removeFolder })
    return undefined
  } catch (error) {
    if (!isSwapPending(error)) await removeFolder(join(data, 'rebuild'))
    return error
  }
}

test('after the swap the rebuilt warehouse stands there with its verdicts, and nothing is left over', async () => {
  await swapWarehouse(data, 'fed.duckdb', install, { files: diskFiles, removeFolder })
  expect(await standing()).toBe('new warehouse, new verdicts')
  expect(await pathExists(join(data, 'rebuild'))).toBe(false)
})

test('killed anywhere, the next start ends what was begun', async () => {
  const seen = new Set<string>()
  for (let at = 1; at <= 8; at++) {
    await rm(data, { recursive: true, force: true })
    await layOut()
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

test('a warehouse that can not be put in its place leaves the old one there, with the old verdicts', async () => {
  const files = diskFiles
  await expect(swapWarehouse(data, 'fed.duckdb', refuse, { files, removeFolder })).rejects.toThrow('has it open')
  expect(await standing()).toBe('old warehouse, old verdicts')
  // Whatever is left of rebuild/ is no swap that a start would end.
  expect(await pathExists(join(data, 'rebuild', 'ready'))).toBe(false)
  await finishSwap(data, 'fed.duckdb', { files, removeFolder })
  expect(await standing()).toBe('old warehouse, old verdicts')
})

test('without old verdicts, or without new ones, a failure leaves things as they were', async () => {
  await removeFolder(join(data, 'verdicts'))
  expect(isSwapPending(await swapAsCalled(refuse, diskFiles))).toBe(false)
  expect(await pathExists(join(data, 'verdicts'))).toBe(false)
  await layOut()
  await removeFolder(join(data, 'rebuild', 'verdicts'))
  expect(isSwapPending(await swapAsCalled(refuse, diskFiles))).toBe(false)
  expect(await standing()).toBe('old warehouse, old verdicts')
})

test('a warehouse that is in its place and can not be opened stays there, with its verdicts', async () => {
  async function renameAndFail(path: string): Promise<void> {
    await install(path)
    throw new Error('no memory to open it')
  }
  const error = await swapAsCalled(renameAndFail, diskFiles)
  expect(error).toMatchObject({ message: 'no memory to open it' })
  expect(await standing()).toBe('new warehouse, new verdicts')
})

test('one change of a name that fails, anywhere: both are swapped or none, at once or by the next start', async () => {
  const seen = new Set<string>()
  for (const placing of [install, refuse]) {
    for (let at = 1; at <= 13; at++) {
      await rm(data, { recursive: true, force: true })
      await layOut()
      const error = await swapAsCalled(placing, failingFiles(at, false))
      const isPending = isSwapPending(error)
      if (isPending) expect(String(error)).toContain('the next start')
      expect(await pathExists(join(data, 'rebuild', 'ready'))).toBe(isPending)
      const now = isPending ? 'pending' : await standing()
      await finishSwap(data, 'fed.duckdb', { files: diskFiles, removeFolder })
      if (!isPending) expect(await standing()).toBe(now)
      seen.add(`${placing.name}, ${isPending ? 'pending' : 'told'}: ${await standing()}`)
    }
  }
  expect([...seen].toSorted()).toEqual([
    'install, told: new warehouse, new verdicts',
    'install, told: old warehouse, old verdicts',
    'refuse, pending: new warehouse, new verdicts',
    'refuse, told: old warehouse, old verdicts',
  ])
})

test('while everything fails the swap is left to the next start, and says so', async () => {
  for (let at = 4; at <= 12; at++) {
    await rm(data, { recursive: true, force: true })
    await layOut()
    const error = await swapAsCalled(refuse, dyingFiles(at))
    expect(isSwapPending(error)).toBe(at <= 11)
    await finishSwap(data, 'fed.duckdb', { files: diskFiles, removeFolder })
    expect(await standing()).toMatch(/^(old warehouse, old verdicts|new warehouse, new verdicts)$/)
  }
})
