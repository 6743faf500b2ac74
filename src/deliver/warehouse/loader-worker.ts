// The worker thread of the loader: reads records of all streams behind the warehouse's position, judges, shapes and packs
// them, writes the verdicts, and posts a plan. It decides nothing about when: the loading thread asks.
//
//   start: cut verdicts to the position -> rebuild the dedupe index -> ready
//   prepare: read -> judge and shape -> write verdicts -> post the plan
import { parentPort, workerData } from 'node:worker_threads'

import type { ReadBatch, StreamName, StreamReader } from '../../buffer/buffer.ts'
import { openReader } from '../../buffer/reader.ts'
import type { StoredRecord } from '../../buffer/record.ts'
import type { SourcePlatform } from '../../control/control.ts'
import { systemClock } from '../../core/clock.ts'
import { assert, messageOf } from '../../core/errors.ts'
import { diskFiles, type Files } from '../../core/files.ts'
import { createLog, type Log, logOf } from '../../core/log.ts'
import { openDiskStore } from '../../objects/disk/disk.ts'
import type { StreamPosition } from '../../warehouse/driver.ts'
import { withArchive } from '../archive/archive-files.ts'
import { DedupeIndex } from '../screen/dedupe-index.ts'
import { hourOf, type RefusedEvents } from '../screen/screen.ts'
import { rebuildIndex, VerdictFrames, VerdictLog } from '../screen/verdict-file.ts'
import { type Piece, PlanMaker } from './plan.ts'
import { runsAsReceived, takeAsReceived } from './record-order.ts'
import type { DedupeStatus, FromWorker, PreparedPlan, PrepareOrder, ToWorker, WorkerStart } from './worker-messages.ts'

/** Live events of one plan: more than a page shows, few enough to cost nothing in a flood. */
const liveEventsMax = 200

/** A position that belongs to no stream of the buffer; see #piecePosition. */
const pieceStream = 'pieces'

interface Stream {
  readonly name: StreamName
  readonly reader: StreamReader
  readonly verdicts: VerdictLog
  position: number
  /** Read already, but behind the bound of the order then. */
  held: Read | undefined
  /** Oldest hour of receiving in the last read: what comes may be as old. 0: nothing read yet; Infinity: all caught up. */
  oldestHour: number
}

type Read = Omit<ReadBatch, 'damaged'>

interface Batch {
  readonly stream: Stream
  readonly read: Read
}

type Post = (message: FromWorker, moved?: ArrayBuffer) => void

class LoaderWorker {
  /** Being judged: who is to blame if that fails. Shared, so that it can be read after the thread's death. */
  readonly #atHand: Float64Array
  readonly #start: WorkerStart
  readonly #streams: readonly Stream[]
  readonly #index: DedupeIndex
  readonly #frames = new VerdictFrames()
  readonly #maker: PlanMaker
  readonly #refusals: ReadonlyMap<string, RefusedEvents>
  readonly #platforms = new Map<string, SourcePlatform>()
  readonly #post: Post
  #platformsTold: (() => void) | undefined
  #totals: PreparedPlan['totals'] = {}
  #turn = 0

  private constructor(start: WorkerStart, streams: readonly Stream[], index: DedupeIndex, post: Post) {
    this.#start = start
    this.#atHand = new Float64Array(start.recordAtHand)
    this.#streams = streams
    this.#index = index
    this.#post = post
    const platformOf = (source: string) => this.#platforms.get(source) ?? 'client'
    this.#maker = new PlanMaker(start.settings, platformOf, start.schema, index, this.#frames)
    this.#refusals = new Map(
      start.refusals.map(({ stream, sequence, events }) => [
        `${stream} ${sequence}`,
        events === 'all' ? events : new Set(events),
      ]),
    )
  }

  static async open(start: WorkerStart, post: Post): Promise<LoaderWorker> {
    const log = logOf(createLog(start.logLevel), 'deliver:worker')
    const index = new DedupeIndex(start.settings.screen)
    const streams: Stream[] = []
    const cursors = []
    const files = await filesOf(start, log)
    for (const { stream, folder, verdictFolder } of start.streams) {
      const position = positionOf(start, stream)
      const idsMax = start.settings.screen.dedupeIdsMax
      const verdicts = await VerdictLog.open({ files: diskFiles, folder: verdictFolder, position, idsMax })
      cursors.push(verdicts.cursor)
      const reader = await openReader({ stream, folder, after: position }, { files, clock: systemClock, log })
      streams.push({ name: stream, reader, verdicts: verdicts.log, position, held: undefined, oldestHour: 0 })
    }
    await rebuildIndex(index, cursors)
    return new LoaderWorker(start, streams, index, post)
  }

  async receive(message: ToWorker): Promise<void> {
    switch (message.kind) {
      case 'prepare':
        await this.#prepare(message)
        return
      case 'platforms':
        for (const [source, platform] of Object.entries(message.platforms)) this.#platforms.set(source, platform)
        this.#platformsTold?.()
        return
      case 'forget-platforms':
        this.#platforms.clear()
        return
      case 'sync':
        for (const { verdicts } of this.#streams) await verdicts.sync()
        this.#post({ kind: 'synced' })
        for (const { verdicts } of this.#streams) await verdicts.release(this.#releaseHour(message.hour))
        return
      case 'stop':
        for (const { reader, verdicts } of this.#streams) {
          await reader.stop()
          await verdicts.close()
        }
        this.#post({ kind: 'stopped' })
    }
  }

  /** The window is by hours of receiving: a backlog of five days asks for ids that are five days older than the clock's. */
  #releaseHour(hour: number): number {
    const oldest = Math.min(...this.#streams.map(({ oldestHour }) => oldestHour))
    return Math.min(hour, oldest - this.#start.settings.screen.dedupeWindowHours - 1)
  }

  get dedupe(): DedupeStatus {
    return { ids: this.#index.ids, windowHours: this.#index.windowHours, bytes: this.#index.bytes }
  }

  async #prepare(order: PrepareOrder): Promise<void> {
    const { nowMicros } = order
    const startMs = performance.now()
    const batches = await this.#read(order)
    const records = batches.flatMap(({ stream, read }) => read.records.map((record) => ({ stream, record })))
    await this.#learnPlatforms(new Set(records.map(({ record }) => record.source)))
    const only = records.length === 1 ? records[0] : undefined
    const piece = only === undefined ? undefined : this.#pieceOf(only.stream, only.record)
    const isPart = piece?.isLast === false
    const events = records.reduce((sum, { record }) => sum + record.count, 0)
    this.#maker.begin({ loadedAtMicros: nowMicros, liveEventsMax, events, piece })
    for (const { key, records: run } of this.#runs(batches)) await this.#judge(key, run)
    const moves = batches.some(({ stream, read }) => read.sequence > stream.position)
    const positions = isPart ? this.#piecePosition() : this.#advance(batches)
    if (only !== undefined) this.#take(only.stream, only.record.sequence)
    const packed = moves ? this.#maker.finish(positions) : undefined
    this.#layDown()
    const prepared: PreparedPlan = {
      plan: packed?.plan,
      // Counted and shown with the last piece.
      events: isPart ? 0 : events,
      records: records.length,
      only:
        only === undefined
          ? undefined
          : { stream: only.stream.name, sequence: only.record.sequence, count: only.record.count },
      more: batches.some(({ read }) => read.more),
      receivedAtMicros: records.reduce((newest, { record }) => Math.max(newest, record.receivedAtMicros), 0),
      oldestReceivedAtMicros: records.reduce(
        (oldest, { record }) => Math.min(oldest || Infinity, record.receivedAtMicros),
        0,
      ),
      totals: this.#totals,
      live: isPart ? [] : (packed?.live ?? []),
      subjects: packed?.subjects ?? { ids: new Set(), isCut: false },
      dedupe: this.dedupe,
      overflowedRows: this.#maker.overflowedRows,
      prepareMs: performance.now() - startMs,
    }
    this.#post({ kind: 'plan', prepared }, packed?.arena)
  }

  async #read(order: PrepareOrder): Promise<Batch[]> {
    return this.#start.order === 'in-turn' ? this.#readInTurn(order) : this.#readAsReceived(order)
  }

  /** Every stream is read as far as the limits go; what was received later than the end of another's reading is held. */
  async #readAsReceived({ eventsMax, bytesMax, until }: PrepareOrder): Promise<Batch[]> {
    const found: Batch[] = []
    for (const stream of this.#streams) {
      if (this.#isPieceElsewhere(stream)) continue
      found.push({ stream, read: await this.#next(stream, { eventsMax, bytesMax, until }) })
    }
    const taken = takeAsReceived(
      found.map(({ read }) => read),
      eventsMax,
    )
    return found.map(({ stream, read }, index) => ({ stream, read: keepBack(stream, read, taken[index] ?? 0) }))
  }

  async #readInTurn({ eventsMax, bytesMax, until }: PrepareOrder): Promise<Batch[]> {
    const batches: Batch[] = []
    let events = 0
    for (const stream of this.#inTurn()) {
      if (this.#isPieceElsewhere(stream)) continue
      if (events >= eventsMax) {
        // Not read, so nothing is known of it: ask again.
        batches.push({ stream, read: { records: [], sequence: stream.position, totals: {}, more: true } })
        continue
      }
      const read = await this.#next(stream, { eventsMax: eventsMax - events, bytesMax, until })
      events += read.records.reduce((sum, record) => sum + record.count, 0)
      batches.push({ stream, read })
    }
    return batches
  }

  /** While a record is split the other streams wait: theirs would be taken for it. */
  #isPieceElsewhere(stream: Stream): boolean {
    return this.#start.piece !== undefined && this.#start.piece.stream !== stream.name
  }

  async #next(stream: Stream, { eventsMax, bytesMax, until }: Omit<PrepareOrder, 'nowMicros'>): Promise<Read> {
    const read = holdBack(stream, stream.held ?? (await stream.reader.read({ eventsMax, bytesMax })), until)
    this.#totals = { ...this.#totals, [stream.name]: read.totals }
    const hours = [...read.records, ...(stream.held?.records ?? [])].map((one) => hourOf(one.receivedAtMicros))
    // A bound hides what comes behind it: then nobody is ever all caught up.
    const isAll = !read.more && until === undefined
    if (hours.length > 0 || isAll) stream.oldestHour = hours.reduce((a, b) => Math.min(a, b), Infinity)
    return read
  }

  #runs(batches: readonly Batch[]): readonly { readonly key: Stream; readonly records: readonly StoredRecord[] }[] {
    const all = batches.map(({ stream, read }) => ({ key: stream, records: read.records }))
    return this.#start.order === 'in-turn' ? all : runsAsReceived(all)
  }

  /** The small stream first: replays wait for somebody who looks. A flood in one of the others must not starve the other. */
  #inTurn(): readonly Stream[] {
    this.#turn += 1
    const [first, ...others] = this.#streams
    if (first === undefined) return []
    return [first, ...(this.#turn % 2 === 0 ? others : others.toReversed())]
  }

  async #judge(stream: Stream, records: readonly StoredRecord[]): Promise<void> {
    let newestHour = 0
    for (const record of records) {
      this.#take(stream, record.sequence)
      this.#maker.add(stream.name, record, this.#refusals.get(`${stream.name} ${record.sequence}`))
      newestHour = Math.max(newestHour, hourOf(record.receivedAtMicros))
    }
    this.#layDown()
    const last = records.at(-1)
    if (last !== undefined) await stream.verdicts.write(this.#frames, last.sequence, newestHour)
  }

  #take(stream: Stream, sequence: number): void {
    this.#atHand[1] = sequence
    this.#atHand[0] = 1 + this.#streams.indexOf(stream)
  }

  #layDown(): void {
    this.#atHand[0] = 0
  }

  #advance(batches: readonly Batch[]): StreamPosition[] {
    const positions: StreamPosition[] = []
    for (const { stream, read } of batches) {
      if (read.sequence <= stream.position) continue
      stream.position = read.sequence
      positions.push({ stream: stream.name, sequence: read.sequence })
    }
    return positions
  }

  /** The last piece has no events, so that no event is blamed when letters or counts are refused. */
  #pieceOf({ name }: Stream, { sequence, count }: StoredRecord): Piece | undefined {
    const { piece } = this.#start
    if (piece?.stream !== name || piece.sequence !== sequence) return undefined
    return { from: piece.from, to: piece.to, isLast: piece.from >= count }
  }

  /** Pieces are counted in a position of their own: the record's moves with its last piece only. */
  #piecePosition(): StreamPosition[] {
    const before = this.#start.positions.find(({ stream }) => stream === pieceStream)?.sequence ?? 0
    return [{ stream: pieceStream, sequence: before + 1 }]
  }

  async #learnPlatforms(sources: ReadonlySet<string>): Promise<void> {
    const unknown = [...sources].filter((source) => !this.#platforms.has(source))
    if (unknown.length === 0) return
    const told = new Promise<void>((resolve) => {
      this.#platformsTold = resolve
    })
    this.#post({ kind: 'ask-platforms', sources: unknown })
    await told
    this.#platformsTold = undefined
  }
}

function positionOf(start: WorkerStart, stream: StreamName): number {
  return start.positions.find((one) => one.stream === stream)?.sequence ?? 0
}

/** Segments that have left the buffer are read from the archive, if somebody stands that far back. */
async function filesOf(start: WorkerStart, log: Log): Promise<Files> {
  const store = await openDiskStore({ folder: start.archiveFolder, clock: systemClock, log })
  const folders = start.streams.map(({ stream, folder }) => ({ stream, folder, after: positionOf(start, stream) }))
  return withArchive(diskFiles, store, folders, log)
}

/** What lies behind the bound stays with the stream for a later order. */
function holdBack(stream: Stream, found: Read, until: readonly StreamPosition[] | undefined): Read {
  stream.held = undefined
  if (until === undefined) return found
  const bound = until.find((one) => one.stream === stream.name)?.sequence ?? 0
  const count = found.records.filter(({ sequence }) => sequence <= bound).length
  if (count === found.records.length) return { ...found, more: found.more && found.sequence < bound }
  return { ...keepBack(stream, found, count), more: false }
}

/** Gives out the first `count` records; the others stay with the stream, before what was held already. */
function keepBack(stream: Stream, read: Read, count: number): Read {
  if (count === read.records.length) return read
  const records = read.records.slice(0, count)
  const rest = read.records.slice(count)
  stream.held = { ...(stream.held ?? read), records: [...rest, ...(stream.held?.records ?? [])] }
  return { ...read, records, sequence: records.at(-1)?.sequence ?? stream.position, more: true }
}

function runWorker(): void {
  const port = parentPort
  assert(port !== null, 'this file runs in a worker thread')
  const post: Post = (message, moved) => {
    port.postMessage(message, moved === undefined ? [] : [moved])
  }
  const worker = LoaderWorker.open(workerData as WorkerStart, post)
  const fail = (error: unknown) => {
    const message = error instanceof Error ? (error.stack ?? error.message) : messageOf(error)
    post({ kind: 'failed', message })
  }
  void worker.then((one) => {
    post({ kind: 'ready', dedupe: one.dedupe })
  }, fail)
  // One after the other, except the answer that a running prepare waits for.
  let queue: Promise<void> = Promise.resolve()
  port.on('message', (message: ToWorker) => {
    const receive = async () => (await worker).receive(message)
    if (message.kind === 'platforms') void receive().catch(fail)
    else queue = queue.then(receive).catch(fail)
  })
}

runWorker()
