// One session's use of the engine: a statement at a time, rewritten, with the catalogue's tables there that it reads, in the
// transaction that it belongs to, and stoppable.
import { MillpondError } from '../../../core/errors.ts'
import type { SqlType } from '../../../sql/types.ts'
import type { EngineColumn, ResultChunk, StatementShape } from '../../../warehouse/session.ts'
import type { JobInfo, QueryParameter, QuerySession } from '../../contract.ts'
import type { Catalog } from '../catalog/catalog.ts'
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

const text: SqlType = { kind: 'STRING' }

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
    await this.#prepare(rewritten)
    const { sql, used } = renumbered(rewritten.sql)
    const bound = used.flatMap((number) => parameters[number - 1] ?? [])
    const { job, result } = await this.#submit(sql, bound)
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
    await this.#prepare(rewritten)
    const { sql, used } = renumbered(rewritten.sql)
    const shape = await this.#deps.session.describe(sql, 'duckdb')
    const parameters = shape.parameters.map(({ name, type }) => ({
      name: String(used[Number(/\d+$/.exec(name)?.[0] ?? 0) - 1] ?? name),
      type,
    }))
    const columns = namedColumns(source, shape.columns)
    return { shape: { ...shape, columns, parameters }, isCatalog: rewritten.relations.size > 0 }
  }

  /** A statement of ours, in GoogleSQL. */
  async change(sql: string): Promise<number> {
    await this.#makeRoom()
    await this.#deps.transaction.ready()
    const job = await this.#deps.session.submit({ sql, dialect: 'googlesql' }, this.#freshSignal())
    const info = await job.ended
    if (info.error !== undefined) throw this.#failure(info.error)
    this.#deps.transaction.wrote()
    return info.statistics?.affectedRows ?? 0
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
    const job = await this.#deps.session.submit(
      { sql: `SET TimeZone = '${name}'`, dialect: 'duckdb' },
      this.#freshSignal(),
    )
    const info = await job.ended
    if (info.error !== undefined) throw this.#failure(info.error)
    this.#engineZone = name
  }

  async context(parameter: (number: number) => string = (number) => `$${number}`): Promise<RewriteContext> {
    const { catalog, settings, identity } = this.#deps
    const names = await catalog.names()
    const { path, isDefault } = searchPath(settings.get('search_path') ?? '', names.datasets)
    return { names, path, isDefaultPath: isDefault, identity, settings, parameter }
  }

  async #rewrite(source: StatementText, parameter: (number: number) => string): Promise<Rewritten> {
    return rewrite(source, await this.context(parameter))
  }

  async #prepare({ relations }: Rewritten): Promise<void> {
    this.#deps.checkLogin()
    await this.#makeRoom()
    if (relations.size > 0) await this.#deps.catalog.put(relations)
    await this.#deps.transaction.ready()
  }

  async #submit(sql: string, parameters: readonly BoundParameter[]) {
    const { session, settings } = this.#deps
    const timeoutMs = settings.milliseconds('statement_timeout')
    const bound: QueryParameter[] = parameters.map((parameter) => ({
      name: undefined,
      type: text,
      value: parameter.text,
    }))
    const request = {
      sql,
      dialect: 'duckdb' as const,
      ...(bound.length === 0 ? {} : { parameters: bound }),
      ...(timeoutMs === 0 ? {} : { timeoutMs }),
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
    const isOwnBound = this.#deps.settings.milliseconds('statement_timeout') > 0 && /longer than/.test(message ?? '')
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
