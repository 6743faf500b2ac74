// The verdict of an event that was erased from the archive: the one it had, from its hashes alone, so that a rebuild counts
// as before and another event of the same id meets what it met. docs/specs/archive.md §8.
import type { ErasedFact, ErasedFacts } from '../../core/event.ts'
import type { DedupeIndex } from './dedupe-index.ts'
import { verdictCodes, type VerdictFrames } from './verdict-file.ts'

/** What a screen asks of the index and tells the frames. */
export type AskedIndex = Pick<DedupeIndex, 'ask' | 'remember'>
export type ToldFrames = Pick<VerdictFrames, 'begin' | 'add' | 'end'>

export interface IdHashes {
  readonly low: number
  readonly high: number
}

/** Asks for an id, remembers it if it is new, and writes the verdict into the frame. */
export function judgeId(
  { index, frames }: { readonly index: AskedIndex; readonly frames: ToldFrames },
  { low, high }: IdHashes,
  content: number,
  hour: number,
): 'stored' | 'flagged' | 'duplicate' {
  const answer = index.ask(low, high, content, hour)
  const verdict = answer === 'new' ? 'stored' : answer === 'duplicate' ? 'duplicate' : 'flagged'
  if (verdict !== 'duplicate') index.remember(low, high, content, hour)
  frames.add(verdictCodes[verdict], low, high, content)
  return verdict
}

/** Undefined: the event at `index` is there. */
export function erasedAt(facts: ErasedFacts | undefined, index: number): ErasedFact | undefined {
  return facts?.events[index]
}

/** Something of events `from` and later was erased. */
export function isErasedFrom(facts: ErasedFacts | undefined, from: number): boolean {
  return facts !== undefined && Object.keys(facts.events).some((index) => Number(index) >= from)
}
