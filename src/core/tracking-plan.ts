// What a source has promised to send. Types and the name of a file, shared by who decides (control), who judges (deliver) and the browser.

export const planCalls = ['track', 'identify', 'group', 'page', 'screen'] as const
export type PlanCall = (typeof planCalls)[number]

export interface PlanRule {
  readonly call: PlanCall
  /** Of a track call: the event's name, letter by letter. */
  readonly event?: string | undefined
  /** JSON Schema (draft 7) of the properties; of identify and group calls: of the traits. */
  readonly schema: Readonly<Record<string, unknown>>
  readonly onViolation: 'flag' | 'quarantine'
}

export interface TrackingPlan {
  readonly rules: readonly PlanRule[]
  /** Track calls whose event no rule names. */
  readonly unplanned: 'allow' | 'flag' | 'quarantine'
}

/** Below the data folder. */
export const plansFolderName = 'plans'

/** A version never changes, so that whatever was judged by it is judged the same again. */
export function planFileName(source: string, version: number): string {
  return `${source}.${version}.json`
}
