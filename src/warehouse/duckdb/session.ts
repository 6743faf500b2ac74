// A connection of its own on which compiled statements run. Outside of a transaction every statement is one by itself: reading
// ones are read-only, so that no mistake of the compiler can write; writing ones wait for their turn.
//
//   free ──run──▶ reading ──rows read or closed──▶ free          begin ──▶ in a transaction ──commit, rollback──▶ free
//                    └─ cancelled: interrupted until idle ─▶ free    (after an error in it only rollback may help)
//
// When another engine takes the present one's place (a rebuild), a session moves to it as soon as nothing runs on it. Temporary
// tables of a person stay behind; inline tables and functions come along.
import { assert, messageOf, MillpondError } from '../../core/errors.ts'
import type {
  EngineFile,
  EngineStatement,
  InlineTable,
  ResultChunk,
  ResultRun,
  ScriptFunction,
  SessionOptions,
  StatementShape,
  WarehouseSession,
} from '../session.ts'
import { Calls, refuseAborted } from './calls.ts'
import { isFatal, isReadOnlyRefusal, sessionFailure } from './failures.ts'
import { writeExport } from './export-file.ts'
import { fillInlineTable } from './inline-tables.ts'
import type { Link } from './link.ts'
import { touchesMade } from './made-catalog.ts'
import type { Holder } from './readers.ts'
import type { Seat, SessionDeps } from './seat.ts'
import { beginSql, copySql, pgSettings, setKnownZone } from './session-sql.ts'
import { describeStatement, piecesOf, type Rows, runStatement, streamRows } from './statement.ts'
import { hasFailed, tellFailure } from './stream-end.ts'

interface Transaction {
  readonly mode: 'read-only' | 'read-write'
  readonly endTurn: () => void
  readonly onCommit: (() => void)[]
  readonly inlineTables: Set<string>
}

interface Running {
  readonly calls: Calls
  readonly link: Link
  readonly statement: EngineStatement
  readonly isAlone: boolean
  readonly signal: AbortSignal
}

interface OpenRun {
  close(): Promise<void>
}

const never = new AbortController().signal

export class DuckdbSession implements WarehouseSession, Holder {
  readonly #deps: SessionDeps
  readonly #options: SessionOptions
  readonly #stop = new AbortController()
  readonly #inlineTables = new Map<string, InlineTable>()
  readonly #functions = new Map<string, ScriptFunction>()
  #zone = 'UTC'
  #seat: (Seat & { readonly calls: Calls }) | undefined
  #transaction: Transaction | undefined
  #run: OpenRun | undefined
  #isBusy = false
  #isLeaving = false
  #closing: Promise<void> | undefined
  /** Ends what runs, but not the session. */
  #break = new AbortController()
  /** Why the open transaction was ended from outside; told until somebody ends it. */
  #lost: MillpondError | undefined
  /** Everything that may be in the engine. */
  readonly #pending = new Set<Promise<unknown>>()
  /** Until what has touched made ends. */
  #madeUse: PromiseWithResolvers<void> | undefined
  /** Inline tables that went with a transaction that was rolled back. */
  readonly #stale = new Set<string>()

  constructor(deps: SessionDeps, options: SessionOptions) {
    this.#deps = deps
    this.#options = options
  }

  async run(statement: EngineStatement, signal: AbortSignal): Promise<ResultRun> {
    return this.#work(async (calls, link) => {
      const both = this.#signals(signal)
      this.#noteMade(statement)
      const isAlone = this.#transaction === undefined
      if (isAlone) await calls.run(async () => link.api.run('BEGIN TRANSACTION READ ONLY'), both)
      try {
        const rows = await calls.run(async () => streamRows(link, statement), both)
        return this.#openRun(rows, { calls, link, statement, isAlone, signal: both })
      } catch (error) {
        if (isAlone) await this.#rollBack()
        throw error
      }
    })
  }

  #openRun(rows: Rows, running: Running): ResultRun {
    const { calls, link, isAlone, signal } = running
    let ending: Promise<void> | undefined
    const end = async (last: 'COMMIT' | 'ROLLBACK'): Promise<void> => {
      ending ??= (async () => {
        await calls.idle()
        signal.removeEventListener('abort', closeQuietly)
        // Also ends a stream that nobody read to its end; in somebody's transaction any other statement does that.
        await this.#quietly(async () => link.api.run(isAlone ? last : 'SELECT 1'))
        this.#run = undefined
        if (isAlone) this.#endMadeUse()
        this.#leaveIfFree()
      })()
      return ending
    }
    const closeQuietly = (): void => void end('ROLLBACK')
    signal.addEventListener('abort', closeQuietly)
    const run = { close: async () => end('ROLLBACK') }
    this.#run = run
    return { columns: rows.columns, chunks: this.#chunks(rows, running, end), close: run.close }
  }

  async *#chunks(
    { result, readers, isSelect }: Rows,
    running: Running,
    end: (last: 'COMMIT' | 'ROLLBACK') => Promise<void>,
  ): AsyncGenerator<ResultChunk> {
    const { signal } = running
    let last: 'COMMIT' | 'ROLLBACK' = 'ROLLBACK'
    try {
      for (;;) {
        const chunk = await running.calls.run(async () => result.fetchChunk(), signal)
        refuseAborted(signal)
        if (chunk === null || chunk.rowCount === 0) break
        for (const piece of piecesOf(chunk, readers)) {
          yield piece
          refuseAborted(signal)
        }
      }
      if (hasFailed(result)) await this.#tellWhy(running, isSelect)
      last = 'COMMIT'
    } catch (error) {
      throw sessionFailure(error, this.#deps.folder)
    } finally {
      await end(last)
    }
  }

  /** The transaction is lost with the statement, so the reason is asked for in another one. */
  async #tellWhy({ calls, link, statement, isAlone, signal }: Running, isSelect: boolean): Promise<void> {
    await this.#rollBack()
    if (!isAlone) this.#lost = new MillpondError('query-invalid', 'The transaction has failed: roll it back')
    this.#seat?.functions.beginStatement()
    await calls.run(async () => link.api.run('BEGIN TRANSACTION READ ONLY'), signal)
    try {
      await calls.run(async () => tellFailure(link, isSelect ? statement : undefined), signal)
    } finally {
      await this.#rollBack()
    }
  }

  async execute(statement: EngineStatement, signal: AbortSignal): Promise<number> {
    const both = this.#signals(signal)
    const isReading = await this.#work(async (calls, link) => {
      this.#noteMade(statement)
      if (this.#transaction !== undefined) return calls.run(async () => runStatement(link, statement), both)
      return this.#executeReading(statement, calls, link, both)
    })
    if (isReading !== undefined) return isReading
    return this.inWrite(async (link, calls) => calls.run(async () => runStatement(link, statement), both), both)
  }

  /** Temporary tables need nobody's turn: tried read-only first, which is refused before anything is done. */
  async #executeReading(
    statement: EngineStatement,
    calls: Calls,
    link: Link,
    signal: AbortSignal,
  ): Promise<number | undefined> {
    await calls.run(async () => link.api.run('BEGIN TRANSACTION READ ONLY'), signal)
    try {
      const changed = await calls.run(async () => runStatement(link, statement), signal)
      await link.api.run('COMMIT')
      return changed
    } catch (error) {
      await this.#rollBack()
      if (isReadOnlyRefusal(error)) return undefined
      throw error
    }
  }

  /** In the open read-write transaction, or in one of its own. `committed` comes when all of it is visible. */
  async inWrite<Result>(
    work: (link: Link, calls: Calls) => Promise<Result>,
    signal: AbortSignal,
    committed?: () => void,
  ): Promise<Result> {
    if (this.#transaction !== undefined) {
      if (this.#transaction.mode === 'read-only')
        throw new MillpondError('made-unwritable', 'The transaction is read-only')
      const result = await this.#work(async (calls, link) => work(link, calls))
      if (committed !== undefined) this.#transaction.onCommit.push(committed)
      return result
    }
    await this.begin('read-write', signal)
    try {
      const result = await this.#work(async (calls, link) => work(link, calls))
      if (committed !== undefined) this.onCommit(committed)
      await this.commit()
      return result
    } catch (error) {
      await this.rollback()
      throw error
    }
  }

  /** Calls at once without a transaction. */
  onCommit(task: () => void): void {
    if (this.#transaction === undefined) task()
    else this.#transaction.onCommit.push(task)
  }

  async describe(statement: EngineStatement, signal: AbortSignal): Promise<StatementShape> {
    const both = this.#signals(signal)
    return this.#work(async (calls, link) => {
      this.#noteMade(statement)
      return calls.run(async () => describeStatement(link, statement), both)
    })
  }

  async putInlineTable(table: InlineTable): Promise<void> {
    await this.#work(async (calls, link) => calls.run(async () => fillInlineTable(link, table), this.#stop.signal))
    this.#inlineTables.set(table.name, table)
    if (this.#transaction !== undefined) this.#transaction.inlineTables.add(table.name)
  }

  putFunction(definition: ScriptFunction): void {
    this.#functions.set(definition.id, definition)
    this.#seat?.functions.put(definition)
  }

  async setTimeZone(zone: string): Promise<void> {
    if (zone === this.#zone) return
    this.#zone = await this.#work(async (calls, link) =>
      calls.run(async () => setKnownZone(link, zone), this.#stop.signal),
    )
  }

  async exportRows(
    statement: EngineStatement,
    format: 'parquet' | 'csv' | 'json',
    signal: AbortSignal,
    onBytes: (bytes: number) => Promise<void>,
  ): Promise<EngineFile> {
    const { exchangeFolder: folder, clock } = this.#deps
    return writeExport({ folder, format, clock, signal, onBytes }, async (path, both) =>
      this.execute({ ...statement, sql: copySql(statement.sql, path, format) }, both),
    )
  }

  async begin(mode: 'read-only' | 'read-write', signal: AbortSignal): Promise<void> {
    assert(this.#transaction === undefined, 'one transaction at a time')
    const both = this.#signals(signal)
    const endTurn = mode === 'read-write' ? await this.#deps.takeTurn(both) : () => undefined
    try {
      await this.#work(async (calls, link) => calls.run(async () => link.api.run(beginSql[mode]), both))
      this.#transaction = { mode, endTurn, onCommit: [], inlineTables: new Set() }
      this.#lost = undefined
    } catch (error) {
      await this.#rollBack()
      endTurn()
      throw error
    }
  }

  async commit(): Promise<void> {
    const transaction = this.#transaction
    if (transaction === undefined) throw this.#noTransaction()
    try {
      await this.#work(async (calls, link) => calls.run(async () => link.api.run('COMMIT'), never))
      for (const task of transaction.onCommit) task()
    } catch (error) {
      await this.#rollBack()
      throw error
    } finally {
      this.#lost = undefined
      this.#endTransaction(transaction)
    }
  }

  /** Fine without a transaction. */
  async rollback(): Promise<void> {
    this.#lost = undefined
    const transaction = this.#transaction
    if (transaction === undefined) return
    try {
      await this.#run?.close()
      await this.#rollBack()
      for (const name of transaction.inlineTables) this.#stale.add(name)
    } finally {
      this.#endTransaction(transaction)
    }
  }

  #endTransaction(transaction: Transaction): void {
    if (this.#transaction !== transaction) return
    this.#transaction = undefined
    transaction.endTurn()
    this.#endMadeUse()
    this.#leaveIfFree()
  }

  #noTransaction(): MillpondError {
    const lost = this.#lost
    this.#lost = undefined
    return lost ?? new MillpondError('query-invalid', 'No transaction is open')
  }

  async close(): Promise<void> {
    this.#stop.abort()
    this.#closing ??= this.#giveBack()
    return this.#closing
  }

  /** The open one, to remember things by. */
  get transaction(): object | undefined {
    return this.#transaction
  }

  /** Aborted when the session is closed. */
  get signal(): AbortSignal {
    return this.#stop.signal
  }

  get madeUse(): Promise<void> | undefined {
    return this.#madeUse?.promise
  }

  /** Ends what runs and the transaction that is open; the session lives on. `reason` is told to whoever goes on with that. */
  async interrupt(reason: MillpondError): Promise<void> {
    const hadTransaction = this.#transaction !== undefined
    this.#break.abort()
    this.#break = new AbortController()
    await this.#idle()
    await this.#run?.close()
    await this.rollback()
    if (hadTransaction) this.#lost = reason
  }

  async #giveBack(): Promise<void> {
    await this.#idle()
    await this.#run?.close()
    await this.rollback()
    await this.#idle()
    this.#leaveSeat()
  }

  async #idle(): Promise<void> {
    while (this.#pending.size > 0) await Promise.allSettled(this.#pending)
  }

  async #track<Result>(work: () => Promise<Result>): Promise<Result> {
    const promise = work()
    this.#pending.add(promise)
    try {
      return await promise
    } finally {
      this.#pending.delete(promise)
    }
  }

  #signals(signal: AbortSignal): AbortSignal {
    return AbortSignal.any([signal, this.#stop.signal, this.#break.signal])
  }

  #noteMade({ sql }: EngineStatement): void {
    if (!touchesMade(sql)) return
    if (this.#isLeaving) {
      const message = 'The tables were made again while the transaction was open: roll it back, and begin anew'
      throw new MillpondError('query-cancelled', message)
    }
    this.#madeUse ??= Promise.withResolvers()
  }

  #endMadeUse(): void {
    this.#madeUse?.resolve()
    this.#madeUse = undefined
  }

  leave(): void {
    this.#isLeaving = true
    this.#leaveIfFree()
  }

  #leaveIfFree(): void {
    if (this.#isLeaving && !this.#isBusy && this.#run === undefined && this.#transaction === undefined)
      this.#leaveSeat()
  }

  #leaveSeat(): void {
    const seat = this.#seat
    this.#seat = undefined
    this.#isLeaving = false
    seat?.functions.end()
    seat?.release()
  }

  /** One call at a time, on the present engine. Errors are told in our codes. */
  async #work<Result>(work: (calls: Calls, link: Link) => Promise<Result>): Promise<Result> {
    if (this.#stop.signal.aborted) throw new MillpondError('query-cancelled', 'The session is closed')
    if (this.#lost !== undefined) throw this.#lost
    assert(!this.#isBusy && this.#run === undefined, 'one statement at a time: read or close the former first')
    this.#isBusy = true
    try {
      return await this.#track(async () => {
        this.#seat ??= await this.#sitDown()
        const { calls, link, functions } = this.#seat
        await this.#freshen(link)
        functions.beginStatement()
        return work(calls, link)
      })
    } catch (error) {
      const failure = sessionFailure(error, this.#deps.folder)
      if (isFatal(error)) this.#deps.onFatal(failure)
      throw failure
    } finally {
      this.#isBusy = false
      if (this.#run === undefined && this.#transaction === undefined) this.#endMadeUse()
      this.#leaveIfFree()
    }
  }

  async #freshen(link: Link): Promise<void> {
    for (const name of this.#stale) {
      const table = this.#inlineTables.get(name)
      if (table !== undefined) await fillInlineTable(link, table)
      this.#stale.delete(name)
    }
  }

  async #sitDown(): Promise<Seat & { readonly calls: Calls }> {
    const seat = await this.#deps.connect(this)
    try {
      const calls = new Calls(seat.link, this.#deps.clock)
      if (this.#options.semantics === 'pg') for (const sql of pgSettings) await seat.link.api.run(sql)
      if (this.#zone !== 'UTC') await setKnownZone(seat.link, this.#zone)
      for (const table of this.#inlineTables.values()) await fillInlineTable(seat.link, table)
      for (const definition of this.#functions.values()) seat.functions.put(definition)
      return { ...seat, calls }
    } catch (error) {
      seat.release()
      throw error
    }
  }

  async #rollBack(): Promise<void> {
    await this.#quietly(async () => this.#seat?.link.api.run('ROLLBACK'))
  }

  async #quietly(work: () => Promise<unknown>): Promise<void> {
    try {
      await this.#track(work)
    } catch (error) {
      this.#deps.log.debug({ error: messageOf(error) }, 'A session had no transaction left')
    }
  }
}
