// Nights over a real archive and buffer: what is done is not done again, what the buffer holds comes in a later night.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { screenSettings } from '../../../test/faults/loader-rig.ts'
import type { StreamWriter } from '../../buffer/buffer.ts'
import { openWriter } from '../../buffer/writer.ts'
import { systemClock as clock } from '../../core/clock.ts'
import { diskFiles } from '../../core/files.ts'
import { createLog } from '../../core/log.ts'
import { openDiskStore } from '../../objects/disk/disk.ts'
import type { Archive, LookedAt } from '../archive/archive.ts'
import { openArchive } from '../archive/archiver.ts'
import { readRewritten } from '../archive/rewritten.ts'
import { eraseArchived, type ErasedFromArchive } from './erase-archived.ts'
import { type ErasedPerson, personHash } from './suppression.ts'

const log = createLog('silent')
let data = ''
let writer: StreamWriter
let archive: Archive
let erased: ErasedPerson[] = []
let looks: LookedAt[] = []

beforeEach(async () => {
  data = await mkdtemp(join(tmpdir(), 'millpond-nights-'))
  const folder = join(data, 'buffer', 'events')
  const disk = { cutIntervalMs: 0, streamBytesMax: 1e9, diskFreeBytesMin: 0, ballastBytes: 0 }
  const size = { segmentBytesMax: 20_000, segmentAgeMsMax: 3_600_000 }
  writer = await openWriter({ stream: 'events', folder, ...size, ...disk }, { files: diskFiles, clock, log })
  archive = await openArchive(
    { streams: [{ stream: 'events', folder }], settings: { archiveRetentionDays: 0, archiveBytesMax: 0 } },
    { files: diskFiles, store: await openDiskStore({ folder: join(data, 'archive') }), clock, log },
  )
  erased = []
})

afterEach(async () => {
  await archive.stop()
  await writer.stop()
  await rm(data, { recursive: true })
})

async function say(userId: string, times: number): Promise<void> {
  for (let count = 0; count < times; count++) {
    const body = Buffer.from(JSON.stringify({ event: 'E', userId, properties: { text: 'x'.repeat(900) } }))
    const meta = JSON.stringify({ call: 'track', via: 'server' })
    await writer.append({ kind: 'segment', source: 'web', count: 1, receivedAtMicros: clock.nowMicros(), meta, body })
  }
}

/** What is sealed leaves the buffer. */
async function settle(): Promise<void> {
  await archive.sweep()
  await writer.release(archive.archivedUpTo('events'))
}

function erase(userId: string): void {
  erased.push({ dataset: null, person: personHash('user', userId), receivedUntilMicros: clock.nowMicros() })
}

async function night(signal = new AbortController().signal): Promise<ErasedFromArchive> {
  looks = []
  const watched: Pick<Archive, 'rewrite'> = {
    async *rewrite(range, change) {
      for await (const look of archive.rewrite(range, change)) {
        looks.push(look)
        yield look
      }
    },
  }
  const settings = { screen: screenSettings, forwardTables: [] }
  const readErased = async (): Promise<ErasedPerson[]> => erased
  return eraseArchived({ dataFolder: data, settings, archive: watched, readErased, files: diskFiles }, signal)
}

async function doneUntil(): Promise<number> {
  return (await readRewritten(diskFiles, data)).untilMicros
}

test('nobody is erased: the archive is not even looked at', async () => {
  await say('stays', 60)
  await settle()
  expect(await night()).toEqual({ erasedRecords: 0, rewrittenSegments: 0 })
  expect(looks).toEqual([])
})

test('a person goes once, and the nights behind it read nothing', async () => {
  await say('gone', 30)
  await say('stays', 60)
  await settle()
  erase('gone')
  expect(await night()).toMatchObject({ erasedRecords: 30 })
  expect(await doneUntil()).toBe(erased[0]?.receivedUntilMicros)
  expect(await night()).toEqual({ erasedRecords: 0, rewrittenSegments: 0 })
  expect(looks).toEqual([])
})

test('what lies in the buffer goes when it has left it; until then the erasure is not called done', async () => {
  await say('stays', 60)
  await say('gone', 3)
  await settle()
  erase('gone')
  expect(await night()).toMatchObject({ erasedRecords: 0 })
  expect(await doneUntil()).toBe(0)
  const before = looks.length
  await say('stays', 60)
  await settle()
  expect(await night()).toMatchObject({ erasedRecords: 3 })
  // Only what came to the archive since.
  expect(looks.length).toBeLessThan(before + 4)
  expect(await doneUntil()).toBe(erased[0]?.receivedUntilMicros)
})

test('an engine that stops in the middle goes on behind the last segment', async () => {
  await say('gone', 100)
  await settle()
  await say('stays', 30)
  await settle()
  erase('gone')
  const stopping = new AbortController()
  stopping.abort()
  await expect(night(stopping.signal)).rejects.toThrow('abort')
  expect(looks).toHaveLength(1)
  const first = looks[0]?.changed ?? 0
  const { erasedRecords } = await night()
  expect(first + erasedRecords).toBe(100)
  expect(looks[0]?.changed).toBeGreaterThan(0)
})

test('a second erasure looks at everything again', async () => {
  await say('gone', 25)
  await say('later', 25)
  await say('stays', 40)
  await settle()
  erase('gone')
  expect(await night()).toMatchObject({ erasedRecords: 25 })
  erase('later')
  expect(await night()).toMatchObject({ erasedRecords: 25 })
  expect(await doneUntil()).toBe(erased[1]?.receivedUntilMicros)
})

test('a state that is damaged costs a pass, and nothing else', async () => {
  await say('gone', 25)
  await say('stays', 40)
  await settle()
  erase('gone')
  await night()
  await diskFiles.remove(join(data, 'archive-rewritten.json'))
  expect(await night()).toEqual({ erasedRecords: 0, rewrittenSegments: 0 })
  expect(looks.length).toBeGreaterThan(1)
})
