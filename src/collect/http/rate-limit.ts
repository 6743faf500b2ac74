// A token bucket for each write key and address. Write keys are public (they stand in web pages), so one sender must not
// be able to use up what others need. Strangers, who show no key of ours, have one for each address. Memory is bounded: the least recently seen bucket is forgotten, which fills it.
import { LRUCache } from 'lru-cache'

import type { Clock } from '../../core/clock.ts'
import { addressGroup } from './client-address.ts'

interface Bucket {
  tokens: number
  atMs: number
}

export interface RateLimit {
  /** Takes one request's token. 0: go on; otherwise whole seconds after which there is one again. */
  take(writeKey: string, address: string): number
}

export interface StrangerLimit {
  /** 0: go on; otherwise whole seconds after which the address is heard again. Takes nothing. */
  wait(address: string): number
  /** For a request that was nothing of ours, by the bytes that had to be read for it. */
  charge(address: string, bytes: number): void
}

/** About 200 bytes each. */
const bucketsMax = 50_000

/** Requests of strangers that are read, per address. Only failures count, so a busy office with good keys never waits. */
const failuresPerSecondMax = 50
const failuresBurst = 200
/** A failure with a large body counts as many. */
const bytesPerFailure = 64 * 1024

export function createRateLimit(requestsPerSecondMax: number, clock: Clock): RateLimit {
  const buckets = new Buckets({ perSecond: requestsPerSecondMax, burst: requestsPerSecondMax }, clock)
  return {
    take(writeKey, address) {
      const key = `${writeKey} ${addressGroup(address)}`
      const seconds = buckets.wait(key)
      if (seconds === 0) buckets.take(key, 1)
      return seconds
    },
  }
}

export function createStrangerLimit(clock: Clock): StrangerLimit {
  const buckets = new Buckets({ perSecond: failuresPerSecondMax, burst: failuresBurst }, clock)
  return {
    wait: (address) => buckets.wait(addressGroup(address)),
    charge(address, bytes) {
      buckets.take(addressGroup(address), 1 + Math.floor(bytes / bytesPerFailure))
    },
  }
}

class Buckets {
  readonly #rate: { readonly perSecond: number; readonly burst: number }
  readonly #clock: Clock
  readonly #buckets = new LRUCache<string, Bucket>({ max: bucketsMax })

  constructor(rate: { perSecond: number; burst: number }, clock: Clock) {
    this.#rate = rate
    this.#clock = clock
  }

  /** Whole seconds until there is a token; 0: now. */
  wait(key: string): number {
    const tokens = this.#buckets.get(key) === undefined ? this.#rate.burst : this.#refilled(key).tokens
    return tokens < 1 ? Math.max(1, Math.ceil((1 - tokens) / this.#rate.perSecond)) : 0
  }

  /** May leave a debt. */
  take(key: string, tokens: number): void {
    this.#refilled(key).tokens -= tokens
  }

  #refilled(key: string): Bucket {
    const { perSecond, burst } = this.#rate
    const nowMs = this.#clock.monotonicMs()
    let bucket = this.#buckets.get(key)
    if (bucket === undefined) {
      bucket = { tokens: burst, atMs: nowMs }
      this.#buckets.set(key, bucket)
    }
    bucket.tokens = Math.min(burst, bucket.tokens + ((nowMs - bucket.atMs) / 1000) * perSecond)
    bucket.atMs = nowMs
    return bucket
  }
}
