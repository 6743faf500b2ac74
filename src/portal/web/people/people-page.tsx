// Who is it? One field that finds people by anything, and those whom the viewer had open.
import { useQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { useDeferredValue } from 'react'

import type { FoundPersonAnswer } from '../../api/answers.ts'
import { messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { useFoundPeople } from '../asking/people.ts'
import { Empty, fieldClass } from '../shell/parts.tsx'
import { useRead } from '../shell/use-read.ts'
import { useLanguage, useWords } from '../words/words.ts'
import { readPeopleSearch } from './search.ts'
import { formatMoment } from './times.ts'
import { peopleWords } from './words.ts'

export function PeoplePage() {
  const t = useWords(peopleWords)
  const { find = '' } = useRead(useSearch({ from: '/people' }), readPeopleSearch)
  const navigate = useNavigate({ from: '/people' })
  return (
    <div className="h-full overflow-auto">
      <title>{`${t('people.title')} · Millpond`}</title>
      <div className="mx-auto grid max-w-3xl grid-cols-1 gap-5 p-5">
        <div>
          <h2 className="text-base font-semibold">{t('people.title')}</h2>
          <p className="text-muted">{t('people.text')}</p>
        </div>
        <input
          type="search"
          autoFocus
          autoComplete="off"
          spellCheck={false}
          aria-label={t('people.search')}
          placeholder={t('people.search')}
          value={find}
          className={`${fieldClass} min-h-10 px-3 text-sm`}
          onChange={({ target }) =>
            void navigate({ search: target.value === '' ? {} : { find: target.value }, replace: true })
          }
        />
        {find.trim() === '' ? <Recent /> : <Results text={find} />}
      </div>
    </div>
  )
}

function Results({ text }: { readonly text: string }) {
  const t = useWords(peopleWords)
  const { people, error } = useFoundPeople(useDeferredValue(text))
  if (error !== null)
    return (
      <p role="alert" className="text-bad">
        {messageOf(error)}
      </p>
    )
  if (people === undefined) return <div aria-busy className="h-9 animate-pulse rounded-md bg-sunken" />
  if (people.length === 0)
    return (
      <Empty title={t('people.none')}>
        <p>{t('people.none-text')}</p>
      </Empty>
    )
  return (
    <ul aria-label={t('people.found')} className="overflow-hidden rounded-md border border-line bg-card">
      {people.map((found) => (
        <FoundPerson key={`${found.id} ${found.source}`} found={found} />
      ))}
    </ul>
  )
}

function FoundPerson({ found: { id, source, field, value, labels } }: { readonly found: FoundPersonAnswer }) {
  const t = useWords(peopleWords)
  const title = labels['name'] ?? labels['email'] ?? value
  return (
    <li className="border-t border-line first:border-t-0">
      <Link to="/people/$id" params={{ id }} className="flex gap-3 px-3 py-2 hover:bg-sunken">
        <span className="min-w-0 truncate">
          <bdi className="font-medium">{title}</bdi> <bdi className="font-mono text-xs text-muted">{id}</bdi>
        </span>
        <span className="ml-auto shrink-0 text-muted max-md:hidden" title={value}>
          {t('people.by', { field, source })}
        </span>
      </Link>
    </li>
  )
}

function Recent() {
  const t = useWords(peopleWords)
  const language = useLanguage()
  const { data } = useQuery({
    queryKey: ['looked-at'],
    queryFn: async ({ signal }) => call('GET /api/me/people', { signal }),
  })
  if (data === undefined) return null
  if (data.people.length === 0) return <p className="text-muted">{t('people.recent-none')}</p>
  return (
    <section aria-label={t('people.recent')} className="grid gap-2">
      <h3 className="font-medium">{t('people.recent')}</h3>
      <ul className="overflow-hidden rounded-md border border-line bg-card">
        {data.people.map(({ id, lastAt }) => (
          <li key={id} className="border-t border-line first:border-t-0">
            <Link to="/people/$id" params={{ id }} className="flex gap-3 px-3 py-2 hover:bg-sunken">
              <bdi className="min-w-0 truncate font-mono text-xs">{id}</bdi>
              <time dateTime={lastAt} className="ml-auto shrink-0 text-muted">
                {formatMoment(lastAt, language)}
              </time>
            </Link>
          </li>
        ))}
      </ul>
    </section>
  )
}
