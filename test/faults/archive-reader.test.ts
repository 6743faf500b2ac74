// Archive and buffer read as one stream: from any position, across the seam, while segments leave, and when parts of the
// archive are damaged.
import { describe, expect, test } from 'vitest'

import type { StreamReader, StreamWriter } from '../../src/buffer/buffer.ts'
import { countWaiting } from '../../src/buffer/waiting.ts'
import { withArchive } from '../../src/deliver/archive/archive-files.ts'
import {
  type ArchiveHarness,
  countCalls,
  newArchiveHarness,
  objectPath,
  overriding,
  sequences,
} from './archive-harness.ts'
import { folder, log, recordOf, texts } from './buffer-harness.ts'

const everything = { eventsMax: Infinity, bytesMax: Infinity }
const mib = 1024 * 1024

async function append(writer: StreamWriter, count: number, bytes = 300): Promise<number[]> {
  const all: number[] = []
  for (let index = 0; index < count; index += 1) {
    all.push(await writer.append(recordOf(`${index}:`.padEnd(bytes, 'x'), { count: 2 })))
  }
  return all
}

/** `count` records, three a segment; what is archived has left the buffer up to `releasedIndex`. */
async function archived(
  count: number,
  releasedIndex = count - 1,
): Promise<{ harness: ArchiveHarness; writer: StreamWriter; sent: number[] }> {
  const harness = await newArchiveHarness()
  const writer = await harness.open({ segmentBytesMax: 1100, cutIntervalMs: 0 })
  const sent = await append(writer, count)
  const archive = await harness.archive()
  await archive.sweep()
  await writer.release(Math.min(sent[releasedIndex] ?? 0, archive.archivedUpTo('events')))
  return { harness, writer, sent }
}

describe('archive and buffer', () => {
  test('are one stream, from every position', async () => {
    for (const releasedIndex of [0, 3, 7, 11]) {
      const { harness, writer, sent } = await archived(12, releasedIndex)
      for (const [index, after] of [0, ...sent].entries()) {
        const batch = await harness.readMerged(after)
        expect(sequences(batch)).toEqual(sent.slice(index))
        expect(batch.damaged).toEqual([])
        if (index < sent.length) expect(batch.totals).toEqual({ web: 24 })
      }
      await writer.stop()
    }
  })

  test('are one stream for a reader with small limits', async () => {
    const { harness, writer, sent } = await archived(20)
    const reader = await harness.mergedReader()
    const found: number[] = []
    for (let more = true; more;) {
      const batch = await reader.read({ eventsMax: 3, bytesMax: 700 })
      found.push(...sequences(batch))
      more = batch.more
    }
    expect(found).toEqual(sent)
    expect(await reader.waitingBytes()).toBeLessThan(100)
    await reader.stop()
    await writer.stop()
  })

  test('segments leave while they are read: nothing is missing, nothing comes twice', async () => {
    const harness = await newArchiveHarness()
    const writer = await harness.open({ segmentBytesMax: 1100, cutIntervalMs: 0 })
    const archive = await harness.archive()
    const sent = await append(writer, 3)
    const reader = await harness.mergedReader()
    const found: number[] = []
    for (let round = 0; round < 15; round += 1) {
      found.push(...sequences(await reader.read({ eventsMax: 2 * (1 + (round % 3)), bytesMax: 1e6 })))
      sent.push(...(await append(writer, 1 + (round % 4))))
      // Everything but what is written goes, however far behind the reader is.
      await archive.sweep()
      await writer.release(archive.archivedUpTo('events'))
    }
    found.push(...sequences(await reader.read(everything)))
    expect(found).toEqual(sent)
    await reader.stop()
    await writer.stop()
  })

  test('a segment that leaves between list and open is read from the archive', async () => {
    const { harness, writer, sent } = await archived(12, 0)
    const files = harness.disk.files()
    const archive = await harness.archive()
    // Its reader lists; before it opens anything everything is gone from the buffer.
    const gone = {
      ...files,
      list: async (path: string) => {
        const names = await files.list(path)
        if (path === folder) await writer.release(archive.archivedUpTo('events'))
        return names
      },
    }
    const view = withArchive(gone, await harness.store(), [{ stream: 'events', folder, after: 0 }], log)
    const [first = ''] = await view.list(folder)
    expect(await files.list(folder)).not.toContain(first)
    const file = await view.open(`${folder}/${first}`, 'read')
    expect(await file.size()).toBeGreaterThan(900)
    await file.close()
    expect(sequences(await harness.readMerged())).toEqual(sent)
    await writer.stop()
  })

  test('the store is not asked while the position is in the buffer', async () => {
    const { harness, writer, sent } = await archived(12, 7)
    const { store, calls } = countCalls(await harness.store())
    const archive = await harness.archive()
    const reader = await harness.mergedReader(sent[9], store)
    await reader.read(everything)
    for (let round = 0; round < 10; round += 1) {
      await append(writer, 2)
      await reader.read(everything)
      await reader.waitingBytes()
    }
    expect(calls).toEqual({})
    // Released behind the reader's back, but only what it has read: one look at the list for a segment at most.
    await archive.sweep()
    await writer.release(archive.archivedUpTo('events'))
    await append(writer, 8)
    await reader.read(everything)
    expect(calls['get'] ?? 0).toBe(0)
    expect(calls['list'] ?? 0).toBeLessThanOrEqual(3)
    await reader.stop()
    await writer.stop()
  })

  test('a position at the very end of what has left costs one list, and no segment', async () => {
    const { harness, writer, sent } = await archived(12)
    const { store, calls } = countCalls(await harness.store())
    const reader = await harness.mergedReader(sent[8], store)
    expect(sequences(await reader.read(everything))).toEqual(sent.slice(9))
    expect(calls).toEqual({ list: 1 })
    await reader.stop()
    await writer.stop()
  })

  test('what waits behind a position in the archive is counted', async () => {
    const { harness, writer, sent } = await archived(12)
    for (const [index, after] of [0, ...sent].entries()) {
      const files = withArchive(harness.disk.files(), await harness.store(), [{ stream: 'events', folder, after }], log)
      const waiting = await countWaiting({ folder, after }, { files })
      expect(waiting).toEqual({ events: index === 12 ? {} : { web: 24 - index * 2 }, totals: { web: 24 } })
    }
    await writer.stop()
  })

  test('an expired segment is simply not there, even if it was listed', async () => {
    const { harness, writer, sent } = await archived(12)
    const reader = await harness.mergedReader()
    expect(sequences(await reader.read({ eventsMax: 2, bytesMax: 1e6 }))).toEqual(sent.slice(0, 1))
    const [, second = ''] = await harness.objects()
    await harness.disk.files().remove(objectPath(second))
    const rest = sequences(await reader.read(everything))
    expect(rest.slice(0, 2)).toEqual(sent.slice(1, 3))
    expect(rest.at(-1)).toBe(sent.at(-1))
    expect(rest).not.toContain(sent[4])
    await reader.stop()
    await writer.stop()
  })

  test('a segment that expires while it is read: the reader goes on behind it', async () => {
    const { harness, writer, sent } = await large()
    const reader = await harness.mergedReader()
    expect(sequences(await reader.read({ eventsMax: 1, bytesMax: 1e6 }))).toEqual(sent.slice(0, 1))
    const [first = ''] = await harness.objects()
    await harness.disk.files().remove(objectPath(first))
    await expect(reader.read({ eventsMax: 10, bytesMax: 1e9 })).rejects.toMatchObject({ code: 'ENOENT' })
    expect(sequences(await reader.read(everything))).toEqual(sent.slice(8))
    await reader.stop()
    await writer.stop()
  })
})

/** Two segments of eight records of 700 KiB that have left the buffer, and one that is written. */
async function large(): Promise<{ harness: ArchiveHarness; writer: StreamWriter; sent: number[] }> {
  const harness = await newArchiveHarness()
  const writer = await harness.open({ segmentBytesMax: 5 * mib, cutIntervalMs: 0 })
  const sent = await append(writer, 17, 700 * 1024)
  const archive = await harness.archive()
  await archive.sweep()
  await writer.release(archive.archivedUpTo('events'))
  expect(await harness.objects()).toHaveLength(2)
  return { harness, writer, sent }
}

async function readAll(reader: StreamReader): Promise<{ texts: string[]; damaged: number }> {
  const found: string[] = []
  let damaged = 0
  for (let more = true; more;) {
    const batch = await reader.read({ eventsMax: 1e6, bytesMax: mib })
    found.push(...texts(batch).map((text) => text.slice(0, text.indexOf(':'))))
    damaged += batch.damaged.length
    more = batch.more
  }
  await reader.stop()
  return { texts: found, damaged }
}

describe('an archived segment of several chunks', () => {
  test('is read in bounded pieces, from any position', async () => {
    const { harness, writer, sent } = await large()
    for (const [index, after] of [0, ...sent].entries()) {
      const { texts, damaged } = await readAll(await harness.mergedReader(after))
      expect(texts).toEqual(sent.map((_, place) => String(place)).slice(index))
      expect(damaged).toBe(0)
    }
    await writer.stop()
  })

  test('damaged in one chunk: the records of the other chunks are read, the gap is reported, and kept once', async () => {
    const { harness, writer } = await large()
    const [object = ''] = await harness.objects()
    const path = objectPath(object)
    // The third of six chunks; all are of one size, nearly.
    const { length } = (await harness.disk.files().readAll(path)) ?? new Uint8Array()
    harness.disk.damage(path, (bytes) => bytes.fill(0x58, Math.floor(length * 0.4), Math.floor(length * 0.4) + 9))
    for (let round = 0; round < 2; round += 1) {
      const { texts, damaged } = await readAll(await harness.mergedReader())
      expect(damaged).toBe(1)
      const missing = Array.from({ length: 17 }, (_, index) => String(index)).filter((text) => !texts.includes(text))
      expect(missing.length).toBeGreaterThanOrEqual(2)
      expect(missing.length).toBeLessThanOrEqual(3)
      expect(texts).toHaveLength(17 - missing.length)
    }
    expect(await harness.disk.files().list(`${folder}/quarantine`)).toHaveLength(1)
    await writer.stop()
  })

  test('damaged anywhere: reading ends, everything in other chunks is there', async () => {
    const { harness, writer } = await large()
    const [first = ''] = await harness.objects()
    const path = objectPath(first)
    const whole = Buffer.from((await harness.disk.files().readAll(path)) ?? [])
    for (const at of [0, 4, 5, 9, 100, whole.length - 100, whole.length - 60, whole.length - 9, whole.length - 1]) {
      harness.disk.damage(path, (bytes) => {
        bytes.set(whole)
        bytes[at] = (bytes[at] ?? 0) ^ 0x41
      })
      const { texts } = await readAll(await harness.mergedReader())
      expect(texts.length, `byte ${at}`).toBeGreaterThanOrEqual(14)
      expect(texts.slice(-9), `byte ${at}`).toEqual(['8', '9', '10', '11', '12', '13', '14', '15', '16'])
    }
    await writer.stop()
  })

  test('all noise, or empty: the other segments are read', async () => {
    const { harness, writer } = await large()
    const [first = ''] = await harness.objects()
    harness.disk.damage(objectPath(first), (bytes) => bytes.fill(0x58))
    const { texts, damaged } = await readAll(await harness.mergedReader())
    expect(texts).toEqual(['8', '9', '10', '11', '12', '13', '14', '15', '16'])
    expect(damaged).toBeGreaterThanOrEqual(1)
    const file = await harness.disk.files().open(objectPath(first), 'write')
    await file.truncate(0)
    expect((await readAll(await harness.mergedReader())).texts).toEqual(texts)
    await writer.stop()
  })

  test('a store that calls a range damaged, or a sector that can not be read, is damage and no stop', async () => {
    const { harness, writer } = await large()
    const store = await harness.store()
    const failing = overriding(store, {
      get: async (name, range) => {
        const found = await store.get(name, range)
        const isMiddle = range !== undefined && range.start > 0 && range.end < (found?.info.bytes ?? 0) - 100
        if (isMiddle) throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO' })
        return found
      },
    })
    const { texts, damaged } = await readAll(await harness.mergedReader(0, failing))
    expect(damaged).toBeGreaterThanOrEqual(1)
    expect(texts).toContain('0')
    expect(texts).toContain('16')
    await writer.stop()
  })
})
