// Steps one below the other: how many came, how many of the first, how many of the step before. Each row is a step, each series a group.
import type { Chart, ChartData, Drawing, Shape, Size } from './chart.ts'
import { fitted, formatNumber } from './format.ts'
import { legend, round } from './frame.ts'

const nameHeight = 18
const stepHeightMax = 84
const legendPixels = 20

export function drawFunnel(data: ChartData, chart: Chart, size: Size, label: string): Drawing {
  const { labels, series } = data
  const top = series.length > 1 ? legendPixels : 0
  const height = Math.min(stepHeightMax, (size.height - top) / Math.max(1, labels.length))
  const bar = Math.max(3, (height - nameHeight - 8) / Math.max(1, series.length))
  const firsts = series.map(({ values }) => values[0] ?? 0)
  // Any result may be drawn as a funnel: its first step needs not be its largest.
  const highest = Math.max(1e-9, ...series.flatMap(({ values }) => values.map((value) => value ?? 0)))
  const shapes = labels.flatMap((name, row): Shape[] => {
    const y = top + row * height
    return [
      {
        shape: 'text',
        x: 0,
        y: y + 12,
        text: fitted(`${row + 1}. ${name}`, size.width * 0.55),
        ink: 'text',
        isStrong: true,
      },
      ...(series.length === 1 ? [summary(data, chart, row, size.width, y)] : []),
      ...series.flatMap(({ name: group, values }, index): Shape[] => {
        const value = values[row] ?? 0
        const place = { y: round(y + nameHeight + index * bar), height: round(Math.max(1, bar - 2)) }
        const title = `${group === '' ? name : `${name} · ${group}`}: ${formatNumber(value, chart.format)} (${shareOf(value, firsts[index] ?? 0)})`
        return [
          { shape: 'rect', x: 0, width: size.width, ...place, fill: 'line', opacity: 0.5 },
          {
            shape: 'rect',
            x: 0,
            width: round((Math.max(0, value) / highest) * size.width),
            ...place,
            fill: index,
            title,
            datum: { row, series: index },
          },
        ]
      }),
    ]
  })
  return { ...size, label, shapes: [...legend(data, size.width), ...shapes] }
}

function summary({ series }: ChartData, { format }: Chart, row: number, width: number, y: number): Shape {
  const values = series[0]?.values ?? []
  const [first = 0, before = 0, value = 0] = [values[0], values[row - 1], values[row]]
  const step = row === 0 ? '' : ` · ${shareOf(value, before)} ↓`
  const text = `${formatNumber(value, format)} · ${shareOf(value, first)}${step}`
  return { shape: 'text', x: width, y: y + 12, text, anchor: 'end', ink: 'muted' }
}

function shareOf(value: number, whole: number): string {
  return whole === 0 ? '–' : formatNumber(value / whole, 'percent')
}
