import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { EventTime, parseTime } from './time.ts'

const noon = Date.UTC(2026, 10, 22, 12, 0, 0) * 1000

test.each([
  ['2026-11-22T12:00:00.000Z', noon],
  ['2026-11-22T12:00:00.123Z', noon + 123_000],
  ['2026-11-22T12:00:00Z', noon],
  ['2026-11-22T12:00:00.123456Z', noon + 123_456],
  ['2026-11-22T12:00:00.123456789Z', noon + 123_456],
  ['2026-11-22 12:00:00', noon],
  ['2026-11-22T13:30:00+01:30', noon],
  ['2026-11-22T07:00:00-0500', noon],
  ['2026-11-22T12:00', noon],
  ['2026-11-22', noon - 12 * 3_600_000_000],
  ['2026-11-21T24:00:00Z', noon - 12 * 3_600_000_000],
  ['2024-02-29T00:00:00.000Z', Date.UTC(2024, 1, 29) * 1000],
  [1_795_348_800_000, noon],
  [1_795_348_800_000.5, noon + 500],
  ['2200-01-01T00:00:00.000Z', Date.UTC(2200, 0, 1) * 1000],
  ['1969-12-31T23:59:59.999Z', -1000],
  // No times.
  ['2023-02-29T00:00:00.000Z', undefined],
  ['2026-13-01T00:00:00.000Z', undefined],
  ['2026-11-22T25:00:00.000Z', undefined],
  ['2026-1a-22T12:00:00.000Z', undefined],
  ['yesterday', undefined],
  ['', undefined],
  [1e300, undefined],
  [Number.NaN, undefined],
  [null, undefined],
  [{}, undefined],
])('%j is read as %j', (value, expected) => {
  expect(parseTime(value)).toBe(expected)
})

test('What a Date writes is read back, to the millisecond', () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date(-62_135_596_800_000), max: new Date(253_402_300_799_999), noInvalidDate: true }),
      (date) => {
        expect(parseTime(date.toISOString())).toBe(date.getTime() * 1000)
      },
    ),
  )
})

test('No text makes it throw', () => {
  fc.assert(fc.property(fc.anything(), (value) => void parseTime(value)))
})

const day = 86_400_000_000
test.each([
  ['believed without a clock', noon - day, undefined, false, noon - day, 'sender'],
  ['moved by the batch', noon - day, { offsetMs: 1000, method: 'batch' }, false, noon - day + 1e6, 'batch'],
  ['moved by the device', noon - 3 * day, { offsetMs: -1000, method: 'device' }, false, noon - 3 * day - 1e6, 'device'],
  ['absent', undefined, undefined, false, noon, 'received'],
  ['a little ahead', noon + 3.6e9, undefined, false, noon + 3.6e9, 'sender'],
  ['far ahead', noon + 3.6e9 + 1, undefined, false, noon, 'clamped'],
  ['in 1970', 1000, undefined, false, noon, 'clamped'],
  ['in 1970, mended by the clock', 1000, { offsetMs: noon / 1000, method: 'batch' }, false, noon + 1000, 'batch'],
  ['imported from 1960', -315_619_200_000_000, undefined, true, -315_619_200_000_000, 'sender'],
] as const)('A time that is %s', (_, original, clock, isImport, micros, method) => {
  const time = new EventTime()
  time.resolve(original, noon, clock, isImport)
  expect([time.micros, time.method]).toEqual([micros, method])
})
