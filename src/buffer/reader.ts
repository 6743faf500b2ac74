// The reading end of a stream: goes from a position to the last cut, segment by segment, in bounded memory. Works beside
// the writer, in another process or thread; they share nothing but the folder. Rules: docs/specs/buffer.md §7.
//
//   newest segment ──a newer one has a header──▶ readable to its valid end ──all read──▶ the newer one
//        └─ readable to its last cut
import { join } from 'node:path'

import { messageOf } from '../core/errors.ts'
import type { OpenFile } from '../core/files.ts'
import type { BufferDeps, DamagedRange, ReadBatch, ReaderOptions, ReadLimits, StreamReader } from './buffer.ts'
import { frameRecord, frameType } from './frame.ts'
import type { StoredRecord } from './record.ts'
import { FrameScanner, hopFrames, type ScannedFrame } from './scan.ts'
import {
  cutTotals,
  firstSequenceOf,
  keepDamaged,
  listSegments,
  openIfThere,
  readSegmentHeader,
  segmentHeaderOf,
  type SegmentHeader,
  type Totals,
  totalsRecord,
} from './segment.ts'

const windowBytes = 1024 * 1024

interface ReadingSegment {
  readonly name: string
  readonly firstSequence: number
  readonly file: OpenFile
  /** Where reading goes on. */
  offset: number
  /** Everything before it may be given out: the last cut known or, once sealed, the valid end. */
  readableEnd: number
  isSealed: boolean
}

/** What one call has gathered, and how much of it stands before a cut. */
interface Gathering {
  readonly records: StoredRecord[]
  readonly damaged: DamagedRange[]
  /** Never changed in place. */
  totals: Totals
  events: number
  bytes: number
  /** Damage was met where the writer may still have been writing: it must be read once more, behind a known cut. */
  isUnsure: boolean
  readonly confirmed: {
    records: number
    events: number
    bytes: number
    damaged: number
    offset: number
    totals: Totals
  }
}

/** Rejects only with errors of the file system (not for missing folders or files). */
export async function openReader(options: ReaderOptions, deps: BufferDeps): Promise<StreamReader> {
  const reader = new Reader(options, deps)
  await reader.seek()
  return reader
}

class Reader implements StreamReader {
  readonly #folder: string
  readonly #deps: BufferDeps
  #sequence: number
  #totals: Totals = new Map()
  #segment: ReadingSegment | undefined
  /** A call failed: where the reader stands is known by its sequence only. */
  #isLost = false

  constructor(options: ReaderOptions, deps: BufferDeps) {
    this.#folder = options.folder
    this.#deps = deps
    this.#sequence = options.after
  }

  /** To the segment that holds the position, and in it behind the position, hopping over bodies. */
  async seek(): Promise<void> {
    await this.stop()
    const names = await listSegments(this.#deps.files, this.#folder)
    const name = names.findLast((one) => (firstSequenceOf(one) ?? Infinity) <= this.#sequence)
    this.#isLost = false
    if (name === undefined || !(await this.#open(name)) || this.#segment === undefined) return
    const totals: Totals = new Map()
    let passed = 0
    const stopped = await hopFrames(this.#segment.file, ({ head, offset, control }) => {
      if (control?.type === frameType.header) {
        for (const [source, count] of segmentHeaderOf(control).totals) totals.set(source, count)
      } else if (control?.type === frameType.cut) {
        for (const [source, count] of cutTotals(control)) totals.set(source, count)
      } else if (head.type === frameType.record && head.sequence > this.#sequence) return false
      passed = offset + head.length
      return !(head.type === frameType.record && head.sequence === this.#sequence)
    })
    // Something on the way isn't as it should be: read from the beginning, with every check, and skip.
    if (!stopped.clean) return
    this.#segment.offset = passed
    this.#segment.readableEnd = passed
    this.#totals = totals
  }

  async read(limits: ReadLimits): Promise<ReadBatch> {
    try {
      if (this.#isLost) await this.seek()
      return await this.#read(limits)
    } catch (error) {
      // What was gathered was given to nobody: the next call must look for it again.
      this.#isLost = true
      await this.stop()
      throw error
    }
  }

  async #read(limits: ReadLimits): Promise<ReadBatch> {
    const confirmed = { records: 0, events: 0, bytes: 0, damaged: 0, offset: 0, totals: this.#totals }
    const sums = { events: 0, bytes: 0, totals: this.#totals }
    const gathering: Gathering = { records: [], damaged: [], ...sums, isUnsure: false, confirmed }
    let isFull = false
    while (!isFull) {
      const segment = this.#segment ?? (await this.#openFollowing(''))
      if (segment === undefined) break
      const knownEnd = segment.readableEnd
      isFull = await this.#readSegment(segment, limits, gathering)
      this.#settle(segment, gathering)
      if (isFull || (gathering.isUnsure && segment.readableEnd > knownEnd)) continue
      if (!segment.isSealed) {
        if (!(await this.#sealIfFollowed(segment))) break
      } else if (!(await this.#goOn(segment, gathering))) break
    }
    for (const range of gathering.damaged) await this.#keep(range)
    this.#totals = gathering.confirmed.totals
    this.#sequence = gathering.records.at(-1)?.sequence ?? this.#sequence
    const { records, damaged } = gathering
    return { records, sequence: this.#sequence, totals: totalsRecord(this.#totals), damaged, more: isFull }
  }

  async waitingBytes(): Promise<number> {
    const { files } = this.#deps
    const current = this.#segment
    const names = await listSegments(files, this.#folder)
    let bytes = current === undefined ? 0 : Math.max(0, (await current.file.size()) - current.offset)
    for (const name of names) {
      if (current !== undefined && name <= current.name) continue
      const file = await openIfThere(files, join(this.#folder, name))
      bytes += (await file?.size()) ?? 0
      await file?.close()
    }
    return bytes
  }

  async stop(): Promise<void> {
    const segment = this.#segment
    this.#segment = undefined
    await segment?.file.close()
  }

  /**
   * Gathers from one segment. True if a limit was reached, so that more could be read at once. Records behind the last
   * known cut are gathered on trust that a cut follows; `#settle` takes back what wasn't confirmed.
   */
  async #readSegment(segment: ReadingSegment, limits: ReadLimits, gathering: Gathering): Promise<boolean> {
    const { file, offset, firstSequence } = segment
    const end = segment.isSealed ? segment.readableEnd : Infinity
    gathering.confirmed.offset = offset
    gathering.isUnsure = false
    const scanner = new FrameScanner(file, { offset, end, firstSequence, windowBytes })
    for (;;) {
      const found = scanner.take()
      if (found === undefined) {
        if (await scanner.fill()) continue
        this.#settleEnd(segment, scanner, gathering)
        return false
      }
      if (this.#isBeyond(found, limits, gathering)) {
        if (gathering.confirmed.records === gathering.records.length) return true
        return await this.#lookAhead(segment, scanner, found, gathering)
      }
      this.#gather(segment, found, scanner.offset, gathering)
    }
  }

  #isBeyond({ frame }: ScannedFrame, limits: ReadLimits, gathering: Gathering): boolean {
    if (frame.type !== frameType.record || gathering.records.length === 0 || frame.sequence <= this.#sequence)
      return false
    return gathering.bytes + frame.length > limits.bytesMax || gathering.events + frame.count > limits.eventsMax
  }

  #gather(segment: ReadingSegment, found: ScannedFrame, end: number, gathering: Gathering): void {
    const { frame, offset, damagedFrom } = found
    if (damagedFrom !== undefined) {
      gathering.damaged.push({ segment: segment.name, offset: damagedFrom, bytes: offset - damagedFrom })
      if (end > segment.readableEnd) gathering.isUnsure = true
    }
    if (frame.type === frameType.record && frame.sequence > this.#sequence) {
      gathering.records.push(frameRecord(frame))
      gathering.events += frame.count
      gathering.bytes += frame.length
    } else if (frame.type === frameType.header) gathering.totals = segmentHeaderOf(frame).totals
    else if (frame.type === frameType.cut) {
      gathering.totals = new Map([...gathering.totals, ...cutTotals(frame)])
      segment.readableEnd = Math.max(segment.readableEnd, end)
    }
    if (end <= segment.readableEnd && !gathering.isUnsure) this.#confirm(gathering, end)
  }

  #confirm(gathering: Gathering, offset: number): void {
    const { confirmed } = gathering
    confirmed.records = gathering.records.length
    confirmed.events = gathering.events
    confirmed.bytes = gathering.bytes
    confirmed.damaged = gathering.damaged.length
    confirmed.totals = gathering.totals
    confirmed.offset = offset
  }

  /** All that fits lies before no known cut: find the next one, keeping nothing on the way. */
  async #lookAhead(
    segment: ReadingSegment,
    scanner: FrameScanner,
    beyond: ScannedFrame,
    gathering: Gathering,
  ): Promise<boolean> {
    const confirmedEnd = beyond.damagedFrom ?? beyond.offset
    for (let found = await scanner.next(); found !== undefined; found = scanner.take() ?? (await scanner.next())) {
      if (found.frame.type !== frameType.cut) continue
      segment.readableEnd = Math.max(segment.readableEnd, scanner.offset)
      if (gathering.isUnsure) return false
      this.#confirm(gathering, confirmedEnd)
      return true
    }
    return false
  }

  /** At the end of a sealed segment, bytes that belong to no frame are damage; of the newest they aren't there yet. */
  #settleEnd(segment: ReadingSegment, scanner: FrameScanner, gathering: Gathering): void {
    if (!segment.isSealed) return
    const { validEnd } = scanner
    const bytes = scanner.offset - validEnd
    if (bytes > 0) gathering.damaged.push({ segment: segment.name, offset: validEnd, bytes })
    this.#confirm(gathering, Math.max(scanner.offset, segment.offset))
  }

  #settle(segment: ReadingSegment, gathering: Gathering): void {
    const { confirmed } = gathering
    gathering.records.splice(confirmed.records)
    gathering.damaged.splice(confirmed.damaged)
    gathering.events = confirmed.events
    gathering.bytes = confirmed.bytes
    gathering.totals = confirmed.totals
    segment.offset = confirmed.offset
  }

  /** The newest segment becomes an older one: then all of it that exists may be read. */
  async #sealIfFollowed(segment: ReadingSegment): Promise<boolean> {
    const { files } = this.#deps
    const newer = (await listSegments(files, this.#folder)).filter((name) => name > segment.name)
    for (const [index, name] of newer.entries()) {
      const look = await this.#look(name)
      if (look === undefined) continue
      const isFollowed = index < newer.length - 1
      if (look.header === undefined && !look.hasCut && !isFollowed) return false
      if (look.header === undefined && isFollowed) continue
      const size = await segment.file.size()
      const ended = look.header?.previous.find((one) => one.name === segment.name)
      segment.readableEnd = segment.file.isWhole === true ? size : Math.min(size, ended?.bytes ?? size)
      segment.isSealed = true
      return true
    }
    return false
  }

  /** The header of a segment; or whether it holds a cut, when the header is damaged. */
  async #look(name: string): Promise<{ header: SegmentHeader | undefined; hasCut: boolean } | undefined> {
    const file = await openIfThere(this.#deps.files, join(this.#folder, name))
    if (file === undefined) return undefined
    try {
      const firstSequence = firstSequenceOf(name) ?? 0
      const header = await readSegmentHeader(file, firstSequence)
      if (header !== undefined) return { header, hasCut: false }
      const scanner = new FrameScanner(file, { offset: 0, end: Infinity, firstSequence, windowBytes })
      for (let found = await scanner.next(); found !== undefined; found = await scanner.next()) {
        if (found.frame.type === frameType.cut) return { header, hasCut: true }
      }
      return { header, hasCut: false }
    } finally {
      await file.close()
    }
  }

  /** From a segment that is read to the next one. */
  async #goOn(segment: ReadingSegment, gathering: Gathering): Promise<boolean> {
    const next = await this.#openFollowing(segment.name)
    if (next === undefined) return false
    await segment.file.close()
    gathering.confirmed.offset = 0
    return true
  }

  async #openFollowing(after: string): Promise<ReadingSegment | undefined> {
    for (const name of await listSegments(this.#deps.files, this.#folder)) {
      // Removed between list and open: the one behind it is the oldest now.
      if (name > after && (await this.#open(name))) return this.#segment
    }
    return undefined
  }

  async #open(name: string): Promise<boolean> {
    const file = await openIfThere(this.#deps.files, join(this.#folder, name))
    if (file === undefined) return false
    const firstSequence = firstSequenceOf(name) ?? 0
    this.#segment = { name, firstSequence, file, offset: 0, readableEnd: 0, isSealed: false }
    return true
  }

  async #keep(range: DamagedRange): Promise<void> {
    const { files, log } = this.#deps
    log.error({ ...range }, 'A damaged range of the buffer was stepped over.')
    let file: OpenFile | undefined
    try {
      file = await openIfThere(files, join(this.#folder, range.segment))
      if (file !== undefined) await keepDamaged(files, this.#folder, range, file)
    } catch (error) {
      // The neighbours must go on; the range itself is reported to the caller either way.
      log.error({ ...range, reason: messageOf(error) }, 'A damaged range could not be copied to quarantine.')
    } finally {
      await file?.close()
    }
  }
}
