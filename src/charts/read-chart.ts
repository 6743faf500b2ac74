// A chart out of an address or a file: what can't be read is left out, and the rest is guessed from the rows.
import { type Chart, type ChartKind, chartKinds, numberFormats } from './chart.ts'

export function readChart(given: unknown, usual: ChartKind = 'line'): Chart {
  const parts = typeof given === 'object' && given !== null ? (given as Readonly<Record<string, unknown>>) : {}
  const texts = (['along', 'split', 'zone'] as const).flatMap((name) =>
    typeof parts[name] === 'string' ? [[name, parts[name]]] : [],
  )
  const series = Array.isArray(parts['series']) ? parts['series'].filter((one) => typeof one === 'string') : []
  const format = numberFormats.find((one) => one === parts['format'])
  return {
    kind: chartKinds.find((one) => one === parts['kind']) ?? usual,
    ...(Object.fromEntries(texts) as Pick<Chart, 'along' | 'split' | 'zone'>),
    ...(series.length === 0 ? {} : { series }),
    ...(typeof parts['isStacked'] === 'boolean' ? { isStacked: parts['isStacked'] } : {}),
    ...(format === undefined ? {} : { format }),
  }
}
