// Sources with their ledger lines.
import type { LedgerLine, SourceAnswer, Status } from '../../api/answers.ts'
import { Table } from '../shell/table.tsx'
import { formatCount, formatRate } from '../words/numbers.ts'
import { useWords } from '../words/words.ts'
import { rateNow, type Sample } from './rates.ts'
import { pipelinesWords } from './words.ts'

const counts = ['received', 'stored', 'duplicates', 'flagged', 'quarantined', 'waiting'] as const

interface SourcesProps {
  readonly sources: readonly SourceAnswer[] | undefined
  readonly status: Status | undefined
  readonly samples: readonly Sample[]
  readonly chosen: string
  readonly choose: (source: string) => void
}

export function Sources({ sources = [], status, samples, chosen, choose }: SourcesProps) {
  const t = useWords(pipelinesWords)
  const ledger = new Map(status?.ledger.map((line) => [line.source, line]))
  // The ledger also counts what came for keys that no source lists any more.
  const others = [...ledger.keys()].filter((name) => !sources.some(({ source }) => source === name))
  if (sources.length + others.length === 0) return null
  const rows = [...sources, ...others.map((source) => ({ source, platform: '–', state: t('pipelines.not-listed') }))]
  const columns = [
    ...(['source', 'platform', 'state'] as const).map((name) => ({ name, text: t(`pipelines.${name}`) })),
    ...[...counts, 'rate' as const].map((name) => ({ name, text: t(`pipelines.${name}`), isRight: true })),
  ]
  return (
    <section aria-label={t('pipelines.sources')} className="grid gap-2">
      <h3 className="font-medium">{t('pipelines.sources')}</h3>
      <Table label={t('pipelines.sources')} columns={columns}>
        {rows.map(({ source, platform, state }) => (
          <tr key={source} className="border-t border-line">
            <th scope="row" className="px-3 py-1 font-medium">
              <button
                type="button"
                aria-pressed={source === chosen && chosen !== ''}
                title={t('pipelines.only-source', { source })}
                className="min-h-6 rounded px-1 hover:bg-sunken aria-pressed:bg-accent-soft aria-pressed:text-accent"
                onClick={() => choose(source === chosen ? '' : source)}
              >
                <bdi>{source || '–'}</bdi>
              </button>
            </th>
            <td className="px-3 text-muted">{platform}</td>
            <td className="px-3">{state}</td>
            <Counts line={ledger.get(source)} />
            <td className="px-3 text-right">{formatRate(rateNow(samples, source) ?? 0)}</td>
          </tr>
        ))}
      </Table>
    </section>
  )
}

function Counts({ line }: { readonly line: LedgerLine | undefined }) {
  return counts.map((name) => {
    const count = line?.[name] ?? 0
    const isBad = count > 0 && (name === 'quarantined' || name === 'flagged')
    return (
      <td key={name} className={`px-3 text-right ${count === 0 ? 'text-muted' : isBad ? 'text-warn' : ''}`}>
        {formatCount(count)}
      </td>
    )
  })
}
