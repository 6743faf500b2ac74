// One cohort: what it is made of, how many people it has now, who they are, its SQL, and where it is a part.
import { useInfiniteQuery, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'

import type { CohortAnswer } from '../../api/cohort-answers.ts'
import { messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { PeopleTable } from '../explore/people-behind.tsx'
import { searchOfSpec } from '../explore/asked-question.ts'
import { allCohorts, oneCohort } from '../explore/saved-cohorts.ts'
import { SqlLinks } from '../explore/sql-link.tsx'
import { useMe } from '../shell/me.ts'
import { Button, Empty } from '../shell/parts.tsx'
import { placesOf } from '../shell/places.ts'
import { formatCount } from '../words/numbers.ts'
import { useWords } from '../words/words.ts'
import { Changing } from './changing.tsx'
import { cohortWords } from './words.ts'

const { timeZone: browserZone } = new Intl.DateTimeFormat().resolvedOptions()

export function CohortPage({ id }: { readonly id: string }) {
  const t = useWords(cohortWords)
  const me = useMe()
  const { data: cohort, error } = useQuery({
    queryKey: ['cohorts', id],
    retry: false,
    queryFn: async ({ signal }) => call('GET /api/cohorts/:id', { params: { id }, signal }),
  })
  if (error !== null)
    return (
      <Empty title={t('cohort.gone')}>
        <p>{t('cohort.gone-text')}</p>
        <Link to="/explore" search={allCohorts} className="text-accent underline">
          {t('cohorts.title')}
        </Link>
      </Empty>
    )
  if (cohort === undefined) return <div aria-busy className="m-5 h-24 animate-pulse rounded-md bg-sunken" />
  return (
    <div className="h-full overflow-auto">
      <title>{`${cohort.name} · ${t('cohorts.title')} · Millpond`}</title>
      <div className="mx-auto grid max-w-4xl grid-cols-1 gap-5 p-5">
        <div className="grid gap-1">
          <Link
            to="/explore"
            search={allCohorts}
            activeOptions={{ exact: true }}
            className="justify-self-start text-accent hover:underline"
          >
            {t('cohorts.title')}
          </Link>
          <h2 className="text-base font-semibold">
            <bdi>{cohort.name}</bdi>
          </h2>
          {cohort.description !== '' && <p className="whitespace-pre-line">{cohort.description}</p>}
          <Made cohort={cohort} />
          <p className="text-muted">
            {t('cohorts.owner')}:{' '}
            {cohort.audience === 'owner' ? t('cohorts.only-owner', { owner: cohort.owner ?? '' }) : cohort.owner}
          </p>
        </div>
        <Size id={id} />
        <div className="flex flex-wrap items-start gap-2">
          <Link
            to="/explore"
            search={{ cohorts: [{ cohort: id, is: 'in' }] }}
            className="inline-flex min-h-7 items-center rounded-md border border-line bg-card px-2.5 font-medium hover:bg-sunken"
          >
            {t('cohort.use')}
          </Link>
          <Sql id={id} />
          <Changing cohort={cohort} />
        </div>
        <Parts title={t('cohort.uses')} cohorts={cohort.uses} />
        <Parts title={t('cohort.used-by')} cohorts={cohort.usedBy} />
        {placesOf(me).some(({ to }) => to === '/people') && <People id={id} />}
      </div>
    </div>
  )
}

function Made({ cohort: { definition, queryName, idCount = 0 } }: { readonly cohort: CohortAnswer }) {
  const t = useWords(cohortWords)
  if (definition.kind === 'ids') return <p>{t('cohort.of-ids', { count: formatCount(idCount) })}</p>
  if (definition.kind === 'query')
    return (
      <p>
        {t('cohort.of-query')}{' '}
        <Link to="/sql" search={{ saved: definition.query }} className="text-accent underline">
          {queryName ?? definition.query}
        </Link>
      </p>
    )
  return (
    <p>
      {t('cohort.of-question')}{' '}
      <Link to="/explore" search={searchOfSpec(definition.spec, definition.cell)} className="text-accent underline">
        {t('cohort.open-question')}
      </Link>
    </p>
  )
}

function Size({ id }: { readonly id: string }) {
  const t = useWords(cohortWords)
  const { data, error } = useQuery({
    queryKey: ['cohorts', id, 'size'],
    retry: false,
    queryFn: async ({ signal }) => call('GET /api/cohorts/:id/size', { params: { id }, signal }),
  })
  if (error !== null)
    return (
      <p role="alert" className="rounded-md bg-bad-soft p-3 text-bad">
        {messageOf(error)}
      </p>
    )
  return (
    <p role="status">
      {data === undefined ? (
        t('cohort.counting')
      ) : (
        <>
          <strong className="text-2xl font-semibold tabular-nums">{formatCount(data.people)}</strong> {t('cohort.size')}
        </>
      )}
    </p>
  )
}

function Sql({ id }: { readonly id: string }) {
  const { data } = useQuery({
    queryKey: ['cohorts', id, 'sql'],
    retry: false,
    queryFn: async ({ signal }) => call('GET /api/cohorts/:id/sql', { params: { id }, signal }),
  })
  return <SqlLinks statements={data === undefined ? [] : [data]} />
}

function Parts({ title, cohorts }: { readonly title: string; readonly cohorts: CohortAnswer['uses'] }) {
  if (cohorts.length === 0) return null
  return (
    <section className="grid gap-1">
      <h3 className="font-medium">{title}</h3>
      <ul className="flex flex-wrap gap-x-4">
        {cohorts.map(({ id, name }) => (
          <li key={id}>
            <Link to="/explore" search={oneCohort(id)} className="text-accent underline">
              <bdi>{name}</bdi>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  )
}

function People({ id }: { readonly id: string }) {
  const t = useWords(cohortWords)
  const { data, error, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['cohorts', id, 'people'],
    retry: false,
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam, signal }) =>
      call('GET /api/cohorts/:id/people', {
        params: { id },
        query: pageParam === undefined ? {} : { after: pageParam },
        signal,
      }),
    getNextPageParam: ({ next }) => next ?? undefined,
  })
  // The size says what is wrong.
  if (error !== null) return null
  const people = data?.pages.flatMap((page) => page.people)
  return (
    <section aria-label={t('cohort.people')} className="grid gap-2">
      <h3 className="font-medium">{t('cohort.people')}</h3>
      {people === undefined && <div aria-busy className="h-24 animate-pulse rounded-md bg-sunken" />}
      {people?.length === 0 && <p className="text-muted">{t('cohort.nobody')}</p>}
      {people !== undefined && people.length > 0 && (
        <div
          role="region"
          aria-label={t('cohort.people')}
          tabIndex={0}
          className="overflow-x-auto rounded-md border border-line bg-card"
        >
          <PeopleTable people={people} zone={browserZone} />
        </div>
      )}
      {hasNextPage && (
        <Button className="justify-self-start" disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
          {t('cohort.more')}
        </Button>
      )}
    </section>
  )
}
