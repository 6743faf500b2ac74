// Carries rows from control's outbox to stream `engine`. A crash between the append and `forget` appends a row again: the screen
// knows it by its id, so it is in the warehouse once.
//
//   idle ──onRow, start──▶ appending ──all synced──▶ forgotten ──more?──▶ appending … ──none──▶ idle
//                              └──an append fails──▶ waiting ──10 s──▶ appending
import { type Append, ownRows } from '../buffer/record.ts'
import type { OutboxQueue } from '../control/outbox.ts'
import type { Clock } from '../core/clock.ts'
import { messageOf } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { Part } from '../core/part.ts'

export interface OutboxRelayDeps {
  readonly outbox: OutboxQueue
  readonly append: Append
  readonly clock: Clock
  readonly log: Log
}

const rowsMax = 500
/** The stream refuses while the disk is full: that lasts. */
const retryMs = 10_000

export function startOutboxRelay({ outbox, append, clock, log }: OutboxRelayDeps): Part {
  const stopping = new AbortController()
  let working: Promise<void> | undefined
  let cancelNext: (() => void) | undefined

  async function relay(): Promise<void> {
    for (
      let rows = outbox.waiting(rowsMax);
      rows.length > 0 && !stopping.signal.aborted;
      rows = outbox.waiting(rowsMax)
    ) {
      await Promise.all(rows.map(async ({ table, row }) => append(ownRows(table, [row], clock.nowMicros()))))
      outbox.forget(rows.at(-1)?.number ?? 0)
    }
  }

  function wakeIn(ms: number): void {
    if (stopping.signal.aborted) return
    cancelNext ??= clock.schedule(() => {
      cancelNext = undefined
      working ??= relay()
        .catch((error: unknown) => {
          log.warn({ error: messageOf(error) }, 'Rows of the outbox could not be appended; they wait.')
          wakeIn(retryMs)
        })
        .finally(() => {
          working = undefined
          // What came while the last rows were synced.
          if (cancelNext === undefined && outbox.waiting(1).length > 0) wakeIn(0)
        })
    }, ms)
  }

  outbox.onRow(() => {
    // Only once the transaction has ended is the row there for others.
    wakeIn(0)
  })
  wakeIn(0)
  return {
    async stop() {
      stopping.abort()
      cancelNext?.()
      await working
    },
  }
}
