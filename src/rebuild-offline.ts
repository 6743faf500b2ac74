// A rebuild while nothing runs: the command line holds the data lock. With a warehouse it is compared as always; without
// one (lost, or a restored backup) everything is read from the archive and from what waits in the buffer.
import { constants } from 'node:fs'
import { copyFile } from 'node:fs/promises'
import { basename, join } from 'node:path'

import { countWaiting } from './buffer/waiting.ts'
import { openControl } from './control/control.ts'
import { isoTime, systemClock } from './core/clock.ts'
import { MillpondError } from './core/errors.ts'
import { diskFiles, pathExists, removeFolder } from './core/files.ts'
import { createLog, type Log, logOf } from './core/log.ts'
import type { Settings } from './core/settings.ts'
import { archiveBegins } from './deliver/archive/archive-begins.ts'
import { expiriesAt } from './deliver/maintenance/retention.ts'
import { type Beginning, lostBeginnings } from './deliver/rebuild/beginnings.ts'
import {
  type Carried,
  type FinishOrder,
  type RebuildOrder,
  rebuildFolder,
  startRebuildJob,
} from './deliver/rebuild/job.ts'
import { rebuild, type RebuildOutcome, type RebuildProgress, type RebuildRequest } from './deliver/rebuild/rebuild.ts'
import { keptSnapshot } from './deliver/rebuild/snapshot.ts'
import { finishSwap, isSwapPending, swapWarehouse } from './deliver/rebuild/swap.ts'
import { openDiskStore } from './objects/disk/disk.ts'
import type { StreamPosition } from './warehouse/driver.ts'
import { openDuckdbWarehouse } from './warehouse/duckdb/duckdb.ts'
import { fedFile } from './warehouse/duckdb/open.ts'

const clock = systemClock
const progressIntervalMs = 500
const swapDeps = { files: diskFiles, removeFolder }

type OfflineProgress = Exclude<RebuildProgress, { readonly end: unknown }> | { readonly end: OfflineOutcome }

export interface OfflineOutcome extends RebuildOutcome {
  /** There was no warehouse: rows from before the archive begins were not kept, they are gone. */
  readonly isFromNothing: boolean
}

/** Errors: those of `rebuild`, and warehouse-unreadable; query-cancelled behind the request's signal. */
export async function* rebuildOffline(settings: Settings, request: RebuildRequest): AsyncGenerator<OfflineProgress> {
  const log = logOf(createLog(settings.logLevel), 'rebuild')
  const { signal } = request
  await finishSwap(settings.data, fedFile, swapDeps)
  try {
    if (await pathExists(join(settings.data, 'warehouse', fedFile))) {
      for await (const line of besidePresent(settings, request, log)) {
        yield 'end' in line ? { end: { ...line.end, isFromNothing: false } } : line
      }
    } else if (request.dataset === undefined) yield* fromNothing(settings, log, { signal })
    else {
      const message = 'There is no warehouse to put one dataset into; leave --dataset out to make all tables'
      throw new MillpondError('request-invalid', message)
    }
  } catch (error) {
    // Whatever the work died of then, this is why.
    throw signal?.aborted === true && !isSwapPending(error) ? givenUp() : error
  }
}

function givenUp(): MillpondError {
  return new MillpondError('query-cancelled', 'The rebuild was given up, and nothing was changed')
}

function heed(signal: AbortSignal | undefined): void {
  if (signal?.aborted === true) throw givenUp()
}

async function platformsOf(data: string): Promise<RebuildOrder['platforms']> {
  const control = await openControl(data, { clock, log: createLog('silent') })
  try {
    return Object.fromEntries(control.listSources().map(({ source, platform }) => [source, platform]))
  } finally {
    await control.stop()
  }
}

async function beginningsOf(data: string, log: Log): Promise<readonly Beginning[]> {
  const store = await openDiskStore({ folder: join(data, 'archive'), clock, log })
  return lostBeginnings(data, diskFiles, store)
}

async function openRebuilt(settings: Settings, log: Log) {
  const folder = join(rebuildFolder(settings.data), 'warehouse')
  return openDuckdbWarehouse({ folder, settings: settings.warehouse, clock, log, hasMade: false })
}

async function* besidePresent(settings: Settings, request: RebuildRequest, log: Log): AsyncGenerator<RebuildProgress> {
  const folder = join(settings.data, 'warehouse')
  const driver = await openDuckdbWarehouse({ folder, settings: settings.warehouse, clock, log })
  try {
    const platforms = await platformsOf(settings.data)
    yield* rebuild(request, {
      settings,
      platforms: () => platforms,
      driver,
      // Whoever hears the end stops listening: it must be durable by then.
      exclusively: async (work) => {
        const result = await work()
        await driver.checkpoint()
        return result
      },
      startJob: async (order) => startRebuildJob(order, { driver: await openRebuilt(settings, log), clock, log }),
      // The error says it, and the next start does it.
      onSwapPending: () => undefined,
      expiries: (nowMicros) => expiriesAt(settings.retention, nowMicros),
      lostBeginnings: async () => beginningsOf(settings.data, log),
      ...swapDeps,
      warehouseFileName: fedFile,
      clock,
    })
  } finally {
    await driver.stop()
  }
}

/** What a restored backup brings besides archive and buffer: rows as they were at these positions. */
export interface CarriedRows {
  readonly positions: readonly StreamPosition[]
  readonly expired: readonly Carried[]
  readonly asTheyAre: readonly Carried[]
}

/** Behind a restore's copies. Nothing is given out if an earlier run had it done. Error: warehouse-unreadable. */
export async function* rebuildRestored(
  settings: Settings,
  carried: CarriedRows | undefined,
): AsyncGenerator<OfflineProgress> {
  await finishSwap(settings.data, fedFile, swapDeps)
  if (await pathExists(join(settings.data, 'warehouse', fedFile))) return
  yield* fromNothing(settings, logOf(createLog(settings.logLevel), 'rebuild'), { carried })
}

interface Nothing {
  readonly carried?: CarriedRows | undefined
  readonly signal?: AbortSignal | undefined
}

async function* fromNothing(
  settings: Settings,
  log: Log,
  { carried, signal }: Nothing,
): AsyncGenerator<OfflineProgress> {
  const { data } = settings
  const startMs = clock.monotonicMs()
  const snapshot = await keptSnapshot(diskFiles, join(data, 'archive'))
  const beginnings = await beginningsOf(data, log)
  const order = { settings, platforms: await platformsOf(data), snapshot, until: undefined }
  const total = await eventsToLoad(data, log)
  let events = 0
  let isPending = false
  try {
    if (carried !== undefined) {
      // Users and counts are folded from all that came up to a position: they fit a warehouse that stands exactly there.
      const finish = { ...(await ownCopies(data, carried)), snapshot: undefined, dataset: undefined }
      events = yield* load({ ...order, until: carried.positions }, finish, log, { before: 0, total, signal })
    }
    const finish = { expired: [], asTheyAre: [], snapshot, dataset: undefined }
    const rest = { ...order, snapshot: carried === undefined ? snapshot : undefined }
    events = yield* load(rest, finish, log, { before: events, total, signal })
    const install = async (): Promise<void> => finishSwap(data, fedFile, swapDeps)
    await swapWarehouse(data, fedFile, install, swapDeps)
    const boundaryMicros = Math.max(0, ...beginnings.map((one) => one.receivedAtMicros))
    const archiveBeginsAt = boundaryMicros === 0 ? null : isoTime(boundaryMicros)
    const seconds = Math.round((clock.monotonicMs() - startMs) / 100) / 10
    yield { end: { events, seconds, archiveBeginsAt, differences: [], isFromNothing: carried === undefined } }
  } catch (error) {
    isPending = isSwapPending(error)
    throw error
  } finally {
    if (!isPending) await removeFolder(rebuildFolder(data))
  }
}

/** One job on the rebuilt warehouse, which goes on where the one before it ended. Gives back the events loaded so far. */
async function* load(
  order: RebuildOrder & { readonly settings: Settings },
  finish: FinishOrder,
  log: Log,
  { before, total, signal }: { readonly before: number; readonly total: number; readonly signal: Nothing['signal'] },
): AsyncGenerator<Exclude<OfflineProgress, { readonly end: unknown }>, number> {
  const job = await startRebuildJob(order, { driver: await openRebuilt(order.settings, log), clock, log })
  try {
    let isDone = false
    const advancing = job.advance(undefined).finally(() => (isDone = true))
    // Its failure is heard of below, unless whoever watches has left.
    advancing.catch(() => undefined)
    for (;;) {
      await Promise.race([advancing, pause(progressIntervalMs)])
      const done = before + job.eventsLoaded()
      yield { done, total: Math.max(done, total) }
      heed(signal)
      if (isDone) break
    }
    await job.finish(finish)
    heed(signal)
    return before + job.eventsLoaded()
  } finally {
    await job.stop()
  }
}

async function pause(ms: number): Promise<void> {
  await new Promise<void>((resolve) => {
    clock.schedule(resolve, ms)
  })
}

/** A job moves its files away; whoever must begin again needs them once more. */
async function ownCopies(data: string, { expired, asTheyAre }: CarriedRows): Promise<Omit<CarriedRows, 'positions'>> {
  const folder = join(rebuildFolder(data), 'carried')
  await diskFiles.makeFolder(folder)
  async function copied(one: Carried): Promise<Carried> {
    const path = join(folder, basename(one.path))
    await copyFile(one.path, path, constants.COPYFILE_FICLONE)
    return { ...one, path }
  }
  const copies = { expired: [] as Carried[], asTheyAre: [] as Carried[] }
  for (const one of expired) copies.expired.push(await copied(one))
  for (const one of asTheyAre) copies.asTheyAre.push(await copied(one))
  return copies
}

/** Events that archive and buffer hold, by what was received in all and what had been before their first record. */
async function eventsToLoad(data: string, log: Log): Promise<number> {
  const store = await openDiskStore({ folder: join(data, 'archive'), clock, log })
  let events = 0
  for (const stream of ['events', 'forward', 'engine'] as const) {
    const folder = join(data, 'buffer', stream)
    const { totals } = await countWaiting({ folder, after: 0 }, { files: diskFiles })
    const begins = await archiveBegins(store, stream, { files: diskFiles, folder })
    for (const count of Object.values(totals)) events += count
    for (const count of Object.values(begins?.eventsBefore ?? {})) events -= count
  }
  return Math.max(0, events)
}
