// The loader: has plans prepared by its worker, loads them, and says what is durable. While one plan is loaded the worker
// prepares the next. It never waits for a person's query and never skips: after any failure it starts again from the
// position that the warehouse holds, the same road as after a crash.
//
//   asleep --wake--> preparing --plan--> loading --> checkpoint due? --> asleep, or preparing again
//                       \---- failed ----/-> pause -> new worker, from the warehouse's position
import { join } from 'node:path'

import type { StreamName } from '../../buffer/buffer.ts'
import type { SourcePlatform } from '../../control/control.ts'
import type { Clock } from '../../core/clock.ts'
import { MillpondError, messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { Part } from '../../core/part.ts'
import type { Settings } from '../../core/settings.ts'
import { plansFolderName } from '../../core/tracking-plan.ts'
import type { StreamPosition, WarehouseDriver } from '../../warehouse/driver.ts'
import { createLiveRing, type LiveFeed, type LiveRing } from '../live/live.ts'
import { hourOf } from '../screen/screen.ts'
import { IdleWaiters, makeDurable, Turns } from './loader-wishes.ts'
import { isReached, PoisonHunt } from './poison.ts'
import { readSchemaStart } from './schema-start.ts'
import { createSignal, waitForAny } from './signal.ts'
import { startWorker, WorkerFailure, type WorkerHandle } from './worker-handle.ts'
import type { DedupeStatus, PreparedPlan } from './worker-messages.ts'

export interface LoaderOptions {
  readonly dataFolder: string
  /** Default: `verdicts` of the data folder. */
  readonly verdictsFolder?: string
  readonly settings: Pick<Settings, 'screen' | 'warehouse' | 'logLevel'> & {
    readonly forward: Pick<Settings['forward'], 'forwardTables'>
  }
  /** True: a few failures of any kind are the end, told by `onWarehouseBroken`. Default: tried for ever. */
  readonly givesUp?: boolean
  /** See WorkerStart; default: in-turn. */
  readonly order?: 'in-turn' | 'as-received'
  /** Nothing behind these positions is loaded before `advance`. Default: everything is. */
  readonly until?: readonly StreamPosition[]
  readonly platformOf: (source: string) => SourcePlatform
}

export interface LoaderDeps {
  readonly driver: WarehouseDriver
  readonly clock: Clock
  readonly log: Log
  /**
   * The warehouse answered several tries with `warehouse-unavailable`, or refuses the end of a record of which pieces are
   * in: that mends only by a new start, from the last checkpoint.
   */
  readonly onWarehouseBroken?: (error: unknown) => void
  /** After each load: the warehouse holds everything up to here. */
  /** `oldestMicros`: when the oldest record of the load was received; 0: it had none. */
  readonly onLoaded?: (positions: readonly StreamPosition[], oldestMicros: number) => void
  /** Somebody else still reads verdicts on what was received from then on. Default: nobody does. */
  readonly verdictsNeededFromMicros?: () => number
}

export interface LoaderStatus {
  /** Of the warehouse: what queries see. */
  readonly positions: readonly StreamPosition[]
  /** Since this start. */
  readonly eventsLoaded: number
  readonly loads: number
  readonly lastLoadMs: number
  /** Age of the newest event when its load was done; 0 once everything read so far is loaded. */
  readonly lagMs: number
  /** Rows with a value in `_overflow` since the worker began. */
  readonly overflowedRows: number
  readonly dedupe: DedupeStatus
  readonly lastError: string | null
}

export interface Loader extends Part {
  /** Something new may be readable. Cheap, never fails. */
  wake(stream: StreamName): void
  status(): LoaderStatus
  /** Per stream: its writer's totals of events per source, at the last cut read. */
  totals(): PreparedPlan['totals']
  /** After each checkpoint: the buffer may forget everything up to these positions. */
  onCovered(listener: (positions: readonly StreamPosition[]) => void): void
  readonly live: LiveFeed
  /** Platforms of sources may have changed. */
  sourcesChanged(): void
  /** Loads up to here now; for a loader with `until`. */
  advance(until: readonly StreamPosition[]): void
  /** Resolves when everything that may be loaded is. */
  caughtUp(): Promise<void>
  /**
   * Does work on the warehouse between two loads: all that is loaded is checkpointed first, nobody holds verdict files
   * meanwhile, and loading goes on from whatever positions the warehouse then has. Rejects as the work does.
   */
  exclusively<Result>(work: () => Promise<Result>): Promise<Result>
}

/** Bodies in one plan; bounds the worker's memory when events are large. */
const planBytesMax = 64 * 1024 * 1024
/** The first plan of a start is small: its code is cold, and after a crash somebody waits for the first row. */
const firstPlanEvents = 10_000
const liveRingEvents = 200
const pauseMsMin = 500
/** By then the tries were spread over several seconds: it was no passing lack of room. */
const brokenFailures = 4
const pauseMsMax = 30_000
const streams: readonly StreamName[] = ['engine', 'forward', 'events']

/** Resolves when the worker has its dedupe index and loading goes on by itself. */
export async function startLoader(options: LoaderOptions, deps: LoaderDeps): Promise<Loader> {
  const loader = new WarehouseLoader(options, deps)
  await loader.begin()
  return loader
}

class WarehouseLoader implements Loader {
  readonly #options: LoaderOptions
  readonly #deps: LoaderDeps
  readonly #ring: LiveRing = createLiveRing(liveRingEvents)
  readonly #hunt = new PoisonHunt()
  readonly #coveredListeners: ((positions: readonly StreamPosition[]) => void)[] = []
  readonly #woken = createSignal()
  readonly #stopping = createSignal()
  readonly #checkpointDue = createSignal()
  readonly #planReady = createSignal()
  readonly #turns = new Turns()
  readonly #idle = new IdleWaiters()
  #until: readonly StreamPosition[] | undefined
  #worker: WorkerHandle | undefined
  #next: Promise<PreparedPlan | undefined> | undefined
  #running: Promise<void> = Promise.resolve()
  #failures = 0
  #lastLoadStartMs = 0
  #lastPrepareMs = 0
  #lastCheckpointMs = 0
  #eventsDirty = 0
  #cancelCheckpoint: (() => void) | undefined
  #totals: PreparedPlan['totals'] = {}
  #status: LoaderStatus = {
    positions: [],
    eventsLoaded: 0,
    loads: 0,
    lastLoadMs: 0,
    lagMs: 0,
    overflowedRows: 0,
    dedupe: { ids: 0, windowHours: 0, bytes: 0 },
    lastError: null,
  }

  constructor(options: LoaderOptions, deps: LoaderDeps) {
    this.#options = options
    this.#deps = deps
    this.#until = options.until
  }

  get live(): LiveFeed {
    return this.#ring
  }

  wake(_stream: StreamName): void {
    this.#woken.set()
  }

  status(): LoaderStatus {
    return this.#status
  }

  totals(): PreparedPlan['totals'] {
    return this.#totals
  }

  onCovered(listener: (positions: readonly StreamPosition[]) => void): void {
    this.#coveredListeners.push(listener)
  }

  sourcesChanged(): void {
    this.#worker?.forgetPlatforms()
  }

  advance(until: readonly StreamPosition[]): void {
    this.#until = until
    this.#woken.set()
  }

  async caughtUp(): Promise<void> {
    const idle = this.#idle.wait()
    this.#woken.set()
    await idle
  }

  async exclusively<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#turns.take(work)
  }

  async begin(): Promise<void> {
    this.#worker = await this.#openWorker()
    // What waited while we were away.
    this.#woken.set()
    this.#running = this.#run()
  }

  async stop(): Promise<void> {
    this.#stopping.set()
    await this.#running
  }

  async #openWorker(): Promise<WorkerHandle> {
    const { dataFolder, settings, platformOf } = this.#options
    const { driver } = this.#deps
    const positions = await driver.positions()
    const worker = startWorker(
      {
        streams: streams.map((stream) => ({
          stream,
          folder: join(dataFolder, 'buffer', stream),
          verdictFolder: join(this.#options.verdictsFolder ?? join(dataFolder, 'verdicts'), stream),
        })),
        order: this.#options.order ?? 'in-turn',
        archiveFolder: join(dataFolder, 'archive'),
        settings: {
          screen: settings.screen,
          schema: settings.warehouse,
          forwardTables: settings.forward.forwardTables,
          plansFolder: join(dataFolder, plansFolderName),
        },
        logLevel: settings.logLevel,
        positions,
        schema: await readSchemaStart(driver),
        refusals: this.#hunt.refusals,
        piece: this.#hunt.piece,
      },
      platformOf,
    )
    try {
      this.#status = { ...this.#status, positions, dedupe: await worker.ready }
    } catch (error) {
      await worker.end()
      throw error
    }
    return worker
  }

  async #run(): Promise<void> {
    while (!this.#stopping.isSet) {
      try {
        await this.#step()
        this.#failures = 0
      } catch (error) {
        await this.#recover(error)
      }
    }
    await this.#finish()
  }

  /** One plan, or one checkpoint. */
  async #step(): Promise<void> {
    this.#worker ??= await this.#openWorker()
    if (this.#next === undefined) this.#prepareNext(0)
    const { mayCheckpoint } = this.#hunt
    const between = mayCheckpoint ? [this.#checkpointDue, this.#turns.wanted] : []
    await waitForAny([this.#planReady, this.#stopping, ...between])
    if (this.#stopping.isSet) return
    if (this.#turns.wanted.isSet && mayCheckpoint) {
      await this.#giveTurns()
      return
    }
    if (this.#checkpointDue.isSet && mayCheckpoint) {
      await this.#worker.sync(this.#releaseHour())
      await this.#checkpoint()
      return
    }
    const next = this.#next
    this.#next = undefined
    this.#planReady.clear()
    const prepared = await next
    if (prepared?.more === true) this.#woken.set()
    if (prepared?.plan !== undefined) await this.#load(prepared)
    else if (prepared !== undefined) this.#rest(prepared)
    // Whoever waits for the end must hear that it is reached, and that takes a look behind the last load.
    if (this.#idle.isAnybody) this.#woken.set()
  }

  /** There was nothing to load. */
  #rest(prepared: PreparedPlan): void {
    this.#learnTotals(prepared)
    if (!prepared.more) this.#idle.foundNothing()
  }

  async #giveTurns(): Promise<void> {
    await this.#worker?.sync(this.#releaseHour())
    await this.#checkpoint()
    await this.#endWorker()
    // Also what a work left behind that failed half-way.
    this.#checkpointDue.set()
    await this.#turns.give(async () => makeDurable(this.#deps, this.#stopping))
  }

  #prepareNext(notBeforeMs: number): void {
    const next = this.#prepareInTime(notBeforeMs)
    this.#next = next
    const tell = () => {
      if (this.#next === next) this.#planReady.set()
    }
    next.then(tell, tell)
  }

  /** Undefined: stopped. Waits until there is something to do and it is time for it. */
  async #prepareInTime(notBeforeMs: number): Promise<PreparedPlan | undefined> {
    const { clock } = this.#deps
    const worker = this.#worker
    await waitForAny([this.#woken, this.#stopping])
    await waitForAny([this.#stopping], { clock, ms: notBeforeMs - clock.monotonicMs() })
    // A worker that has been replaced meanwhile must not take the call that is meant for its successor.
    if (this.#stopping.isSet || worker === undefined || worker !== this.#worker) return undefined
    this.#woken.clear()
    const { loadEventsMax } = this.#options.settings.warehouse
    const usual = this.#status.loads === 0 ? Math.min(firstPlanEvents, loadEventsMax) : loadEventsMax
    this.#idle.ordered()
    return worker.prepare({
      nowMicros: clock.nowMicros(),
      eventsMax: this.#hunt.eventsMax ?? usual,
      bytesMax: planBytesMax,
      until: this.#until,
    })
  }

  async #load(prepared: PreparedPlan): Promise<void> {
    const { plan } = prepared
    if (plan === undefined) return
    const { driver, clock } = this.#deps
    const { warehouse } = this.#options.settings
    const startMs = clock.monotonicMs()
    this.#lastLoadStartMs = startMs
    this.#lastPrepareMs = prepared.prepareMs
    const isCheckpointNext =
      this.#eventsDirty + prepared.events >= warehouse.checkpointEventsMax && this.#hunt.mayCheckpoint
    // Asked before the next plan, so that the checkpoint needn't wait for it.
    const synced = isCheckpointNext ? this.#worker?.sync(this.#releaseHour()) : undefined
    // A failed load is heard of first; this one's failure comes from the same worker's end.
    synced?.catch(() => undefined)
    const isAlone = this.#hunt.eventsMax !== undefined || !this.#hunt.mayCheckpoint
    if (!isAlone) this.#prepareAhead(prepared.more, isCheckpointNext)
    try {
      const receipt = await driver.load(plan)
      await this.#loaded(prepared, receipt.tookMs)
    } catch (error) {
      throw new LoadFailure(error, prepared)
    }
    if (synced !== undefined) {
      await synced
      await this.#checkpoint()
    }
  }

  /**
   * The next plan may start twice a load's time after this one, and has to be prepared before that. Behind a checkpoint
   * it is begun half-way through it, so that it is ready at the end and holds most of what came meanwhile: begun at once
   * it would be small, and everything else would wait for the plan after it (p99 of freshness 4 s instead of 2).
   */
  #prepareAhead(isMuchWaiting: boolean, isCheckpointNext: boolean): void {
    const { loadIntervalMsMin } = this.#options.settings.warehouse
    const { lastLoadMs } = this.#status
    const pauseMs = isCheckpointNext
      ? lastLoadMs + this.#lastCheckpointMs / 2
      : Math.max(loadIntervalMsMin, 2 * lastLoadMs) - this.#lastPrepareMs
    this.#prepareNext(isMuchWaiting ? 0 : this.#lastLoadStartMs + pauseMs)
  }

  /** A worker that loads a piece reads one stream only. */
  #learnTotals({ totals }: PreparedPlan): void {
    this.#totals = { ...this.#totals, ...totals }
  }

  async #loaded(prepared: PreparedPlan, tookMs: number): Promise<void> {
    const { driver, clock } = this.#deps
    const positions = await driver.positions()
    this.#learnTotals(prepared)
    this.#eventsDirty += prepared.events
    const ageMs = prepared.receivedAtMicros === 0 ? 0 : (clock.nowMicros() - prepared.receivedAtMicros) / 1000
    this.#status = {
      positions,
      eventsLoaded: this.#status.eventsLoaded + prepared.events,
      loads: this.#status.loads + 1,
      lastLoadMs: tookMs,
      lagMs: prepared.more ? Math.max(0, Math.round(ageMs)) : 0,
      overflowedRows: prepared.overflowedRows,
      dedupe: prepared.dedupe,
      lastError: null,
    }
    this.#checkpointLater()
    this.#ring.add(prepared.live, prepared.subjects)
    this.#deps.onLoaded?.(positions, prepared.oldestReceivedAtMicros)
    const wasSplitting = !this.#hunt.mayCheckpoint
    this.#hunt.loaded(prepared, positions)
    if (wasSplitting) await this.#endWorker()
  }

  /** The next step opens a new one; what this one had read waits for it. */
  async #endWorker(): Promise<void> {
    await this.#worker?.end()
    this.#worker = undefined
    this.#next?.catch(() => undefined)
    this.#next = undefined
    this.#planReady.clear()
    this.#woken.set()
  }

  #releaseHour(): number {
    const windowEnd = hourOf(this.#deps.clock.nowMicros()) - this.#options.settings.screen.dedupeWindowHours - 1
    return Math.min(windowEnd, hourOf(this.#deps.verdictsNeededFromMicros?.() ?? Infinity))
  }

  /** Verdicts are synced: rows that a checkpoint keeps must find the ids again that made them the first of their kind. */
  async #checkpoint(): Promise<void> {
    this.#cancelCheckpoint?.()
    this.#cancelCheckpoint = undefined
    this.#checkpointDue.clear()
    const { driver, clock } = this.#deps
    const startMs = clock.monotonicMs()
    let isAllCovered = false
    try {
      const covered = await driver.checkpoint()
      this.#lastCheckpointMs = clock.monotonicMs() - startMs
      isAllCovered = this.#status.positions.every((one) => isReached(one, covered))
      if (isAllCovered) this.#eventsDirty = 0
      for (const listener of this.#coveredListeners) listener(covered)
    } finally {
      // Held up by a query, or failed: perhaps nothing more arrives that would bring the next one.
      if (!isAllCovered && !this.#stopping.isSet) this.#checkpointLater()
    }
  }

  #checkpointLater(): void {
    this.#cancelCheckpoint ??= this.#deps.clock.schedule(() => {
      this.#checkpointDue.set()
    }, this.#options.settings.warehouse.checkpointAgeMsMax)
  }

  async #recover(error: unknown): Promise<void> {
    const { log, clock } = this.#deps
    const cause = error instanceof LoadFailure ? error.cause : error
    this.#status = { ...this.#status, lastError: messageOf(cause) }
    this.#failures += 1
    const isLearned = this.#learn(error)
    const isBroken = cause instanceof MillpondError && cause.code === 'warehouse-unavailable'
    const isHopeless = isBroken || this.#hunt.isStuck || this.#options.givesUp === true
    if (isHopeless && this.#failures >= brokenFailures) this.#deps.onWarehouseBroken?.(cause)
    log.error({ err: cause, failures: this.#failures }, 'A load failed; it is tried again from the last position.')
    await this.#endWorker()
    if (!isLearned) {
      const pauseMs = Math.min(pauseMsMax, pauseMsMin * 2 ** Math.min(10, this.#failures - 1))
      await waitForAny([this.#stopping], { clock, ms: pauseMs })
    }
  }

  /** True: the next try will be another one than this, so it needs no pause. */
  #learn(error: unknown): boolean {
    if (error instanceof LoadFailure) {
      const { cause } = error
      if (!(cause instanceof MillpondError) || cause.code !== 'load-refused') return false
      return this.#hunt.refused(error.prepared)
    }
    if (!(error instanceof WorkerFailure) || error.record === undefined) return false
    return this.#hunt.workerFailed(error.record, error.isDeath)
  }

  /** Loads nothing more: what waits is in the buffer. Makes durable what is loaded. */
  async #finish(): Promise<void> {
    this.#cancelCheckpoint?.()
    const stopped = new MillpondError('engine-unavailable', 'The engine is stopping')
    this.#turns.refuse(stopped)
    this.#idle.refuse(stopped)
    const worker = this.#worker
    // Without a worker nothing was loaded since a turn; what a turn left is synced, but perhaps not durable.
    const isDirty = worker === undefined ? this.#checkpointDue.isSet && this.#eventsDirty === 0 : this.#eventsDirty > 0
    await this.#next?.catch(() => undefined)
    try {
      await worker?.sync(this.#releaseHour())
      if (isDirty && this.#hunt.mayCheckpoint) await this.#checkpoint()
      await worker?.stop()
    } catch (error) {
      // Nothing is lost: the next start reads from the last checkpoint.
      this.#deps.log.error({ err: error }, 'The loader stopped without a last checkpoint.')
      this.#status = { ...this.#status, lastError: messageOf(error) }
      await worker?.end()
    }
  }
}

/** A plan that could not be loaded. */
class LoadFailure extends Error {
  override readonly cause: unknown
  readonly prepared: PreparedPlan

  constructor(cause: unknown, prepared: PreparedPlan) {
    super(messageOf(cause))
    this.cause = cause
    this.prepared = prepared
  }
}
