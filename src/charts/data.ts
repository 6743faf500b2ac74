// From a result to what is drawn: which column goes along, which are drawn, and which one is split into series.
import { isNumeric, isTime, numberOf, textOf, timeOf } from './cells.ts'
import type { Chart, ChartData, ChartRows, Series } from './chart.ts'

/** A series more is a colour that nobody can tell from the others; what is split has the rest in one. */
export const seriesMax = 8
const rowsMax = 100_000
const othersName = '…'

/** Every column may go along. The first that holds no numbers is the best guess. */
export function guessAlong({ columns }: ChartRows): number {
  const guess = columns.findIndex(({ type }) => !isNumeric(type))
  return guess === -1 ? 0 : guess
}

/** undefined: there is nothing to draw: no column of numbers, or no row with one. */
export function chartDataOf(rows: ChartRows, chart: Omit<Chart, 'kind'>): ChartData | undefined {
  const { columns } = rows
  // A number that stands alone lies along nothing.
  const along = indexOf(rows, chart.along) ?? (columns.length === 1 ? undefined : guessAlong(rows))
  const split = indexOf(rows, chart.split)
  const isWanted = (name: string): boolean => chart.series === undefined || chart.series.includes(name)
  const numeric = columns.flatMap(({ name, type }, index) =>
    index !== along && index !== split && isNumeric(type) && isWanted(name) ? [index] : [],
  )
  const first = numeric[0]
  if (first === undefined) return undefined
  const data =
    split === undefined || along === undefined || split === along
      ? plain(rows, along, numeric)
      : pivoted(rows, { along, split, number: first }, chart.isStacked === true)
  return data.series.some(({ values }) => values.some((value) => value !== undefined)) ? data : undefined
}

function indexOf({ columns }: ChartRows, name: string | undefined): number | undefined {
  const index = columns.findIndex((column) => column.name === name)
  return index < 0 ? undefined : index
}

function plain(rows: ChartRows, along: number | undefined, numeric: readonly number[]): ChartData {
  const count = Math.min(rows.count, rowsMax)
  const alongValues = along === undefined ? Array<string>(count).fill('') : (rows.values[along] ?? []).slice(0, count)
  return {
    ...labelled(rows, along, alongValues),
    series: numeric.slice(0, seriesMax).map((index) => ({
      name: rows.columns[index]?.name ?? '',
      values: (rows.values[index] ?? []).slice(0, count).map(numberOf),
    })),
    isCut: rows.count > count || numeric.length > seriesMax,
  }
}

interface Pivot {
  readonly along: number
  readonly split: number
  readonly number: number
}

/** One label for each value along, in the order in which they come; series by their sums, the largest first. */
function pivoted(rows: ChartRows, { along, split, number }: Pivot, hasOthers: boolean): ChartData {
  const count = Math.min(rows.count, rowsMax)
  const [alongValues = [], splitValues = [], numbers = []] = [along, split, number].map((index) => rows.values[index])
  const places = new Map<string, number>()
  const firsts: unknown[] = []
  const sums = new Map<string, number>()
  for (let row = 0; row < count; row += 1) {
    const label = textOf(alongValues[row])
    if (!places.has(label)) {
      places.set(label, places.size)
      firsts.push(alongValues[row])
    }
    const name = textOf(splitValues[row])
    sums.set(name, (sums.get(name) ?? 0) + Math.abs(numberOf(numbers[row]) ?? 0))
  }
  const names = [...sums].sort(([, one], [, other]) => other - one).map(([name]) => name)
  const isCut = names.length > seriesMax
  const shown = names.slice(0, isCut && hasOthers ? seriesMax - 1 : seriesMax)
  const all = isCut && hasOthers ? [...shown, othersName] : shown
  const series = new Map(all.map((name) => [name, Array<number | undefined>(places.size).fill(undefined)]))
  for (let row = 0; row < count; row += 1) {
    const name = textOf(splitValues[row])
    // Others can be summed only where parts are: a median of the rest is no sum of medians.
    const values = series.get(shown.includes(name) ? name : othersName)
    const place = places.get(textOf(alongValues[row])) ?? 0
    const value = numberOf(numbers[row])
    if (values !== undefined && value !== undefined) values[place] = (values[place] ?? 0) + value
  }
  return {
    ...labelled(rows, along, firsts),
    series: [...series].map(([name, values]): Series => ({ name: name === '' ? '–' : name, values })),
    isCut: isCut || rows.count > count,
  }
}

function labelled(
  { columns }: ChartRows,
  along: number | undefined,
  values: readonly unknown[],
): Pick<ChartData, 'along' | 'labels' | 'timesMs'> {
  const column = along === undefined ? undefined : columns[along]
  const base = { along: column?.name ?? '', labels: values.map(textOf) }
  if (!isTime(column?.type ?? '')) return base
  const timesMs = values.map(timeOf)
  return timesMs.some(Number.isNaN) ? base : { ...base, timesMs }
}
