// Logins of people: who is invited, with which e-mail address, and until when the link is good. How they then come in is sign-in.ts.
//
//   invited ──link, password──▶ active ◀──enabled── disabled
//      │  ▲                        │ └────disabled────▲
//      │  └──a new link────────────┘ (also for a password that was forgotten)
//      └──7 days, or a newer link──▶ the link is worthless
import type { DatabaseSync } from 'node:sqlite'

import { type Clock, isoTime } from '../core/clock.ts'
import { MillpondError } from '../core/errors.ts'
import type { Audit } from './audit.ts'
import type { Principal, Role } from './principals.ts'
import type { PrincipalStore } from './principal-store.ts'
import { hashOf } from './token-store.ts'
import { transaction } from './transaction.ts'
import { type Random, randomBase62 } from './write-keys.ts'

export interface User {
  readonly handle: string
  readonly email: string
  readonly role: Role
  /** invited: nobody has come in with it yet. */
  readonly state: 'invited' | 'active' | 'disabled'
  /** How they come in. */
  readonly ways: readonly ('password' | 'google' | 'github')[]
  readonly createdAtMicros: number
}

export interface NewUser {
  readonly email: string
  readonly role: Role
  /** Of somebody who is known and has no login yet; or of the new one, else made of the address. */
  readonly handle?: string | undefined
}

/** As the API and the command line tell of it. */
export type InvitedUser = User & { readonly path: string }

export interface Invitation {
  readonly handle: string
  readonly role: Role
  /** Undefined: whoever comes names it. */
  readonly email: string | undefined
}

export interface LoginStoreDeps {
  readonly database: DatabaseSync
  readonly clock: Clock
  readonly random: Random
  readonly principals: PrincipalStore
  readonly audit: Audit
}

const codeLetters = 32
const invitationLifeMicros = 7 * 24 * 3_600_000_000
const emailShape = /^[^\s@<>"',;:\\()[\]]+@[^\s@<>"',;:\\()[\]]+\.[^\s@<>"',;:\\()[\]]+$/
const emailLengthMax = 200

interface UserRow extends Omit<User, 'state' | 'ways'> {
  readonly disabledAtMicros: number | null
  readonly providers: string | null
}

const usersSql = `
  SELECT p.handle, l.email, p.role, p.created_at AS createdAtMicros, p.disabled_at AS disabledAtMicros,
    (SELECT group_concat(providerId) FROM accounts a WHERE a.userId = l.id) AS providers
  FROM logins l JOIN principals p ON p.id = l.id
  WHERE p.removed_at IS NULL`

export class LoginStore {
  readonly #deps: LoginStoreDeps

  constructor(deps: LoginStoreDeps) {
    this.#deps = deps
  }

  users(): User[] {
    const rows = this.#deps.database.prepare(`${usersSql} ORDER BY p.handle`).all()
    return (rows as unknown as UserRow[]).map(userOf)
  }

  /** Error: principal-unknown, if there is nobody, or nobody with a login. */
  user(handle: string): User {
    const row = this.#deps.database.prepare(`${usersSql} AND p.handle = ?`).get(handle)
    if (row !== undefined) return userOf(row as unknown as UserRow)
    throw new MillpondError('principal-unknown', `There is nobody with the handle "${handle.slice(0, 80)}" and a login`)
  }

  /** Errors: request-invalid, principal-exists. */
  add({ email: given, role, handle }: NewUser): { user: User; code: string } {
    const { database, principals, audit } = this.#deps
    const email = checkedEmail(given)
    return transaction(database, 'COMMIT', () => {
      const principal = this.#principalFor(handle ?? handleOf(email), role, handle !== undefined)
      this.#insertLogin(principal, email)
      audit.add('user.add', principal.handle, { email, role })
      const code = this.#newCode(principal.id)
      return { user: this.user(principals.get(principal.handle).handle), code }
    })
  }

  /** A new link for somebody; older ones are worthless. Error: principal-unknown. */
  invite(handle: string): { user: User; code: string } {
    return transaction(this.#deps.database, 'COMMIT', () => {
      const user = this.user(handle)
      this.#deps.audit.add('user.invite', handle)
      return { user, code: this.#newCode(this.#deps.principals.get(handle).id) }
    })
  }

  /** Of somebody with a login. Errors: principal-unknown, not-allowed. */
  setDisabled(handle: string, isDisabled: boolean): User {
    this.#deps.principals.setDisabled(this.user(handle).handle, isDisabled)
    return this.user(handle)
  }

  /** For whoever came in by the one-time link: they choose an address and a password now, or never. */
  inviteOwner(handle: string): string {
    return transaction(this.#deps.database, 'COMMIT', () => this.#newCode(this.#deps.principals.get(handle).id))
  }

  /** Undefined: unknown, used, replaced or expired; or its person is disabled. */
  findInvitation(code: string): Invitation | undefined {
    const found = this.#find(code)
    return found && { handle: found.handle, role: found.role, email: found.email ?? undefined }
  }

  /** The link is used up, and every session from before is over. Errors: invitation-invalid, request-invalid, principal-exists. */
  accept(code: string, passwordHash: string, givenEmail: string | undefined): { email: string; principal: Principal } {
    const { database, random, clock, principals, audit } = this.#deps
    return transaction(database, 'COMMIT', () => {
      const found = this.#find(code)
      const principal = found && principals.byId(found.principal)
      if (found === undefined || principal === undefined) throw invitationInvalid()
      if (found.email === null) this.#insertLogin(principal, checkedEmail(givenEmail ?? ''))
      const now = isoTime(clock.nowMicros())
      const { id } = principal
      database.prepare('DELETE FROM invitations WHERE principal = ?').run(id)
      database.prepare('DELETE FROM sessions WHERE userId = ?').run(id)
      database
        .prepare(
          `INSERT INTO accounts (id, accountId, providerId, userId, password, createdAt, updatedAt)
           VALUES (?, ?, 'credential', ?, ?, ?, ?)
           ON CONFLICT (providerId, accountId) DO UPDATE SET password = excluded.password, updatedAt = excluded.updatedAt`,
        )
        .run(randomBase62(random, 20), id, id, passwordHash, now, now)
      audit.actingAs(principal, 'link', () => {
        audit.add('invitation.accept', principal.handle)
      })
      return { email: this.user(principal.handle).email, principal }
    })
  }

  /** Who is known without a login gets one, if their handle was named; else it must be free. */
  #principalFor(handle: string, role: Role, isNamed: boolean): Principal {
    const { database, principals } = this.#deps
    const found = principals.list().find((one) => one.handle === handle)
    if (found === undefined) return principals.add(handle, 'person', role, {})
    const hasLogin = database.prepare('SELECT 1 FROM logins WHERE id = ?').get(found.id) !== undefined
    if (isNamed && !hasLogin && found.kind === 'person') {
      return found.role === role ? found : principals.change(handle, { role })
    }
    const advice = isNamed || hasLogin ? '' : `: --handle ${handle} invites that person, another handle somebody new`
    throw new MillpondError('principal-exists', `There is somebody with the handle "${handle}" already${advice}`)
  }

  /** Error: principal-exists. */
  #insertLogin({ id, handle }: Principal, email: string): void {
    const { database, clock } = this.#deps
    if (database.prepare('SELECT 1 FROM logins WHERE email = ?').get(email) !== undefined) {
      throw new MillpondError('principal-exists', `There is somebody with the e-mail address ${email} already`)
    }
    const now = isoTime(clock.nowMicros())
    database
      .prepare('INSERT INTO logins (id, name, email, emailVerified, createdAt, updatedAt) VALUES (?, ?, ?, 0, ?, ?)')
      .run(id, handle, email, now, now)
  }

  #newCode(principal: string): string {
    const { database, clock, random } = this.#deps
    const code = randomBase62(random, codeLetters)
    database
      .prepare(
        `INSERT INTO invitations (principal, hash, expires_at) VALUES (?, ?, ?)
         ON CONFLICT (principal) DO UPDATE SET hash = excluded.hash, expires_at = excluded.expires_at`,
      )
      .run(principal, hashOf(code), clock.nowMicros() + invitationLifeMicros)
    return code
  }

  #find(code: string): { principal: string; handle: string; role: Role; email: string | null } | undefined {
    const sql = `
      SELECT p.id AS principal, p.handle, p.role, l.email
      FROM invitations i JOIN principals p ON p.id = i.principal LEFT JOIN logins l ON l.id = p.id
      WHERE i.hash = ? AND i.expires_at > ? AND p.removed_at IS NULL AND p.disabled_at IS NULL`
    const row = this.#deps.database.prepare(sql).get(hashOf(code), this.#deps.clock.nowMicros())
    return row as unknown as { principal: string; handle: string; role: Role; email: string | null } | undefined
  }
}

/** The code stands behind `#`, which browsers send to nobody: no log and no preview of a link has it. */
export function invitedUser({ user, code }: { user: User; code: string }): InvitedUser {
  return { ...user, path: `/invitation#${code}` }
}

export function invitationInvalid(): MillpondError {
  return new MillpondError(
    'invitation-invalid',
    'This link was used already, has expired, or a newer one took its place. Ask an administrator for a new one.',
  )
}

function userOf({ disabledAtMicros, providers, ...row }: UserRow): User {
  const ways = (providers ?? '').split(',').filter((one) => one !== '')
  const state = disabledAtMicros !== null ? 'disabled' : ways.length === 0 ? 'invited' : 'active'
  return {
    ...row,
    state,
    ways: ways.map((one) => (one === 'credential' ? 'password' : one) as User['ways'][number]).sort(),
  }
}

/** As everybody writes it: nobody has two addresses that differ by their capitals. Error: request-invalid. */
export function checkedEmail(given: string): string {
  const email = given.trim().toLowerCase()
  if (email.length <= emailLengthMax && emailShape.test(email)) return email
  throw new MillpondError('request-invalid', `"${given.slice(0, 80)}" is no e-mail address`)
}

/** `Ana.Lee+x@example.com` -> `ana.lee_x`. */
function handleOf(email: string): string {
  const name = (email.split('@')[0] ?? '').replaceAll(/[^a-z0-9_.-]/g, '_').slice(0, 60)
  return /^[a-z]/.test(name) ? name : `u_${name}`
}
