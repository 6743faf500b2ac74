// History on its way in: batches to /v1/import, the way for events of the past. A few requests are in flight at a time;
// who brings more waits.
import { setTimeout as delay } from 'node:timers/promises'

import type { SegmentMessage, SourceName } from '../traffic/traffic.ts'

const batchEventsMax = 1000
const batchCharactersMax = 1_000_000
const requestsMax = 3
const triesMax = 20

export class SegmentHistory {
  readonly #address: string
  readonly #keys: Record<SourceName, string>
  readonly #batches = new Map<SourceName, { texts: string[]; characters: number }>()
  readonly #running = new Set<Promise<void>>()
  #failure: Error | undefined
  #sent = 0

  constructor(address: string, keys: Record<SourceName, string>) {
    this.#address = address
    this.#keys = keys
  }

  /** Events that are safe with Millpond. */
  get sent(): number {
    return this.#sent
  }

  async send({ source, event, atMs, sentMs }: SegmentMessage): Promise<void> {
    const batch = this.#batches.get(source) ?? { texts: [], characters: 0 }
    this.#batches.set(source, batch)
    // A browser's clock is put right by the first `sentAt` of a request, and these requests hold days: so it has none.
    const sent = source === 'cubby_web' ? {} : { sentAt: new Date(sentMs).toISOString() }
    const times = { timestamp: new Date(atMs).toISOString(), ...sent }
    const text = JSON.stringify({ ...event, ...times })
    batch.texts.push(text)
    batch.characters += text.length
    if (batch.texts.length >= batchEventsMax || batch.characters >= batchCharactersMax) await this.#post(source)
  }

  /** Resolves when everything is answered. */
  async flush(): Promise<void> {
    for (const source of this.#batches.keys()) await this.#post(source)
    await Promise.all(this.#running)
    if (this.#failure !== undefined) throw this.#failure
  }

  async #post(source: SourceName): Promise<void> {
    const { texts = [] } = this.#batches.get(source) ?? {}
    this.#batches.delete(source)
    if (this.#failure !== undefined) throw this.#failure
    if (texts.length === 0) return
    const request = postSegment(this.#address, '/v1/import', this.#keys[source], `{"batch":[${texts.join(',')}]}`)
      .then((status) => {
        if (status !== 200) throw new Error(`Millpond answered ${status} to a batch of ${source}.`)
        this.#sent += texts.length
      })
      .catch((error: unknown) => {
        this.#failure = error instanceof Error ? error : new Error(String(error))
      })
      .finally(() => this.#running.delete(request))
    this.#running.add(request)
    if (this.#running.size >= requestsMax) await Promise.race(this.#running)
  }
}

/** The status; asks again while Millpond is busy or away, as an SDK would. */
export async function postSegment(address: string, path: string, key: string, body: string): Promise<number> {
  const headers = { authorization: `Basic ${btoa(`${key}:`)}`, 'content-type': 'application/json' }
  for (let tries = 1; ; tries += 1) {
    let waitMs = 1000
    try {
      const response = await fetch(`${address}${path}`, { method: 'POST', headers, body })
      await response.arrayBuffer()
      if (response.status !== 503 && response.status !== 429) return response.status
      waitMs = Number(response.headers.get('retry-after') ?? 1) * 1000
    } catch (error) {
      if (tries >= triesMax) throw error
    }
    if (tries >= triesMax) throw new Error(`Millpond at ${address} was busy ${tries} times; the demo gives up.`)
    await delay(waitMs)
  }
}
