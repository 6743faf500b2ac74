// A dashboard by mail: the reports that there are of it, and a new one. Whoever only looks never loads it.
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'

import type { AlertRoute } from '../../api/alert-answers.ts'
import type { ReportAnswer } from '../../api/report-answers.ts'
import { useRoutes } from '../alerts/use-alerts.ts'
import { messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { WhenFields } from '../schedules/when-fields.tsx'
import { Dialog } from '../shell/dialog.tsx'
import { Button, fieldClass } from '../shell/parts.tsx'
import { say } from '../shell/toast.tsx'
import { useWords } from '../words/words.ts'
import { mailWords } from './mail-words.ts'
import type { Settings } from './use-dashboard.ts'

interface MailDialogProps {
  readonly dashboard: { readonly slug: string; readonly title: string; readonly zone: string }
  /** As they are chosen on the page: what a new report fixes. */
  readonly settings: Settings
  readonly close: () => void
}

export function MailDialog({ dashboard, settings, close }: MailDialogProps) {
  const t = useWords(mailWords)
  const { data, error } = useQuery({
    queryKey: ['reports'],
    refetchInterval: 5_000,
    queryFn: async ({ signal }) => (await call('GET /api/reports', { signal })).reports,
  })
  const own = data?.filter((report) => report.dashboard === dashboard.slug) ?? []
  return (
    <Dialog label={t('mail.title')} close={close}>
      <div className="grid max-h-[80vh] gap-4 overflow-auto p-4">
        <h2 className="font-semibold">{t('mail.title')}</h2>
        {error !== null && (
          <p role="alert" className="text-bad">
            {messageOf(error)}
          </p>
        )}
        {own.length > 0 && (
          <ul className="grid gap-2">
            {own.map((report) => (
              <Mailed key={report.id} report={report} />
            ))}
          </ul>
        )}
        <NewReport dashboard={dashboard} settings={settings} />
        <Button className="justify-self-end" onClick={close}>
          {t('mail.close')}
        </Button>
      </div>
    </Dialog>
  )
}

function Mailed({ report }: { readonly report: ReportAnswer }) {
  const t = useWords(mailWords)
  const client = useQueryClient()
  const { id, name, isEnabled, nextTimes, lastMail, routes } = report
  const act = useMutation({
    mutationFn: async (what: 'send' | 'pause' | 'resume' | 'remove') =>
      what === 'remove'
        ? call('DELETE /api/reports/:id', { params: { id } })
        : call(`POST /api/reports/:id/${what}`, { params: { id } }),
    onSuccess: async (_done, what) => {
      if (what === 'send') say(t('mail.on-its-way'))
      await client.invalidateQueries({ queryKey: ['reports'] })
    },
    onError: (error) => say(messageOf(error), true),
  })
  const next = nextTimes[0]
  return (
    <li className="grid gap-1 rounded-md border border-line p-3">
      <div className="flex flex-wrap items-center gap-2">
        <bdi className="mr-auto font-medium">{name}</bdi>
        <Button aria-label={t('mail.send-one', { name })} onClick={() => act.mutate('send')}>
          {t('mail.send')}
        </Button>
        <Button onClick={() => act.mutate(isEnabled ? 'pause' : 'resume')}>
          {t(isEnabled ? 'mail.pause' : 'mail.resume')}
        </Button>
        <Button className="text-bad" aria-label={t('mail.remove-one', { name })} onClick={() => act.mutate('remove')}>
          {t('mail.remove')}
        </Button>
      </div>
      <p className="text-muted">
        {t('mail.to', { routes: routes.join(', ') })} ·{' '}
        {isEnabled && next !== undefined ? t('mail.next', { time: timeText(next) }) : t('mail.paused')}
      </p>
      {lastMail !== null && (
        <p className={lastMail.state === 'failed' ? 'text-bad' : 'text-muted'}>
          {t('mail.last', { time: timeText(lastMail.due) })} {t(`mail.${lastMail.state}`)}
          {lastMail.note !== '' && <bdi> · {lastMail.note}</bdi>}
        </p>
      )}
    </li>
  )
}

function NewReport({ dashboard, settings }: Omit<MailDialogProps, 'close'>) {
  const t = useWords(mailWords)
  const client = useQueryClient()
  const routes = useRoutes()?.filter(({ kind }) => kind === 'email')
  const [draft, setDraft] = useState({
    name: dashboard.title,
    cron: '0 8 * * 1',
    zone: dashboard.zone,
    skipsEmpty: false,
  })
  const [chosen, setChosen] = useState<readonly string[]>([])
  const add = useMutation({
    mutationFn: async () =>
      call('POST /api/reports', {
        body: { ...draft, dashboard: dashboard.slug, parameters: settings, routes: chosen },
      }),
    onSuccess: async () => client.invalidateQueries({ queryKey: ['reports'] }),
  })
  if (routes?.length === 0) return <p className="text-muted">{t('mail.no-routes')}</p>
  return (
    <form
      className="grid gap-3"
      onSubmit={(event) => {
        event.preventDefault()
        add.mutate()
      }}
    >
      <label className="grid gap-1">
        <span className="text-muted">{t('mail.name')}</span>
        <input
          required
          maxLength={200}
          className={fieldClass}
          value={draft.name}
          onChange={({ target }) => setDraft({ ...draft, name: target.value })}
        />
      </label>
      <WhenFields draft={draft} edit={(part) => setDraft({ ...draft, ...part })} />
      <Routes routes={routes ?? []} chosen={chosen} choose={setChosen} />
      <label className="flex min-h-6 items-center gap-1.5">
        <input
          type="checkbox"
          checked={draft.skipsEmpty}
          onChange={({ target }) => setDraft({ ...draft, skipsEmpty: target.checked })}
        />
        {t('mail.skips-empty')}
      </label>
      {add.error !== null && (
        <p role="alert" className="text-bad">
          {messageOf(add.error)}
        </p>
      )}
      <Button type="submit" isPrimary className="justify-self-start" disabled={add.isPending || chosen.length === 0}>
        {t('mail.add')}
      </Button>
    </form>
  )
}

interface RoutesProps {
  readonly routes: readonly AlertRoute[]
  readonly chosen: readonly string[]
  readonly choose: (names: readonly string[]) => void
}

function Routes({ routes, chosen, choose }: RoutesProps) {
  const t = useWords(mailWords)
  return (
    <fieldset className="flex min-w-0 flex-wrap gap-3">
      <legend className="mb-1 text-muted">{t('mail.whom')}</legend>
      {routes.map(({ name, settings: { to } }) => (
        <label key={name} className="flex min-h-6 items-center gap-1.5">
          <input
            type="checkbox"
            checked={chosen.includes(name)}
            onChange={({ target }) => choose(target.checked ? [...chosen, name] : chosen.filter((one) => one !== name))}
          />
          {name} <bdi className="text-muted">{to}</bdi>
        </label>
      ))}
    </fieldset>
  )
}

/** Of the reader's clock, to the minute. */
function timeText(iso: string): string {
  return new Date(iso).toLocaleString('sv', { dateStyle: 'short', timeStyle: 'short' })
}
