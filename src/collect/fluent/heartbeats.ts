// Which heartbeats over UDP are answered. The sender of a datagram can be forged: two servers that answer each other would
// never end, and a service that answers everything would not either.
import type { Clock } from '../../core/clock.ts'

/** Senders ask once a second. */
const answersPerSecondMax = 1_000
/** Below it are services (echo, chargen); who asks us comes from above. */
const clientPortMin = 1_024

export class HeartbeatLimit {
  readonly #clock: Clock
  #sinceMs: number
  #answers = 0

  constructor(clock: Clock) {
    this.#clock = clock
    this.#sinceMs = clock.monotonicMs()
  }

  /** True counts as an answer. */
  mayAnswer(peerPort: number, ownPort: number): boolean {
    if (peerPort === ownPort || peerPort < clientPortMin) return false
    const nowMs = this.#clock.monotonicMs()
    if (nowMs - this.#sinceMs >= 1_000) {
      this.#sinceMs = nowMs
      this.#answers = 0
    }
    this.#answers += 1
    return this.#answers <= answersPerSecondMax
  }
}
