// Values of a column, read from the engine's memory many at a time. The public API makes an object a value and asks the engine
// for every long text; a dashboard's million rows wouldn't stand that. Validity, slots and strings are read here as they lie:
// https://duckdb.org/docs/internals/vector, the same layouts that append.ts writes.
import { DuckDBArrayType, DuckDBDecimalType, DuckDBListType, DuckDBMapType, DuckDBStructType } from '@duckdb/node-api'
import { type DuckDBType, DuckDBTypeId, DuckDBVector } from '@duckdb/node-api'
import duckdb from '@duckdb/node-bindings'

import type { EngineValue } from '../session.ts'
import { stringBytes, stringSlices, stringsOf } from './vector-strings.ts'

/** Rows `from` up to `to` of a vector that holds at least `to`. */
type Read = (vector: duckdb.Vector, from: number, to: number) => EngineValue[]

export interface ColumnReader {
  readonly read: Read
  /** Bytes of all text and bytes within, about. */
  bytes(vector: duckdb.Vector, from: number, to: number): number
}

const nothing = (): number => 0

export function readerOf(type: DuckDBType): ColumnReader {
  if (type instanceof DuckDBListType) return listReader(readerOf(type.valueType))
  if (type instanceof DuckDBArrayType) return arrayReader(readerOf(type.valueType), type.length)
  if (type instanceof DuckDBStructType) return structReader(type.entryTypes.map(readerOf))
  if (type instanceof DuckDBMapType) return listReader(structReader([readerOf(type.keyType), readerOf(type.valueType)]))
  if (type.typeId === DuckDBTypeId.VARCHAR) {
    return { read: stringsOf, bytes: stringBytes }
  }
  if (type.typeId === DuckDBTypeId.BLOB) return { read: readBlobs, bytes: stringBytes }
  if (type instanceof DuckDBDecimalType) return { read: decimals(type), bytes: nothing }
  return { read: fixedReaders.get(type.typeId) ?? others(type), bytes: nothing }
}

/** Undefined: every row has a value. */
function validityOf(vector: duckdb.Vector, to: number): Uint8Array | undefined {
  // The binding says null where its types promise bytes.
  const bytes = duckdb.vector_get_validity(vector, Math.ceil(to / 64) * 8) as Uint8Array | null
  return bytes ?? undefined
}

function isThere(validity: Uint8Array, row: number): boolean {
  return ((validity[row >> 3] ?? 0) & (1 << (row & 7))) !== 0
}

/** Puts null where no value is. */
function withNulls(vector: duckdb.Vector, from: number, to: number, values: EngineValue[]): EngineValue[] {
  const validity = validityOf(vector, to)
  if (validity === undefined) return values
  for (let row = from; row < to; row += 1) if (!isThere(validity, row)) values[row - from] = null
  return values
}

/** The bytes of the slots; `bytes` wide each. */
function slots(vector: duckdb.Vector, to: number, bytes: number): Uint8Array<ArrayBuffer> {
  return duckdb.vector_get_data(vector, to * bytes) as Uint8Array<ArrayBuffer>
}

type View = ArrayLike<EngineValue> & { readonly length: number }
type ViewMaker = new (buffer: ArrayBuffer, offset: number, length: number) => View

function plain(Maker: ViewMaker, bytes: number): Read {
  return (vector, from, to) => {
    const data = slots(vector, to, bytes)
    const view = new Maker(data.buffer, data.byteOffset + from * bytes, to - from)
    return withNulls(vector, from, to, Array.from(view))
  }
}

/** Slots that need a word more than their number. */
function mapped(bytes: number, valueAt: (view: DataView, offset: number) => EngineValue): Read {
  return (vector, from, to) => {
    const data = slots(vector, to, bytes)
    const view = new DataView(data.buffer, data.byteOffset, data.byteLength)
    const values: EngineValue[] = []
    for (let row = from; row < to; row += 1) values.push(valueAt(view, row * bytes))
    return withNulls(vector, from, to, values)
  }
}

const infiniteMicros = 2n ** 63n - 1n
const infiniteDays = 2 ** 31 - 1

function scaledMicros(scale: bigint): Read {
  return mapped(8, (view, offset) => {
    const stored = view.getBigInt64(offset, true)
    return stored === infiniteMicros || stored === -infiniteMicros ? stored : stored * scale
  })
}

function days(view: DataView, offset: number): number {
  const stored = view.getInt32(offset, true)
  if (stored === infiniteDays) return Infinity
  return stored === -infiniteDays ? -Infinity : stored
}

function int128(view: DataView, offset: number): bigint {
  return (view.getBigInt64(offset + 8, true) << 64n) | view.getBigUint64(offset, true)
}

function uint128(view: DataView, offset: number): bigint {
  return (view.getBigUint64(offset + 8, true) << 64n) | view.getBigUint64(offset, true)
}

/** Stored with the first bit turned, so that the order of numbers is the order of texts. */
function uuid(view: DataView, offset: number): string {
  const bits = BigInt.asUintN(128, int128(view, offset) ^ (1n << 127n))
  const hex = bits.toString(16).padStart(32, '0')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`
}

const bigints = plain(BigInt64Array, 8)

const fixedReaders = new Map<DuckDBTypeId, Read>([
  [DuckDBTypeId.BOOLEAN, mapped(1, (view, offset) => view.getUint8(offset) !== 0)],
  [DuckDBTypeId.TINYINT, plain(Int8Array, 1)],
  [DuckDBTypeId.SMALLINT, plain(Int16Array, 2)],
  [DuckDBTypeId.INTEGER, plain(Int32Array, 4)],
  [DuckDBTypeId.UTINYINT, plain(Uint8Array, 1)],
  [DuckDBTypeId.USMALLINT, plain(Uint16Array, 2)],
  [DuckDBTypeId.UINTEGER, plain(Uint32Array, 4)],
  [DuckDBTypeId.BIGINT, bigints],
  [DuckDBTypeId.UBIGINT, plain(BigUint64Array, 8)],
  [DuckDBTypeId.FLOAT, plain(Float32Array, 4)],
  [DuckDBTypeId.DOUBLE, plain(Float64Array, 8)],
  [DuckDBTypeId.TIME, bigints],
  [DuckDBTypeId.TIMESTAMP, bigints],
  [DuckDBTypeId.TIMESTAMP_TZ, bigints],
  [DuckDBTypeId.TIMESTAMP_S, scaledMicros(1_000_000n)],
  [DuckDBTypeId.TIMESTAMP_MS, scaledMicros(1_000n)],
  [DuckDBTypeId.DATE, mapped(4, days)],
  [DuckDBTypeId.HUGEINT, mapped(16, int128)],
  [DuckDBTypeId.UHUGEINT, mapped(16, uint128)],
  [DuckDBTypeId.UUID, mapped(16, uuid)],
  [
    DuckDBTypeId.INTERVAL,
    mapped(16, (view, offset) => ({
      months: view.getInt32(offset, true),
      days: view.getInt32(offset + 4, true),
      micros: view.getBigInt64(offset + 8, true),
    })),
  ],
  [DuckDBTypeId.SQLNULL, (_vector, from, to) => Array.from<EngineValue>({ length: to - from }).fill(null)],
])

/** The digits, all that the scale has. */
function decimals({ width, scale }: DuckDBDecimalType): Read {
  if (width <= 4) return mapped(2, (view, offset) => decimalText(String(view.getInt16(offset, true)), scale))
  if (width <= 9) return mapped(4, (view, offset) => decimalText(String(view.getInt32(offset, true)), scale))
  if (width <= 18) return mapped(8, (view, offset) => decimalText(String(view.getBigInt64(offset, true)), scale))
  return mapped(16, (view, offset) => decimalText(String(int128(view, offset)), scale))
}

function decimalText(digits: string, scale: number): string {
  if (scale === 0) return digits
  const isNegative = digits.startsWith('-')
  const padded = (isNegative ? digits.slice(1) : digits).padStart(scale + 1, '0')
  return `${isNegative ? '-' : ''}${padded.slice(0, -scale)}.${padded.slice(-scale)}`
}

/** Copies: what the engine lends is gone with the chunk. */
function readBlobs(vector: duckdb.Vector, from: number, to: number): EngineValue[] {
  return stringSlices(vector, from, to, (bytes, start, end) => new Uint8Array(bytes.subarray(start, end)))
}

/** Types that are rare enough for the public way. */
function others(type: DuckDBType): Read {
  return (vector, from, to) => {
    const items = DuckDBVector.create(vector, to, type)
    const values: EngineValue[] = []
    for (let row = from; row < to; row += 1) {
      const item = items.getItem(row) as { toString(): string } | null
      values.push(item === null ? null : item.toString())
    }
    return values
  }
}

/** Where the elements of rows lie in the child vector. */
interface Extent {
  readonly first: number
  readonly last: number
  readonly entries: BigUint64Array
  readonly validity: Uint8Array | undefined
}

function extentOf(vector: duckdb.Vector, from: number, to: number): Extent {
  const data = slots(vector, to, 16)
  const entries = new BigUint64Array(data.buffer, data.byteOffset, to * 2)
  const validity = validityOf(vector, to)
  let first = Infinity
  let last = 0
  for (let row = from; row < to; row += 1) {
    if (validity !== undefined && !isThere(validity, row)) continue
    const offset = Number(entries[row * 2])
    const length = Number(entries[row * 2 + 1])
    if (length === 0) continue
    first = Math.min(first, offset)
    last = Math.max(last, offset + length)
  }
  return { first: Math.min(first, last), last, entries, validity }
}

function listReader(element: ColumnReader): ColumnReader {
  return {
    read(vector, from, to) {
      const { first, last, entries, validity } = extentOf(vector, from, to)
      const items = last === first ? [] : element.read(duckdb.list_vector_get_child(vector), first, last)
      const values: EngineValue[] = []
      for (let row = from; row < to; row += 1) {
        const offset = Number(entries[row * 2]) - first
        const isNull = validity !== undefined && !isThere(validity, row)
        values.push(isNull ? null : items.slice(offset, offset + Number(entries[row * 2 + 1])))
      }
      return values
    },
    bytes(vector, from, to) {
      const { first, last } = extentOf(vector, from, to)
      return last === first ? 0 : element.bytes(duckdb.list_vector_get_child(vector), first, last) + (last - first) * 8
    },
  }
}

function arrayReader(element: ColumnReader, length: number): ColumnReader {
  return {
    read(vector, from, to) {
      const items = element.read(duckdb.array_vector_get_child(vector), from * length, to * length)
      const values: EngineValue[] = []
      for (let start = 0; start < items.length; start += length) values.push(items.slice(start, start + length))
      return withNulls(vector, from, to, values)
    },
    bytes: (vector, from, to) => element.bytes(duckdb.array_vector_get_child(vector), from * length, to * length),
  }
}

function structReader(fields: readonly ColumnReader[]): ColumnReader {
  return {
    read(vector, from, to) {
      const columns = fields.map((field, index) => field.read(duckdb.struct_vector_get_child(vector, index), from, to))
      const values: EngineValue[] = []
      for (let row = 0; row < to - from; row += 1) values.push(columns.map((column) => column[row] ?? null))
      return withNulls(vector, from, to, values)
    },
    bytes: (vector, from, to) =>
      fields.reduce(
        (sum, field, index) => sum + field.bytes(duckdb.struct_vector_get_child(vector, index), from, to),
        0,
      ),
  }
}
