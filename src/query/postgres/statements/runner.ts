// Runs one statement of a session, whichever kind it is. What it answers is written by whoever asked (session.ts).
import { PgError, states } from '../sqlstate.ts'
import type { StatementText } from '../rewrite/lexer.ts'
import type { BoundParameter } from '../values/parameters.ts'
import type { Engine } from './engine.ts'
import { executedSource } from './execute-source.ts'
import type { Execution } from './prepared-statement.ts'
import { done, healthCheck, rowsOf } from './executions.ts'
import type { RowCursor } from './row-cursor.ts'
import type { Settings } from './settings.ts'
import { shownValue } from './settings.ts'
import { readStatement, type Statement, type TransactionModes } from './statement.ts'
import type { Transaction } from './transaction.ts'

export interface RunnerDeps {
  readonly engine: Engine
  readonly settings: Settings
  readonly transaction: Transaction
  readonly warn: (severity: 'NOTICE' | 'WARNING', state: string, message: string) => void
  readonly copy: (statement: Extract<Statement, { kind: 'copy' }>) => Promise<string>
  /** Portals end with their transaction. */
  readonly closePortals: () => Promise<void>
  /** DISCARD ALL, and what of the prepared ones. */
  readonly forgetPrepared: (name: string | undefined) => boolean
  /** The catalogue's tables may be gone. */
  readonly rolledBack: () => void
}

export interface SqlCursor {
  readonly cursor: RowCursor
  readonly isHeld: boolean
  /** Of the transaction that made it: a rollback takes it away. */
  isKept: boolean
}

interface SqlPrepared {
  readonly types: readonly string[]
  readonly source: StatementText
}

const cursorsMax = 1000
const preparedMax = 10_000

export class Runner {
  readonly #deps: RunnerDeps
  readonly cursors = new Map<string, SqlCursor>()
  readonly prepared = new Map<string, SqlPrepared>()
  #atBegin: ReadonlyMap<string, string> | undefined
  #local = new Map<string, string | undefined>()

  constructor(deps: RunnerDeps) {
    this.#deps = deps
  }

  /** Error: in a failed transaction only its end is heard. */
  async run(statement: Statement, parameters: readonly BoundParameter[]): Promise<Execution> {
    const { transaction } = this.#deps
    const isEnd = statement.kind === 'commit' || statement.kind === 'rollback' || statement.kind === 'rollback-to'
    if (transaction.state === 'failed' && !isEnd) {
      throw new PgError(
        states.failedTransaction,
        'current transaction is aborted, commands ignored until end of transaction block',
      )
    }
    return this.#dispatch(statement, parameters)
  }

  async #dispatch(statement: Statement, parameters: readonly BoundParameter[]): Promise<Execution> {
    const { engine } = this.#deps
    switch (statement.kind) {
      case 'engine':
        return (
          healthCheck(statement.source) ?? (await this.#reading(async () => engine.run(statement.source, parameters)))
        )
      case 'write':
        return this.#reading(async () => this.#write(statement, parameters))
      case 'explain':
        return this.#reading(async () => engine.explain(statement.source, parameters))
      case 'begin':
        return this.#begin(statement.modes, statement.tag)
      case 'commit':
        return this.#commit(statement.isChained)
      case 'rollback':
        return this.#rollback(statement.isChained)
      case 'savepoint':
      case 'release':
      case 'rollback-to':
        return this.#savepoint(statement.kind, statement.name)
      case 'set-transaction':
        return this.#setTransaction(statement.modes, statement.isSession)
      case 'set':
      case 'reset':
        return this.#set(statement)
      case 'show':
        return this.#show(statement.name)
      case 'discard':
        return this.#discard(statement.what)
      case 'declare':
      case 'fetch':
      case 'move':
      case 'close':
        return this.#cursor(statement, parameters)
      case 'prepare':
      case 'execute':
      case 'deallocate':
        return this.#prepared(statement)
      case 'copy':
        return { kind: 'copied', tag: await this.#reading(async () => this.#deps.copy(statement)) }
      case 'nothing':
        return done(statement.tag)
      default:
        return neverKind(statement)
    }
  }

  async #write(
    { write, source, command, text }: Extract<Statement, { kind: 'write' }>,
    parameters: readonly BoundParameter[],
  ): Promise<Execution> {
    const { engine, warn } = this.#deps
    if (write.kind !== 'drop') return done(await engine.write({ write, source, command, text }, parameters))
    for (const table of write.tables) {
      if (await engine.drop(table, write.ifExists)) continue
      warn('NOTICE', '00000', `table "${table.join('.')}" does not exist, skipping`)
    }
    return done('DROP TABLE')
  }

  /** default_transaction_read_only holds outside blocks too. */
  async #reading<Result>(work: () => Promise<Result>): Promise<Result> {
    const { transaction, settings } = this.#deps
    if (transaction.state === 'idle' && settings.isOn('default_transaction_read_only'))
      transaction.start('implicit', true)
    return work()
  }

  #begin(modes: TransactionModes, tag: string): Execution {
    const { transaction, settings, warn } = this.#deps
    if (transaction.state === 'block') {
      warn('WARNING', states.activeTransaction, 'there is already a transaction in progress')
      return done(tag)
    }
    const isReadOnly = modes.isReadOnly ?? settings.isOn('default_transaction_read_only')
    transaction.start('block', isReadOnly)
    this.#atBegin = settings.snapshot()
    this.#noteModes({ ...modes, isReadOnly })
    return done(tag)
  }

  async #commit(isChained: boolean): Promise<Execution> {
    const { transaction, settings } = this.#deps
    if (transaction.state === 'idle' || transaction.state === 'implicit') this.#warnOutside()
    const { isReadOnly } = transaction
    const isKept = await this.commitNow()
    if (isChained) {
      transaction.start('block', isReadOnly)
      this.#atBegin = settings.snapshot()
    }
    return done(isKept ? 'COMMIT' : 'ROLLBACK')
  }

  async #rollback(isChained: boolean): Promise<Execution> {
    const { transaction, settings } = this.#deps
    if (transaction.state === 'idle' || transaction.state === 'implicit') this.#warnOutside()
    const { isReadOnly } = transaction
    await this.rollbackNow()
    if (isChained) {
      transaction.start('block', isReadOnly)
      this.#atBegin = settings.snapshot()
    }
    return done('ROLLBACK')
  }

  #warnOutside(): void {
    this.#deps.warn('WARNING', states.noTransaction, 'there is no transaction in progress')
  }

  /** False: it had failed, and was rolled back. */
  async commitNow(): Promise<boolean> {
    const { engine, transaction, settings, closePortals, rolledBack } = this.#deps
    if (transaction.state === 'failed') {
      await this.rollbackNow()
      return false
    }
    await closePortals()
    const hasHeld = [...this.cursors.values()].some((cursor) => cursor.isHeld)
    await this.#closeCursors((cursor) => !cursor.isHeld)
    await engine.settle(hasHeld)
    try {
      const isKept = await transaction.commit()
      for (const cursor of this.cursors.values()) cursor.isKept = true
      for (const [name, value] of this.#local) {
        if (value === undefined) settings.reset(name)
        else settings.set(name, value)
      }
      return isKept
    } catch (error) {
      rolledBack()
      throw error
    } finally {
      this.#local.clear()
      this.#atBegin = undefined
      await engine.applyZone()
    }
  }

  async rollbackNow(): Promise<void> {
    const { engine, transaction, settings, closePortals, rolledBack } = this.#deps
    await closePortals()
    await this.#closeCursors((cursor) => !cursor.isKept)
    await engine.settle(this.cursors.size > 0)
    try {
      await transaction.rollback()
    } finally {
      rolledBack()
      if (this.#atBegin !== undefined) settings.restore(this.#atBegin)
      this.#atBegin = undefined
      this.#local.clear()
      await engine.applyZone()
    }
  }

  async #closeCursors(isGone: (cursor: SqlCursor) => boolean): Promise<void> {
    for (const [name, cursor] of this.cursors) {
      if (!isGone(cursor)) continue
      this.cursors.delete(name)
      await cursor.cursor.close()
    }
  }

  async #savepoint(kind: 'savepoint' | 'release' | 'rollback-to', name: string): Promise<Execution> {
    const { engine, transaction, rolledBack } = this.#deps
    if (kind === 'savepoint') {
      transaction.savepoint(name)
      return done('SAVEPOINT')
    }
    if (kind === 'release') {
      transaction.release(name)
      return done('RELEASE')
    }
    if (transaction.state === 'failed') await engine.settle(false)
    await transaction.rollbackTo(name)
    rolledBack()
    return done('ROLLBACK')
  }

  #setTransaction(modes: TransactionModes, isSession: boolean): Execution {
    const { transaction, settings, warn } = this.#deps
    if (isSession) {
      if (modes.isReadOnly !== undefined) settings.set('default_transaction_read_only', modes.isReadOnly ? 'on' : 'off')
      if (modes.isolation !== undefined) settings.set('default_transaction_isolation', modes.isolation)
      return done('SET')
    }
    if (!transaction.isOpen) {
      warn('WARNING', states.noTransaction, 'SET TRANSACTION can only be used in transaction blocks')
      return done('SET')
    }
    if (modes.isReadOnly !== undefined) transaction.setReadOnly(modes.isReadOnly)
    this.#noteModes(modes)
    return done('SET')
  }

  #noteModes(modes: TransactionModes): void {
    const { settings, transaction } = this.#deps
    if (modes.isReadOnly !== undefined) this.#setLocal('transaction_read_only', modes.isReadOnly ? 'on' : 'off')
    if (modes.isolation !== undefined) this.#setLocal('transaction_isolation', modes.isolation)
    const level = modes.isolation ?? settings.get('default_transaction_isolation') ?? ''
    transaction.setOneSnapshot(/^(?:repeatable read|serializable)$/.test(level))
  }

  #setLocal(name: string, value: string | undefined): void {
    const { settings } = this.#deps
    const lower = name.toLowerCase()
    if (!this.#local.has(lower)) this.#local.set(lower, settings.snapshot().get(lower))
    if (value === undefined) settings.reset(name)
    else settings.set(name, value)
  }

  async #set(statement: Extract<Statement, { kind: 'set' | 'reset' }>): Promise<Execution> {
    const { transaction, engine, warn } = this.#deps
    const value = statement.kind === 'set' ? statement.value : undefined
    const tag = statement.kind === 'set' ? 'SET' : 'RESET'
    if (statement.kind === 'set' && statement.isLocal) {
      if (transaction.isOpen) this.#setLocal(statement.name, value)
      else warn('WARNING', states.noTransaction, 'SET LOCAL can only be used in transaction blocks')
    } else {
      await this.#change(statement.name, value)
    }
    if (transaction.state !== 'block' || statement.name?.toLowerCase() === 'timezone') await engine.applyZone()
    return done(tag)
  }

  async #change(name: string | undefined, value: string | undefined): Promise<void> {
    const { settings, engine } = this.#deps
    if (name === undefined) {
      settings.resetAll()
      return
    }
    const lower = name.toLowerCase()
    if (lower === 'session_authorization' || lower === 'role') {
      const isOwn =
        value === undefined || value === settings.get('session_authorization') || (lower === 'role' && value === 'none')
      if (!isOwn) throw new PgError(states.forbidden, `permission denied to set ${lower.replace('_', ' ')} "${value}"`)
      return
    }
    if (lower === 'transaction_read_only') this.#deps.transaction.setReadOnly(/^(?:on|true|1|yes)$/i.test(value ?? ''))
    const before = settings.snapshot()
    if (value === undefined) settings.reset(name)
    else settings.set(name, value)
    if (lower !== 'timezone') return
    try {
      await engine.applyZone()
    } catch (error) {
      settings.restore(before)
      throw error
    }
  }

  async #show(name: string | undefined): Promise<Execution> {
    const { settings, engine } = this.#deps
    if (name === undefined) {
      const rows = settings.rows().map((row) => [row.name, shownValue(row.name, row.value), ''])
      return rowsOf(['name', 'setting', 'description'], rows, 'SHOW')
    }
    const value = settings.get(name)
    if (value === undefined) throw new PgError(states.unknownObject, `unrecognized configuration parameter "${name}"`)
    const isPath = name.toLowerCase() === 'search_path' && value === ''
    const shown = isPath ? (await engine.context()).path.join(', ') : shownValue(name, value)
    return rowsOf([name], [[shown]], 'SHOW')
  }

  async #discard(what: 'all' | 'plans' | 'sequences' | 'temp'): Promise<Execution> {
    const { transaction, settings, engine, forgetPrepared } = this.#deps
    if (what === 'temp' || what === 'all') {
      if (transaction.isOpen && what === 'all')
        throw new PgError(states.activeTransaction, 'DISCARD ALL cannot run inside a transaction block')
      await engine.dropTemporary()
    }
    if (what !== 'all') return done(`DISCARD ${what.toUpperCase()}`)
    await this.#closeCursors(() => true)
    this.prepared.clear()
    forgetPrepared(undefined)
    settings.resetAll()
    await engine.applyZone()
    return done('DISCARD ALL')
  }

  async #cursor(
    statement: Extract<Statement, { kind: 'declare' | 'fetch' | 'move' | 'close' }>,
    parameters: readonly BoundParameter[],
  ): Promise<Execution> {
    if (statement.kind === 'declare') return this.#declare(statement, parameters)
    if (statement.kind === 'close') {
      const { name } = statement
      if (name !== undefined) this.#cursorOf(name)
      const names = name === undefined ? [...this.cursors.keys()] : [name]
      for (const each of names) await this.closeCursor(each)
      return done(name === undefined ? 'CLOSE CURSOR ALL' : 'CLOSE CURSOR')
    }
    const { cursor } = this.#cursorOf(statement.name)
    if (statement.kind === 'fetch') {
      return { kind: 'rows', cursor, rowsMax: statement.count, tag: (rows) => `FETCH ${rows}` }
    }
    const { rows } = await cursor.read(statement.count, () => undefined)
    return done(`MOVE ${rows}`)
  }

  async closeCursor(name: string): Promise<void> {
    const found = this.cursors.get(name)
    this.cursors.delete(name)
    await found?.cursor.close()
  }

  async #declare(
    { name, isHeld, source }: Extract<Statement, { kind: 'declare' }>,
    parameters: readonly BoundParameter[],
  ): Promise<Execution> {
    const { transaction, engine } = this.#deps
    if (!transaction.isOpen && !isHeld) {
      throw new PgError(states.noTransaction, 'DECLARE CURSOR can only be used in transaction blocks')
    }
    if (this.cursors.has(name)) throw new PgError(states.duplicateCursor, `cursor "${name}" already exists`)
    if (this.cursors.size >= cursorsMax) throw new PgError(states.limit, 'Too many open cursors')
    const execution = await engine.run(source, parameters, `Cursor "${name}"`)
    if (execution.kind !== 'rows') throw new PgError(states.syntax, 'A cursor needs a query')
    this.cursors.set(name, { cursor: execution.cursor, isHeld, isKept: !transaction.isOpen })
    return done('DECLARE CURSOR')
  }

  #cursorOf(name: string): SqlCursor {
    const cursor = this.cursors.get(name)
    if (cursor === undefined) throw new PgError(states.invalidCursorName, `cursor "${name}" does not exist`)
    return cursor
  }

  async #prepared(statement: Extract<Statement, { kind: 'prepare' | 'execute' | 'deallocate' }>): Promise<Execution> {
    const { name } = statement
    if (statement.kind === 'deallocate') {
      if (name === undefined) this.prepared.clear()
      const isKnown = name === undefined ? true : this.prepared.delete(name)
      if (!this.#deps.forgetPrepared(name) && !isKnown) throw noStatement(name ?? '')
      return done(name === undefined ? 'DEALLOCATE ALL' : 'DEALLOCATE')
    }
    if (statement.kind === 'prepare') {
      if (this.prepared.has(statement.name)) {
        throw new PgError(states.duplicateStatement, `prepared statement "${statement.name}" already exists`)
      }
      if (this.prepared.size >= preparedMax) throw new PgError(states.limit, 'Too many prepared statements')
      this.prepared.set(statement.name, { types: statement.types, source: statement.source })
      return done('PREPARE')
    }
    return this.run(this.executed(statement), [])
  }

  /** What EXECUTE means. Error: there is no such statement. */
  executed({ name, values }: Extract<Statement, { kind: 'execute' }>): Statement {
    const prepared = this.prepared.get(name)
    if (prepared === undefined) throw noStatement(name)
    const inner = readStatement(executedSource(prepared.source, prepared.types, values))
    if (inner.kind !== 'engine' && inner.kind !== 'write')
      throw new PgError(states.syntax, 'Only queries and changes can be prepared')
    return inner
  }
}

function neverKind(statement: never): never {
  throw new PgError(states.internal, `BUG: a statement of an unknown kind ${JSON.stringify(statement)}`)
}

function noStatement(name: string): PgError {
  return new PgError(states.invalidStatementName, `prepared statement "${name}" does not exist`)
}
