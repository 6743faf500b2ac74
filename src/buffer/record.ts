// What one thing said looks like on its way through the buffer. The bytes on disk are docs/specs/buffer.md.
import type { RowMeta, RowTable } from '../core/event.ts'

/**
 * `segment`: body is the JSON of one request of the Segment protocol (meta: RequestMeta). `row`: body is the JSON objects of rows
 * for a table of ours, one a line if there are several (meta: RowMeta). `forward`: body is the entries of one Fluent Forward
 * message, msgpack values `[time, record]` one after the other (meta: ForwardMeta). `append`: body is rows for a table that
 * people made (meta and body: core/append-record.ts).
 */
export type RecordKind = 'segment' | 'row' | 'forward' | 'append'

/** A record before it has a place in a stream: one request of a sender, holding `count` events. */
export interface NewRecord {
  readonly kind: RecordKind
  /** Slug of the source; `unknown` for a key of ours that is not listed. */
  readonly source: string
  /** Microseconds since the epoch, by the receiver's clock. */
  readonly receivedAtMicros: number
  /** Events in the body, counted before the sender is answered, so that the ledger can sum. */
  readonly count: number
  /** JSON of what the receiver knows beyond the body: see RecordKind, and core/event.ts for the shapes. */
  readonly meta: string
  /** The sender's bytes, decompressed, otherwise untouched. */
  readonly body: Uint8Array
}

export interface StoredRecord extends NewRecord {
  /** Position in the stream: startNumber * 2^32 + n. Grows, never used twice. A safe integer. */
  readonly sequence: number
}

/** Rows that Millpond writes of itself: JSON objects, each without a line break. They are durable together, or not at all. */
export function ownRows(table: RowTable, rows: readonly string[], receivedAtMicros: number): NewRecord {
  const meta: RowMeta = { table }
  return {
    kind: 'row',
    source: 'millpond',
    receivedAtMicros,
    count: rows.length,
    meta: JSON.stringify(meta),
    body: Buffer.from(rows.join('\n')),
  }
}

const recordRowsMax = 500
const recordBytesMax = 512 * 1024

/** Many of them: a row costs less in company, and a record must not become long for the loader, which reads it whole. */
export function inRecords(table: RowTable, rows: readonly string[], receivedAtMicros: number): NewRecord[] {
  const parts: string[][] = []
  let bytes = Infinity
  for (const row of rows) {
    if (bytes + row.length > recordBytesMax || (parts.at(-1)?.length ?? 0) >= recordRowsMax) {
      parts.push([])
      bytes = 0
    }
    parts.at(-1)?.push(row)
    bytes += row.length
  }
  return parts.map((part) => ownRows(table, part, receivedAtMicros))
}

/** Appends one record; resolves with its sequence only when it is synced to disk. Answer the sender after it, never before. */
export type Append = (record: NewRecord) => Promise<number>
