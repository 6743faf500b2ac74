// The screen for rows of fixed tables: one verdict for every entry of a Forward record, and for every row of a row record.
//
//   record --chunk or replayed letter seen before, same content--> all duplicates, nothing is decoded
//      \--> entries --no [time, map], limits--> letter
//               \--> own id seen before --same content--> nothing; other content--> sink (flagged)
//                \--> sink (stored)
import { crc32 } from 'node:zlib'

import type { StoredRecord } from '../../buffer/record.ts'
import type { ErasedFact, ForwardMeta, QuarantineReason, RowMeta, RowTable, Verdict } from '../../core/event.ts'
import { groupMarkerOf, MsgpackInvalid, skipValue } from '../../core/msgpack.ts'
import { parseObject } from '../../core/json-object.ts'
import type { ScreenSettings } from '../../core/settings.ts'
import { isRowTable, type RowTableSpec, rowTables } from '../../warehouse/row-tables.ts'
import { createLetter, type Letter, type LetterMeta, type Origin } from '../screen/dead-letter.ts'
import { erasedAt, sentBytes } from '../screen/erased.ts'
import { hashNumber, hashText, IdHash, join } from '../screen/hash.ts'
import {
  type AskedIndex,
  countVerdict,
  type IdVerdict,
  judgeId,
  type RecordTally,
  type ToldFrames,
} from '../screen/judge-id.ts'
import { idText } from '../screen/message-id.ts'
import { parseExact, stringifyExact } from '../screen/parse.ts'
import { hourOf, type RefusedEvents } from '../screen/screen.ts'
import { EventWalk } from '../screen/walk.ts'
import { MsgpackDecoder } from './decode.ts'
import { type Entry, type Group, isEntry, readEntry, readGroup } from './entry.ts'
import { baseOf, chunkText, forwardMetaOf, keyOf, linesOf, type ReplayableRow } from './row-record.ts'
import { TagRoutes } from './routes.ts'
import { timeFieldOf } from './time-field.ts'

type Json = Readonly<Record<string, unknown>>

/** A row that is stored. One object, written anew for each row: use it at once, keep nothing of it. */
export interface KeptRow {
  readonly table: RowTableSpec
  readonly row: Json
  /** In its record. */
  readonly index: number
  readonly id: string
  /** Field that the id came from; undefined: it has none of its own. */
  readonly idField: string | undefined
  /** Of a Forward entry: microseconds as the sender wrote them. */
  readonly timeMicros: number | undefined
  readonly oddTime: unknown
  /** The tag; '' = none. */
  readonly logName: string
  readonly chunkId: string
  readonly group: Group | undefined
  readonly metadata: Json | undefined
  /** Write its JSON exactly. */
  readonly isExact: boolean
}

export interface RowSink {
  /** Stored or flagged. */
  keepRow(row: KeptRow, record: StoredRecord, meta: ForwardMeta | RowMeta): void
  letter(letter: Letter): void
  /** Every row, after its verdict. `events`: how many it stands for. */
  seen(
    record: StoredRecord,
    row: unknown,
    verdict: Verdict,
    reason: QuarantineReason | null,
    id: string,
    table?: RowTableSpec,
    events?: number,
  ): void
}

type RowLetterMeta = Extract<LetterMeta, { readonly kind: 'row' }>

/** What a verdict needs to know of the record. */
interface Judged {
  readonly record: StoredRecord
  readonly meta: ForwardMeta | RowMeta
  readonly table: RowTableSpec
  readonly origin: Origin
  readonly sink: RowSink
  readonly tally: RecordTally
  /** What a row without an id of its own is. */
  readonly verdict: 'stored' | 'flagged'
}

interface ForwardWork extends Judged {
  readonly stream: string
  readonly meta: ForwardMeta
  readonly refused: ReadonlySet<number>
}

interface RowsWork extends Judged {
  readonly stream: string
  readonly refused: ReadonlySet<number>
  readonly letterMeta: RowLetterMeta
}

interface ReadRow {
  readonly row: Json
  readonly isExact: boolean
}

const nothingRefused: ReadonlySet<number> = new Set()

/** Rows of one record at most, far more than intake puts into one: they are in memory together. */
const entriesMax = 100_000
/** What entries carry beside their own bytes (tag, chunk, what their group shares) may be this much, or … */
const carriedBytesFree = 8 * 1024 * 1024
/** … this many times their record. */
const carriedFactorMax = 4

export class RowScreen {
  readonly #settings: ScreenSettings
  readonly #index: AskedIndex
  readonly #frames: ToldFrames
  readonly #routes: TagRoutes
  readonly #decoder: MsgpackDecoder
  readonly #walk: EventWalk
  readonly #idHash = new IdHash()
  readonly #scratch = new DataView(new ArrayBuffer(8))
  readonly #entry: Entry = { row: {}, metadata: undefined, timeMicros: undefined, oddTime: undefined }
  readonly #kept: { -readonly [Key in keyof KeptRow]: KeptRow[Key] }
  /** Where the values of a body begin; the last one is its end. */
  #starts = new Uint32Array(1024)

  constructor(settings: ScreenSettings, index: AskedIndex, frames: ToldFrames, forwardTables: readonly string[]) {
    this.#settings = settings
    this.#index = index
    this.#frames = frames
    this.#routes = new TagRoutes(forwardTables)
    this.#decoder = new MsgpackDecoder(settings)
    this.#walk = new EventWalk(settings)
    const texts = { id: '', idField: undefined, logName: '', chunkId: '' }
    const nothing = { timeMicros: undefined, oddTime: undefined, group: undefined, metadata: undefined }
    this.#kept = { table: rowTables['logs.entries'], row: {}, index: 0, isExact: false, ...texts, ...nothing }
  }

  /** Judges all rows of a record of kind `forward` or `row`; the tally's sum is record.count, always. */
  judge(stream: string, record: StoredRecord, sink: RowSink, refused: RefusedEvents = nothingRefused): RecordTally {
    const tally = { stored: 0, flagged: 0, duplicates: 0, quarantined: 0 }
    this.#frames.begin(record.sequence, hourOf(record.receivedAtMicros), record.count)
    if (record.kind === 'forward') this.#judgeForward(stream, record, sink, refused, tally)
    else this.#judgeRows(stream, record, sink, refused, tally)
    this.#frames.end()
    return tally
  }

  #judgeForward(stream: string, record: StoredRecord, sink: RowSink, refused: RefusedEvents, tally: RecordTally): void {
    const meta = forwardMetaOf(record.meta)
    const values = meta === undefined ? -1 : this.#split(record.body, record.count)
    const table = this.#routes.tableOf(meta?.tag ?? '')
    const origin = meta?.origin ?? { id: baseOf(stream, record, meta), index: 0 }
    const letterMeta: LetterMeta = { tag: '', ...meta, kind: 'forward', encoding: 'msgpack-base64', origin }
    const place = { stream, record, index: undefined }
    if (meta === undefined || values === -1) {
      this.#keepWhole(place, letterMeta, base64(record.body), sink, tally, table)
      return
    }
    const verdict = this.#judgeWhole(record, meta, keyOf(meta), tally, sink, table)
    if (verdict === undefined) return
    if (refused === 'all') {
      this.#keepWhole(place, letterMeta, base64(record.body), sink, tally, table)
      return
    }
    this.#decoder.open(record.body)
    this.#judgeEntries({ stream, record, meta, table, origin, sink, tally, refused, verdict }, values)
    this.#decoder.close()
  }

  /**
   * The verdict of a record that may come again as a whole, known by its chunk or the letter that it replays; for entries
   * without an id of their own. Undefined: all of it was stored before.
   */
  #judgeWhole(
    record: StoredRecord,
    { erased }: ForwardMeta | RowMeta,
    key: string | undefined,
    tally: RecordTally,
    sink: RowSink,
    table: RowTableSpec,
  ): 'stored' | 'flagged' | undefined {
    if (key === undefined) return 'stored'
    const verdict = this.#ask(record, 'record', key, erased?.bodyCrc ?? crc32(record.body))
    if (verdict !== 'duplicate') return verdict
    tally.duplicates += record.count
    sink.seen(record, undefined, 'duplicate', null, key, table, record.count)
    return undefined
  }

  /**
   * Asks for an id, remembers it if it is new, and writes the verdict into the frame. `scope`: ids of different tables,
   * and of events, have nothing to do with each other.
   */
  #ask(record: StoredRecord, scope: RowTable | 'record', id: string, content: number): IdVerdict {
    this.#idHash.compute(`${record.source}\n${scope}`, id)
    return judgeId(this.#index, this.#frames, this.#idHash, content, hourOf(record.receivedAtMicros))
  }

  #judgeFact({ receivedAtMicros }: StoredRecord, [low, high, content]: NonNullable<ErasedFact>): IdVerdict {
    return judgeId(this.#index, this.#frames, { low, high }, content, hourOf(receivedAtMicros))
  }

  /** True: the row at `index` was erased from the archive, and has its verdict. */
  #passErased({ record, meta, verdict, tally }: Judged, index: number): boolean {
    const fact = erasedAt(meta, index)
    if (fact === undefined) return false
    countVerdict(tally, fact === null ? verdict : this.#judgeFact(record, fact))
    return true
  }

  /** Finds where the values of a body begin; how many there are. -1: no receiver of ours can have written it. */
  #split(body: Uint8Array, count: number): number {
    let values = 0
    let entries = 0
    let at = 0
    try {
      while (at < body.length) {
        if (values + 1 >= this.#starts.length) this.#growStarts()
        this.#starts[values++] = at
        const end = skipValue(body, at, body.length)
        if (end === -1) return -1
        if (groupMarkerOf(body, at) === undefined) entries += 1
        at = end
      }
    } catch (error) {
      if (error instanceof MsgpackInvalid) return -1
      throw error
    }
    this.#starts[values] = at
    return entries === count ? values : -1
  }

  #growStarts(): void {
    const starts = new Uint32Array(this.#starts.length * 2)
    starts.set(this.#starts)
    this.#starts = starts
  }

  #judgeEntries(work: ForwardWork, values: number): void {
    const { record, meta, table } = work
    const { body } = record
    const kept = this.#kept
    kept.table = table
    kept.logName = meta.tag
    kept.chunkId = meta.chunk === undefined ? '' : chunkText(meta.chunk)
    const carriedOfAll = kept.logName.length + 2 * kept.chunkId.length
    const carriedMax = Math.max(carriedBytesFree, carriedFactorMax * sentBytes(meta, record))
    let carried = 0
    let group: Group | undefined
    let index = 0
    for (let value = 0; value < values; value++) {
      const start = this.#starts[value] as number
      const end = this.#starts[value + 1] as number
      if (groupMarkerOf(body, start) !== undefined) {
        group = readGroup(body, start, end, this.#decoder, this.#settings.eventBytesMax)
        continue
      }
      // As a column of its row, or as bytes of its letter.
      if (group !== undefined) carried += Math.max(group.json.length, group.end - group.start)
      carried += carriedOfAll
      if (index > 0 && (carried > carriedMax || index >= entriesMax)) {
        this.#keepRest(work, index, start, group)
        break
      }
      kept.group = group
      this.#judgeEntry(work, index, start, end)
      index += 1
    }
    if (this.#starts.length > 65_536) this.#starts = new Uint32Array(1024)
    this.#forget()
  }

  #judgeEntry(work: ForwardWork, index: number, start: number, end: number): void {
    if (this.#passErased(work, index)) return
    const kept = this.#kept
    const reason =
      this.#reasonAgainst(work.record.body, start, end) ?? (work.refused.has(index) ? 'row_refused' : undefined)
    if (reason !== undefined) {
      const isRead = reason === 'too_deep' || reason === 'too_many_keys' || reason === 'row_refused'
      this.#letter(work, index, reason, 1, start, end, isRead ? this.#entry.row : undefined)
      return
    }
    kept.row = this.#entry.row
    kept.metadata = this.#entry.metadata
    kept.timeMicros = this.#entry.timeMicros
    kept.oddTime = this.#entry.oddTime
    kept.isExact = this.#decoder.isExact
    kept.index = index
    this.#giveVerdict(kept, work)
  }

  #giveVerdict(kept: KeptRow, work: Judged): void {
    const { record, meta, table, sink, tally } = work
    const verdict = this.#verdictOf(work, kept.index)
    countVerdict(tally, verdict)
    if (verdict !== 'duplicate') sink.keepRow(kept, record, meta)
    sink.seen(record, kept.row, verdict, null, kept.id, table)
  }

  #reasonAgainst(body: Uint8Array, start: number, end: number): QuarantineReason | undefined {
    if (!isEntry(body, start, end)) return 'entry_unreadable'
    if (end - start > this.#settings.eventBytesMax) return 'event_too_large'
    const decoder = this.#decoder
    readEntry(body, start, decoder, this.#entry)
    if (decoder.tooDeep) return 'too_deep'
    return decoder.tooManyKeys ? 'too_many_keys' : undefined
  }

  /** Fills the id of `#kept`. A row without one of its own has the verdict of its record. */
  #verdictOf({ record, table, verdict, origin }: Judged, index: number): IdVerdict {
    const kept = this.#kept
    for (const name of table.idFields) {
      const id = idText(kept.row[name])
      if (id === '') continue
      kept.id = id
      kept.idField = name
      return this.#ask(record, table.name, id, this.#contentHash(table) >>> 0)
    }
    kept.id = `${origin.id}-${origin.index + index}`
    kept.idField = undefined
    return verdict
  }

  /** Of the row in `#kept`, with what decides its time: the same id a minute later is no repetition. */
  #contentHash(table: RowTableSpec): number {
    const { row, timeMicros, oddTime } = this.#kept
    this.#walk.run(contentOf(row, table.notContent))
    const { hash } = this.#walk
    // A time of the record's own is in the hash already, and a client may make a new entry of the same record.
    if (!table.time.isContent || timeFieldOf(table, row, timeMicros) !== undefined) return hash
    if (timeMicros !== undefined) return join(hash, hashNumber(timeMicros, this.#scratch))
    return oddTime === undefined ? hash : join(hash, hashText(stringifyExact(oddTime)))
  }

  #letter(
    work: ForwardWork,
    index: number,
    reason: QuarantineReason,
    events: number,
    start: number,
    end: number,
    row: unknown,
  ): void {
    const { stream, record, meta, origin, sink, tally, table } = work
    const { group } = this.#kept
    const parts = [record.body.subarray(start, end)]
    // Without its group's start a replay would not know what the group shares.
    if (group !== undefined) parts.unshift(record.body.subarray(group.start, group.end))
    const letterMeta: LetterMeta = {
      ...meta,
      kind: 'forward',
      encoding: 'msgpack-base64',
      origin: { id: origin.id, index: origin.index + index },
    }
    const letter = createLetter({ stream, record, index }, letterMeta, reason, events, base64(Buffer.concat(parts)))
    sink.letter(letter)
    tally.quarantined += events
    sink.seen(record, row, 'quarantined', reason, letter.id, table, events)
  }

  #keepRest(work: ForwardWork, index: number, start: number, group: Group | undefined): void {
    this.#kept.group = group
    this.#letter(work, index, 'batch_too_long', work.record.count - index, start, work.record.body.length, undefined)
  }

  #keepWhole(
    place: { stream: string; record: StoredRecord; index: undefined },
    meta: LetterMeta,
    raw: Uint8Array,
    sink: RowSink,
    tally: RecordTally,
    table: RowTableSpec | undefined,
  ): void {
    const { record } = place
    tally.quarantined += record.count
    if (record.count === 0) return
    const letter = createLetter(place, meta, 'row_refused', record.count, raw)
    sink.letter(letter)
    sink.seen(record, undefined, 'quarantined', 'row_refused', letter.id, table, record.count)
  }

  #judgeRows(stream: string, record: StoredRecord, sink: RowSink, refused: RefusedEvents, tally: RecordTally): void {
    const meta = parseObject(record.meta) as ReplayableRow | undefined
    const name = meta?.table
    const origin = meta?.origin ?? { id: `r-${meta?.replayOf ?? `${stream}-${record.sequence}`}`, index: 0 }
    const table = isRowTable(name) ? rowTables[name] : undefined
    const letterMeta = { table: 'logs.entries', ...meta, kind: 'row', origin } as RowLetterMeta
    const lines = linesOf(record)
    if (meta === undefined || table === undefined || lines === undefined || refused === 'all') {
      this.#keepWhole({ stream, record, index: undefined }, letterMeta, record.body, sink, tally, table)
      return
    }
    const key = meta.replayOf === undefined ? undefined : `replay:${meta.replayOf}`
    const verdict = this.#judgeWhole(record, meta, key, tally, sink, table)
    if (verdict === undefined) return
    const work = { stream, record, meta, table, origin, sink, tally, refused, verdict, letterMeta }
    for (const [index, line] of lines.entries()) this.#judgeLine(work, index, line)
  }

  #judgeLine(work: RowsWork, index: number, line: Uint8Array): void {
    if (this.#passErased(work, index)) return
    const { stream, record, letterMeta, origin, sink, tally, table, refused } = work
    const read = this.#readRow(line)
    const reason = 'reason' in read ? read.reason : refused.has(index) ? 'row_refused' : undefined
    if (reason === undefined && 'row' in read) {
      const kept = this.#kept
      this.#forget()
      kept.table = table
      kept.row = read.row
      kept.index = index
      kept.isExact = read.isExact
      this.#giveVerdict(kept, work)
      this.#forget()
    } else if (reason !== undefined) {
      const meta = { ...letterMeta, origin: { id: origin.id, index: origin.index + index } }
      const letter = createLetter({ stream, record, index }, meta, reason, 1, line)
      sink.letter(letter)
      tally.quarantined += 1
      sink.seen(record, 'row' in read ? read.row : undefined, 'quarantined', reason, letter.id, table)
    }
  }

  /** The row, walked. */
  #readRow(body: Uint8Array): ReadRow | { reason: QuarantineReason } {
    if (body.length > this.#settings.eventBytesMax) return { reason: 'event_too_large' }
    const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString()
    const row = parseObject(text)
    if (row === undefined) return { reason: 'event_not_an_object' }
    this.#walk.run(row)
    if (this.#walk.tooDeep) return { reason: 'too_deep' }
    if (this.#walk.tooManyKeys) return { reason: 'too_many_keys' }
    if (!this.#walk.inexact) return { row, isExact: false }
    const exact = parseExact(text) as Json
    this.#walk.run(exact)
    return { row: exact, isExact: true }
  }

  /** Values gone by must not be kept alive. */
  #forget(): void {
    const kept = this.#kept
    kept.row = {}
    kept.metadata = undefined
    kept.timeMicros = undefined
    kept.oddTime = undefined
    kept.group = undefined
    kept.logName = ''
    kept.chunkId = ''
    this.#entry.row = {}
    this.#entry.metadata = undefined
  }
}

function contentOf(row: Json, notContent: readonly string[]): Json {
  if (notContent.length === 0) return row
  return Object.fromEntries(Object.entries(row).filter(([key]) => !notContent.includes(key)))
}

function base64(bytes: Uint8Array): Uint8Array {
  return Buffer.from(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64'), 'latin1')
}
