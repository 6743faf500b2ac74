// A log for what strangers can cause: each kind of line at most once a minute, with the number that was left out.
import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'

export type LimitedWarn = (kind: string, fields: object, message: string) => void

const intervalMs = 60_000

/** `kind` must be one of few. */
export function createLimitedWarn(log: Log, clock: Clock): LimitedWarn {
  const last = new Map<string, { atMs: number; left: number }>()
  return (kind, fields, message) => {
    const nowMs = clock.monotonicMs()
    const before = last.get(kind)
    if (before !== undefined && nowMs - before.atMs < intervalMs) {
      before.left += 1
      return
    }
    last.set(kind, { atMs: nowMs, left: 0 })
    const more = before === undefined || before.left === 0 ? {} : { alsoSinceLastLine: before.left }
    log.warn({ ...fields, ...more }, message)
  }
}
