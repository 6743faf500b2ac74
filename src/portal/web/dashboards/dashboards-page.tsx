// All dashboards, and a new one.
import { useMutation } from '@tanstack/react-query'
import { Link, useNavigate } from '@tanstack/react-router'
import type { FormEvent } from 'react'

import { messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { useDashboards } from '../asking/dashboards.ts'
import { maySave } from '../asking/saved.ts'
import { fieldText } from '../shell/form.ts'
import { useMe } from '../shell/me.ts'
import { Button, Empty, fieldClass } from '../shell/parts.tsx'
import { Table } from '../shell/table.tsx'
import { useLanguage, useWords } from '../words/words.ts'
import { slugOf } from './use-dashboard.ts'
import { dashboardWords } from './words.ts'

const columns = ['name', 'tiles', 'owner', 'saved'] as const

export function DashboardsPage() {
  const t = useWords(dashboardWords)
  const me = useMe()
  const language = useLanguage()
  const dashboards = useDashboards()
  return (
    <div className="h-full overflow-auto">
      <title>{`${t('dashboards.title')} · Millpond`}</title>
      <div className="mx-auto grid max-w-5xl grid-cols-1 gap-5 p-5">
        <div>
          <h2 className="text-base font-semibold">{t('dashboards.title')}</h2>
          <p className="text-muted">{t('dashboards.text')}</p>
        </div>
        {maySave(me) && <NewDashboard />}
        {dashboards?.length === 0 && (
          <Empty title={t('dashboards.none')}>
            <p className="max-w-prose">{t('dashboards.none-text')}</p>
            <Link to="/sql" className="text-accent underline">
              {t('dashboards.to-sql')}
            </Link>
          </Empty>
        )}
        {dashboards !== undefined && dashboards.length > 0 && (
          <Table
            label={t('dashboards.title')}
            columns={columns.map((name) => ({ name, text: t(`dashboards.${name}`), isRight: name === 'tiles' }))}
          >
            {dashboards.map(({ id, slug, title, description, tiles, owner, savedAt }) => (
              <tr key={id} className="border-t border-line hover:bg-sunken">
                <th scope="row" className="p-0 font-medium">
                  <Link to="/d/$slug" params={{ slug }} className="block px-3 py-2">
                    <bdi>{title}</bdi> <span className="font-normal text-muted">{description}</span>
                  </Link>
                </th>
                <td className="px-3 text-right">{tiles}</td>
                <td className="px-3 text-muted">{owner}</td>
                <td className="px-3 text-muted">
                  {new Date(savedAt).toLocaleString(language, { dateStyle: 'medium', timeStyle: 'short' })}
                </td>
              </tr>
            ))}
          </Table>
        )}
      </div>
    </div>
  )
}

function NewDashboard() {
  const t = useWords(dashboardWords)
  const navigate = useNavigate()
  const make = useMutation({
    mutationFn: async (title: string) => call('POST /api/dashboards', { body: newDashboard(title) }),
    onSuccess: async ({ slug }) => navigate({ to: '/d/$slug', params: { slug } }),
  })
  function onSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault()
    make.mutate(fieldText(event.currentTarget, 'title'))
  }
  return (
    <form aria-label={t('dashboards.new')} className="grid gap-2" onSubmit={onSubmit}>
      <div className="flex gap-2">
        <input
          name="title"
          required
          maxLength={200}
          aria-label={t('dashboards.new-title')}
          placeholder={t('dashboards.new-title')}
          className={`${fieldClass} w-72`}
        />
        <Button type="submit" isPrimary disabled={make.isPending}>
          {t('dashboards.make')}
        </Button>
      </div>
      {make.error !== null && (
        <p role="alert" className="text-bad">
          {messageOf(make.error)}
        </p>
      )}
    </form>
  )
}

/** Without a letter or digit in its title it is named after the day. */
export function newDashboard(title: string) {
  const slug = slugOf(title) || new Date().toISOString().slice(0, 10)
  const { timeZone: zone } = new Intl.DateTimeFormat().resolvedOptions()
  return { slug, title, description: '', zone, parameters: [], tiles: [] }
}
