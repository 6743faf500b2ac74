// How often somebody may try a password: so many tries at once, and as many again over a quarter of an hour. Counted for each address
// and for each account, also for accounts that don't exist, so that nobody learns which do.
import ipaddr from 'ipaddr.js'
import { LRUCache } from 'lru-cache'

import type { Clock } from '../core/clock.ts'
import { MillpondError } from '../core/errors.ts'

const refillMs = 15 * 60_000
/** What is forgotten first was quiet longest. A flood from so many addresses has other limits. */
const keysMax = 100_000

export class TryLimiter {
  readonly #clock: Pick<Clock, 'monotonicMs'>
  readonly #triesMax: number
  /** Tries that are left, at a time. */
  readonly #left = new LRUCache<string, { readonly tries: number; readonly atMs: number }>({ max: keysMax })

  constructor(clock: Pick<Clock, 'monotonicMs'>, triesMax: number) {
    this.#clock = clock
    this.#triesMax = triesMax
  }

  /** Error: rate-limited, and then nothing is counted. */
  take(key: string): void {
    const atMs = this.#clock.monotonicMs()
    const found = this.#left.get(key)
    const perMs = this.#triesMax / refillMs
    const tries =
      found === undefined ? this.#triesMax : Math.min(this.#triesMax, found.tries + (atMs - found.atMs) * perMs)
    if (tries < 1) {
      const retryAfterSeconds = Math.ceil((1 - tries) / perMs / 1000)
      throw new MillpondError('rate-limited', `Too many tries. Try again in ${retryAfterSeconds} seconds.`, {
        retryAfterSeconds,
      })
    }
    this.#left.set(key, { tries: tries - 1, atMs })
  }

  /** Whoever knew the password was no guesser. */
  forget(key: string): void {
    this.#left.delete(key)
  }
}

/** Who has one address of a /64 has them all. */
export function networkOf(address: string): string {
  if (!ipaddr.isValid(address)) return address
  const parsed = ipaddr.process(address)
  return parsed.kind() === 'ipv6' ? parsed.toByteArray().slice(0, 8).join('.') : parsed.toString()
}
