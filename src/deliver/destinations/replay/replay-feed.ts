// The events that a replay is about: of the archive and the buffer, in their order, between two times.
import { join } from 'node:path'

import type { Clock } from '../../../core/clock.ts'
import type { Log } from '../../../core/log.ts'
import { openDiskStore } from '../../../objects/disk/disk.ts'
import type { StreamPosition } from '../../../warehouse/driver.ts'
import { listArchived } from '../../archive/archived-segment.ts'
import type { Suppression } from '../../maintenance/suppression.ts'
import type { Destination, OutgoingEvent } from '../destination.ts'
import { type Chunk, type EventFeed, Feed, hubStreams } from '../feed.ts'
import { SlicedFeed, type Slicing } from '../sliced-feed.ts'
import type { ReplayWish } from './replay.ts'

export interface ReplayFeedOptions {
  readonly dataFolder: string
  readonly wish: ReplayWish
  readonly destination: Pick<Destination, 'sources'>
  readonly suppression: Suppression
  /** Where it stood; undefined: it begins. */
  readonly positions: readonly StreamPosition[] | undefined
  /** What is loaded by now: nothing behind it is read. */
  readonly loaded: readonly StreamPosition[]
  /** Of a type that keeps files, when it is sent. */
  readonly slicing?: Slicing | undefined
}

interface Deps {
  readonly clock: Clock
  readonly log: Log
}

/** Which part of each stream can hold what is wanted; names of archived segments tell when their first record came. */
export interface ReplayBounds {
  readonly after: readonly StreamPosition[]
  readonly until: readonly StreamPosition[]
}

const readEventsMax = 2000

export class ReplayFeed {
  readonly #feed: EventFeed
  readonly #wish: ReplayWish
  readonly #until: readonly StreamPosition[]

  private constructor(feed: EventFeed, wish: ReplayWish, until: readonly StreamPosition[]) {
    this.#feed = feed
    this.#wish = wish
    this.#until = until
  }

  static async open(options: ReplayFeedOptions, deps: Deps): Promise<ReplayFeed> {
    const { dataFolder, wish, destination, suppression, loaded, slicing } = options
    const { after, until } = await boundsOf(dataFolder, wish, loaded, deps)
    const positions = options.positions ?? after
    const from = { dataFolder, positions, sources: destination.sources, suppression }
    const feed = await (slicing === undefined ? Feed.open(from, deps) : SlicedFeed.open({ ...from, ...slicing }, deps))
    return new ReplayFeed(feed, wish, until)
  }

  /** Of the record read last; 0: none was yet. */
  get readMicros(): number {
    return this.#feed.readMicros ?? 0
  }

  /** What is wanted of the next records, perhaps nothing. */
  async read(eventsMax: number): Promise<Chunk> {
    const chunk = await this.#feed.read(this.#until, Math.min(eventsMax, readEventsMax))
    return { ...chunk, events: chunk.events.filter((event) => isWanted(event, this.#wish)) }
  }

  async stop(): Promise<void> {
    await this.#feed.stop()
  }
}

export function isWanted(event: OutgoingEvent, { fromMicros, toMicros, person, calls, events }: ReplayWish): boolean {
  const { receivedAtMicros, userId, anonymousId, type, name } = event
  if (receivedAtMicros < fromMicros || receivedAtMicros >= toMicros) return false
  if (person !== undefined && person !== userId && person !== anonymousId) return false
  if (calls?.includes(type) === false) return false
  return events?.includes(name) !== false
}

export async function boundsOf(
  dataFolder: string,
  { fromMicros, toMicros }: Pick<ReplayWish, 'fromMicros' | 'toMicros'>,
  loaded: readonly StreamPosition[],
  { clock, log }: Deps,
): Promise<ReplayBounds> {
  const store = await openDiskStore({ folder: join(dataFolder, 'archive'), clock, log })
  const after: StreamPosition[] = []
  const until: StreamPosition[] = []
  for (const stream of hubStreams) {
    let from = 0
    let to = loaded.find((one) => one.stream === stream)?.sequence ?? 0
    for await (const { firstSequence, receivedAtMicros } of listArchived(store, stream)) {
      if (receivedAtMicros <= fromMicros) from = firstSequence - 1
      // A letter that was let in later has the time at which it came first, but a record of its own, in stream `engine`.
      else if (stream === 'events' && receivedAtMicros >= toMicros) to = Math.min(to, firstSequence - 1)
    }
    after.push({ stream, sequence: from })
    until.push({ stream, sequence: to })
  }
  return { after, until }
}
