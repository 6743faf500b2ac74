// What intake (parent) and engine (child) say to each other over the fork's channel. Wake-ups and facts only: nothing
// durable depends on a message arriving.
import type { Cut, StreamName, WriterStatus } from '../buffer/buffer.ts'
import type { TimesSummary } from '../core/times-summary.ts'
import type { Settings } from '../core/settings.ts'

/** Streams whose writing end is intake's. */
export type IntakeStream = Exclude<StreamName, 'engine' | 'appends'>
export const intakeStreams: readonly IntakeStream[] = ['events', 'forward']

/** Everything intake knows that status pages show; asked for, never pushed. */
export interface IntakeStatus {
  readonly pid: number
  readonly address: string
  readonly startedAtMicros: number
  readonly engineStarts: number
  readonly residentBytes: number
  /** Of the streams that intake writes. */
  readonly writers: Readonly<Record<IntakeStream, WriterStatus>>
  /** Counters of collect/, by name. */
  readonly collect: Readonly<Record<string, number>>
  readonly answers: TimesSummary | undefined
  /** Counters of Fluent Forward, by name; empty when its port is off. */
  readonly forward: Readonly<Record<string, number>>
}

export type ToEngine =
  | { readonly kind: 'begin'; readonly settings: Settings }
  | { readonly kind: 'cut'; readonly cut: Cut }
  | { readonly kind: 'status'; readonly question: number; readonly status: IntakeStatus }
  | { readonly kind: 'stop' }

/** What the engine says of itself once it answers queries. */
export interface EngineFacts {
  /** For the administrator's first login, if nobody has logged in yet. */
  readonly oneTimeCode: string | undefined
  /** `host:port`; undefined: the port is off. */
  readonly postgresAddress: string | undefined
}

export type ToIntake =
  | ({ readonly kind: 'ready' } & EngineFacts)
  /** The stream is durable elsewhere up to here. */
  | { readonly kind: 'covered'; readonly stream: IntakeStream; readonly sequence: number }
  | { readonly kind: 'sources-changed' }
  | { readonly kind: 'ask-status'; readonly question: number }
