// What one destination reads: stored events of its sources behind its own position, never further than the warehouse. From the
// buffer, and from the archive where the buffer has let go. Nothing waits in memory: the stream itself is the queue.
import { join } from 'node:path'

import type { StreamName, StreamReader } from '../../buffer/buffer.ts'
import { openReader } from '../../buffer/reader.ts'
import type { StoredRecord } from '../../buffer/record.ts'
import type { Clock } from '../../core/clock.ts'
import { type Files, diskFiles } from '../../core/files.ts'
import type { Log } from '../../core/log.ts'
import { openDiskStore } from '../../objects/disk/disk.ts'
import type { StreamPosition } from '../../warehouse/driver.ts'
import { withArchive } from '../archive/archive-files.ts'
import type { Suppression } from '../maintenance/suppression.ts'
import { nameOf, placeOf, receivedAtOf, socketAddressOf, typeOf } from '../screen/event-facts.ts'
import { idText, messageIdOf } from '../screen/message-id.ts'
import { openEvents } from '../screen/screen.ts'
import { EventTime, originalTimeOf, parseTime } from '../screen/time.ts'
import { verdictCodes } from '../screen/verdict-file.ts'
import type { Json, OutgoingEvent } from './destination.ts'
import { VerdictReader } from './verdict-reader.ts'

/** Streams that carry Segment calls: what senders say, and what is replayed or imported. */
export const hubStreams = ['events', 'engine'] as const satisfies readonly StreamName[]

export interface FeedOptions {
  readonly dataFolder: string
  readonly positions: readonly StreamPosition[]
  /** Empty: all of them. */
  readonly sources: readonly string[]
  /** Who was erased: what they said up to then goes nowhere. */
  readonly suppression: Suppression
}

export interface FeedDeps {
  readonly clock: Clock
  readonly log: Log
}

export interface Chunk {
  /** A name for it that no other part of the stream has; absent: it was cut wherever reading ended. */
  readonly slice?: string | undefined
  readonly events: readonly OutgoingEvent[]
  /** Where to go on once all of them are done with. */
  readonly positions: readonly StreamPosition[]
  /** More could be read at once. */
  readonly more: boolean
}

/** What a courier reads from. */
export interface EventFeed {
  /** Verdicts on what was received from then on are still needed; undefined: nothing was read yet. */
  readonly readMicros: number | undefined
  /** Once it has failed nothing more can be read from it. */
  read(loaded: readonly StreamPosition[], eventsMax: number): Promise<Chunk>
  stop(): Promise<void>
}

export interface HubStream {
  readonly stream: StreamName
  readonly after: number
  readonly reader: StreamReader
}

/** A reader of each stream behind its position, going on in the archive where the buffer has let go. */
export async function openHubStreams(
  dataFolder: string,
  positions: readonly StreamPosition[],
  { clock, log }: FeedDeps,
): Promise<readonly HubStream[]> {
  const folders = hubStreams.map((stream) => {
    const after = positions.find((one) => one.stream === stream)?.sequence ?? 0
    return { stream, folder: join(dataFolder, 'buffer', stream), after }
  })
  const store = await openDiskStore({ folder: join(dataFolder, 'archive'), clock, log })
  const files: Files = withArchive(diskFiles, store, folders, log)
  const opening = folders.map(async ({ stream, folder, after }) => {
    return { stream, after, reader: await openReader({ stream, folder, after }, { files, clock, log }) }
  })
  return Promise.all(opening)
}

interface FedStream {
  readonly stream: StreamName
  readonly reader: StreamReader
  readonly verdicts: VerdictReader
  position: number
  /** Read, but not loaded yet. */
  held: readonly StoredRecord[]
}

/** Of one reading. */
export const readBytesMax = 4 * 1024 * 1024

export class Feed implements EventFeed {
  readonly #streams: readonly FedStream[]
  readonly #sources: ReadonlySet<string>
  readonly #suppression: Suppression
  /** When the last record was received that was read; undefined: none was yet. */
  #readMicros: number | undefined

  private constructor(streams: readonly FedStream[], { sources, suppression }: FeedOptions) {
    this.#suppression = suppression
    this.#streams = streams
    this.#sources = new Set(sources)
  }

  static async open(options: FeedOptions, deps: FeedDeps): Promise<Feed> {
    const { dataFolder, positions } = options
    const streams = (await openHubStreams(dataFolder, positions, deps)).map(({ stream, after, reader }): FedStream => {
      const verdicts = new VerdictReader(diskFiles, join(dataFolder, 'verdicts', stream))
      return { stream, reader, verdicts, position: after, held: [] }
    })
    return new Feed(streams, options)
  }

  /** Of the record read last. */
  get readMicros(): number | undefined {
    return this.#readMicros
  }

  /** Events behind the position, as far as `loaded`. Empty without `more`: there are none at the moment. */
  async read(loaded: readonly StreamPosition[], eventsMax: number): Promise<Chunk> {
    const events: OutgoingEvent[] = []
    const positions: StreamPosition[] = []
    let more = false
    for (const fed of this.#streams) {
      const bound = loaded.find(({ stream }) => stream === fed.stream)?.sequence ?? 0
      if (fed.position >= bound) continue
      const { records, isMore } = await this.#recordsOf(fed, bound, Math.max(1, eventsMax - events.length))
      for (const record of records) {
        await this.#addEvents(fed, record, events)
        this.#readMicros = record.receivedAtMicros
      }
      if (isMore) more = true
      // The warehouse may stand behind the last record: what lies between was damaged, and is nobody's.
      const position = isMore ? (records.at(-1)?.sequence ?? fed.position) : bound
      if (position > fed.position) positions.push({ stream: fed.stream, sequence: position })
      fed.position = Math.max(fed.position, position)
    }
    return { events, positions, more }
  }

  async stop(): Promise<void> {
    for (const { reader, verdicts } of this.#streams) {
      await reader.stop()
      await verdicts.stop()
    }
  }

  async #recordsOf(
    fed: FedStream,
    bound: number,
    eventsMax: number,
  ): Promise<{ records: readonly StoredRecord[]; isMore: boolean }> {
    let more = true
    if (fed.held.length === 0) {
      const read = await fed.reader.read({ eventsMax, bytesMax: readBytesMax })
      fed.held = read.records
      more = read.more
    }
    const count = fed.held.findIndex(({ sequence }) => sequence > bound)
    const records = count === -1 ? fed.held : fed.held.slice(0, count)
    fed.held = count === -1 ? [] : fed.held.slice(count)
    const last = records.at(-1)?.sequence ?? 0
    return { records, isMore: fed.held.length === 0 && more && last < bound }
  }

  async #addEvents(fed: FedStream, record: StoredRecord, events: OutgoingEvent[]): Promise<void> {
    if (record.kind !== 'segment') return
    if (this.#sources.size > 0 && !this.#sources.has(record.source)) return
    const verdicts = await fed.verdicts.verdictsOf(record.sequence)
    const opened = openEvents(fed.stream, record)
    if (opened === undefined) return
    for (let index = 0; index < opened.events; index++) {
      // Without verdicts (the destination was away for longer than they are kept) an event may come twice rather than never.
      const verdict = verdicts === undefined ? verdictCodes.stored : verdicts[index]
      if (verdict !== verdictCodes.stored && verdict !== verdictCodes.flagged) continue
      const found = opened.at(index)
      if (found === undefined) continue
      const event = outgoing(fed.stream, record, opened.meta, index, found)
      const { userId, anonymousId, receivedAtMicros } = event
      if (!this.#suppression.hides(record.source, userId, anonymousId, receivedAtMicros)) events.push(event)
    }
  }
}

type Meta = NonNullable<ReturnType<typeof openEvents>>['meta']

const eventTime = new EventTime()

function outgoing(
  stream: string,
  record: StoredRecord,
  meta: Meta,
  index: number,
  { event, isExact }: { readonly event: Json; readonly isExact: boolean },
): OutgoingEvent {
  const receivedAtMicros = receivedAtOf(record, meta)
  eventTime.resolve(parseTime(originalTimeOf(event)), receivedAtMicros, meta.clock, meta.import === true)
  // Stored: the screen knew its type.
  const type = typeOf(event, meta) as OutgoingEvent['type']
  return {
    source: record.source,
    type,
    name: nameOf(event, type),
    messageId: messageIdOf(event, record.source, placeOf(stream, record, meta, index)),
    userId: idText(event['userId']),
    anonymousId: idText(event['anonymousId']),
    atMicros: eventTime.micros,
    receivedAtMicros,
    event: withAddress(event, meta),
    isExact,
  }
}

function withAddress(event: Json, meta: Meta): Json {
  const context = (typeof event['context'] === 'object' ? event['context'] : null) as Json | null
  const ip = socketAddressOf(event, meta)
  return ip === undefined || context?.['ip'] !== undefined ? event : { ...event, context: { ...context, ip } }
}
