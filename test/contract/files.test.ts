// What every file system behind `Files` promises to durable code: the real one, and the one that faults are injected in.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { diskFiles, type Files, isErrno, writeFileAtomic } from '../../src/core/files.ts'
import { SimulatedDisk } from '../faults/simulated-files.ts'
import { seededRandom } from '../support/random.ts'

async function errnoOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
  } catch (error) {
    return ['ENOENT', 'EEXIST'].find((code) => isErrno(error, code)) ?? String(error)
  }
  return 'none'
}

function text(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : Buffer.from(bytes).toString()
}

function filesContract(make: () => Promise<{ files: Files; root: string; end: () => Promise<void> }>): void {
  let files: Files
  let root: string
  let end: () => Promise<void>

  beforeAll(async () => {
    ;({ files, root, end } = await make())
  })
  afterAll(async () => {
    await end()
  })

  test('reads back what was written, part after part, at any offset', async () => {
    const path = join(root, 'parts')
    const file = await files.open(path, 'create')
    await file.write([Buffer.from('one,'), Buffer.from(''), Buffer.from('two,')], 0)
    await file.write([Buffer.from('three')], 8)
    await file.write([Buffer.from('TWO')], 4)
    await file.sync()
    const target = Buffer.alloc(100)
    expect(await file.read(target, 4)).toBe(9)
    expect(target.toString('utf8', 0, 9)).toBe('TWO,three')
    expect(await file.read(target, 13)).toBe(0)
    expect(await file.read(target, 99)).toBe(0)
    expect(await file.size()).toBe(13)
    await file.close()
    expect(text(await files.readAll(path))).toBe('one,TWO,three')
  })

  test('writes more parts at once than the kernel takes in one call', async () => {
    const file = await files.open(join(root, 'many'), 'create')
    const parts = Array.from({ length: 3000 }, (_, index) => Buffer.from(`${index};`))
    await file.write(parts, 5)
    const all = Buffer.concat(parts)
    const target = Buffer.alloc(all.length)
    expect(await file.read(target, 5)).toBe(all.length)
    expect(target.equals(all)).toBe(true)
    await file.close()
  })

  test('truncates down and up; the gap is zeros', async () => {
    const path = join(root, 'truncated')
    const file = await files.open(path, 'create')
    await file.write([Buffer.from('abcdef')], 0)
    await file.truncate(2)
    expect(await file.size()).toBe(2)
    await file.truncate(4)
    await file.close()
    expect(text(await files.readAll(path))).toBe('ab\0\0')
  })

  test('opens as asked: create only what is not there, read and write only what is', async () => {
    const path = join(root, 'modes')
    expect(await errnoOf(files.open(path, 'read'))).toBe('ENOENT')
    expect(await errnoOf(files.open(path, 'write'))).toBe('ENOENT')
    expect(await errnoOf(files.open(join(root, 'absent', 'file'), 'create'))).toBe('ENOENT')
    await (await files.open(path, 'create')).close()
    expect(await errnoOf(files.open(path, 'create'))).toBe('EEXIST')
    const file = await files.open(path, 'write')
    await file.write([Buffer.from('x')], 0)
    await file.close()
    expect(text(await files.readAll(path))).toBe('x')
  })

  test('lists sorted names of one folder; an absent folder is empty', async () => {
    const folder = join(root, 'folder', 'inner')
    await files.makeFolder(folder)
    await files.makeFolder(folder)
    for (const name of ['b', 'a', 'c']) await (await files.open(join(folder, name), 'create')).close()
    expect(await files.list(folder)).toEqual(['a', 'b', 'c'])
    expect(await files.list(join(root, 'folder'))).toEqual(['inner'])
    expect(await files.list(join(root, 'nowhere'))).toEqual([])
  })

  test('an absent file reads as nothing and is removed as often as you like', async () => {
    const path = join(root, 'gone')
    expect(await files.readAll(path)).toBeUndefined()
    await files.remove(path)
    await (await files.open(path, 'create')).close()
    await files.remove(path)
    expect(await files.readAll(path)).toBeUndefined()
  })

  test('a removed file stays readable for whoever has it open', async () => {
    const path = join(root, 'open')
    const file = await files.open(path, 'create')
    await file.write([Buffer.from('still here')], 0)
    const reading = await files.open(path, 'read')
    await files.remove(path)
    const target = Buffer.alloc(10)
    expect(await reading.read(target, 0)).toBe(10)
    expect(target.toString()).toBe('still here')
    await reading.close()
    await file.close()
  })

  test('rename replaces', async () => {
    for (const name of ['from', 'to']) {
      const file = await files.open(join(root, name), 'create')
      await file.write([Buffer.from(name)], 0)
      await file.close()
    }
    await files.rename(join(root, 'from'), join(root, 'to'))
    expect(text(await files.readAll(join(root, 'to')))).toBe('from')
    expect(await files.readAll(join(root, 'from'))).toBeUndefined()
    expect(await errnoOf(files.rename(join(root, 'from'), join(root, 'to')))).toBe('ENOENT')
  })

  test('writeFileAtomic makes and replaces, leaving no temporary file', async () => {
    const folder = join(root, 'atomic')
    await files.makeFolder(folder)
    await writeFileAtomic(files, join(folder, 'value'), 'one')
    await writeFileAtomic(files, join(folder, 'value'), 'two')
    expect(text(await files.readAll(join(folder, 'value')))).toBe('two')
    expect(await files.list(folder)).toEqual(['value'])
    await files.syncDirectory(folder)
  })

  test('knows the free space', async () => {
    expect(await files.freeBytes(root)).toBeGreaterThan(0)
  })
}

describe('the disk', () => {
  filesContract(async () => {
    const root = await mkdtemp(join(tmpdir(), 'millpond-files-'))
    const end = (): Promise<void> => rm(root, { recursive: true })
    return { files: diskFiles, root, end }
  })
})

describe('the simulated disk', () => {
  filesContract(async () => {
    const files = new SimulatedDisk({ random: seededRandom(1), capacityBytes: 1e9 }).files()
    await files.makeFolder('/root')
    return { files, root: '/root', end: async () => {} }
  })
})
