// The simulated disk loses exactly what it may lose: else the fault tests would prove nothing.
import { beforeEach, describe, expect, test } from 'vitest'

import type { Files } from '../../src/core/files.ts'
import { seededRandom } from '../support/random.ts'
import { SimulatedDisk } from './simulated-files.ts'

const seeds = Array.from({ length: 40 }, (_, index) => index + 1)

async function put(
  files: Files,
  path: string,
  content: string,
  syncs: { file: boolean; name: boolean },
): Promise<void> {
  const file = await files.open(path, 'create')
  await file.write([Buffer.from(content)], 0)
  if (syncs.file) await file.sync()
  if (syncs.name) await files.syncDirectory('/')
}

/** What stands at `path` after a power cut, over many seeds. */
async function outcomes(
  prepare: (disk: SimulatedDisk) => Promise<void>,
  path: string,
): Promise<(string | undefined)[]> {
  const found: (string | undefined)[] = []
  for (const seed of seeds) {
    const disk = new SimulatedDisk({ random: seededRandom(seed) })
    await prepare(disk)
    disk.powerCut()
    const bytes = await disk.files().readAll(path)
    found.push(bytes === undefined ? undefined : Buffer.from(bytes).toString())
  }
  return found
}

describe('power cuts', () => {
  test('what is synced, name and bytes, always survives', async () => {
    const found = await outcomes((disk) => put(disk.files(), '/a', 'kept', { file: true, name: true }), '/a')
    expect(new Set(found)).toEqual(new Set(['kept']))
  })

  test('an unsynced name may be lost, though the bytes were synced', async () => {
    const found = new Set(await outcomes((disk) => put(disk.files(), '/a', 'kept', { file: true, name: false }), '/a'))
    expect(found).toEqual(new Set(['kept', undefined]))
  })

  test('unsynced bytes are kept, dropped or torn by sectors', async () => {
    const content = 'a'.repeat(512) + 'b'.repeat(512) + 'c'.repeat(100)
    const found = new Set(await outcomes((disk) => put(disk.files(), '/a', content, { file: false, name: true }), '/a'))
    expect(found).toContain(content)
    expect(found).toContain('')
    expect([...found].some((one) => one?.startsWith('\0'.repeat(512)) === true && one.includes('b'))).toBe(true)
    for (const one of found) expect(one).toMatch(/^[a\0]{0,512}[b\0]{0,512}[c\0]{0,100}$/)
  })

  test('an unsynced rename or removal may be undone', async () => {
    const renamed = await outcomes(async (disk) => {
      await put(disk.files(), '/a', 'x', { file: true, name: true })
      await disk.files().rename('/a', '/b')
    }, '/a')
    expect(new Set(renamed)).toEqual(new Set(['x', undefined]))
    const removed = await outcomes(async (disk) => {
      await put(disk.files(), '/a', 'x', { file: true, name: true })
      await disk.files().remove('/a')
    }, '/a')
    expect(new Set(removed)).toEqual(new Set(['x', undefined]))
  })

  test('after a failed sync a good one saves nothing', async () => {
    const found = await outcomes(async (disk) => {
      const files = disk.files()
      const file = await files.open('/a', 'create')
      await files.syncDirectory('/')
      await file.write([Buffer.alloc(5000, 'x')], 0)
      disk.fail('sync', 'EIO')
      await expect(file.sync()).rejects.toThrow('EIO')
      await file.sync()
      expect(await file.size()).toBe(5000)
    }, '/a')
    expect(found.some((one) => one !== 'x'.repeat(5000))).toBe(true)
  })

  test('a life that has ended hears nothing any more', async () => {
    const disk = new SimulatedDisk({ random: seededRandom(1) })
    const before = disk.files()
    disk.powerCut()
    const answer = await Promise.race([
      before.list('/'),
      disk
        .files()
        .list('/')
        .then(() => 'new life'),
    ])
    expect(answer).toBe('new life')
  })
})

describe('faults on command', () => {
  let disk: SimulatedDisk
  beforeEach(() => {
    disk = new SimulatedDisk({ random: seededRandom(7), capacityBytes: 1000 })
  })

  test('a full disk takes a part of the write and says ENOSPC', async () => {
    const file = await disk.files().open('/a', 'create')
    await file.write([Buffer.alloc(900)], 0)
    expect(await disk.files().freeBytes('/')).toBe(100)
    await expect(file.write([Buffer.alloc(200)], 900)).rejects.toMatchObject({ code: 'ENOSPC' })
    expect(await file.size()).toBeLessThanOrEqual(1000)
    await file.write([Buffer.alloc(900)], 0)
  })

  test('the call that was named fails, and only it', async () => {
    const file = await disk.files().open('/a', 'create')
    disk.fail('sync', 'EIO', { skip: 1 })
    await file.sync()
    await expect(file.sync()).rejects.toMatchObject({ code: 'EIO' })
    await file.sync()
    expect(disk.calls.get('sync')).toBe(3)
  })
})
