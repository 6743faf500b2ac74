// What others want of a running loader: turns between two loads, and word when everything is loaded.
import type { Clock } from '../../core/clock.ts'
import { MillpondError } from '../../core/errors.ts'
import type { WarehouseDriver } from '../../warehouse/driver.ts'
import { isReached } from './poison.ts'
import { createSignal, type Signal, waitForAny } from './signal.ts'

/** A checkpoint that running queries hold up is tried again, so long and so often. */
const durableMsMax = 20_000
const durableRetryMs = 250

/** Work that needs the warehouse for itself, waiting for a moment between two loads. */
export class Turns {
  readonly wanted: Signal = createSignal()
  #waiting: Turn[] = []
  #refusal: Error | undefined

  /** Resolves or rejects as the work does, once its turn has come and what it did is durable. */
  async take<Result>(work: () => Promise<Result>): Promise<Result> {
    if (this.#refusal !== undefined) throw this.#refusal
    const turn = Promise.withResolvers<Result>()
    this.#waiting.push({
      async run(makeDurable) {
        try {
          const result = await work()
          await makeDurable()
          turn.resolve(result)
        } catch (error) {
          turn.reject(error)
        }
      },
      refuse: turn.reject,
    })
    this.wanted.set()
    return turn.promise
  }

  /** Never rejects: what goes wrong is told to whoever took the turn. */
  async give(makeDurable: () => Promise<void>): Promise<void> {
    this.wanted.clear()
    const turns = this.#waiting
    this.#waiting = []
    for (const turn of turns) await turn.run(makeDurable)
  }

  /** No turn will come any more. */
  refuse(error: Error): void {
    this.#refusal = error
    for (const turn of this.#waiting) turn.refuse(error)
    this.#waiting = []
  }
}

interface Turn {
  run(makeDurable: () => Promise<void>): Promise<void>
  readonly refuse: (error: Error) => void
}

/** Who waits until nothing is left to load. */
export class IdleWaiters {
  /** Orders given to workers so far. */
  #orders = 0
  #refusal: Error | undefined
  #waiting: { readonly afterOrder: number; readonly tell: () => void; readonly refuse: (error: Error) => void }[] = []

  get isAnybody(): boolean {
    return this.#waiting.length > 0
  }

  ordered(): void {
    this.#orders += 1
  }

  async wait(): Promise<void> {
    if (this.#refusal !== undefined) throw this.#refusal
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#waiting.push({ afterOrder: this.#orders, tell: resolve, refuse: reject })
    await promise
  }

  refuse(error: Error): void {
    this.#refusal = error
    for (const waiter of this.#waiting) waiter.refuse(error)
    this.#waiting = []
  }

  /** The last order found nothing. One that was given before the wish may have known less. */
  foundNothing(): void {
    const isTold = ({ afterOrder }: { afterOrder: number }): boolean => afterOrder < this.#orders
    for (const waiter of this.#waiting) if (isTold(waiter)) waiter.tell()
    this.#waiting = this.#waiting.filter((waiter) => !isTold(waiter))
  }
}

/**
 * The buffer is no log for what is done between loads: nobody hears "done" before a checkpoint has it. Error:
 * warehouse-unavailable, if a query holds it up for long.
 */
export async function makeDurable(
  { driver, clock }: { readonly driver: WarehouseDriver; readonly clock: Clock },
  stopping: Signal,
): Promise<void> {
  const positions = await driver.positions()
  const deadlineMs = clock.monotonicMs() + durableMsMax
  while (clock.monotonicMs() < deadlineMs) {
    const covered = await driver.checkpoint()
    if (positions.every((one) => isReached(one, covered))) return
    await waitForAny([stopping], { clock, ms: durableRetryMs })
  }
  throw new MillpondError(
    'warehouse-unavailable',
    'It is done, but a long query keeps it from becoming durable: GET /api/jobs shows it. Do it again after a crash',
  )
}
