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
  /** The engine has one open. */
  #isBegun = false
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
    if (this.#isBegun && this.#isReadOnly !== isReadOnly) {
      throw new PgError(states.activeTransaction, 'SET TRANSACTION must be called before any query')
    }
    this.#isReadOnly = isReadOnly
  }

  /** Before a statement of the engine. */
  async ready(): Promise<void> {
    if (this.#state === 'idle' || this.#isBegun) return
    await this.#session.begin(this.#isReadOnly ? 'read-only' : 'read-write')
    this.#isBegun = true
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
    const isBegun = this.#isBegun
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
    const isBegun = this.#isBegun
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
    if (this.#isBegun) await this.#session.rollback()
    this.#isBegun = false
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
    this.#isBegun = false
    this.#isReadOnly = false
    this.#writes = 0
    this.#savepoints = []
  }
}
