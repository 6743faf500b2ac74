// Fluent Forward on a real port, with an append that keeps records in memory, and a raw sender to speak to it.
import { connect, type Socket } from 'node:net'
import { connect as connectSecurely } from 'node:tls'

import { Packr, Unpackr } from 'msgpackr'

import type { NewRecord } from '../../src/buffer/record.ts'
import {
  createForwardServer,
  type ForwardDeps,
  type ForwardServer,
  type ForwardTls,
} from '../../src/collect/fluent/fluent.ts'
import { systemClock } from '../../src/core/clock.ts'
import type { ForwardMeta } from '../../src/core/event.ts'
import { createLog } from '../../src/core/log.ts'
import { skipValue } from '../../src/core/msgpack.ts'
import type { ForwardSettings } from '../../src/core/settings.ts'
import { tlsPair } from './collect-server.ts'

export const MiB = 1024 * 1024

export const forwardSettings: ForwardSettings = {
  forwardSharedKey: undefined,
  forwardUsers: [],
  forwardTables: ['**=logs.entries'],
  forwardConnectionsMax: 2_000,
  chunkBytesMax: 8 * MiB,
  chunksBytesMax: 64 * MiB,
}

const packr = new Packr({ useRecords: false, variableMapSize: true })
const unpackr = new Unpackr({ useRecords: false, mapsAsObjects: true })

export function pack(...values: readonly unknown[]): Buffer {
  return Buffer.concat(values.map((value) => Buffer.from(packr.encode(value))))
}

export function hex(text: string): Buffer {
  return Buffer.from(text.replaceAll(/\s/g, ''), 'hex')
}

export function unpack(bytes: Uint8Array): unknown {
  return unpackr.decode(Buffer.from(bytes))
}

/** The values that stand one after the other. */
export function unpackAll(bytes: Uint8Array): unknown[] {
  const values: unknown[] = []
  for (let at = 0; at < bytes.length;) {
    const next = skipValue(bytes, at, bytes.length)
    if (next === -1) throw new Error('The bytes end in the middle of a value.')
    values.push(unpack(bytes.subarray(at, next)))
    at = next
  }
  return values
}

export interface KeptForward extends Omit<NewRecord, 'meta' | 'body'> {
  readonly meta: ForwardMeta
  readonly body: Buffer
  readonly entries: readonly unknown[]
}

export interface ForwardRig {
  readonly server: ForwardServer
  readonly port: number
  readonly records: readonly KeptForward[]
  /** Lines of the log, parsed. */
  readonly lines: readonly { readonly msg: string; readonly level: number; readonly [name: string]: unknown }[]
  stop(): Promise<void>
}

export interface RigOptions extends Partial<Omit<ForwardDeps, 'log' | 'tls'>> {
  readonly settings?: Partial<ForwardSettings>
  readonly host?: string
  readonly tls?: boolean | ForwardTls
}

export async function startForward(options: RigOptions = {}): Promise<ForwardRig> {
  const records: KeptForward[] = []
  const lines: { msg: string; level: number }[] = []
  const { settings, host = '127.0.0.1', tls = false, ...deps } = options
  const log = createLog('info', {
    write(line: string) {
      lines.push(JSON.parse(line))
    },
  })
  const server = await createForwardServer(
    { host, forwardPort: 0, forward: { ...forwardSettings, ...settings } },
    {
      clock: systemClock,
      async append(record) {
        records.push(keep(record))
        return records.length
      },
      ...(tls === false ? {} : { tls: tls === true ? { ...tlsPair, watch: () => () => undefined } : tls }),
      ...deps,
      log,
    },
  )
  return { server, port: server.port, records, lines, stop: async () => server.stop(2_000) }
}

export function keep(record: NewRecord): KeptForward {
  const body = Buffer.from(record.body)
  return { ...record, meta: JSON.parse(record.meta), body, entries: unpackAll(body) }
}

/** A sender that no library mends, and what it was answered. */
export interface RawSender {
  readonly socket: Socket
  /** Answers so far, one per piece that arrived. */
  readonly pieces: readonly Buffer[]
  send(...bytes: readonly Buffer[]): void
  /** All that was answered, parsed. */
  answers(): readonly unknown[]
  /** Resolves when so many answers have come; rejects if the connection closes before. */
  answered(count: number): Promise<readonly unknown[]>
  readonly closed: Promise<void>
  close(): void
}

export async function openSender(port: number, secure = false): Promise<RawSender> {
  const socket = await new Promise<Socket>((resolve, reject) => {
    const to = { port, host: '127.0.0.1', noDelay: true, allowHalfOpen: true }
    const opened: Socket = secure
      ? connectSecurely({ ...to, servername: 'localhost', ca: tlsPair.cert }, () => resolve(opened))
      : connect(to, () => resolve(opened))
    opened.once('error', reject)
  })
  const pieces: Buffer[] = []
  let listeners: (() => void)[] = []
  let isClosed = false
  const tell = (): void => {
    const told = listeners
    listeners = []
    for (const listener of told) listener()
  }
  socket.on('error', () => undefined)
  socket.on('data', (piece: Buffer) => {
    pieces.push(piece)
    tell()
  })
  socket.on('end', () => socket.end())
  const closed = new Promise<void>((resolve) => {
    socket.once('close', () => {
      isClosed = true
      tell()
      resolve()
    })
  })
  const answers = (): unknown[] => unpackAll(Buffer.concat(pieces))
  return {
    socket,
    pieces,
    closed,
    answers,
    send(...bytes) {
      for (const one of bytes) socket.write(one)
    },
    async answered(count) {
      for (;;) {
        const now = answers()
        if (now.length >= count) return now
        if (isClosed) throw new Error(`The connection closed after ${now.length} answers.`)
        await new Promise<void>((resolve) => listeners.push(resolve))
      }
    },
    close() {
      socket.destroy()
    },
  }
}

/** Resolves when `check` is true; asked again after each turn of the event loop. */
export async function until(check: () => boolean, what: string, timeoutMs = 10_000): Promise<void> {
  const deadline = performance.now() + timeoutMs
  while (!check()) {
    if (performance.now() > deadline) throw new Error(`Not within ${timeoutMs} ms: ${what}`)
    await new Promise((resolve) => setImmediate(resolve))
  }
}
