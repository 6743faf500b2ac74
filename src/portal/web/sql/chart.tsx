// The result as a chart. Its kind and columns stand in the address.
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useMemo } from 'react'

import { readChart } from '../../../charts/read-chart.ts'
import type { QueryRows } from '../asking/run-query.ts'
import { ChartControls, ChartView } from '../charts/chart-view.tsx'

const height = 320

export function Chart({ rows }: { readonly rows: QueryRows }) {
  const given = useSearch({ from: '/sql' }).chart
  const navigate = useNavigate({ from: '/sql' })
  const chart = useMemo(() => readChart(given), [given])
  return (
    <div className="grid h-full grid-rows-[auto_1fr] gap-3 overflow-auto p-3">
      <ChartControls
        columns={rows.columns}
        chart={chart}
        change={(next) => void navigate({ search: (now) => ({ ...now, chart: { ...next } }), replace: true })}
      />
      <ChartView rows={rows} chart={chart} height={height} />
    </div>
  )
}
