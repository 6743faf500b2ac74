// The archive: sealed segments of the buffer, compressed with zstd, in an object store. It is the truth of what was
// collected: fed tables can be made again from it. Segments leave the buffer only when it has them.
//
//   sealed ──sweep──▶ compressed into the store ──and loaded──▶ leaves the buffer ──retention──▶ gone
import type { StreamName } from '../../buffer/buffer.ts'
import type { StoredRecord } from '../../buffer/record.ts'
import type { Part } from '../../core/part.ts'

export interface ArchiveStatus {
  readonly segments: number
  readonly bytes: number
  /** When the oldest archived record was received; 0 = nothing is archived. */
  readonly oldestMicros: number
  readonly lastError: string | null
}

/** Undefined: the record stays, byte for byte. Its sequence stays in any case. */
export type ChangeRecord = (record: StoredRecord) => StoredRecord | undefined

export interface RewriteRange {
  readonly stream: StreamName
  /** Segments that end at or before it are passed by. */
  readonly after: number
  /** Segments whose first record was received later are passed by. */
  readonly receivedUntilMicros: number
}

/** A segment that was looked at. */
export interface LookedAt {
  readonly lastSequence: number
  /** Records changed. */
  readonly changed: number
}

export interface Archive extends Part {
  /**
   * Archives every sealed segment that isn't yet, oldest first. A call while one runs joins it. Never rejects: what fails is
   * logged, shown in the status, and tried again by the next call.
   */
  sweep(): Promise<void>
  /** Segments wholly up to here are in the archive: they may leave the buffer once they are loaded. 0 = none. */
  archivedUpTo(stream: StreamName): number
  /** Removes what archiveRetentionDays and archiveBytesMax no longer allow, oldest first. Segments removed. */
  expire(): Promise<number>
  /**
   * Goes through archived segments that the buffer has no more, oldest first, and puts those anew of which `change` gives
   * records back. The new object takes the old one's place at once, or not at all. Rejects when the archive is stopping.
   */
  rewrite(range: RewriteRange, change: ChangeRecord): AsyncIterable<LookedAt>
  status(): ArchiveStatus
}
