// How people come in: a password, Google, GitHub. better-auth does it, on our own tables; it is loaded by the first who comes, because
// it takes a second and 50 MB that a Millpond without logins need not spend. Who may come in, and that tries are counted, is decided here.
//
//   password ─▶ tries left? ─▶ better-auth: scrypt ─┐                             ┌─ disabled, removed ─▶ login-failed
//   Google, GitHub ─▶ their page ─▶ callback ───────┴─▶ session about to begin ───┴─▶ session, its cookie
//
// Nobody signs up: there are only logins that an administrator made. Every failure of a password has one answer, after the same work.
import type { DatabaseSync } from 'node:sqlite'

import type { Clock } from '../core/clock.ts'
import { MillpondError } from '../core/errors.ts'
import { clientAddressHeader } from '../core/http-headers.ts'
import type { Log } from '../core/log.ts'
import type { LoginSettings } from '../core/settings.ts'
import type { Audit } from './audit.ts'
import { checkedEmail, invitationInvalid, type LoginStore } from './login-store.ts'
import type { PrincipalStore } from './principal-store.ts'
import { sessionCookie, type SessionStore } from './session-store.ts'
import { networkOf, TryLimiter } from './try-limiter.ts'
import { type Random, randomBase62 } from './write-keys.ts'

export type Provider = 'google' | 'github'

/** Who comes, as far as the request says. */
export interface Client {
  readonly address: string
  readonly browser: string
  /** Of the session that this browser has already. */
  readonly cookie: string | undefined
}

/** `Set-Cookie` lines, without `Secure`: only the caller knows whether the client came by https. */
export interface SignedIn {
  readonly cookies: readonly string[]
}

export interface SignInDeps {
  readonly database: DatabaseSync
  readonly clock: Clock
  readonly log: Log
  readonly random: Random
  readonly audit: Audit
  readonly logins: LoginStore
  readonly sessions: SessionStore
  readonly principals: PrincipalStore
  readonly sessionSecret: string
  readonly settings: LoginSettings
  /** Address under which browsers reach us. */
  readonly publicUrl: string | undefined
}

export const passwordLettersMin = 10
export const passwordLettersMax = 128
const sessionSeconds = 30 * 24 * 3600
/** Each takes a thread of the pool and 16 MiB for a quarter of a second. */
const hashingMax = 4

type Auth = Awaited<ReturnType<typeof openBetterAuth>>

export class SignIn {
  readonly #deps: SignInDeps
  readonly #addresses: TryLimiter
  readonly #accounts: TryLimiter
  #auth: Promise<Auth> | undefined
  #hashing = 0

  constructor(deps: SignInDeps) {
    this.#deps = deps
    this.#addresses = new TryLimiter(deps.clock, deps.settings.loginTriesPerAddressMax)
    this.#accounts = new TryLimiter(deps.clock, deps.settings.loginTriesPerAccountMax)
  }

  providers(): Provider[] {
    return providersOf(this.#deps.settings)
  }

  /** Errors: login-failed, rate-limited. */
  async withPassword(given: { email: string; password: string }, client: Client): Promise<SignedIn> {
    const email = given.email.trim().toLowerCase().slice(0, 200)
    this.#addresses.take(networkOf(client.address))
    this.#accounts.take(email)
    const { api } = await this.#open()
    const body = { email, password: given.password.slice(0, passwordLettersMax + 1) }
    const cookies = await this.#busy(async () =>
      api
        .signInEmail({ body, headers: headersOf(client), returnHeaders: true })
        .then(({ headers }) => headers.getSetCookie())
        .catch((error: unknown) => {
          throw loginFailed(error)
        }),
    )
    this.#accounts.forget(email)
    this.#endOld(client)
    return { cookies }
  }

  /** Of the session in the client's cookie; all others of this person are over. Errors: login-failed, password-refused, rate-limited. */
  async changePassword(
    principalId: string,
    given: { current: string; wanted: string },
    client: Client,
  ): Promise<SignedIn> {
    checkPassword(given.wanted)
    this.#accounts.take(principalId)
    const { api } = await this.#open()
    const body = { currentPassword: given.current, newPassword: given.wanted, revokeOtherSessions: true }
    const cookies = await this.#busy(async () =>
      api
        .changePassword({ body, headers: headersOf(client), returnHeaders: true })
        .then(({ headers }) => headers.getSetCookie())
        .catch((error: unknown) => {
          throw loginFailed(error)
        }),
    )
    this.#accounts.forget(principalId)
    this.#deps.audit.record('password.change', principalId)
    return { cookies }
  }

  /** Errors: invitation-invalid, password-refused, request-invalid, principal-exists, rate-limited. */
  async accept(
    given: { code: string; password: string; email?: string | undefined },
    client: Client,
  ): Promise<SignedIn> {
    this.#addresses.take(networkOf(client.address))
    checkPassword(given.password)
    const { logins } = this.#deps
    const invitation = logins.findInvitation(given.code)
    if (invitation === undefined) throw invitationInvalid()
    if (invitation.email === undefined) checkedEmail(given.email ?? '')
    const { hashPassword } = await import('better-auth/crypto')
    const hash = await this.#busy(async () => hashPassword(given.password))
    const { email } = logins.accept(given.code, hash, given.email)
    return this.withPassword({ email, password: given.password }, client)
  }

  /** The provider's page. Errors: not-found, rate-limited. */
  async start(provider: Provider, next: string, client: Client): Promise<SignedIn & { readonly url: string }> {
    this.#check(provider)
    this.#addresses.take(networkOf(client.address))
    const { api } = await this.#open()
    const { headers, response } = await api.signInSocial({
      body: { provider, callbackURL: next, errorCallbackURL: '/login', disableRedirect: true },
      headers: headersOf(client),
      returnHeaders: true,
    })
    return { url: response.url ?? '', cookies: headers.getSetCookie() }
  }

  /** What the provider sent the browser back with: where it goes now. `search`: of the address, with its `?`. */
  async finish(provider: Provider, search: string, client: Client): Promise<SignedIn & { readonly location: string }> {
    this.#check(provider)
    const { handler } = await this.#open()
    const url = `${baseUrlOf(this.#deps.publicUrl)}/api/auth/callback/${provider}${search}`
    const answer = await handler(new Request(url, { headers: headersOf(client) }))
    const cookies = answer.headers.getSetCookie()
    if (cookies.some((line) => line.startsWith(`${sessionCookie}=`))) this.#endOld(client)
    return { location: answer.headers.get('location') ?? '/login?error=unknown', cookies }
  }

  /** Error: not-found. */
  #check(provider: Provider): void {
    if (this.providers().includes(provider)) return
    throw new MillpondError('not-found', `Signing in with ${provider} is not set up.`)
  }

  /** A session that was there before is none of whoever comes now, whoever put it there. What has ended by itself goes, too. */
  #endOld({ cookie }: Client): void {
    this.#deps.sessions.forgetEnded()
    const value = cookie === undefined ? undefined : sessionCookieOf(cookie)
    const old = value === undefined ? undefined : this.#deps.sessions.verify(value)
    if (old !== undefined) this.#deps.database.prepare('DELETE FROM sessions WHERE id = ?').run(old.id)
  }

  async #busy<T>(work: () => Promise<T>): Promise<T> {
    if (this.#hashing >= hashingMax) {
      throw new MillpondError('rate-limited', 'Too many sign in at this moment. Try again in a second.', {
        retryAfterSeconds: 1,
      })
    }
    this.#hashing += 1
    try {
      return await work()
    } finally {
      this.#hashing -= 1
    }
  }

  async #open(): Promise<Auth> {
    this.#auth ??= openBetterAuth(this.#deps)
    return this.#auth
  }
}

/** The value of the session's cookie in a `Cookie` header. */
export function sessionCookieOf(header: string): string | undefined {
  return header
    .split(';')
    .map((part) => part.trim())
    .find((part) => part.startsWith(`${sessionCookie}=`))
    ?.slice(sessionCookie.length + 1)
}

/** Where somebody wanted to go: only a path of ours, else the front page. */
export function safeNext(next: string | undefined): string {
  // Browsers read a backslash as a slash, drop tabs and line ends, and take two slashes for another host.
  if (next === undefined || !/^\/(?![/\\])[\x21-\x5b\x5d-\x7e]*$/.test(next)) return '/'
  return next
}

async function openBetterAuth(deps: SignInDeps) {
  const { database, random, log, settings, sessionSecret } = deps
  const { betterAuth } = await import('better-auth')
  const { NodeSqliteDialect } = await import('@better-auth/kysely-adapter/node-sqlite-dialect')
  return betterAuth({
    secret: sessionSecret,
    baseURL: baseUrlOf(deps.publicUrl),
    basePath: '/api/auth',
    // Without transactions of its own: ours are synchronous and on the same connection, and none must fall into another's.
    database: { dialect: new NodeSqliteDialect({ database }), type: 'sqlite' },
    user: { modelName: 'logins' },
    session: { modelName: 'sessions', expiresIn: sessionSeconds, disableSessionRefresh: true },
    account: {
      modelName: 'accounts',
      updateAccountOnSignIn: false,
      // The address was invited by an administrator; that it is theirs, the provider says.
      accountLinking: { enabled: true, requireLocalEmailVerified: false, trustedProviders: [] },
    },
    verification: { modelName: 'verifications' },
    emailAndPassword: {
      enabled: true,
      disableSignUp: true,
      minPasswordLength: passwordLettersMin,
      maxPasswordLength: passwordLettersMax,
    },
    socialProviders: socialProvidersOf(settings),
    databaseHooks: hooksOf(deps),
    rateLimit: { enabled: false },
    telemetry: { enabled: false },
    onAPIError: { errorURL: '/login' },
    logger: {
      log: (level, message) => {
        log.debug({ level }, message)
      },
    },
    advanced: {
      useSecureCookies: false,
      cookiePrefix: 'millpond',
      cookies: { session_token: { name: sessionCookie } },
      ipAddress: { ipAddressHeaders: [clientAddressHeader], ipv6Subnet: 128 },
      database: { generateId: () => randomBase62(random, 20), validateSchema: false },
    },
  })
}

function hooksOf({ principals, audit }: SignInDeps) {
  return {
    session: {
      create: {
        // Principals that are disabled or removed aren't found.
        before: async ({ userId }: { userId: string }) => (principals.byId(userId) === undefined ? false : undefined),
        after: async ({ id, userId }: { id: string; userId: string }) => {
          const principal = principals.byId(userId)
          if (principal === undefined) return
          audit.actingAs(principal, 'session', () => {
            audit.record('session.begin', id)
          })
        },
      },
    },
    account: {
      create: {
        // We ask providers who somebody is, once, and nothing else of theirs.
        before: async () => ({ data: { accessToken: null, refreshToken: null, idToken: null } }),
      },
    },
  }
}

function providersOf(settings: LoginSettings): Provider[] {
  return Object.keys(socialProvidersOf(settings)) as Provider[]
}

function socialProvidersOf({ googleClientId, googleClientSecret, githubClientId, githubClientSecret }: LoginSettings) {
  const more = { disableSignUp: true, disableImplicitSignUp: true } as const
  const has = (id: string | undefined, secret: string | undefined) => id !== undefined && secret !== undefined
  return {
    ...(has(googleClientId, googleClientSecret) && {
      google: { clientId: googleClientId ?? '', clientSecret: googleClientSecret ?? '', ...more },
    }),
    ...(has(githubClientId, githubClientSecret) && {
      github: { clientId: githubClientId ?? '', clientSecret: githubClientSecret ?? '', ...more },
    }),
  }
}

/** Only providers need the true one; they can't be set up without it. */
function baseUrlOf(publicUrl: string | undefined): string {
  return publicUrl?.replace(/\/+$/, '') ?? 'http://localhost'
}

function headersOf({ address, browser, cookie }: Client): Headers {
  const headers = new Headers({ [clientAddressHeader]: address, 'user-agent': browser })
  if (cookie !== undefined) headers.set('cookie', cookie)
  return headers
}

/** Error: password-refused. */
function checkPassword(password: string): void {
  if (password.length >= passwordLettersMin && password.length <= passwordLettersMax) return
  throw new MillpondError('password-refused', `A password has ${passwordLettersMin} to ${passwordLettersMax} letters.`)
}

/** What better-auth answers tells which of both was wrong. What isn't an answer of its own is our fault. */
function loginFailed(error: unknown): unknown {
  const status = typeof error === 'object' && error !== null && 'statusCode' in error ? Number(error.statusCode) : 500
  return status < 500 ? new MillpondError('login-failed', 'The e-mail address or the password is wrong.') : error
}
