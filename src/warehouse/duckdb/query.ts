// A person's query: guarded, run in a read-only transaction on a connection of its own, handed out chunk by chunk.
// The engine works ahead by one small buffer and then rests until somebody reads on.
//
//   open -> guard -> BEGIN READ ONLY -> stream -> (chunk, chunk, …) -> ended
//     \______________\________________\___________\___ abort: interrupt until the call in flight returns -> ended
import type { DuckDBDataChunk, DuckDBResult, DuckDBType } from '@duckdb/node-api'
import type duckdb from '@duckdb/node-bindings'

import type { Clock } from '../../core/clock.ts'
import { messageOf, MillpondError } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { QueryColumn, QueryRun } from '../driver.ts'
import { queryFailure } from './failures.ts'
import { guardSql } from './guard.ts'
import type { Link } from './link.ts'
import { openReader } from './open.ts'
import { jsonReady } from './values.ts'

export interface QueryDeps {
  readonly folder: string
  readonly clock: Clock
  readonly log: Log
}

export interface Queries {
  run(sql: string, signal: AbortSignal): Promise<QueryRun>
  /** Resolves as soon as no query holds a connection. */
  idle(): Promise<void>
  /** Interrupts all and waits until each has let go of its connection. */
  stop(): Promise<void>
}

/** An interrupt between two calls is lost by the engine when the next begins: say it again until the query is gone. */
const interruptEveryMs = 20

export function createQueries(database: duckdb.Database, deps: QueryDeps): Queries {
  const running = new Set<Query>()
  let connecting = 0
  let isStopped = false
  let waiting: (() => void)[] = []

  function tellIdle(): void {
    if (running.size > 0 || connecting > 0) return
    for (const resolve of waiting) resolve()
    waiting = []
  }

  async function idle(): Promise<void> {
    await new Promise<void>((resolve) => {
      waiting.push(resolve)
      tellIdle()
    })
  }

  /** The database must not be closed while a connection is being made. */
  async function connect(signal: AbortSignal): Promise<Query> {
    connecting += 1
    try {
      const query = new Query(await openReader(database), signal, deps, () => {
        running.delete(query)
        tellIdle()
      })
      running.add(query)
      return query
    } finally {
      connecting -= 1
      tellIdle()
    }
  }

  return {
    async run(sql, signal) {
      refuseAborted(signal)
      const query = await connect(signal)
      if (isStopped) await query.close()
      return query.start(sql)
    },
    idle,
    async stop() {
      isStopped = true
      await Promise.all([...running].map(async (query) => query.close()))
      await idle()
    },
  }
}

function refuseAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new MillpondError('query-cancelled', 'The query was cancelled')
}

class Query {
  readonly #link: Link
  readonly #signal: AbortSignal
  readonly #deps: QueryDeps
  readonly #ended: () => void
  readonly #stop = new AbortController()
  readonly #interrupt = (): void => {
    this.#keepInterrupting()
  }
  /** The engine call in flight; a connection must not be closed under it. */
  #inFlight: Promise<unknown> = Promise.resolve()
  #ending: Promise<void> | undefined
  /** No call of ours is in the engine any more; until then an interrupt may still be lost and is said again. */
  #hasLetGo = false
  #cancelTimer: (() => void) | undefined

  constructor(link: Link, signal: AbortSignal, deps: QueryDeps, ended: () => void) {
    this.#link = link
    this.#signal = AbortSignal.any([signal, this.#stop.signal])
    this.#deps = deps
    this.#ended = ended
    this.#signal.addEventListener('abort', this.#interrupt)
  }

  async start(sql: string): Promise<QueryRun> {
    try {
      const guarded = await this.#call(async () => guardSql(this.#link, sql))
      await this.#call(async () => this.#link.api.run('BEGIN TRANSACTION READ ONLY'))
      const result = await this.#call(async () => this.#link.api.stream(guarded))
      return { columns: columnsOf(result), rows: this.#rows(result), close: async () => this.close() }
    } catch (error) {
      await this.#end()
      throw queryFailure(error, this.#deps.folder)
    }
  }

  async *#rows(result: DuckDBResult): AsyncGenerator<readonly (readonly unknown[])[]> {
    // The result's types, not the chunks': those have forgotten which text is JSON.
    const types = result.columnTypes()
    try {
      for (;;) {
        const chunk = await this.#call(async () => result.fetchChunk())
        if (chunk === null || chunk.rowCount === 0) return
        yield* piecesOf(chunk, types)
      }
    } catch (error) {
      throw queryFailure(error, this.#deps.folder)
    } finally {
      await this.#end()
    }
  }

  async close(): Promise<void> {
    this.#stop.abort()
    await this.#end()
  }

  async #call<Result>(call: () => Promise<Result>): Promise<Result> {
    refuseAborted(this.#signal)
    const promise = call()
    this.#inFlight = promise.catch(() => undefined)
    const result = await promise
    refuseAborted(this.#signal)
    return result
  }

  #keepInterrupting(): void {
    if (this.#hasLetGo) return
    this.#link.api.interrupt()
    this.#cancelTimer = this.#deps.clock.schedule(this.#interrupt, interruptEveryMs)
  }

  async #end(): Promise<void> {
    this.#ending ??= this.#release()
    return this.#ending
  }

  async #release(): Promise<void> {
    await this.#inFlight
    this.#hasLetGo = true
    this.#signal.removeEventListener('abort', this.#interrupt)
    this.#cancelTimer?.()
    try {
      // Ends a stream that nobody read to its end; its snapshot would live until the garbage collector came.
      await this.#link.api.run('ROLLBACK')
    } catch (error) {
      this.#deps.log.debug({ error: messageOf(error) }, 'A query had no transaction left')
    }
    this.#link.api.disconnectSync()
    this.#ended()
  }
}

/** Text that one piece of a chunk hands out at most, unless a single row is larger. */
const pieceCharactersMax = 4 * 1024 * 1024

/**
 * The rows of a chunk. 2,048 rows of large values are decoded piece by piece, at the pace of the reader: decoded at once
 * they would fill the heap.
 */
function* piecesOf(chunk: DuckDBDataChunk, types: readonly DuckDBType[]): Generator<unknown[][]> {
  const vectors = types.map((_, column) => chunk.getColumnVector(column))
  let piece: unknown[][] = []
  let characters = 0
  for (let row = 0; row < chunk.rowCount; row += 1) {
    const values = vectors.map((vector, column) => jsonReady(vector.getItem(row), types[column]))
    piece.push(values)
    for (const value of values) if (typeof value === 'string') characters += value.length
    if (characters < pieceCharactersMax) continue
    yield piece
    piece = []
    characters = 0
  }
  if (piece.length > 0) yield piece
}

function columnsOf(result: DuckDBResult): QueryColumn[] {
  const names = result.columnNames()
  return result.columnTypes().map((type, index) => ({ name: names[index] ?? '', type: type.alias ?? type.toString() }))
}
