// Files of events: one row an event, as JSON lines or as Parquet. The same rows give the same bytes.
import { gzipSync } from 'node:zlib'

import { parquetWriteBuffer } from 'hyparquet-writer'

import { isoTime } from '../../../core/clock.ts'
import { columnJson } from '../../screen/parse.ts'
import type { OutgoingEvent } from '../destination.ts'

export type FileFormat = 'ndjson' | 'parquet'

export interface EventFile {
  readonly extension: string
  readonly contentType: string
  readonly body: Buffer
}

/** What stands before the payload of a row. Times are text here: ISO 8601 in UTC, to the microsecond. */
interface RowHead {
  readonly message_id: string
  readonly source: string
  readonly type: string
  readonly event: string | null
  readonly user_id: string | null
  readonly anonymous_id: string | null
  readonly timestamp: string
  readonly received_at: string
}

const textColumns = ['message_id', 'source', 'type', 'event', 'user_id', 'anonymous_id'] as const
const timeColumns = ['timestamp', 'received_at'] as const
const textType = { type: 'BYTE_ARRAY', converted_type: 'UTF8' } as const
/** A moment, not a reading of some wall clock: engines make TIMESTAMP WITH TIME ZONE of it. */
const timeType = {
  type: 'INT64',
  converted_type: 'TIMESTAMP_MICROS',
  logical_type: { type: 'TIMESTAMP', isAdjustedToUTC: true, unit: 'MICROS' },
} as const
const schema = [
  { name: 'root', num_children: textColumns.length + timeColumns.length + 1 },
  ...textColumns.map((name) => ({ name, ...textType, repetition_type: 'OPTIONAL' as const })),
  ...timeColumns.map((name) => ({ name, ...timeType, repetition_type: 'REQUIRED' as const })),
  { name: 'payload', ...textType, repetition_type: 'REQUIRED' as const },
]

/** No text of a row's head can hold it: their quotes have a backslash before them. */
const payloadMark = ',"payload":'

/** A row as a line of JSON. */
export function rowText({ event, isExact, ...known }: OutgoingEvent): string {
  const { writeKey: _, ...payload } = event
  const head: RowHead = {
    message_id: known.messageId,
    source: known.source,
    type: known.type,
    event: orNull(known.name),
    user_id: orNull(known.userId),
    anonymous_id: orNull(known.anonymousId),
    timestamp: exactTime(known.atMicros),
    received_at: exactTime(known.receivedAtMicros),
  }
  return `${columnJson(head, false).slice(0, -1)}${payloadMark}${columnJson(payload, isExact)}}`
}

/** `rows`: of `rowText`. */
export function eventFile(rows: readonly string[], format: FileFormat): EventFile {
  if (format === 'parquet') {
    return { extension: 'parquet', contentType: 'application/vnd.apache.parquet', body: parquet(rows) }
  }
  const text = rows.map((row) => `${row}\n`).join('')
  return { extension: 'ndjson.gz', contentType: 'application/gzip', body: gzipSync(text) }
}

function parquet(rows: readonly string[]): Buffer {
  const parts = rows.map((row) => {
    const at = row.indexOf(payloadMark)
    const head = JSON.parse(`${row.slice(0, at)}}`) as RowHead
    return { head, payload: row.slice(at + payloadMark.length, -1) }
  })
  const columnData = [
    ...textColumns.map((name) => ({ name, data: parts.map(({ head }) => head[name]) })),
    ...timeColumns.map((name) => ({ name, data: parts.map(({ head }) => microsOf(head[name])) })),
    { name: 'payload', data: parts.map(({ payload }) => payload) },
  ]
  return Buffer.from(parquetWriteBuffer({ columnData, schema, createdBy: 'millpond' }))
}

/** Like the tables: to the microsecond. */
function exactTime(micros: number): string {
  const ms = Math.floor(micros / 1000)
  return isoTime(ms * 1000).replace('Z', `${String(micros - ms * 1000).padStart(3, '0')}Z`)
}

/** Of `exactTime`. */
function microsOf(time: string): bigint {
  return BigInt(Date.parse(time)) * 1000n + BigInt(time.slice(-4, -1))
}

function orNull(text: string): string | null {
  return text === '' ? null : text
}
