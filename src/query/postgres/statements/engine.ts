// One session's use of the engine: a statement at a time, rewritten, with the catalogue's tables there that it reads, in the
// transaction that it belongs to, and stoppable.
import { MillpondError } from '../../../core/errors.ts'
import type { SqlType } from '../../../sql/types.ts'
import type { EngineColumn, ResultChunk, StatementShape } from '../../../warehouse/session.ts'
import type { JobInfo, QueryParameter, QuerySession, SessionWrite, WriteTarget } from '../../contract.ts'
import type { Catalog } from '../catalog/catalog.ts'
import { quote } from '../rewrite/tables.ts'
import { outputNames } from '../rewrite/output-names.ts'
import { rewrite } from '../rewrite/rewrite.ts'
import type { StatementText } from '../rewrite/lexer.ts'
import type { Identity, RewriteContext, Rewritten } from '../rewrite/types.ts'
import { PgError, states } from '../sqlstate.ts'
import type { BoundParameter } from '../values/parameters.ts'
import type { Execution } from './prepared-statement.ts'
import { heldBytesMax, RowCursor, rowsAtHand } from './row-cursor.ts'
import { searchPath } from './search-path.ts'
import type { Settings } from './settings.ts'
import { tagOf } from './tags.ts'
import type { Transaction } from './transaction.ts'
import { renumbered } from './used-parameters.ts'
import { engineTypeOf } from './column-type.ts'
import type { WriteStatement, WrittenTable } from './write-statement.ts'

export interface EngineDeps {
  readonly session: QuerySession
  readonly catalog: Catalog
  readonly settings: Settings
  readonly transaction: Transaction
  readonly identity: Identity
  /** Throws when whoever came in may be here no longer. */
  readonly checkLogin: () => void
}

export interface Described {
  readonly shape: StatementShape
  readonly isCatalog: boolean
}

/** As the job shows it. */
interface Told {
  readonly clientSql: string
  readonly readsCatalog?: boolean
  readonly write?: SessionWrite
}

export interface Writing {
  readonly write: Exclude<WriteStatement, { readonly kind: 'drop' }>
  readonly source: StatementText | undefined
  readonly command: string
  readonly text: string
}

const text: SqlType = { kind: 'STRING' }
const nothing = { relations: new Set<string>() }

export class Engine {
  readonly #deps: EngineDeps
  #live: { readonly cursor: RowCursor; readonly name: string } | undefined
  #held: RowCursor[] = []
  /** Of the message that is being answered. */
  #stop = new AbortController()
  /** Of the job that may still be running: this message's, or that of an open cursor. */
  #jobStop = new AbortController()
  #isBusy = false
  #isGone = false
  /** What the engine computes with; the session's own is what the client was told. */
  #engineZone = 'UTC'

  constructor(deps: EngineDeps) {
    this.#deps = deps
  }

  /** Between `busy` and `idle` a cancel counts. */
  busy(): void {
    this.#isBusy = true
    if (!this.#isGone) this.#stop = new AbortController()
  }

  idle(): void {
    this.#isBusy = false
  }

  cancel(): void {
    if (!this.#isBusy) return
    this.#stop.abort()
    this.#jobStop.abort()
  }

  /** The client is gone. */
  stop(): void {
    this.#isGone = true
    this.#stop.abort()
    this.#jobStop.abort()
  }

  async run(
    source: StatementText,
    parameters: readonly BoundParameter[],
    name = 'The answer before',
  ): Promise<Execution> {
    const rewritten = await this.#rewrite(source, (number) => castOf(number, parameters))
    for (const effect of rewritten.effects) this.#deps.settings.set(effect.name, effect.value)
    await this.#prepare(rewritten, source.text)
    const { sql, used } = renumbered(rewritten.sql)
    const bound = used.flatMap((number) => parameters[number - 1] ?? [])
    const { job, result } = await this.#submit(sql, bound, {
      clientSql: source.text,
      readsCatalog: rewritten.relations.size > 0,
    })
    if (result.columns.length === 0) {
      const info = await job.ended
      if (info.error !== undefined) throw this.#failure(info.error)
      return this.#done(source, info)
    }
    const cursor = new RowCursor(
      { chunks: result.chunks, close: async () => result.close(), columns: namedColumns(source, result.columns) },
      rewritten.relations.size > 0,
    )
    this.#live = { cursor, name }
    return { kind: 'rows', cursor, rowsMax: Number.POSITIVE_INFINITY, tag: (rows) => tagOf(source, undefined, rows) }
  }

  /** Rows of EXPLAIN, one a line, as clients of Postgres read them. */
  async explain(source: StatementText, parameters: readonly BoundParameter[]): Promise<Execution> {
    const execution = await this.run(source, parameters)
    if (execution.kind !== 'rows') return execution
    const lines: string[] = []
    await execution.cursor.read(Number.POSITIVE_INFINITY, async (chunk: ResultChunk, from, to) => {
      for (const value of chunk.columns.at(-1)?.slice(from, to) ?? []) lines.push(...(value as string).split('\n'))
    })
    const result = rowsAtHand(
      [{ name: 'QUERY PLAN', kind: 'VARCHAR' }],
      lines.map((line) => [line]),
    )
    return {
      kind: 'rows',
      cursor: new RowCursor(result, false),
      rowsMax: Number.POSITIVE_INFINITY,
      tag: () => 'EXPLAIN',
    }
  }

  /**
   * Nothing runs. `castTypes`: of parameters whose type is known, by their numbers from 1 on. In their places stand values: with
   * parameters the engine often can't tell what comes out.
   */
  async describe(source: StatementText, castTypes: ReadonlyMap<number, string>): Promise<Described> {
    const rewritten = await this.#rewrite(source, (number) => {
      const type = castTypes.get(number)
      return type === undefined ? `$${number}` : `CAST(${standIns[type] ?? 'NULL'} AS ${type})`
    })
    await this.#prepare(rewritten, source.text)
    const { sql, used } = renumbered(rewritten.sql)
    const shape = await this.#deps.session.describe(sql, 'duckdb')
    const parameters = shape.parameters.map(({ name, type }) => ({
      name: String(used[Number(/\d+$/.exec(name)?.[0] ?? 0) - 1] ?? name),
      type,
    }))
    const columns = namedColumns(source, shape.columns)
    return { shape: { ...shape, columns, parameters }, isCatalog: rewritten.relations.size > 0 }
  }

  /** Resolves with the command's tag. */
  async write(
    { write, source, command, text: clientSql }: Writing,
    parameters: readonly BoundParameter[],
  ): Promise<string> {
    const { session, transaction, catalog } = this.#deps
    const planned = await this.#plan(write)
    const isTemporary = !('target' in planned) || planned.target.dataset === undefined
    const rewritten = source && (await this.#rewrite(source, (number) => castOf(number, parameters)))
    await this.#prepare(rewritten ?? nothing, clientSql, isTemporary ? undefined : command)
    const { sql, used } = renumbered(rewritten?.sql ?? '')
    const bound = used.flatMap((number) => parameters[number - 1] ?? [])
    const known = new Set(session.temporaryTables)
    const { job } = await this.#submit(sql, bound, { clientSql, write: planned })
    const info = await job.ended
    if (info.error !== undefined) throw this.#failure(info.error)
    transaction.wrote()
    if (session.temporaryTables.size !== known.size) catalog.changed()
    const rows = info.statistics?.affectedRows ?? 0
    if (write.kind === 'insert') return `INSERT 0 ${rows}`
    if (write.kind === 'delete') return write.isTruncate ? 'TRUNCATE TABLE' : `DELETE ${rows}`
    return source === undefined ? 'CREATE TABLE' : `SELECT ${rows}`
  }

  /** False: there is no such table, and that is fine. */
  async drop(table: WrittenTable, ifExists: boolean): Promise<boolean> {
    const target = await this.#targetOf(table)
    if (target === undefined) {
      if (ifExists) return false
      throw new PgError(states.unknownTable, `table "${table.join('.')}" does not exist`)
    }
    if (target.dataset !== undefined) {
      const message = 'DROP TABLE of a table in a dataset is not supported on this port'
      throw new PgError(states.unsupported, message, { hint: 'Drop it in GoogleSQL.' })
    }
    await this.#dropOne(target.table)
    return true
  }

  /** DISCARD. */
  async dropTemporary(): Promise<void> {
    for (const table of this.#deps.session.temporaryTables) await this.#dropOne(table)
  }

  async #dropOne(table: string): Promise<void> {
    await this.#prepare(nothing, '')
    const write = { kind: 'drop-temporary' as const, table, ifExists: true }
    const { job } = await this.#submit('', [], { clientSql: `DROP TABLE ${quote(table)}`, write })
    const info = await job.ended
    if (info.error !== undefined) throw this.#failure(info.error)
    this.#deps.transaction.wrote()
  }

  async #plan(write: Exclude<WriteStatement, { readonly kind: 'drop' }>): Promise<SessionWrite> {
    if (write.kind === 'create') {
      const { table, mode, columns } = write
      const typed = columns?.map(({ name, type, isRequired }) => ({ name, type: engineTypeOf(type), isRequired }))
      return { kind: 'create-temporary', table, mode, columns: typed }
    }
    const target = await this.#targetOf(write.table)
    if (target === undefined)
      throw new PgError(states.unknownTable, `relation "${write.table.join('.')}" does not exist`)
    return write.kind === 'insert' ? { kind: 'insert', target, columns: write.columns } : { kind: 'delete', target }
  }

  async #targetOf(written: WrittenTable): Promise<WriteTarget | undefined> {
    const { session, identity } = this.#deps
    const { names, path } = await this.context()
    const parts = written.length === 3 && written[0] === identity.database ? written.slice(1) : written
    const [dataset, table = ''] = parts.length === 1 ? [undefined, parts[0]] : parts
    if (parts.length > 2) return undefined
    if (dataset === 'pg_temp' || dataset === undefined) {
      if (session.temporaryTables.has(table)) return { dataset: undefined, table }
      const found = dataset === undefined ? path.find((each) => names.hasTable(each, table)) : undefined
      return found === undefined ? undefined : { dataset: found, table }
    }
    return names.hasTable(dataset, table) ? { dataset, table } : undefined
  }

  /** COPY: rows at hand. */
  async insert(write: Extract<SessionWrite, { kind: 'insert-rows' }>, clientSql: string): Promise<void> {
    await this.#prepare(nothing, clientSql, 'COPY FROM')
    const { job } = await this.#submit('', [], { clientSql, write })
    const info = await job.ended
    if (info.error !== undefined) throw this.#failure(info.error)
    this.#deps.transaction.wrote()
  }

  /** Commits and rollbacks must not meet open rows. Error: rows of a held cursor that are too many. */
  async settle(isKept: boolean): Promise<void> {
    if (isKept) await this.#makeRoom()
    const live = this.#live
    this.#live = undefined
    await live?.cursor.close()
  }

  /** The engine's own zone decides what a day is: it must be the one that the client was told. */
  async applyZone(): Promise<void> {
    const { name } = this.#deps.settings.zone
    if (name === this.#engineZone) return
    await this.#makeRoom()
    try {
      await this.#deps.session.setTimeZone(name)
    } catch (error) {
      if (!(error instanceof MillpondError) || error.code !== 'query-invalid') throw error
      throw new PgError(states.invalidParameter, `invalid value for parameter "TimeZone": "${name}"`, { cause: error })
    }
    this.#engineZone = name
  }

  async context(parameter: (number: number) => string = (number) => `$${number}`): Promise<RewriteContext> {
    const { catalog, settings, identity } = this.#deps
    const names = await catalog.names()
    const { path, isDefault } = searchPath(settings.get('search_path') ?? '', names.datasets)
    const { temporaryTables } = this.#deps.session
    return { names, temporaryTables, path, isDefaultPath: isDefault, identity, settings, parameter }
  }

  async #rewrite(source: StatementText, parameter: (number: number) => string): Promise<Rewritten> {
    return rewrite(source, await this.context(parameter))
  }

  async #prepare({ relations }: Pick<Rewritten, 'relations'>, clientSql: string, command?: string): Promise<void> {
    this.#deps.checkLogin()
    await this.#makeRoom()
    if (relations.size > 0) await this.#deps.catalog.put(relations, clientSql)
    try {
      await this.#deps.transaction.ready(command, this.#stop.signal, this.#timeoutMs)
    } catch (error) {
      throw this.#failure(error)
    }
  }

  /** What the client allows a statement; undefined: the road's own bound. */
  get #timeoutMs(): number | undefined {
    const timeoutMs = this.#deps.settings.milliseconds('statement_timeout')
    return timeoutMs === 0 ? undefined : timeoutMs
  }

  async #submit(sql: string, parameters: readonly BoundParameter[], told: Told) {
    const { session } = this.#deps
    const timeoutMs = this.#timeoutMs
    const bound: QueryParameter[] = parameters.map((parameter) => ({
      name: undefined,
      type: text,
      value: parameter.text,
    }))
    const request = {
      sql,
      dialect: 'duckdb' as const,
      clientSql: told.clientSql,
      readsCatalog: told.readsCatalog === true,
      write: told.write,
      ...(bound.length === 0 ? {} : { parameters: bound }),
      timeoutMs,
    }
    try {
      const job = await session.submit(request, this.#freshSignal())
      return { job, result: await job.result() }
    } catch (error) {
      throw this.#failure(error)
    }
  }

  #done(source: StatementText, info: JobInfo): Execution {
    const type = info.statistics?.statementType
    if (type !== 'SELECT') this.#deps.transaction.wrote()
    if (type !== undefined && /^(?:CREATE|DROP|ALTER)_/.test(type)) this.#deps.catalog.changed()
    return { kind: 'done', tag: tagOf(source, type, info.statistics?.affectedRows ?? 0) }
  }

  /** A bound that the client set itself is told as Postgres tells it. */
  failureOf(error: unknown): unknown {
    return this.#failure(error)
  }

  #failure(error: unknown): unknown {
    const { code, message } = error as { code?: string; message?: string }
    const isOwnBound = this.#timeoutMs !== undefined && /longer than/.test(message ?? '')
    if (code === 'query-limit' && isOwnBound) {
      return new PgError(states.cancelled, 'canceling statement due to statement timeout')
    }
    if (code === 'query-cancelled' && this.#stop.signal.aborted) {
      return new PgError(states.cancelled, 'canceling statement due to user request')
    }
    if (error instanceof Error || code === undefined) return error
    return new MillpondError(code as MillpondError['code'], message ?? code)
  }

  #freshSignal(): AbortSignal {
    this.#jobStop = new AbortController()
    if (this.#stop.signal.aborted) this.#jobStop.abort()
    return this.#jobStop.signal
  }

  /** The rows of a cursor that somebody may still want go aside. */
  async #makeRoom(): Promise<void> {
    const live = this.#live
    if (live === undefined || !live.cursor.isLive) return
    this.#live = undefined
    this.#held = this.#held.filter((cursor) => cursor.heldBytes > 0)
    const used = this.#held.reduce((bytes, cursor) => bytes + cursor.heldBytes, 0)
    await live.cursor.hold(heldBytesMax - used, live.name)
    this.#held.push(live.cursor)
  }
}

/** Some functions refuse NULL already when a statement is prepared. */
const standIns: Readonly<Record<string, string>> = { VARCHAR: "''", SMALLINT: '1', INTEGER: '1', BIGINT: '1' }

function namedColumns(source: StatementText, columns: readonly EngineColumn[]): readonly EngineColumn[] {
  const names = outputNames(source)
  if (names?.length !== columns.length) return columns
  return columns.map((column, index) => ({ ...column, name: names[index] ?? column.name }))
}

/** The client's type decides what the text means. */
function castOf(number: number, parameters: readonly BoundParameter[]): string {
  const parameter = parameters[number - 1]
  if (parameter === undefined) throw new PgError('42P02', `there is no parameter $${number}`)
  return `CAST($${number} AS ${parameter.castType})`
}
