// Tables made again from the archive: after everything that makes it hard, with the real processes, and compared by what
// people read.
import { spawn } from 'node:child_process'
import { readdir, readFile, rm } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { zstdDecompressSync } from 'node:zlib'

import { afterEach, beforeEach, describe, expect, it } from 'vitest'

import { fedStreamNames } from '../../src/buffer/buffer.ts'
import { systemClock } from '../../src/core/clock.ts'
import { diskFiles } from '../../src/core/files.ts'
import { createLog } from '../../src/core/log.ts'
import { openArchive } from '../../src/deliver/archive/archiver.ts'
import { eraseArchived, type ErasedFromArchive } from '../../src/deliver/maintenance/erase-archived.ts'
import { openDiskStore } from '../../src/objects/disk/disk.ts'
import { screenSettings } from '../faults/loader-rig.ts'
import { firstAnswer, type Millpond, startMillpond } from '../support/millpond.ts'
import { seededRandom } from '../support/random.ts'

const settings = {
  // Many small segments, and checkpoints so often that they are archived while the test watches.
  MILLPOND_SEGMENT_BYTES_MAX: '64KiB',
  MILLPOND_CHECKPOINT_AGE_MS_MAX: '200',
}

let millpond: Millpond
let writeKey = ''

beforeEach(async () => {
  millpond = await startMillpond({ settings })
  writeKey = await millpond.addSource('web', 'server')
})

afterEach(async () => {
  await millpond.dispose()
})

interface Outcome {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

async function cli(...words: string[]): Promise<Outcome> {
  const launcher = resolve(import.meta.dirname, '../../bin/millpond.js')
  const child = spawn(process.execPath, [launcher, ...words, '--data', millpond.data], { cwd: millpond.data })
  const [stdout, stderr, code] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    new Promise<number | null>((done) => child.once('exit', done)),
  ])
  return { code, stdout, stderr }
}

async function send(batch: readonly object[], key = writeKey): Promise<void> {
  const authorization = `Basic ${Buffer.from(`${key}:`).toString('base64')}`
  const body = JSON.stringify({ batch, sentAt: new Date().toISOString() })
  const response = await fetch(`${millpond.address}/v1/batch`, { method: 'POST', headers: { authorization }, body })
  expect(response.status).toBe(200)
}

interface Random {
  /** A whole number from 0 to `count` - 1. */
  below(count: number): number
  pick<Value>(values: readonly Value[]): Value
}

function createRandom(seed: number): Random {
  const next = seededRandom(seed)
  const below = (count: number): number => Math.floor(next() * count)
  return { below, pick: (values) => values[below(values.length)] as (typeof values)[number] }
}

const names = ['Order Completed', 'App Opened', '订单完成', 'Baby Cried 👶', 'Clip Saved']
let nextId = 0

function event(random: Random): object {
  nextId += 1
  const messageId = `m${nextId}`
  const userId = `u${random.below(20)}`
  const anonymousId = `a${random.below(20)}`
  const timestamp = new Date(Date.now() - random.below(86_400_000)).toISOString()
  const common = { messageId, userId, anonymousId, timestamp, context: { app: { version: `1.${random.below(4)}` } } }
  if (random.below(5) === 0) {
    const traits = { plan: random.pick(['free', 'pro']), age: random.below(90), [`t${random.below(3)}`]: nextId }
    return { ...common, type: 'identify', traits }
  }
  const properties = {
    // Integers first, then fractions: the column widens under way.
    total: nextId < 300 ? random.below(100) : random.below(1000) / 8,
    // Mostly numbers, sometimes a text: overflow, until somebody retypes it.
    code: random.below(6) === 0 ? `X-${random.below(9)}` : random.below(900),
    large: 2 ** 40 + random.below(1000),
    nested: { deep: random.pick([true, false, null]) },
    tags: ['a', random.below(3)],
    padding: 'x'.repeat(random.below(400)),
  }
  return { ...common, type: 'track', event: random.pick(names), properties }
}

async function sendMany(random: Random, batches: number): Promise<void> {
  for (let count = 0; count < batches; count++) await send(Array.from({ length: 20 }, () => event(random)))
}

/** What people read, table by table: every row as JSON, with what overflowed in its place. */
async function everything(): Promise<Record<string, unknown[]>> {
  const tables = await millpond.query(
    `SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE schema_name IN ('web', 'logs', 'ai') ORDER BY 1`,
  )
  const read: Record<string, unknown[]> = {}
  for (const [name] of tables) {
    const [dataset, table] = String(name).split('.')
    const rows = await millpond.query(`SELECT to_json(t)::VARCHAR FROM "${dataset}"."${table}" t`)
    read[String(name)] = rows.map(([json]) => readable(JSON.parse(String(json)) as Record<string, unknown>)).toSorted()
  }
  // Asking leaves rows of its own: the history of queries is no part of the comparison.
  read['ledger'] = await millpond.query(
    `SELECT source, stream, hour, received, stored, flagged, duplicates, quarantined FROM millpond.source_counts
     WHERE source <> 'millpond' ORDER BY ALL`,
  )
  read['letters'] = await millpond.query(
    'SELECT id, source, reason, events, raw, replay_of, replayed_at IS NULL FROM millpond.dead_letters ORDER BY id',
  )
  return read
}

function readable({ loaded_at: _loadedAt, _overflow, ...row }: Record<string, unknown>): string {
  const overflow = typeof _overflow === 'string' ? (JSON.parse(_overflow) as object) : (_overflow ?? {})
  const whole: Record<string, unknown> = { ...row, ...overflow }
  const present = Object.keys(whole).filter((key) => whole[key] !== null)
  return JSON.stringify(Object.fromEntries(present.toSorted().map((key) => [key, whole[key]])))
}

/** Events that count as stored and have no row. */
async function missingRows(): Promise<number> {
  return Number(
    await millpond.queryValue(
      `SELECT (SELECT sum(stored + flagged) FROM millpond.source_counts WHERE source <> 'millpond')
         - (SELECT count(*) FROM web.tracks) - (SELECT count(*) FROM web.identifies)`,
    ),
  )
}

async function types(): Promise<unknown[][]> {
  return millpond.query(
    `SELECT schema_name, table_name, column_name, data_type FROM duckdb_columns()
     WHERE schema_name IN ('web', 'logs', 'ai') ORDER BY ALL`,
  )
}

async function archivedSegments(): Promise<string[]> {
  return (await readdir(join(millpond.data, 'archive', 'events')).catch((): string[] => [])).toSorted((a, b) =>
    a < b ? -1 : 1,
  )
}

/** What is due at night, while nothing runs. */
async function atNight(data: string, erasures: readonly (readonly unknown[])[]): Promise<ErasedFromArchive> {
  const log = createLog('silent')
  const store = await openDiskStore({ folder: join(data, 'archive') })
  const archive = await openArchive(
    {
      streams: fedStreamNames.map((stream) => ({ stream, folder: join(data, 'buffer', stream) })),
      settings: { archiveRetentionDays: 0, archiveBytesMax: 0 },
    },
    { files: diskFiles, store, clock: systemClock, log },
  )
  const erased = erasures.map(([person, until]) => ({
    dataset: null,
    person: String(person),
    receivedUntilMicros: Number(until),
  }))
  const eraser = { screen: screenSettings, forwardTables: [] }
  const deps = { dataFolder: data, settings: eraser, archive, readErased: async () => erased, files: diskFiles }
  const outcome = await eraseArchived(deps, new AbortController().signal)
  await archive.stop()
  return outcome
}

describe('a rebuild', () => {
  it('gives the same rows, types and ledger after widening, retype, replay and erasure, with traffic meanwhile', async () => {
    const random = createRandom(4711)
    await sendMany(random, 30)
    // A key that is disabled: its events wait as dead letters, and come in by a replay.
    const shutKey = await millpond.addSource('shut', 'server')
    await cli('source', 'disable', 'shut')
    await send([{ type: 'track', event: 'Late', userId: 'u1', messageId: 'late', properties: { n: 1 } }], shutKey)
    await millpond.settled()
    expect((await cli('dead-letters', 'replay', '--all', '--to', 'web')).code).toBe(0)
    // Somebody says the same things twice.
    const again = event(random)
    await send([again])
    await send([again])
    await sendMany(random, 15)
    await millpond.settled()
    expect((await cli('retype', 'web.order_completed', 'code', 'text')).stdout).toContain('code is text now')
    expect((await cli('erase', '--user', 'u7')).stdout).toMatch(/^[1-9]\d* rows were erased/)
    await sendMany(random, 5)
    await millpond.settled()
    await firstAnswer(async () => ((await archivedSegments()).length > 3 ? true : undefined), 10_000, millpond.output)

    const before = await everything()
    const typesBefore = await types()
    expect(before['web.order_completed']?.length).toBeGreaterThan(50)
    expect(await millpond.queryValue("SELECT count(*) FROM web.tracks WHERE user_id = 'u7'")).toBeGreaterThan(0)
    const rebuilt = await cli('rebuild', '--json')
    expect(rebuilt.stderr).toBe('')
    const outcome = JSON.parse(rebuilt.stdout) as { events: number; archiveBeginsAt: unknown; differences: unknown[] }
    expect(outcome).toMatchObject({ archiveBeginsAt: null, differences: [] })
    expect(await everything()).toEqual(before)
    expect(await types()).toEqual(typesBefore)
    expect((await millpond.status()).ledgerSums).toBe(true)

    // And once more while senders go on. What was erased is missing from the rows, and from nothing else.
    const missingBefore = await missingRows()
    let isSending = true
    const sending = (async () => {
      while (isSending) await sendMany(random, 1)
    })()
    expect((await cli('rebuild')).stdout).toContain('All tables were made again')
    isSending = false
    await sending
    const status = await millpond.settled()
    expect(status.ledgerSums).toBe(true)
    expect(await missingRows()).toBe(missingBefore)
    expect(await millpond.queryValue('SELECT count(*) - count(DISTINCT id) FROM web.tracks')).toBe(0)
  }, 120_000)

  it('gives the same when erased people have gone from the archive, too', async () => {
    const random = createRandom(7)
    await sendMany(random, 45)
    await millpond.settled()
    expect((await cli('erase', '--user', 'u7')).code).toBe(0)
    await sendMany(random, 5)
    await millpond.settled()
    await firstAnswer(async () => ((await archivedSegments()).length > 3 ? true : undefined), 10_000, millpond.output)
    const before = await everything()
    const erasures = await millpond.query('SELECT person, epoch_us(received_until) FROM millpond.erasures')
    const { data } = millpond
    await millpond.stop()
    const archivedText = async (): Promise<string> => {
      const packed = (await archivedSegments()).map((name) => readFile(join(data, 'archive', 'events', name)))
      return Buffer.concat((await Promise.all(packed)).map((one) => zstdDecompressSync(one))).toString()
    }
    const eventsBefore = (await archivedText()).split('"userId":"u7"').length
    const night = await atNight(data, erasures)
    expect(night.rewrittenSegments).toBeGreaterThan(1)
    expect(night.erasedRecords).toBeGreaterThan(10)
    // One segment may still be in the buffer.
    expect((await archivedText()).split('"userId":"u7"').length).toBeLessThan(eventsBefore / 4)
    expect(await atNight(data, erasures)).toEqual({ rewrittenSegments: 0, erasedRecords: 0 })

    millpond = await startMillpond({ data, settings })
    const rebuilt = await cli('rebuild', '--json')
    expect(rebuilt.stderr).toBe('')
    expect(JSON.parse(rebuilt.stdout)).toMatchObject({ archiveBeginsAt: null, differences: [] })
    expect(await everything()).toEqual(before)
    expect((await millpond.status()).ledgerSums).toBe(true)
  }, 60_000)

  it('keeps the old rows where the archive has lost its beginning, and says from when on rows are new', async () => {
    const random = createRandom(42)
    await sendMany(random, 40)
    await millpond.settled()
    await firstAnswer(async () => ((await archivedSegments()).length > 3 ? true : undefined), 10_000, millpond.output)
    await millpond.settled()
    const before = await everything()
    const [oldest, second] = await archivedSegments()
    for (const name of [oldest, second]) await rm(join(millpond.data, 'archive', 'events', String(name)))
    const rebuilt = await cli('rebuild', '--json')
    expect(rebuilt.stderr).toBe('')
    const outcome = JSON.parse(rebuilt.stdout) as { archiveBeginsAt: string; differences: unknown[] }
    expect(outcome.differences).toEqual([])
    expect(Date.parse(outcome.archiveBeginsAt)).toBeGreaterThan(Date.now() - 600_000)
    expect(await everything()).toEqual(before)
    expect((await millpond.status()).ledgerSums).toBe(true)
  }, 60_000)

  it('refuses to swap when rows would be missing, unless told to', async () => {
    const random = createRandom(7)
    await sendMany(random, 40)
    await millpond.settled()
    await firstAnswer(async () => ((await archivedSegments()).length > 3 ? true : undefined), 10_000, millpond.output)
    const before = await everything()
    // A hole in the middle is no expiry.
    const middle = (await archivedSegments())[1]
    await rm(join(millpond.data, 'archive', 'events', String(middle)))
    const refused = await cli('rebuild')
    expect(refused.code).toBe(1)
    expect(refused.stderr).toContain('web.tracks')
    expect(refused.stderr).toContain('--force')
    expect(await everything()).toEqual(before)
    const forced = await cli('rebuild', '--force', '--json')
    expect(forced.code).toBe(0)
    expect(
      (JSON.parse(forced.stdout) as { differences: { table: string }[] }).differences.map(({ table }) => table),
    ).toContain('web.tracks')
    expect((await everything())['web.app_opened']?.length).toBeLessThan(before['web.app_opened']?.length ?? 0)
  }, 60_000)

  it('makes one dataset again and leaves the others', async () => {
    const random = createRandom(1)
    await sendMany(random, 10)
    const other = await millpond.addSource('other', 'server')
    await send([{ type: 'track', event: 'Opened', userId: 'u1', messageId: 'o1' }], other)
    await millpond.settled()
    expect((await cli('rebuild', '--dataset', 'nowhere')).stderr).toContain('no dataset nowhere to make again, only')
    const before = await everything()
    expect((await cli('rebuild', '--dataset', 'web')).stdout).toContain('The tables of web were made again')
    expect(await everything()).toEqual(before)
    expect(await millpond.queryValue('SELECT count(*) FROM other.tracks')).toBe(1)
    await sendMany(random, 2)
    expect((await millpond.settled()).ledgerSums).toBe(true)
  }, 60_000)

  it('agrees with the retention, and a start without the warehouse file knows types and erasures', async () => {
    const old = { type: 'track', event: 'Old', userId: 'u1', messageId: 'old', timestamp: '2020-01-01T00:00:00.000Z' }
    await send([old, { ...old, messageId: 'young', timestamp: new Date().toISOString(), properties: { code: 7 } }])
    await send([{ ...old, messageId: 'theirs', userId: 'u9', timestamp: new Date().toISOString() }])
    await millpond.settled()
    expect((await cli('erase', '--user', 'u9')).code).toBe(0)
    expect((await cli('retype', 'web.old', 'code', 'text')).code).toBe(0)
    const { data } = millpond
    await millpond.stop()
    const withRetention = { ...settings, MILLPOND_RETENTION_DAYS: 'web=30' }
    millpond = await startMillpond({ data, settings: withRetention })
    const rebuilt = await cli('rebuild', '--json')
    expect(rebuilt.stderr).toBe('')
    expect(await millpond.query('SELECT id, code FROM web.old ORDER BY id')).toEqual([['young', '7']])
    await millpond.stop()
    await rm(join(data, 'warehouse'), { recursive: true })
    millpond = await startMillpond({ data, settings })
    await millpond.settled()
    expect(await millpond.query('SELECT id, code FROM web.old ORDER BY id')).toEqual([
      ['old', null],
      ['young', '7'],
    ])
    expect(await millpond.queryValue('SELECT count(*) FROM millpond.erasures')).toBe(1)
  }, 60_000)

  it('begins from nothing when the warehouse is lost, while nothing runs', async () => {
    const random = createRandom(99)
    await sendMany(random, 30)
    await millpond.settled()
    await firstAnswer(async () => ((await archivedSegments()).length > 2 ? true : undefined), 10_000, millpond.output)
    const before = await everything()
    const typesBefore = await types()
    const { data } = millpond
    await millpond.stop()
    await rm(join(data, 'warehouse'), { recursive: true })
    const rebuilt = await cli('rebuild')
    expect(rebuilt.stderr).toBe('')
    expect(rebuilt.stdout).toContain('All tables were made again')
    millpond = await startMillpond({ data, settings })
    const status = await millpond.settled()
    expect(status.ledgerSums).toBe(true)
    expect(await everything()).toEqual(before)
    expect(await types()).toEqual(typesBefore)
    await sendMany(random, 2)
    expect((await millpond.settled()).ledgerSums).toBe(true)
  }, 60_000)
})
