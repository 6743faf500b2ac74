// Events per second, as differences of the ledger's `received`: they count events whose senders have their answer, nothing else.
import type { LedgerLine } from '../../api/answers.ts'

const windowMs = 4000
export const historyMs = 60_000

export interface Sample {
  readonly atMs: number
  readonly total: number
  readonly received: ReadonlyMap<string, number>
}

/** Oldest first; no longer than the history, and one before it. */
export function withSample(samples: readonly Sample[], ledger: readonly LedgerLine[], atMs: number): readonly Sample[] {
  const received = new Map(ledger.map((line) => [line.source, line.received]))
  const total = ledger.reduce((sum, line) => sum + line.received, 0)
  const young = samples.filter((_sample, index) => atMs - (samples[index + 1]?.atMs ?? atMs) < historyMs)
  return [...young, { atMs, total, received }]
}

/** Over the last seconds; of all sources when none is named. undefined: not known yet. */
export function rateNow(samples: readonly Sample[], source?: string): number | undefined {
  const last = samples.at(-1)
  const from = last && samples.find((sample) => last.atMs - sample.atMs <= windowMs)
  if (last === undefined || from === undefined || samples.length < 2) return undefined
  return rateBetween(from, last, source)
}

/** One a second or so, oldest first. */
export function rateHistory(samples: readonly Sample[]): readonly { readonly ageMs: number; readonly rate: number }[] {
  const last = samples.at(-1)
  return samples.slice(1).map((sample, index) => ({
    ageMs: (last?.atMs ?? 0) - sample.atMs,
    rate: rateBetween(samples[index] ?? sample, sample),
  }))
}

/** A rebuilt or restored ledger may fall: nobody took an event back. */
function rateBetween(from: Sample, to: Sample, source?: string): number {
  const seconds = (to.atMs - from.atMs) / 1000
  const read = (sample: Sample): number => (source === undefined ? sample.total : (sample.received.get(source) ?? 0))
  return seconds <= 0 ? 0 : Math.max(0, (read(to) - read(from)) / seconds)
}
