// The work of a rebuild: a loader of its own over a warehouse of its own, which begins at nothing and reads the archive
// before the buffer. The same road as the live one, so what it gives is what a first load would have given.
//
//   open: seed the schema ─▶ advance (again and again, after the live loader) ─▶ finish: carry over, compare, checkpoint, close
import { rename, rm } from 'node:fs/promises'
import { join } from 'node:path'

import type { SourcePlatform } from '../../control/control.ts'
import type { Clock } from '../../core/clock.ts'
import { assert, MillpondError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { Settings } from '../../core/settings.ts'
import type { Expiry, StreamPosition, TableDigest, TableName, WarehouseDriver } from '../../warehouse/driver.ts'
import { systemDataset } from '../../warehouse/schema.ts'
import { startLoader } from '../warehouse/loader.ts'
import { addMissingDecisions, readSnapshot, type SchemaSnapshot, seed } from './snapshot.ts'

export interface RebuildOrder {
  readonly settings: Pick<Settings, 'data' | 'screen' | 'warehouse' | 'logLevel'> & {
    readonly forward: Pick<Settings['forward'], 'forwardTables'>
  }
  readonly platforms: Readonly<Record<string, SourcePlatform>>
  /** Undefined: nothing is known of a former warehouse. */
  readonly snapshot: SchemaSnapshot | undefined
  readonly until: readonly StreamPosition[] | undefined
}

/** A Parquet file with rows of the present warehouse, and what they replace. */
export interface Carried {
  readonly table: TableName
  readonly path: string
  readonly replaces: 'same-ids' | 'all'
}

export interface FinishOrder {
  /** What retention has removed, or is about to, is removed on both sides before they are compared. */
  readonly expiries?: readonly Expiry[]
  /** Rows from before the archive begins. */
  readonly expired: readonly Carried[]
  /** Tables that are taken as they are, after the comparison. */
  readonly asTheyAre: readonly Carried[]
  readonly snapshot: SchemaSnapshot | undefined
  /** Give out the tables of this dataset instead of the warehouse as a whole. */
  readonly dataset: string | undefined
}

export interface RebuildResult {
  readonly digest: readonly TableDigest[]
  /** What the rebuilt warehouse has decided. */
  readonly snapshot: SchemaSnapshot
  /** Of the dataset asked for. */
  readonly tables: readonly (SchemaSnapshot['tables'][number] & { readonly path: string })[]
}

export interface RebuildJob {
  /** Resolves when everything up to here is loaded; undefined: everything there is. */
  advance(until: readonly StreamPosition[] | undefined): Promise<void>
  eventsLoaded(): number
  positions(): Promise<readonly StreamPosition[]>
  /** The warehouse's file is closed afterwards. Called once, last. */
  finish(order: FinishOrder): Promise<RebuildResult>
  /** Gives up, at any time. */
  stop(): Promise<void>
}

/** Where a rebuild works, below the data folder. */
export function rebuildFolder(data: string): string {
  return join(data, 'rebuild')
}

export interface JobDeps {
  /** An empty warehouse in `rebuild/warehouse`. */
  readonly driver: WarehouseDriver
  readonly clock: Clock
  readonly log: Log
}

export async function startRebuildJob(order: RebuildOrder, deps: JobDeps): Promise<RebuildJob> {
  const { settings, platforms, snapshot } = order
  const { driver } = deps
  if (snapshot !== undefined) await seed(driver, snapshot, settings.warehouse)
  const broken = Promise.withResolvers<never>()
  broken.promise.catch(() => undefined)
  const loader = await startLoader(
    {
      dataFolder: settings.data,
      verdictsFolder: join(rebuildFolder(settings.data), 'verdicts'),
      settings,
      order: 'as-received',
      givesUp: true,
      platformOf: (source) => platforms[source] ?? 'client',
      ...(order.until === undefined ? {} : { until: order.until }),
    },
    {
      ...deps,
      onWarehouseBroken: (error) => {
        broken.reject(error)
      },
    },
  )
  let isOpen = true
  async function close(): Promise<void> {
    if (!isOpen) return
    isOpen = false
    await driver.stop()
  }

  return {
    async advance(until) {
      if (until !== undefined) loader.advance(until)
      await Promise.race([loader.caughtUp(), broken.promise])
    },
    eventsLoaded: () => loader.status().eventsLoaded,
    positions: async () => driver.positions(),
    async finish(finishOrder) {
      await loader.stop()
      const { lastError } = loader.status()
      if (lastError !== null)
        throw new MillpondError('warehouse-unavailable', `The last checkpoint failed: ${lastError}`)
      const result = await finishJob(driver, finishOrder)
      await close()
      return result
    },
    async stop() {
      if (isOpen) await loader.stop()
      await close()
    },
  }
}

async function finishJob(driver: WarehouseDriver, order: FinishOrder): Promise<RebuildResult> {
  await carry(driver, order.expired)
  for (const expiry of order.expiries ?? []) await driver.maintenance.expire(expiry)
  const digest = await driver.maintenance.digest()
  await carry(driver, order.asTheyAre)
  if (order.snapshot !== undefined) await addMissingDecisions(driver, order.snapshot)
  const tables = order.dataset === undefined ? [] : await exportDataset(driver, order.dataset)
  const wanted = await driver.positions()
  const covered = await driver.checkpoint()
  const isCovered = wanted.every(({ stream, sequence }) =>
    covered.some((one) => one.stream === stream && one.sequence >= sequence),
  )
  assert(isCovered, 'nobody holds up the checkpoint of a rebuild')
  return { digest, snapshot: await readSnapshot(driver), tables }
}

/** Files come from another folder of the same disk; only the warehouse's own may be read. */
async function carry(driver: WarehouseDriver, carried: readonly Carried[]): Promise<void> {
  const catalog = await driver.catalog()
  for (const [index, { table, path, replaces }] of carried.entries()) {
    const isThere = table.dataset === systemDataset || catalog.get(table.dataset)?.has(table.table) === true
    assert(isThere, `the rebuilt warehouse has the table ${table.dataset}.${table.table}`)
    const own = join(driver.maintenance.exchangeFolder, `carried-${index}.parquet`)
    await rename(path, own)
    await driver.maintenance.importRows(table, own, replaces)
    await rm(own)
  }
}

async function exportDataset(driver: WarehouseDriver, dataset: string): Promise<RebuildResult['tables']> {
  const tables = (await driver.catalog()).get(dataset) ?? new Map<string, never>()
  const exported = []
  for (const [table, columns] of tables) {
    const path = join(driver.maintenance.exchangeFolder, `dataset-${exported.length}.parquet`)
    await driver.maintenance.exportTable({ table: { dataset, table }, path })
    exported.push({ dataset, table, columns, path })
  }
  return exported
}
