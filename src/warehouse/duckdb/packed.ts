// Checks a packed column before raw memory is copied out of it: a wrong length must be an error here, never a read
// beyond a buffer inside the engine.
import { assert } from '../../core/errors.ts'
import type { PackedColumn, RowBlock } from '../driver.ts'
import { slotBytes } from '../schema.ts'

/** Errors: bug. */
export function checkColumn(block: RowBlock, column: PackedColumn): void {
  const { rowCount } = block
  const where = `${block.table.dataset}.${block.table.table}.${column.name}`
  if (column.present !== undefined) {
    assert(column.present.byteLength >= validityBytes(rowCount), `${where}: present is too short for ${rowCount} rows`)
  }
  const width = slotBytes[column.type]
  if (width > 0) {
    assert((column.values?.byteLength ?? 0) >= rowCount * width, `${where}: values are too short for ${rowCount} rows`)
    return
  }
  const { heap, offsets } = column
  assert(heap !== undefined && offsets !== undefined, `${where}: a ${column.type} column has heap and offsets`)
  assert(offsets.length > rowCount, `${where}: offsets are too short for ${rowCount} rows`)
  let last = offsets[0] ?? 0
  for (let row = 1; row <= rowCount; row += 1) {
    const next = offsets[row] ?? 0
    assert(next >= last, `${where}: offsets go back at row ${row}`)
    last = next
  }
  assert(last <= heap.byteLength, `${where}: offsets end beyond the heap`)
}

/** Validity masks are made of 64-bit words. */
export function validityBytes(rowCount: number): number {
  return Math.ceil(rowCount / 64) * 8
}

export function isPresent(column: PackedColumn, row: number): boolean {
  return column.present === undefined || ((column.present[row >> 3] ?? 0) & (1 << (row & 7))) !== 0
}
