// What a record of the archive says of events that were erased from it: docs/specs/archive.md §8.
import type { StoredRecord } from '../../buffer/record.ts'
import type { ErasedFact, ErasedFacts } from '../../core/event.ts'

interface MayBeErased {
  readonly erased?: ErasedFacts
}

/** Undefined: the event at `index` is there. */
export function erasedAt({ erased }: MayBeErased, index: number): ErasedFact | undefined {
  return erased?.events[index]
}

/** Something of events `from` and later was erased. */
export function isErasedFrom({ erased }: MayBeErased, from: number): boolean {
  return erased !== undefined && Object.keys(erased.events).some((index) => Number(index) >= from)
}

/** Of the body, when all of it was there: limits are measured by it. */
export function sentBytes({ erased }: MayBeErased, { body }: Pick<StoredRecord, 'body'>): number {
  return erased?.bodyBytes ?? body.length
}
