// A server that stands for a vendor's: real HTTP on loopback, remembers what it took, and misbehaves on command. What the vendor
// itself would refuse stands in the files beside this one.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { gunzipSync } from 'node:zlib'

export interface VendorRequest {
  readonly method: string
  /** As it was sent, escapes and all. */
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  /** Text, decompressed. */
  readonly body: string
  /** As they were sent. */
  readonly bytes: Buffer
}

export interface VendorAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  /** Becomes JSON; text is sent as it is. */
  readonly body?: unknown
}

/**
 * What happens to one request. `answer`: this instead of the vendor's rules. `reset-before`: the connection breaks before the
 * body is read. `reset-after`: the vendor takes it, and the connection breaks before the answer. `unread`: nobody reads the body.
 * `silent-before`, `silent-after`: no answer ever comes, without and with the body taken. `half-answer`, `half-answer-reset`: it is
 * taken, and the answer stops in its middle, or the connection breaks there. `slow`: the vendor's answer, byte by byte.
 * `slow-reader`: the body is read in small pieces, with pauses.
 */
export type Fault =
  | { readonly kind: 'answer'; readonly answer: VendorAnswer }
  | {
      readonly kind:
        | 'reset-before'
        | 'reset-after'
        | 'unread'
        | 'silent-before'
        | 'silent-after'
        | 'half-answer'
        | 'half-answer-reset'
        | 'slow'
        | 'slow-reader'
    }

export interface VendorOptions {
  /** Its clock, for rules about old events. */
  readonly nowMs?: () => number
  /** Requests and events that it remembers: who stands there for days must not grow. */
  readonly keepMax?: number
  /** Every so many requests it answers this, of itself. */
  readonly mishap?: { readonly every: number; readonly answer: VendorAnswer }
}

/** Forgets the oldest. */
export function keepNewest(all: Map<string, unknown> | unknown[], keepMax: number): void {
  if (Array.isArray(all)) {
    if (all.length > keepMax) all.splice(0, all.length - keepMax)
    return
  }
  for (const key of all.keys()) {
    if (all.size <= keepMax) return
    all.delete(key)
  }
}

export interface VendorServer {
  readonly url: string
  readonly requests: readonly VendorRequest[]
  /** For the next requests, in turn; then the vendor's rules again. */
  fail(...faults: readonly Fault[]): void
  /** For every request until it is called with undefined. */
  failAlways(fault: Fault | undefined): void
  /** Resolves when so many requests have come. */
  heard(count: number): Promise<void>
  /** Nobody listens any more, until `back`: connections are refused. */
  away(): Promise<void>
  /** At the same address. */
  back(): Promise<void>
  stop(): Promise<void>
}

/** What tests of every type need to know of its fake vendor. */
export interface CountingVendor extends VendorServer {
  /** As the vendor counts them. */
  events(): readonly object[]
  /** How many it took, repetitions too. */
  taken(): number
  /** From now on these credentials are worth nothing. */
  revoke(): void
  /** They are worth something again. */
  restore(): void
}

/** Before the vendor takes a request; the others are taken by its rules. */
const takesNothing: readonly string[] = ['answer', 'silent-before']
const pieceBytes = 512

export async function startVendor(
  rules: (request: VendorRequest) => VendorAnswer,
  { keepMax = Infinity, mishap }: VendorOptions = {},
): Promise<VendorServer> {
  const requests: VendorRequest[] = []
  const faults: Fault[] = []
  const listeners = new Set<() => void>()
  const sockets = new Set<Socket>()
  let always: Fault | undefined
  let served = 0

  function nextFault(): Fault | undefined {
    served += 1
    const own = mishap !== undefined && served % mishap.every === 0
    return faults.shift() ?? always ?? (own ? { kind: 'answer', answer: mishap.answer } : undefined)
  }

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const fault = nextFault()
    const kind = fault?.kind ?? 'none'
    if (kind === 'unread') return
    if (kind === 'reset-before') {
      incoming.socket.resetAndDestroy()
      return
    }
    const bytes = await (kind === 'slow-reader' ? readSlowly(incoming) : readWhole(incoming))
    const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://vendor')
    const body = (incoming.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString()
    const { method = '', headers } = incoming
    const request = { method, path: pathname, query: searchParams, headers, body, bytes }
    const answer =
      fault?.kind === 'answer' ? fault.answer : takesNothing.includes(kind) ? { status: 200 } : rules(request)
    requests.push(request)
    keepNewest(requests, keepMax)
    for (const listener of listeners) listener()
    if (kind === 'silent-before' || kind === 'silent-after') return
    if (kind === 'reset-after') {
      incoming.socket.resetAndDestroy()
      return
    }
    respond(response, answer, kind)
  }

  const server = createServer((incoming, response) => {
    serve(incoming, response).catch(() => incoming.socket.destroy())
  })
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => undefined)
  })
  await new Promise<void>((opened) => server.listen(0, '127.0.0.1', opened))
  const { port } = server.address() as AddressInfo
  async function close(): Promise<void> {
    const closed = new Promise((resolve) => server.close(resolve))
    for (const socket of sockets) socket.destroy()
    await closed
  }
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    fail(...next) {
      faults.push(...next)
    },
    failAlways(fault) {
      always = fault
    },
    async heard(count) {
      await new Promise<void>((resolve) => {
        const look = (): void => {
          if (requests.length < count) return
          listeners.delete(look)
          resolve()
        }
        listeners.add(look)
        look()
      })
    },
    away: close,
    async back() {
      await new Promise<void>((opened) => server.listen(port, '127.0.0.1', opened))
    },
    stop: close,
  }
}

async function readWhole(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  for await (const chunk of incoming) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks)
}

async function readSlowly(incoming: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = []
  const isOver = new Promise((ended) => incoming.once('end', ended))
  let isEnded = false
  void isOver.then(() => (isEnded = true))
  while (!isEnded) {
    const chunk = (incoming.read(Math.min(pieceBytes, incoming.readableLength)) ?? incoming.read()) as Buffer | null
    if (chunk !== null) chunks.push(chunk)
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
  }
  return Buffer.concat(chunks)
}

function respond(response: ServerResponse, answer: VendorAnswer, kind: Fault['kind'] | 'none'): void {
  const { body = '' } = answer
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  if (kind === 'half-answer' || kind === 'half-answer-reset') {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': text.length + 100 })
    response.write(`{${text}`, () => {
      if (kind === 'half-answer-reset') response.socket?.resetAndDestroy()
    })
    return
  }
  response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers })
  if (kind === 'slow') for (const letter of text) response.write(letter)
  response.end(kind === 'slow' ? '' : text)
}
