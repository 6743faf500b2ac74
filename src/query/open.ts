// Builds the asking side: catalogue, sizes, kept results, history and the road, in the order in which they stand on each other.
import { join } from 'node:path'

import type { Clock } from '../core/clock.ts'
import { RecentTimes } from '../core/recent-times.ts'
import type { TimesSummary } from '../core/times-summary.ts'
import { diskFiles } from '../core/files.ts'
import { type Log, logOf } from '../core/log.ts'
import type { QuerySettings } from '../core/settings.ts'
import type { Append } from '../buffer/record.ts'
import type { PolicySnapshot } from '../control/policy-store.ts'
import type { Principal } from '../control/principals.ts'
import type { WarehouseDriver } from '../warehouse/driver.ts'
import { DirectoryReader } from './catalog/directory.ts'
import { openBelow, type PolicyPlace } from './catalog/open-below.ts'
import type { QueryRoad } from './contract.ts'
import { ExportRoom } from './export-room.ts'
import { SizeBook } from './cost/size-book.ts'
import { JobHistory } from './history.ts'
import { millpond } from './nightly.ts'
import { Preparer } from './prepare.ts'
import { createQueryRoad } from './query.ts'
import { ResultStore } from './results/result-store.ts'

export interface QuerySideDeps {
  readonly driver: WarehouseDriver
  readonly policies: () => PolicySnapshot
  readonly principalById?: ((id: string) => Principal | undefined) | undefined
  readonly isSource?: ((name: string) => boolean) | undefined
  /** Appends to stream `engine`. */
  readonly append: Append
  readonly dataFolder: string
  readonly clock: Clock
  readonly log: Log
  readonly createId: () => string
}

export interface QuerySide {
  readonly road: QueryRoad
  readonly sizes: SizeBook
  readonly directory: DirectoryReader
  /** What a policy at this place leaves open, in sentences. */
  openBelow(place: PolicyPlace): Promise<readonly string[]>
  /** From asking to the end, of statements that ended well of late. */
  readonly times: () => TimesSummary | undefined
  stop(): Promise<void>
}

export async function openQuerySide(settings: QuerySettings, deps: QuerySideDeps): Promise<QuerySide> {
  const { driver, clock, dataFolder, createId } = deps
  const log = logOf(deps.log, 'query')
  const directory = new DirectoryReader(driver, clock)
  const sizes = await SizeBook.open({ driver, directory, clock, log, path: join(dataFolder, 'sizes.json') })
  const results = await ResultStore.open({ folder: join(dataFolder, 'results'), ...settings }, clock)
  const exports = new ExportRoom({
    bytesMax: settings.exportsBytesMax,
    freeBytes: async () => diskFiles.freeBytes(dataFolder),
  })
  const times = new RecentTimes(clock)
  const history = new JobHistory({ append: deps.append, clock, log })
  const preparer = new Preparer({
    driver,
    directory,
    sizes,
    policies: deps.policies,
    principalById: deps.principalById,
    isSource: deps.isSource,
    project: settings.project,
    clock,
  })
  const road = createQueryRoad(settings, {
    driver,
    preparer,
    cost: sizes,
    results,
    exports,
    history: (job) => {
      history.add(job)
      // A script's statements are in its own time.
      if (job.error === undefined && job.parentId === undefined)
        times.record(((job.endedAtMicros ?? job.createdAtMicros) - job.createdAtMicros) / 1000)
    },
    clock,
    log,
    createId,
  })
  return {
    road,
    times: () => times.summary(),
    sizes,
    directory,
    async openBelow(place) {
      const found = await directory.read({ isFresh: true })
      return openBelow(place, deps.policies(), found, preparer.viewOf(millpond, undefined, found).catalog)
    },
    async stop() {
      await road.stop()
      await history.stop()
      await sizes.save()
    },
  }
}
