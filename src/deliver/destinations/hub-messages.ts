// What the engine and the hub's thread say to each other.
import type { LogLevel } from '../../core/log.ts'
import type { StreamPosition } from '../../warehouse/driver.ts'
import type { ErasedPerson } from '../maintenance/suppression.ts'
import type { CourierCounts } from './courier.ts'
import type { Destination } from './destination.ts'
import type { Replay, ReplayProgress } from './replay/replay.ts'

export interface HubStart {
  readonly dataFolder: string
  readonly logLevel: LogLevel
  readonly loaded: readonly StreamPosition[]
  readonly destinations: readonly Destination[]
  readonly replays: readonly Replay[]
  readonly erased: readonly ErasedPerson[]
}

export interface DestinationStatus {
  readonly id: string
  /** `waiting`: its service doesn't take anything at the moment; tried again after `retryInMs`. */
  readonly state: 'delivering' | 'idle' | 'waiting'
  readonly retryInMs: number
  readonly failures: number
  readonly lastError: string | null
  /** Since this start. */
  readonly counts: CourierCounts
  readonly positions: readonly StreamPosition[]
  /** When the last record that it read was received; everything since then still waits. */
  readonly readMicros: number
}

export interface DeliveredQuestion {
  /** Id. */
  readonly destination: string
  /** Only what this replay has brought. */
  readonly replay: string | undefined
  readonly events: readonly { readonly source: string; readonly messageId: string }[]
  /** When they were received. */
  readonly fromMicros: number
  readonly toMicros: number
}

export type ToHub =
  /** `loaded`: where those that are new begin. */
  | {
      readonly kind: 'destinations'
      readonly destinations: readonly Destination[]
      readonly replays: readonly Replay[]
      readonly loaded: readonly StreamPosition[]
    }
  /** Somebody more was erased. */
  | { readonly kind: 'erased'; readonly erased: readonly ErasedPerson[] }
  | { readonly kind: 'loaded'; readonly positions: readonly StreamPosition[] }
  /** To `record` (no keys) and `ask` (deliveryKey of those that are there). */
  | {
      readonly kind: 'answered'
      readonly question: number
      readonly answer: { readonly keys: readonly string[] } | { readonly error: string }
    }
  | { readonly kind: 'stop' }

export type FromHub =
  /** Rows of millpond.deliveries, as JSON. Answered when they are durable. */
  | { readonly kind: 'record'; readonly question: number; readonly rows: readonly string[] }
  /** Which of these does the ledger say are there? Answered by deliveryKey. */
  | { readonly kind: 'ask'; readonly question: number; readonly asked: DeliveredQuestion }
  | {
      readonly kind: 'status'
      readonly destinations: readonly DestinationStatus[]
      readonly replays: readonly ReplayProgress[]
    }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly message: string }
