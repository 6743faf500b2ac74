// Rows and columns of squares, the darker the more: retention, or days by hours. Each series is a column.
import type { Chart, ChartData, Drawing, Shape, Size } from './chart.ts'
import { fitted, formatNumber, textWidth } from './format.ts'
import { round } from './frame.ts'

const headHeight = 20
const rowHeightMax = 32
const numberWidthMin = 34
const numberHeightMin = 15

export function drawHeatMap(data: ChartData, chart: Chart, size: Size, label: string): Drawing {
  const { labels, series } = data
  const left = Math.min(size.width / 3, 12 + Math.max(...labels.map((text) => textWidth(text)), 0))
  const width = (size.width - left) / Math.max(1, series.length)
  const height = Math.min(rowHeightMax, (size.height - headHeight) / Math.max(1, labels.length))
  let highest = 0
  for (const { values } of series) for (const value of values) highest = Math.max(highest, value ?? 0)
  const heads = series.flatMap(({ name }, column): Shape[] => {
    const text = fitted(name, width - 4)
    return [{ shape: 'text', x: left + (column + 0.5) * width, y: 13, text, anchor: 'middle', ink: 'muted' }]
  })
  const names = labels.map((text, row): Shape => {
    const y = headHeight + (row + 0.5) * height + 4
    return { shape: 'text', x: left - 8, y, text: fitted(text, left - 10), anchor: 'end', ink: 'muted' }
  })
  const squares = series.flatMap(({ name, values }, column) =>
    values.flatMap((value, row): Shape[] => {
      if (value === undefined) return []
      const place = { x: left + column * width, y: headHeight + row * height }
      const text = formatNumber(value, chart.format)
      const share = highest === 0 ? 0 : Math.max(0, value) / highest
      return square({
        place,
        width,
        height,
        share,
        text,
        title: `${labels[row] ?? ''} · ${name}: ${text}`,
        row,
        column,
      })
    }),
  )
  return { ...size, label, shapes: [...heads, ...names, ...squares] }
}

interface Square {
  readonly place: { readonly x: number; readonly y: number }
  readonly width: number
  readonly height: number
  /** Of the highest. */
  readonly share: number
  readonly text: string
  readonly title: string
  readonly row: number
  readonly column: number
}

function square({ place: { x, y }, width, height, share, text, title, row, column }: Square): Shape[] {
  const datum = { row, series: column }
  const rect: Shape = {
    shape: 'rect',
    x: round(x + 1),
    y: round(y + 1),
    width: round(Math.max(1, width - 2)),
    height: round(Math.max(1, height - 2)),
    fill: 'accent',
    opacity: round((0.06 + 0.94 * share) * 10) / 10,
    title,
    datum,
  }
  if (width < numberWidthMin || height < numberHeightMin) return [rect]
  // Half-dark grounds would hide either ink: the step between is left out.
  const ink = share > 0.55 ? 'on-accent' : 'text'
  const isBetween = share > 0.4 && share <= 0.55
  const middle: Shape = {
    shape: 'text',
    x: x + width / 2,
    y: y + height / 2 + 4,
    text,
    anchor: 'middle',
    ink,
    datum,
  }
  return [
    isBetween ? { ...rect, opacity: 0.45 } : share > 0.55 ? { ...rect, opacity: Math.max(0.85, share) } : rect,
    middle,
  ]
}
