// Sessions of people in browsers: better-auth begins and signs them (sign-in.ts); here they are looked up on every request, listed and
// ended. A session is good only while its person is.
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { DatabaseSync, StatementSync } from 'node:sqlite'

import { type Clock, isoTime } from '../core/clock.ts'
import { MillpondError } from '../core/errors.ts'
import type { Audit } from './audit.ts'
import type { Principal } from './principals.ts'
import { principalOf, type PrincipalRow } from './principal-store.ts'
import { transaction } from './transaction.ts'

export const sessionCookie = 'millpond_session'

export interface SessionInfo {
  readonly id: string
  readonly createdAtMicros: number
  readonly endsAtMicros: number
  /** Where it began. */
  readonly address: string
  readonly browser: string
}

export interface VerifiedSession {
  readonly id: string
  readonly principal: Principal
}

export interface SessionStoreDeps {
  readonly database: DatabaseSync
  readonly clock: Clock
  readonly audit: Audit
  /** Signs cookies: who reads the database can't make one. */
  readonly sessionSecret: string
}

interface SessionRow {
  readonly id: string
  readonly createdAt: string
  readonly expiresAt: string
  readonly ipAddress: string | null
  readonly userAgent: string | null
}

const living = `
  FROM sessions s JOIN principals p ON p.id = s.userId
  WHERE p.removed_at IS NULL AND p.disabled_at IS NULL AND s.expiresAt > ?`
const principalColumns =
  'p.id, p.kind, p.handle, p.role, p.attributes, p.created_at AS createdAtMicros, p.disabled_at AS disabledAtMicros'

export class SessionStore {
  readonly #deps: SessionStoreDeps
  readonly #byToken: StatementSync
  readonly #byId: StatementSync

  constructor(deps: SessionStoreDeps) {
    this.#deps = deps
    this.#byToken = deps.database.prepare(`SELECT s.id AS sessionId, ${principalColumns} ${living} AND s.token = ?`)
    this.#byId = deps.database.prepare(`SELECT 1 ${living} AND s.id = ?`)
  }

  /** `cookie`: its value as the browser sent it. */
  verify(cookie: string): VerifiedSession | undefined {
    const token = this.#tokenOf(cookie)
    if (token === undefined) return undefined
    const row = this.#byToken.get(this.#now(), token) as unknown as (PrincipalRow & { sessionId: string }) | undefined
    return row && { id: row.sessionId, principal: principalOf(row) }
  }

  isValid(id: string): boolean {
    return this.#byId.get(this.#now(), id) !== undefined
  }

  /** Newest first. */
  list(principalId: string): SessionInfo[] {
    const sql = `SELECT s.id, s.createdAt, s.expiresAt, s.ipAddress, s.userAgent ${living} AND s.userId = ? ORDER BY s.createdAt DESC`
    const rows = this.#deps.database.prepare(sql).all(this.#now(), principalId)
    return (rows as unknown as SessionRow[]).map(({ id, createdAt, expiresAt, ipAddress, userAgent }) => ({
      id,
      createdAtMicros: Date.parse(createdAt) * 1000,
      endsAtMicros: Date.parse(expiresAt) * 1000,
      address: ipAddress ?? '',
      browser: userAgent ?? '',
    }))
  }

  /** Of this person only. Error: not-found. */
  end(principalId: string, id: string): void {
    const { database, audit } = this.#deps
    transaction(database, 'COMMIT', () => {
      const { changes } = database.prepare('DELETE FROM sessions WHERE id = ? AND userId = ?').run(id, principalId)
      if (Number(changes) === 0) throw new MillpondError('not-found', `You have no session "${id.slice(0, 80)}"`)
      audit.add('session.end', id)
    })
  }

  /** Every other one of this person. */
  endOthers(principalId: string, keptId: string): void {
    const { database, audit } = this.#deps
    transaction(database, 'COMMIT', () => {
      database.prepare('DELETE FROM sessions WHERE userId = ? AND id <> ?').run(principalId, keptId)
      audit.add('session.end-others', keptId)
    })
  }

  /** Rows of sessions that are over help nobody. */
  forgetEnded(): void {
    this.#deps.database.prepare('DELETE FROM sessions WHERE expiresAt <= ?').run(this.#now())
  }

  /** `token.signature` in percent escapes, as better-auth writes it. */
  #tokenOf(cookie: string): string | undefined {
    const text = decoded(cookie)
    const at = text.lastIndexOf('.')
    if (at < 1 || text.length > 200) return undefined
    const token = text.slice(0, at)
    const expected = Buffer.from(createHmac('sha256', this.#deps.sessionSecret).update(token).digest('base64'))
    const given = Buffer.from(text.slice(at + 1))
    return given.length === expected.length && timingSafeEqual(given, expected) ? token : undefined
  }

  #now(): string {
    return isoTime(this.#deps.clock.nowMicros())
  }
}

function decoded(cookie: string): string {
  try {
    return decodeURIComponent(cookie)
  } catch {
    // No escape of ours: no cookie of ours.
    return ''
  }
}
