// What stands around the marks of a chart: lines at round numbers, labels along, and the names of the series.
import type { Chart, ChartData, Shape, Size } from './chart.ts'
import { fitted, formatNumber, textWidth } from './format.ts'
import { heightAt, type Scale, ticksOf, timeTicks } from './scales.ts'

/** Where marks are drawn. */
export interface Field {
  readonly left: number
  readonly top: number
  readonly width: number
  readonly height: number
}

const labelGap = 12
const longestLabel = 140

export function fieldOf(size: Size, data: ChartData, scale: Scale, { format }: Pick<Chart, 'format'>): Field {
  const widest = Math.max(...ticksOf(scale).map((tick) => textWidth(formatNumber(tick, format))))
  const left = Math.ceil(widest) + 12
  const top = legendHeight(data, size.width) + 8
  return { left, top, width: Math.max(10, size.width - left - 8), height: Math.max(10, size.height - top - 24) }
}

export function numberAxis(field: Field, scale: Scale, { format }: Pick<Chart, 'format'>): Shape[] {
  return ticksOf(scale).flatMap((tick): Shape[] => {
    const y = field.top + heightAt(scale, tick) * field.height
    return [
      { shape: 'path', d: `M${field.left} ${round(y)}h${round(field.width)}`, stroke: 'line' },
      { shape: 'text', x: field.left - 8, y: y + 4, text: formatNumber(tick, format), anchor: 'end', ink: 'muted' },
    ]
  })
}

/** `placeAt`: the middle of a row's mark, in pixels of the drawing. */
export function alongAxis(
  field: Field,
  data: ChartData,
  { zone }: Pick<Chart, 'zone'>,
  placeAt: (row: number) => number,
): Shape[] {
  const y = field.top + field.height + 17
  const { timesMs, labels } = data
  const first = timesMs?.[0]
  const last = timesMs?.at(-1)
  if (first !== undefined && last !== undefined && last > first) {
    const width = placeAt(labels.length - 1) - placeAt(0)
    const ticks = timeTicks(first, last, Math.max(2, Math.floor(field.width / 80)), zone)
    const placed = ticks.map(({ ms, text }) => ({ text, x: placeAt(0) + ((ms - first) / (last - first)) * width }))
    return withoutOverlap(placed, y, field)
  }
  const slot = field.width / Math.max(1, labels.length)
  const placed = labels.map((text, row) => ({ text: fitted(text, Math.max(slot, longestLabel)), x: placeAt(row) }))
  return withoutOverlap(placed, y, field)
}

/** The first one that fits, the next that does not touch it, and so on. */
function withoutOverlap(
  labels: readonly { readonly x: number; readonly text: string }[],
  y: number,
  { left, width }: Field,
): Shape[] {
  let end = -Infinity
  return labels.flatMap(({ x, text }): Shape[] => {
    const half = textWidth(text) / 2
    // At the edges a label stands inside.
    const middle = Math.min(Math.max(x, left - 4 + half), left + width + 8 - half)
    if (middle - half < end + labelGap) return []
    end = middle + half
    return [{ shape: 'text', x: middle, y, text, anchor: 'middle', ink: 'muted' }]
  })
}

const markPixels = 14
const namePixelsMax = 180

interface Place {
  readonly x: number
  readonly line: number
  readonly text: string
}

function legendPlaces({ series }: ChartData, width: number): readonly Place[] {
  if (series.length < 2) return []
  let [x, line] = [0, 0]
  return series.map(({ name }) => {
    const text = fitted(name, namePixelsMax)
    const needed = markPixels + textWidth(text) + 16
    if (x > 0 && x + needed > width) [x, line] = [0, line + 1]
    const place = { x, line, text }
    x += needed
    return place
  })
}

const lineHeight = 18

function legendHeight(data: ChartData, width: number): number {
  const last = legendPlaces(data, width).at(-1)
  return last === undefined ? 0 : (last.line + 1) * lineHeight
}

/** One series needs no legend: the title says it. */
export function legend(data: ChartData, width: number): Shape[] {
  return legendPlaces(data, width).flatMap(({ x, line, text }, index): Shape[] => [
    { shape: 'rect', x, y: line * lineHeight + 4, width: 8, height: 8, fill: index },
    { shape: 'text', x: x + markPixels, y: line * lineHeight + 12, text, ink: 'text' },
  ])
}

/** A tenth of a pixel is nothing that anybody sees. */
export function round(value: number): number {
  return Math.round(value * 10) / 10
}

/** What is told of a row where the pointer rests. */
export function titleOf({ labels, series }: ChartData, row: number, { format }: Pick<Chart, 'format'>): string {
  const parts = series.flatMap(({ name, values }) => {
    const value = values[row]
    return value === undefined ? [] : [`${name}: ${formatNumber(value, format)}`]
  })
  return [labels[row] ?? '', ...parts].join('\n')
}
