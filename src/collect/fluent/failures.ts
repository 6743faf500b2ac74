// Addresses that fail the handshake again and again: for the rest of the minute they are closed at once. The key can't be
// guessed anyway; this keeps a broken sender from filling the log and the processor.
import type { Clock } from '../../core/clock.ts'

const windowMs = 60_000
const failuresMax = 30
const addressesMax = 10_000

export class FailureLimit {
  readonly #clock: Clock
  readonly #byAddress = new Map<string, { sinceMs: number; failures: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  failed(ip: string): void {
    const entry = this.#current(ip)
    if (entry !== undefined) {
      entry.failures += 1
      return
    }
    const [oldest] = this.#byAddress.keys()
    if (this.#byAddress.size >= addressesMax && oldest !== undefined) this.#byAddress.delete(oldest)
    this.#byAddress.set(ip, { sinceMs: this.#clock.monotonicMs(), failures: 1 })
  }

  isRefused(ip: string): boolean {
    return (this.#current(ip)?.failures ?? 0) >= failuresMax
  }

  #current(ip: string): { failures: number } | undefined {
    const entry = this.#byAddress.get(ip)
    if (entry === undefined || this.#clock.monotonicMs() - entry.sinceMs < windowMs) return entry
    this.#byAddress.delete(ip)
    return undefined
  }
}
