// What is due once a day: rows and archived segments beyond their retention go, and closed days are rewritten in the order
// in which people ask. One table at a time, between loads, so that nothing waits long.
//
//   asleep ──nightlyHour, or at a start that missed it──▶ expire rows ─▶ expire archive ─▶ compact yesterday ─▶ asleep
import { join } from 'node:path'

import type { Clock } from '../../core/clock.ts'
import { MillpondError } from '../../core/errors.ts'
import { type Files, writeFileAtomic } from '../../core/files.ts'
import type { Log } from '../../core/log.ts'
import type { Part } from '../../core/part.ts'
import type { RetentionSettings } from '../../core/settings.ts'
import type { WarehouseDriver } from '../../warehouse/driver.ts'
import type { Maintenance } from './maintenance.ts'

export interface NightlyOutcome {
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
  readonly expireArchive: () => Promise<number>
  readonly files: Files
  readonly clock: Clock
  readonly log: Log
}

const hourMs = 3_600_000
const dayMicros = 24 * hourMs * 1000
/** A day with fewer rows in a table reads fast in any order. */
const compactRowsMin = 50_000
/** After a long rest only the last days are put in order. */
const compactDaysMax = 7
/** A start has better things to do at first. */
const missedDelayMs = 5 * 60_000
/** Somebody's rebuild was in the way. */
const retryDelayMs = hourMs
const fileName = 'nightly.json'

/** `dataset=days` -> days. */
export function retentionRules(settings: RetentionSettings): Map<string, number> {
  return new Map(
    settings.retentionDays.map((rule) => {
      const [dataset = '', days = ''] = rule.split('=')
      return [dataset, Number(days)]
    }),
  )
}

export async function startNightly(
  options: { readonly dataFolder: string; readonly settings: RetentionSettings },
  deps: NightlyDeps,
): Promise<Nightly> {
  const { clock, log, files } = deps
  const path = join(options.dataFolder, fileName)
  let lastRunMicros = await readLastRun(files, path)
  let cancel = (): void => undefined
  let running: Promise<unknown> = Promise.resolve()
  if (lastRunMicros === undefined) {
    lastRunMicros = clock.nowMicros()
    await writeLastRun(files, path, lastRunMicros)
  }

  async function run(): Promise<NightlyOutcome> {
    return deps.maintenance.alone('The nightly work', async () => {
      const nowMicros = clock.nowMicros()
      const outcome = {
        expiredRows: await expireRows(options.settings, deps, nowMicros),
        expiredSegments: await deps.expireArchive(),
        compactedRows: await compactDays(deps, lastRunMicros ?? nowMicros, nowMicros),
      }
      lastRunMicros = nowMicros
      await writeLastRun(files, path, nowMicros)
      log.info(outcome, 'The nightly work is done.')
      return outcome
    })
  }

  function wake(): void {
    running = run().then(
      () => {
        sleep()
      },
      (error: unknown) => {
        const isBusy = error instanceof MillpondError && error.code === 'maintenance-running'
        if (!isBusy) log.error({ err: error }, 'The nightly work failed; it is tried again in an hour.')
        cancel = clock.schedule(wake, retryDelayMs)
      },
    )
  }

  function sleep(): void {
    const dueMicros = nextRunMicros(lastRunMicros ?? 0, options.settings.nightlyHour)
    const inMs = (dueMicros - clock.nowMicros()) / 1000
    cancel = clock.schedule(wake, Math.max(missedDelayMs, inMs))
  }

  sleep()
  return {
    run,
    async stop() {
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

async function expireRows(settings: RetentionSettings, deps: NightlyDeps, nowMicros: number): Promise<number> {
  let rows = 0
  for (const [dataset, days] of retentionRules(settings)) {
    const beforeMicros = Math.floor(nowMicros / dayMicros) * dayMicros - days * dayMicros
    rows += await deps.exclusively(async () => deps.driver.maintenance.expire(dataset, beforeMicros))
  }
  return rows
}

async function compactDays(
  { driver, exclusively }: NightlyDeps,
  lastMicros: number,
  nowMicros: number,
): Promise<number> {
  const today = Math.floor(nowMicros / dayMicros)
  const first = Math.max(Math.floor(lastMicros / dayMicros), today - compactDaysMax)
  let rows = 0
  for (let day = first; day < today; day++) {
    const micros = day * dayMicros
    for (const table of await driver.maintenance.tablesOfDay(micros, compactRowsMin)) {
      rows += await exclusively(async () => driver.maintenance.compactDay(table, micros))
    }
  }
  return rows
}

async function readLastRun(files: Files, path: string): Promise<number | undefined> {
  const bytes = await files.readAll(path)
  if (bytes === undefined) return undefined
  try {
    const { lastRunMicros } = JSON.parse(Buffer.from(bytes).toString()) as { lastRunMicros?: unknown }
    return typeof lastRunMicros === 'number' ? lastRunMicros : undefined
  } catch (error) {
    if (error instanceof SyntaxError) return undefined
    throw error
  }
}

async function writeLastRun(files: Files, path: string, lastRunMicros: number): Promise<void> {
  await writeFileAtomic(files, path, `${JSON.stringify({ lastRunMicros })}\n`)
}
