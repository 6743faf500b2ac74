// On a real disk, with the real writer, reader and store: what is left in the folders can be read by hand.
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { zstdDecompressSync } from 'node:zlib'

import { afterEach, beforeEach, expect, test } from 'vitest'

import type { StreamName, StreamWriter } from '../../buffer/buffer.ts'
import { openReader } from '../../buffer/reader.ts'
import { openWriter } from '../../buffer/writer.ts'
import { systemClock } from '../../core/clock.ts'
import { diskFiles } from '../../core/files.ts'
import { createLog } from '../../core/log.ts'
import { openDiskStore } from '../../objects/disk/disk.ts'
import { withArchive } from './archive-files.ts'
import { openArchive } from './archiver.ts'

const log = createLog('silent')
const clock = systemClock
const streams: readonly StreamName[] = ['events', 'forward']
let data = ''

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'millpond-archive-'))
})

afterEach(async () => {
  await rm(data, { recursive: true })
})

function folderOf(stream: StreamName): string {
  return join(data, 'buffer', stream)
}

async function write(stream: StreamName, count: number): Promise<{ writer: StreamWriter; sent: number[] }> {
  const writer = await openWriter(
    {
      stream,
      folder: folderOf(stream),
      cutIntervalMs: 0,
      segmentBytesMax: 2_500_000,
      segmentAgeMsMax: 3_600_000,
      streamBytesMax: 1e9,
      diskFreeBytesMin: 0,
      ballastBytes: 0,
    },
    { files: diskFiles, clock, log },
  )
  const sent: number[] = []
  for (let index = 0; index < count; index += 1) {
    const body = Buffer.from(JSON.stringify({ index, stream, text: 'x'.repeat(40_000) }))
    const fixed = { kind: 'segment', source: 'web', count: 1, meta: '{}' } as const
    sent.push(await writer.append({ ...fixed, receivedAtMicros: clock.nowMicros(), body }))
  }
  return { writer, sent }
}

test('streams are archived, released, and read as if nothing had left', async () => {
  const archive = await openArchive(
    {
      streams: streams.map((stream) => ({ stream, folder: folderOf(stream) })),
      settings: { archiveRetentionDays: 0, archiveBytesMax: 0 },
    },
    { files: diskFiles, store: await openDiskStore({ folder: join(data, 'archive') }), clock, log },
  )
  for (const stream of streams) {
    const { writer, sent } = await write(stream, 150)
    await writer.append({ kind: 'row', source: 'web', count: 1, meta: '{}', receivedAtMicros: 1, body: Buffer.of() })
    const before = await readdir(folderOf(stream))
    await archive.sweep()
    expect(archive.status().lastError).toBeNull()
    await writer.release(archive.archivedUpTo(stream))
    const left = (await readdir(folderOf(stream))).filter((name) => name.endsWith('.seg'))
    expect(left.length).toBeLessThan(before.length - 1)
    const store = await openDiskStore({ folder: join(data, 'archive') })
    for (const after of [0, sent[0] ?? 0, sent[70] ?? 0, sent[149] ?? 0]) {
      const folder = folderOf(stream)
      const files = withArchive(diskFiles, store, [{ stream, folder, after }], log)
      const reader = await openReader({ stream, folder, after }, { files, clock, log })
      const { records, damaged } = await reader.read({ eventsMax: Infinity, bytesMax: Infinity })
      expect(records.slice(0, -1).map(({ sequence }) => sequence)).toEqual(sent.filter((one) => one > after))
      expect(damaged).toEqual([])
      await reader.stop()
    }
    await writer.stop()
  }
  await archive.stop()
})

test('an archived segment is a plain zstd file', async () => {
  const { writer } = await write('events', 70)
  const [segment = ''] = await readdir(folderOf('events'))
  const whole = await readFile(join(folderOf('events'), segment))
  const archive = await openArchive(
    {
      streams: [{ stream: 'events', folder: folderOf('events') }],
      settings: { archiveRetentionDays: 0, archiveBytesMax: 0 },
    },
    { files: diskFiles, store: await openDiskStore({ folder: join(data, 'archive') }), clock, log },
  )
  await archive.sweep()
  const [object = ''] = await readdir(join(data, 'archive', 'events'))
  expect(object).toMatch(/^0000004294967297-\d{16}-\d{8}T\d{6}\.\d{6}Z\.seg\.zst$/)
  const packed = await readFile(join(data, 'archive', 'events', object))
  const content = zstdDecompressSync(packed)
  expect(content.length).toBeGreaterThan(2 * 1024 * 1024)
  expect(whole.subarray(0, content.length).equals(content)).toBe(true)
  await archive.stop()
  await writer.stop()
})
