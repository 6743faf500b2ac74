// One person: who it is, what they did, and what they do now. At the side what is known, or the row that is open.
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useCallback, useDeferredValue, useEffect, useMemo, useState } from 'react'

import type { PersonAnswer, TimelineRowAnswer } from '../../api/answers.ts'
import { ApiError, messageOf } from '../asking/ask.ts'
import { Panel } from '../shell/panel.tsx'
import { Button, Empty, fieldClass } from '../shell/parts.tsx'
import { useRead } from '../shell/use-read.ts'
import { useWords } from '../words/words.ts'
import { Facts } from './facts.tsx'
import { itemsOf, newCount, rowsOf } from './feed.ts'
import { Head } from './head.tsx'
import { Histogram } from './histogram.tsx'
import { Notes, Receipts } from './notes.tsx'
import { RowDetails } from './row-details.tsx'
import { type PersonSearch, readPersonSearch } from './search.ts'
import { nameOf } from './ticket.ts'
import { dayOf } from './times.ts'
import { Timeline } from './timeline.tsx'
import { type PersonLive, useHistogram, usePerson, usePersonLive, useTimeline } from './use-person.ts'
import { momentOf, openWindow } from './window.ts'
import { peopleWords } from './words.ts'

const from = '/people/$id'
// The colour of errors comes last.
const colourList = ['accent', 'warn', 'good', 'muted', 'bad'].map((name) => `var(--color-${name})`)

function usePersonSearch(): PersonSearch {
  return useRead(useSearch({ from }), readPersonSearch)
}

export function PersonPage() {
  const t = useWords(peopleWords)
  const { id } = useParams({ from })
  const { reason } = usePersonSearch()
  const { data: person, error } = usePerson(id, reason)
  if (error instanceof ApiError && error.status === 404)
    return (
      <Empty title={t('people.gone')}>
        <p>{t('people.gone-text')}</p>
        <Link to="/people" className="text-accent underline">
          {t('people.back')}
        </Link>
      </Empty>
    )
  if (error !== null)
    return (
      <p role="alert" className="m-3 rounded-md bg-bad-soft p-3 text-bad">
        {messageOf(error)}
      </p>
    )
  if (person === undefined) return <div aria-busy className="m-3 h-24 animate-pulse rounded-md bg-sunken" />
  return <Known key={id} id={id} person={person} />
}

interface KnownProps {
  readonly id: string
  readonly person: PersonAnswer
}

function Known({ id, person }: KnownProps) {
  const t = useWords(peopleWords)
  const search = usePersonSearch()
  const navigate = useNavigate({ from })
  const isLive = search.from === undefined
  const live = usePersonLive(id, isLive, search.reason)
  const timeline = useTimeline(id, search)
  const paged = useMemo(() => timeline.data?.pages.flatMap(({ rows }) => rows) ?? [], [timeline.data])
  const sources = useSourceNames(person, live.feed.shown)
  const shownSources =
    search.sources === undefined ? sources : sources.filter((one) => search.sources?.split(',').includes(one))
  const rows = useRows({ paged, live, isAll: !timeline.hasNextPage, sources: shownSources, find: search.find })
  const items = useMemo(() => itemsOf(rows, dayOf), [rows])
  const waitingCount = newCount(
    { ...live.feed, waiting: live.feed.waiting.filter(({ source }) => shownSources.includes(source)) },
    paged,
  )
  const { fetchNextPage } = timeline
  const loadMore = useCallback(() => void fetchNextPage(), [fetchNextPage])
  return (
    <div className="grid h-full grid-cols-1 overflow-auto lg:grid-cols-[minmax(0,1fr)_22rem] lg:overflow-hidden">
      <title>{`${nameOf(person)} · Millpond`}</title>
      <div className="flex min-h-0 flex-col gap-3 p-4 max-lg:h-[85vh]">
        <Head person={person} live={live} isLive={isLive} rows={rows} />
        <HistogramPart id={id} person={person} shown={shownSources} sources={sources} />
        <Toolbar sources={sources} shown={shownSources} />
        {timeline.error !== null && (
          <p role="alert" className="text-bad">
            {messageOf(timeline.error)}
          </p>
        )}
        {(live.status?.dropped ?? 0) > 0 && (
          <p className="flex items-center gap-2 text-warn">
            {t('people.dropped', { count: live.status?.dropped ?? 0 })}
            <Button onClick={() => void timeline.refetch()}>{t('people.load-again')}</Button>
          </p>
        )}
        <div className="min-h-0 flex-1 overflow-hidden rounded-md border border-line bg-card *:h-full">
          <Panel>
            <Timeline
              items={items}
              newCount={waitingCount}
              isLive={isLive}
              change={live.change}
              open={search.row}
              openRow={(row) =>
                void navigate({ search: (now) => ({ ...now, row }), replace: search.row !== undefined })
              }
              colours={coloursOf(sources)}
              isMore={timeline.hasNextPage}
              isLoading={timeline.isFetching}
              loadMore={loadMore}
            />
          </Panel>
        </div>
      </div>
      <Aside id={id} person={person} opened={rows.find(({ ref }) => ref === search.row)} />
    </div>
  )
}

/** What is known, and above it the row that is open. */
function Aside({ id, person, opened }: KnownProps & { readonly opened: TimelineRowAnswer | undefined }) {
  const { row, reason } = usePersonSearch()
  const navigate = useNavigate({ from })
  const change = (part: Partial<PersonSearch>): void =>
    void navigate({ search: (now) => ({ ...now, ...part }), replace: true })
  return (
    <aside className="min-h-0 border-line lg:overflow-auto lg:border-l">
      {row !== undefined && (
        // On a phone it lies over the foot of the page: below everything else nobody would see that it came.
        <div className="max-lg:fixed max-lg:inset-x-0 max-lg:bottom-0 max-lg:z-10 max-lg:max-h-[60vh] max-lg:overflow-auto max-lg:border-t max-lg:border-line max-lg:bg-card max-lg:shadow-2xl">
          <RowDetails
            id={id}
            rowRef={row}
            row={opened}
            reason={reason}
            address={opened === undefined ? location.href : momentAddress(opened)}
            close={() => change({ row: undefined })}
          />
        </div>
      )}
      <Facts person={person} />
      <Notes id={id} reason={reason} />
      <Receipts id={id} reason={reason} setReason={(given) => change({ reason: given })} />
    </aside>
  )
}

/** Of what the head says and what came since: something may come from a source for the first time. */
function useSourceNames(person: PersonAnswer, shown: readonly TimelineRowAnswer[]): readonly string[] {
  return useMemo(
    () => [...new Set([...person.sources, ...shown].map(({ source }) => source))].sort(),
    [person.sources, shown],
  )
}

interface RowsWanted {
  readonly paged: readonly TimelineRowAnswer[]
  readonly live: PersonLive
  readonly isAll: boolean
  readonly sources: readonly string[]
  readonly find: string | undefined
}

function useRows({ paged, live, isAll, sources, find = '' }: RowsWanted): readonly TimelineRowAnswer[] {
  const wanted = useDeferredValue(find.trim().toLowerCase())
  const all = sources.join(',')
  return useMemo(() => {
    const shown = new Set(all.split(','))
    return rowsOf(paged, live.feed.shown, isAll).filter(
      ({ source, title }) => shown.has(source) && title.toLowerCase().includes(wanted),
    )
  }, [paged, live.feed.shown, isAll, all, wanted])
}

function coloursOf(sources: readonly string[]): ReadonlyMap<string, string> {
  return new Map(sources.map((source, index) => [source, colourList[index % colourList.length] ?? '']))
}

/** The same page, a few minutes around the row, and the row open. */
function momentAddress({ time, ref }: TimelineRowAnswer): string {
  const address = new URL(location.href)
  const { searchParams } = address
  for (const [name, value] of Object.entries({ ...momentOf(time), row: ref })) {
    searchParams.set(name, value)
  }
  for (const name of ['find', 'span', 'reason']) searchParams.delete(name)
  return address.href
}

/** Moves on once a minute: bars that crawl can't be pointed at. */
function useNowMs(): number {
  const [nowMs, setNowMs] = useState(() => Date.now())
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 60_000)
    return () => clearInterval(timer)
  }, [])
  return nowMs
}

interface HistogramPartProps extends KnownProps {
  readonly sources: readonly string[]
  readonly shown: readonly string[]
}

function HistogramPart({ id, person, sources, shown }: HistogramPartProps) {
  const search = usePersonSearch()
  const navigate = useNavigate({ from })
  const nowMs = useNowMs()
  const window = useMemo(
    () =>
      search.from !== undefined && search.to !== undefined
        ? { from: search.from, to: search.to }
        : openWindow(person, nowMs, search.span),
    [search.from, search.to, search.span, person, nowMs],
  )
  const { data } = useHistogram(id, window)
  const colours = coloursOf(sources)
  return (
    <Histogram
      histogram={data}
      window={window}
      isChosen={search.from !== undefined}
      span={search.span}
      colours={new Map(shown.map((source) => [source, colours.get(source) ?? '']))}
      choose={(chosen) =>
        void navigate({ search: (now) => ({ ...now, from: chosen?.from, to: chosen?.to, row: undefined }) })
      }
      reach={(span) => void navigate({ search: (now) => ({ ...now, span }), replace: true })}
    />
  )
}

function Toolbar({ sources, shown }: Omit<HistogramPartProps, keyof KnownProps>) {
  const t = useWords(peopleWords)
  const { find = '' } = usePersonSearch()
  const navigate = useNavigate({ from })
  const colours = coloursOf(sources)
  function toggle(source: string): void {
    const next = shown.includes(source) ? shown.filter((one) => one !== source) : [...shown, source]
    // None is no choice that shows anything: it means all again.
    const isAll = next.length === 0 || next.length === sources.length
    void navigate({ search: (now) => ({ ...now, sources: isAll ? undefined : next.join(',') }), replace: true })
  }
  return (
    <div className="flex flex-wrap items-center gap-2">
      <div role="group" aria-label={t('people.sources')} className="mr-auto flex flex-wrap gap-1">
        {sources.map((source) => (
          <button
            key={source}
            type="button"
            aria-pressed={shown.includes(source)}
            className="flex min-h-7 items-center gap-1.5 rounded-full border border-line px-2.5 text-muted aria-pressed:bg-card aria-pressed:text-text"
            onClick={() => toggle(source)}
          >
            <span
              aria-hidden
              className="size-2 rounded-full"
              style={{ background: shown.includes(source) ? colours.get(source) : 'transparent' }}
            />
            {source}
          </button>
        ))}
      </div>
      <input
        type="search"
        aria-label={t('people.find')}
        placeholder={t('people.find')}
        value={find}
        className={fieldClass}
        onChange={({ target }) =>
          void navigate({ search: (now) => ({ ...now, find: target.value || undefined }), replace: true })
        }
      />
    </div>
  )
}
