// OpenID Connect: people sign in to other programs (JupyterHub, Grafana) with their account here. The authorization code flow with PKCE,
// and nothing else of OAuth (RFC 6749, RFC 7636, OpenID Connect Core 1.0; what RFC 9700 advises against isn't there).
//
//   program ─▶ authorize: who is signed in here ─▶ code, to the program's own address ─▶ token: code + verifier + secret
//                                                        ─▶ ID token (signed), access token ─▶ userinfo
//                                                        ─▶ refresh token (offline_access), good once, followed by another
//
// Programs are added by administrators, so nobody is asked whether they agree. What somebody may do here is asked anew at every step:
// of people who are disabled or removed nothing is told any more.
import { calculateJwkThumbprint, exportJWK, exportPKCS8, generateKeyPair, importPKCS8, SignJWT } from 'jose'
import { createHash } from 'node:crypto'

import type { Clock } from '../../core/clock.ts'
import { MillpondError } from '../../core/errors.ts'
import type { PrincipalStore } from '../principal-store.ts'
import type { Principal } from '../principals.ts'
import { OidcError } from './oidc-error.ts'
import type { Grant, OidcClient, OidcStore, SigningKey } from './oidc-store.ts'

export const scopes = ['openid', 'profile', 'email', 'groups', 'offline_access'] as const

const second = 1_000_000
const codeLifeMicros = 60 * second
const accessLifeMicros = 3600 * second
const refreshLifeMicros = 30 * 86_400 * second
const algorithm = 'RS256'
const notAnyMore = 'This person may not sign in any more'

export interface OidcDeps {
  readonly store: OidcStore
  readonly principals: Pick<PrincipalStore, 'byId'>
  /** Of somebody who signs in. */
  readonly emailOf: (handle: string) => string | undefined
  readonly clock: Clock
}

export interface Authorizing {
  readonly clientId: string
  readonly redirect: string
  readonly responseType: string | undefined
  readonly scope: string
  readonly state: string | undefined
  readonly nonce: string | undefined
  readonly challenge: string | undefined
  readonly challengeMethod: string | undefined
  readonly prompt: string | undefined
  /** Seconds since somebody signed in, at most. */
  readonly maxAgeSeconds: number | undefined
}

/** Who is signed in in the browser, and since when. */
export interface SignedInPerson {
  readonly principal: Principal
  readonly sinceMicros: number
}

export interface ClientCredentials {
  readonly id: string
  readonly secret: string | undefined
}

export interface TokenAnswer {
  readonly access_token: string
  readonly token_type: 'Bearer'
  readonly expires_in: number
  readonly scope: string
  readonly id_token?: string
  readonly refresh_token?: string
}

export class Oidc {
  readonly #deps: OidcDeps
  #made: Promise<void> | undefined

  constructor(deps: OidcDeps) {
    this.#deps = deps
  }

  clients(): OidcClient[] {
    return this.#deps.store.clients()
  }

  /** Error: request-invalid. */
  addClient(given: { name: string; redirects: readonly string[]; isConfidential: boolean }) {
    const wrong = given.redirects.find((redirect) => !isRedirect(redirect))
    if (wrong !== undefined)
      throw new MillpondError(
        'request-invalid',
        `"${wrong.slice(0, 200)}" is no address to come back to: https, or http on this machine, without a fragment`,
      )
    return this.#deps.store.addClient(given)
  }

  removeClient(id: string): void {
    this.#deps.store.removeClient(id)
  }

  /**
   * Where the browser goes. `person` undefined: nobody is signed in, and is to be asked first (`sign-in`). A token is no sign-in: what it
   * led to would outlive it. Error: request-invalid, which is told here: an address that isn't the program's gets nothing, not even an error.
   */
  authorize(asked: Authorizing, person: SignedInPerson | undefined, issuer: string): { to: string } | 'sign-in' {
    const { store, clock } = this.#deps
    const { clientId, redirect, scope, state, nonce, challenge } = asked
    const client = store.client(clientId)
    if (client === undefined) throw new MillpondError('request-invalid', '`client_id`: there is no such application')
    if (!client.redirects.includes(redirect))
      throw new MillpondError('request-invalid', '`redirect_uri`: is none of the addresses of this application')
    const back = (answer: Readonly<Record<string, string>>): { to: string } => {
      const url = new URL(redirect)
      const all = { ...answer, iss: issuer, ...(state === undefined ? {} : { state }) }
      for (const [name, value] of Object.entries(all)) url.searchParams.set(name, value)
      return { to: url.href }
    }
    const wrong = wrongIn(asked)
    if (wrong !== undefined) return back({ error: wrong.error, error_description: wrong.message })
    const { maxAgeSeconds = Infinity } = asked
    const isFresh = person !== undefined && clock.nowMicros() - person.sinceMicros <= maxAgeSeconds * second
    if (!isFresh) return asked.prompt === 'none' ? back({ error: 'login_required' }) : 'sign-in'
    const { principal, sinceMicros: authAtMicros } = person
    if (principal.kind !== 'person' && principal.kind !== 'owner') return back({ error: 'access_denied' })
    const known = scope.split(' ').filter((one) => (scopes as readonly string[]).includes(one))
    const details = { redirect, nonce, challenge: challenge ?? '', authAtMicros }
    const grant = { client: client.id, principal: principal.id, scope: known.join(' '), asked: details }
    return back({ code: store.addGrant(grant, codeLifeMicros) })
  }

  /** Error: OidcError. */
  async token(form: URLSearchParams, credentials: ClientCredentials, issuer: string): Promise<TokenAnswer> {
    const client = this.#authenticated(credentials)
    const grantType = form.get('grant_type')
    if (grantType === 'authorization_code') return this.#answer(this.#byCode(form, client), issuer)
    if (grantType === 'refresh_token') return this.#answer(this.#byRefresh(form, client), issuer)
    throw new OidcError('unsupported_grant_type', 'There are authorization_code and refresh_token')
  }

  /** Of the access token's owner. Error: OidcError. */
  userinfo(token: string): Readonly<Record<string, unknown>> {
    const grant = this.#deps.store.grantOf('access', token)
    if (grant === undefined)
      throw new OidcError('invalid_token', 'The access token is unknown, has ended or was revoked')
    const claims = this.#claimsOf(grant)
    if (claims === undefined) throw new OidcError('invalid_token', notAnyMore)
    return claims
  }

  /** RFC 7009: whatever it is, it is worthless afterwards, with all that came of the same sign-in. Error: OidcError. */
  revoke(token: string, credentials: ClientCredentials): void {
    const client = this.#authenticated(credentials)
    const { store } = this.#deps
    const grant = store.grantOf('refresh', token) ?? store.grantOf('access', token)
    if (grant?.client === client.id) store.endGrant(grant.id)
  }

  async publicKeys(): Promise<readonly Readonly<Record<string, unknown>>[]> {
    return (await this.#signingKeys()).map(({ publicJwk }) => publicJwk)
  }

  /** The new one signs from now on. */
  async rotateKey(): Promise<void> {
    await this.#makeKey()
  }

  #authenticated({ id, secret }: ClientCredentials): OidcClient {
    const { store } = this.#deps
    const client = store.client(id)
    if (client !== undefined && !client.isConfidential && secret === undefined) return client
    // Tries aren't counted: nobody guesses 256 bits, and whoever knows the id could shut everybody out.
    if (client?.isConfidential !== true || secret === undefined || !store.isSecret(id, secret))
      throw new OidcError('invalid_client', 'The application is unknown, or its secret is wrong')
    return client
  }

  #byCode(form: URLSearchParams, { id }: OidcClient): Grant {
    const { store } = this.#deps
    const grant = store.use('code', form.get('code') ?? '')
    const verifier = form.get('code_verifier') ?? ''
    const isRight =
      grant !== undefined &&
      grant.client === id &&
      grant.asked.redirect === form.get('redirect_uri') &&
      /^[\w.~-]{43,128}$/.test(verifier) &&
      createHash('sha256').update(verifier).digest('base64url') === grant.asked.challenge
    if (isRight) return grant
    // Whoever had it and couldn't use it was not meant to have it.
    if (grant !== undefined) store.endGrant(grant.id)
    throw new OidcError('invalid_grant', 'The code is unknown, used, too old, or not for this application and verifier')
  }

  #byRefresh(form: URLSearchParams, { id }: OidcClient): Grant {
    const { store } = this.#deps
    const token = form.get('refresh_token') ?? ''
    const known = store.grantOf('refresh', token)
    if (known === undefined || known.client !== id) {
      // Of another application: it is left as it is, for whom it belongs to. One that was used before ends its grant.
      if (known === undefined) store.use('refresh', token)
      throw new OidcError('invalid_grant', 'The refresh token is unknown, used, too old, or not of this application')
    }
    // Less than before is answered with what was granted, as RFC 6749 §5.1 allows: `scope` says so.
    const own = known.scope.split(' ')
    if (
      form
        .get('scope')
        ?.split(' ')
        .some((one) => !own.includes(one)) === true
    )
      throw new OidcError('invalid_scope', 'Nothing more than before can be asked for')
    const grant = store.use('refresh', token)
    if (grant === undefined) throw new OidcError('invalid_grant', 'The refresh token was used this moment')
    return grant
  }

  async #answer(grant: Grant, issuer: string): Promise<TokenAnswer> {
    const { store } = this.#deps
    const claims = this.#claimsOf(grant)
    if (claims === undefined) throw new OidcError('invalid_grant', notAnyMore)
    const own = grant.scope.split(' ')
    return {
      access_token: store.addToken('access', grant.id, accessLifeMicros),
      token_type: 'Bearer',
      expires_in: accessLifeMicros / second,
      scope: grant.scope,
      id_token: await this.#signed(claims, grant, issuer),
      ...(own.includes('offline_access') && { refresh_token: store.addToken('refresh', grant.id, refreshLifeMicros) }),
    }
  }

  /** As they are at this moment. Undefined: they may not sign in any more, and the grant has ended. */
  #claimsOf({ id, principal, scope }: Grant): Readonly<Record<string, unknown>> | undefined {
    const { principals, store, emailOf } = this.#deps
    const found = principals.byId(principal)
    if (found === undefined || found.disabledAtMicros !== null) {
      store.endGrant(id)
      return undefined
    }
    const own = new Set(scope.split(' '))
    const email = emailOf(found.handle)
    return {
      sub: found.id,
      ...(own.has('profile') && { preferred_username: found.handle, name: found.handle }),
      ...(own.has('email') && email !== undefined && { email }),
      ...(own.has('groups') && { groups: [found.role] }),
    }
  }

  async #signed(claims: Readonly<Record<string, unknown>>, grant: Grant, issuer: string): Promise<string> {
    const [key] = await this.#signingKeys()
    if (key === undefined) throw new MillpondError('bug', 'BUG: there is no key to sign with')
    const nowSeconds = Math.floor(this.#deps.clock.nowMicros() / second)
    const { nonce, authAtMicros } = grant.asked
    return new SignJWT({
      ...claims,
      auth_time: Math.floor(authAtMicros / second),
      ...(nonce === undefined ? {} : { nonce }),
    })
      .setProtectedHeader({ alg: algorithm, kid: key.id })
      .setIssuer(issuer)
      .setAudience(grant.client)
      .setIssuedAt(nowSeconds)
      .setExpirationTime(nowSeconds + accessLifeMicros / second)
      .sign(await importPKCS8(key.privatePem, algorithm))
  }

  /** Made by the first who comes: most installations need none. */
  async #signingKeys(): Promise<readonly SigningKey[]> {
    this.#made ??= this.#deps.store.keys().length === 0 ? this.#makeKey() : Promise.resolve()
    await this.#made
    return this.#deps.store.keys()
  }

  async #makeKey(): Promise<void> {
    const { publicKey, privateKey } = await generateKeyPair(algorithm, { extractable: true })
    const jwk = await exportJWK(publicKey)
    const id = await calculateJwkThumbprint(jwk)
    const publicJwk = { ...jwk, kid: id, alg: algorithm, use: 'sig' }
    this.#deps.store.addKey({ id, publicJwk, privatePem: await exportPKCS8(privateKey) })
  }
}

function wrongIn({ responseType, scope, challenge, challengeMethod, prompt }: Authorizing): OidcError | undefined {
  if (responseType !== 'code') return new OidcError('unsupported_response_type', 'response_type is code')
  if (!scope.split(' ').includes('openid')) return new OidcError('invalid_scope', 'scope has openid')
  if (challengeMethod !== 'S256' || !/^[\w-]{43}$/.test(challenge ?? ''))
    return new OidcError('invalid_request', 'PKCE is needed: code_challenge, with code_challenge_method S256')
  if (prompt !== undefined && prompt !== 'none') return new OidcError('invalid_request', 'prompt is none, or absent')
  return undefined
}

function isRedirect(text: string): boolean {
  if (text.length > 500 || !URL.canParse(text)) return false
  const { protocol, hostname, hash, username, password, href } = new URL(text)
  const isHere = ['localhost', '127.0.0.1', '[::1]'].includes(hostname)
  const isPlain = hash === '' && username === '' && password === '' && !text.includes('#') && href.startsWith(protocol)
  return isPlain && (protocol === 'https:' || (protocol === 'http:' && isHere))
}
