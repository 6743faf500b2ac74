// The hot path's last metre: packed columns -> DuckDB data chunks over the raw bindings, without a JavaScript value a
// cell. `appendBlock` of append-plain.ts does the same slowly through the public API; a test compares the two.
//
// The one-heap trick: DuckDB's strings are 16 bytes (length, then up to 12 bytes inline, else 4 bytes of prefix and a
// pointer). All text of a vector is handed over as ONE element, which the engine checks (UTF-8) and copies into the
// vector's own heap; its pointer is read back, and all 16-byte entries are made here and written with one copy.
// The layout is part of DuckDB's public C API (duckdb_string_t).
import { setImmediate } from 'node:timers/promises'

import duckdb from '@duckdb/node-bindings'

import { assert, MillpondError } from '../../core/errors.ts'
import type { ColumnSpec, PackedColumn, RowBlock } from '../driver.ts'
import type { Link } from './link.ts'
import { fedCatalog } from './names.ts'
import { slotBytes } from '../schema.ts'
import { checkColumn, validityBytes } from './packed.ts'

const entryBytes = 16
const inlineBytesMax = 12

/** Appends all rows of a block inside the link's transaction. `columns`: the table's, in order. */
export type AppendBlock = (
  link: Link,
  block: RowBlock,
  columns: readonly ColumnSpec[],
  catalog?: string,
) => Promise<void>

/** Reused for every vector of an append: rows per chunk are bounded by DuckDB's vector size. */
interface Scratch {
  readonly entries: Uint8Array<ArrayBuffer>
  readonly words: Uint32Array<ArrayBuffer>
  readonly noRows: Uint8Array<ArrayBuffer>
}

/** An appender of raw chunks; it keeps its scratch memory between calls. */
export function createRawAppend(): AppendBlock {
  const rowsMax = duckdb.vector_size()
  const entries = new Uint8Array(rowsMax * entryBytes)
  const scratch = { entries, words: new Uint32Array(entries.buffer), noRows: new Uint8Array(validityBytes(rowsMax)) }
  return async (link, block, columns, catalog = fedCatalog) => {
    appendRaw(link.raw, block, columns, catalog, scratch, rowsMax)
    // One table is a few milliseconds of this thread: let others have their turn before the next.
    await setImmediate()
  }
}

function appendRaw(
  connection: duckdb.Connection,
  block: RowBlock,
  columns: readonly ColumnSpec[],
  catalog: string,
  scratch: Scratch,
  rowsMax: number,
): void {
  const packed = matchColumns(block, columns)
  const appender = duckdb.appender_create_ext(connection, catalog, block.table.dataset, block.table.table)
  try {
    const count = duckdb.appender_column_count(appender)
    assert(count === columns.length, `${block.table.table} has ${count} columns, the catalog says ${columns.length}`)
    const types = columns.map((_, index) => duckdb.appender_column_type(appender, index))
    const chunk = duckdb.create_data_chunk(types)
    for (let start = 0; start < block.rowCount; start += rowsMax) {
      const rows = Math.min(rowsMax, block.rowCount - start)
      if (start > 0) duckdb.data_chunk_reset(chunk)
      for (const [index, column] of packed.entries()) {
        const vector = duckdb.data_chunk_get_vector(chunk, index)
        if (column === undefined) writeValidity(vector, scratch.noRows, 0, rows)
        else writeColumn(vector, column, start, rows, scratch)
      }
      duckdb.data_chunk_set_size(chunk, rows)
      duckdb.append_data_chunk(appender, chunk)
    }
    duckdb.appender_close_sync(appender)
  } catch (error) {
    // Without this the destructor would flush what is left, into a transaction that is being rolled back.
    duckdb.appender_clear(appender)
    throw error
  }
}

/** The block's columns in the table's order; undefined where the block has none. Errors: bug. */
export function matchColumns(block: RowBlock, columns: readonly ColumnSpec[]): (PackedColumn | undefined)[] {
  const byName = new Map(block.columns.map((column) => [column.name, column]))
  const matched = columns.map((spec) => {
    const column = byName.get(spec.name)
    if (column === undefined) return undefined
    byName.delete(spec.name)
    assert(
      column.type === spec.type,
      `${block.table.dataset}.${block.table.table}.${spec.name} is ${spec.type}, the block brings ${column.type}`,
    )
    checkColumn(block, column)
    return column
  })
  const unknown = [...byName.keys()].join(', ')
  assert(byName.size === 0, `${block.table.dataset}.${block.table.table} has no column ${unknown}`)
  return matched
}

function writeColumn(vector: duckdb.Vector, column: PackedColumn, start: number, rows: number, scratch: Scratch): void {
  if (column.present !== undefined) writeValidity(vector, column.present, start / 8, rows)
  const width = slotBytes[column.type]
  if (width === 0) {
    writeText(vector, column, start, rows, scratch)
    return
  }
  const { values } = column
  assert(values !== undefined, 'checked before')
  copyTo(vector, values, start * width, rows * width)
}

function copyTo(vector: duckdb.Vector, source: Uint8Array, offset: number, bytes: number): void {
  duckdb.copy_data_to_vector(vector, 0, source.buffer as ArrayBuffer, source.byteOffset + offset, bytes)
}

function writeValidity(vector: duckdb.Vector, mask: Uint8Array, offset: number, rows: number): void {
  duckdb.vector_ensure_validity_writable(vector)
  const bytes = validityBytes(rows)
  duckdb.copy_data_to_vector_validity(vector, 0, mask.buffer as ArrayBuffer, mask.byteOffset + offset, bytes)
}

function writeText(vector: duckdb.Vector, column: PackedColumn, start: number, rows: number, scratch: Scratch): void {
  const { heap, offsets, present } = column
  assert(heap !== undefined && offsets !== undefined, 'checked before')
  const first = offsets[start] ?? 0
  const { low, high } = handOverHeap(vector, heap.subarray(first, offsets[start + rows] ?? 0), column.name)
  const base = low + high * 2 ** 32 - first
  const { entries, words } = scratch
  words.fill(0, 0, rows * 4)
  let from = first
  for (let row = 0; row < rows; row += 1) {
    const to = offsets[start + row + 1] ?? 0
    const length = to - from
    const word = row * 4
    // An absent row may own bytes, but its entry must not point anywhere.
    const there = present === undefined || ((present[(start + row) >> 3] ?? 0) & (1 << ((start + row) & 7))) !== 0
    if (there && length > 0) {
      words[word] = length
      const target = word * 4 + 4
      const inline = length <= inlineBytesMax ? length : 4
      for (let byte = 0; byte < inline; byte += 1) entries[target + byte] = heap[from + byte] ?? 0
      if (length > inlineBytesMax) {
        // Addresses have 48 bits: exact in a double.
        const pointer = base + from
        words[word + 2] = pointer
        words[word + 3] = pointer / 2 ** 32
      }
    }
    from = to
  }
  duckdb.copy_data_to_vector(vector, 0, entries.buffer, 0, rows * entryBytes)
}

/** Gives all bytes as row 0; the two halves of the address where the engine put them. Errors: load-refused. */
function handOverHeap(vector: duckdb.Vector, heap: Uint8Array, name: string): { low: number; high: number } {
  // Up to 12 bytes lie inline: no entry can need a pointer.
  if (heap.byteLength <= inlineBytesMax) return { low: 0, high: 0 }
  duckdb.vector_assign_string_element_len(vector, 0, heap)
  const entry = duckdb.vector_get_data(vector, entryBytes)
  const view = new DataView(entry.buffer, entry.byteOffset, entryBytes)
  if (view.getUint32(0, true) !== heap.byteLength) {
    throw new MillpondError('load-refused', `Column ${name} holds text that isn't UTF-8`)
  }
  return { low: view.getUint32(8, true), high: view.getUint32(12, true) }
}
