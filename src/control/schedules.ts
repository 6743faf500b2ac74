// Schedules and their runs: the shapes that control keeps and jobs/ works on.
import type { JsonValue } from './json-value.ts'
import type { ParameterSetting } from './saved-queries.ts'

export type ScheduleParameter = ParameterSetting | { readonly each: readonly JsonValue[] }

export type TestSeverity = 'fail' | 'warn'

/** About the target as it stands behind a run; `rows` and `anomaly` about the rows that the run gives. */
export type DataTest = { readonly severity: TestSeverity } & (
  | { readonly kind: 'not_null' | 'unique'; readonly columns: readonly string[] }
  | { readonly kind: 'rows'; readonly min?: number | undefined; readonly max?: number | undefined }
  /** The newest value of the column is at most so much older than the run's time. */
  | { readonly kind: 'freshness'; readonly column: string; readonly hoursMax: number }
  | { readonly kind: 'anomaly' }
)

export interface ScheduleTarget {
  readonly dataset: string
  readonly table: string
  readonly mode: 'replace' | 'append' | 'replace-partition' | 'merge'
  /** Which day of which column is replaced; of the other modes: by what a new table is partitioned. */
  readonly partition?:
    | {
        readonly column: string
        /** Relative to the run's time: "yesterday". */
        readonly day: string
        /** Columns that have the value of the parameter of the same name: only such rows are replaced. */
        readonly scope: readonly string[]
      }
    | undefined
  /** Of merge: what makes a row the same row. */
  readonly keys: readonly string[]
}

export interface ScheduleDefinition {
  readonly name: string
  readonly query: string
  /** undefined: the latest that an administrator or the schedule's owner has verified. */
  readonly version?: number | undefined
  /** Five fields. */
  readonly cron: string
  /** IANA name. */
  readonly zone: string
  readonly parameters: Readonly<Record<string, ScheduleParameter>>
  /** A run for every row of this saved query; its columns are parameters. */
  readonly forEach?: string | undefined
  readonly target: ScheduleTarget
  readonly tests: readonly DataTest[]
  /** Times that passed while nothing ran. */
  readonly missed: 'all' | 'last' | 'skip'
  readonly retriesMax: number
  readonly timeoutMs?: number | undefined
  readonly bytesBilledMax?: number | undefined
  /** Before each run, those of so many days before are made again if rows came late into what they read. */
  readonly lookbackDays: number
}

export interface Schedule extends ScheduleDefinition {
  readonly id: string
  readonly owner: string
  readonly isEnabled: boolean
  /** `dataset.table`. */
  readonly reads: readonly string[]
  readonly plannedUntilMicros: number
  readonly createdAtMicros: number
  readonly changedAtMicros: number
}

export type RunState = 'queued' | 'running' | 'done' | 'failed' | 'skipped'

export interface RunFacts {
  readonly version?: number | undefined
  /** Every parameter as it was resolved. */
  readonly values?: Readonly<Record<string, JsonValue>> | undefined
  readonly jobId?: string | undefined
  readonly rows?: number | undefined
  readonly bytes?: number | undefined
  readonly error?: { readonly code: string; readonly message: string } | undefined
  /** Of tests that only warn. */
  readonly warnings?: readonly string[] | undefined
}

/** What makes a run the one that it is. */
export interface RunKey {
  readonly schedule: string
  /** `schedule`, `lookback <time>`, `backfill <id>`, `manual <id>`. */
  readonly cause: string
  readonly runTimeMicros: number
  /** Values of this run alone; undefined: it has still to find them (`expand`). */
  readonly set: Readonly<Record<string, JsonValue>> | undefined
}

export interface NewRun extends RunKey {
  readonly id: string
  /** Left out on purpose: why. */
  readonly skipped?: string | undefined
}

export interface Run extends RunKey {
  readonly id: string
  readonly state: RunState
  readonly attempt: number
  readonly queuedAtMicros: number
  readonly waitsUntilMicros: number
  readonly startedAtMicros: number | undefined
  readonly endedAtMicros: number | undefined
  readonly facts: RunFacts
}
