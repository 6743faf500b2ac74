import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { parseTime } from '../../deliver/screen/time.ts'
import { parseJson } from './exact-json.ts'
import { isoTime, textOf } from './values.ts'

describe('isoTime', () => {
  test.each([
    ['2026-03-02T08:15:30.250Z', '2026-03-02T08:15:30.250Z'],
    ['2026-03-02 08:15:30', '2026-03-02T08:15:30.000Z'],
    ['2026-03-02 08:15:30.123456+02', '2026-03-02T06:15:30.123456Z'],
    ['2026-03-02 08:15:30 UTC', '2026-03-02T08:15:30.000Z'],
    ['2026-03-02', '2026-03-02T00:00:00.000Z'],
    ['0001-01-01 00:00:00Z', '0001-01-01T00:00:00.000Z'],
    [1_772_439_330, '2026-03-02T08:15:30.000Z'],
    ['1772439330.5', '2026-03-02T08:15:30.500Z'],
    [1_772_439_330_250, '2026-03-02T08:15:30.250Z'],
    ['1772439330250001', '2026-03-02T08:15:30.250001Z'],
    [parseJson('1772439330250001789'), '2026-03-02T08:15:30.250001Z'],
    [0, '1970-01-01T00:00:00.000Z'],
  ])('%j is %s', (value, iso) => {
    expect(isoTime(value)).toBe(iso)
  })

  test.each([
    '',
    'yesterday',
    '2026-02-31',
    '2026-13-01',
    '2026-00-01',
    '0000-01-01',
    '2026-03-02 25:00',
    -5,
    '02/03/2026',
    true,
    null,
    {},
    '9'.repeat(30),
  ])('%j is no time', (value) => {
    expect(isoTime(value)).toBeUndefined()
  })

  test('what it makes of any value the engine reads as the same moment, or it makes nothing', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string(), fc.double(), fc.date({ noInvalidDate: true }).map(String), fc.integer()),
        (value) => {
          const iso = isoTime(value)
          if (iso === undefined) return
          expect(parseTime(iso)).toBeTypeOf('number')
          expect(isoTime(iso)).toBe(iso)
        },
      ),
    )
  })

  test('milliseconds of any day come back, as a number and as ISO text', () => {
    const day = fc.date({ min: new Date('1974-01-01'), max: new Date('5000-01-01'), noInvalidDate: true })
    fc.assert(
      fc.property(day, (date) => {
        expect(isoTime(date.getTime())).toBe(date.toISOString())
        expect(isoTime(date.toISOString())).toBe(date.toISOString())
      }),
    )
  })
})

test('texts of ids keep all their digits', () => {
  expect(textOf(parseJson('9007199254740993'))).toBe('9007199254740993')
  expect([textOf('a'), textOf(7), textOf(null), textOf({}), textOf(true)]).toEqual(['a', '7', '', '', ''])
})
