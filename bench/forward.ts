// The rows on Fluent Forward: a flood of packed and acknowledged chunks, and how long a sender waits for its ack.
// The load generator is a process of its own, so that it shares no thread with what it measures.
import { fork } from 'node:child_process'
import { connect, type Socket } from 'node:net'

import { Packr } from 'msgpackr'

import { cutEntries } from '../src/collect/fluent/entries.ts'
import type { Ceilings } from './support/ceilings.ts'
import { cpuSeconds, ratio, residentMiB, withMillpond } from './support/run.ts'

interface ForwardLoad {
  readonly port: number
  readonly connections: number
  readonly entriesPerChunk: number
  readonly durationMs: number
  /** Chunks a second over all connections; 0 = as many as go, one in flight a connection. */
  readonly chunksPerSecond: number
}

interface ForwardResult {
  readonly acked: number
  readonly failed: number
  readonly seconds: number
  readonly latencyMs: { readonly p50: number; readonly p99: number; readonly max: number }
}

const recordBytes = 150

/** As many packed chunks of 1,000 records as go, each acknowledged after its sync. */
export async function benchForwardFlood(ceilings: Ceilings, durationMs: number): Promise<object> {
  return withMillpond(async ({ millpond }) => {
    const load = { port: millpond.forwardPort, connections: 8, entriesPerChunk: 1_000, durationMs, chunksPerSecond: 0 }
    const result = await startLoad(load)
    const { intake } = await millpond.pids()
    const recordsPerSecond = Math.round(result.acked / result.seconds)
    const diskRecordsPerSecond = (ceilings.sync64KiBPerSecond * 64 * 1024) / recordBytes
    return {
      bench: 'forward-flood',
      recordsPerSecond,
      recordBytes: entryOf(0).length,
      failed: result.failed,
      latencyMs: result.latencyMs,
      intakeMiB: await residentMiB(intake),
      intakeCpuSeconds: await cpuSeconds(intake),
      ratioToSynced64KiB: ratio(recordsPerSecond, diskRecordsPerSecond),
      ratioToCountingAlone: ratio(recordsPerSecond, countCeiling()),
    }
  })
}

/** 5,000 records a second: what append + fsync + ack costs a sender, for chunks of ten and for single messages. */
export async function benchForwardWait(ceilings: Ceilings, durationMs: number): Promise<object> {
  const waits: Record<string, object> = {}
  for (const entriesPerChunk of [10, 1]) {
    waits[`chunksOf${entriesPerChunk}`] = await withMillpond(async ({ millpond }) => {
      const chunksPerSecond = 5_000 / entriesPerChunk
      const load = { port: millpond.forwardPort, connections: 64, entriesPerChunk, durationMs, chunksPerSecond }
      const result = await startLoad(load)
      return {
        recordsPerSecond: Math.round(result.acked / result.seconds),
        failed: result.failed,
        latencyMs: result.latencyMs,
      }
    })
  }
  return { bench: 'forward-wait', offeredPerSecond: 5_000, ...waits, syncsPerSecond: ceilings.sync64KiBPerSecond }
}

/** Entries a second that one core counts, and does nothing else. */
function countCeiling(): number {
  const entries = Buffer.concat(Array.from({ length: 10_000 }, (_, n) => entryOf(n)))
  const begunMs = performance.now()
  let counted = 0
  while (performance.now() - begunMs < 1_000) counted += cutEntries(entries).reduce((sum, { count }) => sum + count, 0)
  return (counted * 1000) / (performance.now() - begunMs)
}

function entryOf(n: number): Buffer {
  const time = Buffer.from([0xd7, 0, 0x6a, 0xb1, 0x3b, 0x80, 0, 0, 0, 0])
  time.writeUInt32BE(n % 1_000_000_000, 6)
  const record = {
    level: 'info',
    service: 'cubby-api',
    path: '/v1/cameras/stream',
    status: 200 + (n % 5),
    took_ms: n % 900,
    request: `req-${String(n).padStart(12, '0')}`,
    message: 'stream opened for one parent now',
  }
  return Buffer.concat([Buffer.from([0x92]), time, new Packr({ useRecords: false }).encode(record)])
}

async function startLoad(load: ForwardLoad): Promise<ForwardResult> {
  const child = fork(import.meta.filename, [], { serialization: 'advanced' })
  return new Promise((resolve, reject) => {
    child.once('message', (result: ForwardResult) => {
      resolve(result)
      child.kill()
    })
    child.once('error', reject)
    child.send({ forwardLoad: load })
  })
}

async function send(load: ForwardLoad): Promise<ForwardResult> {
  const waitsMs: number[] = []
  const counts = { acked: 0, failed: 0 }
  const startedMs = performance.now()
  const endMs = startedMs + load.durationMs
  const intervalMs = load.chunksPerSecond === 0 ? 0 : (1000 * load.connections) / load.chunksPerSecond

  async function runConnection(index: number): Promise<void> {
    const chunk = new Chunk(index, load.entriesPerChunk)
    const socket = connect({ port: load.port, host: '127.0.0.1', noDelay: true })
    await new Promise((resolve, reject) => {
      socket.once('connect', resolve)
      socket.once('error', reject)
    })
    let dueMs = performance.now() + (intervalMs * index) / load.connections
    while (performance.now() < endMs) {
      const pauseMs = intervalMs === 0 ? 0 : dueMs - performance.now()
      if (pauseMs > 0) await new Promise((resolve) => setTimeout(resolve, pauseMs))
      dueMs += intervalMs
      const begunMs = performance.now()
      if (await exchange(socket, chunk.next())) counts.acked += load.entriesPerChunk
      else counts.failed += load.entriesPerChunk
      waitsMs.push(performance.now() - begunMs)
    }
    socket.destroy()
  }

  await Promise.all(Array.from({ length: load.connections }, async (_, index) => runConnection(index)))
  waitsMs.sort((a, b) => a - b)
  const at = (q: number): number =>
    Math.round((waitsMs[Math.min(waitsMs.length - 1, Math.floor(waitsMs.length * q))] ?? 0) * 100) / 100
  const latencyMs = { p50: at(0.5), p99: at(0.99), max: at(1) }
  return { ...counts, seconds: (performance.now() - startedMs) / 1000, latencyMs }
}

/** One message, made once; each time only the digits of its token are written anew. */
class Chunk {
  readonly #bytes: Buffer
  readonly #tokenAt: number
  readonly #connection: number
  #sent = 0

  constructor(connection: number, entries: number) {
    const packed = Buffer.concat(Array.from({ length: entries }, (_, n) => entryOf(connection * entries + n)))
    const token = '#'.repeat(16)
    this.#connection = connection
    this.#bytes = Buffer.from(
      new Packr({ useRecords: false }).encode(['bench.api', packed, { chunk: token, size: entries }]),
    )
    this.#tokenAt = this.#bytes.indexOf(token)
  }

  next(): Buffer {
    this.#sent += 1
    const token = `${String(this.#connection).padStart(4, '0')}${String(this.#sent).padStart(12, '0')}`
    this.#bytes.write(token, this.#tokenAt, 'latin1')
    return this.#bytes
  }
}

/** True if an ack came; acks are small and come whole. */
async function exchange(socket: Socket, message: Buffer): Promise<boolean> {
  return new Promise((resolve) => {
    const onClose = (): void => {
      socket.off('data', onData)
      resolve(false)
    }
    const onData = (): void => {
      socket.off('close', onClose)
      resolve(true)
    }
    socket.once('close', onClose)
    socket.once('data', onData)
    socket.write(message)
  })
}

process.on('message', (message: unknown) => {
  if (typeof message !== 'object' || message === null || !('forwardLoad' in message)) return
  void send(message.forwardLoad as ForwardLoad).then((result) => process.send?.(result))
})
