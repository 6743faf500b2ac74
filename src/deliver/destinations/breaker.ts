// When may a destination be tried? Its retry clock and circuit breaker, one each, so that a dead one is asked seldom, by one
// request, and costs nobody else anything.
//
//   closed ──later, blocked──▶ open, until the pause is over ──▶ one request tries ──taken, refused──▶ closed
//     ▲                          ▲                                     └──later──▶ open, for twice as long
import type { Clock } from '../../core/clock.ts'

export interface BreakerDeps {
  readonly clock: Clock
  /** From 0 to 1: many destinations must not come back at the same moment. */
  readonly random: () => number
}

const pauseMsMin = 1000
const pauseMsMax = 5 * 60_000
/** Services that say "tomorrow" are asked earlier all the same. */
const retryAfterMsMax = 60 * 60_000

export class Breaker {
  readonly #deps: BreakerDeps
  #failures = 0
  #untilMs = 0
  #isTrying = false
  #waiting: (() => void)[] = []
  #cancelTimer: (() => void) | undefined
  #isStopped = false

  constructor(deps: BreakerDeps) {
    this.#deps = deps
  }

  get failures(): number {
    return this.#failures
  }

  /** Milliseconds until it is tried again; 0: it is open to everybody, or being tried. */
  get pauseMs(): number {
    return this.#failures === 0 ? 0 : Math.max(0, this.#untilMs - this.#deps.clock.monotonicMs())
  }

  /** Resolves when a request may go out: true; or nothing may any more: false. Answer with `succeeded` or `failed`. */
  async permit(): Promise<boolean> {
    while (!this.#isStopped) {
      if (this.#failures === 0) return true
      if (!this.#isTrying && this.pauseMs === 0) {
        this.#isTrying = true
        return true
      }
      await this.#change()
    }
    return false
  }

  /** The service has answered: what it said of the request is another matter. */
  succeeded(): void {
    this.#failures = 0
    this.#isTrying = false
    this.#tell()
  }

  failed(afterMs?: number): void {
    const wasTrying = this.#isTrying
    this.#isTrying = false
    const nowMs = this.#deps.clock.monotonicMs()
    // Requests that were under way together fail together: that is one failure.
    if (this.#failures === 0 || wasTrying) this.#failures += 1
    const pauseMs = Math.min(pauseMsMax, pauseMsMin * 2 ** (this.#failures - 1)) * (0.8 + 0.4 * this.#deps.random())
    const askedMs = Math.min(retryAfterMsMax, afterMs ?? 0)
    this.#untilMs = Math.max(this.#untilMs, nowMs + Math.max(pauseMs, askedMs))
    this.#tell()
  }

  /** Now, because somebody has changed something. */
  reset(): void {
    this.#failures = 0
    this.#untilMs = 0
    this.#tell()
  }

  stop(): void {
    this.#isStopped = true
    this.#tell()
  }

  async #change(): Promise<void> {
    const changed = new Promise<void>((resolve) => {
      this.#waiting.push(resolve)
    })
    if (!this.#isTrying) {
      this.#cancelTimer?.()
      this.#cancelTimer = this.#deps.clock.schedule(() => {
        this.#tell()
      }, this.pauseMs)
    }
    await changed
  }

  #tell(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = undefined
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }
}
