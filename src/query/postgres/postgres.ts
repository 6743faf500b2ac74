// The door of the Postgres port: opens it, counts who is in, hands cancels on, and closes it. What a connection does stands in
// connection.ts; the protocol as spoken here in docs/specs/postgres.md.
import { randomBytes, randomInt } from 'node:crypto'
import { createServer, type Server, type Socket } from 'node:net'
import { createServer as createSecureServer, type Server as SecureServer, type TLSSocket } from 'node:tls'

import type { Principal } from '../../control/principals.ts'
import type { Clock } from '../../core/clock.ts'
import { MillpondError } from '../../core/errors.ts'
import { isErrno } from '../../core/files.ts'
import type { Log } from '../../core/log.ts'
import type { Part } from '../../core/part.ts'
import type { QueryRoad } from '../contract.ts'
import { Connection } from './connection.ts'
import type { Logins } from './login.ts'
import { PgError, states } from './sqlstate.ts'
import { Output } from './wire/output.ts'
import { sayError } from './wire/messages.ts'
import { isEqual } from './wire/scram.ts'

export interface PostgresSettings {
  readonly host: string
  /** 0 = any free one. */
  readonly port: number
  readonly connectionsMax: number
  readonly connectionsPerPersonMax: number
  readonly idleMsMax: number
  /** The one name that clients may give as their database, beside their own handle and `postgres`. */
  readonly database?: string | undefined
}

/** Certificate and key, and who loads them again when they change. */
export interface PostgresTls {
  readonly cert: Buffer
  readonly key: Buffer
  /** The returned function ends the watching. */
  readonly watch: (server: SecureServer) => () => void
}

export interface PostgresDeps {
  readonly road: Pick<QueryRoad, 'openSession' | 'visibleTables' | 'jobs'>
  readonly logins: Logins
  readonly clock: Clock
  readonly log: Log
  /** Absent: the port speaks no TLS. */
  readonly tls?: PostgresTls | undefined
  readonly random?: (bytes: number) => Buffer
}

export interface PostgresServer extends Part {
  readonly port: number
  /** `host:port` as bound, IPv6 in brackets. */
  readonly address: string
  readonly connections: number
}

const probeDelayMs = 60_000
const tlsHandshakeMsMax = 15_000
/** Sockets that have not proved anything yet, beside those that have. */
const strangersMax = 100
const stopMsMax = 5_000

/** Resolves when the port is open. Error: port-taken. */
export async function startPostgresServer(settings: PostgresSettings, deps: PostgresDeps): Promise<PostgresServer> {
  const server = new PostgresPort(settings, deps)
  await server.open()
  return server
}

class PostgresPort implements PostgresServer {
  readonly #settings: PostgresSettings
  readonly #deps: PostgresDeps
  readonly #server: Server
  readonly #secureServer: SecureServer | undefined
  readonly #connections = new Map<
    number,
    { readonly secret: number; readonly connection: Connection; readonly ended: Promise<void> }
  >()
  readonly #people = new Map<string, number>()
  #inside = 0
  readonly #budget = { held: 0 }
  #stopTls: (() => void) | undefined
  #nextPid = 1
  #stopped: Promise<void> | undefined
  port = 0

  constructor(settings: PostgresSettings, deps: PostgresDeps) {
    this.#settings = settings
    this.#deps = deps
    this.#server = createServer({ noDelay: true, keepAlive: true, keepAliveInitialDelay: probeDelayMs }, (socket) => {
      this.#welcome(socket)
    })
    this.#server.maxConnections = settings.connectionsMax + strangersMax
    const { tls } = deps
    if (tls !== undefined) {
      this.#secureServer = createSecureServer({
        cert: tls.cert,
        key: tls.key,
        handshakeTimeout: tlsHandshakeMsMax,
        ALPNProtocols: ['postgresql'],
      })
      // One listener for each handshake that goes on.
      this.#secureServer.setMaxListeners(0)
    }
  }

  get address(): string {
    const { host } = this.#settings
    return `${host.includes(':') ? `[${host}]` : host}:${this.port}`
  }

  get connections(): number {
    return this.#inside
  }

  async open(): Promise<void> {
    const { tls, log } = this.#deps
    this.port = await listen(this.#server, this.#settings)
    this.#server.on('error', (error) => {
      log.error({ err: error }, 'The Postgres port reported an error; it stays open.')
    })
    if (tls !== undefined && this.#secureServer !== undefined) this.#stopTls = tls.watch(this.#secureServer)
    else if (!/^(?:localhost|127(?:\.\d{1,3}){3}|::1)$/.test(this.#settings.host)) {
      log.warn(
        'The Postgres port speaks no TLS: passwords stay secret, but answers can be read on the way. Set MILLPOND_TLS_CERT and MILLPOND_TLS_KEY.',
      )
    }
  }

  async stop(): Promise<void> {
    this.#stopped ??= this.#close()
    await this.#stopped
  }

  async #close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => {
        resolve()
      })
    })
    this.#stopTls?.()
    const left = [...this.#connections.values()]
    for (const { connection } of left) connection.stop()
    const cancelDeadline = this.#deps.clock.schedule(() => {
      for (const { connection } of this.#connections.values()) connection.destroy()
    }, stopMsMax)
    await Promise.all(left.map(async ({ ended }) => ended))
    for (const { connection } of this.#connections.values()) connection.destroy()
    await closed
    cancelDeadline()
  }

  #welcome(socket: Socket): void {
    const { clock, log, road, logins, random = randomBytes } = this.#deps
    const pid = this.#freePid()
    const secret = randomInt(-0x8000_0000, 0x7fff_ffff)
    if (this.#stopped !== undefined) {
      refuse(socket, new PgError(states.cannotConnectNow, 'the server is stopping', { isFatal: true }))
      return
    }
    const connection = new Connection(socket, {
      road,
      logins,
      clock,
      log,
      random,
      pid,
      secret,
      idleMsMax: this.#settings.idleMsMax,
      budget: this.#budget,
      databases: (handle) => [this.#settings.database ?? 'millpond', handle, 'postgres'],
      secure: this.#secureServer === undefined ? undefined : async (plain) => this.#secure(plain),
      cancel: (wanted, said) => {
        this.#cancel(wanted, said)
      },
      enter: (principal) => this.#enter(principal),
    })
    const ended = connection.run().finally(() => {
      this.#connections.delete(pid)
    })
    this.#connections.set(pid, { secret, connection, ended })
  }

  #freePid(): number {
    do this.#nextPid = (this.#nextPid % 0x3fff_ffff) + 1
    while (this.#connections.has(this.#nextPid))
    return this.#nextPid
  }

  async #secure(socket: Socket): Promise<Socket> {
    const server = this.#secureServer
    return new Promise<Socket>((resolve, reject) => {
      const take = (secured: TLSSocket): void => {
        if (!isOf(secured, socket)) return
        leave()
        resolve(secured)
      }
      const fail = (): void => {
        leave()
        reject(new PgError(states.connectionException, 'The TLS handshake failed', { isFatal: true }))
      }
      const leave = (): void => {
        server?.off('secureConnection', take)
        socket.off('close', fail)
      }
      server?.on('secureConnection', take)
      socket.once('close', fail)
      server?.emit('connection', socket)
    })
  }

  #cancel(pid: number, secret: number): void {
    const found = this.#connections.get(pid)
    const [said, known] = [Buffer.alloc(4), Buffer.alloc(4)]
    said.writeInt32BE(secret | 0)
    known.writeInt32BE(found?.secret ?? 0)
    if (isEqual(said, known)) found?.connection.cancel()
  }

  #enter({ handle, id }: Principal): () => void {
    const { connectionsMax, connectionsPerPersonMax } = this.#settings
    const own = this.#people.get(id) ?? 0
    if (this.#inside >= connectionsMax) {
      throw new PgError(states.tooManyConnections, 'sorry, too many clients already', { isFatal: true })
    }
    if (own >= connectionsPerPersonMax) {
      throw new PgError(states.tooManyConnections, `too many connections for role "${handle}"`, { isFatal: true })
    }
    this.#inside += 1
    this.#people.set(id, own + 1)
    return () => {
      this.#inside -= 1
      const left = (this.#people.get(id) ?? 1) - 1
      if (left === 0) this.#people.delete(id)
      else this.#people.set(id, left)
    }
  }
}

/** The TLS server tells of all its sockets; each knows by which ports it came. */
function isOf(secured: TLSSocket, plain: Socket): boolean {
  return secured.remotePort === plain.remotePort && secured.remoteAddress === plain.remoteAddress
}

function refuse(socket: Socket, error: PgError): void {
  socket.on('error', () => undefined)
  const out = new Output(socket)
  sayError(out, error, undefined)
  out.flush()
  socket.end()
}

/** Resolves with the port. Error: port-taken. */
async function listen(server: Server, { host, port }: PostgresSettings): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    const fail = (error: Error): void => {
      const taken = `Port ${port} is taken. Stop what uses it, or set MILLPOND_POSTGRES_PORT to another (0 = any free, off = none)`
      reject(isErrno(error, 'EADDRINUSE') ? new MillpondError('port-taken', taken, { cause: error }) : error)
    }
    server.once('error', fail)
    server.listen(port, host, () => {
      server.off('error', fail)
      resolve()
    })
  })
  const bound = server.address()
  return typeof bound === 'object' && bound !== null ? bound.port : port
}
