// The road behind intake, in one process: a real writer, a real loader with its worker thread, a real DuckDB, in a
// temporary folder. A crash is imitated by copying the folder: the copy holds what a kill -9 at that moment would leave.
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { fedStreamNames, StreamWriter } from '../../src/buffer/buffer.ts'
import type { NewRecord } from '../../src/buffer/record.ts'
import { openWriter } from '../../src/buffer/writer.ts'
import type { SourcePlatform } from '../../src/control/control.ts'
import { type Clock, systemClock } from '../../src/core/clock.ts'
import type { RequestMeta } from '../../src/core/event.ts'
import { diskFiles } from '../../src/core/files.ts'
import { createLog } from '../../src/core/log.ts'
import type { ScreenSettings, WarehouseSettings } from '../../src/core/settings.ts'
import { type Loader, startLoader } from '../../src/deliver/deliver.ts'
import type { StreamPosition, WarehouseDriver } from '../../src/warehouse/driver.ts'
import { openDuckdbWarehouse } from '../../src/warehouse/duckdb/duckdb.ts'

const log = createLog('silent')

type StreamName = (typeof fedStreamNames)[number]

export const screenSettings: ScreenSettings = {
  dedupeWindowHours: 168,
  dedupeIdsMax: 4_000_000,
  eventBytesMax: 512 * 1024,
  batchEventsMax: 10_000,
  eventKeysMax: 10_000,
  eventDepthMax: 64,
}

export const warehouseSettings: WarehouseSettings = {
  tablesPerSourceMax: 200,
  columnsPerTableMax: 500,
  youngSourceTablesMax: 20,
  newNameEventsMin: 20,
  newNameAnonymousIdsMin: 3,
  loadEventsMax: 60_000,
  loadIntervalMsMin: 0,
  checkpointEventsMax: 1_000_000,
  checkpointAgeMsMax: 3_600_000,
  memoryBytesMax: 512 * 1024 * 1024,
  threads: 1,
}

export interface RigOptions {
  /** Of another rig, after its `kill` or `stop`. */
  readonly folder?: string
  readonly clock?: Clock
  readonly platform?: SourcePlatform
  readonly screen?: Partial<ScreenSettings>
  readonly warehouse?: Partial<WarehouseSettings>
  /** Stands between loader and engine. */
  readonly wrap?: (driver: WarehouseDriver) => WarehouseDriver
  readonly onWarehouseBroken?: (error: unknown) => void
}

/** Checkpoints and copies take turns. */
class Turns {
  #last: Promise<unknown> = Promise.resolve()

  async hold<Result>(work: () => Promise<Result>): Promise<Result> {
    const mine = this.#last.then(work)
    this.#last = mine.catch(() => undefined)
    return mine
  }
}

function inTurns(driver: WarehouseDriver, turns: Turns): WarehouseDriver {
  return wrapDriver(driver, { checkpoint: async () => turns.hold(async () => driver.checkpoint()) })
}

/** The driver with some methods replaced. */
export function wrapDriver(driver: WarehouseDriver, replaced: Partial<WarehouseDriver>): WarehouseDriver {
  return {
    name: driver.name,
    load: async (plan) => driver.load(plan),
    checkpoint: async () => driver.checkpoint(),
    positions: async () => driver.positions(),
    catalog: async () => driver.catalog(),
    query: async (sql, signal) => driver.query(sql, signal),
    openSession: async (options) => driver.openSession(options),
    parseSelect: async (sql) => driver.parseSelect(sql),
    printSelect: async (tree) => driver.printSelect(tree),
    made: driver.made,
    inspect: async () => driver.inspect(),
    fileBytes: async () => driver.fileBytes(),
    maintenance: driver.maintenance,
    stop: async () => driver.stop(),
    ...replaced,
  }
}

export class LoaderRig {
  readonly folder: string
  readonly driver: WarehouseDriver
  readonly loader: Loader
  readonly covered: StreamPosition[] = []
  readonly #writers: Record<StreamName, StreamWriter>
  readonly #clock: Clock
  readonly #checkpoints: Turns
  #last: Partial<Record<StreamName, number>> = {}

  private constructor(
    folder: string,
    parts: {
      driver: WarehouseDriver
      loader: Loader
      writers: Record<StreamName, StreamWriter>
      clock: Clock
      turns: Turns
    },
  ) {
    this.folder = folder
    this.driver = parts.driver
    this.loader = parts.loader
    this.#writers = parts.writers
    this.#clock = parts.clock
    this.#checkpoints = parts.turns
    this.loader.onCovered((positions) => {
      this.covered.push(...positions)
    })
    for (const stream of ['events', 'forward', 'engine'] as const) {
      parts.writers[stream].onCut(() => {
        parts.loader.wake(stream)
      })
    }
  }

  static async start(options: RigOptions = {}): Promise<LoaderRig> {
    const folder = options.folder ?? (await mkdtemp(join(tmpdir(), 'millpond-loader-')))
    const clock = options.clock ?? systemClock
    const warehouse = { ...warehouseSettings, ...options.warehouse }
    const opened = await openDuckdbWarehouse({ folder: join(folder, 'warehouse'), settings: warehouse, clock, log })
    const turns = new Turns()
    const driver = inTurns(options.wrap?.(opened) ?? opened, turns)
    const writers = {
      events: await writerOf(folder, 'events'),
      forward: await writerOf(folder, 'forward'),
      engine: await writerOf(folder, 'engine'),
    }
    const settings = {
      screen: { ...screenSettings, ...options.screen },
      warehouse,
      forward: { forwardTables: ['inference.**=ai.inferences', '**=logs.entries'] },
      logLevel: 'silent' as const,
    }
    const platformOf = () => options.platform ?? 'server'
    const { onWarehouseBroken = () => undefined } = options
    const loader = await startLoader(
      { dataFolder: folder, settings, platformOf },
      { driver, clock, log, onWarehouseBroken },
    )
    return new LoaderRig(folder, { driver, loader, writers, clock, turns })
  }

  /** Appends one batch of events as intake would. */
  async send(events: readonly unknown[], options: SendOptions = {}): Promise<number> {
    const body = Buffer.from(options.body ?? JSON.stringify({ batch: events, sentAt: '2026-01-01T00:00:00.000Z' }))
    const stream = options.stream ?? 'events'
    const sequence = await this.#writers[stream].append({
      kind: 'segment',
      source: options.source ?? 'shop',
      receivedAtMicros: options.receivedAtMicros ?? this.#clock.nowMicros(),
      count: options.count ?? events.length,
      meta: JSON.stringify({ call: 'batch', via: 'server', ...options.meta }),
      body,
    })
    this.#last = { ...this.#last, [stream]: sequence }
    return sequence
  }

  /** Appends a record of any kind. */
  async append(stream: StreamName, record: NewRecord): Promise<number> {
    const sequence = await this.#writers[stream].append(record)
    this.#last = { ...this.#last, [stream]: sequence }
    return sequence
  }

  /** Resolves when everything sent through this rig is loaded. */
  async settled(timeoutMs = 20_000): Promise<void> {
    const endMs = performance.now() + timeoutMs
    for (;;) {
      const positions = this.loader.status().positions
      const isBehind = Object.entries(this.#last).some(
        ([stream, sequence]) => (positions.find((one) => one.stream === stream)?.sequence ?? 0) < sequence,
      )
      if (!isBehind) return
      if (performance.now() > endMs) throw new Error(`not loaded: ${JSON.stringify(this.loader.status())}`)
      await new Promise((resolve) => setTimeout(resolve, 5))
    }
  }

  async rows(sql: string): Promise<unknown[][]> {
    const run = await this.driver.query(sql, new AbortController().signal)
    const all: unknown[][] = []
    for await (const rows of run.rows) all.push(...rows.map((row) => [...row]))
    return all
  }

  async value(sql: string): Promise<unknown> {
    return (await this.rows(sql))[0]?.[0]
  }

  /**
   * What kill -9 would leave at this moment, in a folder of its own. A copy isn't made in one moment, so the warehouse's
   * file, which only checkpoints write, is held still meanwhile; a crash inside a checkpoint is the engine's own test.
   */
  async crashCopy(): Promise<string> {
    const copy = await mkdtemp(join(tmpdir(), 'millpond-loader-'))
    await this.#checkpoints.hold(async () => cp(this.folder, copy, { recursive: true }))
    return copy
  }

  async stop(): Promise<void> {
    await this.loader.stop()
    await this.#writers.events.stop()
    await this.#writers.forward.stop()
    await this.#writers.engine.stop()
    await this.driver.stop()
  }

  async dispose(): Promise<void> {
    await this.stop()
    await rm(this.folder, { recursive: true, force: true })
  }
}

export interface SendOptions {
  readonly source?: string
  readonly stream?: StreamName
  readonly meta?: Partial<RequestMeta>
  readonly receivedAtMicros?: number
  readonly body?: string
  readonly count?: number
}

async function writerOf(folder: string, stream: StreamName): Promise<StreamWriter> {
  return openWriter(
    {
      stream,
      folder: join(folder, 'buffer', stream),
      cutIntervalMs: 0,
      segmentBytesMax: 64 * 1024 * 1024,
      segmentAgeMsMax: 3_600_000,
      streamBytesMax: 1024 * 1024 * 1024,
      diskFreeBytesMin: 0,
      ballastBytes: 0,
    },
    { files: diskFiles, clock: systemClock, log },
  )
}

/** A track event as an SDK sends it. */
export function track(
  id: string,
  properties: Readonly<Record<string, unknown>> = {},
  name = 'Order Completed',
): object {
  return {
    type: 'track',
    event: name,
    messageId: id,
    anonymousId: 'anonymous-1',
    timestamp: '2026-01-01T00:00:00.000Z',
    context: { library: { name: 'analytics-node', version: '3.1.0' } },
    properties,
  }
}
