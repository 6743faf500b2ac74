import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { formatTime } from './format-time.ts'
import { checkParseFormat, parseTime } from './parse-time.ts'
import { readTimestamp } from './timestamp-text.ts'

const micros = fc.bigInt({ min: -62_135_596_800_000_000n, max: 253_402_300_799_999_999n })

describe('parsing by a format', () => {
  test.each([
    '%F %H:%M:%E*S',
    '%Y-%j %H:%M:%E6S',
    '%A %e %B %Y %l:%M:%E*S %p',
    '%d/%m/%E4Y %k:%M:%E6S',
    '%b %d %Y %I %P %M %E*S',
  ])('reads back what the format %s wrote', (format) => {
    fc.assert(
      fc.property(micros, (value) => {
        expect(parseTime('DATETIME', format, formatTime('DATETIME', format, value, 0))).toBe(String(value))
      }),
    )
  })

  test('an offset stands behind the local time', () => {
    expect(parseTime('TIMESTAMP', '%F%Ez', '1970-01-02+08:30')).toBe('86400000000 +08:30')
    expect(parseTime('TIMESTAMP', '%s', '-5')).toBe('-5000000 UTC')
    expect(parseTime('TIMESTAMP', '%F %Z', '1970-01-01 Asia/Tokyo')).toBe('0 Asia/Tokyo')
  })

  test.each([
    ['DATE', '%F', 'abc', 'Failed to parse input string "abc"'],
    ['DATE', '%F', '2021-02-29', 'Out-of-range datetime field'],
    ['DATE', '%F', '0000-01-01', 'Out-of-range datetime field'],
    ['DATE', '%Y %j', '2021 366', 'Year 2021 has 365 days'],
    ['DATE', '%H', '1', '%H is not allowed for the DATE type'],
    ['DATE', '%F%', '2020-01-01', "cannot end with a single '%'"],
    ['TIME', '%T', '1:2:3 x', 'Failed to parse input string'],
    ['TIMESTAMP', '%F %T', '9999-12-31 23:59:60', 'Invalid result'],
    ['DATE', '%y %F', '5 2020-01-01', 'Not supported here'],
    ['DATE', '%G-%V', '2020-10', 'Not supported here'],
  ] as const)('%s by %s fails for %j', (kind, format, input, message) => {
    expect(() => parseTime(kind, format, input)).toThrow(message)
  })

  test('formats are checked before any text is there', () => {
    expect(checkParseFormat('%Y-%m-%d', 'DATE')).toEqual({})
    expect(checkParseFormat('%Z', 'DATETIME').invalid).toContain('%Z is not allowed')
    expect(checkParseFormat('%V', 'DATE').unsupported).toContain('%V')
    expect(checkParseFormat('%%', 'DATE')).toEqual({})
  })

  test('never hangs or crashes on other text', () => {
    const letters = fc.string({ unit: fc.constantFrom(...'%YmdHMSFTjypbEz*3 -:0123456789ax'.split('')) })
    fc.assert(
      fc.property(letters, letters, (format, input) => {
        try {
          expect(parseTime('TIMESTAMP', format, input)).toMatch(/^-?\d+( \S+)?$/)
        } catch (error) {
          expect(error).toBeInstanceOf(Error)
        }
      }),
    )
  })
})

describe('texts of timestamps', () => {
  test.each([
    ['1970-01-01', '0'],
    ['1970-1-1T0:0:1.5', '1500000'],
    ['1970-01-01 00:00:00Z', '0 +00:00'],
    ['1970-01-01 00:00:00+5:30', '0 +5:30'],
    ['1970-01-01 00:00:00 America/New_York', '0 America/New_York'],
  ])('%s', (input, answer) => {
    expect(readTimestamp(input, true)).toBe(answer)
  })

  test.each([
    '',
    'x',
    '2021-02-29',
    '2020-13-01',
    '0000-01-01',
    '2020-01-01 24:00:00',
    '2020-01-01 1:2',
    ' 2020-01-01',
  ])('refuses %j', (input) => {
    expect(() => readTimestamp(input, true)).toThrow(`Invalid timestamp: '${input}'`)
  })

  test('a zone in the text and another beside it is one too many', () => {
    expect(() => readTimestamp('2020-01-01 00:00:00+01', false)).toThrow('Timezone is not allowed')
  })
})
