// What events become for one destination before anything is sent: who isn't meant to go there stays, the others are mapped. The
// same for a delivery, a replay and a preview.
import type { Clock } from '../../core/clock.ts'
import { messageOf } from '../../core/errors.ts'
import type { Destination, DestinationType, Item, OutgoingEvent } from './destination.ts'
import type { DeliveryStatus } from './delivery.ts'
import { missingConsentFor, wantedBy } from './routing.ts'

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

  constructor(deps: ShaperDeps) {
    this.#deps = deps
    this.#isWanted = wantedBy(deps.type.integrationNames)
    this.#missingConsent = missingConsentFor(deps.destination.settings)
  }

  /** A parcel for each event; those that stay have their status already. */
  shape(events: readonly OutgoingEvent[]): Parcel[] {
    return events.map((event) => {
      const fresh: Parcel = { event, items: [], attempts: 0, status: undefined, reason: '', answer: '', open: 0 }
      return { ...fresh, ...(this.#stays(event) ?? this.#shapeOne(event)) }
    })
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

  #shapeOne(event: OutgoingEvent): Partial<Parcel> {
    const { destination, type } = this.#deps
    try {
      const shaped = type.shape(event, destination.settings)
      if ('skipped' in shaped) return { status: 'skipped', reason: shaped.skipped }
      if ('refused' in shaped) return { status: 'rejected', reason: shaped.refused }
      if (shaped.items.length === 0) return { status: 'skipped', reason: 'It became nothing' }
      const { bytesPerRequestMax } = type.limits
      if (shaped.items.some(({ text }) => Buffer.byteLength(text) > bytesPerRequestMax - envelopeBytes)) {
        return { status: 'rejected', reason: `It is larger than ${bytesPerRequestMax} bytes` }
      }
      return { items: shaped.items, open: shaped.items.length }
    } catch (error) {
      // A mapping that stumbles over one event must not stop the others.
      return { status: 'rejected', reason: `It could not be mapped: ${messageOf(error)}` }
    }
  }
}
