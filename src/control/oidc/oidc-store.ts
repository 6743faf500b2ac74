// Clients, grants and tokens of OpenID Connect in SQLite. Tokens and secrets are kept hashed; what signs is sealed.
//
//   sign-in ─▶ grant ─▶ code ──used──▶ access, refresh ──used──▶ access, refresh ─▶ …
//                └── a code or a refresh token used a second time ends the grant, with all of it
import type { DatabaseSync } from 'node:sqlite'

import type { Clock } from '../../core/clock.ts'
import { MillpondError } from '../../core/errors.ts'
import type { Audit } from '../audit.ts'
import type { SecretBox } from '../secret-box.ts'
import { hashOf } from '../token-store.ts'
import { transaction } from '../transaction.ts'
import { type Random, randomBase62 } from '../write-keys.ts'

export interface OidcClient {
  readonly id: string
  readonly name: string
  readonly redirects: readonly string[]
  /** It has a secret. */
  readonly isConfidential: boolean
  readonly createdAtMicros: number
}

export interface GrantAsked {
  readonly redirect: string
  readonly nonce: string | undefined
  /** SHA-256 of the verifier, base64url (RFC 7636). */
  readonly challenge: string
  readonly authAtMicros: number
}

export interface Grant {
  readonly id: string
  readonly client: string
  readonly principal: string
  readonly scope: string
  readonly asked: GrantAsked
}

export type TokenKind = 'code' | 'access' | 'refresh'

export interface SigningKey {
  readonly id: string
  readonly publicJwk: Readonly<Record<string, unknown>>
  /** PKCS #8, PEM. */
  readonly privatePem: string
}

export interface OidcStoreDeps {
  readonly database: DatabaseSync
  readonly clock: Clock
  readonly random: Random
  readonly audit: Audit
  readonly box: SecretBox
}

/** 256 bits. */
const secretLetters = 43
/** As long as an ID token lives. */
const keyOverlapMicros = 3_600_000_000
const grantLifeMicros = 180 * 86_400_000_000

type Row = Readonly<Record<string, unknown>>

export class OidcStore {
  readonly #deps: OidcStoreDeps

  constructor(deps: OidcStoreDeps) {
    this.#deps = deps
  }

  clients(): OidcClient[] {
    return this.#all('SELECT * FROM oidc_clients ORDER BY name').map(clientOf)
  }

  client(id: string): OidcClient | undefined {
    return this.#all('SELECT * FROM oidc_clients WHERE id = ?', id).map(clientOf)[0]
  }

  /** The secret once. Error: request-invalid if the name is taken. */
  addClient(given: { name: string; redirects: readonly string[]; isConfidential: boolean }): {
    client: OidcClient
    secret: string | undefined
  } {
    const { database, clock, random, audit } = this.#deps
    const { name, redirects, isConfidential } = given
    const id = `${name
      .toLowerCase()
      .replaceAll(/[^a-z0-9]+/g, '-')
      .slice(0, 30)}-${randomBase62(random, 8)}`
    const secret = isConfidential ? randomBase62(random, secretLetters) : undefined
    return transaction(database, 'COMMIT', () => {
      if (database.prepare('SELECT 1 FROM oidc_clients WHERE name = ?').get(name) !== undefined)
        throw new MillpondError('request-invalid', `There is an application "${name}" already`)
      database
        .prepare('INSERT INTO oidc_clients (id, name, redirects, secret_hash, created_at) VALUES (?, ?, ?, ?, ?)')
        .run(id, name, JSON.stringify(redirects), secret === undefined ? null : hashOf(secret), clock.nowMicros())
      audit.add('client.add', id, { name, redirects })
      const [client] = this.#all('SELECT * FROM oidc_clients WHERE id = ?', id).map(clientOf)
      if (client === undefined) throw new MillpondError('bug', 'BUG: a client that was just added is gone')
      return { client, secret }
    })
  }

  /** With everything that was given out to it. Error: not-found. */
  removeClient(id: string): void {
    const { database, audit } = this.#deps
    transaction(database, 'COMMIT', () => {
      const { changes } = database.prepare('DELETE FROM oidc_clients WHERE id = ?').run(id)
      if (Number(changes) === 0) throw new MillpondError('not-found', `There is no application "${id.slice(0, 80)}"`)
      audit.add('client.remove', id)
    })
  }

  isSecret(id: string, secret: string): boolean {
    const [row] = this.#all('SELECT secret_hash FROM oidc_clients WHERE id = ?', id)
    // Hashes of what is random: comparing them letter by letter tells nothing of the secret.
    return row?.['secret_hash'] === hashOf(secret)
  }

  /** Its code. */
  addGrant(grant: Omit<Grant, 'id'>, codeLifeMicros: number): string {
    const { database, clock, random } = this.#deps
    const id = randomBase62(random, 20)
    return transaction(database, 'COMMIT', () => {
      const now = clock.nowMicros()
      database.prepare('DELETE FROM oidc_grants WHERE ends_at < ?').run(now)
      database.prepare('DELETE FROM oidc_tokens WHERE expires_at < ?').run(now - grantLifeMicros)
      database
        .prepare('INSERT INTO oidc_grants (id, client, principal, scope, asked, ends_at) VALUES (?, ?, ?, ?, ?, ?)')
        .run(id, grant.client, grant.principal, grant.scope, JSON.stringify(grant.asked), now + grantLifeMicros)
      return this.addToken('code', id, codeLifeMicros)
    })
  }

  addToken(kind: TokenKind, grant: string, lifeMicros: number): string {
    const { database, clock, random } = this.#deps
    const token = randomBase62(random, secretLetters)
    database
      .prepare('INSERT INTO oidc_tokens (hash, kind, grant_id, expires_at) VALUES (?, ?, ?, ?)')
      .run(hashOf(token), kind, grant, clock.nowMicros() + lifeMicros)
    return token
  }

  /** Of a token that is good, however often it is asked. */
  grantOf(kind: TokenKind, token: string): Grant | undefined {
    const sql = `SELECT g.* FROM oidc_tokens t JOIN oidc_grants g ON g.id = t.grant_id
      WHERE t.hash = ? AND t.kind = ? AND t.expires_at > ? AND t.used_at IS NULL AND g.ends_at > ?`
    const now = this.#deps.clock.nowMicros()
    return this.#all(sql, hashOf(token), kind, now, now).map(grantOf)[0]
  }

  /** Once: whoever comes with it again has it from somebody else, or somebody else has it from them. */
  use(kind: 'code' | 'refresh', token: string): Grant | undefined {
    const { database, clock } = this.#deps
    return transaction(database, 'COMMIT', () => {
      const grant = this.grantOf(kind, token)
      const hash = hashOf(token)
      if (grant === undefined) {
        database
          .prepare(
            'DELETE FROM oidc_grants WHERE id = (SELECT grant_id FROM oidc_tokens WHERE hash = ? AND kind = ? AND used_at IS NOT NULL)',
          )
          .run(hash, kind)
        return undefined
      }
      database.prepare('UPDATE oidc_tokens SET used_at = ? WHERE hash = ?').run(clock.nowMicros(), hash)
      return grant
    })
  }

  /** Fine if it is gone. */
  endGrant(id: string): void {
    this.#deps.database.prepare('DELETE FROM oidc_grants WHERE id = ?').run(id)
  }

  /** Newest first; an older one as long as something that it has signed may be good. Error: setting-invalid. */
  keys(): SigningKey[] {
    const rows = this.#all('SELECT * FROM oidc_keys ORDER BY created_at DESC')
    const endMicros = this.#deps.clock.nowMicros() - keyOverlapMicros
    const good = rows.filter((_row, index) => index === 0 || Number(rows[index - 1]?.['created_at']) > endMicros)
    return good.map((row) => {
      const id = String(row['id'])
      return {
        id,
        publicJwk: JSON.parse(String(row['public_jwk'])) as SigningKey['publicJwk'],
        privatePem: this.#deps.box.open(String(row['sealed']), `signing key ${id}`),
      }
    })
  }

  addKey({ id, publicJwk, privatePem }: SigningKey): void {
    const { database, clock, box, audit } = this.#deps
    transaction(database, 'COMMIT', () => {
      // The one before stays for the hour of its last ID token: `keys` leaves it out then.
      database
        .prepare('INSERT INTO oidc_keys (id, public_jwk, sealed, created_at) VALUES (?, ?, ?, ?)')
        .run(id, JSON.stringify(publicJwk), box.seal(privatePem, `signing key ${id}`), clock.nowMicros())
      audit.add('client.key', id)
    })
  }

  #all(sql: string, ...values: readonly (string | number)[]): Row[] {
    return this.#deps.database.prepare(sql).all(...values)
  }
}

function clientOf(row: Row): OidcClient {
  return {
    id: String(row['id']),
    name: String(row['name']),
    redirects: JSON.parse(String(row['redirects'])) as string[],
    isConfidential: row['secret_hash'] !== null,
    createdAtMicros: Number(row['created_at']),
  }
}

function grantOf(row: Row): Grant {
  return {
    id: String(row['id']),
    client: String(row['client']),
    principal: String(row['principal']),
    scope: String(row['scope']),
    asked: JSON.parse(String(row['asked'])) as GrantAsked,
  }
}
