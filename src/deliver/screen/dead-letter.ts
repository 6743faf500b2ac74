// A dead letter: what was kept out, with its exact bytes and everything that a replay needs to say it again.
import type { StoredRecord } from '../../buffer/record.ts'
import type { QuarantineReason, RequestMeta } from '../../core/event.ts'

/** `meta` of millpond.dead_letters: the request's, without a refusal, plus what a batch said around its events. */
export interface LetterMeta extends RequestMeta {
  /** Top-level keys of the batch that its events live under: sentAt, context. */
  readonly envelope?: Readonly<Record<string, unknown>>
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
  envelope: Readonly<Record<string, unknown>> | undefined,
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

/** Top-level keys of a batch that belong to its events. */
export function envelopeOf(body: Readonly<Record<string, unknown>>): Record<string, unknown> | undefined {
  const { sentAt, context } = body
  if (sentAt === undefined && context === undefined) return undefined
  return { ...(sentAt === undefined ? {} : { sentAt }), ...(context === undefined ? {} : { context }) }
}
