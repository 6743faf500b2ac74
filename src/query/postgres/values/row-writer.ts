// Rows of the engine -> DataRow messages, each column in the format that was asked for.
import type { EngineColumn, EngineValue, ResultChunk } from '../../../warehouse/session.ts'
import { PgError, states } from '../sqlstate.ts'
import type { WireColumn } from '../wire/messages.ts'
import type { Output } from '../wire/output.ts'
import { binaryWriter } from './encode-binary.ts'
import { textEncoder } from './encode-text.ts'
import { modifierOf, oidOf, sizeOf } from './oids.ts'
import type { Zone } from './time-text.ts'

type FieldWriter = (out: Output, value: EngineValue) => void

export function wireColumns(columns: readonly EngineColumn[], isCatalog: boolean): WireColumn[] {
  return columns.map(({ name, type }) => {
    const oid = oidOf(type, isCatalog)
    return { name, oid, size: sizeOf(oid), modifier: modifierOf(type) }
  })
}

/** As Bind gives them: none, one for all, or one each. Error: another number. */
export function formatsOf(formats: readonly number[], columns: number): number[] {
  if (formats.length > 1 && formats.length !== columns) {
    const message = `bind message has ${formats.length} result formats but query has ${columns} columns`
    throw new PgError(states.protocolViolation, message)
  }
  return Array.from({ length: columns }, (_, index) => (formats.length === 1 ? formats[0] : formats[index]) ?? 0)
}

export class RowWriter {
  readonly #out: Output
  readonly #writers: readonly FieldWriter[]

  constructor(
    out: Output,
    columns: readonly EngineColumn[],
    isCatalog: boolean,
    formats: readonly number[],
    zone: Zone,
  ) {
    this.#out = out
    this.#writers = columns.map(({ type }, index): FieldWriter => {
      if (formats[index] !== 1) {
        const encode = textEncoder(type, zone)
        return (out, value) => out.field(encode(value))
      }
      const write = binaryWriter(type, oidOf(type, isCatalog), zone)
      return (out, value) => {
        const at = out.skipLength()
        write(out, value)
        out.fillLength(at)
      }
    })
  }

  /** Waits for a client that reads slowly. */
  async write(chunk: ResultChunk, from: number, to: number): Promise<void> {
    const out = this.#out
    for (let row = from; row < to; row += 1) {
      out.begin('D').int16(this.#writers.length)
      for (let column = 0; column < this.#writers.length; column += 1) {
        const value = chunk.columns[column]?.[row] ?? null
        if (value === null) out.int32(-1)
        else this.#writers[column]?.(out, value)
      }
      out.end()
      if (out.isFull) await out.drain()
    }
  }
}
