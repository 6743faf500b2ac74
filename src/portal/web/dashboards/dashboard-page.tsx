// One dashboard: looked at, and edited by whoever may.
//
//   shown ──edit──▶ edited (a draft, seen by nobody else) ──save──▶ a new version, shown
//                         └──cancel──▶ shown
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { Link, useNavigate, useParams, useSearch } from '@tanstack/react-router'
import { lazy, type ReactNode, Suspense, useEffect, useMemo, useState } from 'react'

import type { ChartData, Datum } from '../../../charts/chart.ts'
import type { DashboardAnswer, DashboardAsked, Tile } from '../../api/dashboard-answers.ts'
import type { ParameterDefinition } from '../../api/job-answers.ts'
import { ApiError, messageOf } from '../asking/ask.ts'
import { call } from '../asking/call.ts'
import { Empty } from '../shell/parts.tsx'
import { useRead } from '../shell/use-read.ts'
import { useWords } from '../words/words.ts'
import { freePlace } from './grid.ts'
import { Head } from './head.tsx'
import { ParameterBar } from './parameter-bar.tsx'
import { readDashboardSearch } from './search.ts'
import { Tiles } from './tiles.tsx'
import { settingsOf, useDashboard, useParameterForm } from './use-dashboard.ts'
import { dashboardWords } from './words.ts'

/** Whoever only looks never loads it. */
const TileDialog = lazy(async () => ({ default: (await import('./tile-dialog.tsx')).TileDialog }))

const from = '/d/$slug'

export function DashboardPage() {
  const t = useWords(dashboardWords)
  const { slug } = useParams({ from })
  const { data, error } = useDashboard(slug)
  if (error instanceof ApiError && error.status === 404)
    return (
      <Empty title={t('dashboard.gone')}>
        <p>{t('dashboard.gone-text')}</p>
        <Link to="/dashboards" className="text-accent underline">
          {t('dashboards.title')}
        </Link>
      </Empty>
    )
  if (error !== null)
    return (
      <p role="alert" className="m-3 rounded-md bg-bad-soft p-3 text-bad">
        {messageOf(error)}
      </p>
    )
  if (data === undefined) return <div aria-busy className="m-5 h-24 animate-pulse rounded-md bg-sunken" />
  return <Shown key={data.id} dashboard={data} />
}

/** A click on a number asks the others about the same: if a parameter is called as the column, or offers the series. */
function pick(
  parameters: readonly ParameterDefinition[],
  { row, series }: Datum,
  { along, labels, series: all }: ChartData,
  setValue: (name: string, value: { readonly value: string }) => void,
): void {
  const parameter = parameters.find(({ name }) => name.toLowerCase() === along.toLowerCase())
  const name = all[series]?.name ?? ''
  const offering = parameters.find(({ choices }) => choices?.includes(name) === true)
  if (parameter !== undefined) setValue(parameter.name, { value: labels[row] ?? '' })
  else if (offering !== undefined) setValue(offering.name, { value: name })
}

export interface Draft extends DashboardAsked {
  /** The one that is being changed. */
  readonly version: number
}

function Shown({ dashboard }: { readonly dashboard: DashboardAnswer }) {
  const search = useRead(useSearch({ from }), readDashboardSearch)
  const navigate = useNavigate({ from })
  const { draft, setDraft, save } = useDraft(dashboard)
  const [edited, setEdited] = useState<Tile | undefined>()
  const { parameters, zone } = dashboard
  const values = useMemo(() => search.values ?? {}, [search.values])
  const settings = useMemo(() => settingsOf(parameters, values), [parameters, values])
  const form = useParameterForm(parameters, zone, settings).data
  const setValue = (name: string, value: { readonly value: string } | { readonly relative: string }): void =>
    void navigate({ search: (now) => ({ ...now, values: { ...now.values, [name]: value } }), replace: true })

  const keep = (tile: Tile): void => {
    if (draft === undefined) return
    const others = draft.tiles.filter(({ id }) => id !== tile.id)
    setDraft({ ...draft, tiles: [...others, tile] })
    setEdited(undefined)
  }

  return (
    <div className={search.tv === true ? 'fixed inset-0 z-30 overflow-auto bg-ground' : 'h-full overflow-auto'}>
      <title>{`${dashboard.title} · Millpond`}</title>
      <div className="grid gap-3 p-4">
        <Head
          dashboard={dashboard}
          draft={draft}
          change={setDraft}
          save={() => draft !== undefined && save.mutate(draft)}
          isSaving={save.isPending}
          add={() => setEdited(newTile(draft?.tiles ?? []))}
          settings={settings}
        />
        {save.error !== null && draft !== undefined && (
          <p role="alert" className="text-bad">
            {messageOf(save.error)}
          </p>
        )}
        <ParameterBar parameters={parameters} zone={zone} values={values} change={setValue} />
        <Body dashboard={dashboard} tiles={draft?.tiles ?? dashboard.tiles}>
          <Tiles
            dashboard={dashboard}
            tiles={draft?.tiles ?? dashboard.tiles}
            settings={settings}
            change={draft === undefined ? undefined : (tiles) => setDraft({ ...draft, tiles })}
            edit={setEdited}
            pick={(datum, data) => pick(parameters, datum, data, setValue)}
          />
        </Body>
      </div>
      {edited !== undefined && draft !== undefined && (
        <Suspense>
          <TileDialog
            tile={edited}
            parameters={parameters.map(({ name, type }) => ({
              name,
              type,
              value: form?.parameters.find((one) => one.name === name)?.value ?? null,
            }))}
            keep={keep}
            remove={() => {
              setDraft({ ...draft, tiles: draft.tiles.filter(({ id }) => id !== edited.id) })
              setEdited(undefined)
            }}
            close={() => setEdited(undefined)}
          />
        </Suspense>
      )}
    </div>
  )
}

interface BodyProps {
  readonly dashboard: DashboardAnswer
  readonly tiles: readonly Tile[]
  readonly children: ReactNode
}

function Body({ dashboard, tiles, children }: BodyProps) {
  const t = useWords(dashboardWords)
  if (tiles.length > 0) return children
  return (
    <Empty title={t('dashboard.empty')}>
      <p>{t('dashboard.empty-text')}</p>
      {dashboard.isMine && (
        <Link to="/sql" className="text-accent underline">
          {t('dashboards.to-sql')}
        </Link>
      )}
    </Empty>
  )
}

function useDraft(dashboard: DashboardAnswer) {
  const client = useQueryClient()
  const navigate = useNavigate({ from })
  const [draft, setDraft] = useState<Draft | undefined>()
  const save = useMutation({
    mutationFn: async (body: Draft) => call('PUT /api/dashboards/:id', { params: { id: dashboard.id }, body }),
    onSuccess: async (saved) => {
      client.setQueryData(['dashboard', saved.slug], saved)
      setDraft(undefined)
      await client.invalidateQueries({ queryKey: ['dashboards'] })
      if (saved.slug !== dashboard.slug) await navigate({ to: '/d/$slug', params: { slug: saved.slug }, replace: true })
    },
  })
  const isEdited = draft !== undefined
  useEffect(() => {
    if (!isEdited) return undefined
    const ask = (event: BeforeUnloadEvent): void => event.preventDefault()
    addEventListener('beforeunload', ask)
    return () => removeEventListener('beforeunload', ask)
  }, [isEdited])
  return { draft, setDraft, save }
}

function newTile(tiles: readonly Tile[]): Tile {
  return { id: crypto.randomUUID().slice(0, 8), title: '', sql: '', chart: { kind: 'line' }, place: freePlace(tiles) }
}
