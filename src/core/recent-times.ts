// How long something took of late: quantiles over the last five to ten minutes, in a few kilobytes whatever the rate.
//
//   record ─▶ current (5 min) ─▶ before ─▶ forgotten            summary: both together
import { createHistogram, type RecordableHistogram } from 'node:perf_hooks'

import type { Clock } from './clock.ts'
import type { TimesSummary } from './times-summary.ts'

const turnMs = 5 * 60_000

export class RecentTimes {
  readonly #clock: Clock
  #current = createHistogram()
  #before = createHistogram()
  #turnAtMs: number

  constructor(clock: Clock) {
    this.#clock = clock
    this.#turnAtMs = clock.monotonicMs() + turnMs
  }

  record(tookMs: number): void {
    this.#turn()
    // Whole microseconds from one on: what the histogram takes.
    this.#current.record(Math.max(1, Math.round(tookMs * 1000)))
  }

  /** Undefined: nothing was recorded. */
  summary(): TimesSummary | undefined {
    this.#turn()
    const both: RecordableHistogram = createHistogram()
    both.add(this.#before)
    both.add(this.#current)
    if (both.count === 0) return undefined
    const msOf = (micros: number): number => Math.round(micros / 10) / 100
    return {
      count: both.count,
      p50Ms: msOf(both.percentile(50)),
      p99Ms: msOf(both.percentile(99)),
      maxMs: msOf(both.max),
    }
  }

  #turn(): void {
    const late = this.#clock.monotonicMs() - this.#turnAtMs
    if (late < 0) return
    this.#before = late < turnMs ? this.#current : createHistogram()
    this.#current = createHistogram()
    this.#turnAtMs += turnMs * (1 + Math.floor(late / turnMs))
  }
}
