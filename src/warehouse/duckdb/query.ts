// A person's query: guarded, run in a read-only transaction on a connection of its own, handed out chunk by chunk.
// The engine works ahead by one small buffer and then rests until somebody reads on.
//
//   open -> guard -> BEGIN READ ONLY -> stream -> (chunk, chunk, …) -> ended
//     \______________\________________\___________\___ abort: interrupt until the call in flight returns -> ended
import type { DuckDBDataChunk, DuckDBResult, DuckDBType } from '@duckdb/node-api'

import type { Clock } from '../../core/clock.ts'
import { assert, messageOf } from '../../core/errors.ts'
import type { Log } from '../../core/log.ts'
import type { QueryColumn, QueryRun } from '../driver.ts'
import { Calls, refuseAborted } from './calls.ts'
import { queryFailure } from './failures.ts'
import { guardSql } from './guard.ts'
import type { Link } from './link.ts'
import type { Holder, Reader, Readers } from './readers.ts'
import { touchesMade } from './made-catalog.ts'
import { hasFailed, tellFailure } from './stream-end.ts'
import { jsonReady } from './values.ts'

export interface QueryDeps {
  readonly folder: string
  readonly clock: Clock
  readonly log: Log
}

export interface Queries {
  run(sql: string, signal: AbortSignal): Promise<QueryRun>
}

export function createQueries(readers: Readers, deps: QueryDeps): Queries {
  return {
    async run(sql, signal) {
      refuseAborted(signal)
      const query = new Query(signal, deps)
      return query.start(sql, readers)
    },
  }
}

class Query implements Holder {
  readonly #signal: AbortSignal
  readonly #deps: QueryDeps
  readonly #stop = new AbortController()
  #reader: Reader | undefined
  #calls: Calls | undefined
  #ending: Promise<void> | undefined
  #madeUse: PromiseWithResolvers<void> | undefined

  constructor(signal: AbortSignal, deps: QueryDeps) {
    this.#signal = AbortSignal.any([signal, this.#stop.signal])
    this.#deps = deps
  }

  async start(sql: string, readers: Readers): Promise<QueryRun> {
    if (touchesMade(sql)) this.#madeUse = Promise.withResolvers()
    try {
      const { link } = (this.#reader = await readers.open(this))
      this.#calls = new Calls(link, this.#deps.clock)
      const guarded = await this.#call(async () => guardSql(link, sql))
      await this.#call(async () => link.api.run('BEGIN TRANSACTION READ ONLY'))
      const result = await this.#call(async () => link.api.stream(guarded))
      return { columns: columnsOf(result), rows: this.#rows(result, link, guarded), close: async () => this.close() }
    } catch (error) {
      await this.#end()
      throw queryFailure(error, this.#deps.folder)
    }
  }

  async *#rows(result: DuckDBResult, link: Link, sql: string): AsyncGenerator<readonly (readonly unknown[])[]> {
    // The result's types, not the chunks': those have forgotten which text is JSON.
    const types = result.columnTypes()
    try {
      for (;;) {
        const chunk = await this.#call(async () => result.fetchChunk())
        if (chunk === null || chunk.rowCount === 0) break
        yield* piecesOf(chunk, types)
      }
      if (hasFailed(result)) {
        await this.#call(async () => link.api.run('ROLLBACK'))
        await this.#call(async () => link.api.run('BEGIN TRANSACTION READ ONLY'))
        await this.#call(async () => tellFailure(link, { sql }))
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
    assert(this.#calls !== undefined, 'a query calls on its connection')
    const result = await this.#calls.run(call, this.#signal)
    refuseAborted(this.#signal)
    return result
  }

  /** It ends by itself. */
  leave(): void {
    // Nothing to do.
  }

  get madeUse(): Promise<void> | undefined {
    return this.#madeUse?.promise
  }

  async interrupt(): Promise<void> {
    await this.close()
  }

  async #end(): Promise<void> {
    this.#ending ??= this.#release()
    return this.#ending
  }

  async #release(): Promise<void> {
    await this.#calls?.idle()
    try {
      // Ends a stream that nobody read to its end; its snapshot would live until the garbage collector came.
      await this.#reader?.link.api.run('ROLLBACK')
    } catch (error) {
      this.#deps.log.debug({ error: messageOf(error) }, 'A query had no transaction left')
    }
    this.#reader?.release()
    this.#madeUse?.resolve()
    this.#madeUse = undefined
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
