// The hub's thread: one run per active destination. Off the engine's own thread, which answers people and loads.
import { parentPort, workerData } from 'node:worker_threads'

import { systemClock } from '../../core/clock.ts'
import { assert, messageOf } from '../../core/errors.ts'
import { createLog, logOf, type Log } from '../../core/log.ts'
import { stepBack } from '../../core/thread-priority.ts'
import type { StreamPosition } from '../../warehouse/driver.ts'
import { type ErasedPerson, Suppression } from '../maintenance/suppression.ts'
import type { Destination, OutgoingEvent } from './destination.ts'
import { DestinationRun, type RunDeps } from './destination-run.ts'
import type { DeliveredQuestion, FromHub, HubStart, ToHub } from './hub-messages.ts'
import { destinationTypeOf } from './registry.ts'
import type { Replay } from './replay/replay.ts'
import { ReplayRun } from './replay/replay-run.ts'

const clock = systemClock
/** Of one question to the ledger. */
const askedEventsMax = 500
/** Whoever looks at the status sees it this old at most. */
const statusEveryMs = 200

class HubThread {
  readonly #start: HubStart
  readonly #post: (message: FromHub) => void
  readonly #log: Log
  readonly #runs = new Map<string, DestinationRun>()
  readonly #replayRuns = new Map<string, ReplayRun>()
  readonly #asked = new Map<number, { resolve: (keys: readonly string[]) => void; reject: (error: Error) => void }>()
  #questions = 0
  #loaded: readonly StreamPosition[]
  #destinations: readonly Destination[] = []
  #replays: readonly Replay[] = []
  #suppression: Suppression
  #cancelStatus: (() => void) | undefined

  constructor(start: HubStart, post: (message: FromHub) => void) {
    this.#start = start
    this.#post = post
    this.#loaded = start.loaded
    this.#suppression = new Suppression(start.erased)
    this.#log = logOf(createLog(start.logLevel), 'hub')
  }

  async set(
    destinations: readonly Destination[],
    replays: readonly Replay[],
    beginning: readonly StreamPosition[],
  ): Promise<void> {
    this.#destinations = destinations
    this.#replays = replays
    const wanted = new Map(destinations.map((one) => [one.id, one]))
    for (const [id, run] of this.#runs) {
      if (wanted.get(id)?.version === run.destination.version) continue
      this.#runs.delete(id)
      await run.stop()
    }
    for (const destination of destinations) {
      if (this.#runs.has(destination.id)) continue
      const run = new DestinationRun(destination, this.#runDeps())
      await run.begin(beginning)
      this.#runs.set(destination.id, run)
    }
    await this.#setReplays()
    this.#tell()
  }

  async #setReplays(): Promise<void> {
    for (const [id, run] of this.#replayRuns) {
      const wanted = this.#replays.find((one) => one.id === id)
      const { version } = this.#destinations.find((one) => one.id === wanted?.destination) ?? {}
      if (wanted?.state === run.replay.state && version === run.destination.version) continue
      this.#replayRuns.delete(id)
      await run.stop()
    }
    for (const replay of this.#replays) {
      // Of one that is disabled it waits.
      const destination = this.#destinations.find((one) => one.id === replay.destination)
      if (destination === undefined || this.#replayRuns.has(replay.id)) continue
      const run = new ReplayRun(replay, destination, {
        ...this.#runDeps(),
        loaded: () => this.#replayable(destination),
        delivered: async (events, own) => this.#delivered(destination.id, events, own),
        isLiveIdle: () => this.#runs.get(destination.id)?.isIdle === true,
      })
      await run.begin()
      this.#replayRuns.set(replay.id, run)
    }
  }

  /** Of files, what waits for its own file stays out of those of replays. */
  #replayable({ id, type }: Destination): readonly StreamPosition[] {
    if (destinationTypeOf(type).slices === undefined) return this.#loaded
    return this.#runs.get(id)?.status().positions ?? []
  }

  #runDeps(): RunDeps {
    return {
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
    }
  }

  /** All begin anew: what an erased person said may be waiting in one of them. */
  async erased(erased: readonly ErasedPerson[]): Promise<void> {
    this.#suppression = new Suppression(erased)
    const destinations = this.#destinations
    const replays = this.#replays
    await this.set([], [], [])
    await this.set(destinations, replays, this.#loaded)
  }

  loaded(positions: readonly StreamPosition[]): void {
    this.#loaded = positions
    for (const run of this.#runs.values()) run.wake()
  }

  answered(question: number, answer: { readonly keys: readonly string[] } | { readonly error: string }): void {
    const waiting = this.#asked.get(question)
    this.#asked.delete(question)
    if ('keys' in answer) waiting?.resolve(answer.keys)
    else waiting?.reject(new Error(answer.error))
  }

  async stop(): Promise<void> {
    for (const { reject } of this.#asked.values()) reject(new Error('The hub is stopping.'))
    await Promise.all([...this.#replayRuns.values(), ...this.#runs.values()].map(async (run) => run.stop()))
    this.#cancelStatus?.()
  }

  async #record(rows: readonly string[]): Promise<void> {
    await this.#question((question) => ({ kind: 'record', question, rows }))
  }

  async #delivered(
    destination: string,
    events: readonly OutgoingEvent[],
    replay: string | undefined,
  ): Promise<ReadonlySet<string>> {
    const there = new Set<string>()
    for (let at = 0; at < events.length; at += askedEventsMax) {
      const part = events.slice(at, at + askedEventsMax)
      const times = part.map(({ receivedAtMicros }) => receivedAtMicros)
      const asked: DeliveredQuestion = {
        destination,
        replay,
        events: part.map(({ source, messageId }) => ({ source, messageId })),
        fromMicros: Math.min(...times),
        toMicros: Math.max(...times),
      }
      for (const key of await this.#question((question) => ({ kind: 'ask', question, asked }))) there.add(key)
    }
    return there
  }

  async #question(messageOf: (question: number) => FromHub): Promise<readonly string[]> {
    const question = ++this.#questions
    return new Promise((resolve, reject) => {
      this.#asked.set(question, { resolve, reject })
      this.#post(messageOf(question))
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
    this.#post({
      kind: 'status',
      destinations: [...this.#runs.values()].map((run) => run.status()),
      replays: [...this.#replayRuns.values()].map((run) => run.progress()),
    })
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
  let queue = hub.set(start.destinations, start.replays, start.loaded).catch(fail)
  port.on('message', (message: ToHub) => {
    switch (message.kind) {
      case 'destinations':
        queue = queue.then(async () => hub.set(message.destinations, message.replays, message.loaded)).catch(fail)
        return
      case 'erased':
        queue = queue.then(async () => hub.erased(message.erased)).catch(fail)
        return
      case 'loaded':
        hub.loaded(message.positions)
        return
      case 'answered':
        hub.answered(message.question, message.answer)
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
