// A dead letter: what was kept out, with its exact bytes and everything that a replay needs to say it again.
import type { StoredRecord } from '../../buffer/record.ts'
import type { ForwardMeta, QuarantineReason, RequestMeta, RowMeta } from '../../core/event.ts'
import { textOf, valueSpans } from './spans.ts'

/** `meta` of millpond.dead_letters: the record's, without a refusal, and what a replay needs beyond it. */
export type LetterMeta = RequestLetterMeta | ForwardLetterMeta | RowLetterMeta

export interface RequestLetterMeta extends RequestMeta {
  readonly kind?: undefined
  /**
   * JSON of the batch's top-level keys that its events live under: sentAt, context. A text inside the JSON, so that its
   * bytes stay as they were sent, however deep they nest and however long their numbers are.
   */
  readonly envelope?: string
  /** What its source's tracking plan has against it. */
  readonly problems?: readonly string[]
}

/** The place of a row in the record that it first came with: a replay gives it the same id. */
export interface Origin {
  readonly id: string
  readonly index: number
}

/** `raw` is the base64 of entries as they came, with the start of their group if they were in one. */
export interface ForwardLetterMeta extends ForwardMeta {
  readonly kind: 'forward'
  readonly encoding: 'msgpack-base64'
  readonly origin: Origin
}

/** `raw` is the row's JSON. */
export interface RowLetterMeta extends RowMeta {
  readonly kind: 'row'
  readonly origin: Origin
}

export interface Letter {
  readonly id: string
  readonly source: string
  readonly reason: QuarantineReason
  readonly receivedAtMicros: number
  readonly events: number
  /** One event's JSON, or several joined by commas; a body that is no batch: the whole body. Of Forward entries: base64. */
  readonly raw: Uint8Array
  readonly meta: string
  readonly replayOf: string | null
}

export interface LetterPlace {
  readonly stream: string
  readonly record: StoredRecord
  /** Index of the event in its record; undefined: the whole record. */
  readonly index: number | undefined
}

/** The same letter has the same id whenever its record is judged. */
export function createLetter(
  { stream, record, index }: LetterPlace,
  meta: LetterMeta,
  reason: QuarantineReason,
  events: number,
  raw: Uint8Array,
): Letter {
  const place = `${stream}-${record.sequence}`
  // What was erased of the record is not of this letter, and counts by the record's indexes.
  const { replayOf, erased: _erased, ...letterMeta } = meta
  return {
    id: index === undefined ? place : `${place}-${index}`,
    source: record.source,
    reason,
    receivedAtMicros: record.receivedAtMicros,
    events,
    raw,
    meta: JSON.stringify(letterMeta),
    replayOf: replayOf ?? null,
  }
}

/** Of a request of the Segment protocol; `envelope`: what its batch said around the event. */
export function requestLetterMeta(
  meta: RequestMeta | undefined,
  envelope: string | undefined,
  problems?: readonly string[],
): LetterMeta {
  const { refused: _refused, ...rest } = meta ?? { call: 'batch', via: 'server' }
  return { ...rest, ...(envelope === undefined ? {} : { envelope }), ...(problems === undefined ? {} : { problems }) }
}

/** JSON object of the top-level keys of a batch that belong to its events, as sent. Undefined: there are none. */
export function envelopeOf(body: Uint8Array): string | undefined {
  const spans = valueSpans(body, ['sentAt', 'context'])
  if (spans.size === 0) return undefined
  const parts = [...spans].map(([key, span]) => `"${key}":${textOf(body, span)}`)
  return `{${parts.join(',')}}`
}
