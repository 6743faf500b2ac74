// What an alert would have found in the days before, before anybody is woken by it.
import { useMutation } from '@tanstack/react-query'

import type { ChartData } from '../../../charts/chart.ts'
import type { BacktestAnswer } from '../../api/alert-answers.ts'
import { messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { DataView } from '../charts/chart-view.tsx'
import { Button } from '../shell/parts.tsx'
import { formatBytes, formatCount, formatDollars } from '../words/numbers.ts'
import { useWords } from '../words/words.ts'
import { askedOf, type Draft } from './draft.ts'
import { alertWords } from './words.ts'

const days = 30

export function Backtest({ draft }: { readonly draft: Draft }) {
  const t = useWords(alertWords)
  const test = useMutation({
    mutationFn: async () => {
      const name = draft.name.trim() === '' ? 'test' : draft.name
      return call('POST /api/alerts/backtest', { body: { alert: { ...askedOf(draft), name }, days, dryRun: false } })
    },
  })
  return (
    <section
      aria-label={t('alerts.backtest')}
      className="grid grid-cols-1 gap-2 rounded-md border border-line bg-card p-3"
    >
      <div className="flex flex-wrap items-center gap-2">
        <Button disabled={test.isPending} onClick={() => test.mutate()}>
          {t('alerts.backtest')}
        </Button>
        <span className="text-muted">{t('alerts.backtest-text', { days })}</span>
      </div>
      {test.isPending && <div aria-busy className="h-32 animate-pulse rounded-md bg-sunken" />}
      {test.error !== null && (
        <p role="alert" className="text-bad">
          {messageOf(test.error)}
        </p>
      )}
      {test.data !== undefined && !test.isPending && <Found found={test.data} draft={draft} />}
    </section>
  )
}

function Found({ found, draft }: { readonly found: BacktestAnswer; readonly draft: Draft }) {
  const t = useWords(alertWords)
  const { times = [], looks, messages = 0, bytes, dollars, isBlind } = found
  if (isBlind) return <p className="text-warn">{t('alerts.blind')}</p>
  const firing = times.filter((one) => one.firing.length > 0).length
  return (
    <>
      <p role="status">
        {t('alerts.backtest-found', {
          firing: formatCount(firing),
          looks: formatCount(looks),
          messages: formatCount(messages),
          bytes: formatBytes(bytes),
          dollars: formatDollars(dollars),
        })}
      </p>
      <DataView
        data={chartOf(found, draft, t('alerts.value'), t('alerts.bound'))}
        chart={{ kind: 'line' }}
        height={180}
        label={t('alerts.chart')}
      />
    </>
  )
}

/** The number, and the bound that it is compared with. */
function chartOf({ times = [] }: BacktestAnswer, { kind, bound }: Draft, value: string, boundName: string): ChartData {
  const hasBound = (kind === 'above' || kind === 'below') && Number.isFinite(Number(bound))
  return {
    along: '',
    labels: times.map(({ at }) => at),
    timesMs: times.map(({ at }) => Date.parse(at)),
    series: [
      { name: value, values: times.map((one) => one.value ?? undefined) },
      ...(hasBound ? [{ name: boundName, values: times.map(() => Number(bound)) }] : []),
    ],
    isCut: false,
  }
}
