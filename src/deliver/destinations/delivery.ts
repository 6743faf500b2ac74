// What became of one event at one destination: an entry of the ledger.
import type { OutgoingEvent } from './destination.ts'

/**
 * `delivered`: the service took it. `rejected`: it won't, and why. `skipped`: it wasn't meant for this destination.
 * `expired`: too old, or it waited too long. `unconfirmed`: it was sent, no answer came, and a second time might count twice.
 */
export type DeliveryStatus = 'delivered' | 'rejected' | 'skipped' | 'expired' | 'unconfirmed'

export interface Delivery {
  readonly destination: string
  readonly destinationType: string
  readonly destinationVersion: number
  readonly event: OutgoingEvent
  /** What was, or would have been, sent. */
  readonly payload: readonly string[]
  readonly attempts: number
  readonly status: DeliveryStatus
  readonly reason: string
  /** The last answer, or why there was none. */
  readonly answer: string
  readonly settledAtMicros: number
}
