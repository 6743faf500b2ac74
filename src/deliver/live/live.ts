// The live feed: a ring of the last events and whoever listens. Fed by the loader once the events can be queried.
import type { LiveEvent } from '../../core/event.ts'

export interface LiveFeed {
  /** The last events, oldest first. */
  recent(): readonly LiveEvent[]
  /** The returned function ends the subscription. */
  subscribe(listener: (events: readonly LiveEvent[]) => void): () => void
}

export interface LiveRing extends LiveFeed {
  add(events: readonly LiveEvent[]): void
}

export function createLiveRing(eventsMax: number): LiveRing {
  let ring: LiveEvent[] = []
  const listeners = new Set<(events: readonly LiveEvent[]) => void>()
  return {
    recent: () => ring,
    subscribe(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    add(events) {
      if (events.length === 0) return
      ring = [...ring, ...events].slice(-eventsMax)
      for (const listener of listeners) listener(events)
    },
  }
}
