// A backup of a stream that doesn't stand still, with real files: whatever happens between two steps, what it holds reads
// as one piece from the beginning.
import { existsSync } from 'node:fs'
import { mkdir, mkdtemp, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import * as fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { createManualClock, type ManualClock } from '../../../test/wire/manual-clock.ts'
import type { StreamWriter } from '../../buffer/buffer.ts'
import { openReader } from '../../buffer/reader.ts'
import { openWriter } from '../../buffer/writer.ts'
import { type Control, openControl } from '../../control/control.ts'
import { type Clock, systemClock } from '../../core/clock.ts'
import { MillpondError } from '../../core/errors.ts'
import { diskFiles } from '../../core/files.ts'
import { createLog } from '../../core/log.ts'
import { openDiskStore } from '../../objects/disk/disk.ts'
import type { ObjectStore } from '../../objects/store.ts'
import { withArchive } from '../archive/archive-files.ts'
import type { Archive } from '../archive/archive.ts'
import { openArchive } from '../archive/archiver.ts'
import { createMaintenance } from '../maintenance/maintenance.ts'
import { aloneWhile, backup, type BackupDeps, type BackupProgress } from './backup.ts'
import { type BackupFile, readList, readManifest } from './manifest.ts'
import { carriedIn, checkBackup, checkDataFolder, copyBackup, endRestore } from './restore.ts'
import { BackupTarget } from './target.ts'

const log = createLog('silent')
const files = diskFiles

let room: string
let data: string
let target: string
let control: Control
let writer: StreamWriter
let archive: Archive
let store: ObjectStore
let media: ObjectStore
let appended: number[]
let clock: ManualClock

beforeEach(async () => {
  room = await mkdtemp(join(tmpdir(), 'millpond-backup-'))
  data = join(room, 'data')
  target = join(room, 'backup')
  clock = createManualClock()
  appended = []
  control = await openControl(data, { clock: systemClock, log })
  await control.addSource('web', 'server')
  const folder = join(data, 'buffer', 'events')
  const bounds = { segmentAgeMsMax: 3_600_000, streamBytesMax: 1e9, diskFreeBytesMin: 0, ballastBytes: 0 }
  writer = await openWriter(
    { stream: 'events', folder, cutIntervalMs: 0, segmentBytesMax: 1100, ...bounds },
    { files, clock: systemClock, log },
  )
  store = await openDiskStore({ folder: join(data, 'archive') })
  media = await openDiskStore({ folder: join(data, 'media') })
  archive = await openArchive(
    { streams: [{ stream: 'events', folder }], settings: { archiveRetentionDays: 0, archiveBytesMax: 0 } },
    { files, store, clock: systemClock, log },
  )
})

afterEach(async () => {
  await writer.stop()
  await archive.stop()
  await control.stop()
  await rm(room, { recursive: true, force: true })
})

async function append(count: number): Promise<void> {
  for (let index = 0; index < count; index++) {
    const body = Buffer.from('x'.repeat(300))
    const record = { kind: 'segment', source: 'web', receivedAtMicros: 1, count: 1, meta: '{}', body } as const
    appended.push(await writer.append(record))
  }
}

async function archiveAndRelease(): Promise<void> {
  await archive.sweep()
  await writer.release(archive.archivedUpTo('events'))
}

function deps(more: Partial<BackupDeps> = {}): BackupDeps {
  // Every look at it is a second later: so every step is shown, and a test can do something behind it.
  const eager: Clock = {
    ...clock,
    monotonicMs() {
      clock.advance(1000)
      return clock.monotonicMs()
    },
  }
  return {
    data,
    driver: undefined,
    exclusively: async (work) => work(),
    lostBeginnings: async () => [],
    copyControl: async (path) => control.copyTo(path),
    holdMade: async () => undefined,
    archive: store,
    media,
    version: '1.2.3',
    clock: eager,
    ...more,
  }
}

async function run(between: () => Promise<void> = async () => undefined): Promise<BackupProgress[]> {
  const lines: BackupProgress[] = []
  for await (const line of backup({ folder: target }, deps())) {
    lines.push(line)
    await between()
  }
  return lines
}

async function codeOf(promise: Promise<unknown>): Promise<string> {
  try {
    await promise
    return 'fine'
  } catch (error) {
    if (error instanceof MillpondError) return `${error.code}: ${error.message}`
    throw error
  }
}

async function restoreInto(folder: string): Promise<void> {
  const manifest = await checkBackup(target)
  await checkDataFolder(folder, manifest)
  for await (const _bytes of copyBackup(target, folder, manifest)) continue
}

/** What archive and buffer of a data folder give, as a loader would read them behind a start. */
async function sequencesIn(folder: string): Promise<number[]> {
  const stream = join(folder, 'buffer', 'events')
  const bounds = { segmentAgeMsMax: 1e6, streamBytesMax: 1e9, diskFreeBytesMin: 0, ballastBytes: 0 }
  const restored = await openWriter(
    { stream: 'events', folder: stream, cutIntervalMs: 0, segmentBytesMax: 1100, ...bounds },
    { files, clock: systemClock, log },
  )
  const merged = withArchive(
    files,
    await openDiskStore({ folder: join(folder, 'archive') }),
    [{ stream: 'events', folder: stream, after: 0 }],
    log,
  )
  const reader = await openReader(
    { stream: 'events', folder: stream, after: 0 },
    { files: merged, clock: systemClock, log },
  )
  const batch = await reader.read({ eventsMax: Infinity, bytesMax: Infinity })
  await reader.stop()
  // The ledger's two books agree only if nothing is missing in between.
  expect(restored.status().totals).toEqual({ web: batch.records.length })
  await restored.stop()
  return batch.records.map(({ sequence }) => sequence)
}

describe('a backup', () => {
  test('ends where its newest segment ended, however much is written, archived and released meanwhile', async () => {
    await append(14)
    await archiveAndRelease()
    await append(8)
    const before = appended.length
    const lines = await run(async () => {
      await append(4)
      await archiveAndRelease()
    })
    expect(lines.length).toBeGreaterThan(6)
    const newest = (await readdir(join(target, 'buffer', 'events')))
      .toSorted()
      .findLast((name) => name.endsWith('.seg'))
    const archived = (await readdir(join(target, 'archive', 'events'))).map((name) => `${name.slice(0, 16)}.seg`)
    expect(archived.length).toBeGreaterThan(3)
    expect(archived.filter((name) => name >= String(newest))).toEqual([])
    await restoreInto(join(room, 'restored'))
    const found = await sequencesIn(join(room, 'restored'))
    expect(found.length).toBeGreaterThanOrEqual(before)
    expect(found.length).toBeLessThan(appended.length)
    expect(found).toEqual(appended.slice(0, found.length))
  })

  test('of an empty installation is one, too', async () => {
    const lines = await run()
    expect(lines.at(-1)).toMatchObject({ end: { folder: target, archiveBeginsAt: null } })
    await restoreInto(join(room, 'restored'))
    await endRestore(join(room, 'restored'))
    expect((await readdir(join(room, 'restored'))).toSorted()).toEqual([
      'buffer',
      'control.sqlite',
      'secret',
      'sources.json',
    ])
    const restored = await openControl(join(room, 'restored'), { clock: systemClock, log })
    expect(restored.listSources()).toEqual(control.listSources())
    await restored.stop()
  })

  test('counts bytes up to its total', async () => {
    await append(30)
    await archiveAndRelease()
    await media.put(
      'cam/clip',
      (async function* parts() {
        yield Buffer.alloc(3_000_000, 7)
      })(),
    )
    const steps = (await run()).flatMap((line) => ('done' in line ? [line] : []))
    const done = steps.map((step) => step.done)
    expect(done).toEqual(done.toSorted((one, other) => one - other))
    expect(steps.every((step) => step.done <= step.total)).toBe(true)
    expect(done.length).toBeGreaterThan(3)
    expect((await readFile(join(target, 'media', 'cam', 'clip'))).length).toBe(3_000_000)
  })

  test('that was broken off has no manifest, and nobody takes it for one or goes on with it', async () => {
    await append(10)
    const lines = backup({ folder: target }, deps())
    await lines.next()
    await lines.return(undefined)
    expect(await readdir(target)).toContain('files.ndjson')
    expect(await codeOf(readManifest(target))).toMatch(/^backup-invalid: .* is no whole backup/)
    expect(await codeOf(run())).toMatch(/^backup-invalid: .* was broken off\. Remove it/)
  })

  test('refuses a folder in, around or behind a link to the data folder', async () => {
    await symlink(data, join(room, 'link'))
    for (target of [data, join(data, 'b'), room, join(room, 'link', 'deep', 'b')]) {
      expect(await codeOf(run())).toContain('lie in each other')
    }
    await writeFile(join(room, 'file'), '')
    target = join(room, 'file')
    expect(await codeOf(run())).toContain('is a file')
  })

  test('says so when the disk is full, and that it is none', async () => {
    const full = Object.assign(new Error('ENOSPC'), { code: 'ENOSPC' })
    const failing = backup({ folder: target }, deps({ copyControl: async () => Promise.reject(full) }))
    expect(await codeOf(failing.next())).toMatch(/^disk-full: The disk of .* is full, and the backup is not whole/)
    expect(await readdir(target)).not.toContain('millpond-backup.json')
  })

  test('runs beside nothing of its kind', async () => {
    const maintenance = createMaintenance({ clock: systemClock } as Parameters<typeof createMaintenance>[0])
    const alone = (): AsyncGenerator<BackupProgress> =>
      aloneWhile(
        async (work) => maintenance.alone('A backup', work),
        () => backup({ folder: target }, deps()),
      )
    await append(10)
    const first = alone()
    await first.next()
    expect(await codeOf(alone().next())).toMatch(/^maintenance-running: A backup is running/)
    await first.return(undefined)
    await rm(target, { recursive: true })
    const second = alone()
    expect((await second.next()).done).toBe(false)
    await second.return(undefined)
  })
})

describe('a file of a backup', () => {
  test('on another disk is a copy, with rights for nobody else', async () => {
    const elsewhere = await mkdtemp(join(existsSync('/dev/shm') ? '/dev/shm' : room, 'millpond-backup-'))
    try {
      await writeFile(join(room, 'object'), 'content', { mode: 0o644 })
      const other = await BackupTarget.open(elsewhere)
      for await (const _bytes of other.linkOrCopy(join(room, 'object'), 'media/object')) continue
      for await (const _bytes of other.copy(join(room, 'object'), 'media/copy')) continue
      await other.close()
      expect(await readFile(join(elsewhere, 'media', 'object'), 'utf8')).toBe('content')
      expect((await stat(join(elsewhere, 'media', 'copy'))).mode & 0o777).toBe(0o600)
      expect((await stat(elsewhere)).mode & 0o777).toBe(0o700)
    } finally {
      await rm(elsewhere, { recursive: true })
    }
  })
})

describe('the list of a backup', () => {
  async function readAll(): Promise<BackupFile[]> {
    return Array.fromAsync(readList(target, await readManifest(target)))
  }

  test('with any byte changed or cut off is no list', async () => {
    await append(4)
    await run()
    const path = join(target, 'files.ndjson')
    const good = await readFile(path)
    expect((await readAll()).map((file) => file.path)).toContain('control.sqlite')
    await fc.assert(
      fc.asyncProperty(
        fc.nat(good.length - 1),
        fc.integer({ min: 1, max: 255 }),
        fc.boolean(),
        async (at, xor, isCut) => {
          const bad = Buffer.from(good)
          bad[at] = (bad[at] ?? 0) ^ xor
          await writeFile(path, isCut ? good.subarray(0, at) : bad)
          expect(await codeOf(readAll())).toMatch(/^backup-invalid: .*files\.ndjson is damaged/)
        },
      ),
      { numRuns: 100 },
    )
    await rm(path)
    expect(await codeOf(readAll())).toContain('files.ndjson is missing')
  })

  test.each(['../x', '/etc/x', 'media/../../x', 'lock', 'restore/copied', 'run/x', 'media//x', 'media/a b', ''])(
    'names no file %j',
    async (path) => {
      await run()
      const bad: BackupFile = { path, bytes: 0, sha256: '' }
      await writeFile(join(target, 'files.ndjson'), `${JSON.stringify(bad)}\n`)
      expect(await codeOf(readAll())).toContain('is damaged')
    },
  )

  test('of a newer program is left to that', async () => {
    await mkdir(target)
    await writeFile(join(target, 'millpond-backup.json'), '{"version":2,"millpond":"9.0.0"}')
    expect(await codeOf(readManifest(target))).toContain('a newer Millpond (9.0.0)')
    await writeFile(join(target, 'millpond-backup.json'), '{"version":1')
    expect(await codeOf(readManifest(target))).toContain('is damaged')
  })
})

describe('a restore', () => {
  test('goes on where it stopped, with the same backup only', async () => {
    await append(20)
    await archiveAndRelease()
    await run()
    const folder = join(room, 'restored')
    const manifest = await checkBackup(target)
    const first = copyBackup(target, folder, manifest)
    for (let step = 0; step < 4; step++) await first.next()
    await first.return(undefined)
    // One file is whole, one was torn by the crash, the others aren't there.
    await writeFile(join(folder, 'secret'), 'ha')
    expect(await readdir(folder)).toContain('restore')
    const other = { ...manifest, listSha256: 'another' }
    expect(await codeOf(checkDataFolder(folder, other))).toContain('Another backup is being restored')
    await restoreInto(folder)
    expect(await readFile(join(folder, 'secret'))).toEqual(await readFile(join(data, 'secret')))
    // What was copied may have been changed by the second half since: it isn't looked at again.
    await writeFile(join(folder, 'sources.json'), 'changed')
    await restoreInto(folder)
    expect(await readFile(join(folder, 'sources.json'), 'utf8')).toBe('changed')
    await endRestore(folder)
    expect(await codeOf(checkDataFolder(folder, manifest))).toContain('is not empty: it holds')
    expect(await sequencesIn(folder)).toEqual(appended)
  })

  test('keeps carried rows apart from the data', () => {
    const one = { table: { dataset: 'web', table: 'users' }, path: 'carried/00000.parquet', replaces: 'all' } as const
    const manifest = {
      version: 1,
      createdAt: '',
      millpond: '',
      files: 0,
      bytes: 0,
      listSha256: '',
      archiveBeginsAt: '',
    } as const
    expect(carriedIn('/data', { ...manifest, carried: null })).toBeUndefined()
    const carried = { positions: [], expired: [], asTheyAre: [one] }
    expect(carriedIn('/data', { ...manifest, carried })?.asTheyAre).toEqual([
      { ...one, path: '/data/restore/carried/00000.parquet' },
    ])
  })
})
