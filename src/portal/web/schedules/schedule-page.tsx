// One schedule: what it has done, what it does next, back-fill, and its settings.
import { useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { useMemo, useState } from 'react'

import type { ScheduleAnswer } from '../../api/job-answers.ts'
import { askRaw, messageOf } from '../asking/ask.ts'
import { addressOf, call } from '../asking/call.ts'
import { useSavedQuery } from '../asking/saved.ts'
import { useNextRuns, useRuns, useSchedule } from '../asking/schedules.ts'
import { linkClass } from '../shell/link-class.ts'
import { Panel } from '../shell/panel.tsx'
import { Button, Empty } from '../shell/parts.tsx'
import { say } from '../shell/toast.tsx'
import { useWords } from '../words/words.ts'
import { Backfill } from './backfill.tsx'
import { draftOf } from './draft.ts'
import { Ahead, Section } from './parts.tsx'
import { Runs } from './runs.tsx'
import { ScheduleForm } from './schedule-form.tsx'
import { readScheduleSearch, scheduleTabs } from './search.ts'
import { TestResults } from './test-results.tsx'
import { timeIn } from './when.ts'
import { schedulesWords } from './words.ts'

export function SchedulePage() {
  const t = useWords(schedulesWords)
  const { id } = useParams({ from: '/schedules/$id' })
  const { data: schedule, error } = useSchedule(id)
  if (schedule !== undefined) return <Shown schedule={schedule} />
  if (error === null) return null
  return (
    <Empty title={t('schedules.gone')}>
      <p role="alert">{messageOf(error)}</p>
      <Link to="/schedules" className={linkClass}>
        {t('schedules.title')}
      </Link>
    </Empty>
  )
}

function Shown({ schedule }: { readonly schedule: ScheduleAnswer }) {
  const t = useWords(schedulesWords)
  const { tab = 'runs' } = readScheduleSearch({ ...useSearch({ from: '/schedules/$id' }) })
  const { id } = schedule
  return (
    <div className="h-full overflow-auto">
      <title>{`${schedule.name} · Millpond`}</title>
      <div className="mx-auto grid max-w-6xl grid-cols-1 gap-5 p-5">
        <Header schedule={schedule} />
        <nav aria-label={t('schedules.parts')} className="flex gap-4 overflow-x-auto border-b border-line">
          {scheduleTabs.map((one) => (
            <Link
              key={one}
              to="/schedules/$id"
              params={{ id }}
              search={{ tab: one }}
              aria-current={one === tab ? 'page' : undefined}
              className="-mb-px border-b-2 border-transparent py-1.5 text-muted hover:text-text aria-[current=page]:border-accent aria-[current=page]:text-text"
            >
              {t(`schedules.tab-${one}`)}
            </Link>
          ))}
        </nav>
        <Panel key={tab}>
          {tab === 'runs' && <Overview schedule={schedule} />}
          {tab === 'backfill' && <Backfill schedule={schedule} />}
          {tab === 'edit' && <Edit schedule={schedule} />}
        </Panel>
      </div>
    </div>
  )
}

function Header({ schedule }: { readonly schedule: ScheduleAnswer }) {
  const t = useWords(schedulesWords)
  const { name, cron, zone, target, query, owner, isEnabled } = schedule
  const { data: saved } = useSavedQuery(query)
  const table = `${target.dataset}.${target.table}`
  return (
    <div className="grid gap-2">
      <Link to="/schedules" className="justify-self-start text-muted hover:text-text">
        {t('schedules.title')}
      </Link>
      <div className="flex flex-wrap items-center gap-x-3 gap-y-2">
        <h2 className="text-base font-semibold">{name}</h2>
        {!isEnabled && <span className="rounded bg-warn-soft px-1.5 text-warn">{t('schedules.paused')}</span>}
        <Acts schedule={schedule} />
      </div>
      <p className="flex flex-wrap gap-x-4 gap-y-1 text-muted">
        <code className="font-mono">
          {cron} · {zone}
        </code>
        <Link to="/sql" search={{ saved: query }} className="underline hover:text-text">
          {saved?.name ?? t('schedules.from-query')}
        </Link>
        <span>→</span>
        <Link
          to="/sql"
          search={{ sql: `SELECT *\nFROM ${table}\nLIMIT 100` }}
          title={t('schedules.open-table')}
          className="font-mono underline hover:text-text"
        >
          {table}
        </Link>
        <span>{t('schedules.by', { owner })}</span>
      </p>
    </div>
  )
}

function Acts({ schedule: { id, name, isEnabled } }: { readonly schedule: ScheduleAnswer }) {
  const t = useWords(schedulesWords)
  const navigate = useNavigate()
  const queryClient = useQueryClient()
  const [isSure, setSure] = useState(false)
  const params = { id }

  async function run(work: () => Promise<unknown>, told: string): Promise<void> {
    try {
      await work()
      say(told)
    } catch (error) {
      say(messageOf(error), true)
    }
    await queryClient.invalidateQueries({ queryKey: ['schedules'] })
  }
  async function remove(): Promise<void> {
    await askRaw(addressOf('DELETE /api/schedules/:id', { params }), { method: 'DELETE' })
    await navigate({ to: '/schedules' })
    queryClient.removeQueries({ queryKey: ['schedules', id] })
  }

  return (
    <div className="ml-auto flex flex-wrap gap-2">
      <Button
        className="text-bad"
        onClick={() => (isSure ? void run(remove, t('schedules.did-remove', { name })) : setSure(true))}
      >
        {t(isSure ? 'schedules.remove-sure' : 'schedules.remove')}
      </Button>
      {isEnabled ? (
        <Button
          onClick={() =>
            void run(async () => call('POST /api/schedules/:id/pause', { params }), t('schedules.did-pause'))
          }
        >
          {t('schedules.pause')}
        </Button>
      ) : (
        <Button
          onClick={() =>
            void run(async () => call('POST /api/schedules/:id/resume', { params }), t('schedules.did-resume'))
          }
        >
          {t('schedules.resume')}
        </Button>
      )}
      <Button
        isPrimary
        onClick={() =>
          void run(async () => call('POST /api/schedules/:id/run', { params, body: {} }), t('schedules.did-run'))
        }
      >
        {t('schedules.run-now')}
      </Button>
    </div>
  )
}

function Overview({ schedule }: { readonly schedule: ScheduleAnswer }) {
  const t = useWords(schedulesWords)
  const { id, zone, isEnabled, nextRunTime } = schedule
  const { data: runs, error } = useRuns(id)
  const { data: ahead, error: aheadError } = useNextRuns(id)
  if (error !== null) throw error
  return (
    <div className="grid grid-cols-1 items-start gap-5 lg:grid-cols-[minmax(0,1fr)_22rem]">
      {runs?.length === 0 && (
        <p className="rounded-md border border-line bg-card p-6 text-center text-muted">
          {nextRunTime === undefined
            ? t('schedules.runs-never')
            : t('schedules.runs-none', { time: timeIn(nextRunTime, zone) })}
        </p>
      )}
      {runs !== undefined && runs.length > 0 && <Runs schedule={schedule} runs={runs} />}
      <div className="grid grid-cols-1 gap-4 lg:col-start-2">
        <Section title={t('schedules.ahead')}>
          {aheadError !== null && <p className="text-bad">{messageOf(aheadError)}</p>}
          {!isEnabled ? (
            <p className="text-muted">{t('schedules.paused')}</p>
          ) : (
            ahead !== undefined && <Ahead {...ahead} zone={zone} />
          )}
        </Section>
        <TestResults tests={schedule.tests} runs={runs ?? []} />
      </div>
    </div>
  )
}

function Edit({ schedule }: { readonly schedule: ScheduleAnswer }) {
  const t = useWords(schedulesWords)
  const queryClient = useQueryClient()
  const { data: query, error } = useSavedQuery(schedule.query)
  const first = useMemo(() => draftOf(schedule), [schedule])
  if (error !== null) throw error
  if (query === undefined) return null
  return (
    <ScheduleForm
      key={schedule.changedAt}
      query={query}
      first={first}
      keep={async (body) => {
        const changed = await call('PUT /api/schedules/:id', { params: { id: schedule.id }, body })
        say(t('schedules.did-save', { name: changed.name }))
        await queryClient.invalidateQueries({ queryKey: ['schedules'] })
        return changed
      }}
    />
  )
}
