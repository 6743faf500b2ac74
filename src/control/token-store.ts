// Tokens for people and programs. Only hashes are stored: 40 random letters can't be guessed from a SHA-256, so no
// slower hash is needed. Beside it a SCRAM verifier, for ports where the token is the password.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'

import type { Clock } from '../core/clock.ts'
import { MillpondError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { Audit } from './audit.ts'
import type { TokenInfo, VerifiedToken } from './control.ts'
import type { Principal } from './principals.ts'
import { scramVerifier } from './scram.ts'
import { transaction } from './transaction.ts'
import { type Random, randomBase62 } from './write-keys.ts'

const tokenPrefix = 'mp_'
const tokenLetters = 40
/** Each use would be an fsync otherwise. */
const lastUsedStepMicros = 60_000_000
const nameLengthMax = 100

export interface TokenStoreDeps {
  readonly database: DatabaseSync
  readonly clock: Clock
  readonly log: Log
  readonly random: Random
  readonly audit: Audit
}

export interface TokenStore {
  readonly list: () => TokenInfo[]
  /** `handle`: whose it is. Error: principal-unknown. */
  readonly create: (name: string, handle: string, expiresAtMicros?: number) => { info: TokenInfo; token: string }
  readonly revoke: (id: string) => void
  readonly verify: (token: string) => VerifiedToken | undefined
  /** It was used where `verify` didn't see it. */
  readonly touch: (id: string) => void
  readonly isValid: (id: string) => boolean
}

interface Row {
  readonly id: string
  readonly name: string
  readonly createdAtMicros: number
  readonly lastUsedAtMicros: number | null
  readonly expiresAtMicros: number | null
  readonly principal: string
  readonly kind: Principal['kind']
  readonly handle: string
  readonly role: Principal['role']
  readonly attributes: string
  readonly hash: string
  readonly hasVerifier: number
  readonly salt: Uint8Array
  readonly iterations: number
}

const rowsSql = `
  SELECT t.id, t.name, t.created_at AS createdAtMicros, t.last_used_at AS lastUsedAtMicros,
    t.expires_at AS expiresAtMicros, t.principal, p.kind, p.handle, p.role, p.attributes, t.hash, t.stored_key IS NOT NULL AS hasVerifier, p.salt, p.iterations
  FROM tokens t JOIN principals p ON p.id = t.principal
  WHERE t.revoked_at IS NULL AND p.removed_at IS NULL`

const insertSql = `
  INSERT INTO tokens (id, name, principal, hash, stored_key, server_key, created_at, expires_at)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)`

export function createTokenStore(deps: TokenStoreDeps): TokenStore {
  const { database, clock, log, random, audit } = deps
  /** After a failure each use would try, and complain, again. */
  let touchAgainMicros = 0

  const good = `${rowsSql} AND p.disabled_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > ?)`
  const findByHash = database.prepare(`${good} AND t.hash = ?`)
  const findById = database.prepare(`${good} AND t.id = ?`)
  const touchSql = database.prepare('UPDATE tokens SET last_used_at = ? WHERE id = ?')
  const setVerifier = database.prepare('UPDATE tokens SET stored_key = ?, server_key = ? WHERE id = ?')

  function create(name: string, handle: string, expiresAtMicros?: number): { info: TokenInfo; token: string } {
    const nowMicros = clock.nowMicros()
    const trimmed = checkedName(name)
    if (expiresAtMicros !== undefined && expiresAtMicros <= nowMicros) {
      throw new MillpondError('request-invalid', 'A token ends in the future')
    }
    const owner = ownerOf(database, handle)
    const token = tokenPrefix + randomBase62(random, tokenLetters)
    const id = randomBase62(random, 10)
    const { storedKey, serverKey } = scramVerifier(token, owner.salt, owner.iterations)
    const insert = database.prepare(insertSql)
    transaction(database, 'COMMIT', () => {
      const expiresAt = expiresAtMicros ?? null
      insert.run(id, trimmed, owner.id, hashOf(token), storedKey, serverKey, nowMicros, expiresAt)
      audit.add('token.create', handle, { id, name: trimmed })
    })
    return { info: infoOf(findById.get(nowMicros, id) as unknown as Row), token }
  }

  /** Help for people only: a full disk must not lock them out. */
  function remember(row: Row, token: string | undefined): Row {
    const nowMicros = clock.nowMicros()
    const isRecent = nowMicros - (row.lastUsedAtMicros ?? 0) < lastUsedStepMicros
    const lacksVerifier = token !== undefined && row.hasVerifier === 0
    if ((isRecent && !lacksVerifier) || nowMicros < touchAgainMicros) return row
    try {
      if (lacksVerifier) {
        const { storedKey, serverKey } = scramVerifier(token, row.salt, row.iterations)
        setVerifier.run(storedKey, serverKey, row.id)
      }
      touchSql.run(nowMicros, row.id)
      return { ...row, lastUsedAtMicros: nowMicros }
    } catch (error) {
      touchAgainMicros = nowMicros + lastUsedStepMicros
      log.warn({ err: error }, 'The time of last use of a token could not be written.')
      return row
    }
  }

  return {
    list() {
      const rows = database.prepare(`${rowsSql} ORDER BY t.created_at, t.id`).all() as unknown as Row[]
      return rows.map(infoOf)
    },
    create,
    revoke(id) {
      revokeToken(deps, id)
    },
    verify(token) {
      if (!token.startsWith(tokenPrefix) || token.length > 200) return undefined
      const hash = hashOf(token)
      const row = findByHash.get(clock.nowMicros(), hash) as unknown as Row | undefined
      if (row === undefined || !timingSafeEqual(Buffer.from(row.hash), Buffer.from(hash))) return undefined
      const verified = { info: infoOf(remember(row, token)), principal: principalOf(row) }
      return row.expiresAtMicros === null ? verified : { ...verified, endsAtMicros: row.expiresAtMicros }
    },
    touch(id) {
      const row = findById.get(clock.nowMicros(), id) as unknown as Row | undefined
      if (row !== undefined) remember(row, undefined)
    },
    isValid(id) {
      return findById.get(clock.nowMicros(), id) !== undefined
    },
  }
}

/** Error: request-invalid. */
function checkedName(name: string): string {
  const trimmed = name.trim()
  if (trimmed !== '' && trimmed.length <= nameLengthMax) return trimmed
  throw new MillpondError('request-invalid', `A token needs a name of 1 to ${nameLengthMax} letters`)
}

/** Error: token-unknown. */
function revokeToken({ database, clock, audit }: TokenStoreDeps, id: string): void {
  const update = database.prepare('UPDATE tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL')
  transaction(database, 'COMMIT', () => {
    if (Number(update.run(clock.nowMicros(), id).changes) === 0) {
      throw new MillpondError('token-unknown', `There is no token with id "${id.slice(0, 80)}"`)
    }
    audit.add('token.revoke', id)
  })
}

/** Error: principal-unknown. */
function ownerOf(database: DatabaseSync, handle: string): { id: string; salt: Uint8Array; iterations: number } {
  const found = database
    .prepare('SELECT id, salt, iterations FROM principals WHERE handle = ? AND removed_at IS NULL')
    .get(handle) as unknown as { id: string; salt: Uint8Array; iterations: number } | undefined
  if (found !== undefined) return found
  throw new MillpondError('principal-unknown', `There is nobody with the handle "${handle.slice(0, 80)}"`)
}

function infoOf({ id, name, role, handle, createdAtMicros, lastUsedAtMicros, expiresAtMicros }: Row): TokenInfo {
  return { id, name, role, handle, createdAtMicros, lastUsedAtMicros, expiresAtMicros }
}

function principalOf({ principal, kind, handle, role, attributes }: Row): Principal {
  return { id: principal, kind, handle, role, attributes: JSON.parse(attributes) as Principal['attributes'] }
}

export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}
