// BigQuery's conversion rules: what becomes what by itself, and where types meet.
import { describe, expect, it } from 'vitest'

import { coercionCost, type Origin, supertypeOf, type Typed } from './coercion.ts'
import { duckType, scalar, scalarNamed, text, typeName } from './type-names.ts'
import type { ScalarKind, SqlType } from './types.ts'

const one = (kind: ScalarKind, origin: Origin = 'value'): Typed => ({ type: scalar[kind], origin })
const made = (...parts: Typed[]): Typed => ({
  type: { kind: 'ARRAY', element: parts[0]?.type ?? scalar.INT64 },
  origin: 'made',
  parts,
})
const struct = (...names: readonly (readonly [string | undefined, Typed])[]): Typed => ({
  type: { kind: 'STRUCT', fields: names.map(([name, { type }]) => ({ name, type })) },
  origin: 'made',
  parts: names.map(([, typed]) => typed),
})

describe('coercion', () => {
  it.each([
    [one('INT64'), scalar.FLOAT64, true],
    [one('INT64'), scalar.NUMERIC, true],
    [one('FLOAT64'), scalar.NUMERIC, false],
    [one('FLOAT64', 'literal'), scalar.NUMERIC, true],
    [one('FLOAT64'), scalar.INT64, false],
    [one('DATE'), scalar.DATETIME, true],
    [one('DATE'), scalar.TIMESTAMP, false],
    [one('DATETIME'), scalar.TIMESTAMP, false],
    [one('STRING'), scalar.DATE, false],
    [one('STRING', 'literal'), scalar.DATE, true],
    [one('STRING', 'parameter'), scalar.TIMESTAMP, true],
    [one('STRING', 'literal'), scalar.BYTES, false],
    [one('STRING', 'literal'), scalar.INT64, false],
    [one('INT64', 'null'), scalar.JSON, true],
    [made(one('INT64', 'literal')), { kind: 'ARRAY', element: scalar.FLOAT64 } as const, true],
    [
      { type: { kind: 'ARRAY', element: scalar.INT64 }, origin: 'value' } as const,
      { kind: 'ARRAY', element: scalar.FLOAT64 } as const,
      false,
    ],
  ])('%o to %o: %s', (from, to, fits) => {
    expect(coercionCost(from, to) !== undefined).toBe(fits)
  })

  it.each([
    [[one('INT64'), one('FLOAT64')], 'FLOAT64'],
    [[one('NUMERIC'), one('FLOAT64')], 'FLOAT64'],
    [[one('NUMERIC'), one('FLOAT64', 'literal')], 'NUMERIC'],
    [[one('NUMERIC'), one('BIGNUMERIC')], 'BIGNUMERIC'],
    [[one('DATE'), one('STRING', 'literal')], 'DATE'],
    [[one('DATE'), one('DATETIME')], 'DATETIME'],
    [[one('INT64', 'null'), one('STRING')], 'STRING'],
    [[one('INT64', 'null')], 'INT64'],
    [[one('INT64'), one('STRING')], undefined],
    [[one('DATE'), one('TIMESTAMP')], undefined],
    [[made(one('INT64', 'literal')), made(one('FLOAT64', 'literal'))], 'ARRAY<FLOAT64>'],
    [
      [
        struct(['a', one('INT64', 'literal')], ['b', one('INT64', 'null')]),
        struct([undefined, one('FLOAT64', 'literal')], [undefined, one('STRING', 'literal')]),
      ],
      'STRUCT<a FLOAT64, b STRING>',
    ],
  ])('%o meet at %s', (all, expected) => {
    const type = supertypeOf(all)
    expect(type && typeName(type)).toBe(expected)
  })
})

describe('names of types', () => {
  const nested: SqlType = {
    kind: 'ARRAY',
    element: {
      kind: 'STRUCT',
      fields: [
        { name: 'a', type: scalar.INT64 },
        { name: 'A', type: scalar.STRING },
        { name: undefined, type: scalar.BYTES },
      ],
    },
  }

  it('prints GoogleSQL and DuckDB', () => {
    expect(typeName(nested)).toBe('ARRAY<STRUCT<a INT64, A STRING, BYTES>>')
    expect(duckType(nested)).toBe('STRUCT("_field_1" BIGINT, "_field_2" VARCHAR, "_field_3" BLOB)[]')
    expect(duckType({ kind: 'RANGE', element: scalar.DATE })).toBe('STRUCT("start" DATE, "end" DATE)')
  })

  it('knows synonyms, in any case', () => {
    expect(
      ['bigint', 'BOOLEAN', 'Decimal', 'string', 'GEOGRAPHY', 'constructor'].map((name) => scalarNamed(name)?.kind),
    ).toEqual(['INT64', 'BOOL', 'NUMERIC', 'STRING', undefined, undefined])
  })

  it('quotes texts', () => {
    expect(text("it's")).toBe("'it''s'")
    expect(text('a\0b')).toBe("concat('a', chr(0), 'b')")
  })
})
