// What is due once a day: rows and archived segments beyond their retention go, and closed days are rewritten in the order
// in which people ask. One table at a time, between loads, so that nothing waits long.
//
//   asleep ──nightlyHour, or at a start that missed it──▶ expire rows ─▶ expire archive ─▶ compact yesterday
//      ▲                                                                 who was erased goes from the archive ◀──┘
//      └───────────────────────────────────────────────────────────────────────────────────┘
import { join } from 'node:path'

import { type Clock, isoTime } from '../../core/clock.ts'
import { MillpondError } from '../../core/errors.ts'
import { type Files, writeFileAtomic } from '../../core/files.ts'
import { parseObject } from '../../core/json-object.ts'
import type { Log } from '../../core/log.ts'
import type { Part } from '../../core/part.ts'
import type { RetentionSettings } from '../../core/settings.ts'
import type { Expiry, WarehouseDriver } from '../../warehouse/driver.ts'
import type { ErasedFromArchive } from './erase-archived.ts'
import type { Maintenance } from './maintenance.ts'
import { dayMicros, expiriesAt } from './retention.ts'

export interface NightlyOutcome extends ErasedFromArchive {
  readonly expiredRows: number
  readonly expiredSegments: number
  readonly compactedRows: number
}

export interface Nightly extends Part {
  /** What is due now, whatever the hour. Error: maintenance-running. */
  run(): Promise<NightlyOutcome>
}

export interface NightlyDeps {
  readonly driver: WarehouseDriver
  readonly maintenance: Maintenance
  readonly exclusively: <Result>(work: () => Promise<Result>) => Promise<Result>
  /** What has to be kept of rows before they go. */
  readonly beforeExpiry: (expiry: Expiry) => Promise<unknown>
  readonly expireArchive: () => Promise<number>
  readonly eraseArchived: (signal: AbortSignal) => Promise<ErasedFromArchive>
  /** What others have to do at night, behind it and beside loads. */
  readonly afterwards?: (signal: AbortSignal) => Promise<void>
  readonly files: Files
  readonly clock: Clock
  readonly log: Log
}

const hourMs = 3_600_000
/** A day with fewer rows in a table reads fast in any order. */
const compactRowsMin = 50_000
/** After a long rest only the last days are put in order. */
const compactDaysMax = 7
/** A start has better things to do at first. */
const missedDelayMs = 5 * 60_000
/** Somebody's rebuild was in the way. */
const retryDelayMs = hourMs
const fileName = 'nightly.json'

export async function startNightly(
  options: { readonly dataFolder: string; readonly settings: RetentionSettings },
  deps: NightlyDeps,
): Promise<Nightly> {
  const { clock, log, files } = deps
  const path = join(options.dataFolder, fileName)
  let lastRunMicros = await readLastRun(files, path)
  let cancel = (): void => undefined
  let running: Promise<unknown> = Promise.resolve()
  const stopping = new AbortController()
  const { signal } = stopping
  // A clock that was wrong and was set back must not cost nights until it is there again.
  if (lastRunMicros === undefined || lastRunMicros > clock.nowMicros()) {
    lastRunMicros = clock.nowMicros()
    await writeLastRun(files, path, lastRunMicros)
  }

  async function run(): Promise<NightlyOutcome> {
    return deps.maintenance.alone('The nightly work', async () => {
      const nowMicros = clock.nowMicros()
      const outcome = {
        expiredRows: await expireRows(options.settings, deps, nowMicros, signal),
        expiredSegments: await expireSegments(deps, signal),
        compactedRows: await compactDays(deps, { lastMicros: lastRunMicros ?? nowMicros, nowMicros, signal }),
        ...(await deps.eraseArchived(signal)),
      }
      // What is left of it is due at the next start.
      heed(signal)
      lastRunMicros = nowMicros
      await writeLastRun(files, path, nowMicros)
      log.info(outcome, 'The nightly work is done.')
      return outcome
    })
  }

  async function runAll(): Promise<void> {
    await run()
    await deps.afterwards?.(signal)
  }

  function wake(): void {
    running = runAll().then(
      () => {
        sleep()
      },
      (error: unknown) => {
        if (signal.aborted) return
        const isBusy = error instanceof MillpondError && error.code === 'maintenance-running'
        if (!isBusy) log.error({ err: error }, 'The nightly work failed; it is tried again in an hour.')
        cancel = clock.schedule(wake, retryDelayMs)
      },
    )
  }

  function sleep(): void {
    if (signal.aborted) return
    // The clock may have been set back since then.
    const lastMicros = Math.min(lastRunMicros ?? 0, clock.nowMicros())
    const dueMicros = nextRunMicros(lastMicros, options.settings.nightlyHour)
    const inMs = (dueMicros - clock.nowMicros()) / 1000
    cancel = clock.schedule(wake, Math.max(missedDelayMs, inMs))
  }

  sleep()
  return {
    run,
    /** The table under way is done to its end; what comes behind it is not begun. */
    async stop() {
      stopping.abort()
      cancel()
      await running
    },
  }
}

/** The first `hour` o'clock (UTC) behind the last run. */
export function nextRunMicros(lastRunMicros: number, hour: number): number {
  const today = Math.floor(lastRunMicros / dayMicros) * dayMicros + hour * hourMs * 1000
  return today > lastRunMicros ? today : today + dayMicros
}

function heed(signal: AbortSignal): void {
  if (signal.aborted) throw new Stopped('the engine is stopping')
}

class Stopped extends Error {}

async function expireRows(
  settings: RetentionSettings,
  { driver, exclusively, beforeExpiry }: NightlyDeps,
  nowMicros: number,
  signal: AbortSignal,
): Promise<number> {
  let rows = 0
  for (const expiry of expiriesAt(settings, nowMicros)) {
    heed(signal)
    await beforeExpiry(expiry)
    rows += await exclusively(async () => driver.maintenance.expire(expiry))
  }
  return rows
}

async function expireSegments({ expireArchive }: NightlyDeps, signal: AbortSignal): Promise<number> {
  heed(signal)
  return expireArchive()
}

interface Days {
  readonly lastMicros: number
  readonly nowMicros: number
  readonly signal: AbortSignal
}

async function compactDays(deps: NightlyDeps, { lastMicros, nowMicros, signal }: Days): Promise<number> {
  const { driver, exclusively, log } = deps
  const today = Math.floor(nowMicros / dayMicros)
  const first = Math.max(Math.floor(Math.min(lastMicros, nowMicros) / dayMicros), today - compactDaysMax)
  let rows = 0
  for (let day = first; day < today; day++) {
    const micros = day * dayMicros
    heed(signal)
    for (const table of await driver.maintenance.tablesOfDay(micros, compactRowsMin)) {
      try {
        heed(signal)
        rows += await exclusively(async () => driver.maintenance.compactDay(table, micros))
      } catch (error) {
        if (signal.aborted) throw error
        // It reads as before, only slower; the others are not to wait for it night after night.
        log.error({ err: error, ...table, day: isoTime(micros) }, 'A day could not be compacted.')
      }
    }
  }
  return rows
}

async function readLastRun(files: Files, path: string): Promise<number | undefined> {
  const bytes = await files.readAll(path)
  if (bytes === undefined) return undefined
  const { lastRunMicros } = parseObject(Buffer.from(bytes).toString()) ?? {}
  return typeof lastRunMicros === 'number' ? lastRunMicros : undefined
}

async function writeLastRun(files: Files, path: string, lastRunMicros: number): Promise<void> {
  await writeFileAtomic(files, path, `${JSON.stringify({ lastRunMicros })}\n`)
}
