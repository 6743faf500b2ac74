// Tokens for people and programs. Only hashes are stored: 40 random letters can't be guessed from a SHA-256, so no
// slower hash is needed.
import { createHash, timingSafeEqual } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'

import type { Clock } from '../core/clock.ts'
import { MillpondError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { TokenInfo } from './control.ts'
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
}

export interface TokenStore {
  readonly list: () => TokenInfo[]
  readonly create: (name: string) => { info: TokenInfo; token: string }
  readonly revoke: (id: string) => void
  readonly verify: (token: string) => TokenInfo | undefined
}

const tokenColumns = 'id, name, role, created_at AS createdAtMicros, last_used_at AS lastUsedAtMicros'

export function createTokenStore(deps: TokenStoreDeps): TokenStore {
  const { database, clock, log, random } = deps
  /** After a failure each use would try, and complain, again. */
  let touchAgainMicros = 0

  function create(name: string): { info: TokenInfo; token: string } {
    const trimmed = name.trim()
    if (trimmed === '' || trimmed.length > nameLengthMax) {
      throw new MillpondError('request-invalid', `A token needs a name of 1 to ${nameLengthMax} letters`)
    }
    const token = tokenPrefix + randomBase62(random, tokenLetters)
    const info: TokenInfo = {
      id: randomBase62(random, 10),
      name: trimmed,
      role: 'admin',
      createdAtMicros: clock.nowMicros(),
      lastUsedAtMicros: null,
    }
    database
      .prepare('INSERT INTO tokens (id, name, role, hash, created_at) VALUES (?, ?, ?, ?, ?)')
      .run(info.id, info.name, info.role, hashOf(token), info.createdAtMicros)
    return { info, token }
  }

  const findByHash = database.prepare(`SELECT ${tokenColumns}, hash FROM tokens WHERE hash = ? AND revoked_at IS NULL`)
  const touch = database.prepare('UPDATE tokens SET last_used_at = ? WHERE id = ?')

  /** Help for people only: a full disk must not lock them out. */
  function remember(info: TokenInfo, nowMicros: number): TokenInfo {
    if (nowMicros < touchAgainMicros) return info
    try {
      touch.run(nowMicros, info.id)
      return { ...info, lastUsedAtMicros: nowMicros }
    } catch (error) {
      touchAgainMicros = nowMicros + lastUsedStepMicros
      log.warn({ err: error }, 'The time of last use of a token could not be written.')
      return info
    }
  }

  return {
    list() {
      const rows = database
        .prepare(`SELECT ${tokenColumns} FROM tokens WHERE revoked_at IS NULL ORDER BY created_at, id`)
        .all()
      return rows as unknown as TokenInfo[]
    },
    create,
    revoke(id) {
      const { changes } = database
        .prepare('UPDATE tokens SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL')
        .run(clock.nowMicros(), id)
      if (Number(changes) === 0)
        throw new MillpondError('token-unknown', `There is no token with id "${id.slice(0, 80)}"`)
    },
    verify(token) {
      if (!token.startsWith(tokenPrefix) || token.length > 200) return undefined
      const hash = hashOf(token)
      const row = findByHash.get(hash) as unknown as (TokenInfo & { hash: string }) | undefined
      if (row === undefined || !timingSafeEqual(Buffer.from(row.hash), Buffer.from(hash))) return undefined
      const nowMicros = clock.nowMicros()
      const { hash: _, ...info } = row
      if (nowMicros - (info.lastUsedAtMicros ?? 0) < lastUsedStepMicros) return info
      return remember(info, nowMicros)
    },
  }
}

export function hashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex')
}
