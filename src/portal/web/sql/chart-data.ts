// A result as a chart: which column goes along, which are drawn, and where every point lies. Pure, so that a server can draw the
// same one day.
import type { QueryRows } from '../asking/run-query.ts'
import { isNumeric, isTime, textOf } from './cells.ts'

export const pointsMax = 2000
const seriesMax = 5

export interface Series {
  readonly name: string
  /** undefined: no number there; a line has a gap. */
  readonly values: readonly (number | undefined)[]
}

export interface ChartData {
  readonly along: string
  readonly labels: readonly string[]
  /** Where each row lies along, from 0 to 1: by time if the column tells times, else at even distances. */
  readonly places: readonly number[]
  readonly series: readonly Series[]
  readonly low: number
  readonly high: number
  readonly isCut: boolean
}

/** Every column may go along. The first that holds no numbers is the best guess. */
export function guessAlong({ columns }: QueryRows): number {
  const guess = columns.findIndex(({ type }) => !isNumeric(type))
  return guess === -1 ? 0 : guess
}

export function chartData(rows: QueryRows, along: number): ChartData | undefined {
  const { columns, values } = rows
  const count = Math.min(rows.count, pointsMax)
  const series = columns
    .map(({ name, type }, index) => ({ name, index, isDrawn: index !== along && isNumeric(type) }))
    .filter(({ isDrawn }) => isDrawn)
    .slice(0, seriesMax)
    .map(({ name, index }) => ({ name, values: (values[index] ?? []).slice(0, count).map(numberOf) }))
  const numbers = series.flatMap((one) => one.values).filter((value) => value !== undefined)
  if (numbers.length === 0) return undefined
  const alongValues = (values[along] ?? []).slice(0, count)
  const [low, high] = [Math.min(0, ...numbers), Math.max(0, ...numbers)]
  return {
    along: columns[along]?.name ?? '',
    labels: alongValues.map(textOf),
    places: placesOf(alongValues, columns[along]?.type ?? ''),
    series,
    low,
    high: high === low ? low + 1 : high,
    isCut: rows.count > count,
  }
}

function numberOf(value: unknown): number | undefined {
  const number = typeof value === 'string' && value !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : undefined
}

function placesOf(values: readonly unknown[], type: string): number[] {
  const even = values.map((_value, index) => (values.length < 2 ? 0.5 : index / (values.length - 1)))
  if (!isTime(type)) return even
  const times = values.map((value) =>
    Date.parse(
      textOf(value)
        .replace(' ', 'T')
        .replace(/\.(\d{3})\d+/, '.$1'),
    ),
  )
  const [first, last] = [Math.min(...times), Math.max(...times)]
  return Number.isNaN(first) || first === last ? even : times.map((time) => (time - first) / (last - first))
}

/** Round numbers (1, 2 or 5 times a power of ten) from low to high, about five of them. */
export function ticksOf(low: number, high: number): number[] {
  const rough = (high - low) / 5
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10)
  const first = Math.ceil(low / step)
  const count = Math.floor(high / step) - first + 1
  // Multiplied, not added up: sums of 0.1 drift.
  return Array.from({ length: count }, (_none, index) => Number(((first + index) * step).toPrecision(12)))
}

/** A line's path over a field of 1 by 1, broken where there is no number. */
export function linePath(data: ChartData, { values }: Series, width: number, height: number): string {
  let path = ''
  let isDown = false
  for (const [index, value] of values.entries()) {
    if (value !== undefined) {
      const x = (data.places[index] ?? 0) * width
      const y = heightAt(data, value) * height
      path += `${isDown ? 'L' : 'M'}${x.toFixed(1)} ${y.toFixed(1)}`
    }
    isDown = value !== undefined
  }
  return path
}

/** From the top, 0 to 1. */
export function heightAt({ low, high }: ChartData, value: number): number {
  return 1 - (value - low) / (high - low)
}
