// A session behind the wire: its parts put together.
import type { Principal } from '../../control/principals.ts'
import type { Clock } from '../../core/clock.ts'
import type { QueryRoad } from '../contract.ts'
import { Catalog } from './catalog/catalog.ts'
import type { Logins } from './login.ts'
import type { Identity } from './rewrite/types.ts'
import { PgError, states } from './sqlstate.ts'
import { runCopy } from './statements/copy.ts'
import { Engine } from './statements/engine.ts'
import { Runner } from './statements/runner.ts'
import { Session } from './statements/session.ts'
import { Settings } from './statements/settings.ts'
import { Transaction } from './statements/transaction.ts'
import type { Frame } from './wire/frames.ts'
import { sayNotice, sayParameter } from './wire/messages.ts'
import type { Output } from './wire/output.ts'
import { BodyReader } from './wire/body.ts'

export interface ConversationDeps {
  readonly road: Pick<QueryRoad, 'openSession' | 'visibleTables' | 'jobs'>
  readonly logins: Logins
  readonly clock: Clock
}

export interface Guest {
  readonly principal: Principal
  readonly tokenId: string
  readonly database: string
  readonly pid: number
  readonly isSecure: boolean
  readonly out: Output
  readonly nextFrame: () => Promise<Frame | undefined>
}

export interface Conversation {
  readonly engine: Engine
  readonly settings: Settings
  readonly transaction: Transaction
  handle(type: string, body: Buffer, isLast: boolean): Promise<void>
  failed(): Promise<void>
  /** The zone that a client came with, if the engine takes it; else UTC, which it is told. */
  startZone(): Promise<void>
  /** From here on changed settings are told. */
  greeted(): void
  idleBound(idleMsMax: number): { ms: number; state: string; message: string }
  close(): Promise<void>
}

/** Tokens are revoked and people leave while they are connected. */
const loginStepMs = 1000

export async function openConversation(guest: Guest, deps: ConversationDeps): Promise<Conversation> {
  const { road, clock } = deps
  const { principal, out, pid, database } = guest
  const querySession = await road.openSession(principal, 'postgres')
  let isGreeted = false
  const settings = new Settings((name, value) => {
    if (isGreeted) sayParameter(out, name, value)
  })
  const isAdmin = principal.role === 'admin'
  settings.start('session_authorization', principal.handle)
  settings.start('is_superuser', isAdmin ? 'on' : 'off')
  settings.start('ssl', guest.isSecure ? 'on' : 'off')
  const identity: Identity = { handle: principal.handle, isAdmin, database, pid, startedAtMicros: clock.nowMicros() }
  const catalog = new Catalog({ session: querySession, road, principal, identity, settings, clock })
  const transaction = new Transaction(querySession)
  const checkLogin = loginCheck(guest, deps)
  const engine = new Engine({ session: querySession, catalog, settings, transaction, identity, checkLogin })
  const runner: Runner = new Runner({
    engine,
    settings,
    transaction,
    warn: (severity, state, message) => {
      sayNotice(out, severity, state, message)
    },
    copy: async ({ copy }) =>
      runCopy(copy, {
        out,
        engine,
        settings,
        transaction,
        nextFrame: guest.nextFrame,
        tables: async () => catalog.tables(),
      }),
    closePortals: async () => session.closePortals(),
    forgetPrepared: (name) => session.forget(name),
    rolledBack: () => {
      catalog.forget()
    },
  })
  const session = new Session({ out, engine, runner, settings, transaction })
  return {
    engine,
    settings,
    transaction,
    handle: async (type, body, isLast) => handle(session, type, body, isLast),
    failed: async () => session.failed(),
    async startZone() {
      try {
        await engine.applyZone()
      } catch (error) {
        if (!(error instanceof Error)) throw error
        settings.start('TimeZone', 'UTC')
      }
    },
    greeted() {
      isGreeted = true
    },
    idleBound: (idleMsMax) => idleBound(settings, transaction, idleMsMax),
    async close() {
      engine.stop()
      await engine.settle(false)
      await querySession.close()
    },
  }
}

async function handle(session: Session, type: string, body: Buffer, isLast: boolean): Promise<void> {
  switch (type) {
    case 'Q':
      return session.simple(new BodyReader(body).text())
    case 'P':
      session.parse(body)
      return undefined
    case 'B':
      return session.bind(body)
    case 'D':
      return session.describe(body)
    case 'E':
      return session.execute(body, isLast)
    case 'C':
      return session.close(body)
    case 'S':
      return session.sync()
    case 'H':
      return undefined
    // What is left of a COPY that failed.
    case 'd':
    case 'c':
    case 'f':
      return undefined
    case 'F':
      throw new PgError(states.unsupported, 'Function calls of the old kind are not spoken here: use SELECT')
    default:
      throw new PgError(states.protocolViolation, `invalid frontend message type ${type.charCodeAt(0)}`, {
        isFatal: true,
      })
  }
}

function loginCheck({ principal, tokenId }: Guest, { logins, clock }: ConversationDeps): () => void {
  let checkedMs = clock.monotonicMs()
  return () => {
    const nowMs = clock.monotonicMs()
    if (nowMs - checkedMs < loginStepMs) return
    checkedMs = nowMs
    const now = logins.principalById(principal.id)
    if (!logins.isTokenValid(tokenId) || now === undefined) {
      throw new PgError('28000', 'The token of this connection is no longer valid', { isFatal: true })
    }
    const isSame =
      now.role === principal.role && JSON.stringify(now.attributes) === JSON.stringify(principal.attributes)
    if (!isSame) throw new PgError(states.shutdown, 'Your rights have changed: connect again', { isFatal: true })
  }
}

/** Everybody else who writes waits for it, the appender too. */
const idleWriterMsMax = 60_000

function idleBound(settings: Settings, transaction: Transaction, idleMsAllowed: number) {
  const isInTransaction = transaction.isOpen
  const idleMsMax = transaction.isWriting ? Math.min(idleMsAllowed, idleWriterMsMax) : idleMsAllowed
  const own = settings.milliseconds(isInTransaction ? 'idle_in_transaction_session_timeout' : 'idle_session_timeout')
  const ms = own > 0 ? Math.min(own, idleMsMax) : idleMsMax
  return isInTransaction
    ? { ms, state: states.idleInTransaction, message: 'terminating connection due to idle-in-transaction timeout' }
    : { ms, state: states.idleTimeout, message: 'terminating connection due to idle-session timeout' }
}
