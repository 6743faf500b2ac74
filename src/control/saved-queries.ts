// Saved queries: SQL with a name, typed parameters and every version that was ever saved. Their audience reads and runs them, with
// their own rights; the owner and administrators change them.
import type { JsonValue } from './json-value.ts'

/** `relative`: a date such as "yesterday" or "7 days ago", resolved when the query runs (jobs/relative-dates.ts). */
export type ParameterSetting = { readonly value: JsonValue } | { readonly relative: string }

export interface ParameterDefinition {
  readonly name: string
  /** GoogleSQL: DATE, ARRAY<STRING>, …. */
  readonly type: string
  readonly description?: string | undefined
  /** undefined: it has to be given. */
  readonly default?: ParameterSetting | undefined
  /** The only values that it takes. */
  readonly choices?: readonly JsonValue[] | undefined
  /** A GoogleSQL query of one column whose values are offered; it may name other parameters. Other values are taken, too. */
  readonly choicesSql?: string | undefined
}

/** What a version keeps. */
export interface QueryContent {
  readonly dialect: 'googlesql' | 'duckdb'
  readonly sql: string
  readonly parameters: readonly ParameterDefinition[]
  /** IANA name: where "today" is. */
  readonly zone: string
}

export interface QueryVersion extends QueryContent {
  readonly version: number
  readonly savedBy: string
  readonly savedAtMicros: number
  /** The last who did. */
  readonly verifiedBy: string | undefined
  readonly verifiedAtMicros: number | undefined
  readonly verifiers: readonly string[]
}

/** Who finds, reads and runs it: whoever is signed in, or its owner and administrators. */
export type QueryAudience = 'everybody' | 'owner'

export interface QueryPlace {
  readonly name: string
  /** `growth/weekly`; '' = none. */
  readonly folder: string
  readonly description: string
  /** undefined: as it was; at first everybody. */
  readonly audience?: QueryAudience | undefined
}

export interface SavedQuery extends QueryPlace {
  readonly id: string
  readonly audience: QueryAudience
  /** Ids of principals, here and in versions. */
  readonly owner: string
  readonly createdAtMicros: number
  readonly changedAtMicros: number
  readonly latest: QueryVersion
}
