// The rows of a person, newest first; only those in sight are elements. While somebody reads (the pointer rests on a row, the list is
// scrolled away from its head, or text is selected) nothing moves: what comes waits behind a pill that counts.
import { useVirtualizer, type VirtualItem } from '@tanstack/react-virtual'
import { type KeyboardEvent, type RefObject, useEffect, useId, useRef, useState } from 'react'

import type { TimelineRowAnswer } from '../../api/answers.ts'
import { Empty } from '../shell/parts.tsx'
import { useLanguage, useWords } from '../words/words.ts'
import type { FeedChange, Item } from './feed.ts'
import { formatClock, formatDay, formatSpan } from './times.ts'
import { peopleWords } from './words.ts'

const rowPixels = 30
/** Nearer to the end than this, older rows are asked for. */
const nearEndRows = 20
/** The head of the list is in sight. */
const headPixels = 8
const steps: Readonly<Record<string, number>> = { ArrowDown: 1, ArrowUp: -1, PageDown: 20, PageUp: -20, j: 1, k: -1 }

export interface TimelineProps {
  readonly items: readonly Item[]
  readonly newCount: number
  readonly isLive: boolean
  readonly change: (change: FeedChange) => void
  /** Of the row whose details are open. */
  readonly open: string | undefined
  readonly openRow: (ref: string | undefined) => void
  readonly colours: ReadonlyMap<string, string>
  readonly isMore: boolean
  readonly isLoading: boolean
  readonly loadMore: () => void
}

export function Timeline(props: TimelineProps) {
  const { items, newCount, isMore, isLoading } = props
  const t = useWords(peopleWords)
  const scroller = useRef<HTMLDivElement>(null)
  const { hold, release } = useHold(props, scroller)
  if (items.length === 0 && !isLoading)
    return (
      <Empty title={t('people.empty')}>
        <p>{t('people.empty-text')}</p>
      </Empty>
    )
  return (
    <div className="relative min-h-0">
      {newCount > 0 && (
        <button
          type="button"
          className="absolute inset-x-0 top-2 z-10 mx-auto min-h-7 w-fit rounded-full bg-accent px-3 font-medium text-on-accent shadow-lg"
          onClick={() => {
            scroller.current?.scrollTo({ top: 0 })
            release()
          }}
        >
          {t('people.new', { count: newCount })}
        </button>
      )}
      <div
        ref={scroller}
        className="h-full overflow-auto"
        onPointerEnter={({ pointerType }) => pointerType === 'mouse' && hold('pointer', true)}
        onPointerLeave={() => hold('pointer', false)}
        onScroll={({ currentTarget }) => hold('scroll', currentTarget.scrollTop > headPixels)}
      >
        <Rows {...props} scroller={scroller} />
        <p role="status" className="p-3 text-center text-muted">
          {isMore || isLoading ? t('people.more') : t('people.end')}
        </p>
      </div>
    </div>
  )
}

interface RowsProps extends TimelineProps {
  readonly scroller: RefObject<HTMLDivElement | null>
}

function Rows({ items, open, openRow, colours, isMore, isLoading, loadMore, scroller }: RowsProps) {
  const t = useWords(peopleWords)
  const id = useId()
  const [at, setAt] = useState<string | undefined>()
  const virtual = useVirtualizer({
    count: items.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowPixels,
    getItemKey: (index) => keyOf(items[index]),
    overscan: 12,
  })
  const shown = virtual.getVirtualItems()
  const isNearEnd = items.length > 0 && (shown.at(-1)?.index ?? 0) > items.length - nearEndRows
  useEffect(() => {
    if (isNearEnd && isMore && !isLoading) loadMore()
  }, [isNearEnd, isMore, isLoading, loadMore])

  function onKey(event: KeyboardEvent): void {
    const step = steps[event.key]
    if (event.metaKey || event.ctrlKey || event.altKey) return
    if (event.key === 'Enter' && at !== undefined) openRow(at === open ? undefined : at)
    else if (step !== undefined) {
      const next = nextRow(items, at, step)
      if (next === undefined) return
      setAt(next.ref)
      virtual.scrollToIndex(next.index)
    } else return
    event.preventDefault()
  }
  function choose(ref: string): void {
    setAt(ref)
    openRow(ref === open ? undefined : ref)
  }

  return (
    <div
      role="grid"
      tabIndex={0}
      aria-label={t('people.timeline')}
      aria-rowcount={isMore ? -1 : items.length}
      aria-activedescendant={at === undefined ? undefined : `${id}-${at}`}
      className="group relative focus-visible:-outline-offset-2"
      style={{ height: `${virtual.getTotalSize()}px` }}
      onKeyDown={onKey}
    >
      {shown.map((place) => (
        <TimelineItem
          key={place.key}
          item={items[place.index]}
          place={place}
          id={id}
          at={at}
          open={open}
          colours={colours}
          choose={choose}
        />
      ))}
    </div>
  )
}

/** Held while there is any reason; the last one that goes releases. */
function useHold({ isLive, change }: TimelineProps, scroller: RefObject<HTMLDivElement | null>) {
  const reasons = useRef(new Set<string>())
  function hold(reason: string, isOn: boolean): void {
    const { size } = reasons.current
    if (isOn) reasons.current.add(reason)
    else reasons.current.delete(reason)
    if (!isLive || (size === 0) === (reasons.current.size === 0)) return
    change({ kind: reasons.current.size === 0 ? 'released' : 'held' })
  }
  function release(): void {
    reasons.current.clear()
    change({ kind: 'released' })
  }
  useEffect(() => {
    function onSelect(): void {
      const selection = getSelection()
      const isInside = selection !== null && scroller.current?.contains(selection.anchorNode) === true
      hold('selection', isInside && !selection.isCollapsed)
    }
    document.addEventListener('selectionchange', onSelect)
    return () => document.removeEventListener('selectionchange', onSelect)
  })
  return { hold, release }
}

interface ItemProps extends Pick<TimelineProps, 'open' | 'colours'> {
  readonly item: Item | undefined
  readonly place: VirtualItem
  readonly id: string
  readonly at: string | undefined
  readonly choose: (ref: string) => void
}

function TimelineItem({ item, place, id, at, open, colours, choose }: ItemProps) {
  const t = useWords(peopleWords)
  const language = useLanguage()
  if (item === undefined) return null
  const base = {
    role: 'row',
    'aria-rowindex': place.index + 1,
    style: { transform: `translateY(${place.start}px)`, height: `${place.size}px` },
  } as const
  const box = 'absolute inset-x-0 top-0 flex items-center gap-3 px-3'
  if (item.kind !== 'row')
    return (
      <div {...base} className={`${box} text-xs text-muted`}>
        <span role="gridcell" className={item.kind === 'day' ? 'font-medium text-text' : 'pl-18'}>
          {item.kind === 'day'
            ? formatDay(item.time, language)
            : t('people.gap', { time: formatSpan(item.ms, language) })}
        </span>
        <span aria-hidden className={`flex-1 border-t border-line ${item.kind === 'gap' ? 'border-dashed' : ''}`} />
      </div>
    )
  const { row } = item
  const marked = row.ref === at ? 'group-focus-visible:outline-2 group-focus-visible:-outline-offset-2' : ''
  return (
    <div
      {...base}
      id={`${id}-${row.ref}`}
      aria-selected={row.ref === open}
      className={`${box} cursor-pointer outline-accent hover:bg-sunken aria-selected:bg-accent-soft ${marked}`}
      onClick={() => choose(row.ref)}
    >
      <time role="gridcell" dateTime={row.time} title={row.time} className="w-15 shrink-0 text-muted tabular-nums">
        {formatClock(row.time)}
      </time>
      <span role="gridcell" className="flex w-36 shrink-0 items-center gap-2 truncate text-muted max-md:w-4">
        <span aria-hidden className="size-2 shrink-0 rounded-full" style={{ background: colours.get(row.source) }} />
        <span className="truncate max-md:sr-only">{row.source}</span>
      </span>
      <span role="gridcell" className="w-20 shrink-0 truncate text-muted max-md:hidden">
        {row.kind}
      </span>
      <Title row={row} />
    </div>
  )
}

const bad = new Set(['error', 'critical', 'alert', 'emergency'])

/** Titles come from senders: <bdi>, because right-to-left ones must not turn their neighbours around. */
function Title({ row: { title, severity } }: { readonly row: TimelineRowAnswer }) {
  const tone = severity === null ? '' : bad.has(severity) ? 'text-bad' : severity === 'warning' ? 'text-warn' : ''
  return (
    <span role="gridcell" className={`min-w-0 flex-1 truncate ${tone}`} title={title}>
      {severity !== null && <span className="mr-2 text-xs">{severity}</span>}
      <bdi>{title || '–'}</bdi>
    </span>
  )
}

function keyOf(item: Item | undefined): string {
  if (item === undefined) return ''
  return item.kind === 'day' ? `day ${item.time}` : `${item.kind} ${item.kind === 'row' ? item.row.ref : item.ref}`
}

/** The row that is `step` rows away; from nowhere: the first. */
function nextRow(
  items: readonly Item[],
  at: string | undefined,
  step: number,
): { readonly ref: string; readonly index: number } | undefined {
  const rows = items.flatMap((item, index) => (item.kind === 'row' ? [{ ref: item.row.ref, index }] : []))
  const now = rows.findIndex(({ ref }) => ref === at)
  const next = now < 0 ? 0 : Math.min(rows.length - 1, Math.max(0, now + step))
  return rows[next]
}
