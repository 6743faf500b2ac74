// The head of a person's page: who it is, when they were seen, and whether the page is live.
import { Link } from '@tanstack/react-router'

import type { PersonAnswer, TimelineRowAnswer } from '../../api/answers.ts'
import { copyText } from '../shell/copy.ts'
import { useMe } from '../shell/me.ts'
import { Button } from '../shell/parts.tsx'
import { formatDuration } from '../words/numbers.ts'
import { useLanguage, useWords } from '../words/words.ts'
import { nameOf, ticketText } from './ticket.ts'
import { formatMoment, zoneName } from './times.ts'
import type { PersonLive } from './use-person.ts'
import { peopleWords } from './words.ts'

interface HeadProps {
  readonly person: PersonAnswer
  readonly live: PersonLive
  readonly isLive: boolean
  readonly rows: readonly TimelineRowAnswer[]
}

export function Head({ person, live, isLive, rows }: HeadProps) {
  const t = useWords(peopleWords)
  const language = useLanguage()
  const mayTake = !['support', undefined].includes(useMe()?.role)
  const { firstSeen, lastSeen } = person
  const name = nameOf(person)
  const moment = (time: string | null): string => (time === null ? t('people.never') : formatMoment(time, language))
  return (
    <div className="grid gap-1">
      <Link to="/people" className="inline-flex min-h-6 items-center justify-self-start text-muted hover:text-text">
        {t('people.title')}
      </Link>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
        <h2 className="text-base font-semibold">
          <bdi>{name}</bdi>
        </h2>
        {name !== person.id && <bdi className="font-mono text-xs text-muted">{person.id}</bdi>}
        <LiveMark live={live} isLive={isLive} />
        <div className="ml-auto flex flex-wrap items-center gap-x-3">
          {mayTake && (
            <a
              href={`/api/people/${encodeURIComponent(person.id)}/export`}
              download={`${name}.ndjson`}
              title={t('people.give-out-text')}
              className="inline-flex min-h-6 items-center text-accent hover:underline"
            >
              {t('people.give-out')}
            </a>
          )}
          <Button onClick={() => void copyText(ticketText({ person, address: location.href, rows }))}>
            {t('people.copy-ticket')}
          </Button>
        </div>
      </div>
      <p className="text-muted">
        {t('people.seen', { first: moment(firstSeen), last: moment(rows[0]?.time ?? lastSeen) })} · {zoneName}
      </p>
    </div>
  )
}

function LiveMark({ live: { connection, status }, isLive }: Pick<HeadProps, 'live' | 'isLive'>) {
  const t = useWords(peopleWords)
  const behindMs = status?.behindMs ?? 0
  const text = !isLive
    ? t('people.past')
    : connection !== 'live'
      ? t(`people.${connection}`)
      : behindMs === 0
        ? t('people.live')
        : t('people.behind', { time: formatDuration(behindMs) })
  const tone = !isLive || connection === 'connecting' ? 'text-muted' : connection === 'live' ? 'text-good' : 'text-bad'
  return (
    <span role="status" className={`flex items-center gap-1.5 ${tone}`}>
      <span aria-hidden className="size-1.5 rounded-full bg-current" />
      {text}
    </span>
  )
}
