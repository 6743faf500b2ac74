// The process of one rebuild, forked by the engine: its own warehouse, its own loader, its own memory, and a lower
// priority than those who answer. Dies with the engine.
import { setPriority } from 'node:os'
import { join } from 'node:path'

import { systemClock } from './core/clock.ts'
import { messageOf } from './core/errors.ts'
import { createLog, logOf } from './core/log.ts'
import { type RebuildJob, type RebuildOrder, rebuildFolder, startRebuildJob } from './deliver/rebuild/job.ts'
import type { FromRebuild, ToRebuild } from './deliver/rebuild/messages.ts'
import { openDuckdbWarehouse } from './warehouse/duckdb/duckdb.ts'

const progressIntervalMs = 500
/** Nice value: the live road goes first. */
const priority = 5

function tell(message: FromRebuild): void {
  if (process.connected) process.send?.(message)
}

async function open(order: RebuildOrder): Promise<RebuildJob> {
  const { settings } = order
  const log = logOf(createLog(settings.logLevel), 'rebuild')
  const driver = await openDuckdbWarehouse({
    folder: join(rebuildFolder(settings.data), 'warehouse'),
    settings: settings.warehouse,
    clock: systemClock,
    log,
    hasMade: false,
  })
  return startRebuildJob(order, { driver, clock: systemClock, log })
}

function runRebuild(): void {
  setPriority(priority)
  let job: RebuildJob | undefined

  async function answer(message: ToRebuild): Promise<void> {
    if (message.kind === 'begin') {
      job = await open(message.order)
    } else if (message.kind === 'advance') {
      await job?.advance(message.until)
      tell({ kind: 'progress', eventsLoaded: job?.eventsLoaded() ?? 0 })
    } else if (job !== undefined) {
      tell({ kind: 'finished', result: await job.finish(message.order) })
      return
    }
    tell({ kind: 'done', positions: (await job?.positions()) ?? [] })
  }

  process.on('message', (message: ToRebuild) => {
    answer(message).catch((error: unknown) => {
      tell({ kind: 'failed', message: messageOf(error) })
    })
  })
  setInterval(() => {
    if (job !== undefined) tell({ kind: 'progress', eventsLoaded: job.eventsLoaded() })
  }, progressIntervalMs).unref()
  process.on('disconnect', () => {
    process.kill(process.pid, 'SIGKILL')
  })
  // Ctrl-C reaches the whole process group; the engine says when it is over.
  process.on('SIGINT', () => undefined)
  process.on('SIGTERM', () => undefined)
}

runRebuild()
