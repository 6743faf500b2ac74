// Where a stream is cut for destinations that keep files. Looks at records from outside (when they came, how many events they hold),
// opens none and keeps none: the stream itself stays the queue.
//
//   position ──▶ looking on ──▶ a record of a later hour, or too much ──▶ slice: position … the record before
//                  └─ all of it seen ─┬─ the hour is over ──▶ slice: position … the end
//                                     └─ it isn't ──▶ woken by the next load, or when the hour is over
import type { StreamName } from '../../buffer/buffer.ts'
import type { StoredRecord } from '../../buffer/record.ts'
import type { Clock } from '../../core/clock.ts'
import type { StreamPosition } from '../../warehouse/driver.ts'
import type { SliceLimits } from './destination.ts'
import { type HubStream, readBytesMax } from './feed.ts'

/** Records of one stream behind `after`, up to `to`: what becomes one file of each source and hour. */
export interface Slice {
  readonly stream: StreamName
  readonly after: number
  readonly to: number
}

/** What was looked at, and isn't a slice yet. */
interface Open {
  after: number
  to: number
  events: number
  bytes: number
  /** Of its first record that matters; undefined: there is none yet. */
  firstMicros: number | undefined
}

interface ScannedStream {
  readonly stream: HubStream
  readonly open: Open
  held: readonly StoredRecord[]
  /** The first of them that wasn't looked at. */
  at: number
  seenMicros: number | undefined
  /** It was looked at as far as it is loaded. */
  isCaughtUp: boolean
}

export interface SlicesOptions {
  readonly limits: SliceLimits
  /** Empty: all of them. */
  readonly sources: readonly string[]
  /** Nothing else comes: what is open at the end is a slice, whatever the clock says. */
  readonly isBounded?: boolean
}

export const hourMicros = 3_600_000_000
/** What came before the hour's end is loaded by then, unless the loader is behind. */
const graceMicros = 60_000_000

export class Slices {
  #streams: readonly ScannedStream[]
  readonly #options: SlicesOptions
  readonly #clock: Clock

  constructor(streams: readonly HubStream[], options: SlicesOptions, clock: Clock) {
    this.#streams = streams.map((stream) => {
      const { after } = stream
      const open = { after, to: after, events: 0, bytes: 0, firstMicros: undefined }
      return { stream, open, held: [], at: 0, seenMicros: undefined, isCaughtUp: false }
    })
    this.#options = options
    this.#clock = clock
  }

  /** When the oldest record came that is still to leave; where none is known, the one that was looked at last. */
  get neededMicros(): number | undefined {
    let needed = Infinity
    for (const { open, seenMicros, isCaughtUp } of this.#streams) {
      if (isCaughtUp && open.firstMicros === undefined) continue
      const from = open.firstMicros ?? seenMicros
      if (from === undefined) return undefined
      needed = Math.min(needed, from)
    }
    if (needed < Infinity) return needed
    const seen = this.#streams.map(({ seenMicros }) => seenMicros).filter((one) => one !== undefined)
    return seen.length > 0 ? Math.max(...seen) : undefined
  }

  /** Until the first open slice is over by the clock; undefined: none is open. */
  get nextInMs(): number | undefined {
    const ends = this.#streams.map(({ open }) => endOf(open)).filter((one) => one !== undefined)
    return ends.length > 0 ? Math.max(0, (Math.min(...ends) - this.#clock.nowMicros()) / 1000) : undefined
  }

  /** A slice that is ready; undefined: none is at the moment. */
  async next(loaded: readonly StreamPosition[]): Promise<Slice | undefined> {
    for (const scanned of this.#streams) {
      const { stream } = scanned.stream
      const bound = loaded.find((one) => one.stream === stream)?.sequence ?? 0
      const slice = await this.#nextOf(scanned, bound)
      if (slice === undefined) continue
      // A stream that always has one must not keep the others waiting.
      this.#streams = [...this.#streams.filter((one) => one !== scanned), scanned]
      return slice
    }
    return undefined
  }

  /** Streams in which nothing matters up to here. */
  passed(): readonly StreamPosition[] {
    const positions: StreamPosition[] = []
    for (const { stream, open } of this.#streams) {
      if (open.firstMicros !== undefined || open.to === open.after) continue
      positions.push({ stream: stream.stream, sequence: open.to })
      open.after = open.to
    }
    return positions
  }

  async stop(): Promise<void> {
    for (const { stream } of this.#streams) await stream.reader.stop()
  }

  async #nextOf(scanned: ScannedStream, bound: number): Promise<Slice | undefined> {
    const { open } = scanned
    scanned.isCaughtUp = false
    while (open.to < bound) {
      await this.#readOn(scanned)
      const record = scanned.held[scanned.at]
      if (record === undefined || record.sequence > bound) {
        // What lies between the last record and the warehouse's position was damaged, and is nobody's.
        open.to = bound
        break
      }
      if (this.#matters(record) && this.#isFullFor(open, record)) return this.#cut(scanned)
      this.#add(open, record)
      scanned.seenMicros = record.receivedAtMicros
      scanned.at += 1
      if (this.#isFull(open)) return this.#cut(scanned)
    }
    scanned.isCaughtUp = true
    const end = endOf(open)
    const isOver = this.#options.isBounded === true || (end ?? 0) <= this.#clock.nowMicros()
    return end !== undefined && isOver ? this.#cut(scanned) : undefined
  }

  async #readOn(scanned: ScannedStream): Promise<void> {
    if (scanned.at < scanned.held.length) return
    const { records } = await scanned.stream.reader.read({ eventsMax: Infinity, bytesMax: readBytesMax })
    scanned.held = records
    scanned.at = 0
  }

  #matters({ kind, source }: StoredRecord): boolean {
    const { sources } = this.#options
    return kind === 'segment' && (sources.length === 0 || sources.includes(source))
  }

  #isFullFor({ firstMicros, events, bytes }: Open, { receivedAtMicros, count, body }: StoredRecord): boolean {
    if (firstMicros === undefined) return false
    const { eventsMax, bytesMax } = this.#options.limits
    // One that was received just before the hour's end may stand behind one from after it: it doesn't begin another slice.
    const isLater = hourOf(receivedAtMicros) > hourOf(firstMicros)
    return isLater || events + count > eventsMax || bytes + body.length > bytesMax
  }

  /** Nothing fits any more: it needn't wait for the next record. */
  #isFull({ events, bytes }: Open): boolean {
    const { eventsMax, bytesMax } = this.#options.limits
    return events >= eventsMax || bytes >= bytesMax
  }

  #add(open: Open, record: StoredRecord): void {
    open.to = record.sequence
    if (!this.#matters(record)) return
    open.firstMicros ??= record.receivedAtMicros
    open.events += record.count
    open.bytes += record.body.length
  }

  #cut({ stream: { stream }, open }: ScannedStream): Slice {
    const { after, to } = open
    Object.assign(open, { after: to, events: 0, bytes: 0, firstMicros: undefined } satisfies Partial<Open>)
    return { stream, after, to }
  }
}

function hourOf(micros: number): number {
  return Math.floor(micros / hourMicros)
}

/** When it leaves even if nothing else comes. */
function endOf({ firstMicros }: Open): number | undefined {
  return firstMicros === undefined ? undefined : (hourOf(firstMicros) + 1) * hourMicros + graceMicros
}
