// A fed table as the worker knows it: its columns, the rows being gathered for the next plan, and for every path of an
// event the column that it leads to.
import { assert } from '../../core/errors.ts'
import type { ColumnSpec, ColumnType, RowBlock, TableName } from '../../warehouse/driver.ts'
import { integerMax, integerMin, overflowColumn } from '../../warehouse/schema.ts'
import { columnJson } from '../screen/parse.ts'
import { type Arena, ColumnBuilder } from './columns.ts'

/** What to do with the values of one path in one table. */
export type Slot =
  | { readonly kind: 'column'; readonly column: TableColumn }
  /** No column, and never one: beyond the budget. `_overflow` if it stands nowhere else in the row. */
  | { readonly kind: 'no-column'; readonly name: string; readonly toOverflow: boolean }
  /** Column with the same value elsewhere: pages repeat `name` inside properties. */
  | { readonly kind: 'twin'; readonly column: TableColumn; readonly otherwise: string }

export class TableColumn {
  readonly spec: ColumnSpec
  readonly builder: ColumnBuilder
  /** An integer beyond 2^53 is in it: it can't become float any more. */
  keepsInteger: boolean
  /** A person chose the type: what doesn't fit is converted if it can be (convert.ts). */
  isRetyped = false

  constructor(spec: ColumnSpec, keepsInteger = false) {
    this.spec = spec
    this.builder = new ColumnBuilder(spec)
    this.keepsInteger = keepsInteger
  }

  get name(): string {
    return this.spec.name
  }

  get type(): ColumnType {
    return this.builder.type
  }
}

/** Type that a first value proposes. Undefined: none, it proposes nothing. No text becomes a time by its looks. */
export function proposedType(value: unknown): ColumnType | undefined {
  if (typeof value === 'string') return 'text'
  if (typeof value === 'number') return Number.isSafeInteger(value) ? 'integer' : 'float'
  if (typeof value === 'boolean') return 'boolean'
  if (typeof value === 'bigint') return isInt64(value) ? 'integer' : undefined
  return Array.isArray(value) ? 'text' : undefined
}

export function isInt64(value: bigint): boolean {
  return value >= integerMin && value <= integerMax
}

/** How a value stands to a column's type. */
export type Fit = 'fits' | 'fits-widened' | 'no'

export function fitOf(type: ColumnType, value: unknown): Fit {
  if (typeof value === 'string') return type === 'text' ? 'fits' : 'no'
  if (typeof value === 'boolean') return type === 'boolean' ? 'fits' : 'no'
  if (typeof value === 'number') {
    if (type === 'float') return 'fits'
    if (type !== 'integer') return 'no'
    return Number.isSafeInteger(value) ? 'fits' : 'fits-widened'
  }
  if (typeof value === 'bigint') {
    if (type === 'integer') return isInt64(value) ? 'fits' : 'no'
    return type === 'float' && BigInt(Number(value)) === value ? 'fits' : 'no'
  }
  // Arrays are text that holds JSON, as in Segment's schema.
  return type === 'text' && Array.isArray(value) ? 'fits' : 'no'
}

/** Puts a value that fits the column's type. */
export function putValue({ builder }: TableColumn, row: number, value: unknown): void {
  if (typeof value === 'string') builder.putText(row, value)
  else if (typeof value === 'boolean') builder.putBoolean(row, value)
  else if (typeof value === 'number') {
    if (builder.type === 'integer' || builder.type === 'timestamp') builder.putInteger(row, value)
    else builder.putFloat(row, value)
  } else if (typeof value === 'bigint') {
    if (builder.type === 'integer') builder.putBigInteger(row, value)
    else builder.putFloat(row, Number(value))
  } else builder.putText(row, columnJson(value, true))
}

interface CommonColumns {
  readonly id: TableColumn
  readonly receivedAt: TableColumn
  readonly sentAt: TableColumn
  readonly timestamp: TableColumn
  readonly originalTimestamp: TableColumn
  readonly loadedAt: TableColumn
  readonly timeMethod: TableColumn
  readonly anonymousId: TableColumn
  readonly userId: TableColumn
}

/** Plans without a row after which a table gives its memory back. */
const idlePlansMax = 16

export class FedTable {
  readonly name: TableName
  readonly columns = new Map<string, TableColumn>()
  /** By PathNode.id of the walk's tree `generation`. */
  slots: (Slot | undefined)[] = []
  generation = 0
  rowCount = 0
  #common: CommonColumns | undefined
  #overflow: Record<string, unknown> | undefined
  /** Name -> the next number to try, of the row at hand. */
  #overflowTurns = new Map<string, number>()
  #idlePlans = 0

  constructor(name: TableName, columns: readonly ColumnSpec[]) {
    this.name = name
    for (const column of columns) this.add(new TableColumn(column))
  }

  add(column: TableColumn): void {
    this.columns.set(column.name, column)
  }

  column(name: string): TableColumn {
    const column = this.columns.get(name)
    assert(column !== undefined, `${this.name.table} has no column ${name}`)
    return column
  }

  /** Columns that every row fills; not for `users`, which has none of them. */
  get common(): CommonColumns {
    return (this.#common ??= {
      id: this.column('id'),
      receivedAt: this.column('received_at'),
      sentAt: this.column('sent_at'),
      timestamp: this.column('timestamp'),
      originalTimestamp: this.column('original_timestamp'),
      loadedAt: this.column('loaded_at'),
      timeMethod: this.column('time_method'),
      anonymousId: this.column('anonymous_id'),
      userId: this.column('user_id'),
    })
  }

  beginRow(): number {
    this.#overflow = undefined
    if (this.#overflowTurns.size > 0) this.#overflowTurns = new Map()
    return this.rowCount++
  }

  /** Keeps a value that didn't fit; the second one of a name gets a name of its own. */
  overflow(name: string, value: unknown): void {
    this.#overflow ??= Object.create(null) as Record<string, unknown>
    let key = name
    // Thousands of keys of one event may fold into one name: each goes on where the last one stopped.
    let turn = this.#overflowTurns.get(name) ?? 2
    for (; key in this.#overflow; turn++) key = `${name}_${turn}`
    if (key !== name) this.#overflowTurns.set(name, turn)
    this.#overflow[key] = value
  }

  /** True if something of the row overflowed. */
  endRow(row: number): boolean {
    if (this.#overflow === undefined) return false
    this.column(overflowColumn).builder.putText(row, columnJson(this.#overflow, true))
    return true
  }

  packedBytes(): number {
    let bytes = 0
    for (const { builder } of this.columns.values()) if (!builder.isEmpty) bytes += builder.packedBytes(this.rowCount)
    return bytes
  }

  /** Undefined: no rows. */
  pack(arena: Arena): RowBlock | undefined {
    const { rowCount } = this
    if (rowCount === 0) {
      this.#idlePlans += 1
      if (this.#idlePlans === idlePlansMax) for (const { builder } of this.columns.values()) builder.shrink()
      return undefined
    }
    this.#idlePlans = 0
    const columns = [...this.columns.values()]
      .filter(({ builder }) => !builder.isEmpty)
      .map(({ builder }) => builder.pack(rowCount, arena))
    this.rowCount = 0
    return { table: this.name, rowCount, columns }
  }
}
