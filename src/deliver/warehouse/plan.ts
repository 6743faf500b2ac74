// From records to a load plan: screen, shape, count, pack. Pure but for its memory: no clock, no files, no threads; the
// worker thread drives it, and tests do.
import type { StoredRecord } from '../../buffer/record.ts'
import type { SourcePlatform } from '../../control/control.ts'
import { assert } from '../../core/errors.ts'
import type { ForwardMeta, LiveEvent, QuarantineReason, RequestMeta, RowMeta, Verdict } from '../../core/event.ts'
import type { ScreenSettings } from '../../core/settings.ts'
import type { LoadPlan, RowBlock, SourceCount, StreamPosition } from '../../warehouse/driver.ts'
import type { RowTableSpec } from '../../warehouse/row-tables.ts'
import { liveEventOf, subjectsOf } from '../live/live-event.ts'
import { type LoadSubjects, SubjectCollector } from '../live/subjects.ts'
import { type KeptRow, RowScreen, type RowSink } from '../rows/row-screen.ts'
import { RowWriter } from '../rows/row-writer.ts'
import type { Letter } from '../screen/dead-letter.ts'
import type { DedupeIndex } from '../screen/dedupe-index.ts'
import { receivedAtOf } from '../screen/event-facts.ts'
import { hourOf, type KeptEvent, type RefusedEvents, Screen, type ScreenSink } from '../screen/screen.ts'
import type { VerdictFrames } from '../screen/verdict-file.ts'
import { PlanBook } from '../screen/plan-book.ts'
import { Suppression } from '../maintenance/suppression.ts'
import { idText } from '../screen/message-id.ts'
import { Arena } from './columns.ts'
import { type SchemaLimits, type SchemaStart, WarehouseSchema } from './schema-state.ts'
import { Shaper } from './shape.ts'
import { SystemRows } from './system-rows.ts'

export interface PlanSettings {
  readonly screen: ScreenSettings
  readonly schema: SchemaLimits
  /** Rules `tag pattern=dataset.table` of Fluent Forward. */
  readonly forwardTables: readonly string[]
  /** Where versions of tracking plans lie. */
  readonly plansFolder: string
}

/** Part of one record that is loaded on its own, because the warehouse refused the whole. */
export interface Piece {
  /** Indexes of events: from … to - 1. */
  readonly from: number
  readonly to: number
  /** The last piece carries letters, counts and the position. */
  readonly isLast: boolean
}

export interface PlanOptions {
  readonly loadedAtMicros: number
  /** Live events wanted of this plan: the last ones. */
  readonly liveEventsMax: number
  /** Events in the records to come. */
  readonly events: number
  readonly piece: Piece | undefined
}

export interface PackedPlan {
  readonly plan: LoadPlan
  /** Memory of all blocks, to be moved. */
  readonly arena: ArrayBuffer
  readonly live: readonly LiveEvent[]
  readonly subjects: LoadSubjects
}

interface Count {
  readonly source: string
  readonly stream: string
  readonly hourMicros: number
  received: number
  stored: number
  flagged: number
  duplicates: number
  quarantined: number
}

const hourMicros = 3_600_000_000
/** Events of every source that a plan shows on the live feed, if there are that many. */
const liveEventsOfSourceMin = 20

const unwatched: ReadonlySet<RowTableSpec['liveType']> = new Set(['job', 'audit', 'delivery'] as const)

export class PlanMaker implements ScreenSink, RowSink {
  readonly schema: WarehouseSchema
  readonly #screen: Screen
  readonly #shaper: Shaper
  readonly #rowScreen: RowScreen
  readonly #rowWriter: RowWriter
  readonly #system = new SystemRows()
  readonly #suppression: Suppression
  #options: PlanOptions = { loadedAtMicros: 0, liveEventsMax: 0, events: 0, piece: undefined }
  #counts = new Map<string, Count>()
  #replayed = new Set<string>()
  #live: LiveEvent[] = []
  readonly #subjects = new SubjectCollector()
  #liveBySource = new Map<string, number>()
  #seen = 0

  constructor(
    settings: PlanSettings,
    platformOf: (source: string) => SourcePlatform,
    start: SchemaStart,
    index: DedupeIndex,
    frames: VerdictFrames,
  ) {
    this.schema = new WarehouseSchema(settings.schema, platformOf, start)
    this.#screen = new Screen(settings.screen, index, frames, new PlanBook(settings.plansFolder))
    this.#shaper = new Shaper(this.schema)
    this.#suppression = new Suppression(start.erased)
    this.#rowScreen = new RowScreen(settings.screen, index, frames, settings.forwardTables)
    this.#rowWriter = new RowWriter(this.schema)
  }

  /** Rows with something in `_overflow` since the maker began. */
  get overflowedRows(): number {
    return this.#shaper.overflowed + this.#rowWriter.overflowed
  }

  begin(options: PlanOptions): void {
    this.#options = options
    this.#counts = new Map()
    this.#replayed = new Set()
    this.#live = []
    this.#subjects.take()
    this.#liveBySource = new Map()
    this.#seen = 0
  }

  /** Verdicts go to the frames given to the constructor. */
  add(stream: string, record: StoredRecord, refused?: RefusedEvents): void {
    const isRows = record.kind === 'forward' || record.kind === 'row'
    const tally = (isRows ? this.#rowScreen : this.#screen).judge(stream, record, this, refused)
    const { stored, flagged, duplicates, quarantined } = tally
    assert(
      stored + flagged + duplicates + quarantined === record.count,
      `the ledger of ${stream} ${record.sequence} sums`,
    )
    if (this.#options.piece?.isLast === false) return
    const hour = hourOf(record.receivedAtMicros)
    const key = `${hour} ${stream} ${record.source}`
    let count = this.#counts.get(key)
    if (count === undefined) {
      const zeros = { received: 0, stored: 0, flagged: 0, duplicates: 0, quarantined: 0 }
      count = { source: record.source, stream, hourMicros: hour * hourMicros, ...zeros }
      this.#counts.set(key, count)
    }
    count.received += record.count
    count.stored += stored
    count.flagged += flagged
    count.duplicates += duplicates
    count.quarantined += quarantined
    if (record.meta.includes('"replayOf"')) this.#noteReplay(record)
  }

  #noteReplay(record: StoredRecord): void {
    const { replayOf } = JSON.parse(record.meta) as RequestMeta
    if (replayOf !== undefined) this.#replayed.add(replayOf)
  }

  keep(event: KeptEvent, record: StoredRecord, meta: RequestMeta): void {
    const { piece, loadedAtMicros } = this.#options
    if (piece !== undefined && (event.index < piece.from || event.index >= piece.to)) return
    if (this.#suppression.hidesEvent(record.source, event, receivedAtOf(record, meta))) return
    this.#shaper.add(event, record, meta, loadedAtMicros)
  }

  keepRow(row: KeptRow, record: StoredRecord, meta: ForwardMeta | RowMeta): void {
    const { piece, loadedAtMicros } = this.#options
    if (piece !== undefined && (row.index < piece.from || row.index >= piece.to)) return
    if (this.#suppression.hidesRow(row.table, row.row, receivedAtOf(record, meta))) return
    this.#rowWriter.add(row, record, meta, loadedAtMicros)
  }

  /** A letter holds what was said, whole: of somebody erased it must not come again. */
  #namesErased({ source, raw, receivedAtMicros }: Letter): boolean {
    if (this.#suppression.isEmpty) return false
    return peopleOf(raw).some(([userId, anonymousId]) =>
      this.#suppression.hides(source, userId, anonymousId, receivedAtMicros),
    )
  }

  letter(letter: Letter): void {
    if (this.#options.piece?.isLast === false || this.#namesErased(letter)) return
    this.#system.addLetter(letter)
  }

  violation(
    { index, name, type, id }: KeptEvent,
    record: StoredRecord,
    plan: number,
    problems: readonly string[],
  ): void {
    const { piece } = this.#options
    if (piece !== undefined && (index < piece.from || index >= piece.to)) return
    this.#system.addViolation(
      { source: record.source, plan, event: name === '' ? type : name, id, problems },
      record.receivedAtMicros,
    )
  }

  seen(
    record: StoredRecord,
    event: unknown,
    verdict: Verdict,
    reason: QuarantineReason | null,
    id: string,
    table?: RowTableSpec,
    events = 1,
  ): void {
    this.#seen += events
    const isKept = verdict === 'stored' || verdict === 'flagged'
    if (isKept && (table === undefined || !unwatched.has(table.liveType))) this.#subjects.add(subjectsOf(event, table))
    const { events: eventsOfPlan, liveEventsMax } = this.#options
    const isNewest = this.#seen + liveEventsMax > eventsOfPlan
    if (!isNewest && !this.#isFirstOfSource(record.source)) return
    // Every dashboard asks all day long, and what is delivered was shown before. Who did what is for administrators only.
    if (table !== undefined && unwatched.has(table.liveType)) return
    this.#live.push(liveEventOf(record, event, verdict, reason, id, table))
    if (this.#live.length > 2 * liveEventsMax) this.#live.shift()
  }

  /** A busy source must not hide a quiet one from whoever watches the quiet one. */
  #isFirstOfSource(source: string): boolean {
    const shown = this.#liveBySource.get(source) ?? 0
    if (shown >= liveEventsOfSourceMin) return false
    this.#liveBySource.set(source, shown + 1)
    return true
  }

  /** Packs everything added since `begin`. */
  finish(positions: readonly StreamPosition[]): PackedPlan {
    const { changes, decisions, eventNames } = this.schema.takeChanges()
    const { loadedAtMicros } = this.#options
    for (const decision of decisions) this.#system.addDecision(decision, loadedAtMicros)
    for (const name of eventNames) this.#system.addEventName(name, loadedAtMicros)
    const tables = [...this.schema.tables(), ...this.#system.tables]
    const arena = new Arena(tables.reduce((bytes, table) => bytes + table.packedBytes(), 0))
    const blocks: RowBlock[] = []
    for (const table of tables) {
      const block = table.pack(arena)
      if (block !== undefined) blocks.push(block)
    }
    const counts: SourceCount[] = [...this.#counts.values()]
    const plan = { changes, blocks, users: this.#shaper.takeUsers(), counts, replayed: [...this.#replayed], positions }
    return { plan, arena: arena.bytes.buffer, live: this.#live, subjects: this.#subjects.take() }
  }
}

/** User id and anonymous id of every event in a letter's JSON; none in what is no JSON. */
function peopleOf(raw: Uint8Array): (readonly [string, string])[] {
  try {
    const events = JSON.parse(`[${Buffer.from(raw).toString()}]`) as unknown[]
    return events.map((event) => {
      const { userId, anonymousId } = (event ?? {}) as { userId?: unknown; anonymousId?: unknown }
      return [idText(userId), idText(anonymousId)]
    })
  } catch (error) {
    if (error instanceof SyntaxError) return []
    throw error
  }
}
