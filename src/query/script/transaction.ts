// The transaction of a script. BigQuery lets a handler go on with one after an error; the engine loses everything that was written
// in it with most errors of its own, and says so only then. So it is rolled back before the handler runs, and named from then on:
//
//   none ──BEGIN──▶ open ──COMMIT, ROLLBACK──▶ none
//                    └──handled, and the engine has lost it──▶ lost ──ROLLBACK──▶ none
import { messageOf, MillpondError } from '../../core/errors.ts'
import type { SqlCatalog } from '../../sql/catalog.ts'
import type { WarehouseSession } from '../../warehouse/session.ts'
import { inWriting } from '../writing.ts'

export class ScriptTransaction {
  readonly #session: WarehouseSession
  readonly #signal: AbortSignal
  /** It is the conversation's, which ends it. */
  readonly #isInside: boolean
  #isOpen: boolean
  /** A change of several steps broke off: what it did must not be kept. */
  #isTorn = false
  #lost: MillpondError | undefined

  constructor(session: WarehouseSession, signal: AbortSignal, isInside: boolean) {
    this.#session = session
    this.#signal = signal
    this.#isInside = isInside
    this.#isOpen = isInside
  }

  /** From its BEGIN to its end, lost or not. */
  get isBegun(): boolean {
    return this.#isOpen || this.#lost !== undefined
  }

  async begin(): Promise<void> {
    this.#demandOwn()
    if (this.isBegun)
      throw new MillpondError('query-invalid', 'A transaction is open already: COMMIT or ROLLBACK it first')
    await this.#session.begin('read-write', this.#signal)
    this.#isTorn = false
    this.#isOpen = true
  }

  /** `lastWork` belongs to the transaction. Error too: query-unsupported, of one that is lost. */
  async commit(lastWork: () => Promise<void>): Promise<void> {
    this.#demandOwn()
    this.refuseLost()
    if (!this.#isOpen) throw new MillpondError('query-invalid', 'There is no transaction to commit')
    await lastWork()
    this.#isOpen = false
    await this.#session.commit()
  }

  async rollBack(): Promise<void> {
    this.#demandOwn()
    if (!this.isBegun) throw new MillpondError('query-invalid', 'There is no transaction to roll back')
    await this.end()
  }

  #demandOwn(): void {
    if (this.#isInside) throw new MillpondError('query-invalid', 'The transaction is ended where it was begun')
  }

  /** Of a script that ends: what nobody committed is rolled back, as BigQuery does. */
  async end(): Promise<void> {
    this.#lost = undefined
    if (!this.#isOpen || this.#isInside) return
    this.#isOpen = false
    await this.#session.rollback()
  }

  /** In the open one, or in one of the statement's own. */
  async write(work: () => Promise<void>): Promise<void> {
    this.refuseLost()
    try {
      await inWriting({ session: this.#session, isInTransaction: this.#isOpen }, this.#signal, work)
    } catch (error) {
      this.#isTorn = this.#isOpen
      throw error
    }
  }

  /** A handler is about to run. Resolves with whether the transaction is lost. Error: `error`, if others must hear of it. */
  async caught(error: unknown): Promise<boolean> {
    if (!this.#isOpen || (!this.#isTorn && (await this.#isAlive()))) return false
    if (this.#isInside) throw error
    await this.end()
    this.#lost = new MillpondError(
      'query-unsupported',
      `Going on with a transaction after this error is not supported locally, and nothing of it is kept: ROLLBACK TRANSACTION ends it. The error: ${messageOf(error)}`,
    )
    return true
  }

  async #isAlive(): Promise<boolean> {
    try {
      await this.#session.execute({ sql: 'SELECT 1' }, this.#signal)
      return true
    } catch {
      // The engine says no more than that it is aborted.
      return false
    }
  }

  refuseLost(): void {
    if (this.#lost !== undefined) throw this.#lost
  }

  /** In a lost one no table is read: it would lack what the script has written. */
  catalogIn(catalog: SqlCatalog): SqlCatalog {
    const lost = this.#lost
    if (lost === undefined) return catalog
    const refuse = (): never => {
      throw lost
    }
    return {
      project: catalog.project,
      // A bare name may be that of a temp table.
      defaultDataset: catalog.defaultDataset ?? '',
      table: refuse,
      tableNames: refuse,
      datasetNames: () => catalog.datasetNames(),
      routine: (dataset, name) => catalog.routine(dataset, name),
      informationSchema: refuse,
    }
  }
}
