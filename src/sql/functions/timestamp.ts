// TIMESTAMP functions. Days are 24 hours here; only truncating and extracting know of zones.
import { sqlOf, lengthPart } from './date.ts'
import { clockParts, dayParts, isClockPart, microsIn, partOf, truncateDatetime } from './date-parts.ts'
import { extractFromLocal } from './datetime.ts'
import type { FunctionRow, LoweringCall } from './function-row.ts'
import { lowerFormat, lowerParse, offsetMinutes, once, shownLocal } from './time-text.ts'
import { toInstant, toLocal, utc, zoneOf, zoneText } from './time-zone.ts'

const addParts = [...clockParts, 'DAY']

function addTimestamp(call: LoweringCall, sign: '+' | '-', what: string): string {
  const part = lengthPart(call, 2, addParts, what)
  return `memory.bq.instant_of(epoch_us(${sqlOf(call, 0)}) ${sign} (${sqlOf(call, 1)}) * ${microsIn(part)})`
}

function difference(call: LoweringCall, what: string): string {
  const part = partOf(call, call.args[2], addParts, what)
  const micros = `(epoch_us(${sqlOf(call, 0)}) - epoch_us(${sqlOf(call, 1)}))`
  return part === 'MICROSECOND' ? micros : `(${micros} // ${microsIn(part)})`
}

function truncate(call: LoweringCall, what: string): string {
  const part = partOf(call, call.args[1], [...clockParts, ...dayParts], what)
  const zone = zoneOf(call, call.args[2])
  const instant = sqlOf(call, 0)
  const local = toLocal(instant, zone)
  const start = truncateDatetime(local, part)
  // Within an hour that stands twice only the clock's own distance is right.
  if (isClockPart(part) && zone.kind !== 'offset')
    return `make_timestamptz(epoch_us(${instant}) - (epoch_us(${local}) - epoch_us(${start})))`
  return zone.kind === 'offset' && zone.micros === 0
    ? toInstant(start, zone)
    : once(start, (one) => toInstant(one, zone))
}

function bucket(call: LoweringCall): string {
  const [value, width, origin] = call.args
  const local = toLocal(value?.sql ?? '', utc)
  const from = origin === undefined ? "TIMESTAMP '1950-01-01 00:00:00'" : toLocal(origin.sql, utc)
  return toInstant(`time_bucket(${width?.sql ?? ''}, ${local}, ${from})`, utc)
}

/** TIMESTAMP(text, [zone]): the zone in the text, or the one given, or UTC. */
function fromText(call: LoweringCall): string {
  const input = sqlOf(call, 0)
  const zone = zoneOf(call, call.args[1])
  const full = `regexp_full_match(${input}, '[12][0-9]{3}-[0-9]{2}-[0-9]{2}([ T][0-9]{2}:[0-9]{2}:[0-9]{2}([.][0-9]{1,6})?)?')`
  const read = `bq_js_read_timestamp(${input}, ${call.args[1] === undefined})`
  // TRY_CAST takes seconds up to 60 and 24:00:00 no more than we do.
  const parsed = `coalesce(CASE WHEN ${full} THEN CAST(epoch_us(TRY_CAST(${input} AS TIMESTAMP)) AS VARCHAR) END, ${read})`
  return once(parsed, (one) => `memory.bq.instant_parsed(${one}, ${zoneText(zone)})`)
}

function textOf(call: LoweringCall): string {
  const zone = zoneOf(call, call.args[1])
  const local = shownLocal(sqlOf(call, 0), zone)
  return `(memory.bq.datetime_text(${local}) || memory.bq.offset_text(${offsetMinutes(sqlOf(call, 0), local, zone)}))`
}

/** Whole division that rounds down, also before 1970. */
const secondsDown = (sql: string, micros: number): string =>
  `((epoch_us(${sql}) + 62135596800000000) // ${micros} - ${62_135_596_800_000_000 / micros})`

export const timestampFunctions: readonly FunctionRow[] = [
  { signature: 'CURRENT_TIMESTAMP() -> TIMESTAMP', volatile: true, lower: 'now()' },
  { signature: 'TIMESTAMP(TIMESTAMP) -> TIMESTAMP', lower: '$1' },
  { signature: 'TIMESTAMP(STRING, [STRING]) -> TIMESTAMP', lower: fromText },
  {
    signature: 'TIMESTAMP(DATE, [STRING]) -> TIMESTAMP',
    lower: (call) => toInstant(`CAST(${sqlOf(call, 0)} AS TIMESTAMP)`, zoneOf(call, call.args[1])),
  },
  {
    signature: 'TIMESTAMP(DATETIME, [STRING]) -> TIMESTAMP',
    lower: (call) => toInstant(sqlOf(call, 0), zoneOf(call, call.args[1])),
  },
  { signature: 'STRING(TIMESTAMP, [STRING]) -> STRING', lower: textOf },
  { signature: 'STRING(DATE) -> STRING', lower: 'CAST($1 AS VARCHAR)' },
  { signature: 'STRING(TIME) -> STRING', lower: 'memory.bq.time_text($1)' },
  { signature: 'STRING(DATETIME) -> STRING', lower: 'memory.bq.datetime_text($1)' },
  {
    signature: 'TIMESTAMP_ADD(TIMESTAMP, INT64, PART) -> TIMESTAMP',
    lower: (call) => addTimestamp(call, '+', 'TIMESTAMP_ADD'),
  },
  {
    signature: 'TIMESTAMP_SUB(TIMESTAMP, INT64, PART) -> TIMESTAMP',
    lower: (call) => addTimestamp(call, '-', 'TIMESTAMP_SUB'),
  },
  { signature: 'DATE_ADD(TIMESTAMP, INT64, PART) -> TIMESTAMP', lower: (call) => addTimestamp(call, '+', 'DATE_ADD') },
  { signature: 'DATE_SUB(TIMESTAMP, INT64, PART) -> TIMESTAMP', lower: (call) => addTimestamp(call, '-', 'DATE_SUB') },
  {
    signature: 'TIMESTAMP_DIFF(TIMESTAMP, TIMESTAMP, PART) -> INT64',
    lower: (call) => difference(call, 'TIMESTAMP_DIFF'),
  },
  { signature: 'DATE_DIFF(TIMESTAMP, TIMESTAMP, PART) -> INT64', lower: (call) => difference(call, 'DATE_DIFF') },
  {
    signature: 'TIMESTAMP_TRUNC(TIMESTAMP, PART, [STRING]) -> TIMESTAMP',
    lower: (call) => truncate(call, 'TIMESTAMP_TRUNC'),
  },
  { signature: 'DATE_TRUNC(TIMESTAMP, PART, [STRING]) -> TIMESTAMP', lower: (call) => truncate(call, 'DATE_TRUNC') },
  { signature: 'TIMESTAMP_BUCKET(TIMESTAMP, INTERVAL, [TIMESTAMP]) -> TIMESTAMP', lower: bucket },
  {
    signature: 'EXTRACT_FROM_TIMESTAMP(PART, TIMESTAMP, [STRING]) -> INT64',
    lower: (call) => extractFromLocal(call, toLocal(sqlOf(call, 1), zoneOf(call, call.args[2])), 'TIMESTAMP'),
  },
  {
    signature: 'FORMAT_TIMESTAMP(STRING, TIMESTAMP, [STRING]) -> STRING',
    lower: (call) => lowerFormat(call, 'TIMESTAMP'),
  },
  {
    signature: 'PARSE_TIMESTAMP(STRING, STRING, [STRING]) -> TIMESTAMP',
    lower: (call) => lowerParse(call, 'TIMESTAMP'),
  },
  { signature: 'TIMESTAMP_SECONDS(INT64) -> TIMESTAMP', lower: 'memory.bq.instant_of($1 * 1000000)' },
  { signature: 'TIMESTAMP_MILLIS(INT64) -> TIMESTAMP', lower: 'memory.bq.instant_of($1 * 1000)' },
  { signature: 'TIMESTAMP_MICROS(INT64) -> TIMESTAMP', lower: 'memory.bq.instant_of($1)' },
  { signature: 'UNIX_SECONDS(TIMESTAMP) -> INT64', lower: (call) => secondsDown(sqlOf(call, 0), 1_000_000) },
  { signature: 'UNIX_MILLIS(TIMESTAMP) -> INT64', lower: (call) => secondsDown(sqlOf(call, 0), 1000) },
  { signature: 'UNIX_MICROS(TIMESTAMP) -> INT64', lower: 'epoch_us($1)' },
]
