// The hub's thread: one run per active destination. Off the engine's own thread, which answers people and loads.
import { parentPort, workerData } from 'node:worker_threads'

import { systemClock } from '../../core/clock.ts'
import { assert, messageOf } from '../../core/errors.ts'
import { createLog, logOf, type Log } from '../../core/log.ts'
import { stepBack } from '../../core/thread-priority.ts'
import type { StreamPosition } from '../../warehouse/driver.ts'
import { type ErasedPerson, Suppression } from '../maintenance/suppression.ts'
import type { Destination } from './destination.ts'
import { DestinationRun } from './destination-run.ts'
import type { FromHub, HubStart, ToHub } from './hub-messages.ts'

const clock = systemClock
/** Whoever looks at the status sees it this old at most. */
const statusEveryMs = 200

class HubThread {
  readonly #start: HubStart
  readonly #post: (message: FromHub) => void
  readonly #log: Log
  readonly #runs = new Map<string, DestinationRun>()
  readonly #recording = new Map<number, { resolve: () => void; reject: (error: Error) => void }>()
  #questions = 0
  #loaded: readonly StreamPosition[]
  #destinations: readonly Destination[] = []
  #suppression: Suppression
  #cancelStatus: (() => void) | undefined

  constructor(start: HubStart, post: (message: FromHub) => void) {
    this.#start = start
    this.#post = post
    this.#loaded = start.loaded
    this.#suppression = new Suppression(start.erased)
    this.#log = logOf(createLog(start.logLevel), 'hub')
  }

  async set(destinations: readonly Destination[], beginning: readonly StreamPosition[]): Promise<void> {
    this.#destinations = destinations
    const wanted = new Map(destinations.map((one) => [one.id, one]))
    for (const [id, run] of this.#runs) {
      if (wanted.get(id)?.version === run.destination.version) continue
      this.#runs.delete(id)
      await run.stop()
    }
    for (const destination of destinations) {
      if (this.#runs.has(destination.id)) continue
      const run = new DestinationRun(destination, {
        dataFolder: this.#start.dataFolder,
        loaded: () => this.#loaded,
        suppression: this.#suppression,
        record: async (rows) => this.#record(rows),
        changed: () => {
          this.#tellLater()
        },
        clock,
        log: this.#log,
        random: Math.random,
      })
      await run.begin(beginning)
      this.#runs.set(destination.id, run)
    }
    this.#tell()
  }

  /** All begin anew: what an erased person said may be waiting in one of them. */
  async erased(erased: readonly ErasedPerson[]): Promise<void> {
    this.#suppression = new Suppression(erased)
    const destinations = this.#destinations
    await this.set([], [])
    await this.set(destinations, this.#loaded)
  }

  loaded(positions: readonly StreamPosition[]): void {
    this.#loaded = positions
    for (const run of this.#runs.values()) run.wake()
  }

  recorded(question: number, error: string | undefined): void {
    const waiting = this.#recording.get(question)
    this.#recording.delete(question)
    if (error === undefined) waiting?.resolve()
    else waiting?.reject(new Error(error))
  }

  async stop(): Promise<void> {
    for (const { reject } of this.#recording.values()) reject(new Error('The hub is stopping.'))
    await Promise.all([...this.#runs.values()].map(async (run) => run.stop()))
    this.#cancelStatus?.()
  }

  async #record(rows: readonly string[]): Promise<void> {
    const question = ++this.#questions
    await new Promise<void>((resolve, reject) => {
      this.#recording.set(question, { resolve, reject })
      this.#post({ kind: 'record', question, rows })
    })
  }

  #tellLater(): void {
    this.#cancelStatus ??= clock.schedule(() => {
      this.#tell()
    }, statusEveryMs)
  }

  #tell(): void {
    this.#cancelStatus?.()
    this.#cancelStatus = undefined
    this.#post({ kind: 'status', destinations: [...this.#runs.values()].map((run) => run.status()) })
  }
}

function runWorker(): void {
  const port = parentPort
  assert(port !== null, 'this file runs in a worker thread')
  stepBack()
  const start = workerData as HubStart
  const post = (message: FromHub): void => {
    port.postMessage(message)
  }
  const hub = new HubThread(start, post)
  const fail = (error: unknown): void => {
    post({ kind: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : messageOf(error) })
  }
  // Changes one after the other; what a run waits for must pass them.
  let queue = hub.set(start.destinations, start.loaded).catch(fail)
  port.on('message', (message: ToHub) => {
    switch (message.kind) {
      case 'destinations':
        queue = queue.then(async () => hub.set(message.destinations, message.loaded)).catch(fail)
        return
      case 'erased':
        queue = queue.then(async () => hub.erased(message.erased)).catch(fail)
        return
      case 'loaded':
        hub.loaded(message.positions)
        return
      case 'recorded':
        hub.recorded(message.question, message.error)
        return
      case 'stop':
        void queue
          .then(async () => hub.stop())
          .catch(fail)
          .finally(() => {
            post({ kind: 'stopped' })
          })
    }
  })
}

runWorker()
