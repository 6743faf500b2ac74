// Lines and areas. However many points there are, a column of pixels gets its highest and its lowest, so that peaks stay.
import type { Chart, ChartData, Drawing, Series, Shape, Size } from './chart.ts'
import { alongAxis, type Field, fieldOf, legend, numberAxis, round, titleOf } from './frame.ts'
import { heightAt, placesOf, type Scale, scaleOf } from './scales.ts'

/** More rows than that have no room for a pointer. */
const hitsMax = 400

interface Point {
  readonly x: number
  readonly value: number
  /** Where the area under it begins. */
  readonly base: number
}

export function drawLines(data: ChartData, chart: Chart, size: Size, label: string): Drawing {
  const isStacked = chart.kind === 'area' && chart.isStacked !== false
  const tops = isStacked ? stacked(data.series) : data.series
  const scale = scaleOf(tops.flatMap(({ values }) => values.filter((value) => value !== undefined)))
  const field = fieldOf(size, data, scale, chart)
  const places = placesOf(data.labels.length, data.timesMs)
  const placeAt = (row: number): number => field.left + (places[row] ?? 0) * field.width
  const shapes: Shape[] = [
    ...legend(data, size.width),
    ...numberAxis(field, scale, chart),
    ...alongAxis(field, data, chart, placeAt),
  ]
  // The first series lies on top of the stack's others only if those are drawn before it.
  for (const index of tops.keys()) {
    const below = isStacked && index > 0 ? tops[index - 1]?.values : undefined
    for (const part of partsOf(tops[index]?.values ?? [], placeAt, below)) {
      const thin = thinned(part, field.width)
      if (chart.kind === 'area')
        shapes.push({ shape: 'path', d: areaPath(thin, field, scale), fill: index, opacity: 0.25 })
      shapes.push({ shape: 'path', d: linePath(thin, field, scale), stroke: index })
    }
  }
  return { ...size, label, shapes: [...shapes, ...hits(data, chart, field, placeAt)] }
}

/** Each upon the one before; a gap counts as nothing. */
function stacked(series: readonly Series[]): readonly Series[] {
  let below: readonly number[] = []
  return series.map(({ name, values }) => {
    below = values.map((value, row) => (below[row] ?? 0) + (value ?? 0))
    return { name, values: below }
  })
}

/** Runs of points without a gap. */
function partsOf(
  values: readonly (number | undefined)[],
  placeAt: (row: number) => number,
  below: readonly (number | undefined)[] | undefined,
): readonly (readonly Point[])[] {
  const parts: Point[][] = []
  let isOpen = false
  for (const [row, value] of values.entries()) {
    if (value !== undefined) {
      if (!isOpen) parts.push([])
      parts.at(-1)?.push({ x: placeAt(row), value, base: below?.[row] ?? 0 })
    }
    isOpen = value !== undefined
  }
  return parts
}

/** Of each column of pixels the highest and the lowest, in the order in which they come. */
export function thinned(points: readonly Point[], width: number): readonly Point[] {
  if (points.length <= width * 2) return points
  const kept: Point[] = []
  let column: Point[] = []
  const close = (): void => {
    if (column.length === 0) return
    let [low, high] = [0, 0]
    for (const [index, { value }] of column.entries()) {
      if (value < (column[low]?.value ?? 0)) low = index
      if (value > (column[high]?.value ?? 0)) high = index
    }
    for (const index of [...new Set([low, high])].sort((a, b) => a - b)) {
      const point = column[index]
      if (point !== undefined) kept.push(point)
    }
    column = []
  }
  for (const point of points) {
    if (column.length > 0 && Math.floor(point.x) !== Math.floor(column[0]?.x ?? 0)) close()
    column.push(point)
  }
  close()
  return kept
}

function linePath(points: readonly Point[], field: Field, scale: Scale): string {
  const [first] = points
  // One point alone would be a line of no length.
  if (first !== undefined && points.length === 1) {
    const y = field.top + heightAt(scale, first.value) * field.height
    return `M${round(first.x - 2)} ${round(y)}h4`
  }
  return points.map(({ x, value }, index) => `${index === 0 ? 'M' : 'L'}${at(x, value, field, scale)}`).join('')
}

function areaPath(points: readonly Point[], field: Field, scale: Scale): string {
  const top = points.map(({ x, value }) => at(x, value, field, scale))
  const bottom = points.map(({ x, base }) => at(x, base, field, scale)).toReversed()
  return `M${[...top, ...bottom].join('L')}Z`
}

function at(x: number, value: number, { top, height }: Field, scale: Scale): string {
  return `${round(x)} ${round(top + heightAt(scale, value) * height)}`
}

/** A strip around each row, which says its numbers where the pointer rests. */
function hits(data: ChartData, chart: Chart, field: Field, placeAt: (row: number) => number): Shape[] {
  const { labels } = data
  if (labels.length > hitsMax) return []
  return labels.map((_label, row) => {
    const here = placeAt(row)
    const left = row === 0 ? field.left : (placeAt(row - 1) + here) / 2
    const right = row === labels.length - 1 ? field.left + field.width : (here + placeAt(row + 1)) / 2
    return {
      shape: 'rect',
      x: round(left),
      y: field.top,
      width: round(Math.max(0, right - left)),
      height: field.height,
      fill: 'muted',
      isHit: true,
      title: titleOf(data, row, chart),
      datum: { row, series: 0 },
    }
  })
}
