// Built-in functions that only JavaScript can compute (hashes, public suffixes, decimal division, FORMAT): registered once a
// database, called by the engine with a chunk of rows at a time on the main thread, so they must be quick.
import {
  BIGINT,
  BLOB,
  BOOLEAN,
  DATE,
  DECIMAL,
  DOUBLE,
  DuckDBBlobValue,
  DuckDBDateValue,
  DuckDBDecimalType,
  DuckDBDecimalValue,
  DuckDBIntervalValue,
  DuckDBListType,
  DuckDBListValue,
  DuckDBScalarFunction,
  DuckDBTimestampTZValue,
  DuckDBTimestampValue,
  DuckDBTimeValue,
  type DuckDBType,
  type DuckDBValue,
  HUGEINT,
  INTEGER,
  INTERVAL,
  LIST,
  TIME,
  TIMESTAMP,
  TIMESTAMPTZ,
  VARCHAR,
} from '@duckdb/node-api'
import duckdb from '@duckdb/node-bindings'

import { assert } from '../../core/errors.ts'
import type { JsFunction } from '../../sql/functions/js-function.ts'
import type { EngineInterval, EngineValue } from '../session.ts'
import type { Link } from './link.ts'
import { readerOf } from './vector-values.ts'

export function registerJsFunctions(link: Link, list: readonly JsFunction[]): void {
  for (const one of list) link.api.registerScalarFunction(scalarFunction(one))
}

function scalarFunction(one: JsFunction): DuckDBScalarFunction {
  const parameterTypes = one.parameters.map(typeOf)
  const returnType = typeOf(one.result)
  const readers = parameterTypes.map(readerOf)
  const call = one.call as (...values: readonly EngineValue[]) => unknown
  return DuckDBScalarFunction.create({
    name: one.name,
    parameterTypes,
    returnType,
    // Otherwise the engine would leave what NULL means half to us and half to itself.
    specialHandling: true,
    volatile: one.isVolatile ?? false,
    mainFunction(_info, input, output) {
      const rows = input.rowCount
      const columns = readers.map((reader, index) =>
        reader.read(duckdb.data_chunk_get_vector(input.chunk, index), 0, rows),
      )
      for (let row = 0; row < rows; row += 1) {
        const values = columns.map((column) => column[row] ?? null)
        const isNull = one.takesNull !== true && values.includes(null)
        output.setItem(row, isNull ? null : valueOf(call(...values) as EngineValue, returnType))
      }
      output.flush()
    },
  })
}

const simpleTypes = new Map<string, DuckDBType>([
  ['VARCHAR', VARCHAR],
  ['JSON', VARCHAR],
  ['BIGINT', BIGINT],
  ['INTEGER', INTEGER],
  ['HUGEINT', HUGEINT],
  ['DOUBLE', DOUBLE],
  ['BOOLEAN', BOOLEAN],
  ['BLOB', BLOB],
  ['DATE', DATE],
  ['TIME', TIME],
  ['TIMESTAMP', TIMESTAMP],
  ['TIMESTAMPTZ', TIMESTAMPTZ],
  ['TIMESTAMP WITH TIME ZONE', TIMESTAMPTZ],
  ['INTERVAL', INTERVAL],
])

function typeOf(name: string): DuckDBType {
  if (name.endsWith('[]')) return LIST(typeOf(name.slice(0, -2)))
  const decimal = /^DECIMAL\((\d+), ?(\d+)\)$/.exec(name)
  if (decimal !== null) return DECIMAL(Number(decimal[1]), Number(decimal[2]))
  const type = simpleTypes.get(name)
  assert(type !== undefined, `JavaScript functions know no type ${name}`)
  return type
}

const makers = new Map<DuckDBType, (value: never) => DuckDBValue>([
  [BLOB, (value: Uint8Array) => new DuckDBBlobValue(value)],
  [DATE, (value: number) => new DuckDBDateValue(value)],
  [TIME, (value: bigint) => new DuckDBTimeValue(value)],
  [TIMESTAMP, (value: bigint) => new DuckDBTimestampValue(value)],
  [TIMESTAMPTZ, (value: bigint) => new DuckDBTimestampTZValue(value)],
  [INTERVAL, ({ months, days, micros }: EngineInterval) => new DuckDBIntervalValue(months, days, micros)],
])

function valueOf(value: EngineValue, type: DuckDBType): DuckDBValue {
  if (value === null) return null
  if (type instanceof DuckDBDecimalType) return decimalOf(value as string, type)
  if (type instanceof DuckDBListType) {
    return new DuckDBListValue((value as readonly EngineValue[]).map((item) => valueOf(item, type.valueType)))
  }
  const make = makers.get(type) as ((value: EngineValue) => DuckDBValue) | undefined
  return make === undefined ? (value as DuckDBValue) : make(value)
}

/** Digits with at most the type's decimals. */
function decimalOf(text: string, { width, scale }: DuckDBDecimalType): DuckDBDecimalValue {
  const parts = /^(-?)(\d+)(?:\.(\d*))?$/.exec(text)
  const decimals = parts?.[3] ?? ''
  assert(parts !== null && decimals.length <= scale, `${text} is no DECIMAL(${width}, ${scale})`)
  const digits = BigInt(`${parts[2]}${decimals.padEnd(scale, '0')}`)
  assert(digits < 10n ** BigInt(width), `${text} is no DECIMAL(${width}, ${scale})`)
  return new DuckDBDecimalValue(parts[1] === '-' ? -digits : digits, width, scale)
}
