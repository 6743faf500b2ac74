// What events become for one destination before anything is sent: who isn't meant to go there stays, the others are mapped. The
// same for a delivery, a replay and a preview.
import type { Clock } from '../../core/clock.ts'
import { messageOf } from '../../core/errors.ts'
import type { Destination, DestinationType, Item, OutgoingEvent, Shaped } from './destination.ts'
import type { DeliveryStatus } from './delivery.ts'
import { type Routed, Router } from './routing/router.ts'
import { missingConsentFor, wantedBy } from './routing/wanted.ts'

/** An event on its way, with all that it became. */
export interface Parcel {
  readonly event: OutgoingEvent
  readonly items: readonly Item[]
  attempts: number
  /** Undefined: some of its items are still to be sent. */
  status: DeliveryStatus | undefined
  reason: string
  /** The last one. */
  answer: string
  /** Items that aren't settled. */
  open: number
}

export interface ShaperDeps {
  readonly destination: Destination
  readonly type: DestinationType
  readonly clock: Clock
}

/** Of a request, around its items. */
export const envelopeBytes = 1024

export class Shaper {
  readonly #deps: ShaperDeps
  readonly #isWanted: ReturnType<typeof wantedBy>
  readonly #missingConsent: ReturnType<typeof missingConsentFor>
  readonly #router: Router

  constructor(deps: ShaperDeps) {
    this.#deps = deps
    this.#router = new Router(deps)
    this.#isWanted = wantedBy(deps.type.integrationNames)
    this.#missingConsent = missingConsentFor(deps.destination.settings)
  }

  /** A parcel for each event; those that stay have their status already. One call at a time. */
  async shape(events: readonly OutgoingEvent[]): Promise<Parcel[]> {
    const stays = events.map((event) => this.#stays(event))
    const routed = await this.#router.route(events.filter((_event, index) => stays[index] === undefined))
    let next = 0
    return events.map((event, index) => {
      const fresh: Parcel = { event, items: [], attempts: 0, status: undefined, reason: '', answer: '', open: 0 }
      return { ...fresh, ...(stays[index] ?? this.#shapeAll(routed[next++])) }
    })
  }

  /** What is wrong with the scripts of the rules; undefined: nothing. */
  async problem(): Promise<string | undefined> {
    return this.#router.problem()
  }

  async stop(): Promise<void> {
    await this.#router.stop()
  }

  #stays(event: OutgoingEvent): Pick<Parcel, 'status' | 'reason'> | undefined {
    const { type, clock } = this.#deps
    const { ageHoursMax = Infinity } = type.limits
    const category = this.#missingConsent(event)
    if (category !== undefined) return { status: 'skipped', reason: `No consent for ${category}` }
    if (!this.#isWanted(event)) return { status: 'skipped', reason: "The event's `integrations` say no" }
    const ageHours = (clock.nowMicros() - event.atMicros) / 3_600_000_000
    if (ageHours <= ageHoursMax) return undefined
    return { status: 'expired', reason: `${type.title} takes no events older than ${ageHoursMax} h` }
  }

  /** What the rules made of one event. */
  #shapeAll(routed: Routed | undefined): Partial<Parcel> {
    if (routed === undefined || 'rejected' in routed) return { status: 'rejected', reason: routed?.rejected ?? '' }
    if ('skipped' in routed) return { status: 'skipped', reason: routed.skipped }
    const items: Item[] = []
    let skipped = 'It became nothing'
    for (const event of routed.events) {
      const shaped = this.#shapeOne(event)
      if ('refused' in shaped) return { status: 'rejected', reason: shaped.refused }
      if ('skipped' in shaped) skipped = shaped.skipped
      else items.push(...shaped.items)
    }
    if (items.length === 0) return { status: 'skipped', reason: skipped }
    const { bytesPerRequestMax } = this.#deps.type.limits
    if (items.some(({ text }) => Buffer.byteLength(text) > bytesPerRequestMax - envelopeBytes)) {
      return { status: 'rejected', reason: `It is larger than ${bytesPerRequestMax} bytes` }
    }
    return { items, open: items.length }
  }

  #shapeOne(event: OutgoingEvent): Shaped {
    const { destination, type } = this.#deps
    try {
      return type.shape(event, destination.settings)
    } catch (error) {
      // A mapping that stumbles over one event must not stop the others.
      return { refused: `It could not be mapped: ${messageOf(error)}` }
    }
  }
}
