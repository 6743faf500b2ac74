// A server that stands for a vendor's: real HTTP on loopback, remembers what it took, and misbehaves on command. What the vendor
// itself would refuse stands in the files beside this one.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { gunzipSync } from 'node:zlib'

export interface VendorRequest {
  readonly path: string
  readonly query: URLSearchParams
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface VendorAnswer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: unknown
}

/**
 * What happens to one request. `answer`: this instead of the vendor's rules. `reset-before`: the connection breaks before the
 * body is read. `reset-after`: the vendor takes it, and the connection breaks before the answer. `silent-before`,
 * `silent-after`: no answer ever comes, without and with the body taken. `slow`: the vendor's answer, byte by byte.
 */
export type Fault =
  | { readonly kind: 'answer'; readonly answer: VendorAnswer }
  | { readonly kind: 'reset-before' | 'reset-after' | 'silent-before' | 'silent-after' | 'slow' }

export interface VendorServer {
  readonly url: string
  readonly requests: readonly VendorRequest[]
  /** For the next requests, in turn; then the vendor's rules again. */
  fail(...faults: readonly Fault[]): void
  /** For every request until it is called with undefined. */
  failAlways(fault: Fault | undefined): void
  /** Resolves when so many requests have come. */
  heard(count: number): Promise<void>
  stop(): Promise<void>
}

export async function startVendor(rules: (request: VendorRequest) => VendorAnswer): Promise<VendorServer> {
  const requests: VendorRequest[] = []
  const faults: Fault[] = []
  const listeners = new Set<() => void>()
  const sockets = new Set<Socket>()
  let always: Fault | undefined

  async function serve(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const fault = faults.shift() ?? always
    if (fault?.kind === 'reset-before') {
      incoming.socket.resetAndDestroy()
      return
    }
    const chunks: Buffer[] = []
    for await (const chunk of incoming) chunks.push(chunk as Buffer)
    const bytes = Buffer.concat(chunks)
    const { pathname, searchParams } = new URL(incoming.url ?? '/', 'http://vendor')
    const body = (incoming.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString()
    const request = { path: pathname, query: searchParams, headers: incoming.headers, body }
    const isTaken = fault === undefined || fault.kind === 'reset-after' || fault.kind === 'silent-after'
    const answer =
      fault?.kind === 'answer' ? fault.answer : isTaken || fault?.kind === 'slow' ? rules(request) : { status: 200 }
    requests.push(request)
    for (const listener of listeners) listener()
    if (fault?.kind === 'silent-before' || fault?.kind === 'silent-after') return
    if (fault?.kind === 'reset-after') {
      incoming.socket.resetAndDestroy()
      return
    }
    response.writeHead(answer.status, { 'content-type': 'application/json', ...answer.headers })
    const text = answer.body === undefined ? '' : JSON.stringify(answer.body)
    if (fault?.kind === 'slow') for (const letter of text) response.write(letter)
    response.end(fault?.kind === 'slow' ? '' : text)
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
    async stop() {
      for (const socket of sockets) socket.destroy()
      await new Promise((closed) => server.close(closed))
    },
  }
}
