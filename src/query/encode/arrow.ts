// Rows as an Arrow IPC stream, batch by batch: what pandas, polars and R read fastest. The library is large and loads late.
//
//   integers, floats, BOOLEAN, DATE, TIME, TIMESTAMP(TZ) their Arrow types · DECIMAL text with all digits, as are UUID and INTERVAL
//   LIST of texts or numbers a list · other nested values JSON text
import type * as ArrowModule from 'apache-arrow'
import type { Data, DataType, TypeMap } from 'apache-arrow'

import type { EngineColumn, EngineType, EngineValue, ResultChunk } from '../../warehouse/session.ts'
import { jsonValue } from './json-value.ts'

type Arrow = typeof ArrowModule

/** Ends every stream; not a part of a batch. */
const endBytes = 8

export async function* arrowStream(
  columns: readonly EngineColumn[],
  chunks: AsyncIterable<ResultChunk>,
): AsyncGenerator<Uint8Array> {
  const arrow = await import('apache-arrow')
  const types = columns.map(({ type }) => arrowType(arrow, type))
  const schema = new arrow.Schema(columns.map(({ name }, index) => new arrow.Field(name, typeAt(types, index), true)))
  // The library writes whole streams only: of each, what stands behind the schema is the batch.
  const head = arrow.tableToIPC(new arrow.Table(schema), 'stream')
  const schemaBytes = head.length - endBytes
  yield head.subarray(0, schemaBytes)
  for await (const chunk of chunks) {
    const batch = batchOf(arrow, schema, types, columns, chunk)
    const stream = arrow.tableToIPC(new arrow.Table(schema, [batch]), 'stream')
    yield stream.subarray(schemaBytes, stream.length - endBytes)
  }
  yield head.subarray(schemaBytes)
}

function typeAt(types: readonly DataType[], index: number): DataType {
  const type = types[index]
  if (type === undefined) throw new Error('BUG: every column has a type')
  return type
}

function arrowType(arrow: Arrow, type: EngineType): DataType {
  switch (type.kind) {
    case 'BOOLEAN':
      return new arrow.Bool()
    case 'TINYINT':
    case 'SMALLINT':
    case 'INTEGER':
    case 'UTINYINT':
    case 'USMALLINT':
      return new arrow.Int32()
    case 'UINTEGER':
    case 'BIGINT':
      return new arrow.Int64()
    case 'FLOAT':
    case 'DOUBLE':
      return new arrow.Float64()
    case 'BLOB':
      return new arrow.Binary()
    case 'DATE':
      return new arrow.DateDay()
    case 'TIME':
      return new arrow.TimeMicrosecond()
    case 'TIMESTAMP':
      return new arrow.TimestampMicrosecond()
    case 'TIMESTAMPTZ':
      return new arrow.TimestampMicrosecond('UTC')
    case 'LIST':
      return isPlainList(type.element)
        ? new arrow.List(new arrow.Field('item', arrowType(arrow, type.element), true))
        : new arrow.Utf8()
    default:
      return new arrow.Utf8()
  }
}

function batchOf(
  arrow: Arrow,
  schema: InstanceType<Arrow['Schema']>,
  types: readonly DataType[],
  columns: readonly EngineColumn[],
  chunk: ResultChunk,
): InstanceType<Arrow['RecordBatch']> {
  const children = columns.map(({ type }, index) =>
    dataOf(arrow, typeAt(types, index), type, chunk.columns[index] ?? []),
  )
  const struct = new arrow.Struct<TypeMap>(schema.fields)
  return new arrow.RecordBatch(schema, arrow.makeData({ type: struct, length: chunk.rowCount, nullCount: 0, children }))
}

function dataOf(arrow: Arrow, arrowType: DataType, type: EngineType, values: readonly EngineValue[]): Data {
  const filled = filledValues(type, values)
  if (filled === undefined)
    return arrow.vectorFromArray(
      values.map((value) => arrowValue(value, type)),
      arrowType,
    ).data[0] as Data
  const bitmap = new Uint8Array(Math.ceil(values.length / 8))
  let nullCount = 0
  for (const [row, value] of values.entries()) {
    if (value === null) nullCount += 1
    else bitmap[row >> 3] = (bitmap[row >> 3] ?? 0) | (1 << (row & 7))
  }
  return arrow.makeData({
    type: arrowType as never,
    length: values.length,
    nullCount,
    nullBitmap: bitmap,
    data: filled as never,
  }) as Data
}

/** Straight into the buffer that goes out; undefined for what the library has to lay out. */
function filledValues(
  type: EngineType,
  values: readonly EngineValue[],
): BigInt64Array | Float64Array | Int32Array | undefined {
  switch (type.kind) {
    case 'TINYINT':
    case 'SMALLINT':
    case 'INTEGER':
    case 'UTINYINT':
    case 'USMALLINT':
    case 'DATE':
      return Int32Array.from(values, (value) => (typeof value === 'number' ? value : 0))
    case 'UINTEGER':
    case 'BIGINT':
    case 'TIME':
    case 'TIMESTAMP':
    case 'TIMESTAMPTZ':
      return BigInt64Array.from(values, (value) => (value === null ? 0n : BigInt(value as bigint | number)))
    case 'FLOAT':
    case 'DOUBLE':
      return Float64Array.from(values, (value) => (typeof value === 'number' ? value : 0))
    default:
      return undefined
  }
}

function arrowValue(value: EngineValue, type: EngineType): unknown {
  if (value === null || typeof value === 'boolean' || value instanceof Uint8Array) return value
  if (type.kind === 'LIST' && isPlainList(type.element)) return value
  if (typeof value === 'string') return value
  const json = jsonValue(value, type)
  return typeof json === 'string' ? json : JSON.stringify(json)
}

function isPlainList({ kind }: EngineType): boolean {
  return kind === 'VARCHAR' || kind === 'DOUBLE' || kind === 'BOOLEAN' || kind === 'FLOAT'
}
