// The people behind one number: each with their page, and the SQL that finds them; and the way to keep them as a cohort.
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { useState } from 'react'

import type { Cell, ExploreSpec, PeopleAnswer } from '../../api/answers.ts'
import { messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { maySave } from '../asking/saved.ts'
import { Dialog } from '../shell/dialog.tsx'
import { useMe } from '../shell/me.ts'
import { Button } from '../shell/parts.tsx'
import { formatCount } from '../words/numbers.ts'
import { useLanguage, useWords } from '../words/words.ts'
import { allWords } from './catalogue.ts'
import { SaveCohort } from './save-cohort.tsx'
import { SqlLinks } from './sql-link.tsx'

interface PeopleBehindProps {
  readonly spec: ExploreSpec
  readonly cell: Cell
  readonly close: () => void
}

export function PeopleBehind({ spec, cell, close }: PeopleBehindProps) {
  const t = useWords(allWords)
  const me = useMe()
  const [isSaving, setSaving] = useState(false)
  const { data, error, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['explore-people', spec, cell],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ pageParam, signal }) =>
      call('POST /api/explore/people', {
        body: { spec, cell, ...(pageParam === undefined ? {} : { after: pageParam }) },
        signal,
      }),
    getNextPageParam: ({ next }) => next ?? undefined,
  })
  const people = data?.pages.flatMap((page) => page.people)
  return (
    <Dialog label={t('explore.behind')} close={close}>
      <div className="flex items-center gap-2 border-b border-line px-4 py-2">
        <h2 className="min-w-0 flex-1 font-semibold">{t('explore.behind')}</h2>
        <SqlLinks statements={data?.pages[0]?.statements ?? []} />
        {maySave(me) && !isSaving && <Button onClick={() => setSaving(true)}>{t('explore.save-cohort')}</Button>}
        <Button onClick={close}>{t('explore.close')}</Button>
      </div>
      {isSaving && <SaveCohort spec={spec} cell={cell} />}
      <div role="region" aria-label={t('explore.reached')} tabIndex={0} className="max-h-[60vh] overflow-auto">
        {error !== null && (
          <p role="alert" className="p-4 text-bad">
            {messageOf(error)}
          </p>
        )}
        {people === undefined && error === null && (
          <div aria-busy className="m-4 h-24 animate-pulse rounded-md bg-sunken" />
        )}
        {people?.length === 0 && <p className="p-4 text-muted">{t('explore.nobody-here')}</p>}
        {people !== undefined && people.length > 0 && <PeopleTable people={people} zone={spec.zone} />}
        {hasNextPage && (
          <div className="p-3 text-center">
            <Button disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
              {t('explore.more')}
            </Button>
          </div>
        )}
      </div>
    </Dialog>
  )
}

export interface PeopleTableProps {
  readonly people: PeopleAnswer['people']
  readonly zone: string
}

export function PeopleTable({ people, zone }: PeopleTableProps) {
  const t = useWords(allWords)
  const language = useLanguage()
  const format = new Intl.DateTimeFormat(language, { timeZone: zone, dateStyle: 'medium', timeStyle: 'short' })
  return (
    <table className="w-full text-left tabular-nums">
      <thead className="text-muted">
        <tr>
          <th scope="col" className="px-4 py-1.5 font-normal">
            {t('explore.person')}
          </th>
          <th scope="col" className="px-4 py-1.5 font-normal">
            {t('explore.first-at')}
          </th>
          <th scope="col" className="px-4 py-1.5 text-right font-normal">
            {t('explore.times-done')}
          </th>
        </tr>
      </thead>
      <tbody>
        {people.map(({ id, address, firstAt, events }) => (
          <tr key={id} className="border-t border-line">
            <th scope="row" className="max-w-56 truncate px-4 py-1 font-normal">
              <Link
                to="/people/$id"
                params={{ id: address }}
                className="inline-flex min-h-6 items-center font-mono text-xs text-accent hover:underline"
              >
                <bdi>{id}</bdi>
              </Link>
            </th>
            <td className="px-4 py-1 whitespace-nowrap">{format.format(new Date(firstAt))}</td>
            <td className="px-4 py-1 text-right">{formatCount(events)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
