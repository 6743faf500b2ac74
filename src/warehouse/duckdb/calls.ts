// Calls into the engine on one connection, one at a time. Whoever cancels gets the engine back idle: a call is interrupted until
// it has returned, and a connection is never closed under one.
import type { Clock } from '../../core/clock.ts'
import { MillpondError } from '../../core/errors.ts'
import type { Link } from './link.ts'

/** An interrupt between two calls is lost by the engine when the next begins: say it again until the call is gone. */
const interruptEveryMs = 20

export class Calls {
  readonly #link: Link
  readonly #clock: Clock
  #inFlight: Promise<unknown> = Promise.resolve()

  constructor(link: Link, clock: Clock) {
    this.#link = link
    this.#clock = clock
  }

  /** Error: query-cancelled, and the engine's own. */
  async run<Result>(call: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
    refuseAborted(signal)
    const promise = call()
    this.#inFlight = promise.catch(() => undefined)
    let cancelTimer: (() => void) | undefined
    const interrupt = (): void => {
      this.#link.api.interrupt()
      cancelTimer = this.#clock.schedule(interrupt, interruptEveryMs)
    }
    signal.addEventListener('abort', interrupt)
    try {
      return await promise
    } finally {
      signal.removeEventListener('abort', interrupt)
      cancelTimer?.()
    }
  }

  /** Resolves when the call in flight, if any, has returned. */
  async idle(): Promise<void> {
    await this.#inFlight
  }
}

export function refuseAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new MillpondError('query-cancelled', 'The query was cancelled')
}
