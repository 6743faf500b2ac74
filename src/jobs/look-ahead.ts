// What runs to come would do, and cost. Types alone, without imports that run: the web application reads them, too
// (portal/api/job-answers.ts).
import type { JsonValue } from '../control/json-value.ts'

export interface NextRun {
  readonly runTime: string
  /** One for each set of values. */
  readonly values: readonly Readonly<Record<string, JsonValue>>[]
  readonly bytes: number
  readonly dollars: number
}

export interface Preview {
  readonly next: readonly NextRun[]
  readonly runsAMonth: number
  readonly bytesAMonth: number
  readonly dollarsAMonth: number
}

export interface Backfill {
  readonly runs: number
  readonly first: string | undefined
  readonly last: string | undefined
  readonly bytes: number
  readonly dollars: number
  /** Times that an appending schedule has done already. */
  readonly leftOut: number
  readonly isDryRun: boolean
}
