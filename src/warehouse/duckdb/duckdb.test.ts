// DuckDB keeps the driver's contract on both roads, and what only DuckDB has: its file, its lock, its crashes.
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { copyFile, mkdir, mkdtemp, readdir, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { DuckDBInstance } from '@duckdb/node-api'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { describeWarehouseDriver } from '../../../test/contract/warehouse-driver.ts'
import { blockOf, never, planTo, rowsOf } from '../../../test/contract/warehouse-plans.ts'
import { systemClock } from '../../core/clock.ts'
import { createLog } from '../../core/log.ts'
import type { WarehouseSettings } from '../../core/settings.ts'
import type { ColumnSpec, WarehouseDriver } from '../driver.ts'
import { systemTables, usersColumns } from '../schema.ts'
import { openDuckdbWarehouse } from './duckdb.ts'

const settings = { threads: 2, memoryBytesMax: 512 * 1024 ** 2 } as WarehouseSettings

async function open(folder: string, append: 'raw' | 'plain' = 'raw'): Promise<WarehouseDriver> {
  return openDuckdbWarehouse({ folder, settings, clock: systemClock, log: createLog('silent'), append })
}

describeWarehouseDriver('duckdb', async (folder) => open(folder), { fileName: 'fed.duckdb' })
describeWarehouseDriver('duckdb, plain road', async (folder) => open(folder, 'plain'), { fileName: 'fed.duckdb' })

const victim = join(import.meta.dirname, '../../../test/contract/warehouse-victim.ts')

/**
 * Runs the process of test/contract/warehouse-victim.ts, through `sh` with these arguments if there are any, until it ends or
 * has told of `linesMax` checkpoints: then it is killed in the middle of whatever it does next.
 */
async function runVictim(
  folder: string,
  shell: readonly string[],
  linesMax = Infinity,
  beforeKill: () => Promise<unknown> = async () => undefined,
): Promise<{ lines: string[]; complaint: string }> {
  const command = [process.execPath, victim, folder]
  const [program = '', ...rest] = shell.length === 0 ? command : ['sh', ...shell, ...command]
  const child = spawn(program, rest, { stdio: ['ignore', 'pipe', 'pipe'] })
  const lines: string[] = []
  let complaint = ''
  let isDying = false
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    complaint += text
  })
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    lines.push(...text.split('\n').filter((line) => line !== ''))
    if (lines.length < linesMax || isDying) return
    isDying = true
    void beforeKill().finally(() => child.kill('SIGKILL'))
  })
  await once(child, 'close')
  return { lines, complaint }
}

/** Another program writes to the file and dies: its log stays. */
async function leaveStrangersLog(path: string): Promise<void> {
  const stranger = await DuckDBInstance.create(path)
  const connection = await stranger.connect()
  await connection.run("PRAGMA disable_checkpoint_on_shutdown; INSERT INTO web.clicks VALUES ('stranger')")
  connection.closeSync()
  stranger.closeSync()
}

describe('the file', () => {
  let folder: string
  const running: WarehouseDriver[] = []
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millpond-duckdb-'))
  })
  afterEach(async () => {
    while (running.length > 0) await running.pop()?.stop()
    await rm(folder, { recursive: true, force: true })
  })
  const openHere = async (where = folder): Promise<WarehouseDriver> => {
    const driver = await open(where)
    running.push(driver)
    return driver
  }
  const table = { dataset: 'web', table: 'clicks' }
  const columns: readonly ColumnSpec[] = [{ name: 'id', type: 'text' }]
  const create = { kind: 'create-table', table, columns } as const

  test('copied at any moment it holds exactly the rows and positions of the last checkpoint', async () => {
    const driver = await openHere()
    const rows = Array.from({ length: 3000 }, (_, row) => ({ id: `row ${row} of a length that needs the heap` }))
    await driver.load(planTo(1, { changes: [create], blocks: [blockOf(table, columns, rows)] }))
    await driver.checkpoint()
    await driver.load(planTo(2, { blocks: [blockOf(table, columns, rows)] }))
    const copy = await mkdtemp(join(folder, 'copy-'))
    await copyFile(join(folder, 'fed.duckdb'), join(copy, 'fed.duckdb'))
    const again = await openHere(copy)
    expect(await again.positions()).toEqual([{ stream: 'events', sequence: 1 }])
    expect(await rowsOf(again, 'SELECT count(*), count(DISTINCT id) FROM web.clicks')).toEqual([[3000, 3000]])
  })

  test('a process that is killed while it loads and checkpoints leaves a file whose rows and position agree', async () => {
    for (let round = 0; round < 4; round += 1) {
      const { lines } = await runVictim(folder, [], round * 2 + 2)
      const driver = await open(folder)
      const [position] = await driver.positions()
      const sequence = position?.sequence ?? 0
      expect(sequence).toBeGreaterThanOrEqual(Number(lines.at(-1)))
      expect(await rowsOf(driver, 'SELECT count(*), count(DISTINCT id) FROM web.clicks')).toEqual([
        [sequence * 1000, sequence * 1000],
      ])
      await driver.stop()
    }
  })

  test('a checkpoint that a running query holds up says what is covered, and the next one catches up', async () => {
    const driver = await openHere()
    const rows = Array.from({ length: 20_000 }, (_, row) => ({ id: `${row}` }))
    await driver.load(planTo(1, { changes: [create], blocks: [blockOf(table, columns, rows)] }))
    await driver.checkpoint()
    const run = await driver.query('SELECT a.id FROM web.clicks a, web.clicks b', never)
    const other = { dataset: 'web', table: 'views' }
    await driver.load(planTo(2, { changes: [{ kind: 'create-table', table: other, columns }] }))
    expect(await driver.checkpoint()).toEqual([{ stream: 'events', sequence: 1 }])
    await driver.load(planTo(3))
    await run.close()
    expect(await driver.checkpoint()).toEqual([{ stream: 'events', sequence: 3 }])
  })

  test('ordinary loads are checkpointed under any number of running queries', async () => {
    const driver = await openHere()
    const users = { dataset: 'web', table: 'users' }
    const email = { name: 'email', type: 'text' } as const
    const changes = [create, { kind: 'create-table', table: users, columns: [...usersColumns, email] }] as const
    const rows = Array.from({ length: 20_000 }, (_, row) => ({ id: `${row}` }))
    await driver.load(planTo(1, { changes, blocks: [blockOf(table, columns, rows)] }))
    const runs = []
    for (let sequence = 2; sequence < 8; sequence += 1) {
      runs.push(await driver.query('SELECT a.id FROM web.clicks a, web.clicks b', never))
      const count = { source: 'web', stream: 'events', hourMicros: 0, received: 1, stored: 1 }
      const trait = { column: 'email', timeMicros: sequence, tieBreak: '', value: `${sequence}` }
      await driver.load(
        planTo(sequence, {
          blocks: [blockOf(table, columns, [{ id: 'more' }])],
          counts: [{ ...count, flagged: 0, duplicates: 0, quarantined: 0 }],
          users: [{ dataset: 'web', userId: 'u', receivedAtMicros: sequence, traits: [trait] }],
        }),
      )
      expect(await driver.checkpoint()).toEqual([{ stream: 'events', sequence }])
    }
    for (const run of runs) await run.close()
    const copy = await mkdtemp(join(folder, 'copy-'))
    await copyFile(join(folder, 'fed.duckdb'), join(copy, 'fed.duckdb'))
    const again = await openHere(copy)
    expect(await rowsOf(again, 'SELECT received FROM millpond.source_counts')).toEqual([[6]])
    expect(await rowsOf(again, 'SELECT id, email FROM web.users')).toEqual([['u', '7']])
    expect(await rowsOf(again, 'SELECT * FROM millpond.positions')).toEqual([['events', 7]])
  })

  test('a damaged file is refused with its name', async () => {
    await writeFile(join(folder, 'fed.duckdb'), 'not a database, but long enough to be looked at'.repeat(400))
    await expect(open(folder)).rejects.toMatchObject({ code: 'warehouse-unreadable' })
  })

  test('a log beside the file is set aside, never replayed', async () => {
    const driver = await openHere()
    await driver.load(planTo(1, { changes: [create], blocks: [blockOf(table, columns, [{ id: 'a' }])] }))
    await driver.checkpoint()
    running.pop()
    await driver.stop()
    await leaveStrangersLog(join(folder, 'fed.duckdb'))
    const again = await openHere()
    expect(await rowsOf(again, 'SELECT id FROM web.clicks')).toEqual([['a']])
    expect((await readdir(folder)).toSorted()).toEqual([
      'exchange',
      'fed.duckdb',
      'made.duckdb',
      'unused-fed.duckdb.wal',
    ])
  })

  test('left-overs of a death confuse nobody: the exchange folder begins empty, half files and logs are never read', async () => {
    const exchange = join(folder, 'exchange')
    await mkdir(join(exchange, 'deep'), { recursive: true })
    await mkdir(join(folder, 'spill-3'))
    await writeFile(join(exchange, 'deep', 'old.parquet'), 'old')
    const driver = await openHere()
    expect(driver.maintenance.exchangeFolder).toBe(exchange)
    expect((await readdir(folder)).toSorted()).toEqual(['exchange', 'fed.duckdb', 'made.duckdb'])
    expect(await readdir(exchange)).toEqual([])
    const rebuilt = await mkdtemp(join(folder, 'rebuilt-'))
    const other = await open(rebuilt)
    await other.load(planTo(7, { changes: [create], blocks: [blockOf(table, columns, [{ id: 'new' }])] }))
    await other.checkpoint()
    await other.stop()
    await leaveStrangersLog(join(rebuilt, 'fed.duckdb'))
    await writeFile(join(folder, 'making-fed.duckdb'), 'half a file')
    await writeFile(join(folder, 'fed.duckdb.wal'), 'half a log')
    await driver.maintenance.replaceWith(join(rebuilt, 'fed.duckdb'))
    expect(await rowsOf(driver, 'SELECT id FROM web.clicks')).toEqual([['new']])
    await driver.load(planTo(8))
    expect(await driver.checkpoint()).toEqual([{ stream: 'events', sequence: 8 }])
  })

  test('a file that took the place is locked as the first one was, also when the last old query has ended', async () => {
    const driver = await openHere()
    await driver.load(planTo(1, { changes: [create], blocks: [blockOf(table, columns, [{ id: 'a' }])] }))
    const rebuilt = await mkdtemp(join(folder, 'rebuilt-'))
    const other = await open(rebuilt)
    await other.checkpoint()
    await other.stop()
    const run = await driver.query('SELECT id FROM web.clicks', never)
    await driver.maintenance.replaceWith(join(rebuilt, 'fed.duckdb'))
    expect((await runVictim(folder, [])).complaint).toContain('data-locked')
    await run.close()
    expect((await runVictim(folder, [])).complaint).toContain('data-locked')
    await driver.load(planTo(1))
    expect(await driver.checkpoint()).toEqual([{ stream: 'events', sequence: 1 }])
  })

  test('a warehouse that another process has open cannot take the place', async () => {
    const driver = await openHere()
    const rebuilt = await mkdtemp(join(folder, 'rebuilt-'))
    await runVictim(rebuilt, [], 2, async () => {
      const replacing = driver.maintenance.replaceWith(join(rebuilt, 'fed.duckdb'))
      await expect(replacing).rejects.toMatchObject({ code: 'warehouse-unreadable' })
    })
    expect.assertions(2)
    expect(await rowsOf(driver, 'SELECT count(*) FROM millpond.loads')).toEqual([[0]])
  })

  test('a disk that is full at a checkpoint costs nothing that an earlier one covered', async () => {
    // The kernel refuses to let the file grow, in the middle of the checkpoint's writes.
    const { lines, complaint } = await runVictim(folder, ['-c', 'ulimit -f 4000; exec "$@"', 'sh'])
    expect(complaint).toContain("code: 'warehouse-unavailable'")
    expect(complaint).toMatch(/A checkpoint failed: .*File too large/)
    const sequence = Number(lines.at(-1))
    const driver = await openHere()
    expect(await driver.positions()).toEqual([{ stream: 'events', sequence }])
    expect(await rowsOf(driver, 'SELECT count(*) FROM web.clicks')).toEqual([[sequence * 1000]])
    await driver.load(planTo(sequence + 1, { blocks: [blockOf(table, columns, [{ id: 'more' }])] }))
    expect(await driver.checkpoint()).toEqual([{ stream: 'events', sequence: sequence + 1 }])
  })

  test('missing tables and columns of millpond are made when the file opens', async () => {
    const stranger = await DuckDBInstance.create(join(folder, 'fed.duckdb'))
    const connection = await stranger.connect()
    await connection.run('CREATE SCHEMA millpond; CREATE TABLE millpond.loads (load_id BIGINT, stream VARCHAR)')
    connection.closeSync()
    stranger.closeSync()
    const driver = await openHere()
    const found = (await driver.catalog()).get('millpond')
    expect([...(found?.keys() ?? [])].toSorted()).toEqual(Object.keys(systemTables).toSorted())
    expect(found?.get('loads')).toEqual(systemTables.loads)
  })

  test('doctor sees file, memory, tables and what a crash would read again', async () => {
    const driver = await openHere()
    await driver.load(planTo(1, { changes: [create], blocks: [blockOf(table, columns, [{ id: 'a' }, { id: 'b' }])] }))
    const report = await driver.inspect()
    expect(await driver.fileBytes()).toBe(report.fileBytes)
    expect(report.engine).toMatch(/^DuckDB v1\./)
    expect(report.tables).toContainEqual({ table, rows: 2, columns: 1 })
    expect(report.rowsSinceCheckpoint).toBe(2)
    await driver.checkpoint()
    expect((await driver.inspect()).rowsSinceCheckpoint).toBe(0)
  })
})
