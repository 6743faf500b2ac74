// Where values lie on an axis, and at which of them a line is drawn.
const minuteMs = 60_000
const hourMs = 60 * minuteMs
const dayMs = 24 * hourMs

/** From low to high; 0 is always in it: bars stand on it, and lines that don't show it exaggerate. */
export interface Scale {
  readonly low: number
  readonly high: number
}

export function scaleOf(numbers: Iterable<number>): Scale {
  let low = 0
  let high = 0
  for (const number of numbers) {
    if (number < low) low = number
    if (number > high) high = number
  }
  return { low, high: high === low ? low + 1 : high }
}

/** From the top, 0 to 1. */
export function heightAt({ low, high }: Scale, value: number): number {
  return 1 - (value - low) / (high - low)
}

/** Round numbers (1, 2 or 5 times a power of ten) from low to high, about five of them. */
export function ticksOf({ low, high }: Scale): number[] {
  const rough = (high - low) / 5
  const power = 10 ** Math.floor(Math.log10(rough))
  const step = power * ([1, 2, 5, 10].find((factor) => factor * power >= rough) ?? 10)
  const first = Math.ceil(low / step)
  const count = Math.floor(high / step) - first + 1
  // Multiplied, not added up: sums of 0.1 drift.
  return Array.from({ length: count }, (_none, index) => Number(((first + index) * step).toPrecision(12)))
}

/** Where rows lie along, from 0 to 1: by time if there are times, else at even distances. */
export function placesOf(count: number, timesMs: readonly number[] | undefined): readonly number[] {
  if (timesMs !== undefined) {
    let [first, last] = [Infinity, -Infinity]
    for (const time of timesMs) {
      if (time < first) first = time
      if (time > last) last = time
    }
    if (first < last) return timesMs.map((time) => (time - first) / (last - first))
  }
  return Array.from({ length: count }, (_none, index) => (count < 2 ? 0.5 : index / (count - 1)))
}

export interface TimeTick {
  readonly ms: number
  readonly text: string
}

const steps: readonly { readonly ms: number; readonly shows: 'clock' | 'day' | 'month' | 'year' }[] = [
  ...[1, 5, 15, 30].map((count) => ({ ms: count * minuteMs, shows: 'clock' as const })),
  ...[1, 3, 6, 12].map((count) => ({ ms: count * hourMs, shows: 'clock' as const })),
  ...[1, 2, 7, 14].map((count) => ({ ms: count * dayMs, shows: 'day' as const })),
  { ms: 30 * dayMs, shows: 'month' },
  { ms: 91 * dayMs, shows: 'month' },
  { ms: 365 * dayMs, shows: 'year' },
]

const formats: Readonly<Record<(typeof steps)[number]['shows'], Intl.DateTimeFormatOptions>> = {
  clock: { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' },
  day: { month: 'short', day: 'numeric' },
  month: { month: 'short', year: 'numeric' },
  year: { year: 'numeric' },
}

/** Round times of the zone's clock between two times, at most `max`. */
export function timeTicks(fromMs: number, toMs: number, max: number, zone = 'UTC'): readonly TimeTick[] {
  const step = steps.find(({ ms }) => (toMs - fromMs) / ms <= max) ?? { ms: (toMs - fromMs) / max, shows: 'year' }
  const write = new Intl.DateTimeFormat('en', { ...formats[step.shows], timeZone: zone })
  // Months and years are of different length: their ticks stand where the first of them begins.
  const starts = step.shows === 'month' || step.shows === 'year' ? calendarStarts : evenStarts
  return starts(fromMs, toMs, step.ms, zone).map((ms) => ({ ms, text: write.format(ms) }))
}

function evenStarts(fromMs: number, toMs: number, stepMs: number, zone: string): number[] {
  const offset = offsetMs(fromMs, zone)
  const first = Math.ceil((fromMs + offset) / stepMs) * stepMs
  const count = Math.max(0, Math.floor((toMs + offset - first) / stepMs) + 1)
  return Array.from({ length: count }, (_none, index) => {
    const local = first + index * stepMs
    // The clock may have been changed since the first.
    return local - offsetMs(local - offset, zone)
  }).filter((ms) => ms >= fromMs && ms <= toMs)
}

function calendarStarts(fromMs: number, toMs: number, stepMs: number, zone: string): number[] {
  const months = Math.max(1, Math.round(stepMs / (30 * dayMs)))
  const begin = new Date(fromMs + offsetMs(fromMs, zone))
  const found: number[] = []
  for (let month = begin.getUTCMonth() - (begin.getUTCMonth() % Math.min(12, months)); ; month += months) {
    const local = Date.UTC(begin.getUTCFullYear(), month, 1)
    const ms = local - offsetMs(local, zone)
    if (ms > toMs) return found
    if (ms >= fromMs) found.push(ms)
  }
}

/** By how much the zone's clock is ahead of UTC. */
export function offsetMs(ms: number, zone: string): number {
  if (zone === 'UTC') return 0
  const parts = new Intl.DateTimeFormat('en', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  }).formatToParts(ms)
  const part = (type: string): number => Number(parts.find((one) => one.type === type)?.value ?? 0)
  const local = Date.UTC(part('year'), part('month') - 1, part('day'), part('hour'), part('minute'), part('second'))
  return local - Math.floor(ms / 1000) * 1000
}
