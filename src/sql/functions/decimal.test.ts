import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { decimalCall, divideHalfAway, parseDecimal, roundFloat, scaledText, unscaled } from './decimal.ts'

describe('whole numbers for decimals', () => {
  test('texts and unscaled numbers are each other’s inverse', () => {
    fc.assert(
      fc.property(
        fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n }),
        fc.constantFrom(9, 18),
        (value, scale) => {
          expect(unscaled(scaledText(value, scale), scale)).toBe(value)
        },
      ),
    )
  })

  test('halves are rounded away from zero, on either side', () => {
    expect([5n, -5n, 4n, -4n, 15n].map((value) => divideHalfAway(value, 10n))).toEqual([1n, -1n, 0n, 0n, 2n])
    expect(divideHalfAway(5n, -10n)).toBe(-1n)
  })

  test('a quotient times its divisor is never further off than half a last digit', () => {
    const number = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n })
    fc.assert(
      fc.property(
        number,
        number.filter((value) => value !== 0n),
        (left, right) => {
          const quotient = unscaled(decimalCall('divide', scaledText(left, 9), scaledText(right, 9), 9), 9)
          const rest = left * 10n ** 9n - quotient * right
          expect(2n * (rest < 0n ? -rest : rest) <= (right < 0n ? -right : right)).toBe(true)
        },
      ),
    )
  })

  test('products beyond the type’s range fail', () => {
    expect(() => decimalCall('multiply', '99999999999999999999999999999', '10', 9)).toThrow('numeric overflow')
    expect(() => decimalCall('multiply', '12345678901', '12345678901', 18)).toThrow('BIGNUMERIC overflow')
  })

  test('division by zero fails', () => {
    expect(() => decimalCall('divide', '1', '0', 9)).toThrow('division by zero')
    expect(() => decimalCall('div', '1', '0', 9)).toThrow('division by zero')
  })

  test('BIGNUMERIC is never rounded', () => {
    expect(decimalCall('divide', '1', '8', 18)).toBe('0.125000000000000000')
    expect(() => decimalCall('divide', '1', '3', 18)).toThrow('more than 18 decimal places')
    expect(() => decimalCall('sqrt', '2', '0', 18)).toThrow('not supported locally')
  })

  test.each([
    ['2', '1.414213562'],
    ['4', '2.000000000'],
    ['0', '0.000000000'],
    ['0.000000001', '0.000031623'],
  ])('the square root of %s is %s', (value, root) => {
    expect(decimalCall('sqrt', value, '0', 9)).toBe(root)
  })

  test.each([
    ['round', '2.5', '0', '3.000000000'],
    ['round', '-125', '-1', '-130.000000000'],
    ['round_even', '2.5', '0', '2.000000000'],
    ['round_even', '-3.5', '0', '-4.000000000'],
    ['round_even', '2.51', '0', '3.000000000'],
    ['trunc', '-1.19', '1', '-1.100000000'],
    ['trunc', '129', '-50', '0.000000000'],
  ])('%s of %s to %s places is %s', (name, value, places, result) => {
    expect(decimalCall(name, value, places, 9)).toBe(result)
  })
})

describe('PARSE_NUMERIC', () => {
  test.each([
    ['12,345.6789012349', '12345.678901235'],
    [' - 5 ', '-5.000000000'],
    ['12-', '-12.000000000'],
    ['1e-12', '0.000000000'],
    ['.5E1', '5.000000000'],
    ['0e999', '0'],
  ])('reads %j as %s', (input, value) => {
    expect(parseDecimal(input, 9)).toBe(value)
  })

  test.each(['', ',', '1 2', '-5-', '1.2.3', '1.2,3', '0x5', '1e29', '1e99999', 'NaN'])('refuses %j', (input) => {
    expect(() => parseDecimal(input, 9)).toThrow(`Invalid input to PARSE_NUMERIC: "${input}"`)
  })

  test('BIGNUMERIC with more digits than are kept fails', () => {
    expect(() => parseDecimal('0.1234567890123456789', 18)).toThrow('more than 18 decimal places')
  })

  test('never crashes on other text', () => {
    fc.assert(
      fc.property(fc.string({ unit: fc.constantFrom(...'0123456789.,+-eE '.split('')) }), (input) => {
        try {
          expect(parseDecimal(input, 9)).toMatch(/^-?\d+(\.\d{9})?$/)
        } catch (error) {
          expect(String(error)).toContain('Invalid input to PARSE_NUMERIC')
        }
      }),
    )
  })
})

describe('ROUND and TRUNC of floats', () => {
  test.each([
    ['round', 2.675, 2, 2.67],
    ['round', 1.235, 2, 1.24],
    ['round', -2.5, 0, -3],
    ['round', 25, -1, 30],
    ['trunc', 2.3, 1, 2.2],
    ['trunc', -5.678, 2, -5.67],
    ['round', 1e300, 2, 1e300],
    ['round', 5e-324, 10, 0],
  ] as const)('%s(%d, %d) is %d', (mode, value, places, result) => {
    expect(roundFloat(value, places, mode)).toBe(result)
  })

  test('whole numbers stay, whatever the places', () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), fc.integer({ min: 0, max: 30 }), (value, places) => {
        expect(roundFloat(value, places, 'round')).toBe(value)
        expect(roundFloat(value, places, 'trunc')).toBe(value)
      }),
    )
  })

  test('an overflow fails', () => {
    expect(() => roundFloat(1.7976931348623157e308, -308, 'round')).toThrow('overflow')
  })
})
