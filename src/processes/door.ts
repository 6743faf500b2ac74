// The public port of intake: opens it, plain or with TLS, and closes it in order.
//
//   open ──close()──▶ closing ──the last connection ends, or the deadline──▶ closed
//
// While closing, each answer is the last on its connection; connections without a request go at once.
import {
  createServer,
  type IncomingMessage,
  type RequestListener,
  type Server,
  type ServerOptions,
  type ServerResponse,
} from 'node:http'
import { createServer as createSecureServer, Server as SecureServer } from 'node:https'
import type { Socket } from 'node:net'

import type { Clock } from '../core/clock.ts'
import { MillpondError } from '../core/errors.ts'
import { isErrno } from '../core/files.ts'
import { type Log, logOf } from '../core/log.ts'
import type { Settings } from '../core/settings.ts'
import { readTls, type TlsPaths, watchTls } from './tls.ts'

/** As long as for headers; Node's own two minutes would let silent peers hold connections. */
const handshakeTimeoutMs = 15_000

export type DoorSettings = Pick<Settings, 'host' | 'httpPort' | 'publicUrl' | 'tlsCert' | 'tlsKey'>

/** The public port. */
export interface Door {
  /** For people: a port open everywhere is called `localhost`. */
  readonly address: string
  /** As bound: `http(s)://host:port`, IPv6 in brackets; "everywhere" stays 0.0.0.0 or [::]. */
  readonly boundAddress: string
  /** Requests in flight get their answer, until `timeoutMs` from now at the latest. */
  close(timeoutMs: number): Promise<void>
}

interface Tls {
  readonly paths: TlsPaths
  readonly content: { readonly cert: Buffer; readonly key: Buffer }
}

export interface DoorDeps {
  readonly clock: Clock
  readonly log: Log
  /** What collect asks of the server in front of it. */
  readonly options: ServerOptions
  readonly guard: (server: Server) => void
}

/** Errors: setting-invalid, port-taken. */
export async function openDoor(settings: DoorSettings, handle: RequestListener, deps: DoorDeps): Promise<Door> {
  const tls = await tlsOf(settings)
  const visits = new Visits()
  const server = openServer(deps, tls, (request, response) => {
    visits.note(request, response)
    handle(request, response)
  })
  visits.watch(server)
  const port = await listen(server, settings)
  server.on('error', (error) => {
    logOf(deps.log, 'door').error({ err: error }, 'The public port reported an error; it stays open.')
  })
  const door = doorOf(settings, port, tls)
  try {
    const tlsDeps = { clock: deps.clock, log: logOf(deps.log, 'tls') }
    const stopTls = tls === undefined ? undefined : watchTls(server as SecureServer, tls.paths, tlsDeps)
    return {
      ...door,
      async close(timeoutMs) {
        stopTls?.()
        await closeServer(server, visits, deps.clock, timeoutMs)
      },
    }
  } catch (error) {
    await closeServer(server, visits, deps.clock, 0)
    throw error
  }
}

function doorOf(settings: DoorSettings, port: number, tls: Tls | undefined): Pick<Door, 'address' | 'boundAddress'> {
  const scheme = tls === undefined ? 'http' : 'https'
  const host = urlHost(settings.host)
  const isEverywhere = settings.host === '0.0.0.0' || settings.host === '::'
  return {
    address: settings.publicUrl ?? `${scheme}://${isEverywhere ? 'localhost' : host}:${port}`,
    boundAddress: `${scheme}://${host}:${port}`,
  }
}

/** A zone (`fe80::1%eth0`) means nothing outside this machine, and no URL can hold it. */
function urlHost(host: string): string {
  return host.includes(':') ? `[${host.replace(/%.*$/, '')}]` : host
}

async function tlsOf({ tlsCert, tlsKey }: DoorSettings): Promise<Tls | undefined> {
  if (tlsCert === undefined || tlsKey === undefined) return undefined
  const paths = { cert: tlsCert, key: tlsKey }
  return { paths, content: await readTls(paths) }
}

function openServer(
  { options, guard }: DoorDeps,
  tls: Tls | undefined,
  handle: RequestListener,
): Server | SecureServer {
  const server =
    tls === undefined
      ? createServer(options, handle)
      : createSecureServer({ ...options, ...tls.content, handshakeTimeout: handshakeTimeoutMs }, handle)
  guard(server)
  return server
}

/** Resolves with the port. Error: port-taken. */
async function listen(server: Server, settings: DoorSettings): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    const refuse = (error: Error): void => {
      const taken = `Port ${settings.httpPort} is taken. Stop what uses it, or set MILLPOND_HTTP_PORT to another (0 = any free)`
      reject(isErrno(error, 'EADDRINUSE') ? new MillpondError('port-taken', taken, { cause: error }) : error)
    }
    server.once('error', refuse)
    server.listen(settings.httpPort, settings.host, () => {
      server.off('error', refuse)
      resolve()
    })
  })
  const bound = server.address()
  return typeof bound === 'object' && bound !== null ? bound.port : settings.httpPort
}

/**
 * Who is connected. Node doesn't count a connection as idle before its first request (browsers and SDKs open some ahead of
 * need), nor does it know those that have not yet shaken hands.
 */
class Visits {
  /** Every connection, as TCP. */
  readonly #sockets = new Set<Socket>()
  /** By peer, because TLS gives a connection a second socket object. */
  readonly #handshaking = new Map<string, Socket>()
  readonly #unused = new Set<Socket>()
  readonly #answering = new Map<ServerResponse, IncomingMessage>()
  #isClosing = false

  watch(server: Server | SecureServer): void {
    const isSecure = server instanceof SecureServer
    server.on('connection', (socket: Socket) => {
      const peer = peerOf(socket)
      this.#sockets.add(socket)
      if (isSecure) this.#handshaking.set(peer, socket)
      else this.#unused.add(socket)
      socket.once('close', () => {
        this.#sockets.delete(socket)
        this.#unused.delete(socket)
        if (this.#handshaking.get(peer) === socket) this.#handshaking.delete(peer)
      })
    })
    if (!isSecure) return
    server.on('secureConnection', (socket: Socket) => {
      this.#handshaking.delete(peerOf(socket))
      this.#unused.add(socket)
      socket.once('close', () => this.#unused.delete(socket))
    })
  }

  note(request: IncomingMessage, response: ServerResponse): void {
    this.#unused.delete(request.socket)
    if (this.#isClosing) {
      endConnectionAfter(request, response)
      return
    }
    this.#answering.set(response, request)
    response.once('close', () => this.#answering.delete(response))
  }

  close(): void {
    this.#isClosing = true
    for (const [response, request] of this.#answering) endConnectionAfter(request, response)
    for (const socket of [...this.#unused, ...this.#handshaking.values()]) socket.destroy()
  }

  destroyAll(): void {
    for (const socket of this.#sockets) socket.destroy()
  }
}

function peerOf(socket: Socket): string {
  return `${socket.remoteAddress} ${socket.remotePort}`
}

/** Says `Connection: close` if there still is time to say it. */
function endConnectionAfter(request: IncomingMessage, response: ServerResponse): void {
  if (!response.headersSent) response.shouldKeepAlive = false
  else response.once('close', () => request.socket.destroySoon())
}

async function closeServer(server: Server, visits: Visits, clock: Clock, timeoutMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => {
    server.close(() => {
      resolve()
    })
  })
  visits.close()
  const cancelDeadline = clock.schedule(() => {
    server.closeAllConnections()
    visits.destroyAll()
  }, timeoutMs)
  await closed
  cancelDeadline()
}
