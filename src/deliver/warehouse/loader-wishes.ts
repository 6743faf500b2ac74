// What others want of a running loader: turns between two loads, and word when everything is loaded.
import { createSignal, type Signal } from './signal.ts'

/** Work that needs the warehouse for itself, waiting for a moment between two loads. */
export class Turns {
  readonly wanted: Signal = createSignal()
  #waiting: (() => Promise<void>)[] = []

  /** Resolves or rejects as the work does, once its turn has come. */
  async take<Result>(work: () => Promise<Result>): Promise<Result> {
    const turn = Promise.withResolvers<Result>()
    this.#waiting.push(async () => {
      try {
        turn.resolve(await work())
      } catch (error) {
        turn.reject(error)
      }
    })
    this.wanted.set()
    return turn.promise
  }

  /** Never rejects: what goes wrong is told to whoever took the turn. */
  async give(): Promise<void> {
    this.wanted.clear()
    const turns = this.#waiting
    this.#waiting = []
    for (const turn of turns) await turn()
  }
}

/** Who waits until nothing is left to load. */
export class IdleWaiters {
  /** Orders given to workers so far. */
  #orders = 0
  #waiting: { readonly afterOrder: number; readonly tell: () => void }[] = []

  get isAnybody(): boolean {
    return this.#waiting.length > 0
  }

  ordered(): void {
    this.#orders += 1
  }

  async wait(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#waiting.push({ afterOrder: this.#orders, tell: resolve })
    await promise
  }

  /** The last order found nothing. One that was given before the wish may have known less. */
  foundNothing(): void {
    const isTold = ({ afterOrder }: { afterOrder: number }): boolean => afterOrder < this.#orders
    for (const waiter of this.#waiting) if (isTold(waiter)) waiter.tell()
    this.#waiting = this.#waiting.filter((waiter) => !isTold(waiter))
  }
}
