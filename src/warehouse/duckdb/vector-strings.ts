// Text and bytes out of a vector. A slot has 16 bytes: the length, then up to 12 bytes of the text itself, or 4 of them and a
// pointer. Texts that lie side by side in the engine's memory, as they do in what was scanned, are fetched as one run: a call
// into the engine for each would cost more than the text.
import duckdb from '@duckdb/node-bindings'

import type { EngineValue } from '../session.ts'

const slotBytes = 16
const inlineBytesMax = 12
/** Runs may bridge such a gap: less than a page, so every page that is touched holds bytes of a text too, and is there. */
const gapBytesMax = 1024
const runBytesMax = 8 * 1024 * 1024

interface Slots {
  readonly data: Uint8Array<ArrayBuffer>
  readonly words: Uint32Array
  readonly isThere: (row: number) => boolean
}

interface Run {
  low: number
  high: number
  /** The row whose slot holds the address `low`. */
  lowRow: number
}

function slotsOf(vector: duckdb.Vector, to: number): Slots {
  const data = duckdb.vector_get_data(vector, to * slotBytes) as Uint8Array<ArrayBuffer>
  const words = new Uint32Array(data.buffer, data.byteOffset, to * 4)
  // The binding says null, where its types promise bytes, if every row has a value.
  const validity = duckdb.vector_get_validity(vector, Math.ceil(to / 64) * 8) as Uint8Array | null
  const isThere = (row: number): boolean => validity === null || ((validity[row >> 3] ?? 0) & (1 << (row & 7))) !== 0
  return { data, words, isThere }
}

export function stringBytes(vector: duckdb.Vector, from: number, to: number): number {
  const { words, isThere } = slotsOf(vector, to)
  let bytes = 0
  for (let row = from; row < to; row += 1) if (isThere(row)) bytes += words[row * 4] ?? 0
  return bytes
}

export function stringsOf(vector: duckdb.Vector, from: number, to: number): EngineValue[] {
  return stringSlices(vector, from, to, (bytes, start, end) => bytes.toString('utf8', start, end))
}

/** Rows without a value get null. What `slice` gives must not point into `bytes`: they are gone with the chunk. */
export function stringSlices(
  vector: duckdb.Vector,
  from: number,
  to: number,
  slice: (bytes: Buffer, start: number, end: number) => EngineValue,
): EngineValue[] {
  const slots = slotsOf(vector, to)
  const { data, words, isThere } = slots
  const inline = Buffer.from(data.buffer, data.byteOffset, data.byteLength)
  const { runs, runOf } = runsOf(slots, from, to)
  const buffers = runs.map((run) => bytesOf(data, run))
  const values: EngineValue[] = []
  for (let row = from; row < to; row += 1) {
    const length = words[row * 4] ?? 0
    if (!isThere(row)) values.push(null)
    else if (length <= inlineBytesMax) {
      const start = row * slotBytes + 4
      values.push(slice(inline, start, start + length))
    } else {
      const index = runOf[row - from] ?? 0
      const start = addressAt(words, row) - (runs[index]?.low ?? 0)
      const buffer = buffers[index]
      values.push(buffer === undefined ? null : slice(buffer, start, start + length))
    }
  }
  return values
}

/** Addresses have 48 bits: exact in a double. */
function addressAt(words: Uint32Array, row: number): number {
  return (words[row * 4 + 2] ?? 0) + (words[row * 4 + 3] ?? 0) * 2 ** 32
}

function runsOf({ words, isThere }: Slots, from: number, to: number): { runs: Run[]; runOf: Int32Array } {
  const runs: Run[] = []
  const runOf = new Int32Array(to - from)
  let run: Run | undefined
  for (let row = from; row < to; row += 1) {
    const length = words[row * 4] ?? 0
    if (length <= inlineBytesMax || !isThere(row)) continue
    const low = addressAt(words, row)
    const high = low + length
    const isNear = run !== undefined && low <= run.high + gapBytesMax && high >= run.low - gapBytesMax
    if (run === undefined || !isNear || Math.max(high, run.high) - Math.min(low, run.low) > runBytesMax) {
      run = { low, high, lowRow: row }
      runs.push(run)
    } else {
      if (low < run.low) Object.assign(run, { low, lowRow: row })
      run.high = Math.max(run.high, high)
    }
    runOf[row - from] = runs.length - 1
  }
  return { runs, runOf }
}

function bytesOf(data: Uint8Array<ArrayBuffer>, { low, high, lowRow }: Run): Buffer {
  const bytes = duckdb.get_data_from_pointer(data.buffer, data.byteOffset + lowRow * slotBytes + 8, high - low)
  return Buffer.from(bytes.buffer as ArrayBuffer, bytes.byteOffset, bytes.byteLength)
}
