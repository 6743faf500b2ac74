// What the engine does for the warehouse beside loading it: the archive, retypes, erasures, rebuilds, the nightly work.
import { fork } from 'node:child_process'
import { extname, join } from 'node:path'

import { fedStreamNames, type StreamName, streamNames } from './buffer/buffer.ts'
import { childEnvironment } from './config/env.ts'
import type { Control } from './control/control.ts'
import type { Clock } from './core/clock.ts'
import { diskFiles, removeFolder } from './core/files.ts'
import { type Log, logOf } from './core/log.ts'
import type { Part } from './core/part.ts'
import type { Settings } from './core/settings.ts'
import { packageVersion } from './engine-status.ts'
import type { Archive } from './deliver/archive/archive.ts'
import { openArchive } from './deliver/archive/archiver.ts'
import {
  aloneWhile,
  backup,
  type BackupDeps,
  type BackupProgress,
  type BackupRequest,
} from './deliver/backup/backup.ts'
import type { Loader } from './deliver/deliver.ts'
import { eraseArchived, type EraseArchivedDeps } from './deliver/maintenance/erase-archived.ts'
import { createMaintenance, type Maintenance } from './deliver/maintenance/maintenance.ts'
import type { Append } from './buffer/record.ts'
import { sumExpiring } from './deliver/destinations/ledger-sums.ts'
import { type Nightly, type NightlyDeps, startNightly } from './deliver/maintenance/nightly.ts'
import { expiriesAt } from './deliver/maintenance/retention.ts'
import { readErased } from './deliver/warehouse/schema-start.ts'
import { lostBeginnings } from './deliver/rebuild/beginnings.ts'
import { startRebuildChild } from './deliver/rebuild/child.ts'
import type { RebuildJob, RebuildOrder } from './deliver/rebuild/job.ts'
import { rebuild, type RebuildDeps } from './deliver/rebuild/rebuild.ts'
import { keepSnapshot, keptSnapshot, readSnapshot, seed } from './deliver/rebuild/snapshot.ts'
import { finishSwap } from './deliver/rebuild/swap.ts'
import { openDiskStore } from './objects/disk/disk.ts'
import type { StreamPosition, WarehouseDriver } from './warehouse/driver.ts'
import { fedFile } from './warehouse/duckdb/open.ts'

/** Before the warehouse is opened. */
export async function finishLastRebuild(data: string): Promise<void> {
  await finishSwap(data, fedFile, { files: diskFiles, removeFolder })
}

/**
 * A warehouse that was lost is loaded again from the archive by itself. What people decided about it is not in the records:
 * types, spellings and erasures come from the archive's copy.
 */
export async function seedIfLost(driver: WarehouseDriver, settings: Settings): Promise<void> {
  if ((await driver.positions()).length > 0) return
  const snapshot = await keptSnapshot(diskFiles, join(settings.data, 'archive'))
  if (snapshot !== undefined) await seed(driver, snapshot, settings.warehouse)
}

/** `stop` comes after the loader's, `nightly.stop` before it. */
export interface Upkeep extends Part {
  readonly archive: Archive
  readonly maintenance: Maintenance
  readonly nightly: Nightly
  /** Breaking off leaves a folder that is no backup. Errors: those of `backup`, maintenance-running. */
  readonly backup: (request: BackupRequest) => AsyncIterable<BackupProgress>
}

export interface UpkeepParts {
  readonly settings: Settings
  readonly control: Control
  readonly driver: WarehouseDriver
  readonly loader: Loader
  /** To stream `engine`. */
  readonly append: Append
  /** Everything up to here is in the warehouse and in the archive: the buffer may forget it. */
  readonly release: (position: StreamPosition & { readonly stream: StreamName }) => void
  /** Nightly work of the asking side. */
  readonly askingNight: (signal: AbortSignal) => Promise<void>
  readonly clock: Clock
  readonly log: Log
}

export async function startUpkeep(parts: UpkeepParts): Promise<Upkeep> {
  const { settings, driver, loader, clock } = parts
  const log = logOf(parts.log, 'archive')
  const folder = join(settings.data, 'archive')
  const store = await openDiskStore({ folder, files: diskFiles, clock, log })
  const archive = await openArchive(
    {
      streams: fedStreamNames.map((stream) => ({ stream, folder: join(settings.data, 'buffer', stream) })),
      settings: settings.archive,
    },
    { files: diskFiles, store, clock, log },
  )
  const settled = releaseWhenArchived(parts, archive, folder, log)
  const exclusively = async <Result>(work: () => Promise<Result>): Promise<Result> => loader.exclusively(work)
  const rebuildDeps: RebuildDeps = {
    settings,
    platforms: () => Object.fromEntries(parts.control.listSources().map(({ source, platform }) => [source, platform])),
    driver,
    exclusively,
    startJob: async (order) => forkRebuild(settings, order),
    onSwapPending: (error) => {
      log.fatal({ err: error }, 'The engine ends; its next start ends the swap.')
      process.kill(process.pid, 'SIGKILL')
    },
    expiries: (nowMicros) => expiriesAt(settings.retention, nowMicros),
    lostBeginnings: async () => lostBeginnings(settings.data, diskFiles, store),
    files: diskFiles,
    removeFolder,
    warehouseFileName: fedFile,
    clock,
  }
  const maintenance = createMaintenance({
    driver,
    exclusively,
    rebuild: (request) => rebuild(request, rebuildDeps),
    clock,
  })
  const nightly = await nightlyOf(parts, { archive, maintenance, exclusively })
  return {
    archive,
    maintenance,
    nightly,
    backup: await backupsOf(parts, maintenance, { archive: store, lostBeginnings: rebuildDeps.lostBeginnings }),
    async stop() {
      // First: it breaks off the sweep that may be under way.
      await archive.stop()
      await settled()
    },
  }
}

/** `exclusively`: between two loads. */
async function nightlyOf(
  parts: UpkeepParts,
  {
    archive,
    maintenance,
    exclusively,
  }: Pick<NightlyDeps, 'maintenance' | 'exclusively'> & { readonly archive: Archive },
): Promise<Nightly> {
  const { settings, driver, clock } = parts
  const { screen, forward } = settings
  const eraseArchivedDeps: EraseArchivedDeps = {
    dataFolder: settings.data,
    settings: { screen, forwardTables: forward.forwardTables },
    archive,
    readErased: async () => readErased(driver),
    files: diskFiles,
  }
  return startNightly(
    { dataFolder: settings.data, settings: settings.retention },
    {
      driver,
      maintenance,
      exclusively,
      beforeExpiry: async (expiry) => sumExpiring(expiry, { driver, append: parts.append, clock }),
      expireArchive: async () => archive.expire(),
      eraseArchived: async (signal) => eraseArchived(eraseArchivedDeps, signal),
      afterwards: parts.askingNight,
      files: diskFiles,
      clock,
      log: logOf(parts.log, 'nightly'),
    },
  )
}

async function backupsOf(
  { settings, control, driver, loader, clock, log }: UpkeepParts,
  maintenance: Maintenance,
  stored: Pick<BackupDeps, 'archive' | 'lostBeginnings'>,
): Promise<Upkeep['backup']> {
  const { data } = settings
  const deps: BackupDeps = {
    ...stored,
    data,
    driver,
    exclusively: async (work) => loader.exclusively(work),
    copyControl: async (path) => control.copyTo(path),
    holdMade: async () => driver.made.holdStill(),
    media: await openDiskStore({ folder: join(data, 'media'), clock, log: logOf(log, 'backup') }),
    version: packageVersion(),
    clock,
  }
  // Nothing expires, and no type changes, while it copies.
  return (request) =>
    aloneWhile(
      async (work) => maintenance.alone('A backup', work),
      () => backup(request, deps),
    )
}

/**
 * After each checkpoint what was sealed is archived, and what is both loaded and archived leaves the buffer.
 * The returned function resolves when nothing of it is under way.
 */
function releaseWhenArchived(parts: UpkeepParts, archive: Archive, folder: string, log: Log): () => Promise<void> {
  const covered = new Map<StreamName, number>()
  let keptVersion = ''
  let running: Promise<void> = Promise.resolve()

  async function archiveAndRelease(): Promise<void> {
    await archive.sweep()
    for (const [stream, sequence] of covered) {
      const archived = Math.min(sequence, archive.archivedUpTo(stream))
      if (archived > 0) parts.release({ stream, sequence: archived })
    }
    const snapshot = await readSnapshot(parts.driver)
    const version = `${snapshot.decisions.length} ${snapshot.eventNames.length} ${snapshot.erasures.length}`
    if (version === keptVersion) return
    await keepSnapshot(diskFiles, folder, snapshot)
    keptVersion = version
  }

  parts.loader.onCovered((positions) => {
    for (const { stream, sequence } of positions) if (isStream(stream)) covered.set(stream, sequence)
    running = running.then(archiveAndRelease).catch((error: unknown) => {
      log.error({ err: error }, 'Archiving failed; it is tried again after the next checkpoint.')
    })
  })
  return async () => running
}

function isStream(stream: string): stream is StreamName {
  return (streamNames as readonly string[]).includes(stream)
}

async function forkRebuild(settings: Settings, order: RebuildOrder): Promise<RebuildJob> {
  const child = fork(new URL(`./rebuild${extname(import.meta.url)}`, import.meta.url), [], {
    serialization: 'advanced',
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: childEnvironment({ UV_THREADPOOL_SIZE: String(4 + settings.warehouse.threads), MALLOC_ARENA_MAX: '2' }),
  })
  return startRebuildChild(child, order)
}
