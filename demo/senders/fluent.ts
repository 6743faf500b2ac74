// Log lines and inference records on their way in: the real Fluent client, packed, each chunk acknowledged after it is on
// Millpond's disk. Its retries carry new chunk ids; the records' own ids keep them from being stored twice.
import { FluentClient } from '@fluent-org/logger'

import type { Pond } from '../pond.ts'
import type { FluentMessage } from '../traffic/traffic.ts'

const blockRecordsMax = 4000
const ackTimeoutMs = 60_000

export class FluentSender {
  readonly #client: FluentClient
  readonly #running = new Set<Promise<void>>()
  readonly #block: Promise<void>[] = []
  #failure: Error | undefined
  #sent = 0

  constructor({ host, port }: Pond['forward']) {
    this.#client = new FluentClient(null, {
      eventMode: 'PackedForward',
      socket: { host, port, timeout: ackTimeoutMs },
      ack: { ackTimeout: ackTimeoutMs },
      eventRetry: { attempts: 10, delay: 200, maxDelay: 5000 },
      milliseconds: true,
      disconnect: { waitForPending: true, waitForPendingDelay: ackTimeoutMs },
    })
    // Without a listener a lost connection would end the process; the client tries again by itself.
    this.#client.socketOn('error' as never, () => undefined)
  }

  /** Records that were acknowledged. */
  get sent(): number {
    return this.#sent
  }

  async send({ tag, record, atMs }: FluentMessage): Promise<void> {
    const done = this.#client.emit(tag, { ...record }, atMs)
    done.catch(() => undefined)
    this.#block.push(done)
    if (this.#block.length < blockRecordsMax) return
    // Two blocks: one is being made while the other is on its way.
    this.#seal()
    if (this.#running.size >= 2) await Promise.race(this.#running)
  }

  /** Resolves when everything is acknowledged. */
  async flush(): Promise<void> {
    this.#seal()
    await Promise.all(this.#running)
    if (this.#failure !== undefined) throw this.#failure
  }

  async close(): Promise<void> {
    await this.#client.disconnect()
  }

  #seal(): void {
    const block = this.#block.splice(0)
    const acknowledged = Promise.all(block)
      .then(() => {
        this.#sent += block.length
      })
      .catch((error: unknown) => {
        this.#failure = error instanceof Error ? error : new Error(String(error))
      })
      .finally(() => this.#running.delete(acknowledged))
    this.#running.add(acknowledged)
  }
}
