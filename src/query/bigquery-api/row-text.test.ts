// Values on the wire, letter for letter.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import type { SqlType } from '../../sql/types.ts'
import type { EngineValue } from '../../warehouse/session.ts'
import { createRowWriter } from './row-text.ts'
import { floatText, numericText, timestampText } from './value-text.ts'

function written(type: SqlType, value: EngineValue): unknown {
  const writer = createRowWriter([type], { timestamps: 'float' })
  const { texts } = writer.write({ rowCount: 1, columns: [[value]] }, 1000, true)
  return (JSON.parse(texts[0] ?? '') as { f: [{ v: unknown }] }).f[0].v
}

describe('a value on the wire', () => {
  test.each<[SqlType, EngineValue, unknown]>([
    [{ kind: 'INT64' }, -9223372036854775808n, '-9223372036854775808'],
    [{ kind: 'BOOL' }, false, 'false'],
    [{ kind: 'FLOAT64' }, 1, '1.0'],
    [{ kind: 'FLOAT64' }, -0, '-0.0'],
    [{ kind: 'FLOAT64' }, 1e21, '1E21'],
    [{ kind: 'FLOAT64' }, Number.NaN, 'NaN'],
    [{ kind: 'NUMERIC' }, '-0.500000000', '-0.5'],
    [{ kind: 'NUMERIC' }, '100.000000000', '100'],
    [{ kind: 'STRING' }, '"\\\u2028\u0000', '"\\\u2028\u0000'],
    [{ kind: 'BYTES' }, new Uint8Array([255, 0]), '/wA='],
    [{ kind: 'DATE' }, 20513, '2026-03-01'],
    [{ kind: 'TIME' }, 36_672_500_000n, '10:11:12.500000'],
    [{ kind: 'DATETIME' }, -1n, '1969-12-31T23:59:59.999999'],
    [{ kind: 'TIMESTAMP' }, 1_772_359_200_123_456n, '1.772359200123456E9'],
    [{ kind: 'TIMESTAMP' }, 0n, '0.0'],
    [{ kind: 'TIMESTAMP' }, -1_500_000n, '-1.5'],
    [{ kind: 'INTERVAL' }, { months: 14, days: 3, micros: 4_005_006n }, '1-2 3 0:0:4.005006'],
    [{ kind: 'JSON' }, '{"a":1}', '{"a":1}'],
    [{ kind: 'ARRAY', element: { kind: 'INT64' } }, [1n, null], [{ v: '1' }, { v: null }]],
    [{ kind: 'ARRAY', element: { kind: 'INT64' } }, null, []],
    [
      { kind: 'STRUCT', fields: [{ name: 'a', type: { kind: 'ARRAY', element: { kind: 'BOOL' } } }] },
      [null],
      { f: [{ v: [] }] },
    ],
    [{ kind: 'STRUCT', fields: [{ name: 'a', type: { kind: 'BOOL' } }] }, null, null],
    [{ kind: 'RANGE', element: { kind: 'DATE' } }, [20513, null], '[2026-03-01, UNBOUNDED)'],
  ])('%j %s', (type, value, expected) => {
    expect(written(type, value)).toEqual(expected)
  })

  test('of a double is that double', () => {
    fc.assert(
      fc.property(fc.double(), (value) => {
        expect(Number(floatText(value))).toBe(value)
      }),
    )
  })

  test('of a timestamp has every microsecond', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n }), (micros) => {
        const [head = '', exponent = '0'] = timestampText(micros, 'float').split('E')
        const [whole = '', behind = ''] = head.replace('-', '').split('.')
        const digits = whole + behind.padEnd(Number(exponent) + 6, '0')
        expect(BigInt(digits) * (micros < 0n ? -1n : 1n)).toBe(micros)
      }),
    )
  })

  test('of a decimal keeps its digits', () => {
    expect(['0.000000000', '-0.000000000', '10', '0.000000001'].map(numericText)).toEqual([
      '0',
      '0',
      '10',
      '0.000000001',
    ])
  })

  test('stops where a page ends, but gives one row', () => {
    const writer = createRowWriter([{ kind: 'STRING' }], { timestamps: 'float' })
    const chunk = { rowCount: 3, columns: [['x'.repeat(50), 'y', 'z']] }
    expect(writer.write(chunk, 10, true).texts).toHaveLength(1)
    expect(writer.write(chunk, 10, false).texts).toHaveLength(0)
    expect(writer.write(chunk, 99, true).texts).toHaveLength(2)
  })
})
