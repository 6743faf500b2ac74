// A clock that stands still until a test moves it.
import type { Clock } from '../../src/core/clock.ts'

export interface ManualClock extends Clock {
  /** Moves on and runs what falls due, in order. */
  advance(ms: number): void
  setNow(iso: string): void
}

export function createManualClock(iso = '2026-03-02T08:15:31.000Z'): ManualClock {
  let nowMs = Date.parse(iso)
  let monotonicMs = 1_000
  const tasks: { atMs: number; task: () => void }[] = []
  return {
    nowMicros: () => nowMs * 1000,
    monotonicMs: () => monotonicMs,
    schedule(task, delayMs) {
      const entry = { atMs: monotonicMs + delayMs, task }
      tasks.push(entry)
      return () => {
        const index = tasks.indexOf(entry)
        if (index !== -1) tasks.splice(index, 1)
      }
    },
    advance(ms) {
      const untilMs = monotonicMs + ms
      for (;;) {
        const next = tasks.toSorted((left, right) => left.atMs - right.atMs)[0]
        if (next === undefined || next.atMs > untilMs) break
        tasks.splice(tasks.indexOf(next), 1)
        nowMs += next.atMs - monotonicMs
        monotonicMs = next.atMs
        next.task()
      }
      nowMs += untilMs - monotonicMs
      monotonicMs = untilMs
    },
    setNow(next) {
      nowMs = Date.parse(next)
    },
  }
}
