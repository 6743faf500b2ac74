// What the loading thread and its worker say to each other. Everything here is copied between threads, except the arena
// of a plan, which is moved.
import type { StreamName } from '../../buffer/buffer.ts'
import type { SourcePlatform } from '../../control/control.ts'
import type { LiveEvent } from '../../core/event.ts'
import type { LoadSubjects } from '../live/subjects.ts'
import type { LogLevel } from '../../core/log.ts'
import type { LoadPlan, StreamPosition } from '../../warehouse/driver.ts'
import type { PlanSettings } from './plan.ts'
import type { SchemaStart } from './schema-state.ts'

export interface RecordPlace {
  readonly stream: StreamName
  readonly sequence: number
}

/** Events that must not be loaded, because the warehouse refused them. */
export interface Refusal extends RecordPlace {
  readonly events: readonly number[] | 'all'
}

/** Load only these events of this record, and nothing else. None (from = to = count): what goes with the last piece. */
export interface PieceOrder extends RecordPlace {
  readonly from: number
  readonly to: number
}

export interface WorkerStart {
  readonly streams: readonly { readonly stream: StreamName; readonly folder: string; readonly verdictFolder: string }[]
  /** `in-turn`: no stream waits for another's backlog. `as-received`: across streams, too, for a rebuild. */
  readonly order: 'in-turn' | 'as-received'
  /** Where the segments are that the buffer has no more. */
  readonly archiveFolder: string
  readonly settings: PlanSettings
  readonly logLevel: LogLevel
  /** Of the warehouse: reading begins behind them, and verdicts behind them are cut off. */
  readonly positions: readonly StreamPosition[]
  readonly schema: SchemaStart
  readonly refusals: readonly Refusal[]
  readonly piece: PieceOrder | undefined
  /** Two float64 that outlive a thread that dies: 1 + index in `streams` (0 = none) and sequence of the record judged. */
  readonly recordAtHand: SharedArrayBuffer
}

export interface DedupeStatus {
  readonly ids: number
  /** Hours over which repetitions are recognised. */
  readonly windowHours: number
  readonly bytes: number
}

export interface PrepareOrder {
  readonly nowMicros: number
  readonly eventsMax: number
  readonly bytesMax: number
  /** Records behind these positions wait for a later order; undefined: none does. A stream that isn't named waits. */
  readonly until: readonly StreamPosition[] | undefined
}

export type ToWorker =
  | ({ readonly kind: 'prepare' } & PrepareOrder)
  | { readonly kind: 'platforms'; readonly platforms: Readonly<Record<string, SourcePlatform>> }
  | { readonly kind: 'forget-platforms' }
  /**
   * Makes all verdicts durable; verdict files whose ids are all older than the hour may go. It is counted from now; while
   * older records are still being judged the worker keeps what they need.
   */
  | { readonly kind: 'sync'; readonly hour: number }
  | { readonly kind: 'stop' }

export interface PreparedPlan {
  /** Undefined: nothing was waiting. */
  readonly plan: LoadPlan | undefined
  readonly events: number
  readonly records: number
  /** The record of a plan that has only one: where a poisoned event is looked for. */
  readonly only: (RecordPlace & { readonly count: number }) | undefined
  /** More could be read at once. */
  readonly more: boolean
  /** When the newest record of the plan was received; 0 = none. */
  readonly receivedAtMicros: number
  /** When the oldest was; 0 = none. */
  readonly oldestReceivedAtMicros: number
  /** Per stream: its writer's totals of events per source, at the last cut read. */
  readonly totals: Readonly<Partial<Record<StreamName, Readonly<Record<string, number>>>>>
  readonly live: readonly LiveEvent[]
  readonly subjects: LoadSubjects
  readonly dedupe: DedupeStatus
  readonly overflowedRows: number
  readonly prepareMs: number
}

export type FromWorker =
  | { readonly kind: 'ready'; readonly dedupe: DedupeStatus }
  | { readonly kind: 'plan'; readonly prepared: PreparedPlan }
  | { readonly kind: 'ask-platforms'; readonly sources: readonly string[] }
  | { readonly kind: 'synced' }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly message: string }
