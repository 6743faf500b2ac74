// One person while it happens. The live feed says only that something came; what came is asked on the query road, so that a page
// that is open shows what its viewer may read and nothing else.
//
//   quiet ──a load is about an id of the person──▶ due in gatherMs ─┐
//     │  └──it may be, but nobody can tell──▶ due in sweepMs ──────▶ asking ──▶ rows, quiet
//     └──heartbeatMs──▶ status
//
// Loads commit in order and stamp their rows with a time, so "loaded later than what I have" misses nothing and repeats nothing.
import type { Clock } from '../core/clock.ts'
import { messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import { idText, type PersonId } from './ids.ts'
import type { TimelineRow } from './timeline.ts'

/** Whom a load is about: `kind:id`. */
export interface Subjects {
  readonly ids: ReadonlySet<string>
  /** Not all of them are told. */
  readonly isCut: boolean
}

/** The part of the live feed that is needed here; engine.ts has it. */
export interface Feed {
  subscribeSubjects(listener: (subjects: Subjects) => void): () => void
}

export interface Arrived {
  /** Newest first. */
  readonly rows: readonly TimelineRow[]
  /** What came besides, and is only in the timeline. */
  readonly left: number
  /** When the newest was loaded, and came. */
  readonly loadedMicros: number
  readonly receivedMicros: number
}

export interface LiveRows {
  readonly rows: readonly TimelineRow[]
  /** From the coming of the newest row to now. */
  readonly behindMs: number
  /** Since the page was opened: rows that came too many at once. */
  readonly dropped: number
}

export interface LiveStatus {
  /** How long something waits that may be the person's; 0: nothing does. */
  readonly behindMs: number
  readonly dropped: number
}

export interface Watcher {
  /** What the feed is compared with. Read at each event: the person grows. */
  ids(): readonly PersonId[]
  /** The viewer knows ids as something else than they are. */
  isMasked(): boolean
  /** Rows that were loaded later. */
  arrived(loadedAfterMicros: number): Promise<Arrived>
  /** A link may have come. */
  refresh(): Promise<void>
  rows(rows: LiveRows, loadedMicros: number): void
  status(status: LiveStatus): void
  /** False: the reader is slow; rows wait in the warehouse. */
  isReady(): boolean
  /** True ends it: the viewer may look no more. */
  isOver(): boolean
}

export interface LiveDeps {
  readonly feed: Feed
  readonly clock: Clock
  readonly log: Log
}

const gatherMs = 100
/** Where ids are masked for the viewer, or a load has more of them than are told: nobody waits longer. */
const sweepMs = 5000
export const heartbeatMs = 15_000
/** Rows of these kinds may say who belongs together. */
const linkingKinds = new Set(['identify', 'alias'])

/** `afterMicros`: rows that were loaded later than that are told. The returned function ends it. */
export function watchPerson({ feed, clock, log }: LiveDeps, watcher: Watcher, afterMicros: number): () => void {
  let loadedMicros = afterMicros
  let dropped = 0
  let dueMs = Infinity
  let cancelDue = (): void => undefined
  let waitingSinceMs: number | undefined
  let isAsking = false
  let isEnded = false

  function askIn(delayMs: number): void {
    waitingSinceMs ??= clock.monotonicMs()
    const atMs = clock.monotonicMs() + delayMs
    if (isEnded || atMs >= dueMs) return
    cancelDue()
    dueMs = atMs
    cancelDue = clock.schedule(() => void turn(), delayMs)
  }

  async function turn(): Promise<void> {
    dueMs = Infinity
    if (isAsking || !watcher.isReady()) {
      askIn(gatherMs * 2)
      return
    }
    if (watcher.isOver()) return
    isAsking = true
    const waited = waitingSinceMs
    waitingSinceMs = undefined
    try {
      const arrived = await watcher.arrived(loadedMicros)
      tell(arrived)
      if (arrived.rows.some(({ kind }) => linkingKinds.has(kind))) await watcher.refresh()
    } catch (error) {
      waitingSinceMs = waited
      log.debug({ error: messageOf(error) }, 'A live page of a person could not be brought up to date; it tries again.')
      askIn(sweepMs)
    } finally {
      isAsking = false
    }
  }

  function tell({ rows, left, loadedMicros: newest, receivedMicros }: Arrived): void {
    if (isEnded || rows.length === 0) return
    loadedMicros = newest
    dropped += left
    const behindMs = Math.max(0, Math.round((clock.nowMicros() - receivedMicros) / 1000))
    watcher.rows({ rows, behindMs, dropped }, newest)
  }

  function beat(): void {
    if (watcher.isOver()) return
    const behindMs = waitingSinceMs === undefined ? 0 : Math.round(clock.monotonicMs() - waitingSinceMs)
    watcher.status({ behindMs, dropped })
    if (!isEnded) cancelBeat = clock.schedule(beat, heartbeatMs)
  }

  const unsubscribe = feed.subscribeSubjects(({ ids, isCut }) => {
    if (ids.size === 0) return
    if (watcher.ids().some((id) => ids.has(idText(id)))) askIn(gatherMs)
    else if (isCut || watcher.isMasked()) askIn(sweepMs)
  })
  let cancelBeat = (): void => undefined
  beat()
  // What came while the page was on its way.
  askIn(0)
  return () => {
    isEnded = true
    unsubscribe()
    cancelDue()
    cancelBeat()
  }
}
