// The lowerings of FORMAT_* and PARSE_* that all four time types share.
import { text } from '../type-names.ts'
import type { TimeKind } from './civil-time.ts'
import { formatSql, readFormat } from './format-time.ts'
import type { LoweredArgument, LoweringCall } from './function-row.ts'
import { checkParseFormat } from './parse-time.ts'
import { toInstant, toLocal, type Zone, zoneOf, zoneText } from './time-zone.ts'

/** FORMAT_x(format, value, [zone]). */
export function lowerFormat(call: LoweringCall, kind: TimeKind): string {
  const [format, value, zone] = call.args
  if (format === undefined || value === undefined) throw new Error('BUG: FORMAT without arguments')
  const at = zoneOf(call, zone)
  const local = localOf(value.sql, kind, at)
  const offset = kind === 'TIMESTAMP' ? offsetMinutes(value.sql, local, at) : '0'
  if (typeof format.constant !== 'string') {
    return `bq_js_format_time('${kind}', ${format.sql}, epoch_us(${local}), CAST(${offset} AS BIGINT))`
  }
  refuseFlags(call, format.constant, kind)
  return (
    formatSql(kind, format.constant, local, offset) ??
    `bq_js_format_time('${kind}', ${text(format.constant)}, epoch_us(${local}), CAST(${offset} AS BIGINT))`
  )
}

function refuseFlags(call: LoweringCall, format: string, kind: TimeKind): void {
  try {
    readFormat(format, kind)
  } catch (error) {
    call.unsupported(error instanceof Error ? error.message : String(error))
  }
}

/** What strftime and the date part functions take. */
function localOf(sql: string, kind: TimeKind, zone: Zone): string {
  if (kind === 'TIMESTAMP') return shownLocal(sql, zone)
  return kind === 'TIME' ? `make_timestamp(epoch_us(${sql}))` : sql
}

/** Offsets are shown in whole minutes, and times with them: before 1900 many had seconds, too. */
export function shownLocal(instant: string, zone: Zone): string {
  const local = toLocal(instant, zone)
  return zone.kind === 'offset' ? local : `memory.bq.whole_minutes(${instant}, ${local})`
}

export function offsetMinutes(instant: string, local: string, zone: Zone): string {
  return zone.kind === 'offset' ? String(zone.micros / 60_000_000) : `memory.bq.offset_minutes(${instant}, ${local})`
}

const results: Readonly<Record<TimeKind, (local: string) => string>> = {
  DATE: (local) => `CAST(${local} AS DATE)`,
  TIME: (local) => `CAST(${local} AS TIME)`,
  DATETIME: (local) => local,
  TIMESTAMP: (local) => local,
}

/** PARSE_x(format, text, [zone]). */
export function lowerParse(call: LoweringCall, kind: TimeKind): string {
  const [format, input, zone] = call.args
  if (format === undefined || input === undefined) throw new Error('BUG: PARSE without arguments')
  const constant = typeof format.constant === 'string' ? format.constant : undefined
  if (constant !== undefined) {
    const { unsupported } = checkParseFormat(constant, kind)
    if (unsupported !== undefined) call.unsupported(unsupported)
  }
  const parsed = `bq_js_parse_time('${kind}', ${format.sql}, ${input.sql})`
  if (kind === 'TIMESTAMP' && (constant === undefined || /%(?:Ez|[zZs])/.test(constant))) {
    return once(parsed, (one) => `memory.bq.instant_parsed(${one}, ${zoneText(zoneOf(call, zone))})`)
  }
  const local = parsedLocal(kind, parsed, input, constant)
  if (kind !== 'TIMESTAMP') return results[kind](local)
  const at = zoneOf(call, zone)
  return at.kind === 'offset' && at.micros === 0 ? toInstant(local, at) : once(local, (one) => toInstant(one, at))
}

/** Texts with all their digits go through DuckDB, whatever else through JavaScript, which has BigQuery's leniency and errors. */
function parsedLocal(kind: TimeKind, parsed: string, input: LoweredArgument, format: string | undefined): string {
  // DATETIME of %s comes with its zone.
  const slow = `make_timestamp(CAST(split_part(${parsed}, ' ', 1) AS BIGINT))`
  // Formats that the type doesn't allow fail at run time: SAFE. makes NULL of that, too.
  const isAllowed = format !== undefined && checkParseFormat(format, kind).invalid === undefined
  const fast = isAllowed ? fastPattern(format) : undefined
  if (fast === undefined) return slow
  return `coalesce(CASE WHEN regexp_full_match(${input.sql}, ${text(fast.pattern)}) THEN try_strptime(${input.sql}, ${text(fast.format)}) END, ${slow})`
}

const fastElements: Readonly<Record<string, string | undefined>> = {
  Y: '[12][0-9]{3}',
  m: '[0-9]{2}',
  d: '[0-9]{2}',
  H: '[0-9]{2}',
  M: '[0-9]{2}',
  S: '[0-5][0-9]',
}

/** Only formats that name a whole date, or whole date and time, each element once. */
function fastPattern(source: string): { readonly pattern: string; readonly format: string } | undefined {
  const format = source.replaceAll('%F', '%Y-%m-%d').replaceAll('%T', '%H:%M:%S')
  let pattern = ''
  const seen: string[] = []
  for (const [all, name] of format.matchAll(/%(.)|[^]/g)) {
    if (name === undefined) {
      if (!/^[-/:.,T ]$/.test(all)) return undefined
      pattern += all === '.' ? '[.]' : all
      continue
    }
    const element = fastElements[name]
    if (element === undefined || seen.includes(name)) return undefined
    seen.push(name)
    pattern += element
  }
  const names = seen.sort().join('')
  return names === 'Ydm' || names === 'HMSYdm' ? { pattern, format } : undefined
}

/** Computes a value once and uses it several times. */
export function once(sql: string, use: (one: string) => string): string {
  return `list_transform([${sql}], lambda bq_once: ${use('bq_once')})[1]`
}
