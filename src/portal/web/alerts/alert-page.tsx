// One alert: its states now, how they changed, and whom it told.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useParams } from '@tanstack/react-router'
import { useState } from 'react'

import type { AlertAnswer, AlertHistoryAnswer, AlertMessageAnswer } from '../../api/alert-answers.ts'
import { ApiError, messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { maySave } from '../asking/saved.ts'
import { useMe } from '../shell/me.ts'
import { Button, Empty } from '../shell/parts.tsx'
import { Table } from '../shell/table.tsx'
import { say } from '../shell/toast.tsx'
import { useWords } from '../words/words.ts'
import { draftOf } from './draft.ts'
import { EditAlert } from './edit-alert.tsx'
import { StateMark, StateWord, useMoment } from './state-mark.tsx'
import { useAlert, useHistory } from './use-alerts.ts'
import { alertWords } from './words.ts'

export function AlertPage() {
  const t = useWords(alertWords)
  const { id } = useParams({ from: '/alerts/$id' })
  const { data: alert, error } = useAlert(id)
  const [isEditing, setEditing] = useState(false)
  if (error instanceof ApiError && error.status === 404)
    return (
      <Empty title={t('alerts.gone')}>
        <Link to="/alerts" className="text-accent underline">
          {t('alerts.title')}
        </Link>
      </Empty>
    )
  if (error !== null)
    return (
      <p role="alert" className="m-3 rounded-md bg-bad-soft p-3 text-bad">
        {messageOf(error)}
      </p>
    )
  if (alert === undefined) return <div aria-busy className="m-5 h-24 animate-pulse rounded-md bg-sunken" />
  return (
    <div className="h-full overflow-auto">
      <title>{`${alert.name} · Millpond`}</title>
      <div className="mx-auto grid max-w-4xl grid-cols-1 gap-5 p-5">
        <div className="grid gap-1">
          <Link to="/alerts" className="inline-flex min-h-6 items-center justify-self-start text-muted hover:text-text">
            {t('alerts.title')}
          </Link>
          <div className="flex flex-wrap items-center gap-3">
            <h2 className="text-base font-semibold">
              <bdi>{alert.name}</bdi>
            </h2>
            <StateMark alert={alert} />
          </div>
          <p className="text-muted">{alert.condition}</p>
        </div>
        {isEditing ? (
          <EditAlert
            id={alert.id}
            initial={draftOf(alert.name, alert.definition)}
            saved={() => setEditing(false)}
            cancel={() => setEditing(false)}
          />
        ) : (
          <>
            <Acts alert={alert} edit={() => setEditing(true)} />
            {alert.definition.runbook !== '' && <p className="whitespace-pre-wrap">{alert.definition.runbook}</p>}
            <Groups alert={alert} />
            <History id={alert.id} />
          </>
        )}
      </div>
    </div>
  )
}

function Acts({ alert, edit }: { readonly alert: AlertAnswer; readonly edit: () => void }) {
  const t = useWords(alertWords)
  const me = useMe()
  const client = useQueryClient()
  const navigate = useNavigate()
  const [isSure, setSure] = useState(false)
  const params = { id: alert.id }
  const act = useMutation({
    mutationFn: async (work: () => Promise<unknown>) => work(),
    onSuccess: async () => client.invalidateQueries({ queryKey: ['alerts'] }),
    onError: (error) => say(messageOf(error), true),
  })
  if (!maySave(me)) return null
  const minutes = alert.mutedUntil === null ? 60 : 0
  return (
    <div className="flex flex-wrap gap-2">
      <Button onClick={() => act.mutate(async () => call('POST /api/alerts/:id/mute', { params, body: { minutes } }))}>
        {t(alert.mutedUntil === null ? 'alerts.mute' : 'alerts.unmute')}
      </Button>
      {alert.isMine && (
        <>
          <Button
            onClick={() =>
              act.mutate(async () =>
                alert.isEnabled
                  ? call('POST /api/alerts/:id/pause', { params })
                  : call('POST /api/alerts/:id/resume', { params }),
              )
            }
          >
            {t(alert.isEnabled ? 'alerts.pause' : 'alerts.resume')}
          </Button>
          <Button
            disabled={alert.definition.routes.length === 0}
            onClick={() =>
              act.mutate(async () => {
                await call('POST /api/alerts/:id/test', { params })
                say(t('alerts.tested'))
              })
            }
          >
            {t('alerts.test')}
          </Button>
          <Button onClick={edit}>{t('alerts.edit')}</Button>
          <Button
            className="text-bad"
            onClick={() => {
              if (!isSure) setSure(true)
              else
                act.mutate(async () => {
                  await call('DELETE /api/alerts/:id', { params })
                  await navigate({ to: '/alerts' })
                })
            }}
          >
            {t(isSure ? 'alerts.remove-sure' : 'alerts.remove')}
          </Button>
        </>
      )}
    </div>
  )
}

function Groups({ alert: { groups, definition } }: { readonly alert: AlertAnswer }) {
  const t = useWords(alertWords)
  const moment = useMoment()
  if (groups.length === 0) return <p className="text-muted">{t('alerts.not-yet')}</p>
  const names = ['group', 'state', 'value', 'since'] as const
  const shown = definition.groupBy === undefined ? names.slice(1) : names
  return (
    <Table label={t('alerts.groups')} columns={shown.map((name) => ({ name, text: t(`alerts.${name}`) }))}>
      {groups.map(({ group, state, value, since, error }) => (
        <tr key={group} className="border-t border-line">
          {definition.groupBy !== undefined && (
            <th scope="row" className="px-3 py-1 font-medium">
              <bdi>{group}</bdi>
            </th>
          )}
          <td className="px-3 py-1">
            <StateWord state={state} /> {error !== '' && <span className="text-bad">{error}</span>}
          </td>
          <td className="px-3">{value ?? '–'}</td>
          <td className="px-3 text-muted">{moment(since)}</td>
        </tr>
      ))}
    </Table>
  )
}

function History({ id }: { readonly id: string }) {
  const t = useWords(alertWords)
  const { data } = useHistory(id)
  if (data === undefined) return null
  return (
    <>
      <section aria-label={t('alerts.history')} className="grid grid-cols-1 gap-2">
        <h3 className="font-medium">{t('alerts.history')}</h3>
        {data.changes.length === 0 ? <p className="text-muted">{t('alerts.no-history')}</p> : <Changes {...data} />}
      </section>
      <section aria-label={t('alerts.messages')} className="grid grid-cols-1 gap-2">
        <h3 className="font-medium">{t('alerts.messages')}</h3>
        {data.messages.length === 0 ? <p className="text-muted">{t('alerts.no-messages')}</p> : <Messages {...data} />}
      </section>
    </>
  )
}

function Changes({ changes }: AlertHistoryAnswer) {
  const t = useWords(alertWords)
  const moment = useMoment()
  const names = ['when', 'group', 'change', 'value'] as const
  return (
    <Table label={t('alerts.history')} columns={names.map((name) => ({ name, text: t(`alerts.${name}`) }))}>
      {changes.map(({ at, group, from, to, value, error }) => (
        <tr key={`${at} ${group} ${to}`} className="border-t border-line">
          <td className="px-3 py-1 whitespace-nowrap text-muted">{moment(at)}</td>
          <td className="px-3">
            <bdi>{group}</bdi>
          </td>
          <td className="px-3">
            <span className="text-muted">{t(`alerts.${from}`)} → </span>
            <StateWord state={to} />
          </td>
          <td className="px-3">{error === '' ? (value ?? '–') : <span className="text-bad">{error}</span>}</td>
        </tr>
      ))}
    </Table>
  )
}

function Messages({ messages }: AlertHistoryAnswer) {
  const t = useWords(alertWords)
  const moment = useMoment()
  const names = ['when', 'route', 'what', 'became'] as const
  return (
    <Table label={t('alerts.messages')} columns={names.map((name) => ({ name, text: t(`alerts.${name}`) }))}>
      {messages.map((message) => (
        <tr key={`${message.id} ${message.route}`} className="border-t border-line">
          <td className="px-3 py-1 whitespace-nowrap text-muted">{moment(message.at)}</td>
          <td className="px-3">{message.route}</td>
          <td className="px-3">
            {message.what} <bdi className="text-muted">{message.group}</bdi>
          </td>
          <td className="px-3">
            <Became message={message} />
          </td>
        </tr>
      ))}
    </Table>
  )
}

function Became({ message: { sentAt, failedAt, attempts, error } }: { readonly message: AlertMessageAnswer }) {
  const t = useWords(alertWords)
  if (sentAt !== null) return <span className="text-good">{t('alerts.sent')}</span>
  if (failedAt !== null) return <span className="text-bad">{t('alerts.given-up', { error })}</span>
  if (attempts === 0) return <span className="text-muted">{t('alerts.on-its-way')}</span>
  return <span className="text-warn">{t('alerts.waiting', { count: attempts, error })}</span>
}
