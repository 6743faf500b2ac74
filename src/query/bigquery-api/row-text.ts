// Rows of a result as JSON text, {"f":[{"v":…},…]}, straight from the engine's values: one small function a column is made once,
// and text is joined chunk by chunk, since pages have up to 10 MB of it.
import type { SqlType } from '../../sql/types.ts'
import type { EngineInterval, EngineValue, ResultChunk } from '../../warehouse/session.ts'
import { dateText, intervalText } from '../encode/time-text.ts'
import { datetimeText, floatText, numericText, timestampText, timeText, type TimestampForm } from './value-text.ts'

/** A value as JSON text, without {"v":…} around it. */
type Writer = (value: EngineValue) => string

export interface RowForm {
  readonly timestamps: TimestampForm
}

function quoted(text: string): string {
  return `"${text}"`
}

/** The engine's values of one type come in one shape; what comes in another is told as text rather than refused. */
function asBigint(value: EngineValue): bigint {
  if (typeof value === 'bigint') return value
  return BigInt(Math.trunc(Number(value)))
}

function asText(value: EngineValue): string {
  if (typeof value === 'string') return value
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (typeof value !== 'object') return String(value)
  return JSON.stringify(value, (_key, one: unknown) => (typeof one === 'bigint' ? String(one) : one))
}

const plainWriter: Writer = (value) => quoted(asText(value))

/** Of types that look the same whatever the client wants. */
const scalarWriters: Partial<Record<SqlType['kind'], Writer>> = {
  INT64: plainWriter,
  BOOL: plainWriter,
  FLOAT64: (value) => quoted(floatText(Number(value))),
  NUMERIC: (value) => quoted(numericText(asText(value))),
  BIGNUMERIC: (value) => quoted(numericText(asText(value))),
  BYTES: (value) => quoted(asText(value)),
  DATE: (value) => quoted(typeof value === 'number' ? dateText(value) : asText(value)),
  TIME: (value) => quoted(timeText(asBigint(value))),
  DATETIME: (value) => quoted(datetimeText(asBigint(value))),
  INTERVAL: (value) => quoted(typeof value === 'string' ? value : intervalText(value as EngineInterval)),
}

function scalarWriter(type: SqlType, form: RowForm): Writer {
  if (type.kind === 'TIMESTAMP') return (value) => quoted(timestampText(asBigint(value), form.timestamps))
  if (type.kind === 'RANGE') return rangeWriter(scalarWriter(type.element, form))
  return scalarWriters[type.kind] ?? ((value) => JSON.stringify(asText(value)))
}

/** [start, end), each without an end UNBOUNDED. */
function rangeWriter(bound: Writer): Writer {
  return (value) => {
    if (!Array.isArray(value)) return JSON.stringify(asText(value))
    const [start, end] = value.map((one: EngineValue) => (one === null ? 'UNBOUNDED' : bound(one).slice(1, -1)))
    return `"[${start ?? 'UNBOUNDED'}, ${end ?? 'UNBOUNDED'})"`
  }
}

function writerOf(type: SqlType, form: RowForm): Writer {
  if (type.kind === 'ARRAY') {
    const element = nullable(writerOf(type.element, form))
    // An array that is NULL is an empty one in answers of BigQuery.
    return (value) =>
      Array.isArray(value) ? `[${value.map((one: EngineValue) => `{"v":${element(one)}}`).join(',')}]` : '[]'
  }
  if (type.kind === 'STRUCT') {
    const fields = type.fields.map((field) => nullableColumn(field.type, form))
    return (value) => {
      const values = Array.isArray(value) ? (value as readonly EngineValue[]) : []
      return `{"f":[${fields.map((write, index) => `{"v":${write(values[index] ?? null)}}`).join(',')}]}`
    }
  }
  return scalarWriter(type, form)
}

function nullable(write: Writer): Writer {
  return (value) => (value === null ? 'null' : write(value))
}

function nullableColumn(type: SqlType, form: RowForm): Writer {
  const write = writerOf(type, form)
  return type.kind === 'ARRAY' ? write : nullable(write)
}

export interface RowWriter {
  /** Texts of the first rows, as many as fit into `bytesMax`; `isFirst`: at least one. */
  write(chunk: ResultChunk, bytesMax: number, isFirst: boolean): { readonly texts: string[]; readonly bytes: number }
}

export function createRowWriter(types: readonly (SqlType | undefined)[], form: RowForm): RowWriter {
  const columns = types.map((type) => nullableColumn(type ?? { kind: 'STRING' }, form))
  return {
    write(chunk, bytesMax, isFirst) {
      const texts: string[] = []
      let bytes = 0
      for (let row = 0; row < chunk.rowCount; row += 1) {
        let text = '{"f":['
        for (let column = 0; column < columns.length; column += 1) {
          const value = chunk.columns[column]?.[row] ?? null
          text += `${column === 0 ? '' : ','}{"v":${columns[column]?.(value) ?? 'null'}}`
        }
        text += ']}'
        if (bytes + text.length > bytesMax && !(isFirst && texts.length === 0)) break
        bytes += text.length
        texts.push(text)
      }
      return { texts, bytes }
    },
  }
}
