// Runs a script, or a single statement that isn't a query, as a job: the interpreter of sql/script over one session of the engine.
// Statements of a script are child jobs; the rows of the last query are the script's own.
import { assert, MillpondError } from '../core/errors.ts'
import { runScript } from '../sql/script/interpreter.ts'
import type {
  Bindings,
  CompiledStatement,
  DdlChange,
  ScriptHost,
  StatementPlace,
  TableChange,
} from '../sql/script/host.ts'
import type { CompiledQuery } from '../sql/lower/compile.ts'
import type { SqlCatalog } from '../sql/catalog.ts'
import type { SqlType } from '../sql/types.ts'
import type { WarehouseSession } from '../warehouse/session.ts'
import type { JobStatistics, ParameterValue, StatementType, TableReference } from './contract.ts'
import { parameterValue } from './encode/parameter-value.ts'
import type { LiveJob } from './jobs/live-job.ts'
import type { CallerView, PreparedScript } from './prepare.ts'
import { type CompiledContext, prepareCompiled, tableUses, useContextOf } from './prepare-compiled.ts'
import type { TableUse } from './prepared.ts'
import type { Road, SessionPlace } from './query.ts'
import { refuseExpensive, runRowsJob } from './rows-job.ts'
import { inTurn } from './run-rows.ts'
import { scriptFunction } from './routines.ts'
import { applyDdl, madeIn } from './script/apply-ddl.ts'
import { inBigqueryWords } from './script/constraint.ts'
import { withDestination } from './script/destination.ts'
import { ScriptTransaction } from './script/transaction.ts'
import { emptyStatistics } from './jobs/empty-statistics.ts'

type ReadBytes = Pick<JobStatistics, 'bytesProcessed' | 'bytesBilled'>

export async function runScriptJob(
  road: Road,
  job: LiveJob,
  prepared: PreparedScript,
  place: SessionPlace | undefined,
): Promise<void> {
  const session = place?.session ?? (await road.deps.driver.openSession({ semantics: 'plain' }))
  const host = new SessionHost(road, job, session, prepared, place?.isInTransaction === true)
  try {
    const { text, script } = prepared
    const parameters = (job.request.parameters ?? []).map(({ name, type, value }) => ({ name, type, value }))
    await host.putSavedFunctions()
    const statements = await withDestination(job.request, script, host)
    await runScript(host, { text, statements, parameters })
    await host.end()
  } catch (error) {
    await host.rollBack()
    throw job.fail(error, host.statistics())
  } finally {
    if (place === undefined) await session.close()
  }
}

/** In the words of BigQuery. */
const lastingDdl =
  'DDL statements are not supported in a transaction, except for those creating or dropping temporary tables or temporary functions'

export class SessionHost implements ScriptHost {
  readonly sessionUser: string
  readonly #road: Road
  readonly #job: LiveJob
  readonly #session: WarehouseSession
  readonly #prepared: PreparedScript
  #view: CallerView | undefined
  readonly #transaction: ScriptTransaction
  #lastRows: LiveJob | undefined
  #affectedRows: number | undefined
  #read: ReadBytes = { bytesProcessed: 0, bytesBilled: 0 }
  #ddlTarget: TableReference | undefined
  #changed: 'insert' | 'update' | 'delete' | undefined

  constructor(road: Road, job: LiveJob, session: WarehouseSession, prepared: PreparedScript, isInside: boolean) {
    this.#transaction = new ScriptTransaction(session, job.signal, isInside)
    this.#road = road
    this.#job = job
    this.#session = session
    this.#prepared = prepared
    this.sessionUser = job.request.principal.handle
  }

  get #isScript(): boolean {
    return this.#prepared.statementType === 'SCRIPT'
  }

  check(): void {
    const { stopReason } = this.#job
    if (stopReason !== undefined) throw stopReason
  }

  async catalog(): Promise<SqlCatalog> {
    return this.#transaction.catalogIn((await this.#caller()).catalog)
  }

  /** With the rights of the moment: a script may run for long. */
  async #caller(): Promise<CallerView> {
    const { preparer } = this.#road.deps
    const { principal, defaultDataset } = this.#job.request
    if (this.#view?.access !== preparer.accessOf(principal)) this.#view = undefined
    this.#view ??= preparer.viewOf(principal, defaultDataset, await preparer.deps.directory.read({ isFresh: true }))
    return this.#view
  }

  async select(place: StatementPlace, compiled: CompiledQuery, bindings: Bindings): Promise<void> {
    const context = await this.#compiledContext()
    const prepared = prepareCompiled(compiled, { sql: compiled.sql, parameters: bindings }, context)
    const child = this.#child(place)
    child.keepsRows = true
    const { policySetId } = (await this.#caller()).access
    await this.#asChild(child, async () => {
      await runRowsJob(this.#road.rowsDeps, { job: child, prepared, policySetId, session: this.#session })
    })
    const { statistics } = child.info()
    if (statistics !== undefined) this.#count(statistics)
    this.#lastRows = child
  }

  async #compiledContext(): Promise<CompiledContext> {
    const { catalog } = await this.#caller()
    const nowMicros = this.#road.deps.clock.nowMicros()
    return { text: this.#prepared.text, ...useContextOf(catalog, nowMicros, this.#job.request.parameters) }
  }

  /** The statement's own job; of a single statement the job itself stands for it. */
  #child(place: StatementPlace): LiveJob {
    const child = this.#road.addChild(this.#job, place.text)
    child.begin(() => undefined, this.#road.settings.queryTimeoutMs)
    return child
  }

  async #asChild<Result>(child: LiveJob, work: () => Promise<Result>): Promise<Result> {
    try {
      return await work()
    } catch (error) {
      throw child.fail(error)
    }
  }

  async rows(
    { sql, bindings, reads }: CompiledStatement,
    types: readonly SqlType[],
    rowsMax: number,
  ): Promise<ParameterValue[][]> {
    await this.#guard(await this.#uses(reads))
    const { signal, request } = this.#job
    const computing = this.#road.rowsDeps.computing
    const run = await inTurn(computing, request.principal.id, signal, async () =>
      this.#session.run({ sql, parameters: bindings }, signal),
    )
    const rows: ParameterValue[][] = []
    for await (const { rowCount, columns } of run.chunks) {
      for (let row = 0; row < rowCount; row += 1) {
        if (rows.length >= rowsMax)
          throw new MillpondError('query-invalid', `A query inside the script gives more than ${rowsMax} rows`)
        rows.push(types.map((type, index) => parameterValue(columns[index]?.[row] ?? null, type)))
      }
    }
    return rows
  }

  async change(place: StatementPlace, change: TableChange): Promise<number> {
    const { dataset, table, kind, steps, bindings, reads } = change
    let rows = 0
    await this.#step(place, reads, async () => {
      await this.#transaction.write(async () => {
        for (const { sql, counts } of steps) {
          const changed = await this.#execute({ sql, bindings })
          if (counts) rows += changed
        }
        if (dataset !== 'temp') this.#road.deps.driver.made.touch(this.#session, dataset, table)
      })
      this.#changed = kind === 'insert' || kind === 'update' || kind === 'delete' ? kind : undefined
      this.#affectedRows = rows
      return { affectedRows: rows }
    })
    return rows
  }

  /** SqlError, when a partition filter is required and missing. */
  async #uses(reads: CompiledStatement['reads']): Promise<readonly TableUse[]> {
    return reads.length === 0 ? [] : tableUses(reads, await this.#compiledContext())
  }

  /** Whatever the engine reads comes by here first, and counts to the job and to the person. */
  async #guard(uses: readonly TableUse[]): Promise<ReadBytes> {
    const { cost } = this.#road.deps
    const estimate = await cost.estimate(uses)
    refuseExpensive(this.#road.rowsDeps, this.#job, estimate)
    cost.spend(this.sessionUser, estimate.billedBytes)
    return this.#count({ bytesProcessed: estimate.bytes, bytesBilled: estimate.billedBytes })
  }

  #count(read: ReadBytes): ReadBytes {
    this.#read = {
      bytesProcessed: this.#read.bytesProcessed + read.bytesProcessed,
      bytesBilled: this.#read.bytesBilled + read.bytesBilled,
    }
    return read
  }

  async #execute({ sql, bindings }: Omit<CompiledStatement, 'reads'>): Promise<number> {
    const { signal, request } = this.#job
    const { computing } = this.#road.rowsDeps
    return inTurn(computing, request.principal.id, signal, async () =>
      inBigqueryWords(this.#session.execute({ sql, parameters: bindings }, signal)),
    )
  }

  /** A statement without rows: a child job within a script. `work` tells what it did. */
  async #step(
    place: StatementPlace,
    reads: CompiledStatement['reads'],
    work: () => Promise<Partial<JobStatistics>>,
  ): Promise<void> {
    const uses = await this.#uses(reads)
    const guarded = async (): Promise<Partial<JobStatistics>> => ({ ...(await this.#guard(uses)), ...(await work()) })
    if (!this.#isScript) {
      await guarded()
      return
    }
    const child = this.#child(place)
    const told = await this.#asChild(child, guarded)
    child.finish({ ...emptyStatistics(place.statementType as StatementType), ...told })
  }

  async ddl(place: StatementPlace, change: DdlChange): Promise<void> {
    if (this.#transaction.isBegun) throw new MillpondError('query-invalid', lastingDdl)
    const { driver, clock, preparer } = this.#road.deps
    const reads = change.kind === 'create-table' ? (change.rows?.reads ?? []) : []
    await this.#step(place, reads, async () => {
      await this.#transaction.write(async () => {
        this.#view = undefined
        const deps = {
          made: madeIn(driver.made, this.#session),
          catalog: (await this.#caller()).catalog,
          keepsShape: this.#job.request.destination !== undefined,
          nowMicros: clock.nowMicros(),
          execute: async (sql: string, bindings: Bindings) => this.#execute({ sql, bindings }),
          isSource: preparer.deps.isSource,
        }
        await applyDdl(deps, change)
      })
      return {}
    })
    if ('table' in change) this.#ddlTarget = { dataset: change.dataset, table: change.table }
    this.#view = undefined
  }

  async execute(place: StatementPlace, steps: readonly CompiledStatement[]): Promise<void> {
    this.#transaction.refuseLost()
    const reads = steps.flatMap((step) => step.reads)
    await this.#step(place, reads, async () => {
      for (const step of steps) await this.#execute(step)
      return {}
    })
  }

  async transaction(what: 'begin' | 'commit' | 'rollback'): Promise<void> {
    if (what === 'begin') return this.#transaction.begin()
    if (what === 'rollback') await this.#transaction.rollBack()
    else await this.#transaction.commit(async () => this.#mark())
    this.#view = undefined
  }

  /** Says in the transaction itself that it happened. */
  async #mark(): Promise<void> {
    const { mark } = this.#job.request
    if (mark !== undefined) await this.#road.deps.driver.made.mark(this.#session, mark)
  }

  async caught(error: unknown): Promise<boolean> {
    return this.#transaction.caught(error)
  }

  async rollBack(): Promise<void> {
    await this.#transaction.end()
  }

  /** Any statement of the script may call them. */
  async putSavedFunctions(): Promise<void> {
    const { catalog } = await this.#caller()
    for (const routine of this.#road.deps.driver.made.catalog().routines) {
      const found = catalog.routine(routine.dataset, routine.name)
      const definition = found === undefined ? undefined : scriptFunction(found)
      if (definition !== undefined) this.#session.putFunction(definition)
    }
  }

  putFunction(definition: Parameters<WarehouseSession['putFunction']>[0]): void {
    this.#session.putFunction(definition)
  }

  async end(): Promise<void> {
    await this.rollBack()
    const last = this.#lastRows
    if (last !== undefined) {
      const { rowsKey } = last
      assert(rowsKey !== undefined, 'a query of a script keeps its rows')
      this.#job.rowsKey = rowsKey
      const { columns } = await last.result()
      this.#job.answer({ columns, chunks: this.#road.deps.results.read(rowsKey), close: async () => {} })
    }
    this.#job.finish(this.statistics())
  }

  /** As far as it has come. */
  statistics(): JobStatistics {
    const affectedRows = this.#affectedRows
    const last = this.#lastRows?.info().statistics
    return {
      ...emptyStatistics(this.#prepared.statementType),
      insertedRows: this.#changed === 'insert' ? affectedRows : undefined,
      updatedRows: this.#changed === 'update' ? affectedRows : undefined,
      deletedRows: this.#changed === 'delete' ? affectedRows : undefined,
      ...this.#read,
      rows: last?.rows ?? 0,
      affectedRows: this.#isScript ? undefined : affectedRows,
      ddlTarget: this.#ddlTarget,
      referencedTables: last?.referencedTables ?? [],
    }
  }
}
