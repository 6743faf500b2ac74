import * as fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'

import { parseExact } from '../screen/parse.ts'
import { convertValue } from './convert.ts'

describe('what a value becomes in a column whose type a person chose', () => {
  it.each([
    ['text', 5, '5'],
    ['text', 1.5, '1.5'],
    ['text', true, 'true'],
    ['text', 'ok', 'ok'],
    ['text', ['a', 1], '["a",1]'],
    ['text', 2n ** 70n, String(2n ** 70n)],
    ['text', parseExact('1e400'), '1e400'],
    ['integer', '42', 42],
    ['integer', '-0', 0],
    ['integer', '9223372036854775807', 9_223_372_036_854_775_807n],
    ['integer', '9223372036854775808', undefined],
    ['integer', '042', undefined],
    ['integer', '4.0', undefined],
    ['integer', 1.5, undefined],
    ['integer', true, undefined],
    ['float', '12.50', 12.5],
    ['float', '1e3', 1000],
    ['float', '0.1234567890123456789', undefined],
    ['float', '1e999', undefined],
    ['float', 'NaN', undefined],
    ['float', 2n ** 53n + 1n, undefined],
    ['boolean', 'true', true],
    ['boolean', 0, false],
    ['boolean', 'yes', undefined],
    ['timestamp', '2026-01-02T03:04:05.678Z', Date.UTC(2026, 0, 2, 3, 4, 5, 678) * 1000],
    ['timestamp', 'soon', undefined],
    ['timestamp', true, undefined],
    ['json', 'x', undefined],
  ] as const)('%s of %s is %s', (type, value, expected) => {
    const converted = convertValue(type, value)
    // -0 is 0 to everybody who asks.
    expect(typeof converted === 'number' ? converted + 0 : converted).toEqual(expected)
  })
})

test('a number that became text becomes the same number again', () => {
  fc.assert(
    fc.property(fc.oneof(fc.maxSafeInteger(), fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n)), (number) => {
      const back = convertValue('integer', convertValue('text', number))
      expect(BigInt(back as number | bigint)).toBe(BigInt(number))
    }),
  )
})
