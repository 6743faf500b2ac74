// Measures freshness as a person would see it: a marked event is sent every so often, and SQL is asked until it shows.
import { setTimeout as delay } from 'node:timers/promises'

import type { Bench } from './run.ts'
import { quantile } from './run.ts'

export interface Freshness {
  readonly probes: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  /** Probes that were not visible when the measurement ended. */
  readonly unseen: number
}

const pollEveryMs = 20

export async function measureFreshness(
  { millpond, writeKey }: Bench,
  durationMs: number,
  probeEveryMs = 200,
): Promise<Freshness> {
  const answeredMs = new Map<number, number>()
  const freshMs: number[] = []
  let isSending = true

  async function probe(): Promise<void> {
    const endMs = performance.now() + durationMs
    for (let n = 1; performance.now() < endMs; n += 1) {
      const body = JSON.stringify({ event: 'Fresh Probe', anonymousId: 'probe', properties: { n } })
      const headers = { authorization: `Basic ${Buffer.from(`${writeKey}:`).toString('base64')}` }
      const response = await fetch(`${millpond.address}/v1/track`, { method: 'POST', body, headers })
      await response.arrayBuffer()
      if (response.ok) answeredMs.set(n, performance.now())
      await delay(probeEveryMs)
    }
    isSending = false
  }

  async function watch(): Promise<void> {
    let seen = 0
    let idleUntilMs = Number.POSITIVE_INFINITY
    while (performance.now() < idleUntilMs) {
      if (!isSending && idleUntilMs === Number.POSITIVE_INFINITY) idleUntilMs = performance.now() + 15_000
      if (!isSending && answeredMs.size === 0) return
      const rows = await millpond.query(`SELECT n FROM web.fresh_probe WHERE n > ${seen} ORDER BY n`).catch(() => [])
      const nowMs = performance.now()
      for (const [value] of rows) {
        const n = Number(value)
        const sentMs = answeredMs.get(n)
        if (sentMs !== undefined) freshMs.push(nowMs - sentMs)
        answeredMs.delete(n)
        seen = Math.max(seen, n)
      }
      await delay(pollEveryMs)
    }
  }

  await Promise.all([probe(), watch()])
  return {
    probes: freshMs.length,
    p50Ms: quantile(freshMs, 0.5),
    p99Ms: quantile(freshMs, 0.99),
    maxMs: quantile(freshMs, 1),
    unseen: answeredMs.size,
  }
}
