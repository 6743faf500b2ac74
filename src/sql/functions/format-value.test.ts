// FORMAT's pieces against what JavaScript and C say of the same numbers.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { readFormat } from './format-spec.ts'
import { formatConstant, formatRow } from './format-value.ts'

const float = (spec: string, value: number): string | null => formatConstant(spec, [], 'f', String(value))
const finite = fc.double({ noNaN: true, noDefaultInfinity: true })

describe('FLOAT64', () => {
  test('seventeen digits read back', () => {
    fc.assert(
      fc.property(finite, (value) => {
        expect(Number(float('.17g', value))).toBe(value === 0 ? 0 : value)
        expect(Number(float('.16e', value))).toBe(value === 0 ? 0 : value)
      }),
    )
  })

  test('%f is toFixed, but for ties', () => {
    fc.assert(
      fc.property(
        fc.double({ min: -1e15, max: 1e15, noNaN: true }),
        fc.integer({ min: 0, max: 12 }),
        (value, places) => {
          const shown = float(`.${places}f`, value)
          const isTie = (Math.abs(value) * 2 ** 40) % 1 === 0
          if (!isTie && value !== 0) expect(shown).toBe(value.toFixed(places))
        },
      ),
    )
  })

  test.each([
    ['.0f', 2.5, '2'],
    ['.1f', 0.25, '0.2'],
    ['.20f', 0.1, '0.10000000000000000555'],
    ['g', 1e-5, '1e-05'],
    ['#g', 1, '1.00000'],
    ["'.2f", 1234567.891, '1,234,567.89'],
    ['08.3f', -2.5, '-002.500'],
    ['G', Infinity, 'INF'],
    ['010f', Number.NaN, '       nan'],
    ['.0e', 9.5, '1e+01'],
    ['.0f', 0.5, '0'],
    ['.2f', 9.999, '10.00'],
  ])('%s of %s', (spec, value, shown) => {
    expect(float(spec, value)).toBe(shown)
  })
})

describe('NUMERIC rounds half away from zero', () => {
  test.each([
    ['.0f', '2.5', '3'],
    ['.2f', '2.345', '2.35'],
    ['.2f', '-0.005', '-0.01'],
    ['e', '0', '0.000000e+00'],
    ['.20e', '1.1', '1.10000000000000000000e+00'],
    ["'f", '12345678.5', '12,345,678.500000'],
  ])('%s of %s', (spec, value, shown) => {
    expect(formatConstant(spec, [], 'n', value)).toBe(shown)
  })
})

describe('INT64', () => {
  test('reads back from every base', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }), (value) => {
        expect(formatConstant('d', [], 'i', String(value))).toBe(String(value))
        expect(BigInt(formatConstant('#x', [], 'i', String(value)) ?? '')).toBe(value)
        expect(formatConstant("'d", [], 'i', String(value))?.replaceAll(',', '')).toBe(String(value))
      }),
    )
  })

  test.each([
    ['+05d', '42', '+0042'],
    ['-5d', '42', '42   '],
    ['5.3d', '-4', ' -004'],
    ['.0d', '0', ''],
    ["'010d", '1234', '000001,234'],
    ['#o', '8', '010'],
  ])('%s of %s', (spec, value, shown) => {
    expect(formatConstant(spec, [], 'i', value)).toBe(shown)
  })
})

describe('widths that are arguments', () => {
  test.each([
    [[5n], '    1'],
    [[-5n], '1    '],
    [[null], null],
  ])('%s', (stars, shown) => {
    expect(formatConstant('*d', stars, 'i', '1')).toBe(shown)
  })

  test('are bounded', () => {
    expect(() => formatConstant('*d', [10n ** 12n], 'i', '1')).toThrow('not supported locally')
    expect(() => readFormat('%999999999d')).toThrow('not supported locally')
  })
})

test('readFormat never crashes', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.constantFrom(...Array.from("%dsftTxpP-+ #0'123*.é😀")), maxLength: 20 }),
      (format) => {
        try {
          const parts = readFormat(format)
          if (!format.includes('%')) expect(parts).toEqual(format === '' ? [] : [format])
        } catch (error) {
          expect(String(error)).toContain('FORMAT')
        }
      },
    ),
    { numRuns: 1000 },
  )
})

describe('formats known only row by row', () => {
  const one = ['i', 'INT64', '5', '5', '5']
  test.each([
    ['%d|%t', [...one, 's', 'STRING', 'a', 'a', '"a"'], '5|a'],
    ['%d', ['i', 'INT64', null, 'NULL', 'NULL'], null],
    ['%t', ['i', 'INT64', null, 'NULL', 'NULL'], 'NULL'],
    ['%*d', [...one, ...one], '    5'],
  ])('%s', (format, values, shown) => {
    expect(formatRow(format, values)).toBe(shown)
  })

  test.each([
    ['%s', 'Expected STRING; Got INT64'],
    ['%d %d', 'Too few arguments'],
    ['', 'Too many arguments'],
    ['%y', 'Invalid format specifier character "y"'],
  ])('%s fails', (format, message) => {
    expect(() => formatRow(format, one)).toThrow(message)
  })
})
