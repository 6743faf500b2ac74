// One tile: its chart, of the newest rows that there are, and what is wrong if there are none.
import { Link } from '@tanstack/react-router'
import { lazy, type ReactNode, Suspense, useMemo } from 'react'

import type { ChartData, Datum } from '../../../charts/chart.ts'
import { readChart } from '../../../charts/read-chart.ts'
import type { DashboardAnswer, Tile } from '../../api/dashboard-answers.ts'
import { messageOf } from '../asking/ask.ts'
import { ChartView } from '../charts/chart-view.tsx'
import { Icon } from '../shell/icon.tsx'
import { Panel } from '../shell/panel.tsx'
import { Empty } from '../shell/parts.tsx'
import { useWords } from '../words/words.ts'
import { type Settings, useTileRows } from './use-dashboard.ts'
import { dashboardWords } from './words.ts'

const Grid = lazy(async () => ({ default: (await import('../sql/grid.tsx')).Grid }))

export const rowPixels = 44
export const gapPixels = 12
const headPixels = 40
const paddingPixels = 14

interface TileViewProps {
  readonly dashboard: DashboardAnswer
  readonly tile: Tile
  readonly settings: Settings
  /** What stands in its head while it is edited. */
  readonly handles?: ReactNode
  readonly pick?: ((datum: Datum, data: ChartData) => void) | undefined
}

export function TileView({ dashboard, tile, settings, handles, pick }: TileViewProps) {
  const t = useWords(dashboardWords)
  const title = tile.title || t('tile.untitled')
  const isSaved = dashboard.tiles.some(
    ({ id, sql, query, dialect }) =>
      id === tile.id && sql === tile.sql && query === tile.query && dialect === tile.dialect,
  )
  return (
    <section
      aria-label={title}
      className="flex h-full min-w-0 flex-col overflow-hidden rounded-md border border-line bg-card"
    >
      <div className="flex min-h-10 items-center gap-2 px-3">
        <h3 className="min-w-0 flex-1 truncate font-medium" title={title}>
          <bdi>{title}</bdi>
        </h3>
        {handles ?? (
          <Link
            to="/sql"
            search={tile.query === undefined ? { sql: tile.sql, dialect: tile.dialect } : { saved: tile.query }}
            aria-label={t('tile.open', { title })}
            className="grid size-6 place-items-center rounded text-muted hover:bg-sunken hover:text-text"
          >
            <Icon name="open" />
          </Link>
        )}
      </div>
      <div className="min-h-0 flex-1 px-3 pb-3">
        <Panel>
          {isSaved ? (
            <Rows dashboard={dashboard} tile={tile} title={title} settings={settings} pick={pick} />
          ) : (
            <p className="text-muted">{t('dashboard.unsaved')}</p>
          )}
        </Panel>
      </div>
    </section>
  )
}

function Rows({ dashboard, tile, title, settings, pick }: TileViewProps & { readonly title: string }) {
  const t = useWords(dashboardWords)
  const { data, error, isPending } = useTileRows(dashboard, tile.id, settings)
  const chart = useMemo(
    () => ({ zone: dashboard.zone, ...readChart(tile.chart, 'table') }),
    [tile.chart, dashboard.zone],
  )
  if (error !== null)
    return (
      <p role="alert" className="overflow-auto text-bad">
        {messageOf(error)}
      </p>
    )
  if (isPending) return <div aria-busy className="h-full animate-pulse rounded-md bg-sunken" />
  if (data === undefined || data.count === 0) return <Empty title={t('tile.no-rows')} />
  if (chart.kind === 'table')
    return (
      <Suspense>
        <Grid rows={data} label={title} />
      </Suspense>
    )
  const { height } = tile.place
  const pixels = height * rowPixels + (height - 1) * gapPixels - headPixels - paddingPixels
  return <ChartView rows={data} chart={chart} height={Math.max(40, pixels)} title={title} pick={pick} />
}
