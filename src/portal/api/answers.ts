// What the API is asked and answers, as types alone: the routes keep to them, the web application reads them. What they are made
// of imports nothing, so that a browser's type check needs nothing of the server.
import type { JsonValue } from '../../control/json-value.ts'
import type { ParameterDefinition, ParameterSetting } from '../../control/saved-queries.ts'
import type { TablePlan } from '../../query/cost/table-plan.ts'

export type { LiveEvent, Verdict } from '../../core/event.ts'
export type * from '../../people/explore/spec.ts'
export type { LedgerLine, Status, StreamStatus } from './status.ts'

export interface QueryAsked {
  readonly sql: string
  readonly dialect: 'googlesql' | 'duckdb'
  readonly parameters?: readonly { readonly name: string; readonly type: string; readonly value: unknown }[]
  readonly labels?: Readonly<Record<string, string>>
  readonly dryRun?: boolean
  /** With dryRun: bytes by table, column and day, too. */
  readonly plan?: boolean
}

export interface QueryColumnAnswer {
  readonly name: string
  readonly type: string
}

export interface QueryEndAnswer {
  readonly rows: number
  readonly statementType: string | undefined
  readonly affectedRows: number | undefined
  readonly bytesProcessed: number | undefined
  readonly cacheHit: boolean | undefined
}

export interface LintAnswer {
  readonly message: string
  readonly line: number
  readonly column: number
}

export interface DryRunAnswer {
  readonly bytesProcessed: number
  readonly bytesBilled: number
  readonly dollars: number
  readonly bytesOfAllColumns: number
  readonly lint: readonly LintAnswer[]
  readonly portability: 'both' | 'local-only' | 'bigquery-only'
  readonly portabilityReasons: readonly string[]
  /** Types that the query itself asks for, of parameters that came without one. */
  readonly undeclaredParameters: readonly { readonly name: string | undefined; readonly type: string | undefined }[]
  /** If it was asked for. */
  readonly plan?: readonly TablePlan[] | undefined
}

export interface ParameterFormAsked {
  readonly parameters: readonly ParameterDefinition[]
  readonly zone: string
  readonly values: Readonly<Record<string, ParameterSetting>>
}

export interface ParameterFormAnswer {
  readonly parameters: readonly {
    readonly name: string
    /** Relative dates are dates here. */
    readonly value?: JsonValue | undefined
    readonly error?: string | undefined
    readonly choices?: readonly JsonValue[] | undefined
    readonly hasMore?: true | undefined
    /** Fields that the choices depend on. */
    readonly needs: readonly string[]
  }[]
}

export interface JobAnswer {
  readonly id: string
  readonly dialect: 'googlesql' | 'duckdb'
  readonly labels: Readonly<Record<string, string>>
  readonly sql: string
  readonly state: 'waiting' | 'running' | 'done'
  readonly createdAt: string
  readonly startedAt: string | null
  readonly endedAt: string | null
  readonly error?: { readonly code: string; readonly message: string } | undefined
  readonly statistics?:
    | { readonly rows: number; readonly bytesProcessed: number; readonly cacheHit: boolean }
    | undefined
}

export interface MeAnswer {
  readonly id: string
  readonly kind: string
  readonly attributes: Readonly<Record<string, string | readonly string[]>>
  /** null: signs in with a token only. */
  readonly email: string | null
  /** False: comes with a token. */
  readonly hasSession: boolean
  readonly handle: string
  readonly role: 'viewer' | 'support' | 'member' | 'analyst' | 'ml' | 'engineer' | 'admin'
}

export interface SourceAsked {
  readonly source: string
  readonly platform?: 'client' | 'server'
}

export interface RetypeAsked {
  readonly dataset: string
  readonly table: string
  readonly column: string
  readonly type: 'text' | 'integer' | 'float' | 'boolean' | 'timestamp'
}

export interface RetypeAnswer {
  /** Those that have a column of this name. */
  readonly tables: readonly string[]
  /** With a value of this name. */
  readonly rows: number
  /** Those of them whose value does not fit the new type. */
  readonly overflowed: number
}

/** Beyond them events share one table, and values stay in `_overflow`. */
export interface BudgetsAnswer {
  readonly tablesPerSourceMax: number
  readonly columnsPerTableMax: number
}

export interface SourceAnswer {
  readonly source: string
  readonly platform: 'client' | 'server'
  readonly state: 'active' | 'disabled'
  readonly createdAtMicros: number
  readonly writeKey: string
}

/** The parts of the report that pages show. */
export interface StorageAnswer {
  readonly datasets: readonly {
    readonly dataset: string
    readonly tables: number
    readonly rows: number
    readonly bytes: number
    readonly dollarsPerMonth: number
  }[]
}

export interface DeadLetterAnswer {
  readonly id: string
  readonly source: string
  readonly reason: string
  /** As the engine writes times: `2026-01-31 12:00:00.123456+00`. */
  readonly receivedAt: string
  readonly events: number
  readonly raw: string
  /** What its source's tracking plan has against it. */
  readonly problems: readonly string[]
  readonly replayedAt: string | null
}

/** Somebody who was found, and by what. */
export interface FoundPersonAnswer {
  /** `kind:id`. */
  readonly id: string
  readonly source: string
  readonly field: string
  readonly value: string
  readonly labels: Readonly<Record<string, string>>
}

export interface PersonAnswer {
  readonly id: string
  readonly ids: readonly string[]
  /** More ids belong to them than are looked at. */
  readonly isCut: boolean
  readonly traits: Readonly<Record<string, unknown>>
  readonly devices: readonly { readonly id: string; readonly facts: Readonly<Record<string, unknown>> }[]
  readonly firstSeen: string | null
  readonly lastSeen: string | null
  readonly sources: readonly {
    readonly source: string
    readonly rows: number
    readonly firstSeen: string
    readonly lastSeen: string
  }[]
}

export interface TimelineRowAnswer {
  readonly time: string
  readonly receivedAt: string
  readonly source: string
  readonly kind: string
  readonly title: string
  readonly severity: string | null
  readonly ref: string
}

export interface TimelineAnswer {
  readonly rows: readonly TimelineRowAnswer[]
  /** `before` of the next page; null: that was all. */
  readonly next: string | null
}

export interface HistogramAnswer {
  readonly from: string
  readonly to: string
  readonly buckets: readonly { readonly source: string; readonly time: string; readonly rows: number }[]
}

/** `event: rows` of a person's live stream; `event: status` has the numbers alone. */
export interface PersonLiveRows extends PersonLiveStatus {
  readonly rows: readonly TimelineRowAnswer[]
}

export interface PersonLiveStatus {
  readonly behindMs: number
  readonly dropped: number
}

export interface NoteAnswer {
  readonly id: string
  readonly person: string
  readonly author: string
  readonly text: string
  readonly createdAt: string
}

export interface ReceiptAnswer {
  readonly person: string
  readonly viewer: string
  readonly reason: string | null
  readonly firstAt: string
  readonly lastAt: string
}

/** Somebody at whom the caller looked, and when last. */
export interface LookedAtAnswer {
  readonly id: string
  readonly lastAt: string
}
