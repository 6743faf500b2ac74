// Saved queries by folder, and the way to one of them.
import { Link } from '@tanstack/react-router'
import { useDeferredValue, useState } from 'react'

import type { SavedQueryAnswer } from '../../api/job-answers.ts'
import { messageOf } from '../asking/ask.ts'
import { useSavedQueries } from '../asking/saved.ts'
import { Empty, fieldClass } from '../shell/parts.tsx'
import { useWords } from '../words/words.ts'
import { savedWords } from './saved-words.ts'

export function SavedList({ current }: { readonly current: string | undefined }) {
  const t = useWords(savedWords)
  const { data: queries, error } = useSavedQueries()
  const [search, setSearch] = useState('')
  const wanted = useDeferredValue(search.trim().toLowerCase())
  if (error !== null) return <p className="p-3 text-bad">{messageOf(error)}</p>
  if (queries?.length === 0)
    return (
      <Empty title={t('saved.none')}>
        <p className="max-w-prose">{t('saved.none-text')}</p>
      </Empty>
    )
  const found = (queries ?? []).filter(({ name, folder, description, sql }) =>
    `${folder}/${name}\n${description}\n${sql}`.toLowerCase().includes(wanted),
  )
  const folders = [...new Set(found.map(({ folder }) => folder))].sort()
  return (
    <div className="grid h-full min-h-0 grid-rows-[auto_1fr]">
      <div className="p-2">
        <input
          type="search"
          aria-label={t('saved.search')}
          placeholder={t('saved.search')}
          spellCheck={false}
          className={`${fieldClass} w-full max-w-96`}
          value={search}
          onChange={({ target }) => setSearch(target.value)}
        />
      </div>
      <div className="min-h-0 overflow-auto pb-2" tabIndex={0} role="region" aria-label={t('saved.list')}>
        {folders.map((folder) => (
          <Folder
            key={folder}
            name={folder}
            queries={found.filter((query) => query.folder === folder)}
            current={current}
          />
        ))}
        {queries !== undefined && found.length === 0 && <p className="px-3 text-muted">{t('saved.nothing-found')}</p>}
      </div>
    </div>
  )
}

interface FolderProps {
  readonly name: string
  readonly queries: readonly SavedQueryAnswer[]
  readonly current: string | undefined
}

function Folder({ name, queries, current }: FolderProps) {
  const t = useWords(savedWords)
  return (
    <details open>
      <summary className="cursor-pointer px-3 py-1 text-muted select-none">
        {name === '' ? t('saved.no-folder') : name}
      </summary>
      <ul aria-label={name === '' ? t('saved.no-folder') : name}>
        {queries.map(({ id, name: own, description, version, verifiedBy, owner, audience }) => (
          <li key={id}>
            <Link
              to="/sql"
              search={{ saved: id, tab: 'saved' }}
              aria-current={id === current ? 'true' : undefined}
              className="flex items-center gap-4 border-b border-line px-3 py-1.5 hover:bg-sunken aria-[current=true]:bg-accent-soft"
            >
              <span className="shrink-0 font-medium">{own}</span>
              <span className="min-w-0 flex-1 truncate text-muted">{description}</span>
              {audience === 'owner' && <span className="shrink-0 text-muted">{t('saved.private')}</span>}
              {verifiedBy !== undefined && <span className="shrink-0 text-good">✓ {t('saved.verified')}</span>}
              <span className="shrink-0 text-muted tabular-nums">{t('saved.version', { version })}</span>
              <span className="w-24 shrink-0 truncate text-right text-muted">{owner}</span>
            </Link>
          </li>
        ))}
      </ul>
    </details>
  )
}
