// The notation of function rows, and which row a call gets.
import { describe, expect, it } from 'vitest'

import { scalar, typeName } from '../type-names.ts'
import type { ScalarKind, SqlType } from '../types.ts'
import type { Lowered } from './lowered.ts'
import { type CallArgument, chooseSignature } from './overload.ts'
import { fill, parseSignature } from './signature.ts'

const lowered = (type: SqlType, origin: Lowered['origin'] = 'value'): Lowered => ({ sql: 'x', type, origin })
const argument = (value: Lowered | undefined, more: Partial<CallArgument> = {}): CallArgument => ({
  offset: 0,
  name: undefined,
  part: undefined,
  lambda: undefined,
  isInterval: false,
  value: () => {
    if (value === undefined) throw new Error('no value')
    return value
  },
  ...more,
})
const of = (kind: ScalarKind, origin: Lowered['origin'] = 'value'): CallArgument =>
  argument(lowered(scalar[kind], origin))
const part = (name: string): CallArgument => argument(undefined, { part: name })

function chosen(signatures: readonly string[], args: readonly CallArgument[]): string | undefined {
  const match = chooseSignature(signatures.map(parseSignature), args)
  return (
    match && `${match.signature.text.replace(/ ->.*/, '')} ${typeName(fill(match.signature.result, match.variables))}`
  )
}

describe('the notation', () => {
  it('reads everything that function-row.ts describes', () => {
    const signature = parseSignature(
      'NET.F(STRING, [INT64], LITERAL STRING, PART, LAMBDA(T, INT64) -> R, [mode => STRING], ARRAY<STRUCT<a INT64, T>>...) -> RANGE<DATE>',
    )
    expect(signature.name).toBe('NET.F')
    expect(
      signature.parameters.map(({ kind, isOptional, isLiteral, isRepeated, name }) => [
        kind,
        isOptional,
        isLiteral,
        isRepeated,
        name,
      ]),
    ).toEqual([
      ['value', false, false, false, undefined],
      ['value', true, false, false, undefined],
      ['value', false, true, false, undefined],
      ['part', false, false, false, undefined],
      ['lambda', false, false, false, undefined],
      ['value', true, false, false, 'mode'],
      ['value', false, false, true, undefined],
    ])
    expect(parseSignature('COUNT(*) -> INT64').isStar).toBe(true)
  })

  it.each(['F(STRING', 'F(NOPE) -> INT64', 'F() -> INT64 INT64', '(STRING)'])('says what is wrong with %s', (text) => {
    expect(() => parseSignature(text)).toThrow('BUG')
  })
})

describe('the choice', () => {
  const round = ['ROUND(FLOAT64, [INT64]) -> FLOAT64', 'ROUND(NUMERIC, [INT64]) -> NUMERIC']
  it.each([
    [round, [of('NUMERIC')], 'ROUND(NUMERIC, [INT64]) NUMERIC'],
    [round, [of('INT64')], 'ROUND(FLOAT64, [INT64]) FLOAT64'],
    [round, [of('FLOAT64', 'literal'), of('INT64')], 'ROUND(FLOAT64, [INT64]) FLOAT64'],
    [round, [of('STRING')], undefined],
    [
      ['F(NUMERIC, NUMERIC) -> NUMERIC', 'F(FLOAT64, FLOAT64) -> FLOAT64'],
      [of('INT64'), of('NUMERIC')],
      'F(NUMERIC, NUMERIC) NUMERIC',
    ],
    [
      ['F(INT64, NUMERIC) -> NUMERIC', 'F(FLOAT64, FLOAT64) -> FLOAT64'],
      [of('INT64'), of('FLOAT64')],
      'F(FLOAT64, FLOAT64) FLOAT64',
    ],
    [
      ['T(DATE, PART) -> DATE', 'T(TIMESTAMP, PART, [STRING]) -> TIMESTAMP'],
      [of('TIMESTAMP'), part('DAY')],
      'T(TIMESTAMP, PART, [STRING]) TIMESTAMP',
    ],
    [['T(DATE, PART) -> DATE'], [of('STRING', 'literal'), part('WEEK(MONDAY)')], 'T(DATE, PART) DATE'],
    [
      ['A(ARRAY<T>, T) -> ARRAY<T>'],
      [argument(lowered({ kind: 'ARRAY', element: scalar.FLOAT64 })), of('INT64')],
      'A(ARRAY<T>, T) ARRAY<FLOAT64>',
    ],
    [['C(T, T...) -> T'], [of('INT64'), of('FLOAT64'), of('INT64', 'null')], 'C(T, T...) FLOAT64'],
    [['C(T, T) -> T'], [of('INT64'), of('STRING')], undefined],
    [
      ['N(STRING, [mode => STRING]) -> JSON'],
      [of('STRING'), argument(lowered(scalar.STRING), { name: 'MODE' })],
      'N(STRING, [mode => STRING]) JSON',
    ],
    [
      ['N(STRING, [mode => STRING]) -> JSON'],
      [of('STRING'), argument(lowered(scalar.STRING), { name: 'other' })],
      undefined,
    ],
    [
      ['D(DATE, INT64, PART) -> DATE'],
      [of('DATE'), argument(lowered(scalar.INTERVAL), { isInterval: true })],
      'D(DATE, INT64, PART) DATE',
    ],
  ])('%j', (signatures, args, expected) => {
    expect(chosen(signatures, args)).toBe(expected)
  })
})
