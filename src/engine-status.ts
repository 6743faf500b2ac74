// Puts together what both processes know: intake's counters, the loader's place, and the warehouse's sums.
import { readFileSync } from 'node:fs'

import type { fedStreamNames, StreamWriter, WriterStatus } from './buffer/buffer.ts'
import type { Settings } from './core/settings.ts'
import type { RecentTimes } from './core/recent-times.ts'
import type { TimesSummary } from './core/times-summary.ts'
import type { DiskMeter } from './engine-disk.ts'
import type { Archive } from './deliver/archive/archive.ts'
import type { Loader } from './deliver/deliver.ts'
import { ledgerOf, ledgerSums, type SourceSums, type Status, type StreamStatus } from './portal/api/status.ts'
import type { WarehouseDriver } from './warehouse/driver.ts'
import type { IntakeStatus } from './processes/messages.ts'

export interface StatusParts {
  readonly settings: Settings
  readonly driver: WarehouseDriver
  readonly loader: Loader
  readonly writer: StreamWriter
  readonly archive: Archive
  /** Stream `appends`, and up to where its rows are in their tables. They are no events: the ledger doesn't count them. */
  readonly appends?: () => { readonly writer: WriterStatus; readonly position: number }
  readonly askIntake: () => Promise<IntakeStatus>
  readonly startedAtMicros: number
  readonly disk: DiskMeter
  readonly freshTimes: RecentTimes
  readonly queryTimes: () => TimesSummary | undefined
}

export async function readStatus(parts: StatusParts): Promise<Status> {
  const { settings, driver, loader, startedAtMicros } = parts
  // The warehouse is asked before the writers: what arrives in between can then only look as if it waited.
  const { sums, positions } = await readSums(driver)
  const intake = await parts.askIntake()
  const engineWriter = parts.writer.status()
  const writers: Record<(typeof fedStreamNames)[number], WriterStatus> = { ...intake.writers, engine: engineWriter }
  const streams = Object.entries(writers).map(([stream, writer]) => streamStatus(stream, writer, positions))
  const ledger = ledgerOf(
    Object.values(writers).map((writer) => writer.totals),
    sums,
  )
  const appends = parts.appends?.()
  if (appends !== undefined)
    streams.push(streamStatus('appends', appends.writer, new Map([['appends', appends.position]])))
  const archive = parts.archive.status()
  const warehouse = { fedBytes: await driver.fileBytes(), madeBytes: await driver.made.fileBytes() }
  const { eventsLoaded, lastLoadMs, lagMs, lastError, dedupe } = loader.status()
  return {
    version: packageVersion(),
    address: intake.address,
    dataFolder: settings.data,
    startedAtMicros: intake.startedAtMicros,
    intake: { pid: intake.pid, residentBytes: intake.residentBytes, counters: intake.collect, forward: intake.forward },
    engine: {
      pid: process.pid,
      starts: intake.engineStarts,
      startedAtMicros,
      residentBytes: process.memoryUsage.rss(),
    },
    ledger,
    ledgerSums: ledgerSums(ledger, streams),
    streams,
    loader: { eventsLoaded, lastLoadMs: Math.round(lastLoadMs * 10) / 10, lagMs, lastError },
    warehouse,
    disk: await parts.disk.read(),
    performance: {
      answered: intake.answers ?? null,
      fresh: parts.freshTimes.summary() ?? null,
      queried: parts.queryTimes() ?? null,
    },
    dedupe: { ids: dedupe.ids, windowHours: dedupe.windowHours },
    archive: {
      segments: archive.segments,
      totalBytes: archive.bytes,
      beginsAtMicros: archive.oldestMicros,
      lastError: archive.lastError,
    },
  }
}

/** Sums and positions of one snapshot: one statement sees one state. */
async function readSums(driver: WarehouseDriver): Promise<{ sums: SourceSums[]; positions: Map<string, number> }> {
  const run = await driver.query(
    `SELECT 'sum', source, sum(stored), sum(flagged), sum(duplicates), sum(quarantined) FROM millpond.source_counts GROUP BY ALL
     UNION ALL SELECT 'position', stream, sequence, 0, 0, 0 FROM millpond.positions`,
    new AbortController().signal,
  )
  const sums: SourceSums[] = []
  const positions = new Map<string, number>()
  for await (const rows of run.rows) {
    for (const [kind, name, first, flagged, duplicates, quarantined] of rows) {
      if (kind === 'position') positions.set(String(name), Number(first))
      else {
        sums.push({
          source: String(name),
          stored: Number(first),
          flagged: Number(flagged),
          duplicates: Number(duplicates),
          quarantined: Number(quarantined),
        })
      }
    }
  }
  return { sums, positions }
}

function streamStatus(stream: string, writer: WriterStatus, positions: ReadonlyMap<string, number>): StreamStatus {
  return {
    stream,
    lastSequence: writer.lastSequence,
    loadedSequence: positions.get(stream) ?? 0,
    waitingBytes: writer.waitingBytes,
    refusing: writer.refusing ?? null,
  }
}

/** Of this program. */
export function packageVersion(): string {
  const path = new URL('../package.json', import.meta.url)
  return (JSON.parse(readFileSync(path, 'utf8')) as { version: string }).version
}
