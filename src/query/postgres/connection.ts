// One connection, from the first byte to the last.
//
//   startup ──SSLRequest──▶ (TLS) ──▶ startup ──parameters──▶ login ──proof right──▶ session ──Terminate, idle, stop──▶ closed
//      │ CancelRequest: done                                    │ wrong, late                  ▲      │ error
//      └──────────────────────────────────────────────▶ closed ◀┘                              └─ skipping until Sync
import type { Socket } from 'node:net'

import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import type { Principal } from '../../control/principals.ts'
import { FrameQueue } from './frame-queue.ts'
import { type LoginDeps, logIn } from './login.ts'
import { isOurs, PgError, pgErrorOf, states } from './sqlstate.ts'
import { openConversation, type Conversation, type ConversationDeps } from './conversation.ts'
import { messageBytesMax } from './wire/frames.ts'
import { sayError, sayKey, sayNegotiate, sayParameter, sayReady } from './wire/messages.ts'
import { Output } from './wire/output.ts'
import { readOptions, readStartup, type Startup } from './wire/startup.ts'

export interface ConnectionDeps extends LoginDeps, ConversationDeps {
  readonly clock: Clock
  readonly log: Log
  readonly pid: number
  readonly secret: number
  readonly idleMsMax: number
  readonly databases: (handle: string) => readonly string[]
  /** Bytes of messages that are not whole, of all connections together. */
  readonly budget: { held: number }
  /** Turns the socket into one that speaks TLS; undefined: it isn't spoken here. */
  readonly secure: ((socket: Socket) => Promise<Socket>) | undefined
  readonly cancel: (pid: number, secret: number) => void
  /** Takes a place of this person, or throws; the returned function gives it back. */
  readonly enter: (principal: Principal) => () => void
}

const loginMsMax = 15_000
/** A client that sends half a message and no more. */
const minorSpoken = 0

export class Connection {
  readonly #deps: ConnectionDeps
  readonly #frames: FrameQueue
  readonly #out: Output
  #socket: Socket
  #conversation: Conversation | undefined
  #leave: (() => void) | undefined
  #isSkipping = false
  #isStopping = false
  #cancelLogin: (() => void) | undefined

  constructor(socket: Socket, deps: ConnectionDeps) {
    this.#socket = socket
    this.#deps = deps
    this.#out = new Output(socket)
    this.#frames = new FrameQueue(deps.clock, deps.budget)
    this.#frames.attach(socket)
    // A reset is said by 'close' too.
    socket.on('error', () => undefined)
  }

  /** Resolves when the connection is over and has let go of everything. */
  async run(): Promise<void> {
    const { clock, log } = this.#deps
    this.#cancelLogin = clock.schedule(() => {
      this.#socket.destroy()
    }, loginMsMax)
    this.#frames.onGone(() => this.#conversation?.engine.stop())
    try {
      if (await this.#open()) await this.#converse()
    } catch (error) {
      if (!isOurs(error) && !this.#out.isClosed) log.error({ err: error }, 'A Postgres connection failed.')
      this.#sayLast(error)
    } finally {
      this.#cancelLogin()
      await this.#end()
    }
  }

  cancel(): void {
    this.#conversation?.engine.cancel()
  }

  /** What runs is stopped; the client is told. */
  stop(): void {
    this.#isStopping = true
    this.#conversation?.engine.stop()
    this.#frames.stop()
  }

  destroy(): void {
    this.#socket.destroy()
  }

  async #end(): Promise<void> {
    try {
      await this.#conversation?.close()
    } catch (error) {
      this.#deps.log.error({ err: error }, 'A Postgres session could not be closed.')
    }
    this.#leave?.()
    this.#frames.stop()
    this.#out.flush()
    const socket = this.#socket
    socket.end(() => socket.destroySoon())
  }

  /** False: there will be no session. */
  async #open(): Promise<boolean> {
    const { databases, enter } = this.#deps
    const startup = await this.#startup()
    if (startup?.kind !== 'session') return false
    const { parameters, minor, protocolOptions } = startup
    if (minor > minorSpoken || protocolOptions.length > 0) sayNegotiate(this.#out, minorSpoken, protocolOptions)
    const handle = parameters.get('user') ?? ''
    if (handle === '') throw fatal(states.protocolViolation, 'no PostgreSQL user name specified in startup packet')
    if (parameters.has('replication') && !/^(?:false|off|no|0)$/i.test(parameters.get('replication') ?? '')) {
      throw fatal(states.unsupported, 'Replication is not spoken here')
    }
    const { principal, tokenId } = await logIn(
      handle,
      this.#socket,
      this.#out,
      async () => this.#frames.next(),
      this.#deps,
    )
    const wanted = parameters.get('database') ?? handle
    const [database = ''] = databases(handle)
    if (!databases(handle).includes(wanted)) {
      throw fatal(
        states.invalidDatabase,
        `database "${wanted}" does not exist`,
        `There is one database here: "${database}".`,
      )
    }
    this.#leave = enter(principal)
    await this.#greet(principal, tokenId, wanted, parameters)
    return true
  }

  async #startup(): Promise<Startup | undefined> {
    const { secure, cancel } = this.#deps
    // TLS and GSS may each be asked for once.
    for (let round = 0; round < 4; round += 1) {
      const frame = await this.#frames.next()
      if (frame === undefined) return undefined
      const startup = readStartup(frame.body)
      if (startup.kind === 'session') return startup
      if (startup.kind === 'cancel') {
        cancel(startup.pid, startup.secret)
        return undefined
      }
      const isTls = startup.kind === 'tls' && secure !== undefined && round < 3
      this.#out.byte((isTls ? 'S' : 'N').charCodeAt(0))
      this.#out.flush()
      this.#frames.expectStartup()
      if (isTls) await this.#startTls(secure)
    }
    throw fatal(states.protocolViolation, 'The connection asks for TLS again and again')
  }

  async #startTls(secure: (socket: Socket) => Promise<Socket>): Promise<void> {
    // Bytes that came before TLS must not be taken for bytes inside it.
    if (this.#frames.detach() > 0) throw fatal(states.protocolViolation, 'received unencrypted data after SSL request')
    const socket = await secure(this.#socket)
    socket.on('error', () => undefined)
    this.#socket = socket
    this.#out.moveTo(socket)
    this.#frames.attach(socket)
  }

  async #greet(
    principal: Principal,
    tokenId: string,
    database: string,
    parameters: ReadonlyMap<string, string>,
  ): Promise<void> {
    const { pid, secret } = this.#deps
    const out = this.#out
    const isSecure = this.#socket !== undefined && 'encrypted' in this.#socket
    const conversation = await openConversation(
      { principal, tokenId, database, pid, isSecure, out, nextFrame: async () => this.#frames.next() },
      this.#deps,
    )
    this.#conversation = conversation
    const { settings } = conversation
    for (const [name, value] of readOptions(parameters.get('options') ?? '')) this.#startSetting(name, value)
    for (const [name, value] of parameters) {
      if (!['user', 'database', 'options', 'replication'].includes(name)) this.#startSetting(name, value)
    }
    await conversation.startZone()
    this.#cancelLogin?.()
    this.#frames.setBytesMax(messageBytesMax)
    for (const [name, value] of settings.reported()) sayParameter(out, name, value)
    conversation.greeted()
    sayKey(out, pid, secret)
    sayReady(out, 'I')
    out.flush()
  }

  #startSetting(name: string, value: string): void {
    const settings = this.#conversation?.settings
    if (settings === undefined) return
    try {
      settings.set(name, value)
      settings.start(name, settings.get(name) ?? value)
    } catch (error) {
      if (!(error instanceof PgError)) throw error
      throw new PgError(error.state, error.message, { isFatal: true })
    }
  }

  async #converse(): Promise<void> {
    const { idleMsMax } = this.#deps
    for (;;) {
      const conversation = this.#conversation
      if (conversation === undefined) return
      const bound = conversation.idleBound(idleMsMax)
      const frame = await this.#frames.next(bound.ms)
      if (this.#isStopping) throw fatal(states.shutdown, 'terminating connection: the server is stopping')
      if (frame === 'idle') throw fatal(bound.state, bound.message)
      if (frame === undefined || frame.type === 'X') return
      conversation.engine.busy()
      try {
        await this.#handle(conversation, frame.type, frame.body)
      } finally {
        conversation.engine.idle()
      }
      if (this.#out.isClosed) return
    }
  }

  async #handle(conversation: Conversation, type: string, body: Buffer): Promise<void> {
    if (this.#isSkipping && type !== 'S') return
    const out = this.#out
    const start = out.length
    try {
      await conversation.handle(type, body, this.#frames.nextType() === 'S')
      if (type === 'Q' || type === 'S') this.#ready(conversation)
      else if (type === 'H' || out.isFull) await out.drain()
    } catch (error) {
      await this.#failed(conversation, type, body, error, start)
    }
  }

  #ready(conversation: Conversation): void {
    this.#isSkipping = false
    sayReady(this.#out, conversation.transaction.letter)
    this.#out.flush()
  }

  async #failed(conversation: Conversation, type: string, body: Buffer, thrown: unknown, start: number): Promise<void> {
    if (this.#isStopping) throw fatal(states.shutdown, 'terminating connection: the server is stopping')
    const error = pgErrorOf(thrown)
    if (error.isFatal) throw error
    if (error.state === states.internal)
      this.#deps.log.error({ err: thrown }, 'A statement of the Postgres port failed.')
    // A row that broke off in the middle must not stay.
    if (type !== 'Q' && this.#out.length > start && type === 'D') this.#out.rewind(start)
    await conversation.failed()
    sayError(this.#out, error, positionOf(error, type, body))
    if (type === 'Q') this.#ready(conversation)
    else if (type === 'S') this.#ready(conversation)
    else this.#isSkipping = true
    if (!this.#isSkipping) return
    this.#out.flush()
  }

  #sayLast(thrown: unknown): void {
    if (this.#out.isClosed) return
    const error = pgErrorOf(thrown)
    sayError(this.#out, new PgError(error.state, error.message, { ...optionsOf(error), isFatal: true }), undefined)
    this.#out.flush()
  }
}

function optionsOf({ detail, hint }: PgError): { detail?: string; hint?: string } {
  return { ...(detail === undefined ? {} : { detail }), ...(hint === undefined ? {} : { hint }) }
}

/** Postgres counts letters from 1. */
function positionOf({ offset }: PgError, type: string, body: Buffer): number | undefined {
  if (offset === undefined || type !== 'Q') return offset === undefined ? undefined : offset + 1
  const text = body.toString('utf8', 0, Math.max(0, body.length - 1))
  return text.slice(0, offset).replace(/[\uD800-\uDBFF](?=[\uDC00-\uDFFF])/g, '').length + 1
}

function fatal(state: string, message: string, hint?: string): PgError {
  return new PgError(state, message, { isFatal: true, ...(hint === undefined ? {} : { hint }) })
}
