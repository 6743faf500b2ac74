import { expect, test } from 'vitest'

import type { FieldConversion } from '../../warehouse/row-tables.ts'
import { convertField, fitted, timeOf } from './convert.ts'

test.each<[FieldConversion, unknown, unknown]>([
  ['severity', 'ERROR', 500],
  ['severity', 'warn', 400],
  ['severity', 'Information', 200],
  ['severity', 500, 500],
  ['severity', '500', 500],
  ['severity', 30, 200],
  ['severity', '40', 400],
  ['severity', 35, 200],
  ['severity', 10, 100],
  ['severity', 60, 600],
  ['severity', 0, 0],
  ['severity', 850, undefined],
  ['severity', 'loud', undefined],
  ['severity', true, undefined],
  ['severity', { a: 1 }, undefined],
  ['otlp-severity', 9, 200],
  ['otlp-severity', 21, 600],
  ['otlp-severity', 'WARN', 400],
  ['otlp-severity', 25, undefined],
  ['syslog-severity', 3, 500],
  ['syslog-severity', '6', 200],
  ['syslog-severity', 8, undefined],
  ['python-severity', 20, 200],
  ['python-severity', 50, 600],
  ['python-severity', 'x', undefined],
  ['latency', 12.5, 12.5],
  ['latency', '1.500s', 1500],
  ['latency', '250ms', 250],
  ['latency', '20us', 0.02],
  ['latency', { seconds: '1', nanos: 5_000_000 }, 1005],
  ['latency', { seconds: 2 }, 2000],
  ['latency', { seconds: 2, more: 1 }, undefined],
  ['latency', 'long', undefined],
  ['seconds', '0.25', 250],
  ['seconds', '-', undefined],
  ['seconds', 1e308, undefined],
])('%s of %j is %j', (conversion, value, expected) => {
  expect(convertField(conversion, 'float', value)).toEqual(expected)
})

test('A converted value is given in the type that the column has now', () => {
  expect(convertField('severity', 'text', 'error')).toBe('500')
  expect(convertField('latency', 'integer', '1.0005s')).toBeUndefined()
})

test.each([
  ['integer', 5, 5],
  ['integer', '5', 5],
  ['integer', '05', undefined],
  ['integer', '-0', undefined],
  ['integer', 1.5, undefined],
  ['integer', 2 ** 53, undefined],
  ['integer', 2n ** 62n, 2n ** 62n],
  ['integer', 2n ** 63n, undefined],
  ['integer', '9223372036854775807', 2n ** 63n - 1n],
  ['integer', '9223372036854775808', undefined],
  ['integer', true, undefined],
  ['float', '0.5', 0.5],
  ['float', '1e3', undefined],
  ['float', 'NaN', undefined],
  ['float', 2n ** 60n, 2 ** 60],
  ['float', 2n ** 60n + 1n, undefined],
  ['text', 9007199254740993n, '9007199254740993'],
  ['text', 'x', 'x'],
  ['text', false, undefined],
  ['text', ['a'], undefined],
  ['boolean', 'true', true],
  ['boolean', 'yes', undefined],
  ['json', [1], [1]],
] as const)('%s takes %s as %s', (type, value, expected) => {
  expect(fitted(type, value)).toEqual(expected)
})

const second = 1_768_435_200
test.each([
  ['seconds', second],
  ['milliseconds', second * 1e3],
  ['microseconds', second * 1e6],
  ['nanoseconds', second * 1e9],
  ['nanoseconds as a bigint', BigInt(second) * 1_000_000_000n],
  ['a number as text', String(second * 1000)],
  ['ISO', '2026-01-15T00:00:00Z'],
  ['ISO with nanoseconds', '2026-01-15T00:00:00.000000000Z'],
])('A time in %s', (_, value) => {
  expect(timeOf(value)).toBe(second * 1e6)
})

test.each([['yesterday'], [''], [{}], [null], [true], ['9'.repeat(30)], [1e300]])('%j is no time', (value) => {
  expect(timeOf(value)).toBeUndefined()
})
