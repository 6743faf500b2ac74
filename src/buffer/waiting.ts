// Counts what waits behind a position without a reader: for the ledger while the engine is down, and for doctor. Looks
// at headers and cuts of two segments and hops over everything else, so 4 GB of waiting segments cost next to nothing.
import { join } from 'node:path'

import type { Files } from '../core/files.ts'
import { frameType } from './frame.ts'
import { hopFrames } from './scan.ts'
import { cutTotals, firstSequenceOf, listSegments, openIfThere, segmentHeaderOf, totalsRecord } from './segment.ts'

export interface Waiting {
  /** Events behind the position up to the last cut, per source; sources with none are left out. */
  readonly events: Readonly<Record<string, number>>
  /** Events received since the stream began, up to the last cut, per source. */
  readonly totals: Readonly<Record<string, number>>
}

interface Counted {
  readonly totals: Map<string, number>
  readonly hasHeader: boolean
}

/** What waits in the stream's folder behind the sequence `after`. Rejects only with errors of the file system. */
export async function countWaiting(
  options: { readonly folder: string; readonly after: number },
  deps: { readonly files: Files },
): Promise<Waiting> {
  const names = await listSegments(deps.files, options.folder)
  const totals = await totalsUpTo(options.folder, names, Infinity, deps.files)
  const before = await totalsUpTo(options.folder, names, options.after, deps.files)
  const waiting = [...totals].map(([source, count]) => [source, count - (before.get(source) ?? 0)] as const)
  return { events: totalsRecord(new Map(waiting.filter(([, count]) => count > 0))), totals: totalsRecord(totals) }
}

/** Events received up to and including `sequence`; Infinity = up to the last cut. */
async function totalsUpTo(
  folder: string,
  names: readonly string[],
  sequence: number,
  files: Files,
): Promise<Map<string, number>> {
  const candidates = names.filter((name) => (firstSequenceOf(name) ?? Infinity) <= sequence)
  // The newest segment with a readable header knows everything before it. A position older than the oldest segment
  // stands at what that segment's header says.
  for (const name of candidates.toReversed()) {
    const counted = await countSegment(files, join(folder, name), sequence)
    if (counted?.hasHeader === true) return counted.totals
  }
  const oldest = candidates.length === 0 ? names[0] : undefined
  const counted = oldest === undefined ? undefined : await countSegment(files, join(folder, oldest), 0)
  return counted?.totals ?? new Map<string, number>()
}

async function countSegment(files: Files, path: string, sequence: number): Promise<Counted | undefined> {
  const file = await openIfThere(files, path)
  if (file === undefined) return undefined
  let totals = new Map<string, number>()
  let atLastCut = totals
  let hasHeader = false
  try {
    await hopFrames(file, ({ head, source, control }) => {
      if (control?.type === frameType.header) {
        totals = segmentHeaderOf(control).totals
        hasHeader = true
        atLastCut = new Map(totals)
      } else if (control?.type === frameType.cut) {
        for (const [name, count] of cutTotals(control)) totals.set(name, count)
        atLastCut = new Map(totals)
      } else if (head.type === frameType.record) {
        if (head.sequence > sequence) return false
        totals.set(source, (totals.get(source) ?? 0) + head.count)
      }
      return true
    })
  } finally {
    await file.close()
  }
  return { totals: sequence === Infinity ? atLastCut : totals, hasHeader }
}
