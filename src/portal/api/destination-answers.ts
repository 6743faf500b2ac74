// What the API answers about destinations, as types alone (see answers.ts).
import type { ReplayCounts } from '../../deliver/destinations/replay/replay.ts'
import type { RoutingRules } from '../../deliver/destinations/routing/rules.ts'

export type { ReplayCounts, RoutingRules }

export interface SettingAnswer {
  readonly name: string
  readonly description: string
  readonly isRequired: boolean
  readonly isSecret: boolean
  readonly choices?: readonly string[]
  readonly default?: string
  readonly example: string
}

export interface DestinationTypeShown {
  readonly type: string
  readonly title: string
  readonly description: string
  readonly settings: readonly SettingAnswer[]
  readonly repetitionNote: string
  readonly limits: { readonly ageHoursMax?: number; readonly lastVerified: string; readonly documentation: string }
}

export interface DestinationShown {
  readonly name: string
  readonly type: string
  /** Empty: all of them. */
  readonly sources: readonly string[]
  readonly settings: Readonly<Record<string, string>>
  readonly rules: RoutingRules
  readonly version: number
  readonly secretNames: readonly string[]
  readonly state: 'active' | 'disabled'
  readonly createdAt: string
  /** null: it isn't at work, or hasn't told yet. */
  readonly delivery: {
    readonly state: 'delivering' | 'idle' | 'waiting'
    readonly retryInMs: number
    readonly failures: number
    readonly lastError: string | null
    readonly counts: Readonly<Record<string, number>>
    readonly readUntil: string
  } | null
}

export interface DestinationAsked {
  readonly name?: string
  readonly type: string
  readonly sources: readonly string[]
  readonly settings: Readonly<Record<string, string>>
  readonly rules?: RoutingRules
}

export interface RulesPreviewShown {
  readonly destinationType: string
  /** Oldest first. */
  readonly events: readonly {
    readonly messageId: string
    readonly source: string
    readonly type: string
    readonly name: string
    readonly receivedAt: string
    readonly status: 'sent' | 'skipped' | 'rejected' | 'expired'
    readonly reason: string
    readonly payload: readonly string[]
  }[]
}

export interface DestinationVersionShown extends Pick<DestinationShown, 'version' | 'sources' | 'settings' | 'rules'> {
  /** '' = before versions were kept. */
  readonly changedBy: string
  readonly changedAt: string
}

export interface ReplayAsked {
  /** ISO 8601; events received from then on, and before `to`. */
  readonly from: string
  readonly to: string
  /** A user id or an anonymous id. */
  readonly person?: string
  readonly calls?: readonly string[]
  readonly events?: readonly string[]
  /** Also what the ledger says is there already. */
  readonly again?: boolean
  readonly eventsPerSecond?: number
}

export interface ReplayShown extends ReplayAsked {
  readonly id: string
  readonly state: 'counting' | 'counted' | 'running' | 'done' | 'cancelled'
  /** What would become of the events; null: not known yet. */
  readonly counted: ReplayCounts | null
  /** What became of them so far; null: nothing was sent. */
  readonly ran: ReplayCounts | null
  /** Events that would count twice there. */
  readonly twice: number
  /** Records are read up to those that came then; null: it isn't at work. */
  readonly readUntil: string | null
  readonly lastError: string | null
  readonly createdBy: string
  readonly createdAt: string
}

export interface WhyShown {
  readonly verdict: string
  readonly sentence: string
  readonly event: { readonly source: string; readonly table: string; readonly receivedAt: string } | null
  readonly entries: readonly Readonly<Record<string, unknown>>[]
}
