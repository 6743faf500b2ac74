// The contract over real files, and what only this driver has: its files, dead uploads, full disks.
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { codeOf, inParts, names, objectStoreContract, read } from '../../../test/contract/object-store.ts'
import { diskFiles, type Files } from '../../core/files.ts'
import type { ObjectStore } from '../store.ts'
import { openDiskStore } from './disk.ts'

objectStoreContract('the disk store', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millpond-objects-'))
  const store = await openDiskStore({ folder: join(folder, 'objects') })
  return { store, dispose: () => rm(folder, { recursive: true, force: true }) }
})

let root: string
let folder: string
beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'millpond-objects-'))
  folder = join(root, 'objects')
})
afterEach(async () => {
  await rm(root, { recursive: true, force: true })
})

async function uploads(): Promise<string[]> {
  return readdir(join(folder, '~uploading'))
}

test('an object is a plain file at its name, for its owner alone', async () => {
  const store = await openDiskStore({ folder })
  await store.put('events/0000004294967297.seg.zst', inParts('segment'))
  const path = join(folder, 'events', '0000004294967297.seg.zst')
  expect(await readFile(path, 'utf8')).toBe('segment')
  expect((await stat(path)).mode & 0o077).toBe(0)
  expect((await stat(join(folder, 'events'))).mode & 0o077).toBe(0)
  expect(await uploads()).toEqual([])
})

test('opening makes no folder: nothing is written until something is put', async () => {
  const store = await openDiskStore({ folder })
  expect(await names(store)).toEqual([])
  expect(await readdir(root)).toEqual([])
})

test('files that nobody put there are no objects', async () => {
  const store = await openDiskStore({ folder })
  await store.put('a/b', inParts('1'))
  await writeFile(join(folder, 'notes (copy).txt'), 'x')
  await mkdir(join(folder, 'lost+found'))
  await writeFile(join(folder, 'lost+found', 'x'), 'x')
  expect(await names(store)).toEqual(['a/b'])
})

test('a name below another object, or above one, is refused, and both stay', async () => {
  const store = await openDiskStore({ folder })
  await store.put('a/b', inParts('b'))
  expect(await codeOf(store.put('a/b/c', inParts('c')))).toBe('object-name-invalid')
  expect(await codeOf(store.put('a', inParts('a')))).toBe('object-name-invalid')
  expect(await names(store)).toEqual(['a/b'])
  expect(await uploads()).toEqual([])
})

test('goes on when somebody removed its folders', async () => {
  const store = await openDiskStore({ folder })
  await store.put('a/b', inParts('b'))
  await rm(folder, { recursive: true })
  expect(await codeOf(store.put('a/c', inParts('c')))).toBe('ENOENT')
  await store.put('a/c', inParts('c'))
  expect(await names(store)).toEqual(['a/c'])
})

describe('left-overs of dead uploads', () => {
  async function leave(name: string, at?: Date): Promise<string> {
    await mkdir(join(folder, '~uploading'), { recursive: true })
    const path = join(folder, '~uploading', name)
    await writeFile(path, 'half of a cl')
    if (at !== undefined) await utimes(path, at, at)
    return name
  }

  test('are removed at open; uploads of whoever lives stay', async () => {
    const yesterday = new Date(Date.now() - 86_400_000)
    await leave('4194305.0123456789abcdef')
    await leave(`${process.pid}.earlier-process-of-this-pid`, yesterday)
    await leave('nobodys', yesterday)
    const mine = await leave(`${process.pid}.0123456789abcdef`)
    const parents = await leave(`${process.ppid}.0123456789abcdef`)
    const store = await openDiskStore({ folder })
    expect((await uploads()).sort()).toEqual([mine, parents].sort())
    expect(await names(store)).toEqual([])
  })
})

describe('a disk that says no', () => {
  /** Real files; the `skip + 1`th call of an operation fails. */
  function failing(
    operation: 'write' | 'sync' | 'rename' | 'makeFolder' | 'syncDirectory',
    code: string,
    skip = 0,
  ): Files {
    let left = skip
    const fail = (name: string): void => {
      if (name === operation && left-- === 0) throw Object.assign(new Error(`${code}: ${name}`), { code })
    }
    return {
      ...diskFiles,
      async open(path, mode) {
        const file = await diskFiles.open(path, mode)
        return {
          read: (target, offset) => file.read(target, offset),
          async write(parts, offset) {
            // A full disk takes some of it first.
            await file.write([Buffer.concat(parts).subarray(0, 3)], offset)
            fail('write')
            await file.write(parts, offset)
          },
          truncate: (bytes) => file.truncate(bytes),
          async sync() {
            fail('sync')
            await file.sync()
          },
          size: () => file.size(),
          close: () => file.close(),
        }
      },
      async rename(from, to) {
        fail('rename')
        await diskFiles.rename(from, to)
      },
      async makeFolder(path) {
        fail('makeFolder')
        await diskFiles.makeFolder(path)
      },
      async syncDirectory(path) {
        fail('syncDirectory')
        await diskFiles.syncDirectory(path)
      },
    }
  }

  async function withOld(): Promise<ObjectStore> {
    const store = await openDiskStore({ folder })
    await store.put('a/old', inParts('old'))
    return store
  }

  test.each(['write', 'sync', 'rename', 'makeFolder'] as const)(
    'in %s: the old object stays, nothing is left over',
    async (where) => {
      const store = await withOld()
      for (const code of ['ENOSPC', 'EDQUOT', 'EIO']) {
        const full = await openDiskStore({ folder, files: failing(where, code) })
        const wanted = code === 'EIO' ? 'EIO' : 'disk-full'
        expect(await codeOf(full.put('a/old', inParts('new ', 'content')))).toBe(wanted)
        expect(String(await read(store, 'a/old'))).toBe('old')
        expect(await uploads()).toEqual([])
        await full.put('b/next', inParts('taken again'))
      }
      expect(await names(store)).toEqual(['a/old', 'b/next'])
    },
  )

  test('a full disk says when to come back', async () => {
    const full = await openDiskStore({ folder, files: failing('write', 'ENOSPC') })
    const error = await full.put('a', inParts('x')).catch((error: unknown) => error)
    expect(error).toMatchObject({ code: 'disk-full', kind: 'retry', status: 503, retryAfterSeconds: 5 })
  })

  test('a folder that could not be synced is synced by the next put', async () => {
    const synced: string[] = []
    const files = failing('syncDirectory', 'EIO', 1)
    const store = await openDiskStore({
      folder,
      files: {
        ...files,
        async syncDirectory(path) {
          await files.syncDirectory(path)
          synced.push(path)
        },
      },
    })
    expect(await codeOf(store.put('a/b', inParts('x')))).toBe('EIO')
    await store.put('a/b', inParts('x'))
    for (const path of [root, folder, join(folder, 'a')]) expect(synced).toContain(path)
  })
})
