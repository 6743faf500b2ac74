import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { unpackColumn } from '../../../test/faults/loader-unpack.ts'
import type { ColumnType } from '../../warehouse/driver.ts'
import { Arena, ColumnBuilder } from './columns.ts'

function put(builder: ColumnBuilder, row: number, value: unknown): void {
  if (typeof value === 'string') builder.putText(row, value)
  else if (typeof value === 'boolean') builder.putBoolean(row, value)
  else if (typeof value === 'bigint') builder.putBigInteger(row, value)
  else if (typeof value === 'number' && builder.type === 'float') builder.putFloat(row, value)
  else if (typeof value === 'number') builder.putInteger(row, value)
}

function roundTrip(builder: ColumnBuilder, values: readonly unknown[]): unknown[] {
  for (const [row, value] of values.entries()) put(builder, row, value)
  const arena = new Arena(builder.packedBytes(values.length))
  const packed = builder.pack(values.length, arena)
  expect(packed.present === undefined).toBe(values.every((value) => value !== null))
  for (const part of [packed.present, packed.values, packed.heap, packed.offsets]) {
    if (part !== undefined) expect(part.byteOffset % 8).toBe(0)
  }
  return unpackColumn(packed, values.length)
}

const arbitraries: Record<ColumnType, fc.Arbitrary<unknown>> = {
  boolean: fc.boolean(),
  integer: fc.oneof(fc.maxSafeInteger(), fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
  float: fc.double({ noNaN: true }),
  timestamp: fc.maxSafeInteger(),
  // Around the lengths where the engine's text and our writing change their ways.
  text: fc.oneof(
    fc.string({ unit: 'binary', maxLength: 60 }),
    fc.constantFrom(
      '',
      'x'.repeat(12),
      'x'.repeat(13),
      'ä'.repeat(6),
      'ä'.repeat(7),
      '\ud800',
      'a\udfffb',
      '😀',
      'x'.repeat(5000),
    ),
  ),
  json: fc.json(),
}

function expected(value: unknown): unknown {
  if (typeof value === 'string') return value.toWellFormed()
  if (typeof value === 'bigint' && Number.isSafeInteger(Number(value))) return Number(value)
  return value
}

test.each(Object.keys(arbitraries) as ColumnType[])('%s columns give back what was put in, load after load', (type) => {
  const values = fc.array(fc.option(arbitraries[type], { nil: null }), { maxLength: 200 })
  fc.assert(
    fc.property(fc.array(values, { minLength: 1, maxLength: 4 }), (loads) => {
      const builder = new ColumnBuilder({ name: 'c', type })
      for (const load of loads) expect(roundTrip(builder, load)).toEqual(load.map(expected))
    }),
    { numRuns: 60 },
  )
})

test('A widened column keeps its values exactly', () => {
  const builder = new ColumnBuilder({ name: 'c', type: 'integer' })
  for (const [row, value] of [1, null, -(2 ** 53), 2 ** 53 - 1].entries()) put(builder, row, value)
  builder.widen()
  builder.putFloat(4, 0.5)
  const packed = builder.pack(5, new Arena(builder.packedBytes(5)))
  expect(packed.type).toBe('float')
  expect(unpackColumn(packed, 5)).toEqual([1, null, -(2 ** 53), 2 ** 53 - 1, 0.5])
})
