// What is archived, when, and what happens when it can't be: full disks, restarts, lost segments, expiry.
import { zstdDecompressSync } from 'node:zlib'

import { describe, expect, test } from 'vitest'

import type { StreamWriter } from '../../src/buffer/buffer.ts'
import { encodeControl, frameType } from '../../src/buffer/frame.ts'
import { segmentName } from '../../src/buffer/segment.ts'
import { archiveBegins } from '../../src/deliver/archive/archive-begins.ts'
import { openArchive } from '../../src/deliver/archive/archiver.ts'
import { type ArchiveHarness, newArchiveHarness, objectPath, overriding, sequences } from './archive-harness.ts'
import { folder, log, recordOf, texts } from './buffer-harness.ts'

const small = { segmentBytesMax: 1100, cutIntervalMs: 0 }

/** `count` records of 300 bytes: three a segment. */
async function append(writer: StreamWriter, count: number, receivedAtMicros = 1): Promise<number[]> {
  const all: number[] = []
  for (let index = 0; index < count; index += 1) {
    all.push(await writer.append(recordOf(`${index}:`.padEnd(300, 'x'), { receivedAtMicros })))
  }
  return all
}

async function filled(count = 12): Promise<{ harness: ArchiveHarness; writer: StreamWriter; sent: number[] }> {
  const harness = await newArchiveHarness()
  const writer = await harness.open(small)
  return { harness, writer, sent: await append(writer, count) }
}

describe('a sweep', () => {
  test('archives sealed segments, oldest first, and not the one that is written', async () => {
    const { harness, writer, sent } = await filled()
    const archive = await harness.archive()
    expect(archive.archivedUpTo('events')).toBe(0)
    await archive.sweep()
    const segments = await harness.segments()
    expect((await harness.objects()).map((name) => `${name.slice(0, 16)}.seg`)).toEqual(segments.slice(0, -1))
    expect(archive.archivedUpTo('events')).toBe(sent[8])
    expect(archive.status()).toMatchObject({ segments: 3, oldestMicros: 1, lastError: null })
    await writer.stop()
  })

  test('keeps the very bytes of the segment, readable by any zstd', async () => {
    const { harness, writer } = await filled()
    await (await harness.archive()).sweep()
    const [segment = ''] = await harness.segments()
    const [object = ''] = await harness.objects()
    const raw = Buffer.from((await harness.disk.files().readAll(`${folder}/${segment}`)) ?? [])
    const packed = Buffer.from((await harness.disk.files().readAll(objectPath(object))) ?? [])
    const content = zstdDecompressSync(packed)
    // A cut behind the last sync is not promised to the archive.
    expect(raw.subarray(0, content.length).equals(content)).toBe(true)
    expect(raw.length - content.length).toBeLessThan(100)
    await writer.stop()
  })

  test('does nothing when nothing is new: one list of the folder', async () => {
    const { harness, writer } = await filled()
    const archive = await harness.archive()
    await archive.sweep()
    const before = new Map(harness.disk.calls)
    await archive.sweep()
    const made = [...harness.disk.calls].filter(([name, count]) => count !== before.get(name))
    expect(made).toEqual([['list', (before.get('list') ?? 0) + 1]])
    await writer.stop()
  })

  test('two at once are one', async () => {
    const { harness, writer } = await filled()
    const archive = await harness.archive()
    const [first, second] = [archive.sweep(), archive.sweep()]
    expect(second).toBe(first)
    await first
    expect(await harness.objects()).toHaveLength(3)
    await writer.stop()
  })

  test('begins where the last start stopped, by the list of the store alone', async () => {
    const { harness, writer, sent } = await filled()
    await (await harness.archive()).sweep()
    const more = await append(writer, 3)
    const again = await harness.archive()
    expect(again.archivedUpTo('events')).toBe(sent[8])
    await again.sweep()
    expect(await harness.objects()).toHaveLength(4)
    expect(again.archivedUpTo('events')).toBeGreaterThan(sent[8] ?? 0)
    expect(again.archivedUpTo('events')).toBeLessThan(more[2] ?? 0)
    await writer.stop()
  })

  test('a segment with only a header is passed by, and holds nothing up', async () => {
    const { harness, writer } = await filled(2)
    await writer.stop()
    const first = 2 * 2 ** 32 + 1
    const header = encodeControl(frameType.header, first, 0, { totals: { web: 2 }, previous: [] })
    const file = await harness.disk.files().open(`${folder}/${segmentName(first)}`, 'create')
    await file.write([header], 0)
    const again = await harness.open(small)
    const sent = await append(again, 6)
    const archive = await harness.archive()
    await archive.sweep()
    expect(await harness.objects()).toHaveLength(2)
    expect(archive.archivedUpTo('events')).toBeGreaterThanOrEqual(sent[0] ?? Infinity)
    await again.release(archive.archivedUpTo('events'))
    await archive.sweep()
    expect(archive.status().lastError).toBeNull()
    await again.stop()
  })

  test('a segment waits for a cut behind the header that ends it: before that the header may not be durable', async () => {
    const { harness, writer } = await filled(2)
    await writer.stop()
    const [segment = ''] = await harness.segments()
    const files = harness.disk.files()
    const first = 2 * 2 ** 32 + 1
    const previous = [{ name: segment, bytes: 490, lastSequence: first - 2 ** 32 }]
    const header = encodeControl(frameType.header, first, 0, { totals: { web: 1 }, previous })
    const file = await files.open(`${folder}/${segmentName(first)}`, 'create')
    await file.write([header], 0)
    const archive = await harness.archive()
    await archive.sweep()
    expect(await harness.objects()).toEqual([])
    await file.write([encodeControl(frameType.cut, first, 0, { totals: {} })], header.length)
    await archive.sweep()
    const [object = ''] = await harness.objects()
    expect(zstdDecompressSync(Buffer.from((await files.readAll(objectPath(object))) ?? []))).toHaveLength(490)
  })

  test('the part of a file that a header calls never written is not archived', async () => {
    const { harness, writer } = await filled(2)
    harness.disk.fail('truncate', 'EIO', { times: 10 })
    harness.disk.fail('sync', 'EIO', { path: /\.seg$/ })
    await expect(writer.append(recordOf('refused'))).rejects.toMatchObject({ code: 'buffer-write-failed' })
    const [, , third] = [0, 0, await writer.append(recordOf('after'))]
    await (await harness.archive()).sweep()
    const [object = ''] = await harness.objects()
    const content = zstdDecompressSync(Buffer.from((await harness.disk.files().readAll(objectPath(object))) ?? []))
    expect(content.includes('refused')).toBe(false)
    await writer.stop()
    await writer.release(third)
    expect(texts(await harness.readMerged()).map((text) => text.slice(0, 2))).toEqual(['0:', '1:', 'af'])
  })
})

describe('when it fails', () => {
  test('a full disk: told, nothing lost, and the next sweep does it', async () => {
    const { harness, writer, sent } = await filled()
    const archive = await harness.archive()
    harness.disk.fail('write', 'ENOSPC', { path: /archive/, skip: 2 })
    await archive.sweep()
    expect(archive.status()).toMatchObject({
      lastError: 'events: The disk is full; nothing was kept, try again later.',
      segments: 1,
    })
    expect(archive.archivedUpTo('events')).toBeLessThan(sent[8] ?? 0)
    await writer.release(archive.archivedUpTo('events'))
    expect(sequences(await harness.readMerged())).toEqual(sent)
    await archive.sweep()
    expect(archive.status()).toMatchObject({ lastError: null, segments: 3 })
    expect(archive.archivedUpTo('events')).toBe(sent[8])
    await writer.stop()
  })

  test('any one operation of a sweep failing: nothing is lost, the next sweep does it', async () => {
    for (const operation of ['open', 'read', 'write', 'sync', 'rename', 'syncDirectory', 'list', 'size'] as const) {
      for (let skip = 0; skip < 12; skip += 1) {
        const { harness, writer, sent } = await filled(9)
        const archive = await harness.archive()
        harness.disk.fail(operation, 'EIO', { skip, path: /archive|\.seg$|events$/ })
        await archive.sweep()
        await writer.release(Math.min(sent[8] ?? 0, archive.archivedUpTo('events')))
        harness.disk.healAll()
        await archive.sweep()
        expect(archive.status(), `${operation} ${skip}`).toMatchObject({ lastError: null, segments: 2 })
        await writer.release(archive.archivedUpTo('events'))
        expect(sequences(await harness.readMerged()), `${operation} ${skip}`).toEqual(sent)
        await writer.stop()
      }
    }
  })

  test('a store that can not be listed at the start: nothing may leave the buffer until it can', async () => {
    const { harness, writer, sent } = await filled()
    await (await harness.archive()).sweep()
    harness.disk.fail('list', 'EIO', { path: /archive.events/ })
    const archive = await harness.archive()
    expect(archive.archivedUpTo('events')).toBe(0)
    expect(archive.status().lastError).toMatch(/EIO/)
    await archive.sweep()
    expect(archive.archivedUpTo('events')).toBe(sent[8])
    expect(await harness.objects()).toHaveLength(3)
    await writer.stop()
  })

  test('a store that keeps other bytes than it was given has archived nothing', async () => {
    const { harness, writer } = await filled()
    const store = await harness.store()
    const lying = overriding(store, {
      put: async (...args) => ({ ...(await store.put(...args)), sha256: '00' }),
    })
    const archive = await openArchive(
      { streams: [{ stream: 'events', folder }], settings: { archiveRetentionDays: 0, archiveBytesMax: 0 } },
      { files: harness.disk.files(), store: lying, clock: harness.clock, log },
    )
    await archive.sweep()
    expect(archive.archivedUpTo('events')).toBe(0)
    expect(archive.status().lastError).toMatch(/other bytes/)
    expect(await harness.objects()).toEqual([])
    await writer.stop()
  })

  test('a segment that somebody removed before it was archived: the others are, and no loop', async () => {
    const { harness, writer, sent } = await filled()
    const archive = await harness.archive()
    harness.disk.fail('write', 'ENOSPC', { path: /archive/ })
    await archive.sweep()
    const [oldest = ''] = await harness.segments()
    await harness.disk.files().remove(`${folder}/${oldest}`)
    await archive.sweep()
    expect(archive.status()).toMatchObject({ lastError: null, segments: 2 })
    expect(archive.archivedUpTo('events')).toBe(sent[8])
    await writer.stop()
  })

  test('a buffer that counts from the beginning again: nothing of it may leave, and it is told', async () => {
    const { harness, writer, sent } = await filled()
    await (await harness.archive()).sweep()
    await writer.stop()
    const files = harness.disk.files()
    for (const name of await files.list(folder)) await files.remove(`${folder}/${name}`)
    const again = await harness.open(small)
    expect((await append(again, 4))[0]).toBe(sent[0])
    const archive = await harness.archive()
    await archive.sweep()
    expect(archive.archivedUpTo('events')).toBe(0)
    expect(archive.status().lastError).toMatch(/replaced without its file `start`/)
    await again.stop()
  })

  test('stopped in the middle: nothing half-done stays, and stop does not wait for the rest', async () => {
    const { harness, writer } = await filled(60)
    const archive = await harness.archive()
    const sweep = archive.sweep()
    await archive.stop()
    await sweep
    expect((await harness.objects()).length).toBeLessThan(19)
    const again = await harness.archive()
    await again.sweep()
    expect(await harness.objects()).toHaveLength(19)
    await writer.stop()
  })
})

describe('expiry', () => {
  const day = 86_400_000_000

  async function weeks(): Promise<{ harness: ArchiveHarness; writer: StreamWriter; sent: number[] }> {
    const harness = await newArchiveHarness()
    const writer = await harness.open(small)
    const sent: number[] = []
    const now = harness.clock.nowMicros()
    // Three a segment, a segment a day: ten days ago, nine days ago, …
    for (let age = 10; age >= 0; age -= 1) sent.push(...(await append(writer, 3, now - age * day)))
    return { harness, writer, sent }
  }

  test('by age: a segment goes when the one behind it began before the bound', async () => {
    const { harness, writer, sent } = await weeks()
    const archive = await harness.archive({ archiveRetentionDays: 7 })
    await archive.sweep()
    await writer.release(archive.archivedUpTo('events'))
    expect(await archive.expire()).toBe(2)
    expect(await archive.expire()).toBe(0)
    expect(archive.status().oldestMicros).toBe(harness.clock.nowMicros() - 8 * day)
    expect(sequences(await harness.readMerged())).toEqual(sent.slice(6))
    await writer.stop()
  })

  test('by size: the oldest go until the rest fits, but the newest stays', async () => {
    const { harness, writer, sent } = await weeks()
    const all = await harness.archive()
    await all.sweep()
    await writer.release(all.archivedUpTo('events'))
    const { bytes } = all.status()
    const half = await harness.archive({ archiveBytesMax: Math.floor(bytes * 0.55) })
    expect(await half.expire()).toBe(5)
    expect(half.status().bytes).toBeLessThanOrEqual(bytes * 0.55)
    const none = await harness.archive({ archiveBytesMax: 1 })
    await none.expire()
    expect(await harness.objects()).toHaveLength(1)
    expect((await harness.archive()).archivedUpTo('events')).toBe(sent[29])
    await writer.stop()
  })

  test('what the buffer still has stays in the archive, or it would come again', async () => {
    const { harness, writer } = await weeks()
    const archive = await harness.archive({ archiveRetentionDays: 1 })
    await archive.sweep()
    expect(await archive.expire()).toBe(0)
    await writer.stop()
  })

  test('without bounds nothing goes', async () => {
    const { harness, writer } = await weeks()
    const archive = await harness.archive()
    await archive.sweep()
    await writer.release(archive.archivedUpTo('events'))
    expect(await archive.expire()).toBe(0)
    await writer.stop()
  })

  test('a store that refuses: told, and the next expiry goes on', async () => {
    const { harness, writer } = await weeks()
    const archive = await harness.archive({ archiveRetentionDays: 7 })
    await archive.sweep()
    await writer.release(archive.archivedUpTo('events'))
    harness.disk.fail('remove', 'EIO', { skip: 1 })
    expect(await archive.expire()).toBe(1)
    expect(archive.status().lastError).toMatch(/EIO/)
    expect(await archive.expire()).toBe(1)
    expect(archive.status().lastError).toBeNull()
    await writer.stop()
  })

  test('the beginning of the archive says what is gone', async () => {
    const { harness, writer, sent } = await weeks()
    const buffer = { files: harness.disk.files(), folder }
    const begins = async () => archiveBegins(await harness.store(), 'events', buffer)
    const whole = { firstSequence: sent[0], receivedAtMicros: harness.clock.nowMicros() - 10 * day, eventsBefore: {} }
    expect(await archiveBegins(await harness.store(), 'events')).toBeUndefined()
    expect(await begins()).toEqual(whole)
    const archive = await harness.archive({ archiveRetentionDays: 7 })
    await archive.sweep()
    expect(await begins()).toEqual(whole)
    await writer.release(archive.archivedUpTo('events'))
    await archive.expire()
    expect(await begins()).toEqual({
      firstSequence: sent[6],
      receivedAtMicros: harness.clock.nowMicros() - 8 * day,
      eventsBefore: { web: 6 },
    })
    await writer.stop()
  })

  test('a buffer whose beginning was gone before there was an archive says so too', async () => {
    const { harness, writer, sent } = await weeks()
    await writer.release(sent[5] ?? 0)
    const begins = await archiveBegins(await harness.store(), 'events', { files: harness.disk.files(), folder })
    expect(begins).toMatchObject({ firstSequence: sent[6], eventsBefore: { web: 6 } })
    await writer.stop()
  })

  test('a buffer that has released every record before there was an archive has lost its beginning', async () => {
    const harness = await newArchiveHarness()
    const files = harness.disk.files()
    const begins = async () => archiveBegins(await harness.store(), 'events', { files, folder })
    /** A header and nothing behind it, as a start or a full segment leaves it. */
    async function empty(firstSequence: number, micros: number, totals: Record<string, number>): Promise<void> {
      await files.makeFolder(folder)
      const file = await files.open(`${folder}/${segmentName(firstSequence)}`, 'create')
      const header = encodeControl(frameType.header, firstSequence, micros, { stream: 'events', totals, previous: [] })
      await file.write([header], 0)
      await file.close()
    }
    const start = 2 ** 32
    expect(await begins()).toBeUndefined()
    // The stream never had a record.
    await empty(start, 5, {})
    expect(await begins()).toBeUndefined()
    await empty(start + 4, 70, { web: 4 })
    await empty(start + 5, 90, { web: 4 })
    const lost = { firstSequence: start + 4, receivedAtMicros: 70, eventsBefore: { web: 4 } }
    expect(await begins()).toEqual(lost)
    const writer = await harness.open(small)
    const [next] = await append(writer, 1, 77)
    expect(await begins()).toEqual({ firstSequence: next, receivedAtMicros: 77, eventsBefore: { web: 4 } })
    await writer.stop()
  })
})
