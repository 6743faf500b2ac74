// In which order records of several streams are judged. Live, streams take turns, so that none waits for another's
// backlog. A rebuild goes by the time of receiving: what came first is first again.
import type { StoredRecord } from '../../buffer/record.ts'

/** What one stream has to give. */
export interface Offer {
  readonly records: readonly StoredRecord[]
  /** More could be read behind these. */
  readonly more: boolean
}

/**
 * How many records of each offer come next, merged by receiving time, with at most `eventsMax` events (but one record at
 * least). Nothing is taken that was received later than the last record of an offer with more behind it.
 */
export function takeAsReceived(offers: readonly Offer[], eventsMax: number): number[] {
  const taken = offers.map(() => 0)
  let events = 0
  for (;;) {
    const next = earliest(offers, taken)
    if (next === undefined) return taken
    const record = offers[next]?.records[taken[next] ?? 0]
    if (record === undefined || (events > 0 && events + record.count > eventsMax)) return taken
    events += Math.max(1, record.count)
    taken[next] = (taken[next] ?? 0) + 1
  }
}

/** The offer whose next record was received first; undefined: none, or a stream would have to be read on to know. */
function earliest(offers: readonly Offer[], taken: readonly number[]): number | undefined {
  let found: number | undefined
  let foundMicros = Infinity
  for (const [index, { records, more }] of offers.entries()) {
    const record = records[taken[index] ?? 0]
    if (record === undefined) {
      if (more) return undefined
    } else if (record.receivedAtMicros < foundMicros) {
      found = index
      foundMicros = record.receivedAtMicros
    }
  }
  return found
}

export interface Run<Key> {
  readonly key: Key
  readonly records: StoredRecord[]
}

/** All records in the order of receiving, in runs of one stream each. Inside a stream the order never changes. */
export function runsAsReceived<Key>(
  batches: readonly { readonly key: Key; readonly records: readonly StoredRecord[] }[],
): Run<Key>[] {
  const offers = batches.map(({ records }) => ({ records, more: false }))
  const taken = batches.map(() => 0)
  const runs: Run<Key>[] = []
  for (;;) {
    const next = earliest(offers, taken)
    const batch = next === undefined ? undefined : batches[next]
    if (next === undefined || batch === undefined) return runs
    const record = batch.records[taken[next] ?? 0]
    if (record === undefined) return runs
    taken[next] = (taken[next] ?? 0) + 1
    const last = runs.at(-1)
    if (last?.key === batch.key) last.records.push(record)
    else runs.push({ key: batch.key, records: [record] })
  }
}
