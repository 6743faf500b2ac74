// One session: what the messages of a client do. Simple queries, and the extended protocol's statements and portals.
//
//   Parse ─▶ statement ─Bind─▶ portal ─Execute─▶ rows … (suspended) … ─▶ complete ─Sync─▶ ready
//                │                │
//             Describe         Describe                    any error: skipped until Sync (connection.ts)
import { splitStatements } from '../rewrite/lexer.ts'
import { PgError, states } from '../sqlstate.ts'
import { oids } from '../values/oids.ts'
import { castTypeOf, readParameter } from '../values/parameters.ts'
import { formatsOf, RowWriter, wireColumns } from '../values/row-writer.ts'
import { BodyReader } from '../wire/body.ts'
import { sayBare, sayColumns, sayComplete, sayParameterTypes } from '../wire/messages.ts'
import type { Output } from '../wire/output.ts'
import type { Engine } from './engine.ts'
import { withColumnOids } from './insert-oids.ts'
import { parameterOids } from './parameter-oids.ts'
import type { Execution, Portal, Prepared, StatementColumns } from './prepared-statement.ts'
import type { Runner } from './runner.ts'
import type { Settings } from './settings.ts'
import { readStatement, type Statement } from './statement.ts'
import type { Transaction } from './transaction.ts'

export interface SessionDeps {
  readonly out: Output
  readonly engine: Engine
  readonly runner: Runner
  readonly settings: Settings
  readonly transaction: Transaction
}

/** A client that never closes what it made has a bug. */
const statementsMax = 10_000
const portalsMax = 10_000
const all = Number.POSITIVE_INFINITY

export class Session {
  readonly #deps: SessionDeps
  readonly #statements = new Map<string, Prepared>()
  readonly #portals = new Map<string, Portal>()

  constructor(deps: SessionDeps) {
    this.#deps = deps
  }

  /** Query: all statements, or those before the first that fails. */
  async simple(text: string): Promise<void> {
    const { out, transaction, runner } = this.#deps
    await this.closePortals()
    const sources = splitStatements(text)
    if (sources.length === 0) sayBare(out, 'I')
    const statements = sources.map((source) => readStatement(source))
    for (const statement of statements) {
      if (statements.length > 1 && transaction.state === 'idle' && statement.kind !== 'begin') {
        transaction.start('implicit', this.#deps.settings.isOn('default_transaction_read_only'))
      }
      const execution = await runner.run(statement, [])
      if (execution.kind === 'rows') await this.#sendAll(execution)
      else sayComplete(out, execution.tag)
    }
    if (transaction.state === 'implicit') await runner.commitNow()
  }

  async #sendAll(execution: Extract<Execution, { kind: 'rows' }>): Promise<void> {
    const { out, settings } = this.#deps
    const { cursor, rowsMax, tag } = execution
    const formats = formatsOf([], cursor.columns.length)
    sayColumns(out, wireColumns(cursor.columns, cursor.isCatalog), formats)
    const writer = new RowWriter(out, cursor.columns, cursor.isCatalog, formats, settings.zone)
    const { rows } = await this.#read(cursor, rowsMax, writer)
    sayComplete(out, tag(rows))
  }

  async #read(cursor: Extract<Execution, { kind: 'rows' }>['cursor'], rowsMax: number, writer: RowWriter) {
    const { out, engine } = this.#deps
    try {
      return await cursor.read(rowsMax, async (chunk, from, to) => {
        if (out.isClosed) throw new PgError(states.connectionException, 'The client is gone', { isFatal: true })
        await writer.write(chunk, from, to)
      })
    } catch (error) {
      await cursor.close()
      throw engine.failureOf(error)
    }
  }

  parse(body: Buffer): void {
    const reader = new BodyReader(body)
    const name = reader.text()
    const text = reader.text()
    const declared = Array.from({ length: reader.uint16() }, () => reader.uint32())
    if (name !== '' && this.#statements.has(name)) {
      throw new PgError(states.duplicateStatement, `prepared statement "${name}" already exists`)
    }
    if (this.#statements.size >= statementsMax) throw new PgError(states.limit, 'Too many prepared statements')
    const sources = splitStatements(text)
    if (sources.length > 1)
      throw new PgError(states.syntax, 'cannot insert multiple commands into a prepared statement')
    const [source] = sources
    const statement = source === undefined ? undefined : readStatement(source)
    this.#needsLife(statement)
    this.#statements.set(name, { statement, declared, oids: undefined, described: undefined })
    sayBare(this.#deps.out, '1')
  }

  #needsLife(statement: Statement | undefined): void {
    const isEnd = statement === undefined || /^(?:commit|rollback|rollback-to)$/.test(statement.kind)
    if (this.#deps.transaction.state !== 'failed' || isEnd) return
    throw new PgError(
      states.failedTransaction,
      'current transaction is aborted, commands ignored until end of transaction block',
    )
  }

  async bind(body: Buffer): Promise<void> {
    const reader = new BodyReader(body)
    const portalName = reader.text()
    const prepared = this.#statement(reader.text())
    this.#needsLife(prepared.statement)
    const parameterFormats = Array.from({ length: reader.uint16() }, () => reader.int16())
    const values = Array.from({ length: reader.uint16() }, () => {
      const length = reader.int32()
      return length === -1 ? undefined : reader.bytes(length)
    })
    const formats = Array.from({ length: reader.uint16() }, () => reader.int16())
    if ([...parameterFormats, ...formats].some((format) => format !== 0 && format !== 1)) {
      throw new PgError(states.protocolViolation, 'unsupported format code')
    }
    const types = await this.#oidsOf(prepared)
    if (values.length !== types.length) {
      const message = `bind message supplies ${values.length} parameters, but the prepared statement requires ${types.length}`
      throw new PgError(states.protocolViolation, message)
    }
    const valueFormats = formatsOf(parameterFormats, values.length)
    const { zone } = this.#deps.settings
    const parameters = values.map((value, index) =>
      readParameter(value, types[index] ?? 0, valueFormats[index] === 1, zone),
    )
    await this.#closePortal(portalName, portalName === '')
    if (this.#portals.size >= portalsMax) throw new PgError(states.limit, 'Too many open portals')
    this.#portals.set(portalName, { name: portalName, prepared, parameters, formats, execution: undefined, rows: 0 })
    sayBare(this.#deps.out, '2')
  }

  async describe(body: Buffer): Promise<void> {
    const { out } = this.#deps
    const reader = new BodyReader(body)
    const kind = String.fromCharCode(reader.byte())
    const name = reader.text()
    if (kind === 'S') {
      const prepared = this.#statement(name)
      this.#needsLife(prepared.statement)
      sayParameterTypes(out, await this.#oidsOf(prepared))
      this.#sayShape(await this.#columnsOf(prepared), [])
    } else if (kind === 'P' && !this.#portals.has(name) && this.#deps.runner.cursors.has(name)) {
      this.#describeCursor(name)
    } else if (kind === 'P') {
      const portal = this.#portal(name)
      this.#needsLife(portal.prepared.statement)
      this.#sayShape(await this.#columnsOf(portal.prepared), portal.formats)
    } else {
      throw new PgError(states.protocolViolation, `invalid DESCRIBE message subtype ${kind}`)
    }
  }

  /** To Postgres a cursor of DECLARE is a portal like any other. */
  #describeCursor(name: string): void {
    const cursor = this.#deps.runner.cursors.get(name)?.cursor
    this.#sayShape(cursor === undefined ? 'none' : { columns: cursor.columns, isCatalog: cursor.isCatalog }, [])
  }

  #sayShape(columns: StatementColumns | 'none', formats: readonly number[]): void {
    const { out } = this.#deps
    if (columns === 'none') {
      sayBare(out, 'n')
      return
    }
    const wire = wireColumns(columns.columns, columns.isCatalog)
    sayColumns(out, wire, formatsOf(formats, wire.length))
  }

  /** `isLast`: Sync comes next, so that this statement needs no transaction around it. */
  async execute(body: Buffer, isLast: boolean): Promise<void> {
    const { out, runner, transaction, settings } = this.#deps
    const reader = new BodyReader(body)
    const portal = this.#portal(reader.text())
    const sent = reader.int32()
    const { statement } = portal.prepared
    if (statement === undefined) {
      sayBare(out, 'I')
      return
    }
    if (portal.execution === undefined) {
      this.#needsLife(statement)
      if (!isLast && transaction.state === 'idle' && needsTransaction(statement)) {
        transaction.start('implicit', settings.isOn('default_transaction_read_only'))
      }
      portal.execution = await runner.run(statement, portal.parameters)
      this.#checkColumns(portal)
    }
    const { execution } = portal
    if (execution.kind === 'rows') await this.#executeRows(portal, execution, sent <= 0 ? all : sent)
    else sayComplete(out, execution.tag)
  }

  async #executeRows(portal: Portal, execution: Extract<Execution, { kind: 'rows' }>, wanted: number): Promise<void> {
    const { out, settings } = this.#deps
    const { cursor, tag } = execution
    const formats = formatsOf(portal.formats, cursor.columns.length)
    const writer = new RowWriter(out, cursor.columns, cursor.isCatalog, formats, settings.zone)
    const rowsLeft = execution.rowsMax - portal.rows
    const { rows, isDone } = await this.#read(cursor, Math.min(wanted, rowsLeft), writer)
    portal.rows += rows
    if (isDone || portal.rows >= execution.rowsMax) sayComplete(out, tag(rows))
    else sayBare(out, 's')
  }

  /** A client that was told other columns would read nonsense. */
  #checkColumns({ prepared, execution }: Portal): void {
    const { described } = prepared
    if (described === undefined || execution?.kind !== 'rows') return
    const now = wireColumns(execution.cursor.columns, execution.cursor.isCatalog)
    const before = described === 'none' ? [] : wireColumns(described.columns, described.isCatalog)
    const isSame = now.length === before.length && now.every(({ oid }, index) => isAlike(oid, before[index]?.oid))
    if (!isSame) throw new PgError(states.unsupported, 'cached plan must not change result type')
  }

  async close(body: Buffer): Promise<void> {
    const reader = new BodyReader(body)
    const kind = String.fromCharCode(reader.byte())
    const name = reader.text()
    if (kind === 'S') this.#statements.delete(name)
    else if (kind === 'P' && this.#portals.has(name)) await this.#closePortal(name, true)
    else if (kind === 'P') await this.#deps.runner.closeCursor(name)
    else throw new PgError(states.protocolViolation, `invalid CLOSE message subtype ${kind}`)
    sayBare(this.#deps.out, '3')
  }

  async sync(): Promise<void> {
    const { transaction, runner } = this.#deps
    if (transaction.state === 'implicit') await runner.commitNow()
    if (transaction.state === 'idle') await this.closePortals()
  }

  /** After an error. A block waits for its end; everything else is taken back at once. */
  async failed(): Promise<void> {
    const { transaction, runner } = this.#deps
    await this.closePortals()
    if (transaction.state === 'implicit') await runner.rollbackNow()
    else if (transaction.state === 'idle') await this.#deps.engine.settle(true)
    else transaction.fail()
  }

  async closePortals(): Promise<void> {
    for (const name of this.#portals.keys()) await this.#closePortal(name, true)
  }

  /** DEALLOCATE; undefined: all. */
  forget(name: string | undefined): boolean {
    if (name !== undefined) return this.#statements.delete(name)
    this.#statements.clear()
    return true
  }

  async #closePortal(name: string, mayExist: boolean): Promise<void> {
    const portal = this.#portals.get(name)
    if (portal === undefined) return
    if (!mayExist) throw new PgError(states.duplicateCursor, `portal "${name}" already exists`)
    this.#portals.delete(name)
    const isFetch = portal.prepared.statement?.kind === 'fetch'
    // A FETCH reads another's rows.
    if (portal.execution?.kind === 'rows' && !isFetch) await portal.execution.cursor.close()
  }

  #statement(name: string): Prepared {
    const prepared = this.#statements.get(name)
    if (prepared === undefined) {
      throw new PgError(
        states.invalidStatementName,
        name === '' ? 'unnamed prepared statement does not exist' : `prepared statement "${name}" does not exist`,
      )
    }
    return prepared
  }

  #portal(name: string): Portal {
    const portal = this.#portals.get(name)
    if (portal === undefined) throw new PgError(states.invalidCursorName, `portal "${name}" does not exist`)
    return portal
  }

  async #oidsOf(prepared: Prepared): Promise<readonly number[]> {
    const { statement } = prepared
    if (prepared.oids !== undefined) return prepared.oids
    const source = statement !== undefined && 'source' in statement ? statement.source : undefined
    if (source === undefined) return []
    const { engine } = this.#deps
    const isInsert = statement?.kind === 'write' && statement.write.kind === 'insert'
    const declared = isInsert
      ? await withColumnOids(statement.write, source, prepared.declared, engine)
      : prepared.declared
    prepared.oids = await parameterOids(source, declared, engine)
    return prepared.oids
  }

  async #columnsOf(prepared: Prepared): Promise<StatementColumns | 'none'> {
    prepared.described ??= await this.#describe(prepared)
    return prepared.described
  }

  async #describe(prepared: Prepared): Promise<StatementColumns | 'none'> {
    const { engine, runner } = this.#deps
    const { statement } = prepared
    switch (statement?.kind) {
      case 'engine': {
        const known = await this.#oidsOf(prepared)
        const types = new Map(known.map((oid, index) => [index + 1, castTypeOf(oid)]))
        const { shape, isCatalog } = await engine.describe(statement.source, types)
        return shape.columns.length === 0 ? 'none' : { columns: shape.columns, isCatalog }
      }
      case 'explain':
        return textColumns(['QUERY PLAN'])
      case 'show':
        return textColumns(statement.name === undefined ? ['name', 'setting', 'description'] : [statement.name])
      case 'fetch': {
        const cursor = runner.cursors.get(statement.name)?.cursor
        return cursor === undefined ? 'none' : { columns: cursor.columns, isCatalog: cursor.isCatalog }
      }
      case 'execute': {
        const inner = runner.executed(statement)
        return this.#describe({ statement: inner, declared: [], oids: undefined, described: undefined })
      }
      default:
        return 'none'
    }
  }
}

/** The same bytes: a description doesn't always know that a text is JSON. */
function isAlike(oid: number, before: number | undefined): boolean {
  const isText = (each: number | undefined): boolean => each === oids.text || each === oids.json
  return oid === before || (isText(oid) && isText(before))
}

function textColumns(names: readonly string[]): StatementColumns {
  return { columns: names.map((name) => ({ name, type: { kind: 'VARCHAR' } })), isCatalog: false }
}

/** Reading alone keeps nothing that a failure behind it could take back. */
function needsTransaction(statement: Statement): boolean {
  if (statement.kind === 'copy' || statement.kind === 'write') return true
  if (statement.kind !== 'engine') return false
  return !/^(?:select|with|values|table|from|show|describe|summarize)$/.test(statement.source.tokens[0]?.lower ?? '')
}
