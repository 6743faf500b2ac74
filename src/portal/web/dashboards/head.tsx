// The head of a dashboard: its title, how new its data are, and what can be done with it as a whole.
import { useIsFetching, useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useSearch } from '@tanstack/react-router'
import { lazy, Suspense, useEffect, useState } from 'react'

import type { DashboardAnswer } from '../../api/dashboard-answers.ts'
import { messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { copyText } from '../shell/copy.ts'
import { Button, fieldClass, Select } from '../shell/parts.tsx'
import { say } from '../shell/toast.tsx'
import { useMe } from '../shell/me.ts'
import { useRead } from '../shell/use-read.ts'
import { useWords } from '../words/words.ts'
import { readDashboardSearch } from './search.ts'
import type { Draft } from './dashboard-page.tsx'
import type { Settings } from './use-dashboard.ts'
import { dashboardWords } from './words.ts'

/** Whoever only looks never loads it. */
const MailDialog = lazy(async () => ({ default: (await import('./mail-dialog.tsx')).MailDialog }))

const from = '/d/$slug'
const intervals = ['never', '10', '60', '600', '3600'] as const

interface HeadProps {
  readonly dashboard: DashboardAnswer
  readonly draft: Draft | undefined
  readonly change: (draft: Draft | undefined) => void
  readonly save: () => void
  readonly isSaving: boolean
  readonly add: () => void
  /** As they are chosen on the page. */
  readonly settings: Settings
}

export function Head({ dashboard, draft, change, save, isSaving, add, settings }: HeadProps) {
  const t = useWords(dashboardWords)
  if (draft === undefined)
    return <ShownHead dashboard={dashboard} edit={() => change(draftOf(dashboard))} settings={settings} />
  const every = intervals.find((one) => one === String(draft.refreshSeconds)) ?? 'never'
  return (
    <div className="flex flex-wrap items-center gap-2">
      <h2 className="sr-only">{dashboard.title}</h2>
      <input
        aria-label={t('dashboards.name')}
        value={draft.title}
        maxLength={200}
        className={`${fieldClass} w-72 font-semibold`}
        onChange={({ target }) => change({ ...draft, title: target.value })}
      />
      <Select
        label={t('dashboard.every')}
        value={every}
        options={intervals.map((value) => ({ value, text: t(`dashboard.every-${value}`) }))}
        choose={(value) => {
          const { refreshSeconds: _, ...rest } = draft
          change(value === 'never' ? rest : { ...rest, refreshSeconds: Number(value) })
        }}
      />
      <Remove dashboard={dashboard} />
      <div className="ml-auto flex gap-2">
        <Button onClick={add} aria-haspopup="dialog">
          {t('dashboard.add')}
        </Button>
        <Button onClick={() => change(undefined)}>{t('dashboard.cancel')}</Button>
        <Button isPrimary disabled={isSaving || draft.title.trim() === ''} onClick={save}>
          {t('dashboard.save')}
        </Button>
      </div>
    </div>
  )
}

/** What was decided, without what the server says besides. */
function draftOf(dashboard: DashboardAnswer): Draft {
  const { slug, title, description, zone, parameters, tiles, refreshSeconds, version } = dashboard
  const base = { slug, title, description, zone, parameters, tiles, version }
  return refreshSeconds === undefined ? base : { ...base, refreshSeconds }
}

interface ShownHeadProps {
  readonly dashboard: DashboardAnswer
  readonly edit: () => void
  readonly settings: Settings
}

function ShownHead({ dashboard, edit, settings }: ShownHeadProps) {
  const t = useWords(dashboardWords)
  const { tv } = useRead(useSearch({ from }), readDashboardSearch)
  const navigate = useNavigate({ from })
  const setTv = (isOn: boolean): void => void navigate({ search: (now) => ({ ...now, tv: isOn ? true : undefined }) })
  useEffect(() => {
    if (tv !== true) return undefined
    function onKey(event: globalThis.KeyboardEvent): void {
      if (event.key === 'Escape') setTv(false)
    }
    document.addEventListener('keydown', onKey)
    return () => document.removeEventListener('keydown', onKey)
  })
  return (
    <div className="flex flex-wrap items-center gap-x-3 gap-y-1">
      <div className="mr-auto min-w-0">
        {tv !== true && (
          <Link to="/dashboards" className="inline-flex min-h-6 items-center text-muted hover:text-text">
            {t('dashboards.title')}
          </Link>
        )}
        <h2 className="truncate text-base font-semibold">
          <bdi>{dashboard.title}</bdi>
        </h2>
      </div>
      <AsOf id={dashboard.id} />
      <Button onClick={() => setTv(tv !== true)}>{t(tv === true ? 'dashboard.leave-tv' : 'dashboard.tv')}</Button>
      {tv !== true && <MailIt dashboard={dashboard} settings={settings} />}
      {tv !== true && dashboard.isMine && (
        <Button onClick={() => void copyText(`${JSON.stringify(fileOf(dashboard), undefined, 2)}\n`)}>
          {t('dashboard.export')}
        </Button>
      )}
      {tv !== true && dashboard.isMine && <Button onClick={edit}>{t('dashboard.edit')}</Button>}
    </div>
  )
}

/** For whoever may make reports (portal/api/role-routes.ts). */
function MailIt({ dashboard, settings }: Pick<ShownHeadProps, 'dashboard' | 'settings'>) {
  const t = useWords(dashboardWords)
  const me = useMe()
  const [isOpen, setOpen] = useState(false)
  if (me === undefined || me.role === 'viewer' || me.role === 'support') return null
  return (
    <>
      <Button aria-haspopup="dialog" onClick={() => setOpen(true)}>
        {t('dashboard.mail')}
      </Button>
      {isOpen && (
        <Suspense>
          <MailDialog dashboard={dashboard} settings={settings} close={() => setOpen(false)} />
        </Suspense>
      )}
    </>
  )
}

/** As `millpond dashboard import` reads it. */
function fileOf(dashboard: DashboardAnswer): object {
  const { slug, title, description, zone, refreshSeconds, parameters, tiles } = dashboard
  return { slug, title, description, zone, refreshSeconds, parameters, tiles }
}

/** When the oldest of what is shown was asked for. */
function AsOf({ id }: { readonly id: string }) {
  const t = useWords(dashboardWords)
  const client = useQueryClient()
  const isAsking = useIsFetching({ queryKey: ['tile', id] }) > 0
  const [oldestMs, setOldestMs] = useState<number | undefined>()
  useEffect(() => {
    const known = client
      .getQueryCache()
      .findAll({ queryKey: ['tile', id], type: 'active' })
      .map(({ state }) => state.dataUpdatedAt)
      .filter((ms) => ms > 0)
    setOldestMs(known.length === 0 ? undefined : Math.min(...known))
  }, [client, id, isAsking])
  return (
    <>
      {oldestMs !== undefined && (
        <p role="status" className="text-muted tabular-nums">
          {t('dashboard.as-of', { time: new Date(oldestMs).toLocaleTimeString('en-GB') })}
        </p>
      )}
      <Button disabled={isAsking} onClick={() => void client.invalidateQueries({ queryKey: ['tile', id] })}>
        {t('dashboard.refresh')}
      </Button>
    </>
  )
}

function Remove({ dashboard }: { readonly dashboard: DashboardAnswer }) {
  const t = useWords(dashboardWords)
  const client = useQueryClient()
  const navigate = useNavigate()
  const [isSure, setSure] = useState(false)
  const remove = useMutation({
    mutationFn: async () => call('DELETE /api/dashboards/:id', { params: { id: dashboard.id } }),
    onSuccess: async () => {
      await client.invalidateQueries({ queryKey: ['dashboards'] })
      await navigate({ to: '/dashboards' })
    },
    onError: (error) => say(messageOf(error), true),
  })
  return (
    <Button className="text-bad" onClick={() => (isSure ? remove.mutate() : setSure(true))}>
      {t(isSure ? 'dashboard.remove-sure' : 'dashboard.remove')}
    </Button>
  )
}
