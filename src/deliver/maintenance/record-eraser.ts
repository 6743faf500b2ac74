// One record of the archive without what erased people said in it. In their places stand facts (core/event.ts, ErasedFacts):
// the record counts as before, the others keep their places and their bytes. docs/specs/archive.md §8.
import { crc32 } from 'node:zlib'

import type { StoredRecord } from '../../buffer/record.ts'
import type { ErasedFact, ErasedFacts, ForwardMeta, RequestMeta, RowMeta } from '../../core/event.ts'
import { parseObject } from '../../core/json-object.ts'
import { groupMarkerOf, skipValue } from '../../core/msgpack.ts'
import type { ScreenSettings } from '../../core/settings.ts'
import { linesOf } from '../rows/row-record.ts'
import { RowScreen } from '../rows/row-screen.ts'
import { receivedAtOf, typeOf } from '../screen/event-facts.ts'
import type { AskedIndex, ToldFrames } from '../screen/judge-id.ts'
import { idText } from '../screen/message-id.ts'
import type { PlanBook } from '../screen/plan-book.ts'
import { openEvents, Screen } from '../screen/screen.ts'
import { batchSpans, type Span } from '../screen/spans.ts'
import { verdictCodes } from '../screen/verdict-file.ts'
import type { Suppression } from './suppression.ts'

export interface EraserSettings {
  readonly screen: ScreenSettings
  /** Rules `tag pattern=dataset.table` of Fluent Forward. */
  readonly forwardTables: readonly string[]
}

type Meta = RequestMeta | ForwardMeta | RowMeta
type Facts = Map<number, ErasedFact>

const nothing = Buffer.from('{}')
const comma = Buffer.from(',')
const lineEnd = Buffer.from('\n')
const nil = Buffer.of(0xc0)
const nobodySees = (): void => undefined
/** No id was there before, so every event is judged by itself. */
const emptyIndex: AskedIndex = { ask: () => 'new', remember: nobodySees }

/** The hashes that a screen has written last, and all of a record. */
class NotedHashes implements ToldFrames {
  entries: { readonly isKept: boolean; readonly fact: readonly [number, number, number] }[] = []

  begin(): void {
    this.entries = []
  }

  add(verdict: number, low: number, high: number, content: number): void {
    this.entries.push({ isKept: verdict !== verdictCodes.quarantined, fact: [low, high, content] })
  }

  end(): void {
    // All of it is in `entries`.
  }
}

export class RecordEraser {
  readonly #suppression: Suppression
  readonly #noted = new NotedHashes()
  readonly #screen: Screen
  readonly #rowScreen: RowScreen

  constructor(suppression: Suppression, settings: EraserSettings, plans: Pick<PlanBook, 'check'>) {
    this.#suppression = suppression
    this.#screen = new Screen(settings.screen, emptyIndex, this.#noted, plans)
    this.#rowScreen = new RowScreen(settings.screen, emptyIndex, this.#noted, settings.forwardTables)
  }

  /** Undefined: nothing in it is of anybody erased. The sequence stays. */
  erase(stream: string, record: StoredRecord): StoredRecord | undefined {
    const meta = parseObject(record.meta) as Meta | undefined
    if (meta === undefined || record.kind === 'append') return undefined
    const facts =
      record.kind === 'segment'
        ? this.#eventFacts(stream, record, meta as RequestMeta)
        : this.#rowFacts(stream, record, meta)
    if (facts.size === 0) return undefined
    const rest = bodyWithout(record, meta, facts)
    if (rest === undefined) return undefined
    const known = meta.erased
    const events = { ...known?.events, ...Object.fromEntries(facts) }
    const isAll = Object.keys(events).length === record.count
    const body = isAll ? emptyBody(record, meta, rest) : rest
    const erased: ErasedFacts = {
      bodyBytes: known?.bodyBytes ?? record.body.length,
      bodyCrc: known?.bodyCrc ?? crc32(record.body),
      events,
    }
    return { ...record, meta: JSON.stringify({ ...(isAll ? withoutSender(meta) : meta), erased }), body }
  }

  #eventFacts(stream: string, record: StoredRecord, meta: RequestMeta): Facts {
    const { refused, ...openMeta } = meta
    const opened = openEvents(stream, refused === undefined ? record : { ...record, meta: JSON.stringify(openMeta) })
    const facts: Facts = new Map()
    if (opened === undefined) return facts
    const firstMicros = receivedAtOf(record, meta)
    let isJudged = false
    for (let index = 0; index < opened.events; index++) {
      const event = opened.at(index)?.event
      if (event === undefined) continue
      const userId = idText(event['userId'])
      const anonymousId = idText(event['anonymousId'])
      const named = { type: typeOf(event, meta), event, userId, anonymousId }
      const isOfKept = this.#suppression.hidesEvent(record.source, named, firstMicros)
      // Hashing costs most here: a letter is asked for only where it may be another answer.
      const mayDiffer = isOfKept || firstMicros !== record.receivedAtMicros
      const isOfLetter =
        mayDiffer && this.#suppression.hides(record.source, userId, anonymousId, record.receivedAtMicros)
      if (!isOfKept && !isOfLetter) continue
      if (!isJudged) this.#screen.judge(stream, record, eventSink)
      isJudged = true
      const entry = this.#noted.entries[index]
      if (entry?.isKept === true && isOfKept) facts.set(index, entry.fact)
      else if (entry?.isKept !== true && isOfLetter) facts.set(index, null)
    }
    return facts
  }

  #rowFacts(stream: string, record: StoredRecord, meta: Meta): Facts {
    const facts: Facts = new Map()
    const receivedAtMicros = receivedAtOf(record, meta)
    this.#rowScreen.judge(stream, record, {
      keepRow: ({ table, row, index, idField }) => {
        if (!this.#suppression.hidesRow(table, row, receivedAtMicros)) return
        facts.set(index, idField === undefined ? null : (this.#noted.entries.at(-1)?.fact ?? null))
      },
      letter: nobodySees,
      seen: nobodySees,
    })
    return facts
  }
}

const eventSink = { keep: nobodySees, letter: nobodySees, violation: nobodySees, seen: nobodySees }

/** Undefined: its bytes are other than its count says. */
function bodyWithout(record: StoredRecord, meta: Meta, facts: Facts): Buffer | undefined {
  if (record.kind === 'row') {
    const lines = linesOf(record)
    return (
      lines &&
      joined(
        lines.map((line, index) => (facts.has(index) ? nothing : line)),
        lineEnd,
      )
    )
  }
  const isBatch = record.kind === 'forward' || (meta as RequestMeta).call === 'batch'
  if (!isBatch) return nothing
  const spans = record.kind === 'forward' ? entrySpans(record.body) : batchSpans(record.body)
  if (spans?.length !== record.count) return undefined
  const parts: Uint8Array[] = []
  let at = 0
  for (const [index, { start, end }] of spans.entries()) {
    if (!facts.has(index)) continue
    parts.push(record.body.subarray(at, start), record.kind === 'forward' ? nil : nothing)
    at = end
  }
  parts.push(record.body.subarray(at))
  return Buffer.concat(parts)
}

/** Of the entries of a Forward body, without the markers between them. */
function entrySpans(body: Uint8Array): Span[] {
  const spans: Span[] = []
  for (let start = 0; start < body.length;) {
    const end = skipValue(body, start, body.length)
    if (end === -1) return []
    if (groupMarkerOf(body, start) === undefined) spans.push({ start, end })
    start = end
  }
  return spans
}

/** Nobody is left whom a batch's own words, or the marks of a group, could be about. */
function emptyBody({ kind, count }: StoredRecord, meta: Meta, rest: Buffer): Buffer {
  if (kind === 'row') return rest
  if (kind === 'forward') return Buffer.concat(Array.from({ length: count }, () => nil))
  if ((meta as RequestMeta).call !== 'batch') return nothing
  const places = joined(
    Array.from({ length: count }, () => nothing),
    comma,
  )
  return Buffer.concat([Buffer.from('{"batch":['), places, Buffer.from(']}')])
}

/** An address is somebody's, too. */
function withoutSender(meta: Meta): Meta {
  const { ip: _ip, ...rest } = meta
  return rest
}

function joined(parts: readonly Uint8Array[], between: Uint8Array): Buffer {
  return Buffer.concat(parts.flatMap((part, index) => (index === 0 ? [part] : [between, part])))
}
