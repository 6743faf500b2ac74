// What administrators did, newest first, page by page. Whom and what it shows stands in the address.
import { useInfiniteQuery } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { type FormEvent, useId } from 'react'

import type { AuditAnswer } from '../../api/account-answers.ts'
import { messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { Button, fieldClass } from '../shell/parts.tsx'
import { Table } from '../shell/table.tsx'
import { useWords } from '../words/words.ts'
import { Field, Section, textIn, Wrong } from './parts.tsx'
import { Moment } from './times.tsx'
import { readSettingsSearch } from './search.ts'
import { settingsWords } from './words.ts'

const pageEntries = 50
const linkClass = 'underline decoration-line underline-offset-2 hover:decoration-current'

export function AuditLog() {
  const t = useWords(settingsWords)
  const { actor, action } = readSettingsSearch({ ...useSearch({ from: '/settings' }) })
  const { data, error, hasNextPage, fetchNextPage, isFetchingNextPage } = useInfiniteQuery({
    queryKey: ['audit', actor, action],
    initialPageParam: undefined as string | undefined,
    queryFn: async ({ signal, pageParam: before }) =>
      (await call('GET /api/audit', { query: { limit: pageEntries, before, actor, action }, signal })).entries,
    getNextPageParam: (entries) => (entries.length < pageEntries ? undefined : entries.at(-1)?.id),
  })
  const entries = data?.pages.flat()
  const columns = (['time', 'who', 'what', 'on', 'from'] as const).map((name) => ({
    name,
    text: t(`settings.${name}`),
  }))
  return (
    <Section title={t('settings.part-audit')} text={t('settings.audit-text')}>
      <Filter key={`${actor} ${action}`} entries={entries ?? []} />
      <Wrong text={error === null ? undefined : messageOf(error)} />
      {entries?.length === 0 && (
        <p className="rounded-md border border-line bg-card p-6 text-center text-muted">{t('settings.no-entries')}</p>
      )}
      {entries !== undefined && entries.length > 0 && (
        <Table label={t('settings.part-audit')} columns={columns}>
          {entries.map((entry) => (
            <Entry key={entry.id} entry={entry} />
          ))}
        </Table>
      )}
      {hasNextPage && (
        <div>
          <Button disabled={isFetchingNextPage} onClick={() => void fetchNextPage()}>
            {t('settings.older')}
          </Button>
        </div>
      )}
    </Section>
  )
}

function Filter({ entries }: { readonly entries: readonly AuditAnswer[] }) {
  const t = useWords(settingsWords)
  const id = useId()
  const search = readSettingsSearch({ ...useSearch({ from: '/settings' }) })
  const navigate = useNavigate({ from: '/settings' })

  function filter(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault()
    const given = new FormData(event.currentTarget)
    const [actor, action] = [textIn(given, 'actor').trim(), textIn(given, 'action').trim()]
    void navigate({
      search: { part: 'audit', ...(actor === '' ? {} : { actor }), ...(action === '' ? {} : { action }) },
    })
  }

  return (
    <form className="flex flex-wrap items-end gap-3" onSubmit={filter}>
      {(['actor', 'action'] as const).map((name) => (
        <Field key={name} label={t(name === 'actor' ? 'settings.who' : 'settings.what')}>
          <input
            name={name}
            type="search"
            list={`${id}-${name}`}
            maxLength={100}
            autoComplete="off"
            spellCheck={false}
            placeholder={name === 'actor' ? 'ana' : 'grant.add'}
            defaultValue={search[name]}
            className={`${fieldClass} w-44`}
          />
          <datalist id={`${id}-${name}`}>
            {[...new Set(entries.map((entry) => entry[name]))].map((value) => (
              <option key={value} value={value} />
            ))}
          </datalist>
        </Field>
      ))}
      <Button type="submit">{t('settings.filter')}</Button>
      {(search.actor !== undefined || search.action !== undefined) && (
        <Link to="/settings" search={{ part: 'audit' }} className={`${linkClass} py-1`}>
          {t('settings.show-all')}
        </Link>
      )}
    </form>
  )
}

function Entry({ entry: { atMicros, actor, action, target, via, address, details } }: { readonly entry: AuditAnswer }) {
  const more = Object.entries(details).map(([name, value]) => `${name}: ${textOf(value)}`)
  return (
    <tr className="border-t border-line align-top">
      <td className="px-3 py-1.5 text-muted">
        <Moment micros={atMicros} />
      </td>
      <th scope="row" className="px-3 py-1.5 font-medium">
        <Link to="/settings" search={(now) => ({ ...now, part: 'audit', actor })} className={linkClass}>
          {actor === '' ? '–' : actor}
        </Link>
      </th>
      <td className="px-3 py-1.5 whitespace-nowrap">
        <Link
          to="/settings"
          search={(now) => ({ ...now, part: 'audit', action })}
          className={`${linkClass} font-mono text-xs`}
        >
          {action}
        </Link>
      </td>
      <td className="max-w-72 px-3 py-1.5 break-words">
        <Target action={action} target={target} />
        {more.length > 0 && <span className="block text-xs break-words text-muted">{more.join(' · ')}</span>}
      </td>
      <td className="px-3 py-1.5 text-muted">
        {via}
        {address !== '' && <span className="block font-mono text-xs">{address}</span>}
      </td>
    </tr>
  )
}

/** What has a page of its own leads there. */
function Target({ action, target }: Pick<AuditAnswer, 'action' | 'target'>) {
  if (!action.startsWith('source.')) return <bdi>{target}</bdi>
  return (
    <Link to="/sources/$name" params={{ name: target }} className={linkClass}>
      {target}
    </Link>
  )
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value)
}
