// The screen: one verdict for every event of a record, once, in order, for everybody who comes after. What is stored goes
// to the sink with its leaves walked; what is kept out goes there as a dead letter; every verdict goes into the frames.
// Rows of fixed tables have a screen of their own: rows/row-screen.ts.
//
//   record --refused, unreadable--> one letter
//      \--> events --limits, shape--> letter            (quarantined)
//               \--> id seen before --same content----> nothing         (duplicate)
//                         \          --other content--> sink            (flagged)
//                          \--> sink                                     (stored)
import type { StoredRecord } from '../../buffer/record.ts'
import { eventTypes, type EventType, type QuarantineReason, type RequestMeta, type Verdict } from '../../core/event.ts'
import type { ScreenSettings } from '../../core/settings.ts'
import { isObject, parseObject } from '../../core/json-object.ts'
import { createLetter, envelopeOf, type Letter, requestLetterMeta } from './dead-letter.ts'
import { erasedAt, isErasedFrom, sentBytes } from './erased.ts'
import { IdHash } from './hash.ts'
import { nameOf, placeOf, typeOf } from './event-facts.ts'
import { type AskedIndex, countVerdict, judgeId, type RecordTally, type ToldFrames } from './judge-id.ts'
import { idText, messageIdOf } from './message-id.ts'
import { parseExact } from './parse.ts'
import type { PlanBook } from './plan-book.ts'
import { batchSpans, depthOf, type Span, textOf, valueSpans } from './spans.ts'
import { verdictCodes } from './verdict-file.ts'
import { EventWalk, type Leaves } from './walk.ts'

type Json = Readonly<Record<string, unknown>>

/** An event that is stored. One object, written anew for each event: use it at once, keep nothing of it. */
export interface KeptEvent {
  readonly type: EventType
  readonly event: Json
  /** In its request. */
  readonly index: number
  /** Track: the event's name. Page, screen: the page's, '' if none. */
  readonly name: string
  readonly id: string
  readonly userId: string
  readonly anonymousId: string
  /** As sent, the event's own or its batch's. */
  readonly sentAt: unknown
  readonly leaves: Leaves & { readonly generation: number }
  /** The body held numbers beyond a double: write its JSON exactly. */
  readonly isExact: boolean
}

export interface ScreenSink {
  /** Stored or flagged. */
  keep(event: KeptEvent, record: StoredRecord, meta: RequestMeta): void
  letter(letter: Letter): void
  /** Of an event that was kept, though it isn't what its source has promised. */
  violation(event: KeptEvent, record: StoredRecord, plan: number, problems: readonly string[]): void
  /** Every event, after its verdict; `event` is whatever the sender put there. */
  seen(record: StoredRecord, event: unknown, verdict: Verdict, reason: QuarantineReason | null, id: string): void
}

/** Events that the warehouse refused: indexes in the record, or all of it. */
export type RefusedEvents = ReadonlySet<number> | 'all'

const nothingRefused: ReadonlySet<number> = new Set()
const types: ReadonlySet<unknown> = new Set(eventTypes)

export function hourOf(micros: number): number {
  return Math.floor(micros / 3_600_000_000)
}

/** What is known of the record being judged. */
interface Work {
  readonly stream: string
  readonly record: StoredRecord
  readonly meta: RequestMeta
  readonly body: Json
  readonly items: readonly unknown[]
  /** What the batch says for all of its events. */
  shared: Json | undefined
  /** Bytes around the events that each of them carries along, if they are many. */
  readonly envelopeBytes: number
  /** Event whose numbers were read exactly. */
  exact: { readonly index: number; readonly event: unknown } | undefined
  isSharedExact: boolean
  spans: Span[] | undefined
  envelope: string | undefined
}

/** A context of this size on each event is nothing special, whatever the size of the batch. */
const envelopeBytesFree = 1024 * 1024
/** Beyond it, what the events carry together may be this many times their request. */
const envelopeFactorMax = 4
/** More than any `eventDepthMax`, and far less than the stack holds. */
const exactDepthMax = 1000

export class Screen {
  readonly walk: EventWalk
  readonly #settings: ScreenSettings
  readonly #index: AskedIndex
  readonly #frames: ToldFrames
  readonly #idHash = new IdHash()
  readonly #plans: Pick<PlanBook, 'check'> | undefined
  readonly #kept: { -readonly [Key in keyof KeptEvent]: KeptEvent[Key] }
  #tally: RecordTally = { stored: 0, flagged: 0, duplicates: 0, quarantined: 0 }

  /** `plans` undefined: nothing is promised. */
  constructor(settings: ScreenSettings, index: AskedIndex, frames: ToldFrames, plans?: Pick<PlanBook, 'check'>) {
    this.#settings = settings
    this.#plans = plans
    this.#index = index
    this.#frames = frames
    this.walk = new EventWalk(settings)
    const leaves = this.walk
    const texts = { name: '', id: '', userId: '', anonymousId: '', sentAt: undefined }
    this.#kept = { type: 'track', event: {}, index: 0, ...texts, leaves, isExact: false }
  }

  /** Judges all events of a record; the tally's sum is record.count, always. */
  judge(stream: string, record: StoredRecord, sink: ScreenSink, refused: RefusedEvents = nothingRefused): RecordTally {
    this.#tally = { stored: 0, flagged: 0, duplicates: 0, quarantined: 0 }
    this.#frames.begin(record.sequence, hourOf(record.receivedAtMicros), record.count)
    const work = openRecord(stream, record)
    if ('reason' in work) this.#letterOfAll(stream, record, work.meta, work.reason, sink)
    else if (refused === 'all') this.#letterOfAll(stream, record, work.meta, 'row_refused', sink)
    else this.#judgeEvents(work, sink, refused)
    this.#frames.end()
    return this.#tally
  }

  #judgeEvents(work: Work, sink: ScreenSink, refused: ReadonlySet<number>): void {
    const { record, meta, stream } = work
    const judged = Math.min(work.items.length, this.#settings.batchEventsMax, eventsCarrying(work))
    for (let index = 0; index < judged; index++) {
      if (this.#passErased(work, index)) continue
      const reason = this.#reasonAgainst(work, index) ?? (refused.has(index) ? 'row_refused' : undefined)
      if (reason !== undefined) this.#quarantine(work, index, reason, sink)
      else this.#keepAsPlanned(work, index, sink)
    }
    const rest = work.items.length - judged
    if (rest === 0) return
    const raw = bytesOf(work, judged, work.items.length - 1)
    const letterMeta = requestLetterMeta(meta, envelopeText(work))
    const letter = createLetter({ stream, record, index: judged }, letterMeta, 'batch_too_long', rest, raw)
    if (!isErasedFrom(meta, judged)) sink.letter(letter)
    this.#tally.quarantined += rest
  }

  /** True: the event at `index` was erased, and has its verdict. */
  #passErased({ meta, record }: Work, index: number): boolean {
    const fact = erasedAt(meta, index)
    if (fact === undefined) return false
    if (fact === null) {
      this.#frames.add(verdictCodes.quarantined, 0, 0, 0)
      this.#tally.quarantined += 1
      return true
    }
    const [low, high, content] = fact
    const hour = hourOf(record.receivedAtMicros)
    countVerdict(this.#tally, judgeId(this.#index, this.#frames, { low, high }, content, hour))
    return true
  }

  /** Fills `#kept` and walks the event; undefined: nothing is against it. */
  #reasonAgainst(work: Work, index: number): QuarantineReason | undefined {
    const { meta, body } = work
    let event = eventAt(work, index)
    if (event === undefined) return 'event_not_an_object'
    event = withOwnTraits(event, meta)
    if (this.#sizeOf(work, index) > this.#settings.eventBytesMax) return 'event_too_large'
    this.walk.run(event)
    if (this.walk.inexact && !this.walk.tooDeep && !this.walk.tooManyKeys) {
      makeExact(work, index)
      event = withOwnTraits(eventAt(work, index) ?? event, meta)
      this.walk.run(event)
    }
    if (this.walk.tooDeep) return 'too_deep'
    if (this.walk.tooManyKeys) return 'too_many_keys'
    const type = typeOf(event, meta)
    if (!types.has(type)) return 'event_type_unknown'
    const kept = this.#kept
    kept.type = type as EventType
    kept.event = event
    kept.index = index
    kept.isExact = work.exact?.index === index
    kept.userId = idText(event['userId'])
    kept.anonymousId = idText(event['anonymousId'])
    kept.name = nameOf(event, kept.type)
    kept.sentAt = event['sentAt'] ?? body['sentAt']
    if (kept.type === 'track' && kept.name === '') return 'event_name_missing'
    return kept.userId === '' && kept.anonymousId === '' ? 'id_missing' : undefined
  }

  /** By the plan that was in force when the record came. */
  #keepAsPlanned(work: Work, index: number, sink: ScreenSink): void {
    const { meta, record } = work
    const found = meta.plan === undefined ? undefined : this.#plans?.check(record.source, meta.plan, this.#kept)
    if (found?.action === 'quarantine') this.#quarantine(work, index, 'plan_violation', sink, found.problems)
    else this.#keepOnce(work, index, sink, found?.problems)
  }

  /** Bytes of one event and of what it carries along; 0 = small enough anyway. */
  #sizeOf(work: Work, index: number): number {
    if (sentBytes(work.meta, work.record) <= this.#settings.eventBytesMax) return 0
    return bytesOf(work, index, index).length + work.envelopeBytes
  }

  #keepOnce(work: Work, index: number, sink: ScreenSink, problems?: readonly string[]): void {
    const kept = this.#kept
    const { record, meta, stream } = work
    kept.id = messageIdOf(kept.event, record.source, placeOf(stream, record, meta, index))
    this.#idHash.compute(record.source, kept.id)
    const hour = hourOf(record.receivedAtMicros)
    const verdict = judgeId(this.#index, this.#frames, this.#idHash, this.walk.hash >>> 0, hour)
    countVerdict(this.#tally, verdict)
    if (verdict !== 'duplicate') {
      sink.keep(kept, record, meta)
      if (problems !== undefined) sink.violation(kept, record, meta.plan ?? 0, problems)
    }
    sink.seen(record, kept.event, verdict, null, kept.id)
  }

  #quarantine(
    work: Work,
    index: number,
    reason: QuarantineReason,
    sink: ScreenSink,
    problems?: readonly string[],
  ): void {
    const { record, meta, stream } = work
    const letterMeta = requestLetterMeta(meta, envelopeText(work), problems)
    const letter = createLetter({ stream, record, index }, letterMeta, reason, 1, bytesOf(work, index, index))
    sink.letter(letter)
    this.#frames.add(verdictCodes.quarantined, 0, 0, 0)
    this.#tally.quarantined += 1
    sink.seen(record, work.items[index], 'quarantined', reason, letter.id)
  }

  #letterOfAll(
    stream: string,
    record: StoredRecord,
    meta: RequestMeta | undefined,
    reason: QuarantineReason,
    sink: ScreenSink,
  ): void {
    this.#tally.quarantined += record.count
    if (record.count === 0) return
    const spans = meta?.call === 'batch' ? batchSpans(record.body) : undefined
    const raw = record.body.subarray(spans?.[0]?.start ?? 0, spans?.at(-1)?.end)
    const envelope = spans === undefined ? undefined : envelopeOf(record.body)
    const letterMeta = requestLetterMeta(meta, envelope)
    const letter = createLetter({ stream, record, index: undefined }, letterMeta, reason, record.count, raw)
    // Whoever is erased takes the letter along, as when it was there.
    if (!isErasedFrom(meta ?? {}, 0)) sink.letter(letter)
    sink.seen(record, undefined, 'quarantined', reason, letter.id)
  }
}

/** The events of a record as the screen reads them, for whoever follows its verdicts. */
export interface OpenedRecord {
  readonly meta: RequestMeta
  readonly events: number
  /** Undefined: it is no object, or was erased. */
  at(index: number): { readonly event: Json; readonly isExact: boolean } | undefined
}

/** So many digits in a row may be more than a double holds. */
const longNumber = /\d{16}/

/** Undefined: it was kept out as a whole. */
export function openEvents(stream: string, record: StoredRecord): OpenedRecord | undefined {
  const work = openRecord(stream, record)
  if ('reason' in work) return undefined
  const { buffer, byteOffset, byteLength } = record.body
  const mayBeInexact = longNumber.test(Buffer.from(buffer, byteOffset, byteLength).toString())
  return {
    meta: work.meta,
    events: work.items.length,
    at(index) {
      if (erasedAt(work.meta, index) !== undefined) return undefined
      if (mayBeInexact) makeExact(work, index)
      const event = eventAt(work, index)
      return event && { event: withOwnTraits(event, work.meta), isExact: mayBeInexact }
    },
  }
}

/** The events of a record, or why it is kept out as a whole. */
function openRecord(
  stream: string,
  record: StoredRecord,
): Work | { reason: QuarantineReason; meta: RequestMeta | undefined } {
  const meta = parseObject(record.meta) as RequestMeta | undefined
  // A record that no receiver of ours can have written: kept, with its bytes, for somebody to look at.
  if (meta === undefined || record.kind !== 'segment') return { reason: 'row_refused', meta: undefined }
  if (meta.refused !== undefined) return { reason: meta.refused, meta }
  const { buffer, byteOffset, byteLength } = record.body
  const text = Buffer.from(buffer, byteOffset, byteLength).toString()
  const body = parseObject(text)
  if (body === undefined) return { reason: 'event_not_an_object', meta }
  const items = itemsOf(body, meta)
  // Intake counted before it answered: a body that counts otherwise here would break the ledger.
  if (items?.length !== record.count) return { reason: 'row_refused', meta }
  const isBatch = meta.call === 'batch'
  const shared = isBatch && isObject(body['context']) ? body['context'] : undefined
  const isEnvelopeLong = isBatch && (isLong(body['context']) || isLong(body['sentAt']))
  const envelopeBytes = isEnvelopeLong ? (envelopeOf(record.body)?.length ?? 0) : 0
  const nothingYet = { exact: undefined, isSharedExact: false, spans: undefined, envelope: undefined }
  return { stream, record, meta, body, items, shared, envelopeBytes, ...nothingYet }
}

/** Where a text is expected: nothing that SDKs write there is long. */
function isLong(value: unknown): boolean {
  return typeof value === 'string' ? value.length > 1000 : typeof value === 'object' && value !== null
}

/**
 * How many events may carry what stands around them. A small body with a large context and many events would grow a
 * hundredfold in memory and in its table; the rest waits in one letter.
 */
function eventsCarrying(work: Work): number {
  const { envelopeBytes } = work
  if (envelopeBytes === 0) return Infinity
  const bytesMax = Math.max(envelopeBytesFree, envelopeFactorMax * sentBytes(work.meta, work.record))
  return Math.max(1, Math.floor(bytesMax / envelopeBytes))
}

function itemsOf(body: Json, meta: RequestMeta): readonly unknown[] | undefined {
  if (meta.call !== 'batch') return [body]
  return Array.isArray(body['batch']) ? (body['batch'] as unknown[]) : undefined
}

/** Reads the event again, digit by digit; only it, because its neighbours may nest deeper than the stack holds. */
function makeExact(work: Work, index: number): void {
  const { body } = work.record
  const bytes = bytesOf(work, index, index)
  work.exact = { index, event: parseExact(textOf(bytes, { start: 0, end: bytes.length })) }
  if (work.shared === undefined || work.isSharedExact) return
  work.isSharedExact = true
  const context = valueSpans(body, ['context']).get('context')
  if (context !== undefined && depthOf(body, context) <= exactDepthMax)
    work.shared = parseExact(textOf(body, context)) as Json
}

/** Undefined: it is no object. What the batch says for all events lies under what the event says itself. */
function eventAt({ items, exact, shared }: Work, index: number): Json | undefined {
  const event = exact?.index === index ? exact.event : items[index]
  if (!isObject(event)) return undefined
  if (shared === undefined) return event
  const own = event['context']
  return { ...event, context: isObject(own) ? { ...shared, ...own } : shared }
}

/** RudderStack's identify says its traits in the context only. */
function withOwnTraits(event: Json, meta: RequestMeta): Json {
  if (typeOf(event, meta) !== 'identify' || event['traits'] !== undefined) return event
  const context = event['context']
  const traits = isObject(context) ? context['traits'] : undefined
  return isObject(traits) ? { ...event, traits } : event
}

/** The exact bytes of events `from` to `to`, as they came. */
function bytesOf(work: Work, from: number, to: number): Uint8Array {
  const { body } = work.record
  if (work.meta.call !== 'batch') return body
  work.spans ??= batchSpans(body) ?? []
  return body.subarray(work.spans[from]?.start ?? 0, work.spans[to]?.end)
}

function envelopeText(work: Work): string | undefined {
  if (work.meta.call !== 'batch') return undefined
  return (work.envelope ??= envelopeOf(work.record.body))
}
