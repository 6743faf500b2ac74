// From a result to a tile: what was asked, with its chart, goes onto a dashboard that there is, or onto a new one.
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'

import type { QueryAsked } from '../../api/answers.ts'
import type { DashboardAnswer, Tile } from '../../api/dashboard-answers.ts'
import type { JsonValue, ParameterDefinition } from '../../api/job-answers.ts'
import { messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { useDashboards } from '../asking/dashboards.ts'
import { Dialog } from '../shell/dialog.tsx'
import { fieldText } from '../shell/form.ts'
import { Button, fieldClass, Select } from '../shell/parts.tsx'
import { say } from '../shell/toast.tsx'
import { useWords } from '../words/words.ts'
import { newDashboard } from './dashboards-page.tsx'
import { freePlace } from './grid.ts'
import { dashboardWords } from './words.ts'

interface AddTileProps {
  readonly asked: QueryAsked
  readonly chart: Readonly<Record<string, unknown>>
  /** Of the tile, to begin with. */
  readonly title: string
  readonly close: () => void
}

const isNew = ''

export function AddTile({ asked, chart, title, close }: AddTileProps) {
  const t = useWords(dashboardWords)
  const client = useQueryClient()
  const navigate = useNavigate()
  const dashboards = useDashboards()
  const [chosen, setChosen] = useState<string | undefined>()
  const target = chosen ?? dashboards?.[0]?.id ?? isNew
  const add = useMutation({
    mutationFn: async ({ tileTitle, dashboardTitle }: { tileTitle: string; dashboardTitle: string }) => {
      const found =
        target === isNew
          ? await call('POST /api/dashboards', { body: newDashboard(dashboardTitle) })
          : await call('GET /api/dashboards/:id', { params: { id: target } })
      return call('PUT /api/dashboards/:id', {
        params: { id: found.id },
        body: withTile(found, asked, chart, tileTitle),
      })
    },
    onSuccess: async (saved) => {
      client.setQueryData(['dashboard', saved.slug], saved)
      await client.invalidateQueries({ queryKey: ['dashboards'] })
      close()
      say(t('tile.added', { title: saved.title }))
      await navigate({ to: '/d/$slug', params: { slug: saved.slug } })
    },
  })
  function onSubmit(event: FormEvent<HTMLFormElement>): void {
    event.preventDefault()
    const form = event.currentTarget
    add.mutate({ tileTitle: fieldText(form, 'title'), dashboardTitle: fieldText(form, 'dashboard') })
  }
  return (
    <Dialog label={t('tile.add')} close={close}>
      <form className="grid gap-3 p-4" onSubmit={onSubmit}>
        <h2 className="font-medium">{t('tile.add')}</h2>
        <label className="grid gap-1">
          {t('tile.title')}
          <input name="title" defaultValue={title} maxLength={200} autoFocus className={fieldClass} />
        </label>
        <Select
          label={t('tile.dashboard')}
          value={target}
          options={[
            ...(dashboards ?? []).map(({ id, title: text }) => ({ value: id, text })),
            { value: isNew, text: t('dashboards.new') },
          ]}
          choose={setChosen}
        />
        {target === isNew && (
          <input
            name="dashboard"
            required
            maxLength={200}
            aria-label={t('dashboards.new-title')}
            placeholder={t('dashboards.new-title')}
            className={fieldClass}
          />
        )}
        {add.error !== null && (
          <p role="alert" className="text-bad">
            {messageOf(add.error)}
          </p>
        )}
        <Buttons isPending={add.isPending} close={close} />
      </form>
    </Dialog>
  )
}

function Buttons({ isPending, close }: { readonly isPending: boolean; readonly close: () => void }) {
  const t = useWords(dashboardWords)
  return (
    <div className="flex justify-end gap-2">
      <Button onClick={close}>{t('dashboard.cancel')}</Button>
      <Button type="submit" isPrimary disabled={isPending}>
        {t('tile.add')}
      </Button>
    </div>
  )
}

/** The values that were asked with become defaults of parameters that the dashboard does not have yet. */
function withTile(
  { slug, title, description, zone, parameters, tiles, refreshSeconds, version }: DashboardAnswer,
  { sql, dialect, parameters: given = [] }: QueryAsked,
  chart: Readonly<Record<string, unknown>>,
  tileTitle: string,
) {
  const isKnown = (name: string): boolean => parameters.some((one) => one.name.toLowerCase() === name.toLowerCase())
  const added = given
    .filter(({ name }) => !isKnown(name))
    .map(({ name, type, value }): ParameterDefinition => ({ name, type, default: { value: value as JsonValue } }))
  const tile: Tile = {
    id: crypto.randomUUID().slice(0, 8),
    title: tileTitle,
    sql,
    dialect,
    chart,
    place: freePlace(tiles),
  }
  const every = refreshSeconds === undefined ? {} : { refreshSeconds }
  const all = { parameters: [...parameters, ...added], tiles: [...tiles, tile] }
  return { slug, title, description, zone, version, ...every, ...all }
}
