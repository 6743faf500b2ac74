// What a rewriting needs to know, and what comes out of it.
import type { Settings } from '../statements/settings.ts'

export interface Identity {
  readonly handle: string
  readonly isAdmin: boolean
  readonly database: string
  readonly pid: number
  readonly startedAtMicros: number
}

/** What the person may see, by the names that SQL uses. */
export interface Names {
  readonly datasets: readonly string[]
  hasTable(dataset: string, table: string): boolean
  /** undefined: there is none. */
  tableOid(dataset: string, table: string): number | undefined
  tableOf(oid: number): { readonly dataset: string; readonly table: string } | undefined
  schemaOid(dataset: string): number | undefined
  /** Oids of tables that an earlier dataset of the path hides, or that no dataset of the path has. */
  hiddenOids(path: readonly string[]): readonly number[]
  writableOids(): readonly number[]
  bytesOfAll(): number
}

export interface RewriteContext {
  readonly names: Names
  /** Tables of the session's own: a bare name means them first. */
  readonly temporaryTables: ReadonlySet<string>
  readonly path: readonly string[]
  /** Nobody chose the path: a name that stands in two of its datasets is an error. */
  readonly isDefaultPath: boolean
  readonly identity: Identity
  readonly settings: Settings
  /** How $n is written. */
  readonly parameter: (number: number) => string
}

export interface Rewritten {
  readonly sql: string
  /** Tables of the catalogue that it reads, by their names in the session. */
  readonly relations: ReadonlySet<string>
  /** set_config: done when it runs. */
  readonly effects: readonly { readonly name: string; readonly value: string; readonly isLocal: boolean }[]
}
