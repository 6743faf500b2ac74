// Numbers as people read them. English digits in both languages, so that tables line up.
const whole = new Intl.NumberFormat('en', { maximumFractionDigits: 0 })
const tenths = new Intl.NumberFormat('en', { minimumFractionDigits: 1, maximumFractionDigits: 1 })
const units = ['KiB', 'MiB', 'GiB', 'TiB', 'PiB']

export function formatCount(count: number): string {
  return whole.format(count)
}

export function formatBytes(bytes: number): string {
  if (bytes < 1024) return `${whole.format(bytes)} B`
  let value = bytes / 1024
  let unit = 0
  while (value >= 1000 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${(value < 99.5 ? tenths : whole).format(value)} ${units[unit] ?? ''}`
}

export function formatDuration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`
  if (ms < 60_000) return `${tenths.format(ms / 1000)} s`
  return `${whole.format(Math.floor(ms / 60_000))} min ${Math.floor((ms % 60_000) / 1000)} s`
}

/** Most queries cost less than a cent: two figures that count, never in powers of ten. */
export function formatDollars(dollars: number): string {
  if (dollars === 0) return '$0'
  if (dollars >= 0.01) return `$${dollars.toFixed(2)}`
  const digits = Math.min(12, 1 - Math.floor(Math.log10(dollars)))
  return `$${dollars.toFixed(digits)}`
}

export function formatRate(rate: number): string {
  if (rate < 0.05) return '0'
  return (rate < 9.95 ? tenths : whole).format(rate)
}

/** Of the person's clock, to the millisecond. */
export function formatTime(ms: number): string {
  const time = new Date(ms)
  return Number.isNaN(ms)
    ? '–'
    : `${time.toLocaleTimeString('en-GB')}.${String(time.getMilliseconds()).padStart(3, '0')}`
}
