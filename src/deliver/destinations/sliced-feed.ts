// What a destination reads that keeps files: slices of the stream (slices.ts), each whole. Before the first byte of one leaves it is
// pinned to disk, so that after a crash the same slice is sent again, under the same names, over what is there already.
import type { Clock } from '../../core/clock.ts'
import type { StreamPosition } from '../../warehouse/driver.ts'
import type { Destination, OutgoingEvent, SliceLimits } from './destination.ts'
import { type Chunk, type EventFeed, Feed, type FeedDeps, type FeedOptions, openHubStreams } from './feed.ts'
import type { PositionFile } from './position-file.ts'
import { destinationTypeOf } from './registry.ts'
import { type Slice, Slices } from './slices.ts'

/** Of a type that keeps files. */
export interface Slicing {
  /** Names of slices begin with it: two destinations may write to the same place. */
  readonly owner: string
  readonly limits: SliceLimits
  /** It was being sent when the last run ended. */
  readonly pinned: Slice | undefined
  /** Resolves once it is on disk. */
  readonly pin: (slice: Slice) => Promise<void>
  /** A slice is over by the clock. Absent: nothing comes behind what is loaded, and all of it leaves at once. */
  readonly wake?: () => void
}

/** Of a destination that keeps files, as far as its position says; undefined: it keeps none. */
export function slicingOf(
  owner: string,
  { type, settings }: Pick<Destination, 'type' | 'settings'>,
  position: PositionFile,
): Slicing | undefined {
  const limits = destinationTypeOf(type).slices?.(settings)
  if (limits === undefined) return undefined
  return { owner, limits, pinned: position.standing.slice, pin: async (slice) => position.pin(slice) }
}

export type SlicedFeedOptions = FeedOptions & Slicing

export class SlicedFeed implements EventFeed {
  readonly #feed: Feed
  readonly #slices: Slices
  readonly #options: SlicedFeedOptions
  readonly #clock: Clock
  #pinned: Slice | undefined
  #cancelWake: (() => void) | undefined

  private constructor(feed: Feed, slices: Slices, options: SlicedFeedOptions, clock: Clock) {
    this.#feed = feed
    this.#slices = slices
    this.#options = options
    this.#clock = clock
    this.#pinned = options.pinned
  }

  static async open(options: SlicedFeedOptions, deps: FeedDeps): Promise<SlicedFeed> {
    const { dataFolder, positions, pinned, limits, sources, wake } = options
    const behind = pinned === undefined ? [] : [{ stream: pinned.stream, sequence: pinned.to }]
    const others = positions.filter(({ stream }) => stream !== pinned?.stream)
    const streams = await openHubStreams(dataFolder, [...others, ...behind], deps)
    const slices = new Slices(streams, { limits, sources, isBounded: wake === undefined }, deps.clock)
    return new SlicedFeed(await Feed.open(options, deps), slices, options, deps.clock)
  }

  get readMicros(): number | undefined {
    return this.#slices.neededMicros
  }

  /** A whole slice, however many events; without events and without `more`: none is ready. */
  async read(loaded: readonly StreamPosition[]): Promise<Chunk> {
    this.#cancelWake?.()
    const pinned = this.#pinned
    if (pinned !== undefined) {
      // After a crash the warehouse may stand before it, and what is behind is judged again first.
      const isJudged = loaded.some(({ stream, sequence }) => stream === pinned.stream && sequence >= pinned.to)
      if (!isJudged && this.#options.wake !== undefined) return { events: [], positions: [], more: false }
      this.#pinned = undefined
      return this.#read(pinned)
    }
    const slice = await this.#slices.next(loaded)
    if (slice !== undefined) {
      await this.#options.pin(slice)
      return this.#read(slice)
    }
    const { nextInMs } = this.#slices
    const { wake } = this.#options
    // The oldest may be over only because the clock went on since it was looked at.
    if (nextInMs !== undefined && wake !== undefined) {
      this.#cancelWake = this.#clock.schedule(wake, Math.max(1, nextInMs))
    }
    return { events: [], positions: this.#slices.passed(), more: false }
  }

  async stop(): Promise<void> {
    this.#cancelWake?.()
    await this.#slices.stop()
    await this.#feed.stop()
  }

  async #read({ stream, after, to }: Slice): Promise<Chunk> {
    const events: OutgoingEvent[] = []
    const bound = [{ stream, sequence: to }]
    for (let more = true; more;) {
      const chunk = await this.#feed.read(bound, this.#options.limits.eventsMax)
      for (const event of chunk.events) events.push(event)
      more = chunk.more
    }
    const name = [after, to].map((sequence) => String(sequence).padStart(16, '0')).join('-')
    return { events, slice: `${this.#options.owner}-${stream}-${name}`, positions: bound, more: true }
  }
}
