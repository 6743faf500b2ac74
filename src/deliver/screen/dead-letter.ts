// A dead letter: what was kept out, with its exact bytes and everything that a replay needs to say it again.
import type { StoredRecord } from '../../buffer/record.ts'
import type { QuarantineReason, RequestMeta } from '../../core/event.ts'
import { textOf, valueSpans } from './spans.ts'

/** `meta` of millpond.dead_letters: the request's, without a refusal, plus what a batch said around its events. */
export interface LetterMeta extends RequestMeta {
  /**
   * JSON of the batch's top-level keys that its events live under: sentAt, context. A text inside the JSON, so that its
   * bytes stay as they were sent, however deep they nest and however long their numbers are.
   */
  readonly envelope?: string
}

export interface Letter {
  readonly id: string
  readonly source: string
  readonly reason: QuarantineReason
  readonly receivedAtMicros: number
  readonly events: number
  /** One event's JSON, or several joined by commas; a body that is no batch: the whole body. */
  readonly raw: Uint8Array
  readonly meta: string
  readonly replayOf: string | null
}

export interface LetterPlace {
  readonly stream: string
  readonly record: StoredRecord
  readonly meta: RequestMeta | undefined
  /** Index of the event in its request; undefined: the whole request. */
  readonly index: number | undefined
}

/** The same letter has the same id whenever its record is judged. */
export function createLetter(
  { stream, record, meta, index }: LetterPlace,
  reason: QuarantineReason,
  events: number,
  raw: Uint8Array,
  envelope: string | undefined,
): Letter {
  const place = `${stream}-${record.sequence}`
  const { refused: _refused, replayOf, ...rest } = meta ?? { call: 'batch', via: 'server' }
  const letterMeta: LetterMeta = envelope === undefined ? rest : { ...rest, envelope }
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

/** JSON object of the top-level keys of a batch that belong to its events, as sent. Undefined: there are none. */
export function envelopeOf(body: Uint8Array): string | undefined {
  const spans = valueSpans(body, ['sentAt', 'context'])
  if (spans.size === 0) return undefined
  const parts = [...spans].map(([key, span]) => `"${key}":${textOf(body, span)}`)
  return `{${parts.join(',')}}`
}
