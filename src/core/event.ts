// Words that collect and deliver share about an analytics event, without knowing each other.

export const eventTypes = ['track', 'identify', 'page', 'screen', 'group', 'alias'] as const
export type EventType = (typeof eventTypes)[number]

/** How a row's `timestamp` was found; stored in the row as `time_method`. */
export type TimeMethod =
  /** The sender's own time, believed. */
  | 'sender'
  /** The sender's time moved by receivedAt - sentAt of its request (Segment's formula). */
  | 'batch'
  /** The sender's time moved by the device's clock offset, learned over several requests. */
  | 'device'
  /** No usable time came: the time of receiving. */
  | 'received'
  /** The computed time lay in the future or before 1971: the time of receiving; the sender's stays in original_timestamp. */
  | 'clamped'

/** Why an event is kept out of its table; `millpond.dead_letters.reason`. docs/dead-letters.md explains each. */
export const quarantineReasons = [
  'key_disabled',
  'key_rotated',
  'key_unlisted',
  'event_not_an_object',
  'event_type_unknown',
  'event_name_missing',
  'id_missing',
  'event_too_large',
  'too_many_keys',
  'too_deep',
  'batch_too_long',
  'row_refused',
  'entry_unreadable',
  'plan_violation',
] as const
export type QuarantineReason = (typeof quarantineReasons)[number]

/**
 * What the archive knows of an event whose person was erased: hashes of its id (low, high) and of its content, so that it
 * gets the verdict again that it had. Null: of one without an id of its own, which has the verdict of its record; an event
 * of the Segment protocol was quarantined.
 */
export type ErasedFact = readonly [low: number, high: number, content: number] | null

/** What was erased of a record: docs/specs/archive.md §8. */
export interface ErasedFacts {
  /** Of the body as it was sent: limits are measured by it. */
  readonly bodyBytes: number
  /** CRC-32 of the body as it was sent, by which it is known if it comes again. */
  readonly bodyCrc: number
  /** By index in the record. */
  readonly events: Readonly<Record<string, ErasedFact>>
}

/** What intake knows of one Segment-protocol request beyond its body; JSON in the record's `meta`. */
export interface RequestMeta {
  /** 'batch': events are in `batch`; otherwise the body is one event of this type. */
  readonly call: 'batch' | EventType
  /** Client paths (/v1/t, /b, pixel …) get context.ip from the socket; server paths only with context.direct. */
  readonly via: 'client' | 'server'
  readonly ip?: string
  /** Milliseconds to add to the sender's times; absent = believe them. Computed once, by intake, never again. */
  readonly clock?: { readonly offsetMs: number; readonly method: 'batch' | 'device' }
  /** Set when the key decides already: every event is quarantined with this reason. */
  readonly refused?: QuarantineReason
  /** Version of the source's tracking plan that was in force; absent: none was. */
  readonly plan?: number
  /** Historical import: time is never clamped. */
  readonly import?: true
  /** `millpond.dead_letters.id` of the letter that this record replays. */
  readonly replayOf?: string
  /** Of a replay: when its events came first. Their rows say that, as if they had never been kept out. */
  readonly firstReceivedAtMicros?: number
  readonly erased?: ErasedFacts
}

/** What intake knows of one Fluent Forward message beyond its entries; JSON in the record's `meta`. */
export interface ForwardMeta {
  readonly tag: string
  /** The sender's ack token, byte for byte as base64; the same on every retry of one chunk. */
  readonly chunk?: string
  /** Of a message that was cut into several records: which part this is, from 0. */
  readonly part?: number
  readonly ip?: string
  /** `millpond.dead_letters.id` of the letter that this record replays. */
  readonly replayOf?: string
  readonly firstReceivedAtMicros?: number
  readonly erased?: ErasedFacts
}

/** Tables of ours whose columns are fixed. Unknown fields of a sender go to a JSON column, never to a new one. */
export type RowTable =
  | 'ai.assets'
  | 'ai.inferences'
  | 'logs.entries'
  | 'millpond.audit'
  | 'millpond.deliveries'
  | 'millpond.delivery_sums'
  | 'millpond.jobs'

/** What a receiver knows of one row beyond its JSON; JSON in the record's `meta`. */
export interface RowMeta {
  readonly table: RowTable
  readonly ip?: string
  readonly replayOf?: string
  readonly firstReceivedAtMicros?: number
  readonly erased?: ErasedFacts
}

/** One screen verdict for everybody. flagged = stored, but the same id came before with other content. */
export const verdicts = ['stored', 'duplicate', 'flagged', 'quarantined'] as const
export type Verdict = (typeof verdicts)[number]

/** One event on the live feed. */
export interface LiveEvent {
  readonly receivedAtMicros: number
  readonly source: string
  readonly type: string
  /** Event or page name as sent. */
  readonly name: string
  readonly id: string
  readonly userId: string | null
  readonly anonymousId: string | null
  readonly deviceId: string | null
  readonly verdict: Verdict
  readonly reason: QuarantineReason | null
  /** The event's JSON, cut after 16 KiB. */
  readonly json: string
}
