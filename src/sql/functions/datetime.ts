// DATETIME functions. DATE_ADD, DATE_TRUNC and DATE_DIFF take a DATETIME, too.
import { sqlOf, lastDay, lastDayPart, lengthPart, longSpan } from './date.ts'
import {
  clockParts,
  countDatetimes,
  dayParts,
  extractDatePart,
  extractDateParts,
  isClockPart,
  microsIn,
  partOf,
  truncateDatetime,
} from './date-parts.ts'
import type { FunctionRow, LoweringCall } from './function-row.ts'
import { lowerFormat, lowerParse } from './time-text.ts'
import { toLocal, zoneOf } from './time-zone.ts'

const addParts = [...clockParts, 'DAY', 'WEEK', 'MONTH', 'QUARTER', 'YEAR']
const allParts = [...clockParts, ...dayParts]

function addDatetime(call: LoweringCall, sign: '' | '-', what: string): string {
  const part = lengthPart(call, 2, addParts, what)
  const amount = `(${sign}(${sqlOf(call, 1)}))`
  const value = sqlOf(call, 0)
  if (isClockPart(part)) return `memory.bq.datetime_of(epoch_us(${value}) + ${amount} * ${microsIn(part)})`
  return `memory.bq.datetime_in_range(${value} + ${longSpan(amount, part)})`
}

function difference(call: LoweringCall, what: string): string {
  return countDatetimes(sqlOf(call, 0), sqlOf(call, 1), partOf(call, call.args[2], allParts, what))
}

function truncate(call: LoweringCall, what: string): string {
  return truncateDatetime(sqlOf(call, 0), partOf(call, call.args[1], allParts, what))
}

/** Also of timestamps, once they are local. */
export function extractFromLocal(call: LoweringCall, local: string, from: string): string {
  const part = partOf(
    call,
    call.args[0],
    [...extractDateParts, ...clockParts, 'DATE', 'TIME', 'DATETIME'],
    `EXTRACT from ${from}`,
  )
  if (part === 'DATE' || part === 'TIME') return `CAST(${local} AS ${part})`
  if (part === 'DATETIME') return local
  return extractDatePart(local, part, false)
}

function bucketDatetime(call: LoweringCall): string {
  const [value, width, origin] = call.args
  return `time_bucket(${width?.sql ?? ''}, ${value?.sql ?? ''}, ${origin?.sql ?? "TIMESTAMP '1950-01-01 00:00:00'"})`
}

export const datetimeFunctions: readonly FunctionRow[] = [
  {
    signature: 'CURRENT_DATETIME([STRING]) -> DATETIME',
    volatile: true,
    lower: (call) => toLocal('now()', zoneOf(call, call.args[0])),
  },
  {
    signature: 'DATETIME(INT64, INT64, INT64, INT64, INT64, INT64) -> DATETIME',
    lower: '(memory.bq.make_date_checked($1, $2, $3) + to_microseconds(memory.bq.make_clock_checked($4, $5, $6)))',
  },
  { signature: 'DATETIME(DATETIME) -> DATETIME', lower: '$1' },
  { signature: 'DATETIME(DATE) -> DATETIME', lower: 'CAST($1 AS TIMESTAMP)' },
  { signature: 'DATETIME(DATE, TIME) -> DATETIME', lower: '($1 + $2)' },
  {
    signature: 'DATETIME(TIMESTAMP, [STRING]) -> DATETIME',
    lower: (call) => toLocal(sqlOf(call, 0), zoneOf(call, call.args[1])),
  },
  {
    signature: 'DATETIME_ADD(DATETIME, INT64, PART) -> DATETIME',
    lower: (call) => addDatetime(call, '', 'DATETIME_ADD'),
  },
  {
    signature: 'DATETIME_SUB(DATETIME, INT64, PART) -> DATETIME',
    lower: (call) => addDatetime(call, '-', 'DATETIME_SUB'),
  },
  { signature: 'DATE_ADD(DATETIME, INT64, PART) -> DATETIME', lower: (call) => addDatetime(call, '', 'DATE_ADD') },
  { signature: 'DATE_SUB(DATETIME, INT64, PART) -> DATETIME', lower: (call) => addDatetime(call, '-', 'DATE_SUB') },
  { signature: 'DATETIME_DIFF(DATETIME, DATETIME, PART) -> INT64', lower: (call) => difference(call, 'DATETIME_DIFF') },
  { signature: 'DATE_DIFF(DATETIME, DATETIME, PART) -> INT64', lower: (call) => difference(call, 'DATE_DIFF') },
  { signature: 'DATETIME_TRUNC(DATETIME, PART) -> DATETIME', lower: (call) => truncate(call, 'DATETIME_TRUNC') },
  { signature: 'DATE_TRUNC(DATETIME, PART) -> DATETIME', lower: (call) => truncate(call, 'DATE_TRUNC') },
  { signature: 'TIMESTAMP_TRUNC(DATETIME, PART) -> DATETIME', lower: (call) => truncate(call, 'TIMESTAMP_TRUNC') },
  { signature: 'DATETIME_BUCKET(DATETIME, INTERVAL, [DATETIME]) -> DATETIME', lower: bucketDatetime },
  {
    signature: 'LAST_DAY(DATETIME, [PART]) -> DATE',
    lower: (call) => lastDay(`CAST(${sqlOf(call, 0)} AS DATE)`, lastDayPart(call)),
  },
  {
    signature: 'EXTRACT_FROM_DATETIME(PART, DATETIME) -> INT64',
    lower: (call) => extractFromLocal(call, sqlOf(call, 1), 'DATETIME'),
  },
  { signature: 'FORMAT_DATETIME(STRING, DATETIME) -> STRING', lower: (call) => lowerFormat(call, 'DATETIME') },
  { signature: 'PARSE_DATETIME(STRING, STRING) -> DATETIME', lower: (call) => lowerParse(call, 'DATETIME') },
]
