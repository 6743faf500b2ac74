// Date parts: which ones each function takes, and what truncating, extracting and counting boundaries by them is in DuckDB.
// All SQL here works on local values (DATE, TIMESTAMP without zone, TIME); time-zone.ts leads there.
import { failText } from './fail.ts'
import type { LoweredArgument, LoweringCall } from './function-row.ts'

export const dayParts = ['DAY', 'WEEK', 'ISOWEEK', 'MONTH', 'QUARTER', 'YEAR', 'ISOYEAR'] as const
export const clockParts = ['MICROSECOND', 'MILLISECOND', 'SECOND', 'MINUTE', 'HOUR'] as const

const weekdays = ['MONDAY', 'TUESDAY', 'WEDNESDAY', 'THURSDAY', 'FRIDAY', 'SATURDAY', 'SUNDAY']

/** Days from the week's first day to Monday 0001-01-01, the day that counting starts from. */
export function weekShift(part: string): number | undefined {
  if (part === 'ISOWEEK') return 0
  if (part === 'WEEK') return 1
  const day = /^WEEK\((\w+)\)$/.exec(part)?.[1]
  const index = day === undefined ? -1 : weekdays.indexOf(day)
  return index === -1 ? undefined : (7 - index) % 7
}

/** The part's name, checked against those that a function takes; `what` is how the message begins. */
export function partOf(
  call: LoweringCall,
  argument: LoweredArgument | undefined,
  allowed: readonly string[],
  what: string,
): string {
  const part = String(argument?.constant ?? 'DAY')
  const family = part.startsWith('WEEK(') ? 'WEEK' : part
  if (allowed.includes(family) && (family !== 'WEEK' || weekShift(part) !== undefined)) return part
  if (/^(NANO|PICO)SECOND$/.test(part)) return call.unsupported(`the date part ${part}: times are kept in microseconds`)
  return call.invalid(`${what} does not support the ${part} date part`)
}

/** Days since Monday 0001-01-01. */
function daysOf(date: string): string {
  return `date_diff('day', DATE '0001-01-01', ${date})`
}

const weekTooEarly = failText('Truncating to WEEK resulted in an out of range date value', 'DATE')

/** DATE SQL to DATE SQL. */
export function truncateDate(date: string, part: string): string {
  const shift = weekShift(part)
  if (shift !== undefined) {
    const start = `(${date} - CAST((${daysOf(date)} + ${shift}) % 7 AS INTEGER))`
    return shift === 0
      ? start
      : `CASE WHEN ${date} < DATE '0001-01-07' AND ${start} < DATE '0001-01-01' THEN ${weekTooEarly} ELSE ${start} END`
  }
  if (part === 'DAY') return date
  if (part === 'ISOYEAR') return truncateDate(`make_date(isoyear(${date}), 1, 4)`, 'ISOWEEK')
  return `CAST(date_trunc('${part.toLowerCase()}', ${date}) AS DATE)`
}

/** TIMESTAMP SQL (no zone) to TIMESTAMP SQL. */
export function truncateDatetime(local: string, part: string): string {
  if (part === 'DAY' || part === 'MONTH' || part === 'QUARTER' || part === 'YEAR' || isClockPart(part)) {
    return `CAST(date_trunc('${part.toLowerCase()}', ${local}) AS TIMESTAMP)`
  }
  return `CAST(${truncateDate(`CAST(${local} AS DATE)`, part)} AS TIMESTAMP)`
}

export function isClockPart(part: string): boolean {
  return (clockParts as readonly string[]).includes(part)
}

const microsOfPart: Readonly<Record<string, string>> = {
  MICROSECOND: '1',
  MILLISECOND: '1000',
  SECOND: '1000000',
  MINUTE: '60000000',
  HOUR: '3600000000',
  DAY: '86400000000',
  WEEK: '604800000000',
}

export function microsIn(part: string): string {
  const micros = microsOfPart[part]
  if (micros === undefined) throw new Error(`BUG: ${part} has no fixed length`)
  return micros
}

/** Boundaries between two DATEs. */
export function countDates(end: string, start: string, part: string): string {
  const shift = weekShift(part)
  if (shift !== undefined) return `((${daysOf(end)} + ${shift}) // 7 - (${daysOf(start)} + ${shift}) // 7)`
  if (part === 'ISOYEAR') return `(isoyear(${end}) - isoyear(${start}))`
  return `date_diff('${part.toLowerCase()}', ${start}, ${end})`
}

/** Boundaries between two local datetimes. Micros since 0001 are never negative, so that whole division rounds down. */
export function countDatetimes(end: string, start: string, part: string): string {
  if (!isClockPart(part)) return countDates(`CAST(${end} AS DATE)`, `CAST(${start} AS DATE)`, part)
  if (part === 'MICROSECOND') return `(epoch_us(${end}) - epoch_us(${start}))`
  const unit = microsIn(part)
  const since = (value: string): string => `(epoch_us(${value}) + 62135596800000000) // ${unit}`
  return `(${since(end)} - ${since(start)})`
}

/** INT64 SQL of one part of a DATE or TIMESTAMP (no zone). */
export function extractDatePart(local: string, part: string, isDate: boolean): string {
  const shift = weekShift(part)
  if (part === 'ISOWEEK') return `weekofyear(${local})`
  if (shift !== undefined) {
    const date = isDate ? local : `CAST(${local} AS DATE)`
    return `((dayofyear(${local}) + 6 - (${daysOf(date)} + ${shift}) % 7) // 7)`
  }
  switch (part) {
    case 'DAYOFWEEK':
      return `(dayofweek(${local}) + 1)`
    case 'MILLISECOND':
      return `(millisecond(${local}) % 1000)`
    case 'MICROSECOND':
      return `(microsecond(${local}) % 1000000)`
    default:
      return `${part.toLowerCase()}(${local})`
  }
}

export const extractDateParts = [
  'DAYOFWEEK',
  'DAY',
  'DAYOFYEAR',
  'WEEK',
  'ISOWEEK',
  'MONTH',
  'QUARTER',
  'YEAR',
  'ISOYEAR',
] as const
