// Rows of one answer, read as far as somebody wants and no further. While it is open it holds the session's engine; when another
// statement needs that, the rows left are taken into memory, up to a bound.
import type { EngineColumn, EngineType, EngineValue, ResultChunk } from '../../../warehouse/session.ts'
import { PgError, states } from '../sqlstate.ts'

/** Of all cursors of a session that had to make room for another statement. */
export const heldBytesMax = 64 * 1024 * 1024

export interface RowResult {
  readonly columns: readonly EngineColumn[]
  readonly chunks: AsyncIterable<ResultChunk>
  close(): Promise<void>
}

export class RowCursor {
  readonly columns: readonly EngineColumn[]
  /** Of the catalogue: its UINTEGERs are oids. */
  readonly isCatalog: boolean
  readonly #result: RowResult
  readonly #iterator: AsyncIterator<ResultChunk>
  #held: ResultChunk[] = []
  #chunk: ResultChunk | undefined
  #row = 0
  #isLive = true
  /** What a statement of its own may not outlive, and a bound of the session. */
  heldBytes = 0

  constructor(result: RowResult, isCatalog: boolean) {
    this.columns = result.columns
    this.isCatalog = isCatalog
    this.#result = result
    this.#iterator = result.chunks[Symbol.asyncIterator]()
  }

  /** It still reads from the engine. */
  get isLive(): boolean {
    return this.#isLive
  }

  /** Gives at most `rowsMax` rows to `write`, in pieces; resolves with how many it were and whether any may be left. */
  async read(
    rowsMax: number,
    write: (chunk: ResultChunk, from: number, to: number) => Promise<void> | undefined,
  ): Promise<{ rows: number; isDone: boolean }> {
    let rows = 0
    for (;;) {
      if (this.#chunk === undefined || this.#row >= this.#chunk.rowCount) {
        this.#row = 0
        this.#chunk = await this.#nextChunk()
        if (this.#chunk === undefined) return { rows, isDone: true }
        continue
      }
      if (rows >= rowsMax) return { rows, isDone: false }
      const to = Math.min(this.#chunk.rowCount, this.#row + rowsMax - rows)
      await write(this.#chunk, this.#row, to)
      rows += to - this.#row
      this.#row = to
    }
  }

  async #nextChunk(): Promise<ResultChunk | undefined> {
    const held = this.#held.shift()
    if (held !== undefined) return held
    if (!this.#isLive) return undefined
    const next = await this.#pull()
    return next
  }

  async #pull(): Promise<ResultChunk | undefined> {
    try {
      const next = await this.#iterator.next()
      if (next.done !== true) return next.value
    } catch (error) {
      this.#isLive = false
      throw error
    }
    this.#isLive = false
    await this.#result.close()
    return undefined
  }

  /** Reads the rest into memory. Error: it is more than `bytesMax`. */
  async hold(bytesMax: number, name: string): Promise<void> {
    while (this.#isLive) {
      const chunk = await this.#pull()
      if (chunk === undefined) return
      this.#held.push(chunk)
      this.heldBytes += bytesOf(chunk)
      if (this.heldBytes > bytesMax) {
        await this.close()
        const message = `${name} still has more rows than can be kept aside (${bytesMax >> 20} MiB): read or close it before the next statement`
        throw new PgError(states.limit, message)
      }
    }
  }

  async close(): Promise<void> {
    this.#held = []
    this.#chunk = undefined
    this.heldBytes = 0
    if (!this.#isLive) return
    this.#isLive = false
    await this.#result.close()
  }
}

const valueBytes = 16

function bytesOf(chunk: ResultChunk): number {
  let bytes = 0
  for (const column of chunk.columns) for (const value of column) bytes += valueBytes + lengthOf(value)
  return bytes
}

function lengthOf(value: EngineValue): number {
  if (typeof value === 'string') return value.length * 2
  if (value instanceof Uint8Array) return value.length
  if (!Array.isArray(value)) return 0
  let bytes = 0
  for (const item of value as readonly EngineValue[]) bytes += valueBytes + lengthOf(item)
  return bytes
}

/** Rows that are there already: answers of the session itself. */
export function rowsAtHand(
  columns: readonly { readonly name: string; readonly kind: 'VARCHAR' | 'INTEGER' }[],
  rows: readonly (readonly EngineValue[])[],
): RowResult {
  const chunk: ResultChunk = {
    rowCount: rows.length,
    columns: columns.map((_, index) => rows.map((row) => row[index] ?? null)),
  }
  return {
    columns: columns.map(({ name, kind }) => ({ name, type: { kind } satisfies EngineType })),
    chunks: {
      async *[Symbol.asyncIterator]() {
        if (chunk.rowCount > 0) yield chunk
      },
    },
    close: async () => undefined,
  }
}
