// What the query would read, before it reads it: each table by column and by day, as bars.
import { keepPreviousData, useQuery } from '@tanstack/react-query'

import type { DryRunAnswer } from '../../api/answers.ts'
import { messageOf } from '../asking/ask.ts'
import { Empty } from '../shell/parts.tsx'
import { formatBytes, formatCount } from '../words/numbers.ts'
import { useWords } from '../words/words.ts'
import { type Estimated, estimateQuery } from './use-estimate.ts'
import { planWords } from './plan-words.ts'

type TablePlan = NonNullable<DryRunAnswer['plan']>[number]

const columnsShownMax = 20

export function Plan({ asked }: { readonly asked: Estimated }) {
  const t = useWords(planWords)
  const isEmpty = asked.sql.trim() === ''
  const { data, error } = useQuery({
    ...estimateQuery(asked, true),
    enabled: !isEmpty,
    placeholderData: keepPreviousData,
  })
  if (isEmpty) return <Empty title={t('reads.empty')} />
  if (error !== null)
    return (
      <p role="alert" className="m-3 text-bad">
        {messageOf(error)}
      </p>
    )
  if (data?.plan === undefined) return null
  if (data.plan.length === 0) return <Empty title={t('reads.nothing')} />
  return (
    <div
      tabIndex={0}
      role="region"
      aria-label={t('reads.title')}
      className="grid h-full content-start gap-4 overflow-auto p-3"
    >
      <p className="text-muted">{t('reads.text')}</p>
      {data.plan.map((plan) => (
        <Table key={`${plan.dataset}.${plan.table}`} plan={plan} />
      ))}
    </div>
  )
}

function Table({ plan }: { readonly plan: TablePlan }) {
  const t = useWords(planWords)
  const { dataset, table, bytes, columns, days, earlierDays = 0, newBytes = 0 } = plan
  const name = `${dataset}.${table}`
  return (
    <section aria-label={name} className="grid max-w-5xl gap-3 rounded-md border border-line bg-card p-3">
      <h3 className="flex flex-wrap items-baseline gap-3">
        <code className="font-mono font-medium">{name}</code>
        <span className="text-muted tabular-nums">{formatBytes(bytes)}</span>
      </h3>
      {columns === undefined && <p className="text-muted">{t('reads.hidden')}</p>}
      <div className="grid gap-x-6 gap-y-3 md:grid-cols-2">
        {columns !== undefined && columns.length > 0 && <Columns name={name} columns={columns} />}
        {days !== undefined && days.length > 0 && <Days name={name} days={days} />}
      </div>
      {earlierDays > 0 && <p className="text-muted">{t('reads.earlier', { count: formatCount(earlierDays) })}</p>}
      {newBytes > 0 && <p className="text-muted">{t('reads.new', { bytes: formatBytes(newBytes) })}</p>}
    </section>
  )
}

function Columns({ name, columns }: { readonly name: string; readonly columns: NonNullable<TablePlan['columns']> }) {
  const t = useWords(planWords)
  const most = Math.max(1, ...columns.map(({ bytes }) => bytes))
  const shown = columns.slice(0, columnsShownMax)
  return (
    <table className="w-full content-start self-start tabular-nums">
      <caption className="sr-only">{t('reads.columns', { table: name })}</caption>
      <tbody>
        {shown.map((column) => (
          <tr key={column.name}>
            <th scope="row" className="max-w-40 truncate py-0.5 pr-3 text-left font-mono text-xs font-normal">
              {column.name}
            </th>
            <td className="w-full">
              <Bar share={column.bytes / most} />
            </td>
            <td className="py-0.5 pl-3 text-right whitespace-nowrap text-muted">{formatBytes(column.bytes)}</td>
          </tr>
        ))}
        {columns.length > shown.length && (
          <tr>
            <td colSpan={3} className="text-muted">
              {t('reads.more', { count: formatCount(columns.length - shown.length) })}
            </td>
          </tr>
        )}
      </tbody>
    </table>
  )
}

function Bar({ share }: { readonly share: number }) {
  return <div aria-hidden className="h-2.5 min-w-px rounded-sm bg-accent" style={{ width: `${share * 100}%` }} />
}

function Days({ name, days }: { readonly name: string; readonly days: NonNullable<TablePlan['days']> }) {
  const t = useWords(planWords)
  const most = Math.max(1, ...days.map(({ bytes }) => bytes))
  const dayText = (day: string | null | undefined): string => day ?? t('reads.no-day')
  return (
    <figure className="grid content-start gap-1">
      <ol aria-label={t('reads.days', { table: name })} className="flex h-24 items-end gap-px">
        {days.map(({ day, bytes }) => (
          <li
            key={day ?? ''}
            title={`${dayText(day)}: ${formatBytes(bytes)}`}
            className="grid h-full min-w-px flex-1 content-end hover:bg-sunken"
          >
            <span className="sr-only">{`${dayText(day)}: ${formatBytes(bytes)}`}</span>
            <span
              aria-hidden
              className="min-h-px rounded-t-xs bg-accent"
              style={{ height: `${(bytes / most) * 92}px` }}
            />
          </li>
        ))}
      </ol>
      <figcaption className="flex justify-between border-t border-line pt-1 text-muted tabular-nums">
        <span>{dayText(days[0]?.day)}</span>
        {days.length > 1 && <span>{dayText(days.at(-1)?.day)}</span>}
      </figcaption>
    </figure>
  )
}
