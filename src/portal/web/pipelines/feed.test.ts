import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'

import type { LiveEvent } from '../../api/answers.ts'
import { changeFeed, emptyFeed, type Feed, type FeedChange, keptMax, keyOf } from './feed.ts'

function event(id: string, part: Partial<LiveEvent> = {}): LiveEvent {
  const base = {
    receivedAtMicros: 1,
    source: 'web',
    type: 'track',
    name: `Event ${id}`,
    userId: null,
    anonymousId: null,
    deviceId: null,
  }
  return { ...base, id, verdict: 'stored', reason: null, json: '{}', ...part }
}

function after(changes: readonly FeedChange[], feed: Feed = emptyFeed): Feed {
  return changes.reduce(changeFeed, feed)
}

function arrived(...ids: string[]): FeedChange {
  return { kind: 'arrived', events: ids.map((id) => event(id)) }
}

const ids = (events: readonly LiveEvent[]): string[] => events.map(({ id }) => id)

describe('the feed', () => {
  it('shows the newest first, also within one batch, and doubles nothing after a new connection', () => {
    const feed = after([arrived('a', 'b'), arrived('b', 'c')])
    expect(ids(feed.matching)).toEqual(['c', 'b', 'a'])
  })

  it('paused, holds and counts what comes, and shows it when it goes on', () => {
    const paused = after([arrived('a'), { kind: 'pause-toggled' }, arrived('b', 'c')])
    expect([ids(paused.matching), paused.heldCount]).toEqual([['a'], 2])
    const resumed = after([{ kind: 'pause-toggled' }], paused)
    expect([ids(resumed.matching), resumed.heldCount, resumed.pausedBy]).toEqual([['c', 'b', 'a'], 0, undefined])
  })

  it('stands still while an event is read, and goes on when the last one is closed', () => {
    const toggle = (id: string): FeedChange => ({ kind: 'opened-or-closed', key: keyOf(event(id)) })
    const reading = after([arrived('a', 'b'), toggle('a'), toggle('b'), arrived('c'), toggle('a')])
    expect([reading.pausedBy, reading.heldCount]).toEqual(['reading', 1])
    expect(ids(after([toggle('b')], reading).matching)).toEqual(['c', 'b', 'a'])
    // Who paused by hand goes on by hand.
    expect(after([{ kind: 'pause-toggled' }, toggle('a'), toggle('a')]).pausedBy).toBe('person')
  })

  it('filters by text, verdict and source, and a busy source pushes no other out of sight', () => {
    const quiet = event('quiet', { source: 'door', verdict: 'quarantined', json: '{"plan":"Gold"}' })
    const flood = Array.from({ length: keptMax }, (_none, index) => `flood ${index}`)
    const feed = after([
      { kind: 'filtered', filter: { source: 'door' } },
      { kind: 'arrived', events: [quiet] },
      arrived(...flood),
    ])
    expect([ids(feed.matching), feed.newest.length]).toEqual([['quiet'], keptMax])
    const found = (filter: Partial<Feed['filter']>): string[] =>
      ids(
        after([
          { kind: 'arrived', events: [quiet, event('other')] },
          { kind: 'filtered', filter },
        ]).matching,
      )
    expect(found({ text: ' gold' })).toEqual(['quiet'])
    expect(found({ verdict: 'stored' })).toEqual(['other'])
    expect(found({})).toEqual(['other', 'quiet'])
  })

  it('is bounded, holds no event twice and shows only what matches, whatever happens', () => {
    const sources = fc.constantFrom('web', 'door')
    const changes = fc.oneof(
      fc.array(fc.tuple(fc.nat(900), sources), { maxLength: 300 }).map((all): FeedChange => {
        return { kind: 'arrived', events: all.map(([id, source]) => event(String(id), { source })) }
      }),
      fc.constant<FeedChange>({ kind: 'pause-toggled' }),
      fc.nat(900).map((id): FeedChange => ({ kind: 'opened-or-closed', key: keyOf(event(String(id))) })),
      sources.map((source): FeedChange => ({ kind: 'filtered', filter: { source } })),
    )
    fc.assert(
      fc.property(fc.array(changes, { maxLength: 20 }), (all) => {
        const feed = after(all)
        for (const list of [feed.newest, feed.matching, feed.held]) {
          expect(list.length).toBeLessThanOrEqual(keptMax)
          expect(new Set(list.map(keyOf)).size).toBe(list.length)
        }
        const { source } = feed.filter
        expect(feed.matching.every((one) => source === '' || one.source === source)).toBe(true)
        if (feed.pausedBy === undefined) expect(feed.heldCount).toBe(0)
      }),
    )
  })
})

it('adds up what the page was too slow for', () => {
  const once = changeFeed(emptyFeed, { kind: 'missed', count: 3 })
  expect(changeFeed(once, { kind: 'missed', count: 4 }).missedCount).toBe(7)
})
