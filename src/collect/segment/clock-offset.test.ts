// Goal: a wrong clock is corrected, a late upload is not. A device is played against the real rules with a fake now.
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { type ClockCorrection, createDeviceClocks, type DeviceClocks, readTime } from './clock-offset.ts'
import { libraryOf } from './library.ts'

const nowMs = Date.parse('2026-03-02T08:00:00Z')
const minuteMs = 60_000
const dayMs = 86_400_000

interface Upload {
  readonly library?: string
  readonly via?: 'client' | 'server'
  readonly device?: string
  readonly anonymousId?: string
  readonly source?: string
}

/** One request that arrives now, `rawMs` after its sentAt. */
function upload(clocks: DeviceClocks, rawMs: number, options: Upload = {}): ClockCorrection | undefined {
  const { library, via = 'client', device, anonymousId, source = 'app' } = options
  const first = { anonymousId, context: { library: { name: library }, device: { id: device } } }
  const root = { sentAt: new Date(nowMs - rawMs).toISOString() }
  return clocks.correct({ source, via, library: libraryOf(first), root, first, receivedAtMicros: nowMs * 1000 })
}

describe('whose clock is doubted', () => {
  test.each([
    { library: 'analytics.js', via: 'client' as const, corrected: true },
    { library: 'analytics-swift', via: 'client' as const, corrected: true },
    { library: '@segment/analytics-react-native', via: 'client' as const, corrected: true },
    { library: 'analytics_flutter', via: 'client' as const, corrected: true },
    { library: 'Analytics-CSharp', via: 'client' as const, corrected: true },
    { library: undefined, via: 'client' as const, corrected: true },
    { library: undefined, via: 'server' as const, corrected: false },
    { library: 'analytics-python', via: 'server' as const, corrected: false },
    { library: 'analytics-node', via: 'client' as const, corrected: false },
    { library: 'analytics.js', via: 'server' as const, corrected: true },
    { library: 'our-own-app', via: 'client' as const, corrected: true },
    { library: 'our-own-backend', via: 'server' as const, corrected: false },
    { library: 'Analytics.NET', via: 'client' as const, corrected: false },
  ])('$library by a $via path: $corrected', ({ library, via, corrected }) => {
    const options = library === undefined ? { via } : { library, via }
    expect(upload(createDeviceClocks(10), 2 * minuteMs, options) !== undefined).toBe(corrected)
  })
})

describe('ids that a sender makes long', () => {
  test('over 256 characters are no device, so that memory stays bounded', () => {
    const clocks = createDeviceClocks(10)
    const long = 'x'.repeat(257)
    for (const device of [{ anonymousId: long }, { device: long }, { device: long, anonymousId: long }]) {
      expect(upload(clocks, 65_000, device)).toEqual({ offsetMs: 65_000, method: 'batch' })
      expect(upload(clocks, 61_000, device)).toEqual({ offsetMs: 61_000, method: 'batch' })
    }
    const longest = { anonymousId: 'x'.repeat(256) }
    upload(clocks, 65_000, longest)
    expect(upload(clocks, 61_000, longest)).toEqual({ offsetMs: 61_000, method: 'device' })
  })
})

describe('how far', () => {
  test('one request: its own offset, both ways', () => {
    const clocks = createDeviceClocks(10)
    expect(upload(clocks, 90_000)).toEqual({ offsetMs: 90_000, method: 'batch' })
    expect(upload(clocks, -90_000)).toEqual({ offsetMs: -90_000, method: 'batch' })
  })

  test('more requests of a device: the least of its last ten', () => {
    const clocks = createDeviceClocks(10)
    const device = { library: 'analytics.js', anonymousId: 'a' }
    expect(upload(clocks, 65_000, device)).toEqual({ offsetMs: 65_000, method: 'batch' })
    expect(upload(clocks, 61_000, device)).toEqual({ offsetMs: 61_000, method: 'device' })
    expect(upload(clocks, 90_000, device)).toEqual({ offsetMs: 61_000, method: 'device' })
    for (let request = 0; request < 10; request++) upload(clocks, 80_000, device)
    expect(upload(clocks, 90_000, device)).toEqual({ offsetMs: 80_000, method: 'device' })
  })

  test('devices and sources do not mix', () => {
    const clocks = createDeviceClocks(10)
    upload(clocks, 5_000, { device: 'a' })
    expect(upload(clocks, 9_000, { device: 'b' })).toEqual({ offsetMs: 9_000, method: 'batch' })
    expect(upload(clocks, 9_000, { device: 'a', source: 'other' })).toEqual({ offsetMs: 9_000, method: 'batch' })
    expect(upload(clocks, 9_000, { device: 'a' })).toEqual({ offsetMs: 5_000, method: 'device' })
  })

  test('under a second is the network, not the clock', () => {
    const clocks = createDeviceClocks(10)
    expect(upload(clocks, 999)).toBeUndefined()
    expect(upload(clocks, -999)).toBeUndefined()
    expect(upload(clocks, 1_000)).toEqual({ offsetMs: 1_000, method: 'batch' })
  })

  test('the memory of devices is bounded, and may be none', () => {
    const two = createDeviceClocks(2)
    for (const device of ['a', 'b', 'c']) upload(two, 5_000, { device })
    expect(upload(two, 9_000, { device: 'a' })).toMatchObject({ method: 'batch' })
    const none = createDeviceClocks(0)
    upload(none, 5_000, { device: 'a' })
    expect(upload(none, 9_000, { device: 'a' })).toEqual({ offsetMs: 9_000, method: 'batch' })
  })
})

describe.each(['analytics-swift', 'analytics-kotlin', 'Analytics-CSharp', 'unity-sdk'])(
  '%s closes files early',
  (library) => {
    test('three days late is no wrong clock, however many files come', () => {
      const clocks = createDeviceClocks(10)
      for (const rawMs of [3 * dayMs, 2 * dayMs, dayMs, 6 * minuteMs]) {
        expect(upload(clocks, rawMs, { library, device: 'a' })).toBeUndefined()
      }
    })

    test('a device whose clock is known keeps that offset for its late files', () => {
      const clocks = createDeviceClocks(10)
      upload(clocks, -20_000, { library, device: 'a' })
      upload(clocks, -19_000, { library, device: 'a' })
      expect(upload(clocks, 3 * dayMs, { library, device: 'a' })).toEqual({ offsetMs: -20_000, method: 'device' })
    })

    test('a clock ahead is always wrong, and so is one that was never set', () => {
      const clocks = createDeviceClocks(10)
      expect(upload(clocks, -3 * dayMs, { library })).toEqual({ offsetMs: -3 * dayMs, method: 'batch' })
      expect(upload(clocks, nowMs, { library })).toEqual({ offsetMs: nowMs, method: 'batch' })
    })
  },
)

test('a wall clock without a zone is moved by its own request, and nothing is learned from it', () => {
  const clocks = createDeviceClocks(10)
  const first = { context: { library: { name: 'analytics_flutter' }, device: { id: 'a' } } }
  const send = (sentAt: string): ClockCorrection | undefined =>
    clocks.correct({
      source: 'app',
      via: 'client',
      library: libraryOf(first),
      root: { sentAt },
      first,
      receivedAtMicros: nowMs * 1000,
    })
  expect(send('2026-03-02T10:00:00.000')).toEqual({ offsetMs: -7_200_000, method: 'batch' })
  expect(send('2026-03-02T09:00:00.000')).toEqual({ offsetMs: -3_600_000, method: 'batch' })
  expect(send('2026-03-02T07:59:50.000Z')).toEqual({ offsetMs: 10_000, method: 'batch' })
})

test('a browser three days behind is corrected: analytics.js stamps sentAt when it sends', () => {
  const correction = upload(createDeviceClocks(10), 3 * dayMs, { library: 'analytics.js' })
  expect(correction).toEqual({ offsetMs: 3 * dayMs, method: 'batch' })
})

test('the estimate never moves later than any single request says, and nears the true offset', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: -dayMs, max: dayMs }),
      fc.array(fc.integer({ min: 0, max: 30_000 }), { minLength: 2, maxLength: 10 }),
      (trueOffsetMs, delaysMs) => {
        const clocks = createDeviceClocks(10)
        let last: ClockCorrection | undefined
        for (const delay of delaysMs)
          last = upload(clocks, trueOffsetMs + delay, { library: 'analytics.js', device: 'a' })
        const least = trueOffsetMs + Math.min(...delaysMs)
        expect(last).toEqual(Math.abs(least) < 1_000 ? undefined : { offsetMs: least, method: 'device' })
      },
    ),
  )
})

test.each([
  ['2026-03-02T08:00:00Z', nowMs],
  ['2026-03-02T08:00:00', nowMs],
  ['2026-03-02 08:00:00', nowMs],
  ['2026-03-02T09:00:00+01:00', nowMs],
  ['2026-03-02T08:00:00.123456+00:00', nowMs + 123],
  ['2026-03-02T08:00:00.123456789Z', nowMs + 123],
  ['2026-03-02', Date.parse('2026-03-02')],
  [nowMs, nowMs],
  [nowMs / 1000, nowMs],
  ['yesterday', undefined],
  ['2026-99-99T00:00:00Z', undefined],
  ['', undefined],
  [null, undefined],
  [Number.NaN, undefined],
  [-1, undefined],
  [{}, undefined],
])('time %s', (value, expected) => {
  expect(readTime(value)).toBe(expected)
})
