// Events of the past, sent to a destination once more: what somebody asked for, and how far it is.
//
//   counting ─▶ counted ──started──▶ running ─▶ done
//       └───────────┴──────cancelled────┘
import type { EventType } from '../../../core/event.ts'
import type { OutgoingEvent } from '../destination.ts'

export interface ReplayWish {
  /** Events received from then on, … */
  readonly fromMicros: number
  /** … and before then. */
  readonly toMicros: number
  /** A user id or an anonymous id, as it was sent. */
  readonly person?: string | undefined
  readonly calls?: readonly EventType[] | undefined
  /** Names of track, page and screen calls. */
  readonly events?: readonly string[] | undefined
  /** Also what the ledger says is there already. */
  readonly again: boolean
  readonly eventsPerSecond: number
}

export interface Replay extends ReplayWish {
  readonly id: string
  /** Id. */
  readonly destination: string
  /** At work; what is counted or done isn't the hub's. */
  readonly state: 'counting' | 'running'
}

/** Of events. */
export interface ReplayCounts {
  /** In the range, by this person, of these names. */
  readonly matched: number
  /** The ledger says that the service has them: left out, or, with `again`, sent all the same. */
  readonly there: number
  /** Counting: would be sent. Running: 0. */
  readonly toSend: number
  readonly delivered: number
  /** While it is counted: what would become of them. */
  readonly rejected: number
  readonly skipped: number
  readonly expired: number
  readonly unconfirmed: number
}

export interface ReplayProgress {
  readonly id: string
  /** The state of which this is the progress. */
  readonly state: Replay['state']
  readonly isDone: boolean
  readonly counts: ReplayCounts
  /** When the last record was received that it has read. */
  readonly readMicros: number
  readonly lastError: string | null
}

/** By which the ledger and a replay know an event. */
export function deliveryKey({ source, messageId }: Pick<OutgoingEvent, 'source' | 'messageId'>): string {
  return `${source}\n${messageId}`
}

export const noCounts: ReplayCounts = {
  matched: 0,
  there: 0,
  toSend: 0,
  delivered: 0,
  rejected: 0,
  skipped: 0,
  expired: 0,
  unconfirmed: 0,
}

export const eventsPerSecondDefault = 500
export const eventsPerSecondMax = 5000
