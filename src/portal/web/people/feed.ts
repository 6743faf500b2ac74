// The rows of a person's page: pages that were loaded, and rows that came since. Nothing moves under the eyes of somebody who
// reads: while the page is held, what comes waits.
//
//   showing ──hold──▶ held (rows gather) ──release──▶ showing, with them
import type { TimelineRowAnswer } from '../../api/answers.ts'

export interface Feed {
  /** Came live; newest first. */
  readonly shown: readonly TimelineRowAnswer[]
  readonly waiting: readonly TimelineRowAnswer[]
  readonly isHeld: boolean
}

export type FeedChange =
  | { readonly kind: 'came'; readonly rows: readonly TimelineRowAnswer[] }
  | { readonly kind: 'held' | 'released' | 'cleared' }

/** Beyond it the oldest are only in the timeline, which is loaded again for them. */
export const liveRowsMax = 2000
export const emptyFeed: Feed = { shown: [], waiting: [], isHeld: false }

export function changeFeed(feed: Feed, change: FeedChange): Feed {
  switch (change.kind) {
    case 'came': {
      const fresh = merged(change.rows, feed.waiting)
      return feed.isHeld ? { ...feed, waiting: fresh } : { ...feed, shown: merged(fresh, feed.shown), waiting: [] }
    }
    case 'held':
      return { ...feed, isHeld: true }
    case 'released':
      return { shown: merged(feed.waiting, feed.shown), waiting: [], isHeld: false }
    case 'cleared':
      return emptyFeed
  }
}

/** Newest first, each once. */
export function merged(
  rows: readonly TimelineRowAnswer[],
  others: readonly TimelineRowAnswer[],
): readonly TimelineRowAnswer[] {
  if (rows.length === 0) return others
  const known = new Set(rows.map(({ ref }) => ref))
  const all = [...rows, ...others.filter(({ ref }) => !known.has(ref))]
  return all.sort(newestFirst).slice(0, liveRowsMax)
}

/** Times of one form, so texts compare as times do. */
export function newestFirst(one: TimelineRowAnswer, other: TimelineRowAnswer): number {
  if (one.time === other.time) return 0
  return one.time < other.time ? 1 : -1
}

/** Rows that waited and were not on the page yet. */
export function newCount({ shown, waiting }: Feed, paged: readonly TimelineRowAnswer[]): number {
  const known = new Set([...shown, ...paged].map(({ ref }) => ref))
  return waiting.filter(({ ref }) => !known.has(ref)).length
}

/**
 * Pages and what came since. Rows that are older than the last page's end stand on a page that is not loaded yet.
 * `isAll`: there are no more pages.
 */
export function rowsOf(
  paged: readonly TimelineRowAnswer[],
  live: readonly TimelineRowAnswer[],
  isAll: boolean,
): readonly TimelineRowAnswer[] {
  const end = paged.at(-1)?.time ?? ''
  const known = new Set(paged.map(({ ref }) => ref))
  const late = live.filter(({ ref, time }) => !known.has(ref) && (isAll || time >= end))
  return late.length === 0 ? paged : [...late, ...paged].sort(newestFirst)
}

export type Item =
  | { readonly kind: 'row'; readonly row: TimelineRowAnswer }
  | { readonly kind: 'day'; readonly time: string }
  | { readonly kind: 'gap'; readonly ms: number; readonly ref: string }

/** As Segment and GA4 cut sessions. */
export const gapMs = 30 * 60_000

/** Rows with what stands between them: a line where a day begins, and where nothing was said for half an hour. */
export function itemsOf(rows: readonly TimelineRowAnswer[], dayOf: (time: string) => string): readonly Item[] {
  const items: Item[] = []
  for (const [index, row] of rows.entries()) {
    const newer = rows[index - 1]
    const isOtherDay = newer === undefined || dayOf(newer.time) !== dayOf(row.time)
    const ms = newer === undefined ? 0 : Date.parse(newer.time) - Date.parse(row.time)
    if (ms >= gapMs) items.push({ kind: 'gap', ms, ref: row.ref })
    if (isOtherDay) items.push({ kind: 'day', time: row.time })
    items.push({ kind: 'row', row })
  }
  return items
}
