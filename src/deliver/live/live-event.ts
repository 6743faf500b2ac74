// What the live feed shows of one event. Made in the worker, for the last events of a plan only.
import type { StoredRecord } from '../../buffer/record.ts'
import type { LiveEvent, QuarantineReason, RequestMeta, Verdict } from '../../core/event.ts'
import { idText } from '../screen/message-id.ts'
import { stringifyExact } from '../screen/parse.ts'

const jsonLengthMax = 16 * 1024

export function liveEventOf(
  record: StoredRecord,
  event: unknown,
  verdict: Verdict,
  reason: QuarantineReason | null,
  id: string,
): LiveEvent {
  const fields = (typeof event === 'object' && event !== null ? event : {}) as Readonly<Record<string, unknown>>
  const type = idText(fields['type']) || callOf(record)
  return {
    receivedAtMicros: record.receivedAtMicros,
    source: record.source,
    type,
    name: idText(fields['event']) || idText(fields['name']),
    id,
    userId: idText(fields['userId']) || null,
    anonymousId: idText(fields['anonymousId']) || null,
    verdict,
    reason,
    json: shownJson(record, event, reason),
  }
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
  if (isAwkward) return Buffer.from(record.body.subarray(0, jsonLengthMax)).toString()
  return stringifyExact(event).slice(0, jsonLengthMax).toWellFormed()
}
