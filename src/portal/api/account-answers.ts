// What the API is asked and answers about accounts, as types alone (answers.ts says why).
import type { Policies, Principal, Role } from '../../control/principals.ts'

export type { Role }
export type { Policies as PoliciesAnswer }

export interface PasswordAsked {
  readonly current: string
  readonly wanted: string
}

export interface SessionAnswer {
  readonly id: string
  readonly createdAtMicros: number
  readonly endsAtMicros: number
  /** Where it began. */
  readonly address: string
  readonly browser: string
  /** The one that asks. */
  readonly isThis: boolean
}

export interface TokenAsked {
  readonly name: string
  /** Absent: it is good until it is revoked. */
  readonly expiresInDays?: number
}

export interface TokenAnswer {
  readonly id: string
  readonly name: string
  readonly handle: string
  readonly role: Role
  readonly createdAtMicros: number
  readonly lastUsedAtMicros: number | null
  /** null: it is good until it is revoked. */
  readonly expiresAtMicros: number | null
}

/** The secret is shown this once. */
export type MadeTokenAnswer = TokenAnswer & { readonly token: string }

export interface KeyAsked {
  readonly handle: string
  readonly project: string
  readonly publicUrl: string
}

export interface KeyAnswer {
  readonly id: string
  readonly handle: string
  readonly createdAtMicros: number
  readonly lastUsedAtMicros: number | null
}

/** The file, in Google's format; shown this once. */
export type MadeKeyAnswer = KeyAnswer & { readonly key: object }

export interface UserAsked {
  readonly email: string
  readonly role: Role
  readonly handle?: string
}

export interface UserAnswer {
  readonly handle: string
  readonly email: string
  readonly role: Role
  readonly state: 'invited' | 'active' | 'disabled'
  readonly ways: readonly ('password' | 'google' | 'github')[]
  readonly createdAtMicros: number
}

/** `path`: of the one-time link. */
export type InvitedUserAnswer = UserAnswer & { readonly path: string }

export interface ServiceAsked {
  readonly handle: string
  readonly kind: 'service'
  readonly role: Role
}

export interface PrincipalAnswer extends Principal {
  readonly createdAtMicros: number
  readonly disabledAtMicros: number | null
}

export interface AuditAsked {
  readonly limit: number
  /** Id of the last entry of the page before. */
  readonly before?: string | undefined
  readonly action?: string | undefined
  readonly actor?: string | undefined
}

export interface AuditAnswer {
  readonly id: string
  readonly atMicros: number
  readonly actorId: string
  /** Handle at that time. */
  readonly actor: string
  readonly via: string
  readonly address: string
  readonly action: string
  readonly target: string
  readonly details: Readonly<Record<string, unknown>>
}
