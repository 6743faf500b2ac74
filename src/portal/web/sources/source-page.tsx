// One source: what to paste, what arrives, what shape it has, and its key. The status of the live feed tells at once that the first event came.
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'

import type { LedgerLine } from '../../api/answers.ts'
import { useSources } from '../asking/sources.ts'
import { Events } from '../pipelines/events.tsx'
import { useLive } from '../pipelines/use-live.ts'
import { Missing } from '../shell/missing.tsx'
import { useRead } from '../shell/use-read.ts'
import { Panel } from '../shell/panel.tsx'
import { formatCount } from '../words/numbers.ts'
import { useWords } from '../words/words.ts'
import { Connect } from './connect.tsx'
import { Plan } from './plan.tsx'
import { Schema } from './schema.tsx'
import { readSourceSearch, type Tab, tabs } from './search.ts'
import { SourceSettings } from './settings.tsx'
import { State } from './sources-page.tsx'
import { sourcesWords } from './words.ts'

const counts = ['received', 'stored', 'flagged', 'duplicates', 'quarantined', 'waiting'] as const

export function SourcePage() {
  const t = useWords(sourcesWords)
  const { name } = useParams({ from: '/sources/$name' })
  const search = useRead(useSearch({ from: '/sources/$name' }), readSourceSearch)
  const navigate = useNavigate({ from: '/sources/$name' })
  const sources = useSources()
  const source = sources?.find((one) => one.source === name)
  const { status, feed, change } = useLive(name)
  if (sources !== undefined && source === undefined) return <Missing />
  const line = status?.ledger.find((one) => one.source === name)
  const isHeard = (line?.received ?? 0) > 0
  const tab: Tab = search.tab ?? 'connect'
  return (
    <div className="h-full overflow-auto">
      <title>{`${name} · Millpond`}</title>
      <div className="mx-auto grid max-w-5xl grid-cols-1 gap-5 p-5">
        <div className="grid gap-1">
          <Link to="/sources" className="text-muted hover:text-text">
            {t('sources.title')}
          </Link>
          <div className="flex items-center gap-3">
            <h2 className="text-base font-semibold">{name}</h2>
            {source !== undefined && <State state={source.state} isHeard={isHeard} isKnown={status !== undefined} />}
          </div>
        </div>
        <Counts line={line} isKnown={status !== undefined} />
        <nav aria-label={t('sources.parts')} className="flex gap-4 overflow-x-auto border-b border-line">
          {tabs.map((one) => (
            <Link
              key={one}
              to="/sources/$name"
              params={{ name }}
              search={{ ...search, tab: one }}
              aria-current={one === tab ? 'page' : undefined}
              className="-mb-px border-b-2 border-transparent py-1.5 text-muted hover:text-text aria-[current=page]:border-accent aria-[current=page]:text-text"
            >
              {t(`sources.tab-${one}`)}
            </Link>
          ))}
        </nav>
        <Panel>
          {tab === 'connect' && source !== undefined && (
            <Connect
              source={source}
              address={status === undefined ? location.origin : status.address || location.origin}
              isHeard={status === undefined ? undefined : isHeard}
              platform={search.platform ?? 'JavaScript'}
              choose={(platform) => void navigate({ search: { ...search, platform }, replace: true })}
            />
          )}
          {tab === 'events' && <Events feed={feed} change={change} />}
          {tab === 'schema' && <Schema source={name} open={search.table} />}
          {tab === 'plan' && <Plan source={name} />}
          {tab === 'settings' && source !== undefined && <SourceSettings source={source} />}
        </Panel>
      </div>
    </div>
  )
}

function Counts({ line, isKnown }: { readonly line: LedgerLine | undefined; readonly isKnown: boolean }) {
  const t = useWords(sourcesWords)
  return (
    <dl className="grid grid-cols-3 gap-px overflow-hidden rounded-md border border-line bg-line md:grid-cols-6">
      {counts.map((name) => {
        const count = line?.[name] ?? 0
        const isWrong = count > 0 && (name === 'quarantined' || name === 'flagged')
        return (
          <div key={name} className="bg-card p-3">
            <dt className="text-muted">{t(`sources.${name}`)}</dt>
            <dd className={`text-base font-semibold tabular-nums ${isWrong ? 'text-warn' : ''}`}>
              {isKnown ? formatCount(count) : '–'}
            </dd>
          </div>
        )
      })}
    </dl>
  )
}
