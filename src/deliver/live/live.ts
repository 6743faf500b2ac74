// The live feed: a ring of the last events and whoever listens. Fed by the loader once the events can be queried.
import type { LiveEvent } from '../../core/event.ts'
import type { LoadSubjects } from './subjects.ts'

export interface LiveFeed {
  /** The last events, oldest first. */
  recent(): readonly LiveEvent[]
  /** The returned function ends the subscription. */
  subscribe(listener: (events: readonly LiveEvent[]) => void): () => void
  /** Of every load, also where most of its events are not shown. */
  subscribeSubjects(listener: (subjects: LoadSubjects) => void): () => void
}

export interface LiveRing extends LiveFeed {
  add(events: readonly LiveEvent[], subjects?: LoadSubjects): void
}

export function createLiveRing(eventsMax: number): LiveRing {
  let ring: LiveEvent[] = []
  const listeners = new Set<(events: readonly LiveEvent[]) => void>()
  const subjectListeners = new Set<(subjects: LoadSubjects) => void>()
  return {
    recent: () => ring,
    subscribe(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
    subscribeSubjects(listener) {
      subjectListeners.add(listener)
      return () => {
        subjectListeners.delete(listener)
      }
    },
    add(events, subjects) {
      if (subjects !== undefined) for (const listener of subjectListeners) listener(subjects)
      if (events.length === 0) return
      ring = [...ring, ...events].slice(-eventsMax)
      for (const listener of listeners) listener(events)
    },
  }
}
