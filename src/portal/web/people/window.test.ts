import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'

import { nameOf, ticketText } from './ticket.ts'
import { barsOf, momentOf, openWindow, partOf, windowOf } from './window.ts'

const nowMs = Date.UTC(2026, 10, 20, 12)
const hourMs = 3_600_000
const at = (ms: number): string => new Date(ms).toISOString()
const person = { id: 'user:u1', ids: ['user:u1'], isCut: false, traits: {}, devices: [], sources: [] }

describe('the window that is open', () => {
  test.each([
    ['a minute ago', 60_000, 24],
    ['two days ago', 48 * hourMs, 7 * 24],
    ['three weeks ago', 21 * 24 * hourMs, 30 * 24],
    ['a year ago', 365 * 24 * hourMs, 400 * 24],
  ])('reaches back to somebody who was last seen %s', (_when, agoMs, hours) => {
    const seen = { ...person, firstSeen: at(nowMs - 400 * 24 * hourMs), lastSeen: at(nowMs - agoMs) }
    expect(openWindow(seen, nowMs)).toEqual(windowOf(nowMs - hours * hourMs, nowMs))
  })

  test('is the one that was asked for, and never empty', () => {
    const seen = { ...person, firstSeen: at(nowMs - 5), lastSeen: at(nowMs) }
    expect(openWindow(seen, nowMs, 'hour')).toEqual(windowOf(nowMs - hourMs, nowMs))
    expect(openWindow(seen, nowMs, 'all')).toEqual(windowOf(nowMs - hourMs, nowMs))
    expect(openWindow({ ...seen, firstSeen: null, lastSeen: null }, nowMs)).toEqual(
      windowOf(nowMs - 24 * hourMs, nowMs),
    )
  })
})

test('a part lies within its window, whichever way it was drawn, and none is too small to hold a row', () => {
  const window = windowOf(nowMs - hourMs, nowMs)
  const place = fc.double({ min: -1, max: 2, noNaN: true })
  fc.assert(
    fc.property(place, place, (one, other) => {
      const part = partOf(window, one, other)
      expect(part).toEqual(partOf(window, other, one))
      if (part === undefined) return
      expect(part.from >= window.from && part.to <= window.to).toBe(true)
      expect(Date.parse(part.to) - Date.parse(part.from)).toBeGreaterThanOrEqual(999)
    }),
  )
  expect(partOf(window, 0.5, 0.5)).toBeUndefined()
  expect(momentOf(at(nowMs))).toEqual(windowOf(nowMs - 300_000, nowMs + 300_000))
})

test('bars stand where their part begins, stacked in the order of the sources that are shown', () => {
  const [early, late] = [at(nowMs - hourMs), at(nowMs - hourMs / 2)]
  const buckets = [
    { source: 'web', time: early, rows: 2 },
    { source: 'app', time: early, rows: 1 },
    { source: 'logs', time: late, rows: 9 },
  ]
  const histogram = { ...windowOf(nowMs - hourMs, nowMs), buckets }
  expect(barsOf(histogram, ['app', 'web'])).toEqual([{ at: 0, time: early, total: 3, stack: [buckets[1], buckets[0]] }])
  expect(barsOf(histogram, ['logs']).map((bar) => bar.at)).toEqual([0.5])
})

test('a ticket says who, where and what, one line a row', () => {
  const row = { receivedAt: at(nowMs), source: 'app', kind: 'log', ref: 'r' }
  const rows = [
    { ...row, time: at(nowMs), title: 'two\nlines', severity: 'error' },
    ...Array.from({ length: 30 }, () => ({ ...row, time: at(nowMs - 1), title: 'Tapped', severity: null })),
  ]
  const known = { ...person, traits: { email: 'ada@example.com' }, firstSeen: null, lastSeen: null }
  const lines = ticketText({ person: known, address: 'http://pond/people/user:u1', rows }).split('\n')
  expect(lines.slice(0, 5)).toEqual([
    'ada@example.com',
    'ids: user:u1',
    'http://pond/people/user:u1',
    '',
    `${at(nowMs)}  app [error]  two lines`,
  ])
  expect(lines).toHaveLength(4 + 20)
})

test.each([
  [{ name: 'Ada', email: 'a@b.c' }, 'Ada'],
  [{ first_name: 'Ada', last_name: 'Lovelace' }, 'Ada Lovelace'],
  [{ name: '' }, 'u1'],
  [{ name: 7 }, 'u1'],
])('somebody of whom is known %o is called %s', (traits, name) => {
  expect(nameOf({ id: 'user:u1', traits })).toBe(name)
})
