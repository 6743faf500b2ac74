// Archived segments put anew with other records, with the real writer, store and readers.
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from 'vitest'

import type { StreamReader } from '../../buffer/buffer.ts'
import { openReader } from '../../buffer/reader.ts'
import type { NewRecord, StoredRecord } from '../../buffer/record.ts'
import { openWriter } from '../../buffer/writer.ts'
import { systemClock as clock } from '../../core/clock.ts'
import { diskFiles } from '../../core/files.ts'
import { createLog } from '../../core/log.ts'
import { openDiskStore } from '../../objects/disk/disk.ts'
import type { ObjectStore } from '../../objects/store.ts'
import type { Archive, ChangeRecord, LookedAt } from './archive.ts'
import { withArchive } from './archive-files.ts'
import { openArchive } from './archiver.ts'

const log = createLog('silent')
const stream = 'events'
let data = ''
let folder = ''
let store: ObjectStore
let archive: Archive

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'millpond-rewrite-'))
  folder = join(data, 'buffer', stream)
  store = await openDiskStore({ folder: join(data, 'archive') })
  archive = await archiveOver(store)
})

afterEach(async () => {
  await archive.stop()
  await rm(data, { recursive: true })
})

async function archiveOver(over: ObjectStore): Promise<Archive> {
  const settings = { archiveRetentionDays: 0, archiveBytesMax: 0 }
  return openArchive({ streams: [{ stream, folder }], settings }, { files: diskFiles, store: over, clock, log })
}

/** Everything but the newest segment leaves the buffer. */
async function collect(bodies: readonly string[], segmentBytesMax: number): Promise<StoredRecord[]> {
  const options = {
    cutIntervalMs: 0,
    segmentAgeMsMax: 3_600_000,
    streamBytesMax: 1e9,
    diskFreeBytesMin: 0,
    ballastBytes: 0,
  }
  const writer = await openWriter({ stream, folder, segmentBytesMax, ...options }, { files: diskFiles, clock, log })
  const sent: StoredRecord[] = []
  for (const body of bodies) {
    const common = { kind: 'segment', source: 'web', count: 1, meta: '{}' } as const
    const record: NewRecord = { ...common, receivedAtMicros: clock.nowMicros(), body: Buffer.from(body) }
    sent.push({ ...record, sequence: await writer.append(record) })
  }
  await archive.sweep()
  await writer.release(archive.archivedUpTo(stream))
  await writer.stop()
  return sent
}

async function reading(after = 0): Promise<StreamReader> {
  const files = withArchive(diskFiles, store, [{ stream, folder, after }], log)
  return openReader({ stream, folder, after }, { files, clock, log })
}

async function readAll(): Promise<{ bodies: string[]; sequences: number[]; damaged: number }> {
  const reader = await reading()
  const { records, damaged } = await reader.read({ eventsMax: Infinity, bytesMax: Infinity })
  await reader.stop()
  const bodies = records.map(({ body }) => Buffer.from(body).toString())
  return { bodies, sequences: records.map(({ sequence }) => sequence), damaged: damaged.length }
}

async function rewriteAll(change: ChangeRecord, of = archive): Promise<LookedAt[]> {
  const looks: LookedAt[] = []
  for await (const look of of.rewrite({ stream, after: 0, receivedUntilMicros: Infinity }, change)) looks.push(look)
  return looks
}

const emptied: ChangeRecord = (record) =>
  Buffer.from(record.body).includes('gone') ? { ...record, meta: '{"erased":1}', body: Buffer.from('{}') } : undefined

const bodies = Array.from({ length: 120 }, (_, n) => `${n} ${n % 40 === 7 ? 'gone' : 'stays'} ${'x'.repeat(30_000)}`)

test('records change, their places and all others stay byte for byte', async () => {
  const sent = await collect(bodies, 1_000_000)
  const looks = await rewriteAll(emptied)
  expect(looks.length).toBeGreaterThan(2)
  expect(looks.reduce((sum, { changed }) => sum + changed, 0)).toBe(3)
  const after = await readAll()
  expect(after.sequences).toEqual(sent.map(({ sequence }) => sequence))
  expect(after.bodies).toEqual(bodies.map((body) => (body.includes('gone') ? '{}' : body)))
  expect(after.damaged).toBe(0)
  expect(await rewriteAll(emptied)).toEqual(looks.map((look) => ({ ...look, changed: 0 })))
})

test('a segment in which nothing changes is not put anew', async () => {
  await collect(bodies, 1_000_000)
  const times = async (): Promise<number[]> => {
    const names = await readdir(join(data, 'archive', stream))
    return Promise.all(names.map(async (name) => (await stat(join(data, 'archive', stream, name))).mtimeMs))
  }
  const before = await times()
  await rewriteAll(() => undefined)
  expect(await times()).toEqual(before)
})

test('a segment that became longer than the one behind it knows is read to its end', async () => {
  const sent = await collect(
    Array.from({ length: 20 }, (_, n) => `gone ${n}`),
    600,
  )
  await rewriteAll((record) => ({ ...record, meta: JSON.stringify({ erased: 'y'.repeat(300) }) }))
  expect((await readAll()).sequences).toEqual(sent.map(({ sequence }) => sequence))
})

test('a reader that has the old object open fails one call, and then misses nothing', async () => {
  const sent = await collect(bodies, 3_000_000)
  const reader = await reading()
  const first = await reader.read({ eventsMax: 10, bytesMax: Infinity })
  await rewriteAll((record) => ({ ...record, body: Buffer.from('{}') }))
  await expect(reader.read({ eventsMax: Infinity, bytesMax: Infinity })).rejects.toThrow('was put anew')
  const rest = await reader.read({ eventsMax: Infinity, bytesMax: Infinity })
  await reader.stop()
  const sequences = [...first.records, ...rest.records].map(({ sequence }) => sequence)
  expect(sequences).toEqual(sent.map(({ sequence }) => sequence))
  expect(rest.damaged).toEqual([])
})

test('a store that fails in the middle keeps the old object whole, and the next pass does it', async () => {
  await collect(bodies, 1_000_000)
  const failing: ObjectStore = {
    put: async (name, content, options) => {
      async function* broken(): AsyncGenerator<Uint8Array> {
        for await (const part of content) yield part
        throw new Error('The disk is gone.')
      }
      return store.put(name, broken(), options)
    },
    get: async (name, range) => store.get(name, range),
    head: async (name) => store.head(name),
    list: (prefix, after) => store.list(prefix, after),
    remove: async (name) => store.remove(name),
  }
  const other = await archiveOver(failing)
  await expect(rewriteAll(emptied, other)).rejects.toThrow('The disk is gone.')
  await other.stop()
  expect((await readAll()).bodies).toEqual(bodies)
  await rewriteAll(emptied)
  expect((await readAll()).bodies.filter((body) => body === '{}')).toHaveLength(3)
})

test('what the buffer still has is left for a later night', async () => {
  await collect(bodies, 1_000_000)
  const newest = (await readdir(folder)).filter((name) => name.endsWith('.seg')).toSorted()[0] ?? ''
  const looks = await rewriteAll(() => undefined)
  expect(looks.every(({ lastSequence }) => lastSequence < Number.parseInt(newest, 10))).toBe(true)
})

test('an archive that stops breaks the pass off', async () => {
  await collect(bodies, 1_000_000)
  const pass = archive.rewrite({ stream, after: 0, receivedUntilMicros: Infinity }, emptied)[Symbol.asyncIterator]()
  expect((await pass.next()).done).toBe(false)
  await archive.stop()
  await expect(pass.next()).rejects.toThrow('stopping')
  expect((await readAll()).damaged).toBe(0)
})
