// made.duckdb: datasets that people make, in a file of its own beside fed.duckdb, with a write-ahead log: what is committed is on
// disk. Writers take turns (session.ts), so that nobody's statement fails because of somebody else's; readers don't wait.
//
//   commit ─▶ made.duckdb.wal ─▶ (it has grown) ─▶ checkpoint ─▶ made.duckdb
import { stat } from 'node:fs/promises'
import { join } from 'node:path'

import type { Clock } from '../../core/clock.ts'
import { assert, MillpondError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { Catalog } from '../driver.ts'
import type {
  AppendPlan,
  LoadedFile,
  LoadFileRequest,
  MadeCatalog,
  MadeChange,
  MadeStore,
  Mark,
  StillFile,
  TableVersion,
  WarehouseSession,
} from '../session.ts'
import { cleanMessage, isHeldUp } from './failures.ts'
import { type Link } from './link.ts'
import { applyPlan, forgetIds, readAppendPositions } from './made-appends.ts'
import { changedMade, checkDatasetName, madeCatalogName, writeMadeChange } from './made-catalog.ts'
import { madeFile } from './made-file.ts'
import { loadFile } from './made-load.ts'
import { forgetMarksSql, readMarks, writeMark } from './made-marks.ts'
import { exchangeFolderOf } from './exchange-folder.ts'
import type { Readers } from './readers.ts'
import { DuckdbSession } from './session.ts'
import { Turns } from './turns.ts'
import { TableVersions } from './versions.ts'

export interface MadeDeps {
  readonly folder: string
  readonly clock: Clock
  readonly log: Log
  readonly fed: () => Catalog
  readonly openSession: () => DuckdbSession
  /** A connection of its own on the engine that has the file. */
  readonly withLink: <Result>(work: (link: Link) => Promise<Result>) => Promise<Result>
}

/** Who has the file. */
export interface MadeHolder {
  readonly loader: Link
  readonly readers: Readers
  quiet(): Promise<void>
}

/** What reads made tables when a rebuilt file takes the place of the fed one has so long to end by itself. */
const handOverGraceMs = 5_000

function replaced(): MillpondError {
  return new MillpondError('query-cancelled', 'The tables were made again meanwhile. Ask once more')
}

const forgetIdsEveryMs = 3_600_000

/** A log of this size is written into the file: a start after a crash reads no more than it. */
const logBytesMax = 64 * 1024 ** 2

const never = new AbortController().signal

export class Made implements MadeStore {
  readonly turns = new Turns()
  readonly versions: TableVersions
  readonly #deps: MadeDeps
  #catalog: MadeCatalog
  /** Changes of transactions that are open, by transaction. */
  readonly #uncommitted = new WeakMap<object, MadeChange[]>()
  #checkpointing: Promise<void> = Promise.resolve()
  /** Copies being made: the file must stay as it is. */
  readonly #still = new Turns()
  #handingOver: Promise<void> | undefined
  #idsForgottenAtMs = -Infinity

  constructor(deps: MadeDeps, catalog: MadeCatalog) {
    this.#deps = deps
    this.#catalog = catalog
    this.versions = new TableVersions(deps.clock.nowMicros())
  }

  catalog(session?: WarehouseSession): MadeCatalog {
    const transaction = session === undefined ? undefined : ours(session).transaction
    const changes = transaction === undefined ? [] : (this.#uncommitted.get(transaction) ?? [])
    return changes.reduce(changedMade, this.#catalog)
  }

  fedShape(): number {
    return this.versions.shape()
  }

  version(dataset: string, table: string): TableVersion {
    const fed = this.#deps.fed().get(dataset)
    if (fed !== undefined) return fed.has(table) ? this.versions.of(dataset, table) : this.versions.ofDataset(dataset)
    const isMade = this.#catalog.tables.some((one) => one.dataset === dataset && one.table === table)
    return isMade ? this.versions.of(dataset, table) : 0
  }

  async change(session: WarehouseSession, ddl: readonly string[], change: MadeChange): Promise<void> {
    if (change.kind === 'put-dataset' && !this.#knows(change.dataset.dataset)) {
      const made = this.catalog(session).datasets.map(({ dataset }) => dataset)
      checkDatasetName(change.dataset.dataset, [...this.#deps.fed().keys()], made)
    }
    const own = ours(session)
    try {
      await this.#change(own, ddl, change)
    } catch (error) {
      throw changeFailure(error)
    }
  }

  async #change(own: DuckdbSession, ddl: readonly string[], change: MadeChange): Promise<void> {
    await own.inWrite(
      async (link, calls) => {
        for (const sql of ddl) await calls.run(async () => link.api.run(sql), own.signal)
        await calls.run(async () => writeMadeChange(link, change), own.signal)
        if (own.transaction !== undefined) {
          this.#uncommitted.set(own.transaction, [...(this.#uncommitted.get(own.transaction) ?? []), change])
        }
      },
      own.signal,
      () => {
        this.#catalog = changedMade(this.#catalog, change)
        this.#bump(change)
      },
    )
  }

  #knows(dataset: string): boolean {
    return this.#catalog.datasets.some((one) => one.dataset === dataset)
  }

  #bump(change: MadeChange): void {
    if (change.kind === 'put-table') this.versions.bumpTable(change.table.dataset, change.table.table)
    else if (change.kind === 'drop-table') this.versions.bumpTable(change.dataset, change.table)
    else this.versions.bumpAll()
    this.noteCommit()
  }

  touch(session: WarehouseSession, dataset: string, table: string): void {
    ours(session).onCommit(() => {
      this.versions.bumpTable(dataset, table)
      this.noteCommit()
    })
  }

  async mark(session: WarehouseSession, mark: Mark): Promise<void> {
    const own = ours(session)
    assert(own.transaction !== undefined, 'a mark stands for a transaction')
    await own.inWrite(
      async (link, calls) => calls.run(async () => writeMark(link, mark, this.#deps.clock.nowMicros()), own.signal),
      own.signal,
    )
  }

  async marked(keys: readonly string[]): Promise<ReadonlyMap<string, number>> {
    return keys.length === 0 ? new Map() : this.#deps.withLink(async (link) => readMarks(link, keys))
  }

  async forgetMarks(beforeMicros: number): Promise<void> {
    await this.#withSession(async (session) => {
      await session.execute({ sql: forgetMarksSql(beforeMicros) }, session.signal)
    })
  }

  hasTable(dataset: string, table: string): boolean {
    return this.#catalog.tables.some((one) => one.dataset === dataset && one.table === table && one.kind === 'table')
  }

  async positions(): Promise<readonly { readonly stream: string; readonly sequence: number }[]> {
    return this.#deps.withLink(readAppendPositions)
  }

  async appendPlan(plan: AppendPlan): Promise<void> {
    const { clock } = this.#deps
    await this.#withSession(async (session) => {
      await session.inWrite(
        async (link, calls) => calls.run(async () => applyPlan(link, plan, clock.nowMicros()), session.signal),
        session.signal,
        () => {
          for (const { dataset, table } of plan.inserts) this.versions.bumpTable(dataset, table)
          this.noteCommit()
        },
      )
      if (clock.monotonicMs() - this.#idsForgottenAtMs < forgetIdsEveryMs) return
      this.#idsForgottenAtMs = clock.monotonicMs()
      await forgetIds(session, clock.nowMicros())
    })
  }

  async loadFile(request: LoadFileRequest, signal: AbortSignal): Promise<LoadedFile> {
    return this.#withSession(async (session) =>
      loadFile(request, signal, {
        store: this,
        session,
        exchangeFolder: exchangeFolderOf(this.#deps.folder),
        nowMicros: this.#deps.clock.nowMicros(),
      }),
    )
  }

  async #withSession<Result>(work: (session: DuckdbSession) => Promise<Result>): Promise<Result> {
    const session = this.#deps.openSession()
    try {
      return await work(session)
    } finally {
      await session.close()
    }
  }

  async fileBytes(): Promise<number> {
    return (await sizeOf(this.path)) + (await sizeOf(this.logPath))
  }

  get path(): string {
    return join(this.#deps.folder, madeFile)
  }

  get logPath(): string {
    return `${this.path}.wal`
  }

  /** After every commit: checkpoints in its own time when the log has grown. */
  noteCommit(): void {
    this.#checkpointing = this.#checkpointing.then(async () => {
      try {
        if ((await sizeOf(this.logPath)) > logBytesMax) await this.checkpoint()
      } catch (error) {
        const told = { error: cleanMessage(error, this.#deps.folder) }
        this.#deps.log.warn(
          told,
          'The log of made tables could not be written into their file; it is tried again later',
        )
      }
    })
  }

  /** Writes the log into the file. False: queries that began before hold it up; nothing is lost, a later one will do. */
  async checkpoint(): Promise<boolean> {
    return this.#still.hold(async () => this.turns.hold(async () => this.#checkpoint(), never), never)
  }

  async #checkpoint(): Promise<boolean> {
    try {
      await this.#deps.withLink(async (link) => link.api.run(`CHECKPOINT ${madeCatalogName}`))
      return true
    } catch (error) {
      if (isHeldUp(error)) return false
      throw error
    }
  }

  async holdStill(): Promise<StillFile> {
    await this.checkpoint()
    return { file: this.path, log: this.logPath, release: await this.#still.take(never) }
  }

  /** Waits while the file goes from one engine to the other. */
  async whenAttached<Result>(work: () => Promise<Result>): Promise<Result> {
    while (this.#handingOver !== undefined) await this.#handingOver
    return work()
  }

  /**
   * Takes the file from an engine and calls `attach`, which opens another one with it. Writers are waited for, and readers for a
   * while; who is still there then is interrupted.
   */
  async handOver(former: MadeHolder, attach: () => Promise<void>): Promise<void> {
    const done = Promise.withResolvers<void>()
    try {
      await this.#still.hold(async () => {
        await this.turns.hold(async () => {
          this.#handingOver = done.promise
          await former.readers.leaveMade(this.#grace(), replaced())
          await former.quiet()
          await former.loader.api.run(`DETACH ${madeCatalogName}`)
          await attach()
        }, never)
      }, never)
    } finally {
      this.#handingOver = undefined
      done.resolve()
    }
  }

  async #grace(): Promise<void> {
    await new Promise<void>((resolve) => {
      this.#deps.clock.schedule(resolve, handOverGraceMs)
    })
  }

  /** Nothing of a checkpoint is under way. */
  async idle(): Promise<void> {
    await this.#checkpointing
  }
}

function changeFailure(error: unknown): unknown {
  if (!(error instanceof MillpondError) || error.code !== 'query-invalid') return error
  const { message } = error
  if (/already exists/.test(message)) return new MillpondError('table-exists', message, { cause: error })
  if (/does not exist/.test(message)) return new MillpondError('table-unknown', message, { cause: error })
  return error
}

function ours(session: WarehouseSession): DuckdbSession {
  assert(session instanceof DuckdbSession, 'a session of this warehouse')
  return session
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch {
    return 0
  }
}
