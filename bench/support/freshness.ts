// Measures freshness: a marked event of a source of its own is sent every so often, and the live feed is watched for it.
// The feed speaks of an event only after the transaction that made it visible in SQL has committed.
import { setTimeout as delay } from 'node:timers/promises'

import type { LiveEvent } from '../../src/core/event.ts'
import { type Bench, quantile } from './run.ts'

export interface Freshness {
  readonly probes: number
  readonly p50Ms: number
  readonly p99Ms: number
  readonly maxMs: number
  /** Probes that were not visible when the measurement ended. */
  readonly unseen: number
}

const graceMs = 15_000

export async function measureFreshness(
  { millpond }: Bench,
  durationMs: number,
  probeEveryMs = 100,
): Promise<Freshness> {
  const writeKey = await millpond.addSource('probe', 'server')
  const answeredMs = new Map<string, number>()
  const freshMs: number[] = []
  const gone = new AbortController()

  async function watch(): Promise<void> {
    const response = await millpond.api('/api/live?source=probe', { signal: gone.signal })
    if (response.body === null) throw new Error('The live feed has no body.')
    const decoder = new TextDecoder()
    let text = ''
    for await (const chunk of response.body) {
      const nowMs = performance.now()
      text += decoder.decode(chunk, { stream: true })
      const frames = text.split('\n\n')
      text = frames.pop() ?? ''
      for (const frame of frames) for (const id of idsOf(frame)) noteSeen(id, nowMs)
    }
  }

  function noteSeen(id: string, nowMs: number): void {
    const sentMs = answeredMs.get(id)
    if (sentMs !== undefined) freshMs.push(nowMs - sentMs)
    answeredMs.delete(id)
  }

  const watching = watch().catch((error: unknown) => {
    if (!gone.signal.aborted) throw error
  })
  const endMs = performance.now() + durationMs
  for (let n = 0; performance.now() < endMs; n += 1) {
    const messageId = `probe-${n}`
    // From before the request: an event can be visible before its sender has read the answer.
    answeredMs.set(messageId, performance.now())
    const body = JSON.stringify({ writeKey, event: 'Fresh Probe', anonymousId: 'probe', messageId, properties: { n } })
    const response = await fetch(`${millpond.address}/v1/track`, { method: 'POST', body })
    await response.arrayBuffer()
    if (!response.ok) answeredMs.delete(messageId)
    await delay(probeEveryMs)
  }
  const graceEndMs = performance.now() + graceMs
  while (answeredMs.size > 0 && performance.now() < graceEndMs) await delay(20)
  gone.abort()
  await watching
  return {
    probes: freshMs.length,
    p50Ms: quantile(freshMs, 0.5),
    p99Ms: quantile(freshMs, 0.99),
    maxMs: quantile(freshMs, 1),
    unseen: answeredMs.size,
  }
}

function idsOf(frame: string): string[] {
  const [name, data] = frame.split('\n')
  if (name !== 'event: events' || data === undefined) return []
  return (JSON.parse(data.slice('data: '.length)) as LiveEvent[]).map((event) => event.id)
}
