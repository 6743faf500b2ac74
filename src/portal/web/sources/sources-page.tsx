// All sources with what came through each, and a new one: pick a name, and the next page shows what to paste.
import { useQuery, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'

import type { SourceAnswer, Status } from '../../api/answers.ts'
import { messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { useSources } from '../asking/sources.ts'
import { Button, fieldClass, Select } from '../shell/parts.tsx'
import { Table } from '../shell/table.tsx'
import { formatCount } from '../words/numbers.ts'
import { useWords } from '../words/words.ts'
import { sourcesWords } from './words.ts'

const statusRefreshMs = 5_000
const counts = ['received', 'stored', 'quarantined', 'waiting'] as const

export function SourcesPage() {
  const t = useWords(sourcesWords)
  const sources = useSources()
  const { data: status } = useQuery({
    queryKey: ['status'],
    refetchInterval: statusRefreshMs,
    queryFn: async ({ signal }) => call('GET /api/status', { signal }),
  })
  return (
    <div className="h-full overflow-auto">
      <title>{`${t('sources.title')} · Millpond`}</title>
      <div className="mx-auto grid max-w-5xl grid-cols-1 gap-5 p-5">
        <div>
          <h2 className="text-base font-semibold">{t('sources.title')}</h2>
          <p className="text-muted">{t('sources.text')}</p>
        </div>
        <NewSource isFirst={sources?.length === 0} />
        {sources !== undefined && sources.length > 0 && <List sources={sources} status={status} />}
      </div>
    </div>
  )
}

function List({ sources, status }: { readonly sources: readonly SourceAnswer[]; readonly status: Status | undefined }) {
  const t = useWords(sourcesWords)
  const ledger = new Map(status?.ledger.map((line) => [line.source, line]))
  const columns = [
    ...(['name', 'state'] as const).map((name) => ({ name, text: t(`sources.${name}`) })),
    ...counts.map((name) => ({ name, text: t(`sources.${name}`), isRight: true })),
  ]
  return (
    <Table label={t('sources.title')} columns={columns}>
      {sources.map(({ source, state }) => (
        <tr key={source} className="border-t border-line hover:bg-sunken">
          <th scope="row" className="p-0 font-medium">
            <Link to="/sources/$name" params={{ name: source }} className="block px-3 py-2">
              {source}
            </Link>
          </th>
          <td className="px-3">
            <State state={state} isHeard={(ledger.get(source)?.received ?? 0) > 0} isKnown={status !== undefined} />
          </td>
          {counts.map((name) => {
            const count = ledger.get(source)?.[name] ?? 0
            const tone = count === 0 ? 'text-muted' : name === 'quarantined' ? 'text-warn' : ''
            return (
              <td key={name} className={`px-3 text-right ${tone}`}>
                {status === undefined ? '–' : formatCount(count)}
              </td>
            )
          })}
        </tr>
      ))}
    </Table>
  )
}

interface StateProps {
  readonly state: SourceAnswer['state']
  readonly isHeard: boolean
  readonly isKnown: boolean
}

export function State({ state, isHeard, isKnown }: StateProps) {
  const t = useWords(sourcesWords)
  const which = state === 'disabled' ? 'disabled' : !isKnown || isHeard ? 'active' : 'silent'
  const dot = { disabled: 'bg-bad', active: 'bg-good', silent: 'bg-muted' }[which]
  return (
    <span className="inline-flex items-center gap-1.5 whitespace-nowrap text-muted">
      <span aria-hidden className={`size-2 rounded-full ${dot}`} />
      {t(`sources.${which}`)}
    </span>
  )
}

function NewSource({ isFirst }: { readonly isFirst: boolean }) {
  const t = useWords(sourcesWords)
  const navigate = useNavigate()
  const queryClient = useQueryClient()
  const [source, setSource] = useState('')
  const [platform, setPlatform] = useState<SourceAnswer['platform']>('client')
  const [wrong, setWrong] = useState('')

  async function add(event: FormEvent): Promise<void> {
    event.preventDefault()
    setWrong('')
    try {
      await call('POST /api/sources', { body: { source: source.trim(), platform } })
      await queryClient.invalidateQueries({ queryKey: ['sources'] })
      await navigate({ to: '/sources/$name', params: { name: source.trim() } })
    } catch (error) {
      setWrong(messageOf(error))
    }
  }

  return (
    <form
      aria-label={t('sources.new')}
      className="grid gap-2 rounded-md border border-line bg-card p-4"
      onSubmit={(event) => void add(event)}
    >
      <h3 className="font-medium">{t(isFirst ? 'sources.first' : 'sources.new')}</h3>
      {isFirst && <p className="text-muted">{t('sources.first-text')}</p>}
      <div className="flex flex-wrap items-center gap-2">
        <input
          aria-label={t('sources.new-name')}
          aria-invalid={wrong !== ''}
          aria-describedby="new-source-wrong"
          placeholder="web"
          required
          autoComplete="off"
          spellCheck={false}
          className={`${fieldClass} w-56 font-mono`}
          value={source}
          onChange={({ target }) => setSource(target.value)}
        />
        <Select
          label={t('sources.kind')}
          value={platform}
          options={[
            { value: 'client', text: t('sources.kind-client') },
            { value: 'server', text: t('sources.kind-server') },
          ]}
          choose={setPlatform}
        />
        <Button type="submit" isPrimary>
          {t('sources.add')}
        </Button>
      </div>
      <p id="new-source-wrong" role="alert" className="text-bad empty:hidden">
        {wrong}
      </p>
    </form>
  )
}
