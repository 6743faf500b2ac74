// The hub, as the engine sees it: starts the thread when there is a destination, tells it what is loaded, writes its ledger, and
// starts it again when it dies. Everything that must not be lost stands on disk.
import { extname } from 'node:path'
import { Worker } from 'node:worker_threads'

import { type Append, inRecords } from '../../buffer/record.ts'
import type { Clock } from '../../core/clock.ts'
import { messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { Part } from '../../core/part.ts'
import type { Settings } from '../../core/settings.ts'
import type { StreamPosition } from '../../warehouse/driver.ts'
import { type ErasedPerson, Suppression } from '../maintenance/suppression.ts'
import type { Destination } from './destination.ts'
import type { DeliveredQuestion, DestinationStatus, FromHub, HubStart, ToHub } from './hub-messages.ts'
import type { Replay, ReplayProgress } from './replay/replay.ts'
import { previewAt, type PreviewedEvent, recentEvents } from './preview.ts'

export interface HubDeps {
  readonly settings: Pick<Settings, 'data' | 'logLevel'>
  /** The active ones, with their secrets. */
  readonly destinations: () => readonly Destination[]
  /** Those that are to be counted, or run. */
  readonly replays: () => readonly Replay[]
  /** Of those it asks for, deliveryKey of each that the ledger says is there. */
  readonly delivered: (asked: DeliveredQuestion) => Promise<readonly string[]>
  /** One is counted, or has run. */
  readonly replayEnded: (progress: ReplayProgress) => void
  readonly erasures: () => Promise<readonly ErasedPerson[]>
  readonly append: Append
  readonly clock: Clock
  readonly log: Log
}

export interface Hub extends Part {
  /** The warehouse holds everything up to here. */
  loaded(positions: readonly StreamPosition[]): void
  /** Destinations, or replays, were added, changed or removed. */
  destinationsChanged(): void
  /** What that person said before is left out from now on, also of what waits. */
  personErased(): Promise<void>
  status(): readonly DestinationStatus[]
  /** Of replays that are at work. */
  replays(): readonly ReplayProgress[]
  /** What the last events would become at a destination. Nothing is sent. Error: request-invalid if its scripts can't be read. */
  preview(destination: Destination, eventsMax: number): Promise<readonly PreviewedEvent[]>
  /** Verdicts on what was received from then on are still needed; Infinity: nobody needs any. */
  neededFromMicros(): number
}

const restartMs = 5000

export async function startHub(deps: HubDeps): Promise<Hub> {
  return new WorkerHub(deps, await deps.erasures())
}

class WorkerHub implements Hub {
  readonly #deps: HubDeps
  #worker: Worker | undefined
  #destinations: readonly Destination[]
  #statuses: readonly DestinationStatus[] = []
  #progress: readonly ReplayProgress[] = []
  #loaded: readonly StreamPosition[] = []
  #erased: readonly ErasedPerson[]
  #isLoadedKnown = false
  #isStopping = false
  #cancelRestart: (() => void) | undefined
  #stopped: (() => void) | undefined

  constructor(deps: HubDeps, erased: readonly ErasedPerson[]) {
    this.#deps = deps
    this.#erased = erased
    this.#destinations = deps.destinations()
  }

  loaded(positions: readonly StreamPosition[]): void {
    this.#loaded = positions
    this.#isLoadedKnown = true
    if (this.#worker === undefined) this.#openThread()
    else this.#tell({ kind: 'loaded', positions })
  }

  destinationsChanged(): void {
    this.#destinations = this.#deps.destinations()
    if (this.#worker === undefined) this.#openThread()
    else {
      const replays = this.#deps.replays()
      this.#tell({ kind: 'destinations', destinations: this.#destinations, replays, loaded: this.#loaded })
    }
  }

  async personErased(): Promise<void> {
    this.#erased = await this.#deps.erasures()
    this.#tell({ kind: 'erased', erased: this.#erased })
  }

  status(): readonly DestinationStatus[] {
    return this.#statuses
  }

  replays(): readonly ReplayProgress[] {
    return this.#progress
  }

  async preview(destination: Destination, eventsMax: number): Promise<readonly PreviewedEvent[]> {
    const { settings, clock, log } = this.#deps
    const { sources } = destination
    const suppression = new Suppression(this.#erased)
    const options = { dataFolder: settings.data, loaded: this.#loaded, suppression, sources, eventsMax }
    const events = eventsMax === 0 ? [] : await recentEvents(options, { clock, log })
    return previewAt(destination, events, clock)
  }

  neededFromMicros(): number {
    let oldest = Infinity
    for (const { id } of this.#destinations) {
      const status = this.#statuses.find((one) => one.id === id)
      // Of one that isn't known yet everything is kept.
      oldest = Math.min(oldest, status?.readMicros ?? 0)
    }
    return oldest
  }

  async stop(): Promise<void> {
    this.#isStopping = true
    this.#cancelRestart?.()
    const worker = this.#worker
    if (worker === undefined) return
    await new Promise<void>((resolve) => {
      this.#stopped = resolve
      this.#tell({ kind: 'stop' })
    })
    await worker.terminate()
  }

  #tell(message: ToHub): void {
    this.#worker?.postMessage(message)
  }

  #openThread(): void {
    if (this.#isStopping || !this.#isLoadedKnown || this.#destinations.length === 0) return
    if (this.#cancelRestart !== undefined) return
    const { settings, replays } = this.#deps
    const start: HubStart = {
      dataFolder: settings.data,
      logLevel: settings.logLevel,
      loaded: this.#loaded,
      destinations: this.#destinations,
      replays: replays(),
      erased: this.#erased,
    }
    const file = new URL(`./hub-worker${extname(import.meta.url)}`, import.meta.url)
    const worker = new Worker(file, { workerData: start, name: 'hub' })
    this.#worker = worker
    worker.on('message', (message: FromHub) => {
      this.#receive(message)
    })
    worker.on('error', (error) => {
      this.#died(worker, messageOf(error))
    })
    worker.on('exit', (code) => {
      this.#died(worker, `it ended with code ${code}`)
    })
  }

  #receive(message: FromHub): void {
    switch (message.kind) {
      case 'record':
        void this.#answer(message.question, async () => this.#record(message.rows))
        return
      case 'status':
        this.#statuses = message.destinations
        this.#hearReplays(message.replays)
        return
      case 'ask':
        void this.#answer(message.question, async () => this.#deps.delivered(message.asked))
        return
      case 'stopped':
        this.#stopped?.()
        return
      case 'failed':
        this.#deps.log.error({ reason: message.message }, 'The hub met a fault; it is started again.')
        void this.#worker?.terminate()
    }
  }

  async #record(rows: readonly string[]): Promise<readonly string[]> {
    const { append, clock } = this.#deps
    const records = inRecords('millpond.deliveries', rows, clock.nowMicros())
    await Promise.all(records.map(async (record) => append(record)))
    return []
  }

  async #answer(question: number, work: () => Promise<readonly string[]>): Promise<void> {
    try {
      this.#tell({ kind: 'answered', question, answer: { keys: await work() } })
    } catch (error) {
      this.#tell({ kind: 'answered', question, answer: { error: messageOf(error) } })
    }
  }

  #hearReplays(progress: readonly ReplayProgress[]): void {
    const before = this.#progress
    this.#progress = progress
    for (const one of progress) {
      const isNew = !before.some(({ id, state, isDone }) => id === one.id && state === one.state && isDone)
      if (one.isDone && isNew) this.#deps.replayEnded(one)
    }
  }

  #died(worker: Worker, reason: string): void {
    if (this.#worker !== worker) return
    this.#worker = undefined
    this.#stopped?.()
    if (this.#isStopping) return
    const { clock, log } = this.#deps
    log.error({ reason }, 'The hub ended; it is started again from the positions on disk.')
    this.#cancelRestart = clock.schedule(() => {
      this.#cancelRestart = undefined
      this.#openThread()
    }, restartMs)
  }
}
