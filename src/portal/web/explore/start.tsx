// Where Explore begins: the events that came in most, or how to send the first one.
import { Link } from '@tanstack/react-router'

import { useMe } from '../shell/me.ts'
import { Empty } from '../shell/parts.tsx'
import { placesOf } from '../shell/places.ts'
import { useWords } from '../words/words.ts'
import { EventText } from './event-text.tsx'
import { choicesOf, type KnownEvent } from './events.ts'
import { type Question, searchOf } from './question.ts'
import { startWords } from './start-words.ts'

const startEventsMax = 8

/** Nothing is asked yet: what there is to begin with. */
export function Start({ question, events }: { readonly question: Question; readonly events: readonly KnownEvent[] }) {
  const t = useWords(startWords)
  const choices = choicesOf(events)
    .filter(({ rows }) => rows !== undefined && rows !== 0)
    .slice(0, startEventsMax)
  return (
    <div className="mx-auto grid max-w-xl gap-4 py-6">
      <div>
        <h3 className="text-base font-semibold">{t('explore.start')}</h3>
        <p className="text-muted">{t('explore.start-text')}</p>
      </div>
      <ul aria-label={t('explore.often')} className="overflow-hidden rounded-md border border-line bg-card">
        {choices.map((choice) => (
          <li key={JSON.stringify(choice.pick)} className="border-t border-line first:border-t-0">
            <Link
              to="/explore"
              search={searchOf({ ...question, events: [{ ...choice.pick, measure: { kind: 'events' } }] })}
              className="flex gap-3 px-3 py-2 hover:bg-sunken"
            >
              <EventText choice={choice} />
            </Link>
          </li>
        ))}
      </ul>
    </div>
  )
}

export function NoEvents() {
  const t = useWords(startWords)
  const me = useMe()
  return (
    <Empty title={t('explore.empty')}>
      <p className="max-w-md">{t('explore.empty-text')}</p>
      {placesOf(me).some(({ to }) => to === '/sources') && (
        <Link to="/sources" className="text-accent hover:underline">
          {t('explore.to-sources')}
        </Link>
      )}
    </Empty>
  )
}
