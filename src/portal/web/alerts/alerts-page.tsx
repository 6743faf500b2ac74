// All alerts and their states; for administrators the routes on which they tell people.
import { Link } from '@tanstack/react-router'

import type { AlertAnswer } from '../../api/alert-answers.ts'
import { messageOf } from '../asking/ask.ts'
import { maySave } from '../asking/saved.ts'
import { linkClass } from '../shell/link-class.ts'
import { useMe } from '../shell/me.ts'
import { Empty } from '../shell/parts.tsx'
import { Table } from '../shell/table.tsx'
import { useWords } from '../words/words.ts'
import { Routes } from './routes.tsx'
import { StateMark, useMoment } from './state-mark.tsx'
import { useAlerts } from './use-alerts.ts'
import { alertWords } from './words.ts'

const columns = ['name', 'state', 'condition', 'next', 'owner'] as const

export function AlertsPage() {
  const t = useWords(alertWords)
  const me = useMe()
  const { data: alerts, error } = useAlerts()
  return (
    <div className="h-full overflow-auto">
      <title>{`${t('alerts.title')} · Millpond`}</title>
      <div className="mx-auto grid max-w-5xl grid-cols-1 gap-5 p-5">
        <div className="flex flex-wrap items-start justify-between gap-3">
          <div>
            <h2 className="text-base font-semibold">{t('alerts.title')}</h2>
            <p className="text-muted">{t('alerts.text')}</p>
          </div>
          {maySave(me) && (
            <Link to="/alerts/new" className={linkClass}>
              {t('alerts.new')}
            </Link>
          )}
        </div>
        {error !== null && (
          <p role="alert" className="text-bad">
            {messageOf(error)}
          </p>
        )}
        {alerts?.length === 0 && (
          <div className="rounded-md border border-line bg-card py-8">
            <Empty title={t('alerts.none')}>
              <p className="max-w-prose">{t('alerts.none-text')}</p>
            </Empty>
          </div>
        )}
        {alerts !== undefined && alerts.length > 0 && (
          <Table label={t('alerts.title')} columns={columns.map((name) => ({ name, text: t(`alerts.${name}`) }))}>
            {alerts.map((alert) => (
              <Row key={alert.id} alert={alert} />
            ))}
          </Table>
        )}
        {me?.role === 'admin' && <Routes />}
      </div>
    </div>
  )
}

function Row({ alert }: { readonly alert: AlertAnswer }) {
  const moment = useMoment()
  const { id, name, condition, nextAt, isEnabled, owner } = alert
  return (
    <tr className="border-t border-line hover:bg-sunken">
      <th scope="row" className="p-0 font-medium">
        <Link to="/alerts/$id" params={{ id }} className="block px-3 py-2">
          <bdi>{name}</bdi>
        </Link>
      </th>
      <td className="px-3">
        <StateMark alert={alert} />
      </td>
      <td className="px-3 text-muted">{condition}</td>
      <td className="px-3 whitespace-nowrap text-muted">{isEnabled ? moment(nextAt) : '–'}</td>
      <td className="px-3 text-muted">{owner}</td>
    </tr>
  )
}
