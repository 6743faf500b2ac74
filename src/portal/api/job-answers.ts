// What the API is asked and answers about saved queries and schedules, as types alone (see answers.ts).
import type { JsonValue } from '../../control/json-value.ts'
import type { ParameterDefinition, QueryAudience, QueryContent, QueryPlace } from '../../control/saved-queries.ts'
import type { RunFacts, RunState, Schedule, ScheduleDefinition, ScheduleTarget } from '../../control/schedules.ts'
import type { Backfill, Preview } from '../../jobs/look-ahead.ts'

export type { JsonValue } from '../../control/json-value.ts'
export type { ParameterDefinition, ParameterSetting } from '../../control/saved-queries.ts'
export type { DataTest, ScheduleParameter } from '../../control/schedules.ts'
export type { NextRun } from '../../jobs/look-ahead.ts'

export interface SavedAsked extends Omit<QueryContent, 'parameters'>, QueryPlace {
  readonly parameters: readonly ParameterDefinition[]
}

export interface QueryVersionAnswer extends QueryContent {
  readonly version: number
  /** Handles, here and below. */
  readonly savedBy: string | undefined
  readonly savedAt: string
  readonly verifiedBy: string | undefined
  readonly verifiedAt: string | undefined
}

/** The newest version, with the name that all of them have. */
export interface SavedQueryAnswer extends QueryVersionAnswer, QueryPlace {
  readonly id: string
  readonly audience: QueryAudience
  readonly owner: string | undefined
  readonly createdAt: string
  readonly changedAt: string
}

export interface ScheduleAsked extends Omit<ScheduleDefinition, 'target'> {
  readonly target: ScheduleTarget
}

export interface ScheduleAnswer extends Omit<
  Schedule,
  'plannedUntilMicros' | 'createdAtMicros' | 'changedAtMicros' | 'owner'
> {
  readonly owner: string
  readonly plannedUntil: string
  readonly createdAt: string
  readonly changedAt: string
  readonly lastRun: RunAnswer | undefined
  /** What its runs have read in 30 days. */
  readonly bytesAMonth: number
  /** Absent: it is paused, or never due again. */
  readonly nextRunTime: string | undefined
}

export interface RunAnswer extends RunFacts {
  readonly id: string
  readonly state: RunState
  /** `schedule`, `lookback <time>`, `backfill <id>`, `manual <id>`. */
  readonly cause: string
  readonly attempt: number
  readonly set: Readonly<Record<string, JsonValue>> | undefined
  readonly runTime: string
  readonly queuedAt: string
  readonly triedAgainAt: string | undefined
  readonly startedAt: string | undefined
  readonly endedAt: string | undefined
}

export type PreviewAnswer = Preview
export type BackfillAnswer = Backfill

export interface BackfillAsked {
  readonly from: string
  readonly to: string
  readonly dryRun?: boolean
}
