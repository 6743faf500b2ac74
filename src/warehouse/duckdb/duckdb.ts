// The warehouse of one machine: a DuckDB file that is fed by one loading connection and read by many. Made by
// engine.ts, fed by deliver/, asked by query/. Durable only at a checkpoint; the buffer is its log.
//
//   open -> idle -> loading ------> idle          (COMMIT: rows, counts and position together; else ROLLBACK)
//              \-> checkpointing -> idle
//                     \-> broken                  (a failed checkpoint: only a new start helps, from the last good one)
import { mkdir, stat } from 'node:fs/promises'
import { join } from 'node:path'

import type { Clock } from '../../core/clock.ts'
import { assert, MillpondError } from '../../core/errors.ts'
import { diskFiles } from '../../core/files.ts'
import type { Log } from '../../core/log.ts'
import type { WarehouseSettings } from '../../core/settings.ts'
import { jsFunctions } from '../../sql/functions/js-functions.ts'
import { functionMacros } from '../../sql/functions/macros.ts'
import type {
  Catalog,
  LoadPlan,
  LoadReceipt,
  QueryRun,
  StreamPosition,
  WarehouseDriver,
  WarehouseMaintenance,
  WarehouseReport,
} from '../driver.ts'
import { systemDataset, systemTables, usersTable } from '../schema.ts'
import type { SessionOptions, WarehouseSession } from '../session.ts'
import { appendPlain } from './append-plain.ts'
import { type AppendBlock, createRawAppend } from './append.ts'
import { advancedStreams, bookkeepingSql, readLastLoadId, readPositions } from './bookkeeping.ts'
import { changedCatalog, changesSql, columnsOf, shownCatalog } from './catalog.ts'
import { Engine, type EngineOptions, type Standing } from './engine.ts'
import { cleanMessage, isFatal, isHeldUp, loadFailure, maintenanceFailure } from './failures.ts'
import { type Link, readRows } from './link.ts'
import { Made } from './made.ts'
import { createMaintenance, type Work } from './maintenance.ts'
import { fedCatalog } from './names.ts'
import { exchangeFolderOf, fedFile, type Helpers, probeFile, tidyFolder } from './open.ts'
import type { SessionDeps } from './seat.ts'
import { DuckdbSession } from './session.ts'
import { parseSelect, printSelect } from './tree.ts'
import type { UserFunctionLimits } from './user-functions.ts'
import { mergeUsers } from './users.ts'

export interface DuckdbOptions {
  /** Made if absent; belongs to this warehouse alone. One process may open it once. */
  readonly folder: string
  readonly settings: WarehouseSettings
  readonly clock: Clock
  readonly log: Log
  /** 'plain' is the slow public API, to tell an engine's fault from ours. */
  readonly append?: 'raw' | 'plain'
  /** Default: that of the settings' table. */
  readonly functionLimits?: UserFunctionLimits
  /** false: fed tables only, as in a rebuild. Default: true. */
  readonly hasMade?: boolean
  /** Default: what GoogleSQL needs. */
  readonly helpers?: Pick<Helpers, 'macros' | 'functions'>
}

const functionLimits: UserFunctionLimits = { callsMax: 1_000_000, timeMsMax: 10_000 }

/** Errors: warehouse-unreadable, data-locked. */
export async function openDuckdbWarehouse(options: DuckdbOptions): Promise<DuckdbWarehouse> {
  await mkdir(options.folder, { recursive: true, mode: 0o700 })
  await tidyFolder(options.folder)
  try {
    const engineOptions = engineOptionsOf(options)
    const { engine, standing } = await Engine.open(engineOptions, 0)
    return new DuckdbWarehouse({ ...options, ...engineOptions }, engine, standing)
  } catch (error) {
    throw unreadable(error, options.folder)
  }
}

function engineOptionsOf(options: DuckdbOptions): EngineOptions {
  const helpers = {
    macros: functionMacros,
    functions: jsFunctions,
    limits: options.functionLimits ?? functionLimits,
    ...options.helpers,
  }
  return { ...options, helpers, hasMade: options.hasMade ?? true }
}

function unreadable(error: unknown, folder: string): MillpondError {
  if (error instanceof MillpondError && error.code !== 'bug') return error
  const message = cleanMessage(error, folder)
  return new MillpondError('warehouse-unreadable', `The warehouse can't be read: ${message}`, { cause: error })
}

export class DuckdbWarehouse implements WarehouseDriver {
  readonly name = 'duckdb'
  readonly #options: DuckdbOptions & EngineOptions
  readonly #append: AppendBlock
  readonly maintenance: WarehouseMaintenance
  readonly made: Made
  #engine: Engine
  /** Engines over files that were replaced, until their last query ends. */
  readonly #retired = new Map<Engine, Promise<void>>()
  #turn = 0
  #standing: Standing
  #covered: readonly StreamPosition[]
  #rowsSinceCheckpoint = 0
  #writing = false
  #broken: MillpondError | undefined
  #stopped = false

  constructor(options: DuckdbOptions & EngineOptions, engine: Engine, standing: Standing) {
    this.#options = options
    this.#engine = engine
    this.#standing = standing
    this.#covered = positionList(standing.positions)
    this.#append = options.append === 'plain' ? appendPlain : createRawAppend()
    this.made = new Made(
      {
        ...options,
        fed: () => this.#standing.catalog,
        withLink: async (work) => this.#withLink(work),
        openSession: () => this.#newSession({ semantics: 'plain' }),
      },
      engine.made ?? { datasets: [], tables: [], routines: [] },
    )
    this.maintenance = createMaintenance({
      exchangeFolder: exchangeFolderOf(options.folder),
      append: this.#append,
      transact: async (work) => this.#transact(work),
      read: async (work) => this.#withLink(async (link) => work(link, this.#standing.catalog)),
      replaceWith: async (path) => this.#replaceWith(path),
    })
  }

  get #loader(): Link {
    return this.#engine.loader
  }

  /** On the engine that has everything. */
  async #withLink<Result>(work: (link: Link) => Promise<Result>): Promise<Result> {
    return this.made.whenAttached(async () => this.#engine.withLink(work))
  }

  async load(plan: LoadPlan): Promise<LoadReceipt> {
    return this.#write(async () => {
      const { clock, folder } = this.#options
      const startedAtMicros = clock.nowMicros()
      const startMs = clock.monotonicMs()
      const loadId = this.#standing.loadId + 1
      const before = this.#standing
      try {
        const advanced = advancedStreams(plan, before.positions)
        await this.#loader.api.run('BEGIN TRANSACTION')
        const { catalog, rows } = await this.#fill(plan)
        const tookMs = clock.monotonicMs() - startMs
        const story = { loadId, startedAtMicros, committedAtMicros: clock.nowMicros(), tookMs }
        const script = await bookkeepingSql(this.#loader, plan, advanced, before.positions, story)
        await this.#loader.api.run(script === '' ? 'COMMIT' : `${script};\nCOMMIT`)
        const positions = new Map([...before.positions, ...advanced.map((to) => [to.stream, to.sequence] as const)])
        this.#standing = { catalog, positions, loadId }
        this.#bumpVersions(plan)
        this.#rowsSinceCheckpoint += rows
        return { loadId, rows, tookMs: clock.monotonicMs() - startMs }
      } catch (error) {
        await this.#rollBack()
        if (isFatal(error)) this.#broken = loadFailure(error, folder)
        throw loadFailure(error, folder)
      }
    })
  }

  /** Everything of a plan but its bookkeeping, inside the open transaction. */
  async #fill(plan: LoadPlan): Promise<{ catalog: Catalog; rows: number }> {
    const catalog = changedCatalog(this.#standing.catalog, plan.changes)
    if (plan.changes.length > 0) await this.#loader.api.run(changesSql(this.#standing.catalog, plan.changes))
    let rows = 0
    for (const block of plan.blocks) {
      if (block.rowCount === 0) continue
      await this.#append(this.#loader, block, columnsOf(catalog, block.table))
      rows += block.rowCount
    }
    if (plan.users.length > 0) await mergeUsers(this.#loader, catalog, plan.users, this.#append)
    return { catalog, rows }
  }

  #bumpVersions(plan: LoadPlan): void {
    const tables = [...plan.changes, ...plan.blocks].map(({ table }) => table)
    const users = plan.users.map(({ dataset }) => ({ dataset, table: usersTable }))
    const books = Object.keys(systemTables).map((table) => ({ dataset: systemDataset, table }))
    const names = new Map([...tables, ...users, ...books].map((one) => [`${one.dataset}.${one.table}`, one]))
    for (const { dataset, table } of names.values()) this.made.versions.bumpTable(dataset, table)
    if (plan.changes.length > 0) this.made.versions.bumpShape()
  }

  async #rollBack(): Promise<void> {
    try {
      await this.#loader.api.run('ROLLBACK')
    } catch (error) {
      // No transaction is open when BEGIN, or the COMMIT itself, was what failed: then there is nothing to roll back.
      this.#options.log.debug({ error: cleanMessage(error, this.#options.folder) }, 'Nothing was left to roll back')
    }
  }

  async checkpoint(): Promise<readonly StreamPosition[]> {
    return this.#write(async () => {
      const { folder, log } = this.#options
      const covered = positionList(this.#standing.positions)
      try {
        await this.#loader.api.run(`CHECKPOINT ${fedCatalog}`)
      } catch (error) {
        if (isHeldUp(error)) {
          log.debug('A checkpoint waits for queries that began before the last change of a table')
          return this.#covered
        }
        const message = `A checkpoint failed: ${cleanMessage(error, folder)}`
        const failure = new MillpondError('warehouse-unavailable', message, { cause: error })
        if (isFatal(error)) this.#broken = failure
        throw failure
      }
      this.#rowsSinceCheckpoint = 0
      this.#covered = covered
      return covered
    })
  }

  /** One transaction of maintenance. */
  async #transact<Result>(work: (link: Link, catalog: Catalog) => Promise<Work<Result>>): Promise<Result> {
    return this.#write(async () => {
      try {
        await this.#loader.api.run('BEGIN TRANSACTION')
        const { result, rows, catalog, bookkeeping } = await work(this.#loader, this.#standing.catalog)
        const standing = bookkeeping === true ? await this.#readBookkeeping() : this.#standing
        await this.#loader.api.run('COMMIT')
        this.made.versions.bumpAll()
        this.#standing = catalog === undefined ? standing : { ...standing, catalog }
        this.#rowsSinceCheckpoint += rows
        return result
      } catch (error) {
        await this.#rollBack()
        const failure = maintenanceFailure(error, this.#options.folder)
        if (isFatal(error)) this.#broken = failure
        throw failure
      }
    })
  }

  async #readBookkeeping(): Promise<Standing> {
    const positions = await readPositions(this.#loader)
    return { ...this.#standing, positions, loadId: await readLastLoadId(this.#loader) }
  }

  async #replaceWith(path: string): Promise<void> {
    return this.#write(async () => {
      const { folder } = this.#options
      await probeFile(path)
      try {
        await diskFiles.rename(path, join(folder, fedFile))
      } catch (error) {
        throw maintenanceFailure(error, folder)
      }
      try {
        await diskFiles.syncDirectory(folder)
        await this.#changeEngine()
      } catch (error) {
        // What stands behind the present engine has no name any more: nothing may be written to it.
        const message = `The new file could not be opened: ${cleanMessage(error, folder)}`
        this.#broken = new MillpondError('warehouse-unavailable', message, { cause: error })
        throw this.#broken
      }
      this.made.versions.bumpAll()
      this.#covered = positionList(this.#standing.positions)
      this.#rowsSinceCheckpoint = 0
    })
  }

  /**
   * The former engine lives on for those who read fed rows. Not for those who read what people made: two engines of one process
   * on one file would not keep each other out, so the new one gets it when nobody has it any more.
   */
  async #changeEngine(): Promise<void> {
    this.#turn += 1
    const former = this.#engine
    const open = async (): Promise<void> => {
      const { engine, standing } = await Engine.open(this.#options, this.#turn)
      this.#retire(former)
      this.#engine = engine
      this.#standing = standing
    }
    if (this.#options.hasMade) await this.made.handOver(former, open)
    else await open()
  }

  #retire(engine: Engine): void {
    const closed = engine.retire().catch((error: unknown) => {
      this.#options.log.warn({ error: cleanMessage(error, this.#options.folder) }, 'A replaced warehouse did not close')
    })
    this.#retired.set(
      engine,
      closed.finally(() => this.#retired.delete(engine)),
    )
  }

  async #write<Result>(work: () => Promise<Result>): Promise<Result> {
    assert(!this.#stopped, 'the warehouse is stopped')
    assert(!this.#writing, 'loads and checkpoints never overlap')
    if (this.#broken !== undefined) throw this.#broken
    this.#writing = true
    try {
      return await work()
    } finally {
      this.#writing = false
    }
  }

  async positions(): Promise<readonly StreamPosition[]> {
    return positionList(this.#standing.positions)
  }

  async catalog(): Promise<Catalog> {
    return shownCatalog(this.#standing.catalog)
  }

  async query(sql: string, signal: AbortSignal): Promise<QueryRun> {
    return this.#engine.queries.run(sql, signal)
  }

  async openSession(options: SessionOptions): Promise<WarehouseSession> {
    if (this.#stopped) throw new MillpondError('warehouse-unavailable', 'The warehouse is stopped')
    return this.#newSession(options)
  }

  #newSession(options: SessionOptions): DuckdbSession {
    const { folder } = this.#options
    const deps: SessionDeps = {
      ...this.#options,
      exchangeFolder: exchangeFolderOf(folder),
      connect: async (holder) => this.made.whenAttached(async () => this.#engine.connect(holder)),
      takeTurn: async (signal) => this.made.turns.take(signal),
      // The next load hears of it, and has the engine started again.
      onFatal: (error) => {
        this.#broken ??= error
      },
    }
    return new DuckdbSession(deps, options)
  }

  async parseSelect(sql: string): Promise<string> {
    return this.#withLink(async (link) => parseSelect(link, sql))
  }

  async printSelect(tree: string): Promise<string> {
    return this.#withLink(async (link) => printSelect(link, tree))
  }

  async inspect(): Promise<WarehouseReport> {
    return this.#withLink(async (link) => {
      const [head] = await readRows(link, `SELECT version(), (SELECT sum(memory_usage_bytes) FROM duckdb_memory())`)
      const tables = await readRows(
        link,
        `SELECT schema_name, table_name, estimated_size, column_count FROM duckdb_tables()
         WHERE database_name = '${fedCatalog}' ORDER BY ALL`,
      )
      return {
        engine: `DuckDB ${String(head?.[0])}`,
        fileBytes: await this.fileBytes(),
        memoryBytes: Number(head?.[1] ?? 0),
        rowsSinceCheckpoint: this.#rowsSinceCheckpoint,
        tables: tables.map(([dataset, table, rows, columns]) => ({
          table: { dataset: String(dataset), table: String(table) },
          rows: Number(rows),
          columns: Number(columns),
        })),
      }
    })
  }

  async fileBytes(): Promise<number> {
    return (await stat(join(this.#options.folder, fedFile))).size
  }

  /** Ends all queries and closes. What no checkpoint covers is read again from the buffer at the next start. */
  async stop(): Promise<void> {
    assert(!this.#writing, 'stop comes after the last load and checkpoint')
    if (this.#stopped) return
    this.#stopped = true
    await Promise.all([this.#engine, ...this.#retired.keys()].map(async (engine) => engine.close()))
    await Promise.all(this.#retired.values())
  }
}

function positionList(positions: ReadonlyMap<string, number>): StreamPosition[] {
  return [...positions].map(([stream, sequence]) => ({ stream, sequence }))
}
