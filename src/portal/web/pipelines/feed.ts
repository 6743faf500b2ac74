// The lists behind the table of events, newest first; knows nothing of the page. However much arrives, it holds a bounded number.
//
//   arrived ─► newest (500) ──► matching (500, under the filter) ──► drawn (100)
//      └ paused ─► held (500) ──resumed──► the same way
//
// `matching` is kept apart so that a busy source cannot push a filtered quiet one out of sight.
import type { LiveEvent, Verdict } from '../../api/answers.ts'

export const keptMax = 500
export const drawnMax = 100

export interface Filter {
  readonly text: string
  readonly source: string
  readonly verdict: Verdict | ''
}

export interface Feed {
  readonly newest: readonly LiveEvent[]
  readonly matching: readonly LiveEvent[]
  readonly held: readonly LiveEvent[]
  /** All that came while paused, also those that were let go. */
  readonly heldCount: number
  /** Events that the page was too slow for. They are in their tables. */
  readonly missedCount: number
  /** 'reading': an open event must not run away; closing the last one lets the feed go on. */
  readonly pausedBy: 'person' | 'reading' | undefined
  readonly open: ReadonlySet<string>
  readonly filter: Filter
}

export type FeedChange =
  /** Oldest first. After a new connection some of them are here already. */
  | { readonly kind: 'arrived'; readonly events: readonly LiveEvent[] }
  | { readonly kind: 'missed'; readonly count: number }
  | { readonly kind: 'pause-toggled' }
  | { readonly kind: 'opened-or-closed'; readonly key: string }
  | { readonly kind: 'filtered'; readonly filter: Partial<Filter> }

export const noFilter: Filter = { text: '', source: '', verdict: '' }

export const emptyFeed: Feed = {
  newest: [],
  matching: [],
  held: [],
  heldCount: 0,
  missedCount: 0,
  pausedBy: undefined,
  open: new Set(),
  filter: noFilter,
}

export function keyOf({ source, id, receivedAtMicros, verdict }: LiveEvent): string {
  return `${source} ${id} ${receivedAtMicros} ${verdict}`
}

export function changeFeed(feed: Feed, change: FeedChange): Feed {
  switch (change.kind) {
    case 'arrived':
      return arrived(feed, change.events)
    case 'missed':
      return { ...feed, missedCount: feed.missedCount + change.count }
    case 'pause-toggled':
      return feed.pausedBy === undefined ? { ...feed, pausedBy: 'person' } : resumed(feed)
    case 'opened-or-closed':
      return openedOrClosed(feed, change.key)
    case 'filtered': {
      const filter = { ...feed.filter, ...change.filter }
      return { ...feed, filter, matching: feed.newest.filter((event) => matches(filter, event)) }
    }
  }
}

function arrived(feed: Feed, events: readonly LiveEvent[]): Feed {
  const known = new Set([...feed.newest, ...feed.held].map(keyOf))
  const fresh = events.filter((event) => !known.has(keyOf(event)) && known.add(keyOf(event)))
  if (feed.pausedBy === undefined) return taken(feed, fresh)
  return { ...feed, held: [...feed.held, ...fresh].slice(-keptMax), heldCount: feed.heldCount + fresh.length }
}

function taken(feed: Feed, events: readonly LiveEvent[]): Feed {
  const first = events.toReversed()
  return {
    ...feed,
    newest: [...first, ...feed.newest].slice(0, keptMax),
    matching: [...first.filter((event) => matches(feed.filter, event)), ...feed.matching].slice(0, keptMax),
  }
}

function resumed(feed: Feed): Feed {
  return { ...taken(feed, feed.held), held: [], heldCount: 0, pausedBy: undefined }
}

function openedOrClosed(feed: Feed, key: string): Feed {
  const open = new Set(feed.open)
  const isOpened = !open.delete(key)
  if (isOpened) return { ...feed, open: open.add(key), pausedBy: feed.pausedBy ?? 'reading' }
  return open.size === 0 && feed.pausedBy === 'reading' ? resumed({ ...feed, open }) : { ...feed, open }
}

function matches({ text, source, verdict }: Filter, event: LiveEvent): boolean {
  if (source !== '' && event.source !== source) return false
  if (verdict !== '' && event.verdict !== verdict) return false
  if (text === '') return true
  const { name, type, id, userId, anonymousId, reason, json } = event
  const words = [name, type, event.source, id, userId, anonymousId, reason, json]
  return words.join(' ').toLowerCase().includes(text.trim().toLowerCase())
}
