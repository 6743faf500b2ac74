// One statement on one connection: prepared, its parameters bound as text, its rows given out by column, chunk by chunk.
import { type DuckDBDataChunk, DuckDBPreparedStatement, type DuckDBResult, StatementType } from '@duckdb/node-api'
import duckdb from '@duckdb/node-bindings'

import { MillpondError } from '../../core/errors.ts'
import type { EngineColumn, EngineStatement, EngineType, ResultChunk, StatementShape } from '../session.ts'
import { engineTypeOf } from './engine-types.ts'
import type { Link } from './link.ts'
import { type ColumnReader, readerOf } from './vector-values.ts'

/** Error: query-invalid if a parameter has no value, and the engine's own. The caller destroys it. */
export async function prepare(link: Link, statement: EngineStatement): Promise<DuckDBPreparedStatement> {
  const prepared = await prepareText(link, statement.sql)
  try {
    if (refusedTypes.has(prepared.statementType)) {
      throw new MillpondError('query-refused', 'Settings, files and other databases are out of reach here')
    }
    bind(prepared, statement.parameters)
    return prepared
  } catch (error) {
    prepared.destroySync()
    throw error
  }
}

/** The compiler writes none of them; a bound that holds if it ever does. COPY goes to the exchange folder only. */
const refusedTypes = new Set<StatementType>([
  StatementType.ATTACH,
  StatementType.COPY_DATABASE,
  StatementType.DETACH,
  StatementType.EXPORT,
  StatementType.EXTENSION,
  StatementType.LOAD,
  StatementType.PRAGMA,
  StatementType.SET,
  StatementType.TRANSACTION,
  StatementType.UPDATE_EXTENSIONS,
  StatementType.VACUUM,
])

async function prepareText(link: Link, sql: string): Promise<DuckDBPreparedStatement> {
  return new DuckDBPreparedStatement(await duckdb.prepare(link.raw, sql))
}

function bind(prepared: DuckDBPreparedStatement, parameters: EngineStatement['parameters']): void {
  for (let index = 1; index <= prepared.parameterCount; index += 1) {
    const name = prepared.parameterName(index)
    const value = parameters?.get(name)
    if (value === undefined) throw new MillpondError('query-invalid', `The parameter $${name} has no value`)
    if (value === null) prepared.bindNull(index)
    else prepared.bindVarchar(index, value)
  }
}

export interface Rows {
  readonly columns: readonly EngineColumn[]
  readonly readers: readonly ColumnReader[]
  readonly result: DuckDBResult
  /** Running it twice does nothing twice. */
  readonly isSelect: boolean
}

export async function streamRows(link: Link, statement: EngineStatement): Promise<Rows> {
  const prepared = await prepare(link, statement)
  try {
    const result = await prepared.stream()
    // The result's types, not the chunks': those have forgotten which text is JSON.
    const types = result.columnTypes()
    const names = result.columnNames()
    return {
      columns: types.map((type, index) => ({ name: names[index] ?? '', type: engineTypeOf(type) })),
      readers: types.map(readerOf),
      result,
      isSelect: prepared.statementType === StatementType.SELECT,
    }
  } finally {
    prepared.destroySync()
  }
}

/** Rows changed. */
export async function runStatement(link: Link, statement: EngineStatement): Promise<number> {
  const prepared = await prepare(link, statement)
  try {
    const result = await prepared.run()
    return result.rowsChanged
  } finally {
    prepared.destroySync()
  }
}

/** Text and bytes that one piece of a chunk hands out at most, unless a single row is larger. */
const pieceBytesMax = 4 * 1024 * 1024

/** 2,048 rows of large values are read piece by piece, at the pace of the reader: at once they would fill the heap. */
export function* piecesOf(chunk: DuckDBDataChunk, readers: readonly ColumnReader[]): Generator<ResultChunk> {
  const vectors = readers.map((_, column) => duckdb.data_chunk_get_vector(chunk.chunk, column))
  const bytesOf = (from: number, to: number): number =>
    readers.reduce((sum, reader, column) => sum + reader.bytes(vectorAt(vectors, column), from, to), 0)
  const piece = (from: number, to: number): ResultChunk => ({
    rowCount: to - from,
    columns: readers.map((reader, column) => reader.read(vectorAt(vectors, column), from, to)),
  })
  const { rowCount } = chunk
  if (bytesOf(0, rowCount) <= pieceBytesMax) {
    yield piece(0, rowCount)
    return
  }
  let from = 0
  let bytes = 0
  for (let row = 0; row < rowCount; row += 1) {
    bytes += bytesOf(row, row + 1)
    if (bytes < pieceBytesMax && row + 1 < rowCount) continue
    yield piece(from, row + 1)
    from = row + 1
    bytes = 0
  }
}

function vectorAt(vectors: readonly duckdb.Vector[], column: number): duckdb.Vector {
  const vector = vectors[column]
  if (vector === undefined) throw new MillpondError('bug', `BUG: a chunk has no column ${column}`)
  return vector
}

export async function describeStatement(link: Link, statement: EngineStatement): Promise<StatementShape> {
  const prepared = await prepareText(link, statement.sql)
  try {
    const parameters = Array.from({ length: prepared.parameterCount }, (_, index) => ({
      name: prepared.parameterName(index + 1),
      type: typeOrUnknown(() => engineTypeOf(prepared.parameterType(index + 1))),
    }))
    const statementType = StatementType[prepared.statementType]
    const columns = columnsOf(prepared)
    const isKnown = columns.every((column) => column !== undefined)
    if (isKnown) return { columns, parameters, statementType }
    const guessed = statementType === 'SELECT' ? await columnsWithText(link, statement) : undefined
    return { columns: guessed ?? [unknownColumn], parameters, statementType }
  } finally {
    prepared.destroySync()
  }
}

const unknownColumn: EngineColumn = { name: 'unknown', type: { kind: 'OTHER', name: 'unknown' } }

function columnsOf(prepared: DuckDBPreparedStatement): (EngineColumn | undefined)[] {
  return Array.from({ length: prepared.columnCount }, (_, index) => {
    const type = typeOrUnknown(() => engineTypeOf(prepared.columnType(index)))
    return type === undefined ? undefined : { name: prepared.columnName(index), type }
  })
}

/**
 * A column whose type depends on a parameter makes all of them unknown to the engine, names too. Bound as text, as they will be
 * when it runs, they have a type; no row is asked for, so nothing is read.
 */
async function columnsWithText(link: Link, { sql, parameters }: EngineStatement): Promise<EngineColumn[] | undefined> {
  try {
    const prepared = await prepareText(link, `SELECT * FROM (${sql.replace(/[;\s]+$/, '')}\n) LIMIT 0`)
    try {
      for (let index = 1; index <= prepared.parameterCount; index += 1) {
        prepared.bindVarchar(index, parameters?.get(prepared.parameterName(index)) ?? '')
      }
      const result = await prepared.stream()
      const names = result.columnNames()
      return result.columnTypes().map((type, index) => ({ name: names[index] ?? '', type: engineTypeOf(type) }))
    } finally {
      prepared.destroySync()
    }
  } catch {
    return undefined
  }
}

function typeOrUnknown(read: () => EngineType): EngineType | undefined {
  try {
    return read()
  } catch {
    return undefined
  }
}
