// Runs a script, or a single statement that isn't a query, as a job: the interpreter of sql/script over one session of the engine.
// Statements of a script are child jobs; the rows of the last query are the script's own.
import { MillpondError } from '../core/errors.ts'
import { runScript } from '../sql/script/interpreter.ts'
import type { Bindings, DdlChange, ScriptHost, StatementPlace, TableChange } from '../sql/script/host.ts'
import type { CompiledQuery } from '../sql/lower/compile.ts'
import type { SqlType } from '../sql/types.ts'
import type { WarehouseSession } from '../warehouse/session.ts'
import type { CallerCatalog } from './catalog/visible.ts'
import type { JobStatistics, ParameterValue, StatementType, TableReference } from './contract.ts'
import { parameterValue } from './encode/parameter-value.ts'
import type { LiveJob } from './jobs/live-job.ts'
import { type CallerView, located, type PreparedScript } from './prepare.ts'
import { type CompiledContext, prepareCompiled, tableUses } from './prepare-compiled.ts'
import type { Road, SessionPlace } from './query.ts'
import { refuseExpensive, runRowsJob } from './rows-job.ts'
import { inTurn } from './run-rows.ts'
import { scriptFunction } from './routines.ts'
import { applyDdl } from './script/apply-ddl.ts'
import { inBigqueryWords } from './script/constraint.ts'
import { withDestination } from './script/destination.ts'
import { emptyStatistics } from './jobs/empty-statistics.ts'

export async function runScriptJob(
  road: Road,
  job: LiveJob,
  prepared: PreparedScript & { readonly policySetId: string },
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
    throw error
  } finally {
    if (place === undefined) await session.close()
  }
}

export class SessionHost implements ScriptHost {
  readonly sessionUser: string
  readonly #road: Road
  readonly #job: LiveJob
  readonly #session: WarehouseSession
  readonly #prepared: PreparedScript & { readonly policySetId: string }
  #view: CallerView | undefined
  #isInTransaction: boolean
  /** The transaction is the conversation's: it ends it. */
  readonly #isInside: boolean
  #lastRows: LiveJob | undefined
  #affectedRows: number | undefined
  #bytes = { processed: 0, billed: 0 }
  #ddlTarget: TableReference | undefined
  #changed: 'insert' | 'update' | 'delete' | undefined

  constructor(
    road: Road,
    job: LiveJob,
    session: WarehouseSession,
    prepared: PreparedScript & { readonly policySetId: string },
    isInside: boolean,
  ) {
    this.#isInside = isInside
    this.#isInTransaction = isInside
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

  async catalog(): Promise<CallerCatalog> {
    return (await this.#caller()).catalog
  }

  async #caller(): Promise<CallerView> {
    const { preparer } = this.#road.deps
    const { principal, defaultDataset } = this.#job.request
    this.#view ??= preparer.viewOf(principal, defaultDataset, await preparer.deps.directory.read({ isFresh: true }))
    return this.#view
  }

  async select(place: StatementPlace, compiled: CompiledQuery, bindings: Bindings): Promise<void> {
    const context = await this.#compiledContext()
    const prepared = prepareCompiled(compiled, { sql: compiled.sql, parameters: bindings }, context)
    const child = this.#child(place)
    child.keepsRows = true
    const { policySetId } = this.#prepared
    await this.#asChild(child, async () => {
      await runRowsJob(this.#road.rowsDeps, { job: child, prepared, policySetId, session: this.#session })
    })
    const { statistics } = child.info()
    this.#bytes.processed += statistics?.bytesProcessed ?? 0
    this.#bytes.billed += statistics?.bytesBilled ?? 0
    this.#lastRows = child
  }

  async #compiledContext(): Promise<CompiledContext> {
    const { catalog } = await this.#caller()
    return {
      text: this.#prepared.text,
      nowMicros: this.#road.deps.clock.nowMicros(),
      partitioning: (dataset, table) => catalog.table(dataset, table)?.partitioning,
      parameters: this.#job.request.parameters ?? [],
    }
  }

  /** The statement's own job; of a single statement the job itself stands for it. */
  #child(place: StatementPlace): LiveJob {
    const child = this.#road.addChild(this.#job, place.text)
    child.begin(() => undefined, this.#road.settings.queryTimeoutMs)
    return child
  }

  async #asChild(child: LiveJob, work: () => Promise<void>): Promise<void> {
    try {
      await work()
    } catch (error) {
      throw child.fail(error)
    }
  }

  async rows(sql: string, bindings: Bindings, types: readonly SqlType[], rowsMax: number): Promise<ParameterValue[][]> {
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

  async change(place: StatementPlace, target: TableChange, bindings: Bindings): Promise<number> {
    const { dataset, table, kind, steps, reads } = target
    await this.#guard(reads)
    let rows = 0
    await this.#step(place, async (statement) => {
      await this.#inTransaction(async () => {
        for (const { sql, counts } of steps) {
          const changed = await this.#execute(sql, bindings)
          if (counts) rows += changed
        }
        if (dataset !== 'temp') this.#road.deps.driver.made.touch(this.#session, dataset, table)
      })
      this.#changed = kind === 'insert' || kind === 'update' || kind === 'delete' ? kind : undefined
      this.#affectedRows = rows
      statement({ affectedRows: rows })
    })
    return rows
  }

  async #guard(reads: CompiledQuery['facts']['tables']): Promise<void> {
    const context = await this.#compiledContext()
    const uses = located(context.text, () => tableUses(reads, context))
    const { cost } = this.#road.deps
    const estimate = await cost.estimate(uses)
    refuseExpensive(this.#road.rowsDeps, this.#job, estimate)
    cost.spend(this.sessionUser, estimate.billedBytes)
    this.#bytes.processed += estimate.bytes
    this.#bytes.billed += estimate.billedBytes
  }

  async #execute(sql: string, bindings: Bindings): Promise<number> {
    const { signal, request } = this.#job
    const { computing } = this.#road.rowsDeps
    return inTurn(computing, request.principal.id, signal, async () =>
      inBigqueryWords(this.#session.execute({ sql, parameters: bindings }, signal)),
    )
  }

  async #inTransaction(work: () => Promise<void>): Promise<void> {
    if (this.#isInTransaction) return work()
    await this.#session.begin('read-write')
    try {
      await work()
      await this.#session.commit()
    } catch (error) {
      await this.#session.rollback()
      throw error
    }
  }

  /** A statement without rows: a child job within a script. */
  async #step(
    place: StatementPlace,
    work: (tell: (more: Partial<JobStatistics>) => void) => Promise<void>,
  ): Promise<void> {
    let more: Partial<JobStatistics> = {}
    const tell = (told: Partial<JobStatistics>): void => {
      more = told
    }
    if (!this.#isScript) return work(tell)
    const child = this.#child(place)
    await this.#asChild(child, async () => work(tell))
    child.finish({ ...emptyStatistics(place.statementType as StatementType), ...more })
  }

  async ddl(place: StatementPlace, change: DdlChange): Promise<void> {
    const { driver, clock, preparer } = this.#road.deps
    const { catalog } = await this.#caller()
    if (change.kind === 'create-table' && change.rows !== undefined) await this.#guard(change.rows.reads)
    await this.#step(place, async () => {
      await applyDdl(
        {
          made: driver.made,
          session: this.#session,
          catalog,
          nowMicros: clock.nowMicros(),
          signal: this.#job.signal,
          isInTransaction: this.#isInTransaction,
          isSource: preparer.deps.isSource,
        },
        change,
      )
    })
    if ('table' in change) this.#ddlTarget = { dataset: change.dataset, table: change.table }
    this.#view = undefined
  }

  async execute(place: StatementPlace, sql: string, bindings: Bindings): Promise<void> {
    await this.#step(place, async () => {
      await this.#execute(sql, bindings)
    })
  }

  async transaction(what: 'begin' | 'commit' | 'rollback'): Promise<void> {
    if (this.#isInside) throw new MillpondError('query-invalid', 'The transaction is ended where it was begun')
    if (what === 'begin') {
      if (this.#isInTransaction)
        throw new MillpondError('query-invalid', 'A transaction is open already: COMMIT or ROLLBACK it first')
      await this.#session.begin('read-write')
      this.#isInTransaction = true
      return
    }
    if (!this.#isInTransaction)
      throw new MillpondError(
        'query-invalid',
        `There is no transaction to ${what === 'commit' ? 'commit' : 'roll back'}`,
      )
    this.#isInTransaction = false
    await (what === 'commit' ? this.#session.commit() : this.#session.rollback())
    this.#view = undefined
  }

  async rollBack(): Promise<void> {
    if (!this.#isInTransaction || this.#isInside) return
    this.#isInTransaction = false
    await this.#session.rollback()
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

  /** A transaction that nobody committed is rolled back, as BigQuery does. */
  async end(): Promise<void> {
    await this.rollBack()
    const last = this.#lastRows
    if (last !== undefined) {
      this.#job.rowsKey = last.rowsKey
      const { columns } = await last.result()
      const chunks = this.#road.deps.results.read(last.rowsKey ?? '')
      this.#job.answer({ columns, chunks, close: async () => {} })
    }
    const affectedRows = this.#affectedRows
    this.#job.finish({
      ...emptyStatistics(this.#prepared.statementType),
      insertedRows: this.#changed === 'insert' ? affectedRows : undefined,
      updatedRows: this.#changed === 'update' ? affectedRows : undefined,
      deletedRows: this.#changed === 'delete' ? affectedRows : undefined,
      bytesProcessed: this.#bytes.processed,
      bytesBilled: this.#bytes.billed,
      rows: last?.info().statistics?.rows ?? 0,
      affectedRows: this.#isScript ? undefined : affectedRows,
      ddlTarget: this.#ddlTarget,
      referencedTables: last?.info().statistics?.referencedTables ?? [],
    })
  }
}
