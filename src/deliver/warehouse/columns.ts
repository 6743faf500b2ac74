// Columns being filled, row by row, in the layout that the driver moves into the engine (PackedColumn). A column's
// memory is kept from load to load; `pack` copies the used part into the plan's one arena.
import { assert } from '../../core/errors.ts'
import type { ColumnSpec, ColumnType, PackedColumn } from '../../warehouse/driver.ts'
import { slotBytes } from '../../warehouse/schema.ts'

const rowsAtFirst = 64
const heapAtFirst = 1024
/** Short texts are written by a loop over their units; for longer ones a call into native code pays. */
const loopLengthMax = 48
const wordSpan = 4_294_967_296

/** One buffer for everything of a plan: moved to the loading thread in one piece. */
export class Arena {
  readonly bytes: Uint8Array<ArrayBuffer>
  #used = 0

  constructor(size: number) {
    this.bytes = new Uint8Array(new ArrayBuffer(size))
  }

  /** A copy inside the arena, aligned to 8 bytes. */
  keep(bytes: Uint8Array): Uint8Array {
    const at = this.#used
    this.bytes.set(bytes, at)
    this.#used = at + roundUp(bytes.length)
    return this.bytes.subarray(at, at + bytes.length)
  }
}

function roundUp(bytes: number): number {
  return (bytes + 7) & ~7
}

export class ColumnBuilder {
  readonly name: string
  #type: ColumnType
  /** Rows that have a place so far, filled or empty. */
  #rows = 0
  #presentCount = 0
  #capacity = rowsAtFirst
  #present = new Uint8Array(rowsAtFirst / 8)
  #values: DataView<ArrayBuffer>
  #offsets: Uint32Array<ArrayBuffer>
  #heap: Buffer<ArrayBuffer>
  #heapUsed = 0

  constructor({ name, type }: ColumnSpec) {
    this.name = name
    this.#type = type
    const isText = slotBytes[type] === 0
    this.#values = new DataView(new ArrayBuffer(rowsAtFirst * slotBytes[type]))
    this.#offsets = new Uint32Array(isText ? rowsAtFirst + 1 : 1)
    this.#heap = Buffer.allocUnsafeSlow(isText ? heapAtFirst : 0)
  }

  get type(): ColumnType {
    return this.#type
  }

  get isEmpty(): boolean {
    return this.#presentCount === 0
  }

  /** True if the row has a value: a second one for the same row must not be put. */
  has(row: number): boolean {
    return this.#rows > row
  }

  putText(row: number, text: string): void {
    this.#place(row)
    const length = text.length
    // UTF-8 needs at most three bytes for a UTF-16 unit.
    if (this.#heapUsed + length * 3 > this.#heap.length) this.#growHeap(length * 3)
    this.#heapUsed =
      length <= loopLengthMax ? this.#loopText(text) : this.#heapUsed + this.#heap.write(text, this.#heapUsed)
    this.#offsets[row + 1] = this.#heapUsed
  }

  /** Where the heap ends behind the text. Lone surrogates become U+FFFD, as UTF-8 knows none. */
  #loopText(text: string): number {
    const heap = this.#heap
    let at = this.#heapUsed
    for (let i = 0; i < text.length; i++) {
      const unit = text.charCodeAt(i)
      if (unit > 127) return this.#heapUsed + heap.write(text, this.#heapUsed)
      heap[at++] = unit
    }
    return at
  }

  /** True if the row, which is the last one, holds exactly this text. */
  textIs(row: number, text: string): boolean {
    return this.#heap.toString('utf8', this.#offsets[row], this.#heapUsed) === text.toWellFormed()
  }

  /** Bytes that are UTF-8 already. */
  putUtf8(row: number, bytes: Uint8Array): void {
    this.#place(row)
    if (this.#heapUsed + bytes.length > this.#heap.length) this.#growHeap(bytes.length)
    this.#heap.set(bytes, this.#heapUsed)
    this.#heapUsed += bytes.length
    this.#offsets[row + 1] = this.#heapUsed
  }

  putFloat(row: number, value: number): void {
    this.#place(row)
    this.#values.setFloat64(row * 8, value, true)
  }

  /** A whole number, exact in a double: integers up to 2^53, microseconds. */
  putInteger(row: number, value: number): void {
    this.#place(row)
    const high = Math.floor(value / wordSpan)
    this.#values.setUint32(row * 8, value - high * wordSpan, true)
    this.#values.setInt32(row * 8 + 4, high, true)
  }

  putBigInteger(row: number, value: bigint): void {
    this.#place(row)
    this.#values.setBigInt64(row * 8, value, true)
  }

  putBoolean(row: number, value: boolean): void {
    this.#place(row)
    this.#values.setUint8(row, value ? 1 : 0)
  }

  /** integer -> float; every value so far is exact in a double. */
  widen(): void {
    assert(this.#type === 'integer', 'only integer columns widen')
    for (let row = 0; row < this.#rows; row++) {
      if (this.#isPresent(row)) this.#values.setFloat64(row * 8, Number(this.#values.getBigInt64(row * 8, true)), true)
    }
    this.#type = 'float'
  }

  #isPresent(row: number): boolean {
    return ((this.#present[row >> 3] ?? 0) & (1 << (row & 7))) !== 0
  }

  #place(row: number): void {
    if (row >= this.#capacity) this.#growRows(row + 1)
    if (row > this.#rows) this.#leaveEmpty(row)
    this.#present[row >> 3] = (this.#present[row >> 3] ?? 0) | (1 << (row & 7))
    this.#presentCount += 1
    this.#rows = row + 1
  }

  /** Rows up to `end` stay without a value. */
  #leaveEmpty(end: number): void {
    if (end > this.#capacity) this.#growRows(end)
    if (this.#offsets.length > 1) this.#offsets.fill(this.#heapUsed, this.#rows + 1, end + 1)
    this.#rows = end
  }

  #growRows(rows: number): void {
    let capacity = this.#capacity
    while (capacity < rows) capacity *= 2
    this.#capacity = capacity
    this.#present = grown(this.#present, capacity / 8)
    if (this.#values.byteLength > 0) {
      const bytes = new Uint8Array(this.#values.buffer)
      this.#values = new DataView(grown(bytes, capacity * slotBytes[this.#type]).buffer)
    } else {
      const offsets = new Uint32Array(capacity + 1)
      offsets.set(this.#offsets)
      this.#offsets = offsets
    }
  }

  #growHeap(bytes: number): void {
    let size = this.#heap.length * 2
    while (size < this.#heapUsed + bytes) size *= 2
    const heap = Buffer.allocUnsafeSlow(size)
    this.#heap.copy(heap, 0, 0, this.#heapUsed)
    this.#heap = heap
  }

  /** Upper bound of what `pack` takes of an arena for `rowCount` rows. */
  packedBytes(rowCount: number): number {
    return rowCount * slotBytes[this.#type] + rowCount / 8 + this.#heapUsed + (rowCount + 1) * 4 + 64
  }

  /** Copies the rows into the arena and empties the column. */
  pack(rowCount: number, arena: Arena): PackedColumn {
    this.#leaveEmpty(rowCount)
    const { name } = this
    const isFull = this.#presentCount === rowCount
    const present = isFull ? undefined : arena.keep(this.#present.subarray(0, Math.ceil(rowCount / 64) * 8))
    let packed: PackedColumn
    if (slotBytes[this.#type] > 0) {
      const values = arena.keep(new Uint8Array(this.#values.buffer, 0, rowCount * slotBytes[this.#type]))
      packed = { name, type: this.#type, present, values, heap: undefined, offsets: undefined }
    } else {
      const heap = arena.keep(this.#heap.subarray(0, this.#heapUsed))
      const bytes = arena.keep(new Uint8Array(this.#offsets.buffer, 0, (rowCount + 1) * 4))
      const offsets = new Uint32Array(bytes.buffer as ArrayBuffer, bytes.byteOffset, rowCount + 1)
      packed = { name, type: this.#type, present, values: undefined, heap, offsets }
    }
    this.#reset()
    return packed
  }

  /** Gives memory back that much larger loads than the present ones needed. */
  shrink(): void {
    if (this.#rows > 0 || (this.#capacity === rowsAtFirst && this.#heap.length <= heapAtFirst)) return
    this.#capacity = rowsAtFirst
    this.#present = new Uint8Array(rowsAtFirst / 8)
    this.#values = new DataView(new ArrayBuffer(rowsAtFirst * slotBytes[this.#type]))
    const isText = slotBytes[this.#type] === 0
    this.#offsets = new Uint32Array(isText ? rowsAtFirst + 1 : 1)
    this.#heap = Buffer.allocUnsafeSlow(isText ? heapAtFirst : 0)
  }

  #reset(): void {
    const isFarTooLarge = this.#capacity > rowsAtFirst * 16 && this.#capacity > this.#rows * 16
    this.#present.fill(0, 0, (this.#rows >> 3) + 1)
    // Empty slots are written out too: what an earlier load left in them must not show.
    if (this.#values.byteLength > 0) new Uint8Array(this.#values.buffer).fill(0, 0, this.#rows * slotBytes[this.#type])
    this.#rows = 0
    this.#presentCount = 0
    this.#heapUsed = 0
    if (isFarTooLarge) this.shrink()
  }
}

function grown(bytes: Uint8Array<ArrayBuffer>, size: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(size)
  larger.set(bytes)
  return larger
}
