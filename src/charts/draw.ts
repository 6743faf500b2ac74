// A chart of a result: the one way in for whoever has rows and a choice.
import type { Chart, ChartData, ChartRows, Drawing, Size } from './chart.ts'
import { chartDataOf } from './data.ts'
import { drawBars } from './draw-bars.ts'
import { drawFunnel } from './draw-funnel.ts'
import { drawHeatMap } from './draw-heat-map.ts'
import { drawLines } from './draw-lines.ts'
import { drawNumber } from './draw-number.ts'
import { drawTable } from './draw-table.ts'

/** undefined: the rows hold nothing that this kind could show. `label`: what it is of, for whoever can't see it. */
export function draw(rows: ChartRows, chart: Chart, size: Size, label: string): Drawing | undefined {
  if (chart.kind === 'table') return drawTable(rows, size, label)
  const data = chartDataOf(rows, chart)
  return data && drawData(data, { ...chart, kind: chart.kind }, size, label)
}

export function drawData(
  data: ChartData,
  chart: Chart & { readonly kind: Exclude<Chart['kind'], 'table'> },
  size: Size,
  label: string,
): Drawing {
  switch (chart.kind) {
    case 'line':
    case 'area':
      return drawLines(data, chart, size, label)
    case 'bar':
      return drawBars(data, chart, size, label)
    case 'number':
      return drawNumber(data, chart, size, label)
    case 'heat-map':
      return drawHeatMap(data, chart, size, label)
    case 'funnel':
      return drawFunnel(data, chart, size, label)
  }
}
