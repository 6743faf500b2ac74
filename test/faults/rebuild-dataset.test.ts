// One dataset made again over the real loader, warehouse and buffer, where the rebuilt tables are not the present ones.
import { rm } from 'node:fs/promises'
import { join } from 'node:path'

import { afterEach, expect, test } from 'vitest'

import { systemClock } from '../../src/core/clock.ts'
import { diskFiles } from '../../src/core/files.ts'
import { createLog } from '../../src/core/log.ts'
import { rebuildFolder, startRebuildJob } from '../../src/deliver/rebuild/job.ts'
import { rebuild, type RebuildOutcome, type RebuildRequest } from '../../src/deliver/rebuild/rebuild.ts'
import { openDuckdbWarehouse } from '../../src/warehouse/duckdb/duckdb.ts'
import { fedFile } from '../../src/warehouse/duckdb/open.ts'
import { LoaderRig, screenSettings, track, warehouseSettings } from './loader-rig.ts'

const log = createLog('silent')
/** Every name waits until it was seen three times. */
const waiting = { youngSourceTablesMax: 0, newNameEventsMin: 3, newNameAnonymousIdsMin: 1 }

let rig: LoaderRig

afterEach(async () => {
  await rig.stop()
  await rm(rig.folder, { recursive: true, force: true })
})

async function rebuildIn(request: RebuildRequest): Promise<RebuildOutcome | undefined> {
  const warehouse = { ...warehouseSettings, ...waiting }
  const forward = { forwardTables: ['**=logs.entries'] }
  const settings = { data: rig.folder, screen: screenSettings, warehouse, forward, logLevel: 'silent' as const }
  const lines = rebuild(request, {
    settings,
    platforms: () => ({}),
    driver: rig.driver,
    exclusively: async (work) => rig.loader.exclusively(work),
    startJob: async (order) => {
      const folder = join(rebuildFolder(rig.folder), 'warehouse')
      const driver = await openDuckdbWarehouse({ folder, settings: warehouse, clock: systemClock, log })
      return startRebuildJob(order, { driver, clock: systemClock, log })
    },
    lostBeginnings: async () => [],
    expiries: () => [],
    onSwapPending: () => undefined,
    files: diskFiles,
    removeFolder: async (path) => rm(path, { recursive: true, force: true }),
    warehouseFileName: fedFile,
    clock: systemClock,
  })
  for await (const line of lines) if ('end' in line) return line.end
  return undefined
}

test('An event that waited in tracks_other and gets its own table stays in tracks, and so do the next ones', async () => {
  const options = { platform: 'client' as const, warehouse: waiting }
  rig = await LoaderRig.start(options)
  const rare = (id: string): object => track(id, { n: 1 }, 'Rare')
  await rig.send([rare('a'), rare('b')])
  await rig.settled()
  // A restart forgets how often the name was seen.
  await rig.stop()
  rig = await LoaderRig.start({ ...options, folder: rig.folder })
  await rig.send([rare('c'), rare('d')])
  await rig.settled()
  expect(await rig.value("SELECT count(*)::INT FROM duckdb_tables() WHERE table_name = 'rare'")).toBe(0)
  expect(await rebuildIn({ dataset: 'shop' })).toMatchObject({ differences: [] })
  expect(await rig.rows('SELECT id FROM shop.tracks ORDER BY id')).toEqual([['a'], ['b'], ['c'], ['d']])
  expect(await rig.value('SELECT count(*)::INT FROM shop.rare')).toBe(2)
  expect(await rig.value("SELECT count(*)::INT FROM millpond.event_names WHERE name = 'Rare'")).toBe(1)
  await rig.send([rare('e')])
  await rig.settled()
  expect(await rig.value('SELECT count(*)::INT FROM shop.tracks')).toBe(5)
  expect(await rig.value('SELECT count(*)::INT FROM shop.rare')).toBe(3)
})

test('A rebuild that is given up changes nothing, also while it compares', async () => {
  rig = await LoaderRig.start({ platform: 'server', warehouse: waiting })
  await rig.send([track('a'), track('b')])
  await rig.settled()
  const abort = new AbortController()
  abort.abort()
  await expect(rebuildIn({ signal: abort.signal })).rejects.toThrow()
  expect(await rig.value('SELECT count(*)::INT FROM shop.tracks')).toBe(2)
  await rig.send([track('c')])
  await rig.settled()
  expect(await rig.value('SELECT count(*)::INT FROM shop.tracks')).toBe(3)
})
