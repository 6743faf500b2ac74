// Explore: a question at the left, its answer at the right, and the people behind each number. The address holds it all.
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { lazy, Suspense, useMemo } from 'react'

import { messageOf } from '../asking/ask.ts'
import { Panel } from '../shell/panel.tsx'
import { useWords } from '../words/words.ts'
import { Builder } from './builder.tsx'
import { Counting } from './counting.tsx'
import { type KnownEvent, nameOf, textOf, useEvents } from './events.ts'
import { eventsMax, kinds, searchOf, specOf } from './question.ts'
import { type QuestionHold, useQuestion } from './use-question.ts'
import { exploreWords } from './words.ts'
import { allCohorts } from './saved-cohorts.ts'

// Charts come after the page: the question stands there meanwhile.
const Answer = lazy(async () => ({ default: (await import('./answer.tsx')).Answer }))

const Start = lazy(async () => ({ default: (await import('./start.tsx')).Start }))
const NoEvents = lazy(async () => ({ default: (await import('./start.tsx')).NoEvents }))

const exactly = { exact: true }

const Cohorts = lazy(async () => ({ default: (await import('../cohorts/cohorts.tsx')).Cohorts }))

export function ExplorePage() {
  const search = useSearch({ from: '/explore' })
  if (search['view'] !== allCohorts.view) return <QuestionPage />
  return (
    <Suspense fallback={<Counting />}>
      <Cohorts />
    </Suspense>
  )
}

function QuestionPage() {
  const t = useWords(exploreWords)
  const { question, change } = useQuestion()
  const { data: events, error } = useEvents()
  const { kind } = question
  return (
    <div className="flex h-full min-h-0 flex-col">
      <title>{`${t(`explore.kind-${kind}`)} · ${t('explore.title')} · Millpond`}</title>
      <div className="flex min-h-11 flex-wrap items-center gap-x-4 border-b border-line px-3">
        <h2 className="font-semibold">{t('explore.title')}</h2>
        <nav aria-label={t('explore.kind')} className="flex gap-1 overflow-x-auto py-1.5">
          {kinds.map((one) => (
            <Link
              key={one}
              to="/explore"
              search={searchOf({ ...question, kind: one })}
              // The address of a trend is a part of every other kind's.
              activeOptions={exactly}
              aria-current={one === kind ? 'page' : undefined}
              className="flex min-h-7 items-center rounded-md px-2.5 text-muted hover:bg-sunken hover:text-text aria-[current=page]:bg-sunken aria-[current=page]:font-medium aria-[current=page]:text-text"
            >
              {t(`explore.kind-${one}`)}
            </Link>
          ))}
        </nav>
        <Link
          to="/explore"
          search={allCohorts}
          className="inline-flex min-h-7 items-center text-accent hover:underline"
        >
          {t('explore.cohorts')}
        </Link>
        <p className="min-w-0 text-muted max-lg:hidden">{t(`explore.about-${kind}`)}</p>
      </div>
      {error !== null ? (
        <p role="alert" className="p-5 text-bad">
          {messageOf(error)}
        </p>
      ) : events?.length === 0 ? (
        <Suspense>
          <NoEvents />
        </Suspense>
      ) : (
        events !== undefined && <Asked question={question} change={change} events={events} />
      )}
    </div>
  )
}

interface AskedProps extends QuestionHold {
  readonly events: readonly KnownEvent[]
}

function Asked({ question, change, events }: AskedProps) {
  const t = useWords(exploreWords)
  const search = useSearch({ from: '/explore' })
  const navigate = useNavigate({ from: '/explore' })
  const asked = useMemo(() => specOf(question, (event) => nameOf(events, event)), [question, events])
  const names = question.events.slice(0, eventsMax[question.kind]).map((event) => textOf(events, event))
  return (
    <div className="relative grid min-h-0 flex-1 content-start gap-5 overflow-auto p-3 md:grid-cols-[21rem_minmax(0,1fr)] md:p-5">
      <Builder question={question} events={events} change={change} />
      <section aria-label={t('explore.answer')} className="min-w-0">
        {question.events.length === 0 ? (
          <Suspense>
            <Start question={question} events={events} />
          </Suspense>
        ) : 'missing' in asked ? (
          <p className="grid h-40 place-items-center rounded-md border border-dashed border-line text-muted">
            {t(`explore.missing-${asked.missing}`)}
          </p>
        ) : (
          <Panel>
            <Suspense fallback={<Counting />}>
              <Answer
                spec={asked.spec}
                names={names}
                cell={search['cell']}
                show={(cell) =>
                  void navigate(
                    cell === undefined
                      ? { search: searchOf(question), replace: true }
                      : { search: { ...searchOf(question), cell } },
                  )
                }
              />
            </Suspense>
          </Panel>
        )}
      </section>
    </div>
  )
}
