// Who may ask, and what: the shapes that control keeps and query/ enforces. The stores stand beside this file.

/**
 * admin: everything, without masks and filters. All others see what grants give, through masks and filters; they differ in
 * what grants to a role say, and in what they may call (portal/api/role-routes.ts).
 */
export const roles = ['viewer', 'support', 'analyst', 'ml', 'engineer', 'member', 'admin'] as const
export type Role = (typeof roles)[number]

/** As a grantee, or as exempt from a mask or filter: everybody who has the role. No handle has a colon. */
export function roleGrantee(role: Role): string {
  return `role:${role}`
}

export interface Principal {
  readonly id: string
  readonly kind: 'person' | 'service' | 'owner'
  /** Unique, lower case: the Postgres user name, `SESSION_USER()`. */
  readonly handle: string
  readonly role: Role
  /** For row filters: `@region`. */
  readonly attributes: Readonly<Record<string, string | readonly string[]>>
}

export interface Grant {
  /** A handle, `role:<role>`, or `*`: everybody. */
  readonly grantee: string
  /** `*`: every dataset. */
  readonly dataset: string
  /** `*`: every table of the dataset. */
  readonly table: string
  /** write includes read, and making and dropping tables where table is `*`. */
  readonly privilege: 'read' | 'write'
}

/** nothing: NULL. hash: SHA-256 in hex of the text. default: '' · 0 · false · 1970-01-01. last4: the last four letters behind `XXXX`. */
export type MaskKind = 'nothing' | 'hash' | 'default' | 'last4'

export interface ColumnMask {
  readonly dataset: string
  /** `*`: every table that has the column. */
  readonly table: string
  readonly column: string
  readonly kind: MaskKind
  /** Handles, and `role:<role>`, that see the values; admins always do. */
  readonly exempt: readonly string[]
}

export interface RowFilter {
  readonly dataset: string
  readonly table: string
  /** GoogleSQL over the table's columns; `@name` is the caller's attribute, SESSION_USER() the handle. Rows where it isn't TRUE don't exist. */
  readonly predicate: string
  readonly exempt: readonly string[]
}

export interface Policies {
  readonly grants: readonly Grant[]
  readonly masks: readonly ColumnMask[]
  readonly filters: readonly RowFilter[]
}
