// Reports: a dashboard that is mailed by the clock. Types alone, so that the browser shares them.
import type { ParameterSetting } from './saved-queries.ts'

export interface ReportDefinition {
  /** Id of a dashboard. */
  readonly dashboard: string
  /** Of the dashboard, as its owner has seen it. Later ones are mailed if the owner or an administrator saved them. */
  readonly version: number
  /** Five fields. */
  readonly cron: string
  /** IANA. */
  readonly zone: string
  /** Of the dashboard; others take their defaults. */
  readonly parameters: Readonly<Record<string, ParameterSetting>>
  /** Names of routes that are e-mail. */
  readonly routes: readonly string[]
  /** Nothing is sent when no tile has rows. */
  readonly skipsEmpty: boolean
}

export interface Report {
  readonly id: string
  readonly name: string
  /** Id of a principal, with whose rights it asks. */
  readonly owner: string
  readonly definition: ReportDefinition
  readonly isEnabled: boolean
  /** When it is due next; 0: never. */
  readonly nextAtMicros: number
  readonly changedAtMicros: number
}

export type MailState = 'queued' | 'sent' | 'left-out' | 'failed'

export interface ReportMail {
  readonly report: string
  readonly dueAtMicros: number
  readonly route: string
  readonly state: MailState
  readonly attempts: number
  readonly endedAtMicros: number | null
  readonly note: string
}
