// Opens the engine in memory, attaches fed.duckdb and then shuts every door behind it: no files but those of the exchange
// folder, no network, no extensions, no settings. What the options mean and what they cost: docs/decisions/0002-duckdb.md.
import { mkdir, readdir, rename, rm } from 'node:fs/promises'
import { join, sep } from 'node:path'

import duckdb from '@duckdb/node-bindings'

import { messageOf, MillpondError } from '../../core/errors.ts'
import { diskFiles, pathExists } from '../../core/files.ts'
import type { Log } from '../../core/log.ts'
import type { WarehouseSettings } from '../../core/settings.ts'
import type { JsFunction } from '../../sql/functions/js-function.ts'
import type { MadeCatalog } from '../session.ts'
import { readCatalog } from './catalog.ts'
import { type Link, openLink } from './link.ts'
import { registerJsFunctions } from './js-functions.ts'
import { exactJson } from './load-source.ts'
import { attachMade } from './made-file.ts'
import { exchangeFolderOf } from './exchange-folder.ts'
import { createFile } from './new-file.ts'
import { fedCatalog, quoteText } from './names.ts'
import { registerUserFunctions, type UserFunctionLimits, type UserFunctions } from './user-functions.ts'

export { exchangeFolderOf } from './exchange-folder.ts'

export const fedFile = 'fed.duckdb'

export interface OpenEngine {
  readonly database: duckdb.Database
  /** The one connection that writes to fed tables. */
  readonly loader: Link
  readonly functions: UserFunctions
  /** Undefined: this engine has no made tables. */
  readonly made: MadeCatalog | undefined
}

/** What compiled statements call besides DuckDB's own functions. */
export interface Helpers {
  /** CREATE MACRO statements, made in schema `bq` of the catalogue in memory: `memory.bq.name(…)`. */
  readonly macros: readonly { readonly name: string; readonly sql: string }[]
  readonly functions: readonly JsFunction[]
  readonly limits: UserFunctionLimits
}

/** Makes the exchange folder, and removes what former engines left. Before the first `openEngine` of a process. */
export async function tidyFolder(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (/^(?:spill(?:-\d+)?|exchange)$/.test(name)) await rm(join(folder, name), { recursive: true, force: true })
  }
  await mkdir(exchangeFolderOf(folder), { mode: 0o700 })
}

/**
 * `folder` exists. `turn` counts the engines of this process: the one before may still answer queries from the file that was
 * replaced, and spill. Errors: warehouse-unreadable, data-locked.
 */
export async function openEngine(
  folder: string,
  settings: WarehouseSettings,
  log: Log,
  turn: number,
  helpers: Helpers,
  hasMade: boolean,
): Promise<OpenEngine> {
  await setLogsAside(folder, log)
  const spillFolder = join(folder, turn === 0 ? 'spill' : `spill-${turn}`)
  const database = await duckdb.open(
    ':memory:',
    engineConfig(settings, folder, spillFolder, await diskFiles.freeBytes(folder)),
  )
  try {
    const loader = await openLink(database)
    await attach(loader, folder)
    const made = hasMade ? await attachMade(loader, folder, log) : undefined
    const functions = await makeHelpers(loader, helpers, log)
    await shutDoors(loader, exchangeFolderOf(folder))
    return { database, loader, functions, made }
  } catch (error) {
    duckdb.close_sync(database)
    throw error
  }
}

/** The catalogue in memory lives as long as the engine: nothing of this is in a file. */
async function makeHelpers(link: Link, { macros, functions, limits }: Helpers, log: Log): Promise<UserFunctions> {
  registerJsFunctions(link, [...functions, exactJson])
  await link.api.run(`CREATE SCHEMA memory.bq`)
  const userFunctions = await registerUserFunctions(link, limits)
  for (const { name, sql } of macros) {
    try {
      await link.api.run(sql)
    } catch (error) {
      // A statement that needs it fails and says so; everything else, loads above all, goes on.
      log.error({ macro: name, error: messageOf(error) }, 'BUG: a helper of GoogleSQL could not be made')
    }
  }
  return userFunctions
}

/** A connection for one query: reads fed by default, shares no state with others. */
export async function openReader(database: duckdb.Database): Promise<Link> {
  const link = await openLink(database)
  await link.api.run(`USE ${fedCatalog}`)
  return link
}

/** Errors: warehouse-unreadable, if `path` isn't a warehouse's file, or another process has it open. */
export async function probeFile(path: string): Promise<void> {
  try {
    await readFile(path)
  } catch (error) {
    const isOpenElsewhere = messageOf(error).includes('Could not set lock')
    if (!isOpenElsewhere && (await pathExists(`${path}.wal`))) {
      // The trace of a death at a checkpoint, which stays behind when the file is renamed.
      await rm(`${path}.wal`)
      return probeFile(path)
    }
    const message = `The file can't become the warehouse: ${path}: ${messageOf(error)}`
    throw new MillpondError('warehouse-unreadable', message, { cause: error })
  }
}

async function readFile(path: string): Promise<void> {
  const database = await duckdb.open(':memory:')
  try {
    const link = await openLink(database)
    await link.api.run(`ATTACH ${quoteText(path)} AS ${fedCatalog} (READ_ONLY)`)
    await readCatalog(link)
    link.api.disconnectSync()
  } finally {
    duckdb.close_sync(database)
  }
}

/** A query that spills may take this part of the disk; the buffer must go on taking events beside it. */
const spillShare = 4

function engineConfig(
  settings: WarehouseSettings,
  folder: string,
  spillFolder: string,
  freeBytes: number,
): duckdb.Config {
  const config = duckdb.create_config()
  const options = {
    threads: String(settings.threads),
    memory_limit: `${settings.memoryBytesMax}B`,
    temp_directory: spillFolder,
    max_temp_directory_size: `${Math.floor(freeBytes / spillShare)}B`,
    // It would also fire without a log, by estimated size, in the middle of a load: we say when.
    wal_autocheckpoint: '1TB',
    autoinstall_known_extensions: 'false',
    autoload_known_extensions: 'false',
    allow_community_extensions: 'false',
    // Never the home folder of whoever started us.
    extension_directory: join(folder, 'no-extensions'),
    secret_directory: join(folder, 'no-secrets'),
    allow_persistent_secrets: 'false',
  }
  for (const [name, value] of Object.entries(options)) duckdb.set_config(config, name, value)
  return config
}

/**
 * The engine writes a log of a hundred bytes while it checkpoints, even in this mode, and takes it away at the end. One that
 * still lies there is the trace of a death in between, or another program's: the file alone is right in both cases, its
 * rows and its position are of the same moment. Kept aside for whoever misses something, but never replayed.
 */
async function setLogsAside(folder: string, log: Log): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith(`${fedFile}.wal`)) continue
    const aside = join(folder, `unused-${name}`)
    await rename(join(folder, name), aside)
    log.warn({ file: aside }, 'A log lay beside the warehouse, left by a death at a checkpoint; it is not needed')
  }
}

async function attach(link: Link, folder: string): Promise<void> {
  const path = join(folder, fedFile)
  try {
    if (!(await pathExists(path)))
      await createFile(link, folder, fedFile, `RECOVERY_MODE no_wal_writes, ROW_GROUP_SIZE ${rowGroupRows}`)
    await link.api.run(`ATTACH ${quoteText(path)} AS ${fedCatalog} (RECOVERY_MODE no_wal_writes)`)
  } catch (error) {
    const message = messageOf(error)
    if (message.includes('Could not set lock')) {
      throw new MillpondError('data-locked', `Another program has the warehouse open: ${path}`, { cause: error })
    }
    throw new MillpondError('warehouse-unreadable', `The warehouse can't be opened: ${path}: ${message}`, {
      cause: error,
    })
  }
}

/** A checkpoint rewrites the last row group of every touched table: small groups make it cheap. */
const rowGroupRows = 30_720

async function shutDoors(link: Link, exchangeFolder: string): Promise<void> {
  const statements = [
    // Without a log, closing must lose what no checkpoint covers: the buffer still has it and the position says so.
    'PRAGMA disable_checkpoint_on_shutdown',
    `SET GLOBAL TimeZone = 'UTC'`,
    `SET GLOBAL Calendar = 'gregorian'`,
    // A left side that is guessed to be small is joined row by row else; guessed wrongly, ten times as slow as sorting.
    'SET GLOBAL asof_loop_join_threshold = 0',
    `SET allowed_directories = [${quoteText(exchangeFolder + sep)}]`,
    'SET enable_external_access = false',
    // What a session of the Postgres port sets for itself alone.
    `SET allowed_configs = ['integer_division', 'default_null_order', 'TimeZone']`,
    'SET lock_configuration = true',
  ]
  for (const statement of statements) await link.api.run(statement)
}
