// What `millpond status`, the page and /metrics show; one shape for all.

import type { TimesSummary } from '../../core/times-summary.ts'

/** received = stored + flagged + duplicates + quarantined + waiting, for every source, always. */
export interface LedgerLine {
  readonly source: string
  /** Events whose senders got their answer. */
  readonly received: number
  readonly stored: number
  /** Stored too: the id came before with other content. */
  readonly flagged: number
  readonly duplicates: number
  readonly quarantined: number
  readonly waiting: number
}

export interface StreamStatus {
  readonly stream: string
  readonly lastSequence: number
  readonly loadedSequence: number
  readonly waitingBytes: number
  readonly refusing: string | null
}

export interface Status {
  readonly version: string
  readonly address: string
  readonly dataFolder: string
  readonly startedAtMicros: number
  readonly intake: {
    readonly pid: number
    readonly residentBytes: number
    readonly counters: Readonly<Record<string, number>>
    /** Counters of Fluent Forward. */
    readonly forward: Readonly<Record<string, number>>
  }
  readonly engine: {
    readonly pid: number
    readonly starts: number
    readonly startedAtMicros: number
    readonly residentBytes: number
  }
  readonly ledger: readonly LedgerLine[]
  /** False if a caught-up loader leaves a rest, or a rest is negative: a fault of ours, to be reported. */
  readonly ledgerSums: boolean
  readonly streams: readonly StreamStatus[]
  readonly loader: {
    readonly eventsLoaded: number
    readonly lastLoadMs: number
    /** Age of the oldest record that waits; 0 when nothing does. */
    readonly lagMs: number
    readonly lastError: string | null
  }
  /** On disk: what is collected, and the datasets that people make, with their log. */
  readonly warehouse: { readonly fedBytes: number; readonly madeBytes: number }
  readonly disk: {
    readonly freeBytes: number
    /** Of the data folder, measured once an hour; null: not yet. */
    readonly usedBytes: number | null
    /** At the rate so far; null: not known in the first day. */
    readonly daysUntilFull: number | null
  }
  /** Of the last five to ten minutes; null: nothing happened. */
  readonly performance: {
    /** From the end of a sender's body until its answer. */
    readonly answered: TimesSummary | null
    /** From receiving the oldest event of a load until its row was visible. */
    readonly fresh: TimesSummary | null
    /** Queries, with their waiting. */
    readonly queried: TimesSummary | null
  }
  readonly dedupe: { readonly ids: number; readonly windowHours: number }
  readonly archive: {
    readonly segments: number
    readonly totalBytes: number
    /** When the oldest archived record was received; 0 = nothing is archived. */
    readonly beginsAtMicros: number
    readonly lastError: string | null
  }
}

/** What the ledger is made of: totals of the writers (what was answered), sums of the warehouse (what became of it). */
export interface SourceSums {
  readonly source: string
  readonly stored: number
  readonly flagged: number
  readonly duplicates: number
  readonly quarantined: number
}

/**
 * One line a source. `received` comes from the writers, the verdicts from the warehouse: two books kept apart, so that
 * a rest can only be what still waits.
 */
export function ledgerOf(
  received: readonly Readonly<Record<string, number>>[],
  sums: readonly SourceSums[],
): LedgerLine[] {
  const receivedBySource = new Map<string, number>()
  for (const totals of received) {
    for (const [source, events] of Object.entries(totals)) {
      receivedBySource.set(source, (receivedBySource.get(source) ?? 0) + events)
    }
  }
  const sumsBySource = new Map(sums.map((line) => [line.source, line]))
  const sources = [...new Set([...receivedBySource.keys(), ...sumsBySource.keys()])].sort()
  return sources.map((source) => {
    const { stored, flagged, duplicates, quarantined } = sumsBySource.get(source) ?? {
      stored: 0,
      flagged: 0,
      duplicates: 0,
      quarantined: 0,
    }
    const events = receivedBySource.get(source) ?? 0
    return {
      source,
      received: events,
      stored,
      flagged,
      duplicates,
      quarantined,
      waiting: events - stored - flagged - duplicates - quarantined,
    }
  })
}

/** A rest below zero, or a rest although every stream is loaded to its end, is a fault of ours. */
export function ledgerSums(ledger: readonly LedgerLine[], streams: readonly StreamStatus[]): boolean {
  const isCaughtUp = streams.every((stream) => stream.loadedSequence >= stream.lastSequence)
  return ledger.every((line) => (isCaughtUp ? line.waiting === 0 : line.waiting >= 0))
}
