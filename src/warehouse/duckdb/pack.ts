// Plain values -> packed columns, for the few rows that the driver itself writes (users). Blocks of a plan come packed.
import { assert } from '../../core/errors.ts'
import type { ColumnSpec, PackedColumn, Scalar } from '../driver.ts'
import { slotBytes } from '../schema.ts'
import { validityBytes } from './packed.ts'

/** One slot a value; null is absent. Errors: bug, if a value doesn't have the type of its column. */
export function packColumn(spec: ColumnSpec, cells: readonly Scalar[]): PackedColumn {
  const present = new Uint8Array(validityBytes(cells.length))
  for (const [row, cell] of cells.entries()) {
    if (cell !== null) present[row >> 3] = (present[row >> 3] ?? 0) | (1 << (row & 7))
  }
  const width = slotBytes[spec.type]
  if (width === 0) return { ...spec, present, values: undefined, ...packText(spec, cells) }
  const values = new Uint8Array(cells.length * width)
  const view = new DataView(values.buffer)
  for (const [row, cell] of cells.entries()) {
    if (cell !== null) writeCell(view, row, spec, cell)
  }
  return { ...spec, present, values, heap: undefined, offsets: undefined }
}

function writeCell(view: DataView, row: number, spec: ColumnSpec, cell: string | number | bigint | boolean): void {
  if (spec.type === 'boolean') {
    assert(typeof cell === 'boolean', `${spec.name} is boolean, the value is ${typeof cell}`)
    view.setUint8(row, cell ? 1 : 0)
    return
  }
  assert(typeof cell === 'number' || typeof cell === 'bigint', `${spec.name} is ${spec.type}, not ${typeof cell}`)
  if (spec.type === 'float') {
    view.setFloat64(row * 8, Number(cell), true)
    return
  }
  const exact = typeof cell === 'bigint' || Number.isSafeInteger(cell)
  assert(
    exact && BigInt.asIntN(64, BigInt(cell)) === BigInt(cell),
    `${spec.name} is ${spec.type}, the value isn't whole`,
  )
  view.setBigInt64(row * 8, BigInt(cell), true)
}

function packText(spec: ColumnSpec, cells: readonly Scalar[]): { heap: Uint8Array; offsets: Uint32Array } {
  const parts = cells.map((cell) => {
    assert(cell === null || typeof cell === 'string', `${spec.name} is ${spec.type}, the value is ${typeof cell}`)
    return Buffer.from(cell ?? '')
  })
  const offsets = new Uint32Array(cells.length + 1)
  let end = 0
  for (const [row, part] of parts.entries()) {
    end += part.byteLength
    offsets[row + 1] = end
  }
  return { heap: Buffer.concat(parts), offsets }
}
