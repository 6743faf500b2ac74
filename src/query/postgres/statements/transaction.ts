// The transaction of a session as Postgres tells it, over an engine that begins one only when a statement needs it.
//
//   idle ──BEGIN──▶ block ──error──▶ failed
//    │ ▲              │ COMMIT          │ COMMIT, ROLLBACK
//    │ └──────────────┴─────────────────┘
//    └──several statements at once──▶ implicit ──end──▶ idle
import type { QuerySession } from '../../contract.ts'
import { PgError, states } from '../sqlstate.ts'
import type { TransactionLetter } from '../wire/messages.ts'

type State = 'idle' | 'implicit' | 'block' | 'failed'

interface Savepoint {
  readonly name: string
  readonly writes: number
}

const savepointsMax = 10_000

export class Transaction {
  readonly #session: Pick<QuerySession, 'begin' | 'commit' | 'rollback'>
  #state: State = 'idle'
  #isReadOnly = false
  /** What the engine has open. One that may write keeps all others from writing: it begins with the first change. */
  #begun: 'no' | 'read-only' | 'read-write' = 'no'
  #isOneSnapshot = false
  #writes = 0
  #savepoints: Savepoint[] = []

  constructor(session: Pick<QuerySession, 'begin' | 'commit' | 'rollback'>) {
    this.#session = session
  }

  get state(): State {
    return this.#state
  }

  get letter(): TransactionLetter {
    if (this.#state === 'failed') return 'E'
    return this.#state === 'block' ? 'T' : 'I'
  }

  get isOpen(): boolean {
    return this.#state !== 'idle'
  }

  get isReadOnly(): boolean {
    return this.#isReadOnly
  }

  /** undefined: it was open already. */
  start(kind: 'implicit' | 'block', isReadOnly: boolean): void {
    if (this.#state === 'idle') this.#isReadOnly = isReadOnly
    this.#state = kind
  }

  setReadOnly(isReadOnly: boolean): void {
    if (this.#begun !== 'no' && this.#isReadOnly !== isReadOnly) {
      throw new PgError(states.activeTransaction, 'SET TRANSACTION must be called before any query')
    }
    this.#isReadOnly = isReadOnly
  }

  /** Others wait until it has ended. */
  get isWriting(): boolean {
    return this.#begun === 'read-write'
  }

  /** REPEATABLE READ, SERIALIZABLE: what was read must hold to the end. */
  setOneSnapshot(isOneSnapshot: boolean): void {
    this.#isOneSnapshot = isOneSnapshot
  }

  /** Before a statement of the engine, which may wait as it may. `command`: of one that changes tables of datasets. */
  async ready(command: string | undefined, signal: AbortSignal, timeoutMs: number | undefined): Promise<void> {
    if (this.#isReadOnly && command !== undefined && this.#state !== 'idle')
      throw new PgError(states.readOnlyTransaction, `cannot execute ${command} in a read-only transaction`)
    if (this.#state === 'idle' || this.#begun === 'read-write') return
    if (command === undefined && this.#begun === 'read-only') return
    if (this.#begun === 'read-only') await this.#endReading()
    const mode = command === undefined ? 'read-only' : 'read-write'
    await this.#session.begin(mode, signal, timeoutMs)
    this.#begun = mode
  }

  /** READ COMMITTED lets a later statement see more than an earlier one. */
  async #endReading(): Promise<void> {
    if (this.#isOneSnapshot) {
      const message =
        'A transaction that must see one state of the tables can only change them from its first statement on'
      throw new PgError(states.unsupported, message, { hint: 'Write first, or use READ COMMITTED.' })
    }
    this.#begun = 'no'
    await this.#session.commit()
  }

  wrote(): void {
    this.#writes += 1
  }

  fail(): void {
    if (this.#state === 'block') this.#state = 'failed'
  }

  /** False: it had failed, and was rolled back. Error: the engine could not keep it; it is rolled back then. */
  async commit(): Promise<boolean> {
    const hasFailed = this.#state === 'failed'
    const isBegun = this.#begun !== 'no'
    this.#forget()
    if (!isBegun) return !hasFailed
    if (hasFailed) {
      await this.#session.rollback()
      return false
    }
    await this.#session.commit()
    return true
  }

  async rollback(): Promise<void> {
    const isBegun = this.#begun !== 'no'
    this.#forget()
    if (isBegun) await this.#session.rollback()
  }

  savepoint(name: string): void {
    this.#needsBlock('SAVEPOINT')
    if (this.#savepoints.length >= savepointsMax) throw new PgError(states.limit, 'Too many savepoints')
    this.#savepoints.push({ name, writes: this.#writes })
  }

  release(name: string): void {
    this.#needsBlock('RELEASE SAVEPOINT')
    this.#savepoints.length = this.#find(name)
  }

  /** Nothing of what was written can be taken back in part: then it is an error, and the whole transaction has failed. */
  async rollbackTo(name: string): Promise<void> {
    this.#needsBlock('ROLLBACK TO SAVEPOINT')
    const index = this.#find(name)
    const { writes = 0 } = this.#savepoints[index] ?? {}
    const isLost = this.#writes > writes || (this.#state === 'failed' && writes > 0)
    if (isLost) {
      const message = 'Something was written in this transaction, and it can only be rolled back as a whole'
      throw new PgError(states.unsupported, message, { hint: 'Use ROLLBACK.' })
    }
    this.#savepoints.length = index + 1
    if (this.#state !== 'failed') return
    // The engine's transaction may be spoiled; nothing was written, so a new one is the same.
    if (this.#begun !== 'no') await this.#session.rollback()
    this.#begun = 'no'
    this.#state = 'block'
  }

  #find(name: string): number {
    const index = this.#savepoints.findLastIndex((savepoint) => savepoint.name === name)
    if (index === -1) throw new PgError(states.invalidSavepoint, `savepoint "${name}" does not exist`)
    return index
  }

  #needsBlock(what: string): void {
    if (this.#state !== 'block' && this.#state !== 'failed') {
      throw new PgError(states.noTransaction, `${what} can only be used in transaction blocks`)
    }
  }

  #forget(): void {
    this.#state = 'idle'
    this.#begun = 'no'
    this.#isReadOnly = false
    this.#isOneSnapshot = false
    this.#writes = 0
    this.#savepoints = []
  }
}
