// Days and other intervals of a zone: what a range means today, and where its intervals begin.
import { MillpondError } from '../../core/errors.ts'
import { dateIn, dateText, isZone, startOfDay } from '../../core/zone.ts'
import type { Bounds } from './draft.ts'
import type { DayRange, Interval } from './spec.ts'

const dayMs = 86_400_000
const hourMs = 3_600_000

/** Local days, both included. */
export interface Days {
  readonly from: string
  readonly to: string
  readonly zone: string
}

/** Error: request-invalid. */
export function daysOf(range: DayRange, zone: string, nowMicros: number): Days {
  if (!isZone(zone)) throw new MillpondError('request-invalid', `\`zone\`: there is no time zone ${zone}.`)
  const today = dateIn(nowMicros / 1000, zone)
  const { from, to } = 'days' in range ? { from: addDays(today, 1 - range.days), to: today } : range
  if (from <= to) return { from, to, zone }
  throw new MillpondError('request-invalid', '`range`: `from` must not lie behind `to`.')
}

export function addDays(day: string, days: number): string {
  return dateText(Date.parse(`${day}T00:00:00Z`) + days * dayMs)
}

export function daysBetween(from: string, to: string): number {
  return Math.round((Date.parse(to) - Date.parse(from)) / dayMs)
}

export function microsOf(day: string, zone: string): number {
  return startOfDay(day, zone) * 1000
}

export function boundsOf({ from, to, zone }: Days): Bounds {
  return { fromMicros: microsOf(from, zone), toMicros: microsOf(addDays(to, 1), zone) }
}

/** The day on which the interval of a day begins; weeks begin on Mondays. */
export function firstDay(day: string, interval: Exclude<Interval, 'hour'>): string {
  if (interval === 'month') return `${day.slice(0, 8)}01`
  return interval === 'day' ? day : addDays(day, -((new Date(`${day}T00:00:00Z`).getUTCDay() + 6) % 7))
}

/** Where each interval begins that the days touch, in order: microseconds. */
export function bucketsOf({ from, to, zone }: Days, interval: Interval): number[] {
  if (interval === 'hour') {
    const { fromMicros, toMicros } = boundsOf({ from, to, zone })
    const count = Math.ceil((toMicros - fromMicros) / 1000 / hourMs)
    return Array.from({ length: count }, (_none, index) => fromMicros + index * hourMs * 1000)
  }
  const found: number[] = []
  for (let day = firstDay(from, interval); day <= to; day = nextDay(day, interval)) found.push(microsOf(day, zone))
  return found
}

function nextDay(day: string, interval: Exclude<Interval, 'hour'>): string {
  if (interval === 'month') return `${addDays(`${day.slice(0, 8)}01`, 31).slice(0, 8)}01`
  return addDays(day, interval === 'day' ? 1 : 7)
}

/** The range before: as many days, or whole weeks or months, so that its intervals lie beside those of the range. */
export function daysBefore({ from, to, zone }: Days, interval: Interval): Days {
  const count = daysBetween(from, to) + 1
  if (interval !== 'month') {
    const shift = interval === 'week' ? Math.ceil(count / 7) * 7 : count
    return { from: addDays(from, -shift), to: addDays(to, -shift), zone }
  }
  const months = monthOf(to) - monthOf(from) + 1
  return { from: monthsBefore(from, months), to: monthsBefore(to, months), zone }
}

function monthOf(day: string): number {
  return Number(day.slice(0, 4)) * 12 + Number(day.slice(5, 7))
}

/** The last day of the month, where the month before has no such day. */
function monthsBefore(day: string, months: number): string {
  const month = monthOf(day) - months - 1
  const last = new Date(Date.UTC(Math.floor(month / 12), (month % 12) + 1, 0)).getUTCDate()
  const wanted = Math.min(Number(day.slice(8)), last)
  return new Date(Date.UTC(Math.floor(month / 12), month % 12, wanted)).toISOString().slice(0, 10)
}
