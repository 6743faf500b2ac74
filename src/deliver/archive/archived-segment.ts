// Names of archived segments. A name tells all that a decision needs (which records, received when), so that one list of
// the store is enough: docs/specs/archive.md §2.
import type { StreamName } from '../../buffer/buffer.ts'
import { firstSequenceOf, segmentName } from '../../buffer/segment.ts'
import type { ObjectInfo, ObjectStore } from '../../objects/store.ts'

export interface ArchivedSegment {
  /** Name in the object store. */
  readonly object: string
  /** Name that it had in the buffer. */
  readonly segment: string
  readonly firstSequence: number
  /** Of its last record. */
  readonly lastSequence: number
  /** When its first record was received. */
  readonly receivedAtMicros: number
  /** As it lies in the store, compressed. */
  readonly bytes: number
}

export interface SegmentFacts {
  readonly firstSequence: number
  readonly lastSequence: number
  readonly receivedAtMicros: number
}

const namePattern = /^(\d{16})-(\d{16})-(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)\.(\d{6})Z\.seg\.zst$/

function digits(sequence: number): string {
  return String(sequence).padStart(16, '0')
}

/** 20261122T101530.123456Z */
function timeText(micros: number): string {
  const seconds = new Date(Math.floor(micros / 1000)).toISOString().slice(0, 19)
  return `${seconds.replaceAll(/[-:]/g, '')}.${String(micros % 1_000_000).padStart(6, '0')}Z`
}

export function archivedName(stream: StreamName, facts: SegmentFacts): string {
  const { firstSequence, lastSequence, receivedAtMicros } = facts
  return `${stream}/${digits(firstSequence)}-${digits(lastSequence)}-${timeText(receivedAtMicros)}.seg.zst`
}

/** Undefined for objects that are none of ours. */
export function archivedSegmentOf(stream: StreamName, { name, bytes }: ObjectInfo): ArchivedSegment | undefined {
  const parts = namePattern
    .exec(name.slice(stream.length + 1))
    ?.slice(1)
    .map(Number)
  if (parts === undefined || !name.startsWith(`${stream}/`)) return undefined
  const [first = 0, last = 0, year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0, micros = 0] = parts
  const segment = segmentName(first)
  if (firstSequenceOf(segment) === undefined || !Number.isSafeInteger(last) || last < first) return undefined
  const receivedAtMicros = Date.UTC(year, month - 1, day, hour, minute, second) * 1000 + micros
  return { object: name, segment, firstSequence: first, lastSequence: last, receivedAtMicros, bytes }
}

/** Archived segments of a stream in the order of their records, behind the object `after`. */
export async function* listArchived(
  store: ObjectStore,
  stream: StreamName,
  after?: string,
): AsyncGenerator<ArchivedSegment> {
  for await (const info of store.list(`${stream}/`, after)) {
    const archived = archivedSegmentOf(stream, info)
    if (archived !== undefined) yield archived
  }
}
