// One destination at work: its reader, its breaker, its connections, its position, and the courier that uses them.
import type { Clock } from '../../core/clock.ts'
import { type Files, diskFiles } from '../../core/files.ts'
import type { Log } from '../../core/log.ts'
import type { StreamPosition } from '../../warehouse/driver.ts'
import type { Suppression } from '../maintenance/suppression.ts'
import { createSignal } from '../warehouse/signal.ts'
import { Breaker } from './breaker.ts'
import { Courier } from './courier.ts'
import type { Destination } from './destination.ts'
import { type EventFeed, Feed } from './feed.ts'
import { createHttpSender, type HttpSender } from '../../outgoing/http.ts'
import type { DestinationStatus } from './hub-messages.ts'
import { ledgerRow } from './ledger-row.ts'
import { PositionFile } from './position-file.ts'
import { secretsRemover } from './redact.ts'
import { destinationTypeOf } from './registry.ts'
import { SlicedFeed, slicingOf } from './sliced-feed.ts'

export interface RunDeps {
  readonly dataFolder: string
  readonly loaded: () => readonly StreamPosition[]
  readonly suppression: Suppression
  /** Resolves once the rows of the ledger are durable. */
  readonly record: (rows: readonly string[]) => Promise<void>
  readonly changed: () => void
  readonly clock: Clock
  readonly log: Log
  readonly random: () => number
  readonly files?: Files
}

/** For one request. */
const timeoutMs = 30_000

export function senderTo({ settings }: Destination, connectionsMax: number): HttpSender {
  const allowPrivateNetwork = settings['allowPrivateNetwork'] === 'true'
  return createHttpSender({ allowPrivateNetwork, timeoutMs, connectionsMax })
}

export class DestinationRun {
  readonly destination: Destination
  readonly #deps: RunDeps
  readonly #woken = createSignal()
  readonly #breaker: Breaker
  readonly #sender: HttpSender
  readonly #position: PositionFile
  readonly #courier: Courier
  #feed: EventFeed | undefined
  #isIdle = false

  constructor(destination: Destination, deps: RunDeps) {
    const { clock, log, random, files = diskFiles } = deps
    this.destination = destination
    this.#deps = deps
    const type = destinationTypeOf(destination.type)
    const removeSecrets = secretsRemover(type, destination.settings)
    this.#breaker = new Breaker({ clock, random })
    this.#sender = senderTo(destination, type.limits.requestsMax)
    this.#position = new PositionFile(deps.dataFolder, destination.id, { files, clock })
    this.#courier = new Courier({
      destination,
      type,
      breaker: this.#breaker,
      send: this.#sender.send,
      woken: this.#woken,
      read: async (eventsMax) => {
        this.#feed ??= await this.#openFeed()
        this.#isIdle = false
        try {
          return await this.#feed.read(deps.loaded(), eventsMax)
        } catch (error) {
          // What it had read already must be read again.
          await this.#feed.stop()
          this.#feed = undefined
          throw error
        }
      },
      record: async (deliveries) => {
        const rows = deliveries.map((one) => ledgerRow(one, destination.id, removeSecrets, null))
        if (rows.length > 0) await deps.record(rows)
      },
      settled: async (positions, isIdle) => {
        const readMicros = this.#feed?.readMicros ?? this.#position.standing.readMicros
        await this.#position.move(positions, readMicros, type.repetition === 'by-id')
        this.#isIdle = isIdle
        deps.changed()
      },
      removeSecrets,
      changed: deps.changed,
      clock,
      log,
    })
  }

  /** `beginning`: of one that never stood anywhere: what was loaded when it was set up, however long that took. */
  async begin(beginning: readonly StreamPosition[]): Promise<void> {
    await this.#position.open({ positions: beginning, readMicros: this.#deps.clock.nowMicros() })
    this.#courier.begin()
  }

  /** Nothing is waiting, and nothing is on its way. */
  get isIdle(): boolean {
    return this.#isIdle && this.#breaker.failures === 0
  }

  /** The warehouse stands further on. */
  wake(): void {
    this.#woken.set()
  }

  status(): DestinationStatus {
    const { pauseMs, failures } = this.#breaker
    const { positions, readMicros } = this.#position.standing
    const state = failures > 0 ? 'waiting' : this.#isIdle ? 'idle' : 'delivering'
    const { lastError, counts } = this.#courier
    const { id } = this.destination
    return { id, state, retryInMs: Math.round(pauseMs), failures, lastError, counts, positions, readMicros }
  }

  async #openFeed(): Promise<EventFeed> {
    const { dataFolder, suppression, clock, log } = this.#deps
    const { positions } = this.#position.standing
    const { id, sources } = this.destination
    const options = { dataFolder, positions, sources, suppression }
    const slicing = slicingOf(id, this.destination, this.#position)
    if (slicing === undefined) return Feed.open(options, { clock, log })
    const wake = (): void => {
      this.wake()
    }
    return SlicedFeed.open({ ...options, ...slicing, wake }, { clock, log })
  }

  async stop(): Promise<void> {
    await this.#courier.stop()
    await this.#position.save()
    await this.#feed?.stop()
    await this.#sender.stop()
  }
}
