// The result as a chart. Its kind and columns stand in the address.
import { useNavigate, useSearch } from '@tanstack/react-router'
import { lazy, Suspense, useMemo, useState } from 'react'

import { readChart } from '../../../charts/read-chart.ts'
import type { QueryAsked } from '../../api/answers.ts'
import type { QueryRows } from '../asking/run-query.ts'
import { maySave } from '../asking/saved.ts'
import { ChartControls, ChartView } from '../charts/chart-view.tsx'
import { dashboardWords } from '../dashboards/words.ts'
import { useMe } from '../shell/me.ts'
import { Button } from '../shell/parts.tsx'
import { useWords } from '../words/words.ts'

const AddTile = lazy(async () => ({ default: (await import('../dashboards/add-tile.tsx')).AddTile }))

const height = 320

interface ChartProps {
  readonly rows: QueryRows
  /** What they answer; absent while they come. */
  readonly asked: QueryAsked | undefined
  /** Of the query, if it has one. */
  readonly title: string
}

export function Chart({ rows, asked, title }: ChartProps) {
  const t = useWords(dashboardWords)
  const me = useMe()
  const [isAdding, setAdding] = useState(false)
  const given = useSearch({ from: '/sql' }).chart
  const navigate = useNavigate({ from: '/sql' })
  const chart = useMemo(() => readChart(given), [given])
  return (
    <div className="grid h-full grid-rows-[auto_1fr] gap-3 overflow-auto p-3">
      <div className="flex flex-wrap items-center gap-2">
        <ChartControls
          columns={rows.columns}
          chart={chart}
          change={(next) => void navigate({ search: (now) => ({ ...now, chart: { ...next } }), replace: true })}
        />
        {asked !== undefined && maySave(me) && (
          <Button className="ml-auto" aria-haspopup="dialog" onClick={() => setAdding(true)}>
            {t('tile.add')}
          </Button>
        )}
      </div>
      <ChartView rows={rows} chart={chart} height={height} />
      {isAdding && asked !== undefined && (
        <Suspense>
          <AddTile asked={asked} chart={{ ...chart }} title={title} close={() => setAdding(false)} />
        </Suspense>
      )}
    </div>
  )
}
