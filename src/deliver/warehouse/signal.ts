// Flags that somebody can wait for. Promise.race over promises that live for the whole run would keep something of every
// round for ever; here whoever stops waiting leaves nothing behind.
import type { Clock } from '../../core/clock.ts'

export interface Signal {
  readonly isSet: boolean
  set(): void
  clear(): void
  /** Calls once, when the flag is set; the returned function takes the wish back. */
  once(listener: () => void): () => void
}

export function createSignal(): Signal {
  let isSet = false
  const listeners = new Set<() => void>()
  return {
    get isSet() {
      return isSet
    },
    set() {
      isSet = true
      const waiting = [...listeners]
      listeners.clear()
      for (const listener of waiting) listener()
    },
    clear() {
      isSet = false
    },
    once(listener) {
      listeners.add(listener)
      return () => {
        listeners.delete(listener)
      }
    },
  }
}

/** Resolves when one of the flags is set, at once if one is, or when the time is over. */
export async function waitForAny(signals: readonly Signal[], timeout?: { clock: Clock; ms: number }): Promise<void> {
  if (signals.some((signal) => signal.isSet) || (timeout !== undefined && timeout.ms <= 0)) return
  const { promise, resolve } = Promise.withResolvers<undefined>()
  const done = () => {
    resolve(undefined)
  }
  const cancels = signals.map((signal) => signal.once(done))
  if (timeout !== undefined) cancels.push(timeout.clock.schedule(done, timeout.ms))
  await promise
  for (const cancel of cancels) cancel()
}
