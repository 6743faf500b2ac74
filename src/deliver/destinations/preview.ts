// What events would become at a destination, without sending anything: for whoever writes its rules.
import type { Clock } from '../../core/clock.ts'
import { MillpondError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { StreamPosition } from '../../warehouse/driver.ts'
import type { Suppression } from '../maintenance/suppression.ts'
import type { Destination, OutgoingEvent } from './destination.ts'
import { Feed } from './feed.ts'
import { destinationTypeOf } from './registry.ts'
import { Shaper } from './shaper.ts'

export interface PreviewedEvent {
  readonly event: OutgoingEvent
  /** Null: it would be sent. */
  readonly status: 'skipped' | 'rejected' | 'expired' | null
  readonly reason: string
  /** What would be sent; the items of requests, as texts. */
  readonly payload: readonly string[]
}

export interface RecentOptions {
  readonly dataFolder: string
  readonly loaded: readonly StreamPosition[]
  readonly suppression: Suppression
  readonly sources: readonly string[]
  readonly eventsMax: number
}

interface Deps {
  readonly clock: Clock
  readonly log: Log
}

/** Records from the end at which looking begins, when before them there were too few events. */
const recordsBack = [50, 1000]
const readEventsMax = 500
const readsMax = 10

/** The last events that destinations could have got, oldest first; of quiet sources perhaps none. */
export async function recentEvents(options: RecentOptions, deps: Deps): Promise<OutgoingEvent[]> {
  let events: OutgoingEvent[] = []
  for (const back of recordsBack) {
    events = await eventsBehind(options, back, deps)
    if (events.length >= options.eventsMax) break
  }
  return events.sort((a, b) => a.receivedAtMicros - b.receivedAtMicros).slice(-options.eventsMax)
}

async function eventsBehind(options: RecentOptions, back: number, deps: Deps): Promise<OutgoingEvent[]> {
  const { dataFolder, loaded, suppression, sources } = options
  const positions = loaded.map(({ stream, sequence }) => ({ stream, sequence: Math.max(0, sequence - back) }))
  const feed = await Feed.open({ dataFolder, positions, sources, suppression }, deps)
  const events: OutgoingEvent[] = []
  try {
    for (let reads = 0; reads < readsMax; reads++) {
      const chunk = await feed.read(loaded, readEventsMax)
      events.push(...chunk.events)
      if (!chunk.more) break
    }
  } finally {
    await feed.stop()
  }
  return events
}

/** Error: request-invalid, with what their own language says, if the rules' scripts can't be read. */
export async function previewAt(
  destination: Destination,
  events: readonly OutgoingEvent[],
  clock: Clock,
): Promise<readonly PreviewedEvent[]> {
  const shaper = new Shaper({ destination, type: destinationTypeOf(destination.type), clock })
  try {
    const problem = await shaper.problem()
    if (problem !== undefined) throw new MillpondError('request-invalid', `A script can't be read: ${problem}`)
    const parcels = await shaper.shape(events)
    return parcels.map(({ event, items, status, reason }) => {
      const payload = items.map(({ text }) => text)
      return { event, status: (status ?? null) as PreviewedEvent['status'], reason, payload }
    })
  } finally {
    await shaper.stop()
  }
}
