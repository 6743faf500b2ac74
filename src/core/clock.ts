// Time as a dependency: everything that waits or stamps takes a Clock, so that tests can run days in a millisecond.

export interface Clock {
  /** Microseconds since the Unix epoch, UTC. Fits a double exactly until the year 2255. */
  nowMicros(): number
  /** Milliseconds from a fixed but unknown point; never goes back. For durations only. */
  monotonicMs(): number
  /** Runs `task` once after `delayMs`; the returned function cancels it. Never keeps the process alive by itself. */
  schedule(task: () => void, delayMs: number): () => void
}

export const systemClock: Clock = {
  nowMicros() {
    return Math.round((performance.timeOrigin + performance.now()) * 1000)
  },
  monotonicMs() {
    return performance.now()
  },
  schedule(task, delayMs) {
    const timer = setTimeout(task, delayMs)
    timer.unref()
    return () => {
      clearTimeout(timer)
    }
  },
}

/** ISO 8601 in UTC, to the millisecond. */
export function isoTime(micros: number): string {
  return new Date(micros / 1000).toISOString()
}
