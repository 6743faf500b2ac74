// A token bucket for each write key and address. Write keys are public (they stand in web pages), so one sender must not
// be able to use up what others need. Memory is bounded: the least recently seen bucket is forgotten, which fills it.
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

/** About 200 bytes each. */
const bucketsMax = 50_000

export function createRateLimit(requestsPerSecondMax: number, clock: Clock): RateLimit {
  const buckets = new LRUCache<string, Bucket>({ max: bucketsMax })
  return {
    take(writeKey, address) {
      const key = `${writeKey} ${addressGroup(address)}`
      const nowMs = clock.monotonicMs()
      let bucket = buckets.get(key)
      if (bucket === undefined) {
        bucket = { tokens: requestsPerSecondMax, atMs: nowMs }
        buckets.set(key, bucket)
      }
      const refilled = bucket.tokens + ((nowMs - bucket.atMs) / 1000) * requestsPerSecondMax
      bucket.tokens = Math.min(requestsPerSecondMax, refilled)
      bucket.atMs = nowMs
      if (bucket.tokens < 1) return Math.max(1, Math.ceil((1 - bucket.tokens) / requestsPerSecondMax))
      bucket.tokens -= 1
      return 0
    },
  }
}
