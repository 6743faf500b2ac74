// One replay at work, beside the destination's own deliveries and behind them: it waits whenever they have something to do.
import { messageOf } from '../../../core/errors.ts'
import { diskFiles } from '../../../core/files.ts'
import type { HttpSender } from '../../../outgoing/http.ts'
import type { StreamPosition } from '../../../warehouse/driver.ts'
import { createSignal, waitForAny } from '../../warehouse/signal.ts'
import { Breaker } from '../breaker.ts'
import { Courier } from '../courier.ts'
import type { Delivery } from '../delivery.ts'
import type { Destination, OutgoingEvent } from '../destination.ts'
import type { Chunk } from '../feed.ts'
import { type RunDeps, senderTo } from '../destination-run.ts'
import { ledgerRow } from '../ledger-row.ts'
import { PositionFile } from '../position-file.ts'
import { secretsRemover } from '../redact.ts'
import { destinationTypeOf } from '../registry.ts'
import { Shaper } from '../shaper.ts'
import { type Slicing, slicingOf } from '../sliced-feed.ts'
import { deliveryKey, noCounts, type Replay, type ReplayCounts, type ReplayProgress } from './replay.ts'
import { ReplayFeed } from './replay-feed.ts'

export interface ReplayDeps extends RunDeps {
  /** `deliveryKey` of those that the ledger says are there; with `replay` those that this replay has brought. */
  readonly delivered: (events: readonly OutgoingEvent[], replay: string | undefined) => Promise<ReadonlySet<string>>
  /** The destination's own deliveries have nothing to do. */
  readonly isLiveIdle: () => boolean
}

const lookAgainMs = 200

export class ReplayRun {
  readonly replay: Replay
  readonly destination: Destination
  readonly #deps: ReplayDeps
  readonly #stopping = createSignal()
  readonly #position: PositionFile
  #counts = { ...noCounts }
  #isDone = false
  #error: string | null = null
  #nextMs = 0
  #feed: ReplayFeed | undefined
  #courier: Courier | undefined
  #sender: HttpSender | undefined
  #counting: Promise<void> = Promise.resolve()

  constructor(replay: Replay, destination: Destination, deps: ReplayDeps) {
    this.replay = replay
    this.destination = destination
    this.#deps = deps
    this.#position = new PositionFile(deps.dataFolder, `replay-${replay.id}`, { files: diskFiles, clock: deps.clock })
  }

  async begin(): Promise<void> {
    if (this.replay.state === 'counting') {
      this.#counting = this.#count()
      return
    }
    // One that was under way goes on: what lies before its position is settled.
    await this.#position.open({ positions: [], readMicros: 0 })
    this.#deliver()
  }

  progress(): ReplayProgress {
    const { id, state } = this.replay
    const counted = this.#courier === undefined ? {} : this.#courier.counts
    const counts: ReplayCounts = { ...this.#counts, ...counted }
    const lastError = this.#courier?.lastError ?? this.#error
    return { id, state, isDone: this.#isDone, counts, readMicros: this.#feed?.readMicros ?? 0, lastError }
  }

  async stop(): Promise<void> {
    this.#stopping.set()
    await this.#counting
    await this.#courier?.stop()
    if (this.replay.state === 'running') await this.#position.save()
    await this.#feed?.stop()
    await this.#sender?.stop()
  }

  /** Reads all of it, and asks of each event what would become of it. */
  async #count(): Promise<void> {
    const { clock, changed } = this.#deps
    const { destination, replay } = this
    const type = destinationTypeOf(destination.type)
    const shaper = new Shaper({ destination, type, clock })
    try {
      this.#feed = await this.#openFeed(undefined)
      for (let more = true; more && !this.#stopping.isSet;) {
        const chunk = await this.#feed.read(Infinity)
        more = chunk.more
        const there = await this.#deps.delivered(chunk.events, undefined)
        const going = replay.again ? chunk.events : chunk.events.filter((event) => !there.has(deliveryKey(event)))
        const parcels = await shaper.shape(going)
        this.#counts.matched += chunk.events.length
        this.#counts.there += chunk.events.filter((event) => there.has(deliveryKey(event))).length
        for (const { status } of parcels) this.#counts[status ?? 'toSend'] += 1
        changed()
      }
      this.#isDone = !this.#stopping.isSet
    } catch (error) {
      this.#error = messageOf(error)
      this.#deps.log.error({ err: error, destination: destination.name }, 'A replay could not be counted.')
    } finally {
      await shaper.stop()
      changed()
    }
  }

  #deliver(): void {
    const { clock, log, random, record, changed } = this.#deps
    const { destination, replay } = this
    const type = destinationTypeOf(destination.type)
    const removeSecrets = secretsRemover(type, destination.settings)
    // One request at a time: what comes in now goes first.
    this.#sender = senderTo(destination, 1)
    this.#courier = new Courier({
      destination,
      type: { ...type, limits: { ...type.limits, requestsMax: 1 } },
      breaker: new Breaker({ clock, random }),
      send: this.#sender.send,
      woken: createSignal(),
      read: async (eventsMax) => {
        try {
          return await this.#read(eventsMax)
        } catch (error) {
          // What it had read already must be read again.
          await this.#feed?.stop()
          this.#feed = undefined
          throw error
        }
      },
      waitingSinceMicros: clock.nowMicros(),
      record: async (deliveries: readonly Delivery[]) =>
        record(deliveries.map((one) => ledgerRow(one, destination.id, removeSecrets, replay.id))),
      settled: async (positions, isIdle) => {
        await this.#position.move(positions, this.#feed?.readMicros ?? 0, type.repetition === 'by-id')
        this.#isDone = isIdle
        changed()
      },
      removeSecrets,
      changed,
      clock,
      log,
    })
    this.#courier.begin()
  }

  /** The next chunk, when its time has come. */
  async #read(eventsMax: number): Promise<Chunk> {
    await this.#turn()
    if (this.#stopping.isSet) return { events: [], positions: [], more: true }
    const { positions } = this.#position.standing
    if (this.#feed === undefined) {
      const slicing = slicingOf(`${this.destination.id}-replay-${this.replay.id}`, this.destination, this.#position)
      this.#feed = await this.#openFeed(positions.length === 0 ? undefined : positions, slicing)
    }
    const chunk = await this.#feed.read(eventsMax)
    const { eventsPerSecond } = this.replay
    const there = await this.#there(chunk)
    const events = chunk.events.filter((event) => !there.has(deliveryKey(event)))
    this.#counts.matched += chunk.events.length
    this.#counts.there += chunk.events.length - events.length
    this.#nextMs = this.#deps.clock.monotonicMs() + (events.length * 1000) / eventsPerSecond
    return { ...chunk, events }
  }

  /** What is left out of a chunk. */
  async #there({ events, slice }: Chunk): Promise<ReadonlySet<string>> {
    const { delivered } = this.#deps
    const { again, id } = this.replay
    // After a crash it may read once more what it has brought already: the ledger knows.
    if (slice === undefined) return delivered(events, again ? id : undefined)
    // A file takes the place of the one that the first try left: what that held has to be in it.
    if (again) return new Set()
    const own = await delivered(events, id)
    const any = await delivered(events, undefined)
    return new Set([...any].filter((key) => !own.has(key)))
  }

  /** Live deliveries first, and no faster than was asked for. */
  async #turn(): Promise<void> {
    const { clock, isLiveIdle } = this.#deps
    while (!this.#stopping.isSet) {
      const paceMs = this.#nextMs - clock.monotonicMs()
      if (paceMs <= 0 && isLiveIdle()) return
      await waitForAny([this.#stopping], { clock, ms: Math.max(paceMs, lookAgainMs) })
    }
  }

  async #openFeed(positions: readonly StreamPosition[] | undefined, slicing?: Slicing): Promise<ReplayFeed> {
    const { dataFolder, suppression, loaded, clock, log } = this.#deps
    const { replay, destination } = this
    const options = { dataFolder, wish: replay, destination, suppression, positions, loaded: loaded(), slicing }
    return ReplayFeed.open(options, { clock, log })
  }
}
