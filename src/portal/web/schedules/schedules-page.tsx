// All schedules: how the last run of each ended, when the next is due, and what they read.
import { Link } from '@tanstack/react-router'

import type { ScheduleAnswer } from '../../api/job-answers.ts'
import { messageOf } from '../asking/ask.ts'
import { useSchedules } from '../asking/schedules.ts'
import { Empty } from '../shell/parts.tsx'
import { Table } from '../shell/table.tsx'
import { linkClass } from '../shell/link-class.ts'
import { formatBytes } from '../words/numbers.ts'
import { useWords } from '../words/words.ts'
import { RunState } from './parts.tsx'
import { timeIn } from './when.ts'
import { schedulesWords } from './words.ts'

export function SchedulesPage() {
  const t = useWords(schedulesWords)
  const { data: schedules, error } = useSchedules()
  return (
    <div className="h-full overflow-auto">
      <title>{`${t('schedules.title')} · Millpond`}</title>
      <div className="mx-auto grid max-w-6xl grid-cols-1 gap-5 p-5">
        <div className="flex flex-wrap items-start justify-between gap-3">
          <div>
            <h2 className="text-base font-semibold">{t('schedules.title')}</h2>
            <p className="text-muted">{t('schedules.text')}</p>
          </div>
          <Link to="/sql" search={{ tab: 'saved' }} className={linkClass}>
            {t('schedules.to-saved')}
          </Link>
        </div>
        {error !== null && (
          <p role="alert" className="text-bad">
            {messageOf(error)}
          </p>
        )}
        {schedules?.length === 0 && <First />}
        {schedules !== undefined && schedules.length > 0 && <List schedules={schedules} />}
      </div>
    </div>
  )
}

function First() {
  const t = useWords(schedulesWords)
  return (
    <div className="rounded-md border border-line bg-card py-8">
      <Empty title={t('schedules.none')}>
        <p className="max-w-prose">{t('schedules.none-text')}</p>
        <Link to="/sql" search={{ sql: '' }} className={linkClass}>
          {t('schedules.to-sql')}
        </Link>
      </Empty>
    </div>
  )
}

function List({ schedules }: { readonly schedules: readonly ScheduleAnswer[] }) {
  const t = useWords(schedulesWords)
  const columns = [
    ...(['name', 'last', 'next', 'target', 'owner'] as const).map((name) => ({ name, text: t(`schedules.${name}`) })),
    { name: 'read', text: t('schedules.read'), isRight: true },
  ]
  return (
    <Table label={t('schedules.title')} columns={columns}>
      {schedules.map((schedule) => (
        <Row key={schedule.id} schedule={schedule} />
      ))}
    </Table>
  )
}

function Row({ schedule }: { readonly schedule: ScheduleAnswer }) {
  const t = useWords(schedulesWords)
  const { id, name, lastRun, nextRunTime, zone, target, owner, bytesAMonth, isEnabled } = schedule
  return (
    <tr className="border-t border-line hover:bg-sunken">
      <th scope="row" className="p-0 font-medium">
        <Link to="/schedules/$id" params={{ id }} className="block px-3 py-2">
          {name}
        </Link>
      </th>
      <td className="px-3 whitespace-nowrap">
        {lastRun === undefined ? (
          <span className="text-muted">{t('schedules.never')}</span>
        ) : (
          <span className="inline-flex gap-2" title={lastRun.error?.message}>
            <RunState state={lastRun.state} />
            <time dateTime={lastRun.runTime} className="text-muted">
              {timeIn(lastRun.runTime, zone)}
            </time>
          </span>
        )}
      </td>
      <td className="px-3 whitespace-nowrap text-muted">
        {!isEnabled ? t('schedules.paused') : nextRunTime === undefined ? '–' : timeIn(nextRunTime, zone)}
      </td>
      <td className="px-3 font-mono text-xs">
        {target.dataset}.{target.table}
      </td>
      <td className="px-3 text-muted">{owner}</td>
      <td className="px-3 text-right">{formatBytes(bytesAMonth)}</td>
    </tr>
  )
}
