// A load generator on plain sockets: HTTP/1.1 keep-alive, one request in flight a connection. Runs in a process of its
// own (forked by `startSender`), so that it doesn't share a thread with what it measures.
import { fork } from 'node:child_process'
import { connect, type Socket } from 'node:net'

import { type BatchTemplate, batchTemplate, singleTemplate, stampIds } from './events.ts'

export interface SenderOptions {
  readonly port: number
  readonly writeKey: string
  readonly connections: number
  /** Events in a request; 1 uses /v1/track. */
  readonly batchEvents: number
  readonly durationMs: number
  /** Requests a second over all connections; 0 = as many as go. */
  readonly requestsPerSecond: number
  readonly firstId: number
  /** Number of different event names. */
  readonly eventNames?: number
}

export interface SenderResult {
  readonly accepted: number
  readonly refused: number
  readonly failed: number
  readonly seconds: number
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number }
  readonly nextId: number
}

/** Sends in stretches of five seconds until so many events are accepted; resolves with how many were. */
export async function sendAtLeast(
  events: number,
  load: Omit<SenderOptions, 'durationMs' | 'firstId'>,
): Promise<number> {
  let accepted = 0
  let firstId = 1
  while (accepted < events) {
    const result = await startSender({ ...load, durationMs: 5000, firstId })
    accepted += result.accepted
    firstId = result.nextId
    if (result.accepted === 0) throw new Error('Nothing is accepted any more.')
  }
  return accepted
}

export async function startSender(options: SenderOptions): Promise<SenderResult> {
  const child = fork(import.meta.filename, [], { serialization: 'advanced' })
  return new Promise((resolve, reject) => {
    child.once('message', (result: SenderResult) => {
      resolve(result)
      child.kill()
    })
    child.once('error', reject)
    child.send({ sender: options })
  })
}

/** Latencies in microseconds, in buckets of 1 % width: constant memory however long the run. */
class Histogram {
  readonly #counts = new Float64Array(2000)
  #total = 0
  #max = 0

  add(micros: number): void {
    const bucket = Math.min(
      this.#counts.length - 1,
      Math.max(0, Math.floor(Math.log(Math.max(1, micros)) / Math.log(1.01))),
    )
    this.#counts[bucket] = (this.#counts[bucket] ?? 0) + 1
    this.#total += 1
    if (micros > this.#max) this.#max = micros
  }

  ms(quantile: number): number {
    let seen = 0
    for (const [bucket, count] of this.#counts.entries()) {
      seen += count
      if (seen >= this.#total * quantile && this.#total > 0) return Math.round(1.01 ** bucket / 10) / 100
    }
    return 0
  }

  get maxMs(): number {
    return Math.round(this.#max / 10) / 100
  }
}

async function send(options: SenderOptions): Promise<SenderResult> {
  const histogram = new Histogram()
  const counts = { accepted: 0, refused: 0, failed: 0 }
  let nextId = options.firstId
  const startedMs = performance.now()
  const endMs = startedMs + options.durationMs
  const intervalMs = options.requestsPerSecond === 0 ? 0 : (1000 * options.connections) / options.requestsPerSecond

  async function runConnection(index: number): Promise<void> {
    const template = templateOf(options, index)
    const head = headOf(options, template)
    const socket = connect({ port: options.port, host: '127.0.0.1', noDelay: true })
    await new Promise((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    let dueMs = performance.now() + (intervalMs * index) / options.connections
    while (performance.now() < endMs) {
      if (intervalMs > 0) {
        const waitMs = dueMs - performance.now()
        if (waitMs > 0) await new Promise((resolve) => setTimeout(resolve, waitMs))
        dueMs += intervalMs
      }
      stampIds(template, nextId)
      nextId += template.events
      const begunMs = performance.now()
      const status = await exchange(socket, head, template.body)
      histogram.add((performance.now() - begunMs) * 1000)
      if (status === 200) counts.accepted += template.events
      else if (status === 429 || status === 503) counts.refused += template.events
      else counts.failed += template.events
    }
    socket.destroy()
  }

  await Promise.all(Array.from({ length: options.connections }, async (_, index) => runConnection(index)))
  const seconds = (performance.now() - startedMs) / 1000
  return {
    ...counts,
    seconds,
    latencyMs: { p50: histogram.ms(0.5), p99: histogram.ms(0.99), max: histogram.maxMs },
    nextId,
  }
}

function templateOf(options: SenderOptions, index: number): BatchTemplate {
  const names =
    options.eventNames === undefined
      ? undefined
      : Array.from({ length: options.eventNames }, (_, n) => `Camera Event ${n}`)
  return options.batchEvents === 1
    ? singleTemplate(options.writeKey, index)
    : batchTemplate(options.writeKey, options.batchEvents, index * options.batchEvents, names)
}

function headOf(options: SenderOptions, template: BatchTemplate): Buffer {
  const path = options.batchEvents === 1 ? '/v1/track' : '/v1/batch'
  return Buffer.from(
    `POST ${path} HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nContent-Length: ${template.body.length}\r\n\r\n`,
  )
}

/** Status of the answer; answers are small and come whole. */
async function exchange(socket: Socket, head: Buffer, body: Buffer): Promise<number> {
  return new Promise((resolve) => {
    const onEnd = (): void => {
      socket.off('data', onData)
      resolve(0)
    }
    const onData = (chunk: Buffer): void => {
      socket.off('close', onEnd)
      resolve(Number(chunk.subarray(9, 12).toString('latin1')))
    }
    socket.once('close', onEnd)
    socket.once('data', onData)
    socket.cork()
    socket.write(head)
    socket.write(body)
    socket.uncork()
  })
}

process.on('message', (message: unknown) => {
  if (typeof message !== 'object' || message === null || !('sender' in message)) return
  void send(message.sender as SenderOptions).then((result) => process.send?.(result))
})
