// A status costs a query and a question to intake: whoever asks at the same time shares one.
//
//   fresh:  idle ──▶ a run of its own      a run is under way ──▶ all who ask now share the next run
//   recent: the last answer for half a second, or the run that is under way
import type { Clock } from '../../core/clock.ts'
import type { Status } from './status.ts'

const recentMs = 500

export interface SharedStatus {
  /** Begun after the question, so never older than it. */
  readonly status: () => Promise<Status>
  readonly recentStatus: () => Promise<Status>
}

export function shareStatus(read: () => Promise<Status>, clock: Clock): SharedStatus {
  let running: Promise<Status> | undefined
  let next: Promise<Status> | undefined
  let last: { readonly status: Status; readonly atMs: number } | undefined

  async function run(): Promise<Status> {
    const atMs = clock.monotonicMs()
    try {
      const status = await read()
      last = { status, atMs }
      return status
    } finally {
      running = undefined
    }
  }

  async function runNext(before: Promise<Status>): Promise<Status> {
    // Its failure is told to those who asked for it.
    await before.catch(() => undefined)
    next = undefined
    running ??= run()
    return running
  }

  async function status(): Promise<Status> {
    if (running !== undefined) {
      next ??= runNext(running)
      return next
    }
    running = run()
    return running
  }

  return {
    status,
    async recentStatus() {
      if (last !== undefined && clock.monotonicMs() - last.atMs < recentMs) return last.status
      return running ?? status()
    },
  }
}
