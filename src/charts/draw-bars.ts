// Bars, beside each other or stacked. More rows than there is room for are drawn as they lie, the first ones.
import type { Chart, ChartData, Drawing, Shape, Size } from './chart.ts'
import { alongAxis, type Field, fieldOf, legend, numberAxis, round } from './frame.ts'
import { formatNumber } from './format.ts'
import { heightAt, type Scale, scaleOf } from './scales.ts'

/** Thinner bars are none. */
const slotPixelsMin = 2

export function drawBars(all: ChartData, chart: Chart, size: Size, label: string): Drawing {
  const data = fitting(all, size)
  const isStacked = chart.isStacked === true
  const scale = scaleOf(
    isStacked ? stackEnds(data) : data.series.flatMap(({ values }) => values.map((one) => one ?? 0)),
  )
  const field = fieldOf(size, data, scale, chart)
  const slot = field.width / data.labels.length
  // Its own distances: bars stand in slots, also where the labels are times.
  const placeAt = (row: number): number => field.left + (row + 0.5) * slot
  const marks = isStacked ? stacks : groups
  return {
    ...size,
    label,
    shapes: [
      ...legend(data, size.width),
      ...numberAxis(field, scale, chart),
      ...alongAxis(field, evenly(data) ? data : { ...data, timesMs: undefined }, chart, placeAt),
      ...marks({ data, chart, field, scale, slot }),
    ],
  }
}

function fitting(data: ChartData, { width }: Size): ChartData {
  const count = Math.floor(width / slotPixelsMin)
  if (data.labels.length <= count) return data
  return {
    ...data,
    labels: data.labels.slice(0, count),
    timesMs: data.timesMs?.slice(0, count),
    series: data.series.map(({ name, values }) => ({ name, values: values.slice(0, count) })),
    isCut: true,
  }
}

/** Times that lie at even distances: an axis of times would lie about all others. */
function evenly({ timesMs = [] }: ChartData): boolean {
  const step = (timesMs[1] ?? 0) - (timesMs[0] ?? 0)
  return (
    step > 0 && timesMs.every((time, row) => row === 0 || Math.abs(time - (timesMs[row - 1] ?? 0) - step) < step * 0.2)
  )
}

interface Marks {
  readonly data: ChartData
  readonly chart: Chart
  readonly field: Field
  readonly scale: Scale
  readonly slot: number
}

function groups({ data, chart, field, scale, slot }: Marks): Shape[] {
  const gap = slot > 6 ? slot * 0.1 : 0
  const width = (slot - 2 * gap) / data.series.length
  return data.series.flatMap(({ values }, series) =>
    values.flatMap((value, row): Shape[] => {
      if (value === undefined) return []
      const x = field.left + row * slot + gap + series * width
      return [bar({ data, chart, field, scale }, { row, series, x, width, from: 0, to: value })]
    }),
  )
}

function stacks({ data, chart, field, scale, slot }: Marks): Shape[] {
  const gap = slot > 6 ? slot * 0.1 : 0
  return data.labels.flatMap((_label, row): Shape[] => {
    // What is below zero hangs.
    const ends = { up: 0, down: 0 }
    return data.series.flatMap(({ values }, series): Shape[] => {
      const value = values[row]
      if (value === undefined || value === 0) return []
      const side = value > 0 ? 'up' : 'down'
      const from = ends[side]
      ends[side] += value
      const x = field.left + row * slot + gap
      return [bar({ data, chart, field, scale }, { row, series, x, width: slot - 2 * gap, from, to: ends[side] })]
    })
  })
}

function stackEnds({ labels, series }: ChartData): number[] {
  return labels.flatMap((_label, row) => {
    const values = series.map(({ values }) => values[row] ?? 0)
    const sum = (isWanted: (value: number) => boolean): number =>
      values.filter(isWanted).reduce((all, one) => all + one, 0)
    return [sum((value) => value > 0), sum((value) => value < 0)]
  })
}

interface Bar {
  readonly row: number
  readonly series: number
  readonly x: number
  readonly width: number
  readonly from: number
  readonly to: number
}

function bar({ data, chart, field, scale }: Omit<Marks, 'slot'>, { row, series, x, width, from, to }: Bar): Shape {
  const [one, other] = [from, to].map((value) => field.top + heightAt(scale, value) * field.height)
  const [top, bottom] = [Math.min(one ?? 0, other ?? 0), Math.max(one ?? 0, other ?? 0)]
  const name = data.series[series]?.name ?? ''
  return {
    shape: 'rect',
    x: round(x),
    y: round(top),
    width: round(Math.max(0.5, width - (width > 4 ? 1 : 0))),
    height: round(bottom - top),
    fill: series,
    title: `${data.labels[row] ?? ''}\n${name}: ${formatNumber(to - from, chart.format)}`,
    datum: { row, series },
  }
}
