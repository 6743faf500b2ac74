// What every object store promises (src/objects/store.ts), run over each driver and each layer.
import { createHash } from 'node:crypto'

import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { ByteRange, ObjectStore } from '../../src/objects/store.ts'
import { seededRandom } from '../support/random.ts'

export interface StoreUnderTest {
  readonly store: ObjectStore
  dispose(): Promise<void>
}

const frame = 64 * 1024

export async function* inParts(...parts: readonly (string | Uint8Array)[]): AsyncIterable<Uint8Array> {
  for (const part of parts) yield typeof part === 'string' ? Buffer.from(part) : part
}

export async function bytesOf(content: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const parts: Uint8Array[] = []
  for await (const part of content) parts.push(part)
  return Buffer.concat(parts)
}

/** Undefined: no such object. */
export async function read(store: ObjectStore, name: string, range?: ByteRange): Promise<Buffer | undefined> {
  const found = await store.get(name, range)
  return found === undefined ? undefined : bytesOf(found.content)
}

export async function names(store: ObjectStore, prefix = '', after?: string): Promise<string[]> {
  const found: string[] = []
  for await (const { name } of store.list(prefix, after)) found.push(name)
  return found
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}

export function someBytes(count: number, seed = count): Buffer {
  const random = seededRandom(seed + 1)
  return Buffer.from(Array.from({ length: count }, () => Math.floor(random() * 256)))
}

export async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return 'none'
  } catch (error) {
    return (error as { code?: string }).code ?? String(error)
  }
}

/** Content that waits for its caller before it goes on. */
export function heldContent(before: Uint8Array, after: Uint8Array): { content: AsyncIterable<Uint8Array>; go(): void } {
  const held = Promise.withResolvers<void>()
  async function* run(): AsyncIterable<Uint8Array> {
    yield before
    await held.promise
    yield after
  }
  return { content: run(), go: () => held.resolve() }
}

export function objectStoreContract(name: string, make: () => Promise<StoreUnderTest>): void {
  describe(name, () => {
    let underTest: StoreUnderTest
    let store: ObjectStore

    beforeAll(async () => {
      underTest = await make()
      store = underTest.store
    })
    afterAll(async () => {
      await underTest.dispose()
    })

    describe('put and get', () => {
      test('gives back what was put, and says how much it is', async () => {
        const receipt = await store.put('a/first.txt', inParts('one,', '', 'two'))
        expect(receipt).toEqual({ bytes: 7, sha256: sha256Of(Buffer.from('one,two')) })
        const found = await store.get('a/first.txt')
        expect(found?.info).toMatchObject({ name: 'a/first.txt', bytes: 7 })
        expect(found === undefined ? '' : String(await bytesOf(found.content))).toBe('one,two')
        expect(await store.head('a/first.txt')).toEqual(found?.info)
        const ageMicros = Date.now() * 1000 - (found?.info.modifiedAtMicros ?? 0)
        expect(Math.abs(ageMicros)).toBeLessThan(60e6)
      })

      test('knows an object of no bytes from one that is not there', async () => {
        expect(await store.put('empty', inParts())).toEqual({ bytes: 0, sha256: sha256Of(Buffer.alloc(0)) })
        expect(await read(store, 'empty')).toHaveLength(0)
        expect(await read(store, 'empty', { start: 0, end: 10 })).toHaveLength(0)
        expect(await store.head('empty')).toMatchObject({ bytes: 0 })
        expect(await store.get('absent')).toBeUndefined()
        expect(await store.head('absent')).toBeUndefined()
        expect(await store.get('empty/below')).toBeUndefined()
        expect(await store.get('a')).toBeUndefined()
      })

      test('replaces; who reads the old one reads it to its end', async () => {
        const old = someBytes(3 * frame)
        await store.put('replaced', inParts(old))
        const reading = await store.get('replaced')
        await store.put('replaced', inParts('new'))
        expect(String(await read(store, 'replaced'))).toBe('new')
        expect(reading === undefined ? undefined : old.equals(await bytesOf(reading.content))).toBe(true)
      })

      test('shows nothing of a put before it is done, and the old object meanwhile', async () => {
        const fresh = heldContent(someBytes(2 * frame), Buffer.from('end'))
        const puttingFresh = store.put('hidden/fresh', fresh.content)
        await store.put('hidden/old', inParts('old'))
        const next = heldContent(Buffer.from('next '), Buffer.from('content'))
        const puttingNext = store.put('hidden/old', next.content)
        expect(await names(store, 'hidden/')).toEqual(['hidden/old'])
        expect(await store.head('hidden/fresh')).toBeUndefined()
        expect(String(await read(store, 'hidden/old'))).toBe('old')
        fresh.go()
        next.go()
        await Promise.all([puttingFresh, puttingNext])
        expect(await names(store, 'hidden/')).toEqual(['hidden/fresh', 'hidden/old'])
        expect(String(await read(store, 'hidden/old'))).toBe('next content')
      })

      test('keeps nothing of content that fails, or that is not what was announced', async () => {
        async function* failing(): AsyncIterable<Uint8Array> {
          yield someBytes(2 * frame)
          throw Object.assign(new Error('The sender is gone.'), { code: 'gone' })
        }
        await store.put('half/there', inParts('old'))
        for (const at of ['half/there', 'half/new']) {
          expect(await codeOf(store.put(at, failing()))).toBe('gone')
          const wrong = sha256Of(Buffer.from('other'))
          expect(await codeOf(store.put(at, inParts('this'), { sha256: wrong }))).toBe('object-damaged')
        }
        expect(await names(store, 'half/')).toEqual(['half/there'])
        expect(String(await read(store, 'half/there'))).toBe('old')
        await store.put('half/new', inParts('this'), { sha256: sha256Of(Buffer.from('this')).toUpperCase() })
        expect(String(await read(store, 'half/new'))).toBe('this')
      })

      test('puts to one name at one time leave one of them, whole', async () => {
        const all = Array.from({ length: 8 }, (_, index) => Buffer.alloc(frame + 1000, index))
        await Promise.all(
          all.map((content) => store.put('raced', inParts(content.subarray(0, 100), content.subarray(100)))),
        )
        const found = await read(store, 'raced')
        expect(all.some((content) => found?.equals(content))).toBe(true)
        expect(await names(store, 'raced')).toEqual(['raced'])
      })

      test('frees what it holds when its reader breaks off', async () => {
        await store.put('broken-off', inParts(someBytes(5 * frame)))
        for (let round = 0; round < 50; round += 1) {
          const found = await store.get('broken-off')
          for await (const part of found?.content ?? []) {
            expect(part.length).toBeGreaterThan(0)
            break
          }
        }
      })
    })

    describe('ranges', () => {
      const sizes = [1, frame - 1, frame, frame + 1, 2 * frame, 2 * frame + 17]
      const content = someBytes(2 * frame + 17)
      const edges = [
        0,
        1,
        frame - 1,
        frame,
        frame + 1,
        2 * frame - 1,
        2 * frame,
        2 * frame + 1,
        2 * frame + 17,
        3 * frame,
      ]

      beforeAll(async () => {
        for (const size of sizes) await store.put(`sized/${size}`, inParts(content.subarray(0, size)))
      })

      test.each(sizes)('every edge of an object of %i bytes', async (size) => {
        const whole = content.subarray(0, size)
        expect((await read(store, `sized/${size}`))?.equals(whole)).toBe(true)
        expect(await store.head(`sized/${size}`)).toMatchObject({ bytes: size })
        for (const start of edges) {
          for (const end of edges.filter((edge) => edge >= start)) {
            const found = await read(store, `sized/${size}`, { start, end })
            expect([start, end, found?.equals(whole.subarray(start, end))]).toEqual([start, end, true])
          }
        }
      })

      test('any range is the slice; the info is of the whole', async () => {
        const within = fc.integer({ min: 0, max: content.length + 10 })
        await fc.assert(
          fc.asyncProperty(within, within, async (start, end) => {
            const found = await store.get(`sized/${content.length}`, { start, end })
            expect(found?.info.bytes).toBe(content.length)
            const bytes = found === undefined ? undefined : await bytesOf(found.content)
            expect(bytes?.equals(content.subarray(start, Math.max(start, end)))).toBe(true)
          }),
          { numRuns: 60 },
        )
      })

      test('content comes back however it was cut when it was put', async () => {
        const pieces = fc.array(fc.integer({ min: 0, max: frame + 5 }), { maxLength: 6 })
        await fc.assert(
          fc.asyncProperty(pieces, async (lengths) => {
            const parts = lengths.map((length, index) => content.subarray(index, index + length))
            const whole = Buffer.concat(parts)
            expect(await store.put('cut', inParts(...parts))).toEqual({ bytes: whole.length, sha256: sha256Of(whole) })
            expect((await read(store, 'cut'))?.equals(whole)).toBe(true)
          }),
          { numRuns: 30 },
        )
      })
    })

    describe('list and remove', () => {
      const listed = [
        'l/a-b',
        'l/a.b',
        'l/a/b',
        'l/a/c/d',
        'l/a0',
        'l/aa/b',
        'l/b',
        'l0',
        'l/a/b.c',
        'l/A',
        'l/a_b',
        'l-/x',
      ]

      beforeAll(async () => {
        for (const name of listed) await store.put(name, inParts(name))
      })

      test('is in the order of whole names, as bytes', async () => {
        expect(await names(store, 'l')).toEqual(listed.toSorted())
        for await (const { name, bytes } of store.list('l')) expect([name, bytes]).toEqual([name, name.length])
      })

      test('any prefix and any start', async () => {
        const texts = fc.oneof(
          fc.constantFrom(...listed, 'l', 'l/', 'l/a', 'l/a/', 'l/a/c', '', 'zz', '../', 'l//', 'l/a/b/'),
          fc.string({ maxLength: 4 }),
        )
        const all = await names(store)
        expect(all).toEqual(all.toSorted())
        await fc.assert(
          fc.asyncProperty(texts, texts, async (prefix, after) => {
            const wanted = all.filter((name) => name.startsWith(prefix) && name > after)
            expect(await names(store, prefix, after)).toEqual(wanted)
          }),
          { numRuns: 100 },
        )
      })

      test('removes, and takes it calmly if there is nothing', async () => {
        await store.put('removed/one', inParts('1'))
        await store.put('removed/two', inParts('2'))
        const reading = await store.get('removed/one')
        await store.remove('removed/one')
        await store.remove('removed/one')
        await store.remove('removed')
        await store.remove('never/there')
        expect(await names(store, 'removed')).toEqual(['removed/two'])
        expect(await read(store, 'removed/one')).toBeUndefined()
        expect(reading === undefined ? '' : String(await bytesOf(reading.content))).toBe('1')
        await store.put('removed/one', inParts('again'))
        expect(String(await read(store, 'removed/one'))).toBe('again')
      })
    })

    describe('names', () => {
      const odd = [
        '',
        '/',
        '/a',
        'a/',
        'a//b',
        '.',
        '..',
        '../a',
        'a/../b',
        'a/.',
        'ä',
        'a b',
        'a\\b',
        'a\0b',
        '~a',
        'a:b',
        'a\n',
      ]
      test.each([...odd, `${'a/'.repeat(256)}bc`])('%j is refused everywhere', async (name) => {
        expect(await codeOf(store.put(name, inParts('x')))).toBe('object-name-invalid')
        expect(await codeOf(store.get(name))).toBe('object-name-invalid')
        expect(await codeOf(store.head(name))).toBe('object-name-invalid')
        expect(await codeOf(store.remove(name))).toBe('object-name-invalid')
      })

      test.each(['...', '.hidden', '-', '_', 'A.B-c_9', '.uploading/x', `${'a'.repeat(255)}/${'b'.repeat(255)}`])(
        '%s is taken',
        async (name) => {
          await store.put(name, inParts(name))
          expect(String(await read(store, name))).toBe(name)
          expect(await names(store, name)).toEqual([name])
          await store.remove(name)
        },
      )
    })
  })
}
