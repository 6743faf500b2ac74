// The verdict of an id, in both screens: asked of the index, remembered, written into the frame.
import type { DedupeIndex } from './dedupe-index.ts'
import { verdictCodes, type VerdictFrames } from './verdict-file.ts'

/** What a screen asks of the index and tells the frames. */
export type AskedIndex = Pick<DedupeIndex, 'ask' | 'remember'>
export type ToldFrames = Pick<VerdictFrames, 'begin' | 'add' | 'end'>

export type IdVerdict = 'stored' | 'flagged' | 'duplicate'

/** `id`: its hashes. `content`: hash of what came with it. */
export function judgeId(
  index: AskedIndex,
  frames: ToldFrames,
  { low, high }: { readonly low: number; readonly high: number },
  content: number,
  hour: number,
): IdVerdict {
  const answer = index.ask(low, high, content, hour)
  const verdict = answer === 'new' ? 'stored' : answer === 'duplicate' ? 'duplicate' : 'flagged'
  if (verdict !== 'duplicate') index.remember(low, high, content, hour)
  frames.add(verdictCodes[verdict], low, high, content)
  return verdict
}

export interface RecordTally {
  stored: number
  flagged: number
  duplicates: number
  quarantined: number
}

export function countVerdict(tally: RecordTally, verdict: IdVerdict): void {
  tally[verdict === 'duplicate' ? 'duplicates' : verdict] += 1
}
