// Datasets that people made, in a backup and back: copied while they are written, and what a rebuild leaves alone.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { type Control, openControl } from '../../control/control.ts'
import { systemClock } from '../../core/clock.ts'
import { createLog } from '../../core/log.ts'
import type { WarehouseSettings } from '../../core/settings.ts'
import { openDiskStore } from '../../objects/disk/disk.ts'
import type { WarehouseDriver } from '../../warehouse/driver.ts'
import { openDuckdbWarehouse } from '../../warehouse/duckdb/duckdb.ts'
import type { WarehouseSession } from '../../warehouse/session.ts'
import { backup, type BackupDeps } from './backup.ts'
import { checkBackup, copyBackup, endRestore } from './restore.ts'

const log = createLog('silent')
const never = new AbortController().signal
let room: string
let data: string
let control: Control
let driver: WarehouseDriver
let session: WarehouseSession

async function open(folder: string): Promise<WarehouseDriver> {
  const settings = { threads: 1, memoryBytesMax: 256 * 1024 ** 2 } as WarehouseSettings
  return openDuckdbWarehouse({ folder: join(folder, 'warehouse'), settings, clock: systemClock, log })
}

async function sumIn(reader: WarehouseSession): Promise<unknown> {
  const run = await reader.run({ sql: 'SELECT sum(id)::BIGINT FROM made.shop.orders' }, never)
  for await (const chunk of run.chunks) return chunk.columns[0]?.[0]
  return undefined
}

beforeEach(async () => {
  room = await mkdtemp(join(tmpdir(), 'millpond-backup-made-'))
  data = join(room, 'data')
  control = await openControl(data, { clock: systemClock, log })
  await control.addSource('web', 'server')
  driver = await open(data)
  session = await driver.openSession({ semantics: 'plain' })
  const times = { createdAtMicros: 1, changedAtMicros: 1 }
  await driver.made.change(session, [], { kind: 'put-dataset', dataset: { dataset: 'shop', options: {}, ...times } })
  await session.execute({ sql: 'CREATE TABLE made.shop.orders AS SELECT i AS id FROM range(100) r(i)' }, never)
})
afterEach(async () => {
  await session.close()
  await driver.stop()
  await control.stop()
  await rm(room, { recursive: true, force: true })
})

async function deps(more: Partial<BackupDeps> = {}): Promise<BackupDeps> {
  return {
    data,
    driver,
    exclusively: async (work) => work(),
    lostBeginnings: async () => [],
    copyControl: async (path) => control.copyTo(path),
    holdMade: async () => driver.made.holdStill(),
    archive: await openDiskStore({ folder: join(data, 'archive') }),
    media: await openDiskStore({ folder: join(data, 'media') }),
    version: '1.2.3',
    clock: systemClock,
    ...more,
  }
}

async function restored(target: string): Promise<string> {
  const folder = join(room, 'restored')
  for await (const _bytes of copyBackup(target, folder, await checkBackup(target))) continue
  await endRestore(folder)
  return folder
}

describe('made datasets', () => {
  test('come back from a backup that was taken while they were written', async () => {
    const target = join(room, 'backup')
    await session.execute({ sql: 'UPDATE made.shop.orders SET id = id + 1000' }, never)
    for await (const _line of backup({ folder: target }, await deps())) {
      await session.execute({ sql: 'UPDATE made.shop.orders SET id = id + 1000' }, never)
    }
    const again = await open(await restored(target))
    const reader = await again.openSession({ semantics: 'plain' })
    expect(again.made.catalog().datasets.map(({ dataset }) => dataset)).toEqual(['shop'])
    // Some whole commit, not before the first.
    const sum = Number(await sumIn(reader))
    expect((sum - 4950) % 100_000).toBe(0)
    expect(sum).toBeGreaterThanOrEqual(104_950)
    await again.stop()
  })

  test('hold still only for the copy: a later checkpoint passes', async () => {
    for await (const _line of backup({ folder: join(room, 'backup') }, await deps())) continue
    const still = await driver.made.holdStill()
    still.release()
    await session.execute({ sql: 'INSERT INTO made.shop.orders VALUES (1)' }, never)
    expect(await sumIn(session)).toBe(4951n)
  })

  test('are not needed for a backup', async () => {
    const target = join(room, 'backup')
    for await (const _line of backup({ folder: target }, await deps({ holdMade: async () => undefined }))) continue
    const again = await open(await restored(target))
    expect(again.made.catalog().datasets).toEqual([])
    await again.stop()
  })
})
