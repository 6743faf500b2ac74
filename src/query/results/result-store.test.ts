// Kept results on a real disk, with a clock that is moved by hand.
import { mkdtemp, readdir, readlink, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import * as fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { systemClock } from '../../core/clock.ts'
import type { EngineValue, ResultChunk } from '../../warehouse/session.ts'
import { keptResultsMax, ResultStore, type ResultStoreSettings } from './result-store.ts'

let folder = ''
let nowMicros = 0
const clock = { ...systemClock, nowMicros: () => nowMicros }

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millpond-results-'))
})
afterAll(async () => {
  await rm(folder, { recursive: true, force: true })
})

async function openStore(bounds: Partial<ResultStoreSettings> = {}): Promise<ResultStore> {
  const roomy = { resultRowsMax: 1e9, resultBytesMax: 1e9, resultsBytesMax: 1e9, resultAgeMsMax: 1000 }
  return ResultStore.open({ folder: join(folder, 'kept'), ...roomy, ...bounds }, clock)
}

function chunkOf(values: readonly EngineValue[]): ResultChunk {
  return { rowCount: values.length, columns: [values] }
}

async function keep(store: ResultStore, key: string, chunks: readonly ResultChunk[]): Promise<void> {
  const file = await store.create()
  for (const chunk of chunks) await file.append(chunk)
  await file.seal()
  await store.keep(key, file)
}

async function valuesFrom(store: ResultStore, key: string, startRow: number): Promise<EngineValue[] | undefined> {
  return store.use(key, async (file) => {
    const values: EngineValue[] = []
    for await (const chunk of file.read(startRow)) values.push(...(chunk.columns[0] ?? []))
    return values
  })
}

describe('kept results', () => {
  test('any page of any chunks is exactly those rows', async () => {
    const store = await openStore()
    const value = fc.oneof(
      fc.constant(null),
      fc.bigInt(),
      fc.double(),
      fc.string(),
      fc.uint8Array(),
      fc.array(fc.string()),
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(value, { maxLength: 40 }), { maxLength: 8 }),
        fc.nat(200),
        async (rows, from) => {
          await keep(store, 'any', rows.map(chunkOf))
          expect(await valuesFrom(store, 'any', from)).toEqual(rows.flat().slice(from))
        },
      ),
      { numRuns: 40 },
    )
    await store.stop()
    expect(await readdir(join(folder, 'kept'))).toEqual([])
  })

  test('rows of more than one piece come from the middle', async () => {
    const store = await openStore()
    const numbers = Array.from({ length: 30_000 }, (_, index) => BigInt(index))
    await keep(
      store,
      'long',
      [0, 1, 2, 3, 4, 5].map((part) => chunkOf(numbers.slice(part * 5000, part * 5000 + 5000))),
    )
    expect(await valuesFrom(store, 'long', 29_990)).toEqual(numbers.slice(29_990))
    expect(store.rows('long')).toBe(30_000)
    await store.stop()
  })

  test('a result beyond its bound ends with query-limit', async () => {
    const store = await openStore({ resultBytesMax: 100 })
    const file = await store.create()
    const noise = Array.from({ length: 9_000 }, (_, index) => Math.sin(index))
    await expect(file.append(chunkOf(noise))).rejects.toMatchObject({ code: 'query-limit' })
    await file.remove()
    await store.stop()
  })

  test('whatever is kept, replaced, read and forgotten at one time: the sum is what lies in the folder', async () => {
    const keys = fc.constantFrom('a', 'b', 'c', 'd', 'e')
    const deed = fc.oneof(
      fc.record({ deed: fc.constant('keep' as const), key: keys, rows: fc.nat(60) }),
      fc.record({ deed: fc.constantFrom('forget' as const, 'read' as const), key: keys }),
      fc.record({ deed: fc.constant('wait' as const), ms: fc.nat(700) }),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(deed, { maxLength: 5 }), { maxLength: 12 }), async (turns) => {
        const store = await openStore({ resultsBytesMax: 1_500 })
        for (const together of turns) {
          await Promise.all(
            together.map(async (one) => {
              if (one.deed === 'keep')
                await keep(store, one.key, [chunkOf(Array.from({ length: one.rows }, (_, row) => Math.sin(row)))])
              else if (one.deed === 'forget') await store.forget(one.key)
              else if ('ms' in one) nowMicros += one.ms * 1000
              else await valuesFrom(store, one.key, 0)
            }),
          )
          const names = await readdir(join(folder, 'kept'))
          const sizes = await Promise.all(names.map(async (name) => (await stat(join(folder, 'kept', name))).size))
          expect(store.bytes).toBe(sizes.reduce((sum, size) => sum + size, 0))
          expect(store.bytes).toBeLessThanOrEqual(1_500)
        }
        await store.stop()
      }),
      { numRuns: 60 },
    )
  })

  test.runIf(process.platform === 'linux')('none is an open file while nobody reads it', async () => {
    const openFiles = async (): Promise<number> => {
      const links = (await readdir('/proc/self/fd')).map(async (fd) => readlink(`/proc/self/fd/${fd}`).catch(() => ''))
      return (await Promise.all(links)).filter((path) => path.startsWith(join(folder, 'kept'))).length
    }
    const store = await openStore()
    for (const key of ['a', 'b', 'c']) await keep(store, key, [chunkOf([1, 2])])
    expect(await openFiles()).toBe(0)
    const reading = store.read('b')
    await reading.next()
    expect(await openFiles()).toBe(1)
    await reading.return(undefined)
    expect(await openFiles()).toBe(0)
    await store.stop()
  })

  test('the least recently used one goes first, a reader keeps it until he is done', async () => {
    const store = await openStore({ resultsBytesMax: 1 })
    await keep(store, 'a', [chunkOf(['a'])])
    expect(store.has('a')).toBe(false)
    const roomy = await openStore({ resultsBytesMax: 600 })
    await keep(roomy, 'a', [chunkOf(['a'])])
    const reading = roomy.read('a')[Symbol.asyncIterator]()
    expect((await reading.next()).value).toEqual(chunkOf(['a']))
    await keep(roomy, 'b', [chunkOf(Array.from({ length: 100 }, (_, index) => Math.sin(index)).slice(0, 60))])
    expect([roomy.has('a'), roomy.has('b')]).toEqual([false, true])
    expect(await readdir(join(folder, 'kept'))).toHaveLength(2)
    expect((await reading.next()).done).toBe(true)
    expect(await readdir(join(folder, 'kept'))).toHaveLength(1)
    await store.stop()
    await roomy.stop()
  })

  test('many small ones push out the oldest', { timeout: 30_000 }, async () => {
    const store = await openStore()
    for (let index = 0; index < keptResultsMax + 5; index += 1) await keep(store, `k${index}`, [])
    expect([store.has('k4'), store.has('k5'), store.has(`k${keptResultsMax + 4}`)]).toEqual([false, true, true])
    expect(await readdir(join(folder, 'kept'))).toHaveLength(keptResultsMax)
    await store.stop()
  })

  test('an old one is gone', async () => {
    const store = await openStore()
    await keep(store, 'old', [chunkOf([1])])
    expect(store.has('old')).toBe(true)
    nowMicros += 1_001_000
    expect(store.has('old')).toBe(false)
    await store.stop()
  })
})
