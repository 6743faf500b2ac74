// Brings events to one destination: reads a chunk, sends it in requests, settles what becomes of every event, and only then moves
// its position. What fails for now is tried again, by the clock of this destination alone.
//
//   reading ─▶ shaping ─▶ sending ──all of the chunk settled──▶ written to the ledger ─▶ position ─▶ reading
//      ▲                    │ later, blocked: waits for the breaker, tries again (for at most `waitHoursMax`)
//      └── nothing there ── woken by the next load          │ refused: sent again in halves, down to the event at fault
import type { Clock } from '../../core/clock.ts'
import { messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { StreamPosition } from '../../warehouse/driver.ts'
import { createSignal, type Signal, waitForAny } from '../warehouse/signal.ts'
import type { Breaker } from './breaker.ts'
import type { Destination, DestinationType, Outcome } from './destination.ts'
import type { Delivery, DeliveryStatus } from './delivery.ts'
import type { Chunk } from './feed.ts'
import type { Send } from '../../outgoing/http.ts'
import { envelopeBytes, type Parcel, Shaper } from './shaper.ts'

export interface CourierDeps {
  readonly destination: Destination
  readonly type: DestinationType
  readonly breaker: Breaker
  readonly send: Send
  /** Next chunk behind the last one. */
  readonly read: (eventsMax: number) => Promise<Chunk>
  /** Set when something new may be there. */
  readonly woken: Signal
  /** Resolves once they are durable. */
  readonly record: (deliveries: readonly Delivery[]) => Promise<void>
  /** Before then nothing could have been waiting: of a replay, when it began. */
  readonly waitingSinceMicros?: number
  readonly settled: (positions: readonly StreamPosition[], isIdle: boolean) => Promise<void>
  /** From texts of the other side, which may echo them. */
  readonly removeSecrets: (text: string) => string
  /** Something else stands in the status. */
  readonly changed: () => void
  readonly clock: Clock
  readonly log: Log
}

export type CourierCounts = Record<DeliveryStatus, number>

/** A chunk, and what became of its events once that is known. */
interface Work {
  readonly chunk: Chunk
  deliveries: readonly Delivery[] | undefined
}

interface Unanswered {
  readonly kind: 'unanswered'
  readonly reason: string
}

interface Load {
  readonly slice: string | undefined
  readonly lane: string
  readonly parcels: readonly Parcel[]
  readonly texts: readonly string[]
  /** Of its last answer; undefined: none came. */
  status: number | undefined
  /** Errors of the service's own that it was answered with. */
  serverErrors: number
  /** How much had succeeded when the first of them came. */
  successesBefore: number | undefined
}

const chunkEventsMax = 10_000
/** An event that couldn't be delivered for so long is given up, and the ledger says so. */
export const waitHoursMax = 14 * 24
/** Errors of the service's own with the same request: perhaps one event in it is the reason. */
const serverErrorsMax = 4
/** By then more than an hour has passed. */
const loneServerErrorsMax = 20
const pauseAfterFaultMs = 5000

export class Courier {
  readonly #deps: CourierDeps
  readonly #stopping = new AbortController()
  readonly #stopped = createSignal()
  readonly #shaper: Shaper
  readonly counts: CourierCounts = { delivered: 0, rejected: 0, skipped: 0, expired: 0, unconfirmed: 0 }
  lastError: string | null = null
  #successes = 0
  #running: Promise<void> = Promise.resolve()

  constructor(deps: CourierDeps) {
    this.#deps = deps
    this.#shaper = new Shaper(deps)
  }

  begin(): void {
    this.#running = this.#run()
  }

  /** What is under way is broken off: it was not settled, and is read again. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    this.#stopped.set()
    this.#deps.breaker.stop()
    await this.#shaper.stop()
    await this.#running
  }

  get #isStopping(): boolean {
    return this.#stopping.signal.aborted
  }

  async #run(): Promise<void> {
    let work: Work | undefined
    while (!this.#isStopping) {
      try {
        if (work === undefined) {
          this.#deps.woken.clear()
          work = { chunk: await this.#deps.read(this.#chunkEvents()), deliveries: undefined }
        }
        if (await this.#deliver(work)) work = undefined
      } catch (error) {
        // Ours, or the disk's: the chunk is kept, and nothing of it is lost.
        this.lastError = messageOf(error)
        this.#deps.log.error(
          { err: error, destination: this.#deps.destination.name },
          'Delivering failed; tried again.',
        )
        await waitForAny([this.#stopped], { clock: this.#deps.clock, ms: pauseAfterFaultMs })
      }
    }
  }

  #chunkEvents(): number {
    const { eventsPerRequestMax, requestsMax } = this.#deps.type.limits
    return Math.min(chunkEventsMax, Math.max(100, eventsPerRequestMax * requestsMax))
  }

  /** True: settled, go on behind it. */
  async #deliver(work: Work): Promise<boolean> {
    const { settled, record, woken } = this.#deps
    const { chunk } = work
    if (work.deliveries === undefined) {
      const parcels = await this.#shaper.shape(chunk.events)
      await this.#sendAll(parcels, chunk.slice)
      if (this.#isStopping) return false
      // From here on nothing of it is sent again, however often the disk refuses the ledger.
      work.deliveries = parcels.filter(({ status }) => status !== undefined).map((one) => this.#deliveryOf(one))
    }
    if (work.deliveries.length > 0) await record(work.deliveries)
    await settled(chunk.positions, !chunk.more)
    for (const { status } of work.deliveries) this.counts[status] += 1
    if (!chunk.more) await waitForAny([woken, this.#stopped])
    return true
  }

  async #sendAll(parcels: readonly Parcel[], slice: string | undefined): Promise<void> {
    const { type } = this.#deps
    const { requestsMax } = type.limits
    const loads = pack(parcels, type, slice)
    const workers = Array.from({ length: Math.min(requestsMax, loads.length) }, async () => {
      for (let load = loads.shift(); load !== undefined && !this.#isStopping; load = loads.shift()) {
        const halves = await this.#sendOne(load)
        loads.unshift(...halves)
      }
    })
    await Promise.all(workers)
  }

  /** Until it is settled, or in halves: those are given back. */
  async #sendOne(load: Load): Promise<readonly Load[]> {
    const { breaker } = this.#deps
    while (await breaker.permit()) {
      const outcome = await this.#tryOrRefuse(load)
      if (outcome === undefined) return []
      if (outcome.kind === 'taken') {
        this.#succeeded()
        const rejected = new Map(outcome.rejected.map(({ index, reason }) => [index, reason]))
        for (const [index, parcel] of load.parcels.entries()) settle(parcel, rejected.get(index))
        return []
      }
      if (outcome.kind === 'unanswered') {
        this.#failedWith(outcome.reason)
        breaker.failed()
        for (const parcel of load.parcels) {
          parcel.status = 'unconfirmed'
          parcel.reason = 'It was sent, and no answer came; a second time might count twice'
        }
        return []
      }
      if (outcome.kind === 'refused') {
        this.#succeeded()
        return this.#halve(load, outcome.reason)
      }
      this.#failedWith(outcome.reason)
      breaker.failed(outcome.kind === 'later' ? outcome.afterMs : undefined)
      if (this.#isPoison(load)) return this.#halve(load, outcome.reason)
      if (this.#expire(load)) return []
    }
    return []
  }

  #failedWith(reason: string): void {
    this.lastError = this.#deps.removeSecrets(reason)
    this.#deps.changed()
  }

  #succeeded(): void {
    this.#successes += 1
    this.lastError = null
    this.#deps.breaker.succeeded()
  }

  /** Is something in the request the reason why the service stumbles? */
  #isPoison(load: Load): boolean {
    const { status = 0 } = load
    if (this.#isWhole) return false
    if (status < 500 || status > 599) return false
    load.serverErrors += 1
    load.successesBefore ??= this.#successes
    if (load.serverErrors < serverErrorsMax) return false
    if (load.texts.length > 1 || this.#successes > load.successesBefore) return true
    // Nothing else to compare with. 502, 503 and 504 are said of services that are away; 500 by one that read the event.
    return status === 500 && load.serverErrors >= loneServerErrorsMax
  }

  #halve(load: Load, reason: string): readonly Load[] {
    const { parcels, texts } = load
    if (texts.length === 1) {
      for (const parcel of parcels) settle(parcel, reason)
      return []
    }
    const middle = Math.ceil(texts.length / 2)
    const part = (from: number, to: number): Load => ({
      ...load,
      parcels: parcels.slice(from, to),
      texts: texts.slice(from, to),
      serverErrors: 0,
    })
    return [part(0, middle), part(middle, texts.length)]
  }

  /** True: all of it waited too long. */
  #expire(load: Load): boolean {
    const { clock, waitingSinceMicros = 0 } = this.#deps
    const { ageHoursMax = Infinity } = this.#deps.type.limits
    const hour = 3_600_000_000
    const now = clock.nowMicros()
    const isLate = ({ event }: Parcel): boolean =>
      now - Math.max(event.receivedAtMicros, waitingSinceMicros) > waitHoursMax * hour ||
      now - event.atMicros > ageHoursMax * hour
    if (!load.parcels.every(isLate)) return false
    for (const parcel of load.parcels) {
      parcel.status = 'expired'
      parcel.reason = `Not delivered within ${Math.min(waitHoursMax, ageHoursMax)} h: ${this.lastError ?? ''}`
    }
    return true
  }

  /** A mapping of ours that throws is like a refusal: the event at fault is found by halves. Undefined: broken off by a stop. */
  async #tryOrRefuse(load: Load): Promise<Outcome | Unanswered | undefined> {
    try {
      return await this.#try(load)
    } catch (error) {
      return { kind: this.#isWhole ? 'blocked' : 'refused', reason: messageOf(error) }
    }
  }

  /** A file under half its name would be another file, beside the one that may be there already. */
  get #isWhole(): boolean {
    return this.#deps.type.slices !== undefined
  }

  async #try(load: Load): Promise<Outcome | Unanswered | undefined> {
    const { type, destination, send, clock } = this.#deps
    const { settings } = destination
    for (const parcel of load.parcels) parcel.attempts += 1
    const request = type.request(load.lane, load.texts, settings, clock.nowMicros(), load.slice)
    const sent = await send(request, this.#stopping.signal)
    if (this.#isStopping) return undefined
    const { answer, error } = sent
    load.status = answer?.status
    const text = answer === undefined ? error : `HTTP ${answer.status} ${answer.body.slice(0, 500)}`.trim()
    for (const parcel of load.parcels) parcel.answer = text
    if (answer !== undefined) return type.judge(answer, load.texts.length, load.lane)
    if (sent.isAmbiguous && type.repeatsUnanswered?.(settings) === false) return { kind: 'unanswered', reason: error }
    return { kind: 'later', reason: error }
  }

  #deliveryOf({ event, items, attempts, status = 'skipped', reason, answer }: Parcel): Delivery {
    const { destination, clock } = this.#deps
    return {
      destination: destination.name,
      destinationType: destination.type,
      destinationVersion: destination.version,
      event,
      payload: items.map(({ text }) => text),
      attempts,
      status,
      reason,
      answer,
      settledAtMicros: clock.nowMicros(),
    }
  }
}

/** Requests: items of one lane share one, as many as it may hold. */
function pack(parcels: readonly Parcel[], type: DestinationType, slice: string | undefined): Load[] {
  const { eventsPerRequestMax, bytesPerRequestMax, perLane } = type.limits
  const loads: Load[] = []
  const open = new Map<string, { load: { parcels: Parcel[]; texts: string[] }; bytes: number }>()
  for (const parcel of parcels) {
    for (const { lane, text } of parcel.items) {
      const bytes = Buffer.byteLength(text) + 1
      let at = open.get(lane)
      const itemsMax = perLane?.[lane] ?? eventsPerRequestMax
      if (
        at === undefined ||
        at.load.texts.length >= itemsMax ||
        at.bytes + bytes > bytesPerRequestMax - envelopeBytes
      ) {
        const load = { parcels: [], texts: [] }
        at = { load, bytes: 0 }
        open.set(lane, at)
        loads.push({ slice, lane, status: undefined, serverErrors: 0, successesBefore: undefined, ...load })
      }
      at.load.parcels.push(parcel)
      at.load.texts.push(text)
      at.bytes += bytes
    }
  }
  return loads
}

/** One of the parcel's items is done; the parcel is, once all are. What was refused of it counts. */
function settle(parcel: Parcel, rejection: string | undefined): void {
  parcel.open -= 1
  if (rejection !== undefined) {
    parcel.status = 'rejected'
    parcel.reason = rejection
  } else if (parcel.open === 0) parcel.status ??= 'delivered'
}
