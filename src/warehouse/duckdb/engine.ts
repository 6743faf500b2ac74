// One open engine over one fed.duckdb. A warehouse has one at a time; when a rebuilt file takes the place of the present
// one, the former engine lives on until the last query over the old rows has ended.
import duckdb from '@duckdb/node-bindings'

import type { Clock } from '../../core/clock.ts'
import { MillpondError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { WarehouseSettings } from '../../core/settings.ts'
import type { Catalog } from '../driver.ts'
import type { MadeCatalog } from '../session.ts'
import { readLastLoadId, readPositions } from './bookkeeping.ts'
import { changedCatalog, changesSql, readCatalog, systemChanges } from './catalog.ts'
import { type Link, openLink } from './link.ts'
import { type Helpers, type OpenEngine, openEngine } from './open.ts'
import { createQueries, type Queries } from './query.ts'
import { createReaders, type Holder, type Readers } from './readers.ts'
import type { Seat } from './seat.ts'
import { type UserFunctions } from './user-functions.ts'

export interface EngineOptions {
  readonly folder: string
  readonly settings: WarehouseSettings
  readonly clock: Clock
  readonly log: Log
  readonly helpers: Helpers
  /** Attach made.duckdb; only one engine of a process at a time. */
  readonly hasMade: boolean
}

/** What the loading side knows of the file without asking. */
export interface Standing {
  readonly catalog: Catalog
  readonly positions: ReadonlyMap<string, number>
  readonly loadId: number
}

export class Engine {
  /** The one connection that writes. */
  readonly loader: Link
  /** As it was found; undefined: this engine has none. */
  readonly made: MadeCatalog | undefined
  readonly queries: Queries
  readonly readers: Readers
  readonly #functions: UserFunctions
  readonly #database: duckdb.Database
  #uses = new Set<Promise<unknown>>()
  #closed: Promise<void> | undefined

  private constructor({ database, loader, functions, made }: OpenEngine, options: EngineOptions) {
    this.#database = database
    this.loader = loader
    this.made = made
    this.#functions = functions
    this.readers = createReaders(database)
    this.queries = createQueries(this.readers, options)
  }

  /** `turn` counts the engines of this process. Errors: warehouse-unreadable, data-locked, and those of the engine. */
  static async open(options: EngineOptions, turn: number): Promise<{ engine: Engine; standing: Standing }> {
    const opened = await openEngine(
      options.folder,
      options.settings,
      options.log,
      turn,
      options.helpers,
      options.hasMade,
    )
    const engine = new Engine(opened, options)
    try {
      return { engine, standing: await readStanding(engine.loader) }
    } catch (error) {
      await engine.close()
      throw error
    }
  }

  /** A connection for a session. Error: warehouse-unavailable. */
  async connect(holder: Holder): Promise<Seat> {
    const reader = await this.readers.open(holder)
    const functions = this.#functions.scopeOf(reader.link.api.clientContext.connectionId)
    return { ...reader, functions }
  }

  /** Work on a connection of its own, beside everything else. */
  async withLink<Result>(work: (link: Link) => Promise<Result>): Promise<Result> {
    if (this.#closed !== undefined) throw new MillpondError('warehouse-unavailable', 'The warehouse is stopped')
    const use = this.#use(work)
    const settled = use.catch(() => undefined)
    this.#uses.add(settled)
    try {
      return await use
    } finally {
      this.#uses.delete(settled)
    }
  }

  async #use<Result>(work: (link: Link) => Promise<Result>): Promise<Result> {
    const link = await openLink(this.#database)
    try {
      return await work(link)
    } finally {
      link.api.disconnectSync()
    }
  }

  /** Resolves when no work that `withLink` began is left. */
  async quiet(): Promise<void> {
    await Promise.all(this.#uses)
  }

  /** Nothing new begins here; resolves when what runs has come to its own end. */
  async retire(): Promise<void> {
    await this.readers.idle()
    await this.close()
  }

  /** Ends what runs. Fine to call twice. */
  async close(): Promise<void> {
    this.#closed ??= this.#close()
    return this.#closed
  }

  async #close(): Promise<void> {
    await this.readers.stop()
    await this.quiet()
    this.loader.api.disconnectSync()
    duckdb.close_sync(this.#database)
  }
}

/** Makes the tables of `millpond` that are missing, then reads where the file stands. */
async function readStanding(loader: Link): Promise<Standing> {
  const found = await readCatalog(loader)
  const changes = systemChanges(found)
  if (changes.length > 0) await loader.api.run(changesSql(found, changes))
  return {
    catalog: changedCatalog(found, changes),
    positions: await readPositions(loader),
    loadId: await readLastLoadId(loader),
  }
}
