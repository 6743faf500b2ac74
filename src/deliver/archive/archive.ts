// The archive: sealed segments of the buffer, compressed with zstd, in an object store. It is the truth of what was
// collected: fed tables can be made again from it. Segments leave the buffer only when it has them.
//
//   sealed ──sweep──▶ compressed into the store ──and loaded──▶ leaves the buffer ──retention──▶ gone
import type { StreamName } from '../../buffer/buffer.ts'
import type { Part } from '../../core/part.ts'

export interface ArchiveStatus {
  readonly segments: number
  readonly bytes: number
  /** When the oldest archived record was received; 0 = nothing is archived. */
  readonly oldestMicros: number
  readonly lastError: string | null
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
  status(): ArchiveStatus
}
