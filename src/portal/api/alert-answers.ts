// What the API is asked and answers about alerts, as types alone (see answers.ts).
import type {
  AlertDefinition,
  AlertMessage,
  AlertRoute,
  AlertState,
  GroupState,
  StateChange,
} from '../../control/alerts.ts'

export type { AlertCondition, AlertDefinition, AlertRoute, AlertState } from '../../control/alerts.ts'

export interface AlertAsked extends AlertDefinition {
  readonly name: string
}

export interface AlertGroupAnswer extends Omit<GroupState, 'sinceMicros' | 'toldAtMicros'> {
  readonly since: string
}

export interface AlertAnswer {
  readonly id: string
  readonly name: string
  readonly owner: string | undefined
  readonly definition: AlertDefinition
  readonly isEnabled: boolean
  /** The worst of its groups. */
  readonly state: AlertState
  readonly condition: string
  readonly mutedUntil: string | null
  readonly nextAt: string
  readonly groups: readonly AlertGroupAnswer[]
  /** May be changed by whoever asks. */
  readonly isMine: boolean
}

export interface AlertChangeAnswer extends Omit<StateChange, 'atMicros'> {
  readonly at: string
}

export interface AlertMessageAnswer {
  readonly id: string
  readonly route: string
  readonly what: AlertMessage['what']
  readonly group: string
  readonly at: string
  readonly attempts: number
  readonly sentAt: string | null
  readonly failedAt: string | null
  readonly error: string
}

export interface AlertHistoryAnswer {
  readonly changes: readonly AlertChangeAnswer[]
  readonly messages: readonly AlertMessageAnswer[]
}

export interface BacktestAsked {
  readonly alert: AlertAsked
  readonly days: number
  readonly dryRun: boolean
}

export interface BacktestAnswer {
  readonly bytes: number
  readonly dollars: number
  readonly looks: number
  readonly isBlind: boolean
  readonly times?: readonly { readonly at: string; readonly firing: readonly string[]; readonly value: number | null }[]
  readonly messages?: number
}

export interface RouteAsked extends Omit<AlertRoute, 'secretNames' | 'name'> {
  /** Those that are not given stay as they are. */
  readonly secrets: Readonly<Record<string, string>>
}
