// Numbers and times on charts, short enough for an axis.
import type { NumberFormat } from './chart.ts'

const short = new Intl.NumberFormat('en', { notation: 'compact', maximumFractionDigits: 2 })
const share = new Intl.NumberFormat('en', { style: 'percent', maximumFractionDigits: 1 })
const dollars = new Intl.NumberFormat('en', { style: 'currency', currency: 'USD', maximumFractionDigits: 2 })
const shortDollars = new Intl.NumberFormat('en', {
  style: 'currency',
  currency: 'USD',
  notation: 'compact',
  maximumFractionDigits: 1,
})
const byteUnits = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB']
const timeUnits = [
  [86_400, 'd'],
  [3600, 'h'],
  [60, 'min'],
  [1, 's'],
] as const
/** Arial and Inter at 11 pixels; letters of Chinese are squares. */
const letterPixels = 6.1
const wideLetterPixels = 11.5

export function formatNumber(value: number, format: NumberFormat = 'plain'): string {
  switch (format) {
    case 'plain':
      return short.format(value)
    case 'percent':
      return share.format(value)
    case 'dollars':
      return (Math.abs(value) < 10_000 ? dollars : shortDollars).format(value)
    case 'bytes':
      return formatBytes(value)
    case 'duration':
      return formatSeconds(value)
  }
}

function formatBytes(bytes: number): string {
  const power = bytes === 0 ? 0 : Math.floor(Math.log2(Math.abs(bytes)) / 10)
  const unit = Math.max(0, Math.min(byteUnits.length - 1, power))
  return `${short.format(bytes / 1024 ** unit)} ${byteUnits[unit] ?? ''}`
}

function formatSeconds(seconds: number): string {
  const size = Math.abs(seconds)
  if (size > 0 && size < 1) return `${short.format(seconds * 1000)} ms`
  const [length, unit] = timeUnits.find(([length]) => size >= length) ?? timeUnits[3]
  return `${short.format(seconds / length)} ${unit}`
}

/** About so many pixels wide: exact enough to leave out what would overlap. */
export function textWidth(text: string, size = 11): number {
  let width = 0
  for (const letter of text) width += (letter.codePointAt(0) ?? 0) > 0x2e80 ? wideLetterPixels : letterPixels
  return (width * size) / 11
}

export function fitted(text: string, width: number, size = 11): string {
  const line = text.replaceAll(/\s+/g, ' ')
  if (textWidth(line, size) <= width) return line
  const letters = Array.from(line.slice(0, 500))
  while (letters.length > 1 && textWidth(`${letters.join('')}…`, size) > width) letters.pop()
  return `${letters.join('')}…`
}
