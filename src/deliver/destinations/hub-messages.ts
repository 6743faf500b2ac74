// What the engine and the hub's thread say to each other.
import type { LogLevel } from '../../core/log.ts'
import type { StreamPosition } from '../../warehouse/driver.ts'
import type { ErasedPerson } from '../maintenance/suppression.ts'
import type { CourierCounts } from './courier.ts'
import type { Destination } from './destination.ts'

export interface HubStart {
  readonly dataFolder: string
  readonly logLevel: LogLevel
  readonly loaded: readonly StreamPosition[]
  readonly destinations: readonly Destination[]
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

export type ToHub =
  /** `loaded`: where those that are new begin. */
  | {
      readonly kind: 'destinations'
      readonly destinations: readonly Destination[]
      readonly loaded: readonly StreamPosition[]
    }
  /** Somebody more was erased. */
  | { readonly kind: 'erased'; readonly erased: readonly ErasedPerson[] }
  | { readonly kind: 'loaded'; readonly positions: readonly StreamPosition[] }
  | { readonly kind: 'recorded'; readonly question: number; readonly error: string | undefined }
  | { readonly kind: 'stop' }

export type FromHub =
  /** Rows of millpond.deliveries, as JSON. Answered when they are durable. */
  | { readonly kind: 'record'; readonly question: number; readonly rows: readonly string[] }
  | { readonly kind: 'status'; readonly destinations: readonly DestinationStatus[] }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly message: string }
