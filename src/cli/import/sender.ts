// Sends batches to the engine over its socket, a few at a time so that they share a sync of the disk. What it hears as "not
// now" it sends again; every event has an id that stays, so a batch that arrived before its answer got lost doubles nothing.
import type { Agent, request } from 'undici'

import type { Clock } from '../../core/clock.ts'
import { MillpondError, messageOf } from '../../core/errors.ts'
import { errorFrom } from '../admin-client.ts'

export interface Batch {
  /** Each the JSON of one event. */
  readonly events: readonly Uint8Array[]
  /** Called once it is on disk, in the order of sending. */
  readonly onKept: () => void
}

export interface Sender {
  /** Resolves when there is room for another; rejects with the failure of an earlier one. */
  send(batch: Batch): Promise<void>
  /** Resolves when everything is on disk. */
  drained(): Promise<void>
  /** Why nothing moves at the moment; undefined while it does. */
  readonly waitingFor: () => string | undefined
  /** The stream's sequence of the last batch. */
  readonly lastSequence: () => number
  close(): Promise<void>
}

export interface SenderOptions {
  readonly socketPath: string
  readonly source: string
  readonly clock: Clock
  /** Ends early when the signal says stop. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>
  /** Aborted: nothing is tried again. */
  readonly signal: AbortSignal
}

const batchesAtOnce = 4
/** An engine that crashed is back within seconds; one that needs longer needs a person. */
const awayMsMax = 60_000
const awayAskAgainMs = 500
const answerMsMax = 60_000

export async function createSender(options: SenderOptions): Promise<Sender> {
  const undici = await import('undici')
  const agent = new undici.Agent({
    connect: { socketPath: options.socketPath },
    connections: batchesAtOnce,
    headersTimeout: answerMsMax,
  })
  return new SocketSender(options, agent, undici.request)
}

class SocketSender implements Sender {
  readonly #options: SenderOptions
  readonly #agent: Agent
  readonly #request: typeof request
  readonly #url: string
  /** After a failure, and at the end: what is under way is not tried again. */
  readonly #ended = new AbortController()
  readonly #signal: AbortSignal
  readonly #running = new Set<Promise<void>>()
  #inOrder: Promise<void> = Promise.resolve()
  #failure: unknown
  #waitingFor: string | undefined
  #lastSequence = 0

  constructor(options: SenderOptions, agent: Agent, ask: typeof request) {
    this.#options = options
    this.#signal = AbortSignal.any([options.signal, this.#ended.signal])
    this.#agent = agent
    this.#request = ask
    this.#url = `http://millpond/api/imports/${encodeURIComponent(options.source)}/batches`
  }

  readonly waitingFor = (): string | undefined => this.#waitingFor
  readonly lastSequence = (): number => this.#lastSequence

  async send({ events, onKept }: Batch): Promise<void> {
    const sent = events.length === 0 ? Promise.resolve() : this.#sendUntilKept(bodyOf(events))
    // Heard through the chain below, unless an earlier one failed.
    sent.catch(() => undefined)
    // What is behind a failure must not be noted as kept.
    this.#inOrder = this.#inOrder.then(async () => sent).then(onKept)
    const settled = this.#inOrder.catch((error: unknown) => {
      this.#failure ??= error
      this.#ended.abort()
    })
    const running = settled.finally(() => this.#running.delete(running))
    this.#running.add(running)
    if (this.#running.size >= batchesAtOnce) await Promise.race(this.#running)
    if (this.#failure !== undefined) throw this.#failure
  }

  async drained(): Promise<void> {
    await Promise.all(this.#running)
    if (this.#failure !== undefined) throw this.#failure
  }

  async close(): Promise<void> {
    this.#ended.abort()
    await Promise.all(this.#running)
    await this.#agent.destroy()
  }

  async #sendUntilKept(body: Buffer): Promise<void> {
    const { clock, pause } = this.#options
    let awaySinceMs: number | undefined
    for (;;) {
      const outcome = await this.#sendOnce(body)
      if (outcome.kind === 'kept') {
        this.#waitingFor = undefined
        this.#lastSequence = Math.max(this.#lastSequence, outcome.sequence)
        return
      }
      if (outcome.kind === 'away') awaySinceMs ??= clock.monotonicMs()
      else awaySinceMs = undefined
      const isTooLong = awaySinceMs !== undefined && clock.monotonicMs() - awaySinceMs > awayMsMax
      if (isTooLong || this.#signal.aborted) throw outcome.error
      this.#waitingFor = outcome.error.message
      await pause(outcome.waitMs, this.#signal)
    }
  }

  async #sendOnce(body: Buffer): Promise<Outcome> {
    try {
      const response = await this.#request(this.#url, {
        dispatcher: this.#agent,
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      })
      const answer: unknown = await response.body.json().catch(() => undefined)
      const { statusCode, headers } = response
      if (statusCode === 200) {
        const { sequence } = answer as { sequence: number }
        return { kind: 'kept', sequence }
      }
      const error = errorFrom(answer, statusCode)
      if (statusCode !== 429 && statusCode !== 503) throw error
      const seconds = Number(headers['retry-after'] ?? 1)
      return { kind: 'later', error, waitMs: (Number.isFinite(seconds) ? seconds : 1) * 1000 }
    } catch (error) {
      if (error instanceof MillpondError) throw error
      const away = new MillpondError('engine-unavailable', `The engine is away (${messageOf(error)})`, { cause: error })
      return { kind: 'away', error: away, waitMs: awayAskAgainMs }
    }
  }
}

type Outcome =
  | { readonly kind: 'kept'; readonly sequence: number }
  | { readonly kind: 'later' | 'away'; readonly error: MillpondError; readonly waitMs: number }

const open = Buffer.from('{"batch":[')
const comma = Buffer.from(',')
const close = Buffer.from(']}')

function bodyOf(events: readonly Uint8Array[]): Buffer {
  const parts: Uint8Array[] = [open]
  for (const [index, event] of events.entries()) {
    if (index > 0) parts.push(comma)
    parts.push(event)
  }
  parts.push(close)
  return Buffer.concat(parts)
}
