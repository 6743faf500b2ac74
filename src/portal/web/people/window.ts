// Which part of a person's time the histogram shows, and where something lies in it.
import type { HistogramAnswer, PersonAnswer } from '../../api/answers.ts'
import type { Span } from './search.ts'

export interface TimeWindow {
  readonly from: string
  readonly to: string
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs
const spansMs = { hour: hourMs, day: dayMs, week: 7 * dayMs, month: 30 * dayMs } as const
/** The first that reaches back to when somebody was last seen is shown. */
const usualSpans = ['day', 'week', 'month'] as const
/** Around a moment that is passed on. */
const momentMs = 5 * 60_000
/** A finer window says nothing more, and its parts would be parts of a millisecond. */
const windowMsMin = 1000

/** What is shown while no window is chosen: until now, as far back as there is something. */
export function openWindow({ firstSeen, lastSeen }: PersonAnswer, nowMs: number, wanted?: Span): TimeWindow {
  const lastMs = lastSeen === null ? nowMs : Date.parse(lastSeen)
  const span = wanted ?? usualSpans.find((one) => nowMs - lastMs < spansMs[one])
  if (span !== undefined && span !== 'all') return windowOf(nowMs - spansMs[span], nowMs)
  const firstMs = firstSeen === null ? lastMs : Date.parse(firstSeen)
  return windowOf(Math.min(firstMs, nowMs - hourMs), nowMs)
}

export function windowOf(fromMs: number, toMs: number): TimeWindow {
  return { from: new Date(fromMs).toISOString(), to: new Date(toMs).toISOString() }
}

export function momentOf(time: string): TimeWindow {
  const ms = Date.parse(time)
  return windowOf(ms - momentMs, ms + momentMs)
}

/** Between two places of a window, 0 to 1 each, in any order; undefined: too small to be meant. */
export function partOf({ from, to }: TimeWindow, one: number, other: number): TimeWindow | undefined {
  const fromMs = Date.parse(from)
  const spanMs = Date.parse(to) - fromMs
  const [left, right] = [Math.max(0, Math.min(one, other)), Math.min(1, Math.max(one, other))]
  if ((right - left) * spanMs < windowMsMin) return undefined
  return windowOf(fromMs + left * spanMs, fromMs + right * spanMs)
}

export interface Bar {
  /** From the left, 0 to 1. */
  readonly at: number
  readonly time: string
  readonly total: number
  /** From the ground up, in the order of `sources`. */
  readonly stack: readonly { readonly source: string; readonly rows: number }[]
}

/** Parts with rows, of the sources that are shown. */
export function barsOf({ from, to, buckets }: HistogramAnswer, sources: readonly string[]): readonly Bar[] {
  const fromMs = Date.parse(from)
  const spanMs = Math.max(1, Date.parse(to) - fromMs)
  const byTime = Map.groupBy(
    buckets.filter(({ source }) => sources.includes(source)),
    ({ time }) => time,
  )
  return [...byTime].map(([time, parts]) => ({
    at: (Date.parse(time) - fromMs) / spanMs,
    time,
    total: parts.reduce((sum, { rows }) => sum + rows, 0),
    stack: sources.flatMap((source) => parts.filter((part) => part.source === source)),
  }))
}
