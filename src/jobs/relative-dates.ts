// Dates that are said by their distance from a moment: "today", "7 days ago", "start of last month". Resolved by the calendar of a
// zone, when a query runs.
import { MillpondError } from '../core/errors.ts'
import { dateText, startOfDay, wallMs } from '../core/zone.ts'

const dayMs = 86_400_000

export type RelativeDate =
  | { readonly kind: 'ago'; readonly count: number; readonly unit: 'day' | 'week' | 'month' | 'year' }
  | { readonly kind: 'start'; readonly count: 0 | 1; readonly unit: 'week' | 'month' | 'year' }

/** Years beyond it are behind the calendar that DATE has. */
const countMax = { day: 99_999, week: 9_999, month: 9_999, year: 999 }

/** Error: request-invalid. */
export function parseRelativeDate(text: string): RelativeDate {
  const words = text.trim().toLowerCase().replace(/\s+/g, ' ')
  if (words === 'today') return { kind: 'ago', count: 0, unit: 'day' }
  if (words === 'yesterday') return { kind: 'ago', count: 1, unit: 'day' }
  const ago = /^(\d{1,5}) (day|week|month|year)s? ago$/.exec(words)
  if (ago !== null) {
    const unit = ago[2] as keyof typeof countMax
    if (Number(ago[1]) <= countMax[unit]) return { kind: 'ago', count: Number(ago[1]), unit }
  }
  const start = /^start of (this|last) (week|month|year)$/.exec(words)
  if (start !== null)
    return { kind: 'start', count: start[1] === 'last' ? 1 : 0, unit: start[2] as 'week' | 'month' | 'year' }
  throw new MillpondError(
    'request-invalid',
    `"${text.slice(0, 80)}" is no relative date: today, yesterday, 7 days ago (weeks, months, years), start of this month, start of last week`,
  )
}

/** The day that is meant, seen from a moment. Weeks begin on Monday. */
export function resolveDate(relative: RelativeDate, atMs: number, zone: string): string {
  const today = Math.floor(wallMs(atMs, zone) / dayMs) * dayMs
  return dateText(relative.kind === 'ago' ? back(today, relative) : startOf(today, relative))
}

function back(day: number, { count, unit }: Pick<RelativeDate, 'count' | 'unit'>): number {
  if (unit === 'day' || unit === 'week') return day - count * (unit === 'week' ? 7 : 1) * dayMs
  const date = new Date(day)
  const months = date.getUTCFullYear() * 12 + date.getUTCMonth() - count * (unit === 'year' ? 12 : 1)
  // The 31st has no month before with as many days, often enough: then it is that month's last.
  const lastDay = new Date(Date.UTC(Math.floor(months / 12), (months % 12) + 1, 0)).getUTCDate()
  return Date.UTC(Math.floor(months / 12), months % 12, Math.min(date.getUTCDate(), lastDay))
}

function startOf(day: number, { count, unit }: Extract<RelativeDate, { readonly kind: 'start' }>): number {
  if (unit === 'week') {
    const monday = day - ((new Date(day).getUTCDay() + 6) % 7) * dayMs
    return monday - count * 7 * dayMs
  }
  const date = new Date(day)
  if (unit === 'year') return Date.UTC(date.getUTCFullYear() - count, 0, 1)
  return Date.UTC(date.getUTCFullYear(), date.getUTCMonth() - count, 1)
}

/** As the value of a parameter of this type. Error: request-invalid for types that hold no date. */
export function relativeValue(text: string, type: string, atMs: number, zone: string): string {
  const day = resolveDate(parseRelativeDate(text), atMs, zone)
  switch (type.trim().toUpperCase()) {
    case 'DATE':
    case 'STRING':
      return day
    case 'DATETIME':
      return `${day} 00:00:00`
    case 'TIMESTAMP':
      return new Date(startOfDay(day, zone)).toISOString()
    default:
      throw new MillpondError('request-invalid', `A relative date is a DATE, DATETIME, TIMESTAMP or STRING, no ${type}`)
  }
}
