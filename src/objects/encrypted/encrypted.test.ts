// The contract over encrypted files, and what somebody with the disk in their hands can do to them: nothing unnoticed.
import { copyFile, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import {
  bytesOf,
  codeOf,
  inParts,
  names,
  objectStoreContract,
  read,
  someBytes,
} from '../../../test/contract/object-store.ts'
import { openDiskStore } from '../disk/disk.ts'
import type { ByteRange, ObjectStore } from '../store.ts'
import { encryptedStore } from './encrypted.ts'
import { frameBytes, frameStart, headerBytes, layoutOf, tagBytes } from './format.ts'
import { wrappingKey, wrappingKeys } from './keys.ts'

const secret = Buffer.alloc(32, 7)

objectStoreContract('the encrypted store', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millpond-objects-'))
  const store = encryptedStore({ store: await openDiskStore({ folder }), keys: wrappingKeys(secret, undefined) })
  return { store, dispose: () => rm(folder, { recursive: true, force: true }) }
})

let folder: string
let plain: ObjectStore
let store: ObjectStore
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millpond-objects-'))
  plain = await openDiskStore({ folder })
  store = encryptedStore({ store: plain, keys: wrappingKeys(secret, undefined) })
})
afterEach(async () => {
  await rm(folder, { recursive: true, force: true })
})

function pathOf(name: string): string {
  return join(folder, name)
}

async function change(name: string, how: (bytes: Buffer) => Buffer): Promise<void> {
  await writeFile(pathOf(name), how(await readFile(pathOf(name))))
}

/** What came out before the end or the error, and the error's code. */
async function tryRead(name: string, range?: ByteRange): Promise<{ bytes: Buffer; code: string }> {
  const parts: Uint8Array[] = []
  const code = await codeOf(
    (async () => {
      const found = await store.get(name, range)
      for await (const part of found?.content ?? []) parts.push(part)
    })(),
  )
  return { bytes: Buffer.concat(parts), code }
}

test('on disk is nothing of the content, and the same content never looks the same', async () => {
  const content = Buffer.from('a child sleeps in this room '.repeat(5000))
  await store.put('one', inParts(content))
  await store.put('two', inParts(content))
  const [one, two] = [await readFile(pathOf('one')), await readFile(pathOf('two'))]
  expect(one.includes('sleeps')).toBe(false)
  expect(one.length).toBe(headerBytes + content.length + tagBytes * Math.ceil(content.length / frameBytes))
  for (let at = headerBytes; at < one.length; at += frameBytes) {
    expect(one.subarray(at, at + 16).equals(two.subarray(at, at + 16))).toBe(false)
  }
  expect(one.subarray(28, 60).equals(two.subarray(28, 60))).toBe(false)
})

test('a range reads the frames it needs and the last one, no others', async () => {
  await store.put('long', inParts(someBytes(20 * frameBytes)))
  let readBytes = 0
  const counting: ObjectStore = {
    put: (name, content, options) => plain.put(name, content, options),
    async get(name, range) {
      const found = await plain.get(name, range)
      if (found === undefined) return undefined
      const { info, content } = found
      async function* counted(): AsyncIterable<Uint8Array> {
        for await (const part of content) {
          readBytes += part.length
          yield part
        }
      }
      return { info, content: counted() }
    },
    head: (name) => plain.head(name),
    list: (prefix, after) => plain.list(prefix, after),
    remove: (name) => plain.remove(name),
  }
  const counted = encryptedStore({ store: counting, keys: wrappingKeys(secret, undefined) })
  await read(counted, 'long', { start: 5 * frameBytes + 100, end: 5 * frameBytes + 200 })
  expect(readBytes).toBe(headerBytes + 2 * (frameBytes + tagBytes))
})

describe('keys', () => {
  const other = Buffer.alloc(32, 9).toString('base64')

  test('a new media key writes; what was written before can still be read', async () => {
    await store.put('before', inParts('before'))
    const later = encryptedStore({ store: plain, keys: wrappingKeys(secret, other) })
    await later.put('after', inParts('after'))
    expect(String(await read(later, 'before'))).toBe('before')
    expect(String(await read(later, 'after'))).toBe('after')
    expect(await codeOf(store.get('after'))).toBe('object-unreadable')
  })

  test('get says under which key an object was written', async () => {
    await store.put('before', inParts('before'))
    const keys = wrappingKeys(secret, other)
    const later = encryptedStore({ store: plain, keys })
    await later.put('after', inParts('after'))
    const idOf = async (name: string): Promise<string | undefined> => {
      const found = await later.get(name)
      for await (const _ of found?.content ?? []) continue
      return found?.keyId
    }
    expect(await idOf('after')).toBe(keys[0].id.toString('hex'))
    expect(await idOf('before')).toBe(keys[1]?.id.toString('hex'))
  })

  test('the key of one installation opens nothing of another; its id gives nothing away', async () => {
    await store.put('ours', inParts('ours'))
    const theirs = encryptedStore({ store: plain, keys: wrappingKeys(Buffer.alloc(32, 8), undefined) })
    expect(await codeOf(theirs.get('ours'))).toBe('object-unreadable')
    const [key] = wrappingKeys(secret, other)
    expect(key.id).toHaveLength(8)
    expect(wrappingKey(Buffer.alloc(32, 9)).id.equals(key.id)).toBe(true)
    expect(key.key.includes(key.id)).toBe(false)
  })
})

describe('damage', () => {
  const content = someBytes(3 * frameBytes + 1000)
  const sealed = frameBytes + tagBytes
  /** Another version or key id may be damage or not: nobody can tell, so it is not called damage. */
  const codeAt = (at: number): string => (at === 4 || (at >= 8 && at < 16) ? 'object-unreadable' : 'object-damaged')

  beforeEach(async () => {
    await store.put('clip', inParts(content))
  })

  test('a changed bit anywhere: no byte of its frame comes out, those before it do', async () => {
    const original = await readFile(pathOf('clip'))
    await fc.assert(
      fc.asyncProperty(fc.nat(original.length - 1), fc.nat(7), async (at, bit) => {
        const bytes = Buffer.from(original)
        bytes[at] = (bytes[at] ?? 0) ^ (1 << bit)
        await writeFile(pathOf('clip'), bytes)
        const found = await tryRead('clip')
        expect(found.code).toBe(codeAt(at))
        const frame = at < headerBytes ? 0 : Math.floor((at - headerBytes) / sealed)
        expect(found.bytes.equals(content.subarray(0, frame * frameBytes))).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  test('each byte of the header counts', async () => {
    const original = await readFile(pathOf('clip'))
    for (let at = 0; at < headerBytes; at += 1) {
      const bytes = Buffer.from(original)
      bytes[at] = (bytes[at] ?? 0) ^ 0x80
      await writeFile(pathOf('clip'), bytes)
      expect([at, await tryRead('clip')]).toEqual([at, { bytes: Buffer.alloc(0), code: codeAt(at) }])
    }
  })

  test('cut off anywhere, at frame edges too, whatever range is asked for', async () => {
    const original = await readFile(pathOf('clip'))
    const edges = [0, 1, 2, 3].flatMap((frame) => [
      frameStart(frame) - 1,
      frameStart(frame),
      frameStart(frame) + tagBytes,
    ])
    for (const length of [0, 10, ...edges, original.length - 1]) {
      await writeFile(pathOf('clip'), original.subarray(0, length))
      expect([length, (await tryRead('clip')).code]).toEqual([length, 'object-damaged'])
      const range = await tryRead('clip', { start: 0, end: 10 })
      expect([length, range.code, range.bytes.length]).toEqual([length, 'object-damaged', 0])
    }
  })

  test('frames swapped, left out, doubled, and bytes behind the end', async () => {
    const original = await readFile(pathOf('clip'))
    const frames = [0, 1, 2, 3].map((frame) => original.subarray(frameStart(frame), frameStart(frame + 1)))
    const [first, second, third, last] = frames as [Buffer, Buffer, Buffer, Buffer]
    const header = original.subarray(0, headerBytes)
    const wrong: readonly (readonly Buffer[])[] = [
      [second, first, third, last],
      [first, third, second, last],
      [first, third, last],
      [first, second, second, third, last],
      [first, second, third, last, last],
      [first, second, third, last, Buffer.from('more')],
      [first, second, third, last, Buffer.alloc(sealed)],
      [first, second, third],
      [last],
    ]
    for (const [index, order] of wrong.entries()) {
      await writeFile(pathOf('clip'), Buffer.concat([header, ...order]))
      expect([index, (await tryRead('clip')).code]).toEqual([index, 'object-damaged'])
    }
  })

  test('frames or headers of another object, another version of it, or its whole file elsewhere', async () => {
    const original = await readFile(pathOf('clip'))
    await store.put('other', inParts(content))
    const other = await readFile(pathOf('other'))
    for (const at of [headerBytes, frameStart(1), frameStart(3)]) {
      await change('clip', () => Buffer.concat([original.subarray(0, at), other.subarray(at)]))
      expect((await tryRead('clip')).code).toBe('object-damaged')
    }
    await copyFile(pathOf('other'), pathOf('clip'))
    expect((await tryRead('clip')).code).toBe('object-damaged')
    await writeFile(pathOf('clip'), original)
    expect((await tryRead('clip')).code).toBe('none')
    expect((await read(store, 'other'))?.equals(content)).toBe(true)
  })

  test('a plain file in its place is no object; lists go on beside it', async () => {
    await writeFile(pathOf('clip'), 'plain text')
    expect((await tryRead('clip')).code).toBe('object-damaged')
    expect(await names(store)).toEqual(['clip'])
    expect(await store.head('clip')).toMatchObject({ bytes: 0 })
  })
})

test('an object that is replaced all the time is always read as one of its versions', async () => {
  const versions = [0, 1].map((fill) => Buffer.alloc(2 * frameBytes + fill * 100, fill + 1))
  await store.put('busy', inParts(versions[0] ?? ''))
  let isDone = false
  const writing = (async () => {
    for (let round = 0; round < 40; round += 1) await store.put('busy', inParts(versions[round % 2] ?? ''))
    isDone = true
  })()
  while (!isDone) {
    const found = await store.get('busy', { start: 0, end: 1000 })
    const bytes = found === undefined ? undefined : await bytesOf(found.content)
    expect(versions.some((version) => bytes?.equals(version.subarray(0, 1000)))).toBe(true)
  }
  await writing
})

test('lengths: each of content has one on disk, and no other length is an object', () => {
  fc.assert(
    fc.property(fc.nat(10 * frameBytes), (bytes) => {
      const frames = Math.max(1, Math.ceil(bytes / frameBytes))
      expect(layoutOf(headerBytes + bytes + frames * tagBytes)).toEqual({ frames, bytes })
    }),
  )
  for (const short of [0, headerBytes, headerBytes + tagBytes - 1]) expect(layoutOf(short)).toBeUndefined()
  for (let more = 1; more <= tagBytes; more += 1) expect(layoutOf(frameStart(1) + more)).toBeUndefined()
})
