// The door of control for the engine and the command line: sources, keys and tokens, in SQLite.
import type { Part } from '../core/part.ts'

export type SourcePlatform = 'client' | 'server'
export type SourceState = 'active' | 'disabled'

export interface Source {
  /** Slug: the dataset's name. */
  readonly source: string
  readonly platform: SourcePlatform
  readonly state: SourceState
  readonly writeKey: string
  readonly createdAtMicros: number
}

export interface TokenInfo {
  readonly id: string
  readonly name: string
  readonly role: 'admin'
  readonly createdAtMicros: number
  readonly lastUsedAtMicros: number | null
}

export interface Control extends Part {
  listSources(): Source[]
  /** Errors: source-exists, source-name-invalid. */
  addSource(source: string, platform: SourcePlatform): Promise<Source>
  /** A new key; the old one is remembered for ever as rotated. Error: source-unknown. */
  rotateSource(source: string): Promise<Source>
  setSourceState(source: string, state: SourceState): Promise<Source>
  listTokens(): TokenInfo[]
  /** The secret is returned once and stored hashed. */
  createToken(name: string): Promise<{ info: TokenInfo; token: string }>
  revokeToken(id: string): Promise<void>
  /** Undefined: unknown or revoked. */
  verifyToken(token: string): TokenInfo | undefined
}
