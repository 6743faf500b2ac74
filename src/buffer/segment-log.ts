// The files under a writer: where the next group goes, when a segment ends, what happens when a write fails, what may be
// deleted. One call of `commit` or `cut` at a time; `release` may run beside them. Rules: docs/specs/buffer.md §5, §8, §9.
//
//   (none) ──first group──▶ open ──full or old──────────────────▶ closed, named in the next header
//                            ├──ENOSPC, truncated and synced──▶ ended ────────────▶ closed …
//                            └──any other write error─────────▶ given up ─────────▶ closed …, next header made at once
import { join } from 'node:path'

import type { Clock } from '../core/clock.ts'
import type { Files, OpenFile } from '../core/files.ts'
import type { Log } from '../core/log.ts'
import type { WriterOptions } from './buffer.ts'
import { isDiskFull } from './disk-guard.ts'
import { encodeControl, encodeRecord, frameType, sequencesPerStart } from './frame.ts'
import type { NewRecord } from './record.ts'
import { claimStartNumber, type OldSegment, type RecoveredStream } from './recovery.ts'
import { type EndedSegment, firstSequenceOf, segmentName, type Totals } from './segment.ts'

/** A start number is renewed at the next change of segment long before its 2^32 sequences are used up. */
const sequencesPerStartMax = 2 ** 31

interface CurrentSegment {
  readonly name: string
  readonly file: OpenFile
  readonly createdAtMs: number
  /** Not yet durable: written with the first group. */
  header: Buffer | undefined
  headerEnd: number
  /** Where the next frame goes. */
  end: number
  syncedEnd: number
  /** 0 while it holds no record. */
  lastSequence: number
  state: 'open' | 'ended' | 'given-up'
}

export interface SegmentLogDeps {
  readonly files: Files
  readonly clock: Clock
  readonly log: Log
  /** A cut covering this sequence stands in the file. */
  readonly cutWritten: (sequence: number) => void
}

export class SegmentLog {
  readonly #options: WriterOptions
  readonly #deps: SegmentLogDeps
  /** Closed segments, oldest first. */
  readonly #older: OldSegment[]
  /** Ended segments that no durable header names yet. */
  #unrecorded: EndedSegment[]
  readonly #totals: Totals
  readonly #touched = new Set<string>()
  #olderWaitingBytes = 0
  #current: CurrentSegment | undefined
  /** 0 until a start number is taken. */
  #nextSequence = 0
  readonly #usedSequence: number
  #lastSequence: number
  #cutSequence: number
  #releasedSequence = 0
  #releasing: Promise<void> = Promise.resolve()

  constructor(options: WriterOptions, deps: SegmentLogDeps, recovered: RecoveredStream) {
    this.#options = options
    this.#deps = deps
    this.#older = [...recovered.segments]
    this.#unrecorded = [...recovered.ended]
    this.#totals = recovered.totals
    this.#usedSequence = recovered.usedSequence
    this.#lastSequence = recovered.lastSequence
    this.#cutSequence = recovered.lastSequence
    this.#countOlder()
  }

  /** Of the last record that is synced. */
  get lastSequence(): number {
    return this.#lastSequence
  }

  get hasUncut(): boolean {
    return this.#lastSequence > this.#cutSequence
  }

  get totals(): Totals {
    return this.#totals
  }

  /** True if the next group goes to a segment that is durable and sound. */
  get isSound(): boolean {
    return this.#current?.state === 'open' && this.#current.syncedEnd > 0
  }

  /** Bytes of segments not yet released; asked at each append. */
  get waitingBytes(): number {
    const current = this.#current
    const waits = current !== undefined && current.lastSequence > this.#releasedSequence
    return this.#olderWaitingBytes + (waits ? current.end : 0)
  }

  async claimStart(): Promise<void> {
    const used = Math.max(this.#usedSequence, this.#nextSequence)
    const startNumber = await claimStartNumber(this.#options.folder, used, this.#deps.files)
    this.#nextSequence = startNumber * sequencesPerStart + 1
  }

  /**
   * Writes and syncs all records, or rejects with the error of the file system and keeps none. Resolves with the
   * sequence of the first; the others follow one by one.
   */
  async commit(records: readonly NewRecord[]): Promise<number> {
    if (this.#nextSequence === 0) await this.claimStart()
    if (this.#current !== undefined && this.#isFinished(this.#current)) await this.#closeCurrent()
    this.#current ??= await this.#create()
    const segment = this.#current
    const parts: Uint8Array[] = segment.header === undefined ? [] : [segment.header]
    let bytes = segment.header?.length ?? 0
    const first = this.#nextSequence
    this.#nextSequence += records.length
    for (const [index, record] of records.entries()) bytes += encodeRecord(record, first + index, parts)
    await this.#writeSynced(segment, parts, bytes)
    this.#lastSequence = segment.lastSequence = first + records.length - 1
    for (const { source, count } of records) {
      this.#totals.set(source, (this.#totals.get(source) ?? 0) + count)
      this.#touched.add(source)
    }
    return first
  }

  /** Writes a cut over everything synced; false if there is no segment that could take it. Rejects like `commit`. */
  async cut(): Promise<boolean> {
    const segment = this.#current
    if (segment === undefined || segment.state === 'given-up' || segment.syncedEnd === 0) return false
    const totals = Object.fromEntries([...this.#touched].map((source) => [source, this.#totals.get(source)]))
    const frame = encodeControl(frameType.cut, this.#lastSequence, this.#deps.clock.nowMicros(), { totals })
    try {
      await segment.file.write([frame], segment.end)
    } catch (error) {
      if (isDiskFull(error)) {
        segment.state = 'ended'
        await this.#truncate(segment, segment.end)
      } else await this.#giveUp(segment)
      throw error
    }
    segment.end += frame.length
    this.#touched.clear()
    this.#cutSequence = this.#lastSequence
    this.#deps.cutWritten(this.#lastSequence)
    return true
  }

  /** Removes segments wholly at or below `sequence`, oldest first, never the newest. What fails is done next time. */
  async release(sequence: number): Promise<void> {
    this.#releasedSequence = Math.max(this.#releasedSequence, sequence)
    this.#countOlder()
    this.#releasing = this.#releasing.then(() => this.#removeReleased())
    await this.#releasing
  }

  async close(): Promise<void> {
    await this.#releasing
    if (this.#current !== undefined) await this.#closeCurrent()
  }

  #countOlder(): void {
    const waiting = this.#older.filter(({ lastSequence }) => (lastSequence ?? Infinity) > this.#releasedSequence)
    this.#olderWaitingBytes = waiting.reduce((sum, { bytes }) => sum + bytes, 0)
  }

  #isFinished(segment: CurrentSegment): boolean {
    if (segment.state !== 'open') return true
    if (segment.end <= segment.headerEnd) return false
    const ageMs = this.#deps.clock.monotonicMs() - segment.createdAtMs
    return segment.end >= this.#options.segmentBytesMax || ageMs >= this.#options.segmentAgeMsMax
  }

  async #create(): Promise<CurrentSegment> {
    if (this.#nextSequence % sequencesPerStart > sequencesPerStartMax) await this.claimStart()
    const { files, clock } = this.#deps
    const sequence = this.#nextSequence
    const name = segmentName(sequence)
    const totals = Object.fromEntries(this.#totals)
    const body = { stream: this.#options.stream, totals, previous: this.#unrecorded }
    const header = encodeControl(frameType.header, sequence, clock.nowMicros(), body)
    let file: OpenFile
    try {
      file = await files.open(join(this.#options.folder, name), 'create')
    } catch (error) {
      // The name may be taken all the same: never try it twice.
      this.#nextSequence += 1
      throw error
    }
    const createdAtMs = clock.monotonicMs()
    const offsets = { headerEnd: header.length, end: 0, syncedEnd: 0, lastSequence: 0 }
    return { name, file, createdAtMs, header, ...offsets, state: 'open' }
  }

  async #writeSynced(segment: CurrentSegment, parts: readonly Uint8Array[], bytes: number): Promise<void> {
    try {
      await segment.file.write(parts, segment.end)
    } catch (error) {
      if (isDiskFull(error)) await this.#endOnFullDisk(segment)
      else await this.#giveUp(segment)
      throw error
    }
    try {
      await this.#sync(segment)
    } catch (error) {
      await this.#giveUp(segment)
      throw error
    }
    segment.end += bytes
    segment.syncedEnd = segment.end
  }

  async #sync(segment: CurrentSegment): Promise<void> {
    await segment.file.sync()
    if (segment.header === undefined) return
    await this.#deps.files.syncDirectory(this.#options.folder)
    segment.header = undefined
    this.#unrecorded = []
  }

  /** The group is taken back before anybody is told; the segment takes at most a cut after that. */
  async #endOnFullDisk(segment: CurrentSegment): Promise<void> {
    try {
      await segment.file.truncate(segment.end)
      await segment.file.sync()
      segment.state = 'ended'
    } catch (error) {
      this.#deps.log.error({ err: error, segment: segment.name }, 'A failed write could not be taken back.')
      await this.#giveUp(segment)
    }
  }

  /** After this nothing but the next header says where the segment ends; so the next segment is begun at once. */
  async #giveUp(segment: CurrentSegment): Promise<void> {
    this.#deps.log.error({ segment: segment.name, bytes: segment.syncedEnd }, 'A segment is given up after an error.')
    segment.state = 'given-up'
    await this.#truncate(segment, segment.syncedEnd)
    await this.#closeCurrent()
    try {
      const next = await this.#create()
      this.#current = next
      const header = next.header ?? Buffer.alloc(0)
      await next.file.write([header], 0)
      await this.#sync(next)
      next.end = next.syncedEnd = header.length
    } catch (error) {
      this.#deps.log.error({ err: error }, 'The next segment could not be made either.')
      if (this.#current === undefined) return
      this.#nextSequence += 1
      this.#current.state = 'given-up'
      await this.#truncate(this.#current, 0)
      await this.#closeCurrent()
    }
  }

  /** As far as the disk allows: the next header says the same. */
  async #truncate(segment: CurrentSegment, bytes: number): Promise<void> {
    try {
      await segment.file.truncate(bytes)
    } catch (error) {
      this.#deps.log.warn({ err: error, segment: segment.name }, 'A segment could not be truncated.')
    }
  }

  async #closeCurrent(): Promise<void> {
    const segment = this.#current
    if (segment === undefined) return
    if (segment.state !== 'given-up' && this.hasUncut) await this.#lastCut(segment)
    // A failed cut may have given the segment up, and begun another, on the way.
    if (this.#current !== segment) return
    this.#current = undefined
    const { name, syncedEnd: bytes, lastSequence } = segment
    this.#older.push({ name, bytes, lastSequence })
    this.#countOlder()
    this.#unrecorded.push({ name, bytes, lastSequence })
    try {
      await segment.file.close()
    } catch (error) {
      this.#deps.log.warn({ err: error, segment: name }, 'A segment could not be closed.')
    }
  }

  async #lastCut(segment: CurrentSegment): Promise<void> {
    try {
      await this.cut()
    } catch (error) {
      this.#deps.log.warn({ err: error, segment: segment.name }, 'The last cut of a segment could not be written.')
    }
  }

  async #removeReleased(): Promise<void> {
    const { files, log } = this.#deps
    let removed = 0
    try {
      for (let oldest = this.#older[0]; oldest !== undefined; oldest = this.#older[0]) {
        const next = this.#older[1]?.name ?? this.#current?.name
        // Totals and start number live on in the newest segment that is durable.
        const isFollowed =
          this.#older.some(({ bytes }, index) => index > 0 && bytes > 0) || (this.#current?.syncedEnd ?? 0) > 0
        const last = oldest.lastSequence ?? (firstSequenceOf(next ?? '') ?? Infinity) - 1
        if (!isFollowed || last > this.#releasedSequence) break
        await files.remove(join(this.#options.folder, oldest.name))
        this.#older.shift()
        this.#countOlder()
        removed += 1
      }
      if (removed > 0) await files.syncDirectory(this.#options.folder)
    } catch (error) {
      log.warn({ err: error, folder: this.#options.folder }, 'Released segments could not be removed.')
    }
  }
}
