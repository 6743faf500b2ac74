// DATE functions. What reads `INTERVAL n PART` gets two arguments, the number and the part.
import { text } from '../type-names.ts'
import {
  countDates,
  dayParts,
  extractDatePart,
  extractDateParts,
  partOf,
  truncateDate,
  weekShift,
} from './date-parts.ts'
import type { FunctionRow, LoweringCall } from './function-row.ts'
import { lowerFormat, lowerParse } from './time-text.ts'
import { toLocal, zoneOf } from './time-zone.ts'

const addParts = ['DAY', 'WEEK', 'MONTH', 'QUARTER', 'YEAR']

/** A plain WEEK only: WEEK(MONDAY) names no length. */
export function lengthPart(call: LoweringCall, index: number, allowed: readonly string[], what: string): string {
  const part = String(call.args[index]?.constant ?? 'DAY')
  return part.startsWith('WEEK(')
    ? call.invalid(`${what} does not support the ${part} date part`)
    : partOf(call, call.args[index], allowed, what)
}

export function sqlOf(call: LoweringCall, index: number): string {
  return call.args[index]?.sql ?? 'NULL'
}

const monthsIn: Readonly<Record<string, number>> = { MONTH: 1, QUARTER: 3, YEAR: 12 }

/** A count of parts as DuckDB interval, if the part is one of months or days. */
export function longSpan(amount: string, part: string): string {
  const months = monthsIn[part]
  if (months !== undefined) return `to_months(CAST(${amount} * ${months} AS INTEGER))`
  return `to_days(CAST(${amount} * ${part === 'WEEK' ? 7 : 1} AS INTEGER))`
}

function addDate(call: LoweringCall, sign: '' | '-', what: string): string {
  const part = lengthPart(call, 2, addParts, what)
  const amount = `(${sign}(${sqlOf(call, 1)}))`
  const date = sqlOf(call, 0)
  if (monthsIn[part] === undefined)
    return `memory.bq.date_in_range(${date} + CAST(${amount} * ${part === 'WEEK' ? 7 : 1} AS INTEGER))`
  return `memory.bq.date_in_range(CAST(${date} + ${longSpan(amount, part)} AS DATE))`
}

export function lastDay(date: string, part: string): string {
  if (part === 'MONTH') return `last_day(${date})`
  if (part === 'YEAR') return `make_date(year(${date}), 12, 31)`
  if (part === 'QUARTER') return `last_day(CAST(date_trunc('quarter', ${date}) + to_months(2) AS DATE))`
  if (part === 'ISOYEAR')
    return `memory.bq.date_in_range(${truncateDate(`make_date(isoyear(${date}) + 1, 1, 4)`, 'ISOWEEK')} - 1)`
  if (weekShift(part) === undefined) return date
  return `memory.bq.date_in_range(${date} + CAST(6 - (date_diff('day', DATE '0001-01-01', ${date}) + ${weekShift(part)}) % 7 AS INTEGER))`
}

export const lastDayParts = ['MONTH', 'QUARTER', 'YEAR', 'WEEK', 'ISOWEEK', 'ISOYEAR']

export function lastDayPart(call: LoweringCall): string {
  return call.args[1] === undefined ? 'MONTH' : partOf(call, call.args[1], lastDayParts, 'LAST_DAY')
}

function bucketDate(call: LoweringCall): string {
  const [value, width, origin] = call.args
  const from = origin?.sql ?? "DATE '1950-01-01'"
  return `CAST(time_bucket(${width?.sql ?? ''}, CAST(${value?.sql ?? ''} AS TIMESTAMP), CAST(${from} AS TIMESTAMP)) AS DATE)`
}

export const dateFunctions: readonly FunctionRow[] = [
  {
    signature: 'CURRENT_DATE([STRING]) -> DATE',
    volatile: true,
    lower: (call) => `CAST(${toLocal('now()', zoneOf(call, call.args[0]))} AS DATE)`,
  },
  { signature: 'DATE(INT64, INT64, INT64) -> DATE', lower: 'memory.bq.make_date_checked($1, $2, $3)' },
  { signature: 'DATE(DATE) -> DATE', lower: '$1' },
  { signature: 'DATE(DATETIME) -> DATE', lower: 'CAST($1 AS DATE)' },
  {
    signature: 'DATE(TIMESTAMP, [STRING]) -> DATE',
    lower: (call) => `CAST(${toLocal(sqlOf(call, 0), zoneOf(call, call.args[1]))} AS DATE)`,
  },
  { signature: 'DATE_ADD(DATE, INT64, PART) -> DATE', lower: (call) => addDate(call, '', 'DATE_ADD') },
  { signature: 'DATE_SUB(DATE, INT64, PART) -> DATE', lower: (call) => addDate(call, '-', 'DATE_SUB') },
  {
    signature: 'DATE_DIFF(DATE, DATE, PART) -> INT64',
    lower: (call) => countDates(sqlOf(call, 0), sqlOf(call, 1), partOf(call, call.args[2], dayParts, 'DATE_DIFF')),
  },
  {
    signature: 'DATE_TRUNC(DATE, PART) -> DATE',
    lower: (call) => truncateDate(sqlOf(call, 0), partOf(call, call.args[1], dayParts, 'DATE_TRUNC')),
  },
  { signature: 'DATE_BUCKET(DATE, INTERVAL, [DATE]) -> DATE', lower: bucketDate },
  { signature: 'LAST_DAY(DATE, [PART]) -> DATE', lower: (call) => lastDay(sqlOf(call, 0), lastDayPart(call)) },
  {
    signature: 'EXTRACT_FROM_DATE(PART, DATE) -> INT64',
    lower: (call) =>
      extractDatePart(sqlOf(call, 1), partOf(call, call.args[0], extractDateParts, 'EXTRACT from DATE'), true),
  },
  { signature: 'FORMAT_DATE(STRING, DATE) -> STRING', lower: (call) => lowerFormat(call, 'DATE') },
  { signature: 'FORMAT_DATE(STRING, DATETIME) -> STRING', lower: (call) => lowerFormat(call, 'DATETIME') },
  { signature: 'FORMAT_DATE(STRING, TIMESTAMP) -> STRING', lower: (call) => lowerFormat(call, 'TIMESTAMP') },
  { signature: 'PARSE_DATE(STRING, STRING) -> DATE', lower: (call) => lowerParse(call, 'DATE') },
  {
    signature: 'DATE_FROM_UNIX_DATE(INT64) -> DATE',
    lower: `memory.bq.date_in_range(${text('1970-01-01')}::DATE + CAST($1 AS INTEGER))`,
  },
  { signature: 'UNIX_DATE(DATE) -> INT64', lower: "date_diff('day', DATE '1970-01-01', $1)" },
]
