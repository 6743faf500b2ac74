// What the API says of reports. Types alone, so that the browser shares them.
import type { MailState } from '../../control/reports.ts'
import type { ParameterSetting } from '../../control/saved-queries.ts'

export interface ReportAsked {
  readonly name: string
  /** Its address (slug) or id. */
  readonly dashboard: string
  readonly cron: string
  readonly zone: string
  readonly parameters: Readonly<Record<string, ParameterSetting>>
  readonly routes: readonly string[]
  readonly skipsEmpty: boolean
}

export interface ReportAnswer extends ReportAsked {
  readonly id: string
  readonly owner: string | undefined
  readonly isEnabled: boolean
  /** The next three. */
  readonly nextTimes: readonly string[]
  readonly lastMail: ReportMailAnswer | null
}

export interface ReportMailAnswer {
  /** The time that it is of. */
  readonly due: string
  readonly route: string
  readonly state: MailState
  readonly attempts: number
  readonly endedAt: string | null
  /** What was wrong. */
  readonly note: string
}

export interface ReportPreviewAnswer {
  readonly subject: string
  readonly text: string
  readonly html: string
  readonly failed: readonly string[]
}
