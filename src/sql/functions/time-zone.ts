// From instants to local times and back. UTC and fixed offsets are plain arithmetic on microseconds, because DuckDB's own
// conversions walk a calendar for every row, twenty times slower.
import { text } from '../type-names.ts'
import type { LoweredArgument, LoweringCall } from './function-row.ts'

export type Zone =
  | { readonly kind: 'offset'; readonly micros: number }
  | { readonly kind: 'name'; readonly name: string }
  /** Known only at run time. */
  | { readonly kind: 'sql'; readonly sql: string }

export const utc: Zone = { kind: 'offset', micros: 0 }

/** Zones of the tz database without a slash in their name. ICU knows more three-letter names, which BigQuery doesn't. */
const bareZones = new Set(
  `CET CST6CDT Cuba EET EST EST5EDT Egypt Eire GB GB-Eire GMT GMT+0 GMT-0 GMT0 Greenwich HST Hongkong Iceland Iran Israel Jamaica
  Japan Kwajalein Libya MET MST MST7MDT NZ NZ-CHAT Navajo PRC PST8PDT Poland Portugal ROC ROK Singapore Turkey UCT UTC Universal W-SU
  WET Zulu`.split(/\s+/),
)
const utcNames = new Set([
  'UTC',
  'GMT',
  'Etc/UTC',
  'Etc/GMT',
  'Zulu',
  'UCT',
  'Universal',
  'Greenwich',
  'GMT0',
  'GMT+0',
  'GMT-0',
])

/** `+08`, `-8:30`, `+0830`, `UTC+8`: micros east of Greenwich; undefined: it is no offset. */
export function offsetOf(name: string): number | undefined {
  const match = /^(?:UTC)?([+-])(\d{1,2})(?::?(\d{1,2}))?$/.exec(name)
  if (match === null) return undefined
  const [, sign = '', hours = '', minutes = '0'] = match
  const total = Number(hours) * 60 + Number(minutes)
  if (Number(minutes) > 59 || total > 14 * 60) return undefined
  return (sign === '-' ? -total : total) * 60_000_000
}

export function isZoneName(name: string): boolean {
  if (bareZones.has(name)) return true
  if (!/^[A-Z][A-Za-z_]+\/[A-Za-z_/+-]+\d*$/.test(name) || name.startsWith('SystemV/')) return false
  try {
    const known = new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone
    return known === name || known.toLowerCase() !== name.toLowerCase()
  } catch {
    return false
  }
}

/** The zone that an argument names; none is UTC. */
export function zoneOf(call: LoweringCall, argument: LoweredArgument | undefined): Zone {
  if (argument === undefined) return utc
  if (typeof argument.constant !== 'string') return { kind: 'sql', sql: argument.sql }
  const name = argument.constant
  if (name === '') call.invalid('Invalid empty time zone')
  const micros = utcNames.has(name) ? 0 : offsetOf(name)
  if (micros !== undefined) return { kind: 'offset', micros }
  if (!isZoneName(name)) call.invalid(`Invalid time zone: ${name}`)
  return { kind: 'name', name }
}

/** TIMESTAMPTZ SQL to TIMESTAMP SQL. */
export function toLocal(instant: string, zone: Zone): string {
  switch (zone.kind) {
    case 'offset':
      return zone.micros === 0
        ? `make_timestamp(epoch_us(${instant}))`
        : `make_timestamp(epoch_us(${instant}) + ${zone.micros})`
    case 'name':
      return `timezone(${text(zone.name)}, ${instant})`
    case 'sql':
    default:
      return `memory.bq.local_in(${instant}, ${zone.sql})`
  }
}

/** TIMESTAMP SQL to TIMESTAMPTZ SQL. */
export function toInstant(local: string, zone: Zone): string {
  switch (zone.kind) {
    case 'offset':
      return zone.micros === 0
        ? `make_timestamptz(epoch_us(${local}))`
        : `memory.bq.instant_of(epoch_us(${local}) - ${zone.micros})`
    case 'name':
      return `memory.bq.instant_named(${local}, ${text(zone.name)})`
    case 'sql':
    default:
      return `memory.bq.instant_in(${local}, ${zone.sql})`
  }
}

/** As a STRING value, for messages and JavaScript. */
export function zoneText(zone: Zone): string {
  if (zone.kind === 'name') return text(zone.name)
  if (zone.kind === 'sql') return zone.sql
  const minutes = Math.abs(zone.micros) / 60_000_000
  const pad = (value: number): string => String(value).padStart(2, '0')
  return text(`${zone.micros < 0 ? '-' : '+'}${pad(Math.floor(minutes / 60))}:${pad(minutes % 60)}`)
}
