// The door of control for the engine and the command line: sources, keys and tokens, in SQLite.
import { randomBytes } from 'node:crypto'
import { chmod } from 'node:fs/promises'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import type { Clock } from '../core/clock.ts'
import { diskFiles, type Files } from '../core/files.ts'
import type { Log } from '../core/log.ts'
import type { Part } from '../core/part.ts'
import { migrate } from './migrations/migrations.ts'
import { createOneTimeCodes } from './one-time-codes.ts'
import { deriveSecret, installationSecret } from './secret.ts'
import { createSourceStore } from './source-store.ts'
import { createTokenStore } from './token-store.ts'
import type { Random } from './write-keys.ts'

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
  /**
   * True while nobody has ever come in by a one-time code: then each start makes a new one and prints it. With a time,
   * false too if one was made since then: an engine that starts again must not spoil the link that was printed.
   */
  oneTimeCodeNeeded(sinceMicros?: number): boolean
  /** Makes the first administrator's token, once, within 24 hours; stored hashed. Older codes are worthless now. */
  createOneTimeCode(): string
  /** Undefined: unknown, used or expired. */
  redeemOneTimeCode(code: string): { token: string } | undefined
  /** Writes the database, as it stands now, to a new file, and syncs it. Everything else in it goes on meanwhile. */
  copyTo(path: string): Promise<void>
}

export interface ControlDeps {
  readonly clock: Clock
  readonly log: Log
  readonly random?: Random
  readonly files?: Files
}

/** The caller holds the data lock. When it resolves sources.json is there and says what SQLite says. */
export async function openControl(dataFolder: string, deps: ControlDeps): Promise<Control> {
  const { clock, random = randomBytes, files = diskFiles } = deps
  await files.makeFolder(dataFolder)
  const checksumSecret = deriveSecret(await installationSecret(files, dataFolder, random), 'write-key-checksum')
  const database = await openDatabase(join(dataFolder, 'control.sqlite'))
  try {
    const sources = createSourceStore({ database, dataFolder, files, clock, random, checksumSecret })
    const tokens = createTokenStore({ database, clock, log: deps.log, random })
    const codes = createOneTimeCodes({ database, clock, log: deps.log, random }, tokens)
    await sources.publish()
    return {
      listSources: sources.list,
      addSource: sources.add,
      rotateSource: sources.rotate,
      setSourceState: sources.setState,
      listTokens: tokens.list,
      async createToken(name) {
        return tokens.create(name)
      },
      async revokeToken(id) {
        tokens.revoke(id)
      },
      verifyToken: tokens.verify,
      oneTimeCodeNeeded: codes.needed,
      createOneTimeCode: codes.create,
      redeemOneTimeCode: codes.redeem,
      copyTo: async (path) => copyDatabase(database, files, path),
      async stop() {
        await sources.settled()
        database.close()
      },
    }
  } catch (error) {
    database.close()
    throw error
  }
}

async function openDatabase(path: string): Promise<DatabaseSync> {
  const database = new DatabaseSync(path, { timeout: 5_000 })
  try {
    // Before the first write: its -wal and -shm files take over these rights.
    await chmod(path, 0o600)
    database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA foreign_keys = ON')
    migrate(database)
    return database
  } catch (error) {
    database.close()
    throw error
  }
}

/** One file without a log beside it. SQLite takes an empty file for a new one, and keeps its rights. */
async function copyDatabase(database: DatabaseSync, files: Files, path: string): Promise<void> {
  const copy = await files.open(path, 'create')
  try {
    database.prepare('VACUUM INTO ?').run(path)
    await copy.sync()
  } finally {
    await copy.close()
  }
}
