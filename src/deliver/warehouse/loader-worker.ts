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
import { diskFiles } from '../../core/files.ts'
import { createLog, logOf } from '../../core/log.ts'
import type { StreamPosition } from '../../warehouse/driver.ts'
import { DedupeIndex } from '../screen/dedupe-index.ts'
import { hourOf, type RefusedEvents } from '../screen/screen.ts'
import { rebuildIndex, VerdictFrames, VerdictLog } from '../screen/verdict-file.ts'
import { type Piece, PlanMaker } from './plan.ts'
import type { DedupeStatus, FromWorker, PreparedPlan, ToWorker, WorkerStart } from './worker-messages.ts'

/** Live events of one plan: more than a page shows, few enough to cost nothing in a flood. */
const liveEventsMax = 200

/** A position that belongs to no stream of the buffer; see #piecePosition. */
const pieceStream = 'pieces'

interface Stream {
  readonly name: StreamName
  readonly reader: StreamReader
  readonly verdicts: VerdictLog
  position: number
  /** Oldest hour of receiving in the last read: what comes may be as old. 0: nothing read yet; Infinity: all caught up. */
  oldestHour: number
}

interface Batch {
  readonly stream: Stream
  readonly read: ReadBatch
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
    for (const { stream, folder, verdictFolder } of start.streams) {
      const position = start.positions.find((one) => one.stream === stream)?.sequence ?? 0
      const idsMax = start.settings.screen.dedupeIdsMax
      const verdicts = await VerdictLog.open({ files: diskFiles, folder: verdictFolder, position, idsMax })
      cursors.push(verdicts.cursor)
      const reader = await openReader(
        { stream, folder, after: position },
        { files: diskFiles, clock: systemClock, log },
      )
      streams.push({ name: stream, reader, verdicts: verdicts.log, position, oldestHour: 0 })
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

  async #prepare({ nowMicros, eventsMax, bytesMax }: ToWorker & { kind: 'prepare' }): Promise<void> {
    const startMs = performance.now()
    const batches = await this.#read(eventsMax, bytesMax)
    const records = batches.flatMap(({ stream, read }) => read.records.map((record) => ({ stream, record })))
    await this.#learnPlatforms(new Set(records.map(({ record }) => record.source)))
    const only = records.length === 1 ? records[0] : undefined
    const piece = only === undefined ? undefined : this.#pieceOf(only.stream, only.record)
    const isPart = piece?.isLast === false
    const events = records.reduce((sum, { record }) => sum + record.count, 0)
    this.#maker.begin({ loadedAtMicros: nowMicros, liveEventsMax, events, piece })
    for (const batch of batches) await this.#judge(batch)
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
      totals: this.#totals,
      live: isPart ? [] : (packed?.live ?? []),
      dedupe: this.dedupe,
      overflowedRows: this.#maker.overflowedRows,
      prepareMs: performance.now() - startMs,
    }
    this.#post({ kind: 'plan', prepared }, packed?.arena)
  }

  /** The small stream first: replays wait for somebody who looks. */
  async #read(eventsMax: number, bytesMax: number): Promise<Batch[]> {
    const batches: Batch[] = []
    let events = 0
    for (const stream of this.#streams) {
      // The other stream waits: its record would be taken for the one that is split.
      if (this.#start.piece !== undefined && this.#start.piece.stream !== stream.name) continue
      if (events >= eventsMax) {
        // Not read, so nothing is known of it: ask again.
        batches.push({ stream, read: { records: [], sequence: stream.position, totals: {}, damaged: [], more: true } })
        continue
      }
      const read = await stream.reader.read({ eventsMax: eventsMax - events, bytesMax })
      this.#totals = { ...this.#totals, [stream.name]: read.totals }
      events += read.records.reduce((sum, record) => sum + record.count, 0)
      const hours = read.records.map((record) => hourOf(record.receivedAtMicros))
      if (hours.length > 0 || !read.more) stream.oldestHour = hours.reduce((a, b) => Math.min(a, b), Infinity)
      batches.push({ stream, read })
    }
    return batches
  }

  async #judge({ stream, read }: Batch): Promise<void> {
    let newestHour = 0
    for (const record of read.records) {
      this.#take(stream, record.sequence)
      this.#maker.add(stream.name, record, this.#refusals.get(`${stream.name} ${record.sequence}`))
      newestHour = Math.max(newestHour, hourOf(record.receivedAtMicros))
    }
    this.#layDown()
    const last = read.records.at(-1)
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
