// The door of the buffer: records wait here, on disk, between the sender's answer and everybody who reads them.
// File format, recovery and fault policy: docs/specs/buffer.md.
import type { Clock } from '../core/clock.ts'
import type { Files } from '../core/files.ts'
import type { Log } from '../core/log.ts'
import type { Part } from '../core/part.ts'
import type { BufferSettings } from '../core/settings.ts'
import type { Append, StoredRecord } from './record.ts'

/** Streams are few and named; never one a source. */
export const streamNames = ['events', 'forward', 'engine', 'appends'] as const
export type StreamName = (typeof streamNames)[number]
/** What fed tables are made of: the loader reads these, the archive keeps them. Rows of `appends` go to made tables, which are kept as they are. */
export const fedStreamNames = ['events', 'forward', 'engine'] as const satisfies readonly StreamName[]

/** Everything up to and including `sequence` is synced and may be read. */
export interface Cut {
  readonly stream: StreamName
  readonly sequence: number
}

export interface BufferDeps {
  readonly files: Files
  readonly clock: Clock
  readonly log: Log
}

/** A file that is given up when the disk is full, so that cuts, positions and checkpoints still have room. One a data folder. */
export interface Ballast {
  readonly bytes: number
  /** Makes it if it is missing and its size would remain free behind it; true if it is there afterwards. */
  ensure(): Promise<boolean>
  giveUp(): Promise<void>
}

export interface WriterDeps extends BufferDeps {
  /** Absent = none to give up. */
  readonly ballast?: Ballast
}

export interface WriterOptions extends BufferSettings {
  readonly stream: StreamName
  /** Folder of this stream's segments. */
  readonly folder: string
}

export interface WriterStatus {
  readonly lastSequence: number
  /** Bytes of segments not yet released. */
  readonly waitingBytes: number
  /** Why appends are refused at the moment. */
  readonly refusing: 'buffer-full' | 'disk-full' | 'buffer-write-failed' | undefined
  /** Events appended since the stream began, per source (all starts). */
  readonly totals: Readonly<Record<string, number>>
}

/** The only writer of a stream's folder. */
export interface StreamWriter extends Part {
  /** Rejects with `buffer-full`, `disk-full` or `buffer-write-failed`: then nothing was kept, and the sender may try again. */
  readonly append: Append
  /** Called after each cut; a wake-up, not the truth: readers find cuts in the file. */
  onCut(listener: (cut: Cut) => void): void
  /** Every reader is durable up to `sequence`: segments wholly below it are deleted, oldest first. */
  release(sequence: number): Promise<void>
  status(): WriterStatus
}

export interface ReaderOptions {
  readonly stream: StreamName
  readonly folder: string
  /** Reading begins behind this sequence; 0 = from the beginning. */
  readonly after: number
}

export interface ReadLimits {
  readonly eventsMax: number
  readonly bytesMax: number
}

/** A damaged range that was stepped over; its bytes are kept in `<folder>/quarantine/`. */
export interface DamagedRange {
  readonly segment: string
  readonly offset: number
  readonly bytes: number
}

export interface ReadBatch {
  /** In sequence order, never beyond the last cut; empty when there is nothing new. */
  readonly records: readonly StoredRecord[]
  /** Where to go on after these records have been made durable elsewhere. */
  readonly sequence: number
  /** Totals of the last cut passed, per source: events received since the stream began. */
  readonly totals: Readonly<Record<string, number>>
  readonly damaged: readonly DamagedRange[]
  /** True if more could be read at once. */
  readonly more: boolean
}

export interface StreamReader extends Part {
  /** At least one record if there is one, otherwise as many as the limits allow. Each call continues behind the last. */
  read(limits: ReadLimits): Promise<ReadBatch>
  /** Bytes between this reader and the end of the newest file: what is behind the last cut, a cut interval at most, included. */
  waitingBytes(): Promise<number>
}
