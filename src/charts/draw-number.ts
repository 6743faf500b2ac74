// One number, large: the last of the first series, with how it changed and the way it came.
import type { Chart, ChartData, Drawing, Shape, Size } from './chart.ts'
import { formatNumber } from './format.ts'
import { round } from './frame.ts'
import { heightAt, placesOf, scaleOf } from './scales.ts'

export function drawNumber(data: ChartData, chart: Chart, size: Size, label: string): Drawing {
  const values = data.series[0]?.values ?? []
  const known = values.filter((value) => value !== undefined)
  const value = known.at(-1)
  const before = known.at(-2)
  const letters = Math.max(20, Math.min(48, size.height * 0.35))
  const shapes: Shape[] = [
    {
      shape: 'text',
      x: 0,
      y: letters,
      text: value === undefined ? '–' : formatNumber(value, chart.format),
      ink: 'text',
      size: letters,
      isStrong: true,
    },
  ]
  if (value !== undefined && before !== undefined && before !== 0) {
    const change = (value - before) / Math.abs(before)
    // Whether more is better, nobody has said: no colour judges.
    const text = `${change < 0 ? '▼' : '▲'} ${formatNumber(Math.abs(change), 'percent')} · ${data.labels.at(-2) ?? ''}`
    shapes.push({ shape: 'text', x: 0, y: letters + 20, text, ink: 'muted' })
  }
  return { ...size, label, shapes: known.length < 3 ? shapes : [...shapes, spark(data, size, letters + 30)] }
}

function spark({ series, labels, timesMs }: ChartData, { width, height }: Size, top: number): Shape {
  const values = series[0]?.values ?? []
  const scale = scaleOf(values.filter((value) => value !== undefined))
  const places = placesOf(labels.length, timesMs)
  const room = Math.max(0, height - top - 4)
  let isDown = false
  const d = values.map((value, row) => {
    const step = isDown ? 'L' : 'M'
    isDown = value !== undefined
    return value === undefined
      ? ''
      : `${step}${round((places[row] ?? 0) * width)} ${round(top + heightAt(scale, value) * room)}`
  })
  return { shape: 'path', d: d.join(''), stroke: 0 }
}
