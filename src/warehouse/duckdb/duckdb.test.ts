// DuckDB keeps the driver's contract on both roads, and what only DuckDB has: its file, its lock, its crashes.
import { spawn } from 'node:child_process'
import { copyFile, mkdtemp, rm, writeFile } from 'node:fs/promises'
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

describeWarehouseDriver('duckdb', async (folder) => open(folder))
describeWarehouseDriver('duckdb, plain road', async (folder) => open(folder, 'plain'))

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
    const script = join(import.meta.dirname, '../../../test/contract/warehouse-victim.ts')
    for (let round = 0; round < 3; round += 1) {
      const child = spawn(process.execPath, [script, folder], { stdio: ['ignore', 'pipe', 'inherit'] })
      const lines: string[] = []
      const alive = round * 2 + 2
      await new Promise<void>((resolve) => {
        child.once('exit', () => {
          resolve()
        })
        child.stdout.setEncoding('utf8').on('data', (text: string) => {
          lines.push(...text.split('\n').filter((line) => line !== ''))
          // Killed at some moment of the load or checkpoint after the one that it just told us of.
          if (lines.length > alive) child.kill('SIGKILL')
        })
      })
      const told = lines.map(Number).at(-1) ?? 0
      const driver = await open(folder)
      const [position] = await driver.positions()
      const sequence = position?.sequence ?? 0
      expect(sequence).toBeGreaterThanOrEqual(told)
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

  test('a damaged file and a log of another program are refused with their names', async () => {
    await writeFile(join(folder, 'fed.duckdb'), 'not a database, but long enough to be looked at'.repeat(400))
    await expect(open(folder)).rejects.toMatchObject({ code: 'warehouse-unreadable' })
    await rm(join(folder, 'fed.duckdb'))
    await writeFile(join(folder, 'fed.duckdb.wal'), '')
    await (await open(folder)).stop()
    await writeFile(join(folder, 'fed.duckdb.wal'), 'left behind')
    await expect(open(folder)).rejects.toThrow(/fed\.duckdb\.wal is a log of another program/)
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
    expect(report.engine).toMatch(/^DuckDB v1\./)
    expect(report.tables).toContainEqual({ table, rows: 2, columns: 1 })
    expect(report.rowsSinceCheckpoint).toBe(2)
    await driver.checkpoint()
    expect((await driver.inspect()).rowsSinceCheckpoint).toBe(0)
  })
})
