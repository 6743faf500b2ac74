// Whose turn it is: one at a time, in the order of asking.
import { refuseAborted } from './calls.ts'

export class Turns {
  #last: Promise<void> = Promise.resolve()

  /** Resolves with the function that ends the turn. Error: query-cancelled, if `signal` comes first. */
  async take(signal: AbortSignal): Promise<() => void> {
    refuseAborted(signal)
    const before = this.#last
    const turn = Promise.withResolvers<void>()
    this.#last = turn.promise
    const end = (): void => {
      turn.resolve()
    }
    await untilAborted(before, signal)
    if (signal.aborted) {
      // Whoever waits behind must still wait for those before.
      void before.then(end)
      refuseAborted(signal)
    }
    return end
  }

  async hold<Result>(work: () => Promise<Result>, signal: AbortSignal): Promise<Result> {
    const end = await this.take(signal)
    try {
      return await work()
    } finally {
      end()
    }
  }
}

async function untilAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  const aborted = Promise.withResolvers<void>()
  const abort = (): void => {
    aborted.resolve()
  }
  signal.addEventListener('abort', abort)
  try {
    await Promise.race([promise, aborted.promise])
  } finally {
    signal.removeEventListener('abort', abort)
  }
}
