// What is known about somebody: traits, ids, devices.
import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'

import type { PersonAnswer } from '../../api/answers.ts'
import { copyText } from '../shell/copy.ts'
import { useWords } from '../words/words.ts'
import { peopleWords } from './words.ts'

export function Facts({ person }: { readonly person: PersonAnswer }) {
  const t = useWords(peopleWords)
  const traits = Object.entries(person.traits)
  return (
    <>
      <Part title={t('people.traits')}>
        {traits.length === 0 ? <p className="text-muted">{t('people.no-traits')}</p> : <Pairs pairs={traits} />}
      </Part>
      <Part title={t('people.ids')}>
        <ul className="grid gap-0.5">
          {person.ids.map((id) => (
            <li key={id}>
              <button
                type="button"
                className="min-h-6 max-w-full truncate rounded px-1 font-mono text-xs hover:bg-sunken"
                aria-label={t('people.copy-id', { id })}
                onClick={() => void copyText(id.slice(id.indexOf(':') + 1))}
              >
                <bdi>{id}</bdi>
              </button>
            </li>
          ))}
        </ul>
        {person.isCut && <p className="text-warn">{t('people.cut')}</p>}
      </Part>
      {person.devices.length > 0 && (
        <Part title={t('people.devices')}>
          <ul className="grid gap-2">
            {person.devices.map(({ id, facts }) => (
              <li key={id}>
                <Link
                  to="/people/$id"
                  params={{ id: `device:${id}` }}
                  className="inline-flex min-h-6 items-center font-mono text-xs text-accent hover:underline"
                >
                  {id}
                </Link>
                <Pairs pairs={Object.entries(facts)} />
              </li>
            ))}
          </ul>
        </Part>
      )}
    </>
  )
}

export function Part({ title, children }: { readonly title: string; readonly children: ReactNode }) {
  return (
    <section aria-label={title} className="grid grid-cols-1 gap-1.5 border-t border-line p-3 first:border-t-0">
      <h3 className="font-medium">{title}</h3>
      {children}
    </section>
  )
}

export function Pairs({ pairs }: { readonly pairs: readonly (readonly [string, unknown])[] }) {
  return (
    <dl className="grid grid-cols-[minmax(0,2fr)_minmax(0,3fr)] gap-x-3 gap-y-0.5">
      {pairs.map(([name, value]) => (
        <div key={name} className="contents">
          <dt className="truncate text-muted" title={name}>
            {name}
          </dt>
          <dd className="break-words">
            {typeof value === 'object' && value !== null ? (
              <pre className="overflow-auto font-mono text-xs whitespace-pre-wrap">
                {JSON.stringify(value, null, 2)}
              </pre>
            ) : (
              <bdi>{typeof value === 'string' ? value : JSON.stringify(value)}</bdi>
            )}
          </dd>
        </div>
      ))}
    </dl>
  )
}
