// Alerts: a condition on a query, looked at by the clock, whose changes are told to people. Types alone, so that the browser shares
// them.
import type { ParameterSetting } from './saved-queries.ts'

export type AlertCondition =
  | { readonly kind: 'threshold'; readonly is: 'above' | 'below'; readonly value: number }
  /** No row, or NULL. */
  | { readonly kind: 'absence' }
  /** Against the same query so long before, by its @run_time; percent of what was then. */
  | {
      readonly kind: 'change'
      readonly direction: 'up' | 'down' | 'either'
      readonly percent: number
      readonly beforeMinutes: number
    }

export interface AlertDefinition {
  /** Id of a saved query, or its `folder/name`; else `sql`. GoogleSQL; @run_time and @run_date are the time that is looked at. */
  readonly query?: string | undefined
  readonly sql?: string | undefined
  /** Of the saved query; others take their defaults. */
  readonly parameters: Readonly<Record<string, ParameterSetting>>
  /** Column of the number; absent: the last one that holds numbers. */
  readonly column?: string | undefined
  /** Column whose values have a state each; absent: there is one state. */
  readonly groupBy?: string | undefined
  readonly condition: AlertCondition
  readonly everyMinutes: number
  /** It fires when it held so many times in a row. */
  readonly forCount: number
  /** IANA. */
  readonly zone: string
  /** Names of routes. */
  readonly routes: readonly string[]
  /** What to do, for whoever is woken. */
  readonly runbook: string
  /** Told again while it fires; absent: once. */
  readonly repeatMinutes?: number | undefined
}

export const alertStates = ['ok', 'pending', 'firing', 'unknown'] as const
/** unknown: it could not be evaluated. */
export type AlertState = (typeof alertStates)[number]

export interface GroupState {
  /** '' without groupBy. */
  readonly group: string
  readonly state: AlertState
  readonly sinceMicros: number
  /** How often it held in a row. */
  readonly heldCount: number
  readonly value: number | null
  /** What was wrong; '' if nothing. */
  readonly error: string
  /** When somebody was told of its firing last; 0: nobody was. */
  readonly toldAtMicros: number
}

export interface Alert {
  readonly id: string
  readonly name: string
  /** Id of a principal, with whose rights it asks. */
  readonly owner: string
  readonly definition: AlertDefinition
  readonly isEnabled: boolean
  /** 0: it isn't muted. */
  readonly mutedUntilMicros: number
  /** When it is looked at next. */
  readonly nextAtMicros: number
  readonly createdAtMicros: number
  readonly changedAtMicros: number
}

export interface StateChange {
  readonly atMicros: number
  readonly group: string
  readonly from: AlertState
  readonly to: AlertState
  readonly value: number | null
  readonly error: string
}

export const routeKinds = ['email', 'slack', 'webhook'] as const
export type RouteKind = (typeof routeKinds)[number]

/** Without what is secret. */
export interface AlertRoute {
  readonly name: string
  readonly kind: RouteKind
  /** email: `to` (with commas), `from`; slack and webhook: none that isn't secret but `allowPrivateNetwork`. */
  readonly settings: Readonly<Record<string, string>>
  readonly secretNames: readonly string[]
}

/** What somebody is told. */
export interface AlertMessage {
  /** The same on every try. */
  readonly id: string
  readonly alert: string
  readonly alertId: string
  readonly what: 'firing' | 'still-firing' | 'recovered' | 'unknown' | 'test'
  readonly group: string
  readonly value: number | null
  readonly condition: string
  readonly error: string
  readonly runbook: string
  readonly at: string
}

export interface QueuedMessage {
  readonly message: AlertMessage
  readonly route: string
  readonly attempts: number
}

export interface MessageInfo extends QueuedMessage {
  readonly createdAtMicros: number
  readonly sentAtMicros: number | null
  /** Given up. */
  readonly failedAtMicros: number | null
  readonly error: string
}
