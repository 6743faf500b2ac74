// What the API says of tracking plans. Types alone, so that the browser shares them.
import type { TrackingPlan } from '../../core/tracking-plan.ts'

export interface PlanAnswer {
  /** Null: none is in force. */
  readonly version: number | null
  readonly plan: TrackingPlan | null
  readonly versions: readonly PlanVersionAnswer[]
}

export interface PlanVersionAnswer {
  readonly version: number
  readonly savedBy: string | undefined
  readonly savedAt: string
  readonly plan: TrackingPlan
}

export interface PlanTriedAnswer {
  /** Stored track calls that were looked at, the newest. */
  readonly events: number
  readonly violations: readonly {
    readonly event: string
    readonly action: 'flag' | 'quarantine'
    readonly problem: string
    readonly events: number
  }[]
}
