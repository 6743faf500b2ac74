// A type alone, without imports: the web application reads it, too (portal/api/status.ts).

/** How long something took, of late. */
export interface TimesSummary {
  readonly count: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
}
