// Service-account keys in Google's file format, and the short-lived tokens that their holders are given.
//
//   createKey ─▶ JSON with the private key, once      the public key stays here
//   client signs a JWT with it ─▶ POST token_uri ─▶ findKey, signature ─▶ createAccessToken ─▶ `mpa_…`, for an hour
//
// Access tokens are signed, not stored: they live on over a restart, and end with their key or its principal.
import { createHmac, generateKeyPair, timingSafeEqual } from 'node:crypto'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import { promisify } from 'node:util'

import type { Clock } from '../core/clock.ts'
import { MillpondError } from '../core/errors.ts'
import type { Audit } from './audit.ts'
import type { VerifiedToken } from './control.ts'
import type { Principal } from './principals.ts'
import type { PrincipalStore } from './principal-store.ts'
import { transaction } from './transaction.ts'
import type { Random } from './write-keys.ts'

export interface KeyInfo {
  /** `private_key_id` of the file, `kid` of what it signs. */
  readonly id: string
  readonly handle: string
  readonly createdAtMicros: number
  readonly lastUsedAtMicros: number | null
}

/** What Google's clients read as `GOOGLE_APPLICATION_CREDENTIALS`. */
export interface ServiceAccountKey {
  readonly type: 'service_account'
  readonly project_id: string
  readonly private_key_id: string
  readonly private_key: string
  readonly client_email: string
  readonly client_id: string
  readonly auth_uri: string
  readonly token_uri: string
  readonly auth_provider_x509_cert_url: string
  readonly client_x509_cert_url: string
  readonly universe_domain: string
}

/** How clients reach us. */
export interface KeyAddress {
  readonly project: string
  /** Without a slash at its end. */
  readonly publicUrl: string
}

export interface FoundKey {
  readonly id: string
  /** SPKI, PEM. */
  readonly publicKey: string
  readonly principal: Principal
}

export interface KeyStoreDeps {
  readonly database: DatabaseSync
  readonly clock: Clock
  readonly random: Random
  readonly accessTokenSecret: string
  readonly principals: Pick<PrincipalStore, 'get' | 'byId'>
  readonly audit: Audit
}

export const accessTokenPrefix = 'mpa_'
const accessTokenLifeSeconds = 3600
const tokenLengthMax = 400
const makeKeyPair = promisify(generateKeyPair)

interface KeyRow {
  readonly id: string
  readonly principal: string
  readonly publicKey: string
  readonly createdAtMicros: number
  readonly lastUsedAtMicros: number | null
}

const keyColumns =
  'id, principal, public_key AS publicKey, created_at AS createdAtMicros, last_used_at AS lastUsedAtMicros'

export class KeyStore {
  readonly #deps: KeyStoreDeps
  readonly #byId: StatementSync

  constructor(deps: KeyStoreDeps) {
    this.#deps = deps
    this.#byId = deps.database.prepare(`SELECT ${keyColumns} FROM keys WHERE id = ? AND revoked_at IS NULL`)
  }

  list(): KeyInfo[] {
    const rows = this.#deps.database
      .prepare(`SELECT ${keyColumns} FROM keys WHERE revoked_at IS NULL ORDER BY created_at, id`)
      .all() as unknown as KeyRow[]
    return rows.flatMap((one) => {
      const owner = this.#deps.principals.byId(one.principal)
      return owner === undefined ? [] : [infoOf(one, owner)]
    })
  }

  async create(handle: string, address: KeyAddress): Promise<{ info: KeyInfo; key: ServiceAccountKey }> {
    const { database, clock, random, principals, audit } = this.#deps
    const pair = await makeKeyPair('rsa', {
      modulusLength: 2048,
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    })
    // Only now: they may have been removed meanwhile.
    const owner = principals.get(handle)
    const id = Buffer.from(random(20)).toString('hex')
    const createdAtMicros = clock.nowMicros()
    const insert = database.prepare('INSERT INTO keys (id, principal, public_key, created_at) VALUES (?, ?, ?, ?)')
    transaction(database, 'COMMIT', () => {
      insert.run(id, owner.id, pair.publicKey, createdAtMicros)
      audit.add('key.create', handle, { id })
    })
    const key = fileOf(handle, { id, privateKey: pair.privateKey, clientId: digits(random, 21) }, address)
    return { info: infoOf({ id, createdAtMicros, lastUsedAtMicros: null }, owner), key }
  }

  revoke(id: string): void {
    const { database, clock, audit } = this.#deps
    const update = database.prepare('UPDATE keys SET revoked_at = ? WHERE id = ? AND revoked_at IS NULL')
    transaction(database, 'COMMIT', () => {
      if (Number(update.run(clock.nowMicros(), id).changes) === 0) {
        throw new MillpondError('not-found', `There is no key with id "${id.slice(0, 80)}"`)
      }
      audit.add('key.revoke', id)
    })
  }

  find(id: string): FoundKey | undefined {
    const found = id.length > 100 ? undefined : this.#row(id)
    return found === undefined ? undefined : { id, publicKey: found.publicKey, principal: found.owner }
  }

  isValid(id: string): boolean {
    return this.#row(id) !== undefined
  }

  createAccessToken(keyId: string): { token: string; expiresInSeconds: number } {
    if (!this.isValid(keyId)) throw new MillpondError('token-invalid', 'This key is unknown or was revoked.')
    const nowMicros = this.#deps.clock.nowMicros()
    this.#deps.database.prepare('UPDATE keys SET last_used_at = ? WHERE id = ?').run(nowMicros, keyId)
    // Up: what the answer promises is kept to the last second.
    const endsAtSeconds = Math.ceil(nowMicros / 1e6) + accessTokenLifeSeconds
    const payload = `${keyId}.${endsAtSeconds}`
    const token = `${accessTokenPrefix}${payload}.${this.#sign(payload)}`
    return { token, expiresInSeconds: accessTokenLifeSeconds }
  }

  verifyAccessToken(token: string): VerifiedToken | undefined {
    if (!token.startsWith(accessTokenPrefix) || token.length > tokenLengthMax) return undefined
    const [keyId = '', ends = '', signature = '', ...rest] = token.slice(accessTokenPrefix.length).split('.')
    const [given, expected] = [Buffer.from(signature), Buffer.from(this.#sign(`${keyId}.${ends}`))]
    const isSigned = given.length === expected.length && timingSafeEqual(given, expected)
    const endsAtMicros = Number(ends) * 1e6
    if (!isSigned || rest.length > 0 || endsAtMicros <= this.#deps.clock.nowMicros()) return undefined
    const found = this.#row(keyId)
    if (found === undefined) return undefined
    const { createdAtMicros, lastUsedAtMicros, owner } = found
    const { role, handle } = owner
    return {
      info: {
        id: keyId,
        name: 'service-account key',
        role,
        handle,
        createdAtMicros,
        lastUsedAtMicros,
        expiresAtMicros: endsAtMicros,
      },
      principal: owner,
      endsAtMicros,
    }
  }

  #row(id: string): (KeyRow & { readonly owner: Principal }) | undefined {
    const found = this.#byId.get(id) as unknown as KeyRow | undefined
    const owner = found === undefined ? undefined : this.#deps.principals.byId(found.principal)
    return found === undefined || owner === undefined ? undefined : { ...found, owner }
  }

  #sign(payload: string): string {
    return createHmac('sha256', this.#deps.accessTokenSecret).update(payload).digest('base64url')
  }
}

function fileOf(
  handle: string,
  { id, privateKey, clientId }: { id: string; privateKey: string; clientId: string },
  { project, publicUrl }: KeyAddress,
): ServiceAccountKey {
  const email = `${handle.replaceAll('@', '.at.')}@${project}.millpond.local`
  return {
    type: 'service_account',
    project_id: project,
    private_key_id: id,
    private_key: privateKey,
    client_email: email,
    client_id: clientId,
    auth_uri: `${publicUrl}/oauth2/auth`,
    token_uri: `${publicUrl}/oauth2/token`,
    auth_provider_x509_cert_url: `${publicUrl}/oauth2/v1/certs`,
    client_x509_cert_url: `${publicUrl}/oauth2/v1/certs/${encodeURIComponent(email)}`,
    universe_domain: 'googleapis.com',
  }
}

function infoOf(
  { id, createdAtMicros, lastUsedAtMicros }: Pick<KeyRow, 'id' | 'createdAtMicros' | 'lastUsedAtMicros'>,
  { handle }: Principal,
): KeyInfo {
  return { id, handle, createdAtMicros, lastUsedAtMicros }
}

function digits(random: Random, length: number): string {
  // 250 = 25 * 10: bytes above it would make the first digits likelier.
  let text = ''
  while (text.length < length) {
    for (const byte of random(length)) if (byte < 250 && text.length < length) text += String(byte % 10)
  }
  return `1${text.slice(1)}`
}
