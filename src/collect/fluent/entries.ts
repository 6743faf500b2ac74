// Walks over the entries of a message: counts them, so that the ledger can sum, and cuts what would be too much for one
// record. Nothing is decoded, and no byte is left out: what can't be walked becomes one unreadable entry.
import { type GroupMarker, groupMarkerOf, MsgpackInvalid, skipValue } from '../../core/msgpack.ts'

/** What becomes the body of one record. */
export interface EntryPart {
  readonly body: Uint8Array
  /** Entries without Fluent Bit's group markers. */
  readonly count: number
}

/** A loader takes whole records: these bounds keep one within what it handles in a moment. */
export const partBytesMax = 4 * 1024 * 1024
export const partEntriesMax = 10_000
/** The start of a group stands again before each further part of it, so it must be small. */
const groupStartBytesMax = 64 * 1024

interface OpenPart {
  from: number
  count: number
  /** The group that the part begins in the middle of. */
  groupStart: Uint8Array | undefined
}

/** The same bytes are always cut alike, so a chunk that is sent again has the same parts. */
export function cutEntries(entries: Uint8Array): EntryPart[] {
  const parts: EntryPart[] = []
  const end = entries.length
  let open: OpenPart = { from: 0, count: 0, groupStart: undefined }
  let group: Uint8Array | undefined
  let at = 0
  while (at < end) {
    const next = entryEnd(entries, at)
    if (next === -1) break
    if (open.count >= partEntriesMax || (next - open.from > partBytesMax && at > open.from)) {
      parts.push(partOf(entries, open, at))
      open = { from: at, count: 0, groupStart: group }
    }
    const marker = groupMarkerOf(entries, at)
    if (marker === undefined) open.count += 1
    else group = groupAfter(marker, entries.subarray(at, next))
    at = next
  }
  if (at > open.from) parts.push(partOf(entries, open, at))
  if (at < end) parts.push({ body: unreadableEntry(entries.subarray(at)), count: 1 })
  return parts
}

function entryEnd(entries: Uint8Array, at: number): number {
  try {
    return skipValue(entries, at, entries.length)
  } catch (error) {
    if (error instanceof MsgpackInvalid) return -1
    throw error
  }
}

function groupAfter(marker: GroupMarker, start: Uint8Array): Uint8Array | undefined {
  return marker === 'start' && start.length <= groupStartBytesMax ? start : undefined
}

function partOf(entries: Uint8Array, { from, count, groupStart }: OpenPart, end: number): EntryPart {
  const body = entries.subarray(from, end)
  return { body: groupStart === undefined ? body : Buffer.concat([groupStart, body]), count }
}

/** A bin value: no entry, so it becomes a dead letter that holds these bytes. */
export function unreadableEntry(bytes: Uint8Array): Uint8Array {
  const head = Buffer.alloc(5)
  head[0] = 0xc6
  head.writeUInt32BE(bytes.length, 1)
  return Buffer.concat([head, bytes])
}
