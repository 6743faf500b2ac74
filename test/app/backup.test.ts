// A backup is worth what a restore gives: taken under traffic, everything killed, an empty folder filled, and then every
// event that was acknowledged before is there once.
import { createHash, randomBytes } from 'node:crypto'
import { mkdtemp, open, readdir, readFile, rename, rm, stat } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { systemClock } from '../../src/core/clock.ts'
import type { BackupFile } from '../../src/deliver/backup/manifest.ts'
import { openDiskStore } from '../../src/objects/disk/disk.ts'
import { encryptedStore } from '../../src/objects/encrypted/encrypted.ts'
import { wrappingKeys } from '../../src/objects/encrypted/keys.ts'
import { firstAnswer, type Millpond, startMillpond } from '../support/millpond.ts'
import { expectLedgerSums, lineOf, sendTo } from '../support/sender.ts'
import { type CliRun, runCli } from './cli-support.ts'

const settings = {
  // Many small segments, and checkpoints so often that they are archived while the test watches.
  MILLPOND_SEGMENT_BYTES_MAX: '64KiB',
  MILLPOND_CHECKPOINT_AGE_MS_MAX: '200',
}

let millpond: Millpond
let key = ''
/** Beside the data folder, for backups. */
let room: string
let nextId: number
let acknowledged: string[]

beforeEach(async () => {
  millpond = await startMillpond({ settings })
  key = await millpond.addSource('web', 'server')
  room = await mkdtemp(join(tmpdir(), 'millpond-backup-'))
  nextId = 0
  acknowledged = []
})

afterEach(async () => {
  await millpond.dispose()
  await rm(room, { recursive: true, force: true })
})

async function cli(words: readonly string[], data = millpond.data): Promise<CliRun> {
  return runCli([...words, '--data', data], { cwd: room, env: settings })
}

async function sendMany(batches: number): Promise<void> {
  for (let count = 0; count < batches; count++) {
    const batch = Array.from({ length: 20 }, () => {
      nextId += 1
      const common = { messageId: `m${nextId}`, userId: `u${nextId % 9}` }
      if (nextId % 10 === 0) return { ...common, type: 'identify', traits: { age: nextId % 80, plan: 'pro' } }
      const properties = { total: nextId < 200 ? nextId : nextId / 8, padding: randomBytes(200).toString('base64') }
      return { ...common, type: 'track', event: `Event ${nextId % 4}`, properties }
    })
    expect((await sendTo(millpond.address, { batch }, { key })).status).toBe(200)
    acknowledged.push(...batch.map(({ messageId }) => messageId))
  }
}

/** Senders go on all the time while the work is done. */
async function sendWhile<Result>(work: () => Promise<Result>): Promise<Result> {
  let isSending = true
  const sending = (async () => {
    while (isSending) await sendMany(1)
  })()
  const result = await work()
  isSending = false
  await sending
  return result
}

async function archived(stream = 'events'): Promise<string[]> {
  const names = await readdir(join(millpond.data, 'archive', stream)).catch((): string[] => [])
  return names.toSorted()
}

/** A segment is archived after the checkpoint that follows its end: somebody must go on sending. */
async function untilArchived(count: number): Promise<void> {
  await firstAnswer(
    async () => {
      if ((await archived()).length >= count) return true
      await sendMany(1)
      await millpond.settled()
      return undefined
    },
    15_000,
    millpond.output,
  )
  await millpond.settled()
}

/** What people read, as text, without the times of loading. */
async function everything(): Promise<Record<string, unknown>> {
  const tables = await millpond.query(
    "SELECT table_name FROM duckdb_tables() WHERE schema_name IN ('web', 'ai') ORDER BY 1",
  )
  const read: Record<string, unknown> = {}
  for (const [name] of tables) {
    const dataset = String(name) === 'assets' || String(name) === 'inferences' ? 'ai' : 'web'
    const rows = await millpond.query(`SELECT to_json(t)::VARCHAR FROM ${dataset}."${String(name)}" t`)
    read[String(name)] = rows.map(([json]) => withoutLoading(String(json))).toSorted()
  }
  read['letters'] = await millpond.query(
    'SELECT id, source, reason, events, replay_of, replayed_at IS NULL FROM millpond.dead_letters ORDER BY id',
  )
  read['types'] = await millpond.query(
    "SELECT table_name, column_name, data_type FROM duckdb_columns() WHERE schema_name = 'web' ORDER BY ALL",
  )
  return read
}

/** Without the history of queries: each of ours leaves a row in it. */
async function ledgerRows(): Promise<unknown[][]> {
  return millpond.query("SELECT * EXCLUDE (hour) FROM millpond.source_counts WHERE source <> 'millpond' ORDER BY ALL")
}

function withoutLoading(json: string): string {
  const { loaded_at: _loadedAt, ...row } = JSON.parse(json) as Record<string, unknown>
  return JSON.stringify(
    Object.fromEntries(
      Object.keys(row)
        .toSorted()
        .map((name) => [name, row[name]]),
    ),
  )
}

/** kill -9 of everything; the folder is put away, and its place is empty. */
async function loseEverything(): Promise<void> {
  const { engine } = await millpond.pids()
  await millpond.kill('intake')
  // It ends itself a moment later; until then it writes to whatever stands at its path.
  await firstAnswer(async () => (isAlive(engine) ? undefined : true), 10_000)
  await rename(millpond.data, join(room, 'lost'))
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/** On the same path, so that the token of before is tried: it must still open the door. */
async function startAgain(): Promise<void> {
  millpond = await startMillpond({ data: millpond.data, settings })
}

async function filesIn(backup: string): Promise<BackupFile[]> {
  const text = await readFile(join(backup, 'files.ndjson'), 'utf8')
  return text
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line) as BackupFile)
}

async function flipByte(path: string): Promise<void> {
  const file = await open(path, 'r+')
  const byte = Buffer.alloc(1)
  const at = Math.floor((await file.stat()).size / 2)
  await file.read(byte, 0, 1, at)
  byte[0] = (byte[0] ?? 0) ^ 1
  await file.write(byte, 0, 1, at)
  await file.close()
}

interface Backup {
  readonly folder: string
  readonly files: number
  readonly bytes: number
  readonly archiveBeginsAt: string | null
}

async function backup(folder: string): Promise<Backup> {
  const run = await cli(['backup', folder, '--json'])
  expect(run.stderr).toBe('')
  return JSON.parse(run.stdout) as Backup
}

async function restore(folder: string): Promise<{ events: number; files: number }> {
  const run = await cli(['restore', folder, '--json'])
  expect(run.stderr).toBe('')
  return JSON.parse(run.stdout) as { events: number; files: number }
}

/** Ids that were sent and aren't there exactly once. */
async function notOnce(ids: readonly string[]): Promise<string[]> {
  const rows = await millpond.query('SELECT id FROM web.tracks UNION ALL SELECT id FROM web.identifies')
  const counts = new Map<string, number>()
  for (const [id] of rows) counts.set(String(id), (counts.get(String(id)) ?? 0) + 1)
  return ids.filter((id) => counts.get(id) !== 1)
}

/** A dead letter that was sent in again, one that still lies there, and a person who is gone. */
async function makeHistory(): Promise<void> {
  const shutKey = await millpond.addSource('shut', 'server')
  expect((await cli(['source', 'disable', 'shut'])).code).toBe(0)
  const late = (messageId: string): object => ({ type: 'track', event: 'Late', userId: 'u1', messageId })
  await sendTo(millpond.address, { batch: [late('late1')] }, { key: shutKey })
  await millpond.settled()
  expect((await cli(['dead-letters', 'replay', '--all', '--to', 'web'])).code).toBe(0)
  await sendTo(millpond.address, { batch: [late('late2')] }, { key: shutKey })
  await millpond.settled()
  expect((await cli(['erase', '--user', 'u7'])).code).toBe(0)
}

async function putClip(clip: Buffer): Promise<string> {
  const authorization = `Basic ${btoa(`${key}:`)}`
  const response = await fetch(`${millpond.address}/v1/assets?device_id=cam1`, {
    method: 'PUT',
    headers: { authorization, 'content-type': 'video/mp4' },
    body: new Uint8Array(clip),
  })
  expect(response.status).toBe(201)
  await millpond.settled()
  return String(await millpond.queryValue("SELECT storage_uri FROM ai.assets WHERE device_id = 'cam1'"))
}

/** As whoever holds the data folder can read it. */
async function readClip(uri: string): Promise<Buffer> {
  const secret = Buffer.from((await readFile(join(millpond.data, 'secret'), 'utf8')).trim(), 'hex')
  const disk = await openDiskStore({ folder: join(millpond.data, 'media'), clock: systemClock })
  const found = await encryptedStore({ store: disk, keys: wrappingKeys(secret, undefined) }).get(
    uri.slice('media:'.length),
  )
  const parts: Uint8Array[] = []
  for await (const part of found?.content ?? []) parts.push(part)
  return Buffer.concat(parts)
}

describe('a backup under traffic, restored after everything was lost', () => {
  it('holds every event that was acknowledged before, once, with keys, letters, erasures and media', async () => {
    await sendMany(30)
    const clip = randomBytes(200_000)
    const uri = await putClip(clip)
    await makeHistory()
    const erased = acknowledged.filter((id) => Number(id.slice(1)) % 9 === 7)
    await sendMany(20)
    await untilArchived(5)
    const before = [...acknowledged]
    const made = await sendWhile(async () => backup(join(room, 'b1')))
    expect(made).toMatchObject({ folder: join(room, 'b1'), archiveBeginsAt: null })
    await millpond.settled()
    const lettersBefore = await millpond.query(
      'SELECT id, reason, replay_of, replayed_at FROM millpond.dead_letters ORDER BY id',
    )
    await loseEverything()

    const restored = await restore(made.folder)
    expect(restored.files).toBe(made.files)
    expect(restored.events).toBeGreaterThanOrEqual(before.length)
    await startAgain()
    const status = await millpond.settled()
    expectLedgerSums(status)
    expect(await notOnce(before.filter((id) => !erased.includes(id)))).toEqual([])
    const rows = await millpond.query('SELECT id FROM web.tracks UNION ALL SELECT id FROM web.identifies')
    expect(rows.map(([id]) => id).filter((id) => erased.includes(String(id)))).toEqual([])
    expect(await millpond.queryValue('SELECT count(*) FROM web.late')).toBe(1)
    const letters = await millpond.query(
      'SELECT id, reason, replay_of, replayed_at FROM millpond.dead_letters ORDER BY id',
    )
    expect(letters.map(([id, reason, of, at]) => [id, reason, of, at === null])).toEqual(
      lettersBefore.map(([id, reason, of, at]) => [id, reason, of, at === null]),
    )
    expect(
      await millpond.queryValue(
        "SELECT data_type FROM duckdb_columns() WHERE schema_name = 'web' AND table_name = 'event_1' AND column_name = 'total'",
      ),
    ).toBe('DOUBLE')
    expect((await readClip(uri)).equals(clip)).toBe(true)

    // The same key still works, and what a sender repeats is known.
    const storedBefore = lineOf(status, 'web')
    const repeated = { type: 'track', event: 'Event 1', userId: 'u1', messageId: 'm1', properties: {} }
    expect((await sendTo(millpond.address, { batch: [repeated] }, { key })).status).toBe(200)
    const after = lineOf(await millpond.settled(), 'web')
    expect(after.stored).toBe(storedBefore.stored)
    expect(after.received).toBe(storedBefore.received + 1)
    await sendMany(1)
    expectLedgerSums(await millpond.settled())
    // What is archived from now on joins what was restored.
    await untilArchived((await archived()).length + 1)
    expect((await cli(['rebuild', '--json'])).stdout).toContain('"differences":[]')
  }, 180_000)

  it('carries the rows that the archive has lost', async () => {
    await sendMany(40)
    await makeHistory()
    await untilArchived(4)
    const [oldest, second] = await archived()
    for (const name of [oldest, second]) await rm(join(millpond.data, 'archive', 'events', String(name)))
    const before = await everything()
    const ledger = await ledgerRows()
    const made = await backup(join(room, 'b1'))
    expect(Date.parse(String(made.archiveBeginsAt))).toBeGreaterThan(Date.now() - 600_000)
    await loseEverything()
    await restore(made.folder)
    await startAgain()
    expectLedgerSums(await millpond.settled())
    expect(await everything()).toEqual(before)
    expect(await ledgerRows()).toEqual(ledger)
    expect(await readdir(millpond.data)).not.toContain('restore')

    // And once more from what was restored, under traffic: the carried rows end before the records do.
    const erased = (id: string): boolean => Number(id.slice(1)) % 9 === 7
    await sendMany(5)
    const sent = acknowledged.filter((id) => !erased(id))
    const again = await sendWhile(async () => backup(join(room, 'b2')))
    expect(again.archiveBeginsAt).toBe(made.archiveBeginsAt)
    await rename(join(room, 'lost'), join(room, 'lost-before'))
    await loseEverything()
    await restore(join(room, 'b2'))
    await startAgain()
    expectLedgerSums(await millpond.settled())
    expect(await notOnce(sent)).toEqual([])
    expect(await millpond.queryValue('SELECT count(*) FROM web.users')).toBe(
      await millpond.queryValue('SELECT count(DISTINCT user_id) FROM web.identifies'),
    )
  }, 180_000)
})

describe('a backup while nothing runs', () => {
  it('holds the same, and restores to another folder', async () => {
    await sendMany(40)
    await untilArchived(2)
    const before = await everything()
    await millpond.stop()
    const made = await backup(join(room, 'b1'))
    expect(made.archiveBeginsAt).toBeNull()
    await rename(millpond.data, join(room, 'lost'))
    await restore(made.folder)
    await startAgain()
    expectLedgerSums(await millpond.settled())
    expect(await everything()).toEqual(before)
  }, 60_000)
})

describe('what is refused', () => {
  it('is said with the folder or file that is in the way, and nothing is changed', async () => {
    await sendMany(40)
    await untilArchived(2)
    const good = join(room, 'good')
    await backup(good)
    expect((await stat(good)).mode & 0o777).toBe(0o700)
    for (const { path, bytes, sha256 } of await filesIn(good)) {
      const content = await readFile(join(good, path))
      expect([content.length, createHash('sha256').update(content).digest('hex')]).toEqual([bytes, sha256])
      expect((await stat(join(good, path))).mode & 0o077).toBe(0)
    }
    // Hard links: the archive takes no second room.
    const [segment] = await archived()
    const [linked, own] = [
      join(good, 'archive', 'events', String(segment)),
      join(millpond.data, 'archive', 'events', String(segment)),
    ]
    expect((await stat(linked)).ino).toBe((await stat(own)).ino)

    const refused = async (words: readonly string[], data?: string): Promise<string> => {
      const run = await cli(words, data)
      expect(run.code).toBe(1)
      return run.stderr
    }
    expect(await refused(['backup', good])).toContain('holds a backup already')
    expect(await refused(['backup', room])).toContain('is not empty')
    expect(await refused(['backup', join(millpond.data, 'backups', 'b1')])).toContain('lie in each other')
    expect(await refused(['backup', join(room, 'b2')], join(room, 'nothing'))).toContain('nothing to back up')
    expect(await refused(['restore', good])).toContain('is not empty')
    expect(await refused(['restore', room], join(room, 'new'))).toContain('is no whole backup')
    expect(await readdir(room)).toEqual(['good'])

    // The same bytes under two names would be damaged together.
    await millpond.dispose()
    expect((await cli(['restore', good, '--verify', '--json'], join(room, 'new'))).code).toBe(0)
    await flipByte(linked)
    expect(await refused(['restore', good, '--verify'], join(room, 'new'))).toContain(linked)
    expect(await readdir(room)).toEqual(['good'])
    expect(await refused(['restore', good], join(room, 'new'))).toContain(linked)
    // Half of the data must not be taken for all.
    expect(await refused(['start'], join(room, 'new'))).toContain('Run the same `millpond restore` again')
    expect(await refused(['source', 'list'], join(room, 'new'))).toContain('Run the same `millpond restore` again')
    await flipByte(linked)
    expect((await cli(['restore', good], join(room, 'new'))).stdout).toContain('is restored')
    expect((await cli(['source', 'list'], join(room, 'new'))).stdout).toContain('web')

    await rename(linked, `${linked}.away`)
    expect(await refused(['restore', good], join(room, 'newer'))).toContain(`${linked} is missing`)
    await rename(`${linked}.away`, linked)
    await rm(join(good, 'millpond-backup.json'))
    expect(await refused(['restore', good], join(room, 'newer'))).toContain('is no whole backup')
    expect(await refused(['backup', good], join(room, 'new'))).toContain('was broken off')
    expect((await readdir(room)).toSorted()).toEqual(['good', 'new'])
  }, 60_000)
})
