// Counters of collect/ for /health and /metrics. Each thing is counted in one place: at the answer.
import type { ErrorCode } from '../core/errors.ts'
import type { QuarantineReason } from '../core/event.ts'

/**
 * Numbers by name, since the start: `requests` (calls and pixels), `settingsServed`, `recordsAppended`, `eventsAppended`,
 * of these `eventsRefused.<quarantine reason>` by their key, `requestsRefused.<error code>`, `bodiesRepaired`. At this
 * moment: `bodiesBytes` (in memory), `bodiesReading` (not yet complete), `assetsReceiving`.
 */
export type CollectStats = Readonly<Record<string, number>>

export class Counters {
  requests = 0
  settingsServed = 0
  recordsAppended = 0
  eventsAppended = 0
  bodiesRepaired = 0
  readonly #byName: Record<string, number> = {}

  countRefusal(code: ErrorCode): void {
    this.#add(`requestsRefused.${code}`, 1)
  }

  countAppend(events: number, refused: QuarantineReason | undefined): void {
    this.recordsAppended++
    this.eventsAppended += events
    if (refused !== undefined) this.#add(`eventsRefused.${refused}`, events)
  }

  snapshot(): Record<string, number> {
    const { requests, settingsServed, recordsAppended, eventsAppended, bodiesRepaired } = this
    return { requests, settingsServed, recordsAppended, eventsAppended, bodiesRepaired, ...this.#byName }
  }

  #add(name: string, amount: number): void {
    this.#byName[name] = (this.#byName[name] ?? 0) + amount
  }
}
