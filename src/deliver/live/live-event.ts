// What the live feed shows of one event, or of one row of a fixed table, made in the worker for the last ones of a plan only; and
// whom it is about, made for every one.
import type { StoredRecord } from '../../buffer/record.ts'
import type { LiveEvent, QuarantineReason, RequestMeta, Verdict } from '../../core/event.ts'
import type { RowTableSpec } from '../../warehouse/row-tables.ts'
import { columnText } from '../rows/column-text.ts'
import { idText } from '../screen/message-id.ts'
import { stringifyExact } from '../screen/parse.ts'

type Json = Readonly<Record<string, unknown>>

const jsonLengthMax = 16 * 1024
/** A log's message stands where events have their name. */
const nameLengthMax = 200

/** `table`: the event is a row of it. */
export function liveEventOf(
  record: StoredRecord,
  event: unknown,
  verdict: Verdict,
  reason: QuarantineReason | null,
  id: string,
  table?: RowTableSpec,
): LiveEvent {
  const fields = asObject(event)
  const { receivedAtMicros, source } = record
  const subjects = subjectsOf(fields, table)
  const base = { receivedAtMicros, source, id, verdict, reason, json: shownJson(record, event, reason) }
  if (table !== undefined) {
    const names = table.nameColumns.map((column) => columnText(table, column, fields))
    const name = (names.find((text) => text !== '') ?? '').slice(0, nameLengthMax).toWellFormed()
    return { ...base, ...subjects, type: table.liveType, name }
  }
  return {
    ...base,
    ...subjects,
    type: idText(fields['type']) || callOf(record),
    name: idText(fields['event']) || idText(fields['name']),
  }
}

export type Subjects = Pick<LiveEvent, 'userId' | 'anonymousId' | 'deviceId'>

/** Whom an event is about. */
export function subjectsOf(event: unknown, table?: RowTableSpec): Subjects {
  const fields = asObject(event)
  if (table !== undefined) {
    const userId = columnText(table, 'user_id', fields) || null
    const deviceId = columnText(table, 'device_id', fields) || null
    return { userId, anonymousId: null, deviceId }
  }
  return {
    userId: idText(fields['userId']) || null,
    anonymousId: idText(fields['anonymousId']) || null,
    deviceId: deviceOf(fields),
  }
}

function deviceOf(fields: Json): string | null {
  const device = asObject(asObject(fields['context'])['device'])
  return idText(device['id']) || null
}

function asObject(value: unknown): Json {
  return (typeof value === 'object' && value !== null ? value : {}) as Json
}

function callOf(record: StoredRecord): string {
  try {
    const meta = JSON.parse(record.meta) as Partial<RequestMeta> | null
    return idText(meta?.call)
  } catch (error) {
    // No receiver of ours wrote it; its letter says so.
    if (error instanceof SyntaxError) return ''
    throw error
  }
}

const awkwardReasons: ReadonlySet<QuarantineReason> = new Set(['too_deep', 'event_too_large', 'too_many_keys'])

function shownJson(record: StoredRecord, event: unknown, reason: QuarantineReason | null): string {
  // A deep or huge event would cost more to write out than it is worth looking at; its letter has the bytes.
  const isAwkward = Array.isArray(event) || event === undefined || (reason !== null && awkwardReasons.has(reason))
  if (!isAwkward) return stringifyExact(event).slice(0, jsonLengthMax).toWellFormed()
  // Bytes of Forward are no text.
  return record.kind === 'forward' ? '' : Buffer.from(record.body.subarray(0, jsonLengthMax)).toString()
}
