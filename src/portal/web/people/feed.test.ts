import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import type { TimelineRowAnswer } from '../../api/answers.ts'
import { changeFeed, emptyFeed, type Feed, gapMs, itemsOf, merged, newCount, rowsOf } from './feed.ts'

function row(minute: number, ref = `r${minute}`): TimelineRowAnswer {
  const time = new Date(Date.UTC(2026, 10, 1) + minute * 60_000).toISOString()
  return { time, receivedAt: time, source: 'app', kind: 'track', title: 'Tapped', severity: null, ref }
}
const refs = (rows: readonly TimelineRowAnswer[]): string[] => rows.map(({ ref }) => ref)
const dayOf = (time: string): string => time.slice(0, 10)

test('what comes is shown at once, and waits while somebody reads', () => {
  let feed: Feed = changeFeed(emptyFeed, { kind: 'came', rows: [row(1)] })
  feed = changeFeed(feed, { kind: 'held' })
  feed = changeFeed(feed, { kind: 'came', rows: [row(3), row(2)] })
  feed = changeFeed(feed, { kind: 'came', rows: [row(3), row(1)] })
  expect(refs(feed.shown)).toEqual(['r1'])
  expect(newCount(feed, [])).toBe(2)
  expect(newCount(feed, [row(2)])).toBe(1)
  feed = changeFeed(feed, { kind: 'released' })
  expect([refs(feed.shown), feed.waiting]).toEqual([['r3', 'r2', 'r1'], []])
  expect(changeFeed(feed, { kind: 'cleared' })).toEqual(emptyFeed)
})

test('however rows come, all are there once, newest first', () => {
  const parts = fc.array(fc.uniqueArray(fc.nat(50), { maxLength: 10 }), { maxLength: 10 })
  fc.assert(
    fc.property(parts, fc.array(fc.boolean(), { maxLength: 10 }), (batches, holds) => {
      let feed: Feed = emptyFeed
      for (const [index, minutes] of batches.entries()) {
        if (holds[index] === true) feed = changeFeed(feed, { kind: 'held' })
        feed = changeFeed(feed, { kind: 'came', rows: minutes.map((minute) => row(minute)) })
      }
      feed = changeFeed(feed, { kind: 'released' })
      const expected = [...new Set(batches.flat())].sort((a, b) => b - a).map((minute) => `r${minute}`)
      expect(refs(feed.shown)).toEqual(expected)
    }),
  )
})

test('a row that comes late stands where it happened, unless that page is not loaded yet', () => {
  const paged = [row(30), row(20), row(10)]
  expect(refs(rowsOf(paged, [row(25), row(5)], false))).toEqual(['r30', 'r25', 'r20', 'r10'])
  expect(refs(rowsOf(paged, [row(25), row(5)], true))).toEqual(['r30', 'r25', 'r20', 'r10', 'r5'])
  expect(rowsOf(paged, [row(20)], false)).toBe(paged)
})

test('days and silences are marked between rows', () => {
  const quietMinutes = gapMs / 60_000
  const items = itemsOf([row(24 * 60 + 1), row(24 * 60), row(24 * 60 - quietMinutes)], dayOf)
  expect(items.map((item) => (item.kind === 'row' ? item.row.ref : item.kind))).toEqual([
    'day',
    'r1441',
    'r1440',
    'gap',
    'day',
    'r1410',
  ])
})

test('a flood is cut at what a page can hold, the oldest first', () => {
  const many = Array.from({ length: 3000 }, (_none, n) => row(n))
  const kept = merged(many, [])
  expect([kept.length, kept[0]?.ref, kept.at(-1)?.ref]).toEqual([2000, 'r2999', 'r1000'])
})
