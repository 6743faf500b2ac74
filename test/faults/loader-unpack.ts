// Packed columns back to values: the test's own reading of the layout that the driver contract describes.
import type { LoadPlan, PackedColumn, RowBlock } from '../../src/warehouse/driver.ts'

function valueOf(column: PackedColumn, row: number): unknown {
  const { present, values, heap, offsets, type } = column
  if (present !== undefined && ((present[row >> 3] ?? 0) & (1 << (row & 7))) === 0) return null
  if (values === undefined) return Buffer.from(heap?.subarray(offsets?.[row], offsets?.[row + 1]) ?? []).toString()
  const view = new DataView(values.buffer, values.byteOffset, values.byteLength)
  if (type === 'boolean') return view.getUint8(row) === 1
  if (type === 'float') return view.getFloat64(row * 8, true)
  const integer = view.getBigInt64(row * 8, true)
  return Number.isSafeInteger(Number(integer)) ? Number(integer) : integer
}

export function unpackColumn(column: PackedColumn, rowCount: number): unknown[] {
  return Array.from({ length: rowCount }, (_, row) => valueOf(column, row))
}

export function unpackBlock({ columns, rowCount }: RowBlock): Record<string, unknown>[] {
  return Array.from({ length: rowCount }, (_, row) =>
    Object.fromEntries(columns.map((column) => [column.name, valueOf(column, row)])),
  )
}

/** Rows of one table in a plan, NULLs left out. */
export function rowsOf(plan: LoadPlan, table: string): Record<string, unknown>[] {
  const block = plan.blocks.find((one) => `${one.table.dataset}.${one.table.table}` === table)
  if (block === undefined) return []
  return unpackBlock(block).map((row) => Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null)))
}
