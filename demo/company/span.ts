// The time that the demo's history covers: whole days of UTC, from a midnight to the last midnight. What comes after it
// (today, and the live traffic) goes on by the same rules.

export const minuteMs = 60_000
export const hourMs = 3_600_000
export const dayMs = 86_400_000

export interface Span {
  readonly startMs: number
  readonly days: number
  readonly endMs: number
  /** The moment at this part of the time: 0 is the start, 1 the end. */
  at(part: number): number
  /** The other way round; above 1 afterwards. */
  partAt(atMs: number): number
  /** Which day a moment lies in; the first is 0. */
  dayAt(atMs: number): number
}

export function spanFrom(startMs: number, days: number): Span {
  const lengthMs = days * dayMs
  return {
    startMs,
    days,
    endMs: startMs + lengthMs,
    at: (part) => Math.round(startMs + part * lengthMs),
    partAt: (atMs) => (atMs - startMs) / lengthMs,
    dayAt: (atMs) => Math.floor((atMs - startMs) / dayMs),
  }
}

/** The midnight (UTC) that lies this many days before the last one. */
export function startBefore(nowMs: number, days: number): number {
  return Math.floor(nowMs / dayMs) * dayMs - days * dayMs
}
