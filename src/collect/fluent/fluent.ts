// The door of Fluent Forward: opens the port, plain or with TLS, and its UDP twin for old heartbeats. What a connection
// does stands in connection.ts; the protocol as spoken here in docs/specs/forward.md.
import { randomBytes } from 'node:crypto'
import { createSocket, type Socket as DatagramSocket } from 'node:dgram'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createSecureServer, type Server as SecureServer } from 'node:tls'

import type { Append } from '../../buffer/record.ts'
import type { Clock } from '../../core/clock.ts'
import { MillpondError } from '../../core/errors.ts'
import { isErrno } from '../../core/files.ts'
import type { Log } from '../../core/log.ts'
import type { Settings } from '../../core/settings.ts'
import { Budget } from './budget.ts'
import { Connection, type ConnectionDeps } from './connection.ts'
import { FailureLimit } from './failures.ts'
import type { HandshakeKeys } from './handshake.ts'
import { HeartbeatLimit } from './heartbeats.ts'
import { Keeper } from './keeper.ts'
import { createLimitedWarn } from './limited-log.ts'
import { ForwardCounters, type ForwardStats } from './stats.ts'

export type { ForwardStats } from './stats.ts'

export type ForwardDoorSettings = Pick<Settings, 'host' | 'forwardPort' | 'forward'>

/** Certificate and key, and who loads them again when they change. */
export interface ForwardTls {
  readonly cert: Buffer
  readonly key: Buffer
  /** The returned function ends the watching. */
  readonly watch: (server: SecureServer) => () => void
}

export interface ForwardDeps {
  /** Of stream `forward`. */
  readonly append: Append
  readonly clock: Clock
  readonly log: Log
  /** Absent: plain TCP. */
  readonly tls?: ForwardTls
  readonly random?: (bytes: number) => Buffer
}

export interface ForwardServer {
  /** `host:port` as bound, IPv6 in brackets. */
  readonly address: string
  readonly port: number
  stats(): ForwardStats
  /** No new connections; messages that are whole are kept and acknowledged, until `timeoutMs` from now at the latest. */
  stop(timeoutMs: number): Promise<void>
}

const tlsHandshakeTimeoutMs = 15_000
const probeDelayMs = 60_000

/** Resolves when the port is open. Errors: port-taken, setting-invalid. */
export async function createForwardServer(settings: ForwardDoorSettings, deps: ForwardDeps): Promise<ForwardServer> {
  const server = new Forward(settings, deps)
  await server.open()
  return server
}

class Forward implements ForwardServer {
  readonly #deps: ForwardDeps
  readonly #host: string
  readonly #wantedPort: number
  readonly #server: Server
  readonly #counters = new ForwardCounters()
  readonly #budget: Budget
  readonly #failures: FailureLimit
  readonly #keeper: Keeper
  readonly #connectionDeps: ConnectionDeps
  readonly #connections = new Set<Connection>()
  /** As TCP, those included that have not yet shaken hands over TLS. */
  readonly #sockets = new Set<Socket>()
  #heartbeats: DatagramSocket | undefined
  #stopTls: (() => void) | undefined
  #allClosed: (() => void) | undefined
  #stopped: Promise<void> | undefined
  port = 0

  constructor(settings: ForwardDoorSettings, deps: ForwardDeps) {
    const { forward } = settings
    const { append, clock, log } = deps
    const keys = keysOf(settings)
    const warn = createLimitedWarn(log, clock)
    const chunkBytesMax = forward.chunkBytesMax
    this.#deps = deps
    this.#host = keys === undefined ? loopbackOf(settings.host, log) : settings.host
    this.#wantedPort = settings.forwardPort ?? 0
    this.#budget = new Budget(forward.chunksBytesMax, clock)
    this.#failures = new FailureLimit(clock)
    this.#keeper = new Keeper({ append, clock, warn, counters: this.#counters, budget: this.#budget, chunkBytesMax })
    this.#connectionDeps = {
      keeper: this.#keeper,
      budget: this.#budget,
      counters: this.#counters,
      clock,
      log,
      warn,
      random: deps.random ?? randomBytes,
      chunkBytesMax,
      keys,
      handshakeFailed: (ip) => {
        this.#failures.failed(ip)
      },
      closed: (connection) => {
        this.#connections.delete(connection)
        if (this.#connections.size === 0) this.#allClosed?.()
      },
    }
    this.#server = this.#createServer(forward.forwardConnectionsMax)
  }

  get address(): string {
    return `${this.#host.includes(':') ? `[${this.#host}]` : this.#host}:${this.port}`
  }

  stats(): ForwardStats {
    return { ...this.#counters.snapshot(), connections: this.#connections.size, heldBytes: this.#budget.held }
  }

  async open(): Promise<void> {
    this.port = await listen(this.#server, this.#wantedPort, this.#host)
    this.#server.on('error', (error) => {
      this.#deps.log.error({ err: error }, 'The Forward port reported an error; it stays open.')
    })
    const { tls } = this.#deps
    if (tls !== undefined) this.#stopTls = tls.watch(this.#server as SecureServer)
    this.#openHeartbeats()
  }

  async stop(timeoutMs: number): Promise<void> {
    this.#stopped ??= this.#close(timeoutMs)
    await this.#stopped
  }

  async #close(timeoutMs: number): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve()
      })
    })
    this.#stopTls?.()
    this.#heartbeats?.close()
    this.#keeper.stop()
    const cancelDeadline = this.#deps.clock.schedule(() => {
      for (const socket of this.#sockets) socket.destroy()
    }, timeoutMs)
    for (const connection of this.#connections) connection.drain()
    if (this.#connections.size > 0) await new Promise<void>((resolve) => (this.#allClosed = resolve))
    for (const socket of this.#sockets) socket.destroy()
    await closed
    cancelDeadline()
  }

  #createServer(connectionsMax: number): Server {
    const { tls } = this.#deps
    const options = { allowHalfOpen: true, noDelay: true, keepAlive: true, keepAliveInitialDelay: probeDelayMs }
    const welcome = (socket: Socket): void => {
      this.#welcome(socket)
    }
    const server =
      tls === undefined
        ? createServer(options, welcome)
        : createSecureServer(
            { ...options, cert: tls.cert, key: tls.key, handshakeTimeout: tlsHandshakeTimeoutMs },
            welcome,
          )
    server.maxConnections = connectionsMax
    server.on('drop', () => {
      this.#counters.refuse('connection')
    })
    server.on('connection', (socket: Socket) => {
      this.#sockets.add(socket)
      socket.once('close', () => this.#sockets.delete(socket))
    })
    server.on('tlsClientError', (_error, socket: Socket) => {
      this.#counters.refuse('handshake')
      socket.destroy()
    })
    return server
  }

  #welcome(socket: Socket): void {
    const ip = (socket.remoteAddress ?? '').replace(/^::ffff:/, '')
    if (this.#failures.isRefused(ip)) {
      this.#counters.refuse('connection')
      socket.destroy()
      return
    }
    this.#counters.connectionsAccepted += 1
    const connection = new Connection(socket, this.#connectionDeps)
    this.#connections.add(connection)
    connection.start()
  }

  /** Old senders ask over UDP whether we are there: one byte, which is sent back. */
  #openHeartbeats(): void {
    const socket = createSocket({ type: this.#host.includes(':') ? 'udp6' : 'udp4' })
    const limit = new HeartbeatLimit(this.#deps.clock)
    socket.on('message', (message, peer) => {
      if (message.length === 1 && limit.mayAnswer(peer.port, this.port))
        socket.send(message, peer.port, peer.address, () => undefined)
    })
    socket.on('error', (error) => {
      this.#deps.log.warn({ err: error }, 'UDP heartbeats are not answered; senders of today use none.')
      socket.close()
      this.#heartbeats = undefined
    })
    socket.bind(this.port, this.#host)
    this.#heartbeats = socket
  }
}

/** Error: setting-invalid. */
function keysOf({ forward }: ForwardDoorSettings): HandshakeKeys | undefined {
  const { forwardSharedKey, forwardUsers } = forward
  if (forwardSharedKey === undefined) {
    if (forwardUsers.length === 0) return undefined
    const message = 'MILLPOND_FORWARD_USERS needs a shared key: set MILLPOND_FORWARD_SHARED_KEY too'
    throw new MillpondError('setting-invalid', message)
  }
  const users = forwardUsers.map((user): [string, string] => {
    const colon = user.indexOf(':')
    return [user.slice(0, colon), user.slice(colon + 1)]
  })
  return { sharedKey: forwardSharedKey, users: new Map(users) }
}

/** Without a key anybody who reaches the port could write: then only this machine does. */
function loopbackOf(host: string, log: Log): string {
  if (/^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/.test(host)) return host
  log.warn(
    { host },
    'The Forward port is open to this machine only: set MILLPOND_FORWARD_SHARED_KEY to let other machines send.',
  )
  return '127.0.0.1'
}

/** Resolves with the port. Error: port-taken. */
async function listen(server: Server, wanted: number, host: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    const refuse = (error: Error): void => {
      const taken = `Port ${wanted} is taken. Stop what uses it, or set MILLPOND_FORWARD_PORT to another (0 = any free, off = none)`
      reject(isErrno(error, 'EADDRINUSE') ? new MillpondError('port-taken', taken, { cause: error }) : error)
    }
    server.once('error', refuse)
    server.listen(wanted, host, () => {
      server.off('error', refuse)
      resolve()
    })
  })
  const bound = server.address()
  return typeof bound === 'object' && bound !== null ? bound.port : wanted
}
