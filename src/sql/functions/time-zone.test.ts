import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { scalar } from '../type-names.ts'
import type { LoweringCall } from './function-row.ts'
import { isZoneName, offsetOf, toInstant, toLocal, utc, zoneOf, zoneText } from './time-zone.ts'

const call: LoweringCall = {
  args: [],
  result: scalar.TIMESTAMP,
  unsupported(what) {
    throw new Error(`unsupported: ${what}`)
  },
  invalid(message) {
    throw new Error(message)
  },
}
const constant = (name: string): Parameters<typeof zoneOf>[1] => ({
  sql: `'${name}'`,
  type: scalar.STRING,
  constant: name,
})

describe('offsets', () => {
  test.each([
    ['+08', 480],
    ['+8', 480],
    ['-8:30', -510],
    ['+0830', 510],
    ['UTC+8', 480],
    ['+8:5', 485],
    ['-00:30', -30],
    ['+14:00', 840],
  ])('%s are %d minutes', (name, minutes) => {
    expect(offsetOf(name)).toBe(minutes * 60_000_000)
  })

  test.each(['', '8', 'Z', '+15', '+08:60', '+14:01', '+830', 'UTC', '+08:00:00', ' +08'])('%j is none', (name) => {
    expect(offsetOf(name)).toBeUndefined()
  })

  test('their text reads back', () => {
    fc.assert(
      fc.property(fc.integer({ min: -840, max: 840 }), (minutes) => {
        const micros = minutes * 60_000_000
        expect(offsetOf(zoneText({ kind: 'offset', micros }).slice(1, -1))).toBe(micros)
      }),
    )
  })
})

describe('names', () => {
  test.each([
    'America/Los_Angeles',
    'Asia/Kolkata',
    'Asia/Calcutta',
    'US/Pacific',
    'Etc/GMT+8',
    'EST',
    'Japan',
    'America/Argentina/Ushuaia',
  ])('%s is a zone', (name) => {
    expect(isZoneName(name)).toBe(true)
  })

  test.each(['PST', 'JST', 'america/los_angeles', 'Mars/Phobos', 'SystemV/PST8', 'Z', '', "x'/y", 'Europe/'])(
    '%j is none',
    (name) => {
      expect(isZoneName(name)).toBe(false)
    },
  )
})

describe('zones of arguments', () => {
  test('none is UTC, and UTC costs no conversion of a calendar', () => {
    expect(zoneOf(call, undefined)).toBe(utc)
    expect(zoneOf(call, constant('UTC'))).toEqual(utc)
    expect(toLocal('t', utc)).toBe('make_timestamp(epoch_us(t))')
    expect(toInstant('t', utc)).toBe('make_timestamptz(epoch_us(t))')
  })

  test('offsets are arithmetic, names go through DuckDB', () => {
    expect(toLocal('t', zoneOf(call, constant('-01')))).toBe('make_timestamp(epoch_us(t) + -3600000000)')
    expect(toLocal('t', zoneOf(call, constant('Asia/Tokyo')))).toBe("timezone('Asia/Tokyo', t)")
    expect(toLocal('t', zoneOf(call, { sql: 'z', type: scalar.STRING }))).toBe('memory.bq.local_in(t, z)')
  })

  test('what is no zone is told while compiling', () => {
    expect(() => zoneOf(call, constant('PST'))).toThrow('Invalid time zone: PST')
    expect(() => zoneOf(call, constant(''))).toThrow('Invalid empty time zone')
  })
})
