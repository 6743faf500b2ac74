// Dates, times and intervals as Postgres writes them (DateStyle ISO, IntervalStyle postgres).
import type { EngineInterval } from '../../../warehouse/session.ts'

const microsPerSecond = 1_000_000n
const secondsPerDay = 86_400n
const microsPerDay = secondsPerDay * microsPerSecond
/** The engine's infinities. */
const infiniteMicros = 2n ** 63n - 1n

export function dateText(days: number): string {
  if (!Number.isFinite(days)) return days > 0 ? 'infinity' : '-infinity'
  const { text, isBefore } = dayText(days)
  return isBefore ? `${text} BC` : text
}

export function timeText(micros: bigint): string {
  const seconds = micros / microsPerSecond
  const [hour, minute, second] = [seconds / 3600n, (seconds / 60n) % 60n, seconds % 60n]
  return `${two(hour)}:${two(minute)}:${two(second)}${fraction(micros % microsPerSecond)}`
}

export function timestampText(micros: bigint): string {
  return instantText(micros, '')
}

export function timestamptzText(micros: bigint, zone: Zone): string {
  if (micros >= infiniteMicros || micros <= -infiniteMicros) return instantText(micros, '')
  const offset = zone.offsetSeconds(micros)
  return instantText(micros + BigInt(offset) * microsPerSecond, offsetText(offset))
}

function instantText(micros: bigint, suffix: string): string {
  if (micros >= infiniteMicros) return 'infinity'
  if (micros <= -infiniteMicros) return '-infinity'
  const rest = ((micros % microsPerDay) + microsPerDay) % microsPerDay
  const { text, isBefore } = dayText(Number((micros - rest) / microsPerDay))
  return `${text} ${timeText(rest)}${suffix}${isBefore ? ' BC' : ''}`
}

function dayText(days: number): { text: string; isBefore: boolean } {
  const { year, month, day } = civil(days)
  const isBefore = year <= 0
  const shown = String(isBefore ? 1 - year : year).padStart(4, '0')
  return { text: `${shown}-${two(month)}-${two(day)}`, isBefore }
}

/** Days since 1970 -> the Gregorian calendar, at any distance (Howard Hinnant's civil_from_days). */
function civil(days: number): { year: number; month: number; day: number } {
  const shifted = days + 719_468
  const era = Math.floor(shifted / 146_097)
  const dayOfEra = shifted - era * 146_097
  const yearOfEra = Math.floor(
    (dayOfEra - Math.floor(dayOfEra / 1460) + Math.floor(dayOfEra / 36_524) - Math.floor(dayOfEra / 146_096)) / 365,
  )
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100))
  const shiftedMonth = Math.floor((5 * dayOfYear + 2) / 153)
  const day = dayOfYear - Math.floor((153 * shiftedMonth + 2) / 5) + 1
  const month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
  return { year: yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day }
}

function two(value: number | bigint): string {
  return String(value).padStart(2, '0')
}

function fraction(micros: bigint): string {
  return micros === 0n ? '' : `.${String(micros).padStart(6, '0').replace(/0+$/, '')}`
}

function offsetText(seconds: number): string {
  const size = Math.abs(seconds)
  const [hours, minutes, rest] = [Math.floor(size / 3600), Math.floor(size / 60) % 60, size % 60]
  const tail = rest !== 0 ? `:${two(minutes)}:${two(rest)}` : minutes !== 0 ? `:${two(minutes)}` : ''
  return `${seconds < 0 ? '-' : '+'}${two(hours)}${tail}`
}

export function intervalText({ months, days, micros }: EngineInterval): string {
  const parts: string[] = []
  let isBefore = false
  const add = (value: number, unit: string): void => {
    if (value === 0) return
    parts.push(`${isBefore && value > 0 ? '+' : ''}${value} ${unit}${value === 1 ? '' : 's'}`)
    isBefore = value < 0
  }
  add(Math.trunc(months / 12), 'year')
  add(months % 12, 'mon')
  add(days, 'day')
  if (micros !== 0n || parts.length === 0) {
    const sign = micros < 0n ? '-' : isBefore ? '+' : ''
    parts.push(`${sign}${timeText(micros < 0n ? -micros : micros)}`)
  }
  return parts.join(' ')
}

/** A session's TimeZone: what the clock there shows at an instant. */
export interface Zone {
  /** As it is reported, and as the engine knows it. */
  readonly name: string
  offsetSeconds(micros: bigint): number
}

export const utcZone: Zone = { name: 'UTC', offsetSeconds: () => 0 }

/** Offsets change on quarters of an hour at the finest. */
const stepMicros = 900n * microsPerSecond
const rememberedMax = 4096

/** undefined: nobody knows this zone. */
export function zoneOf(wanted: string): Zone | undefined {
  const name = zoneName(wanted.trim())
  if (name === undefined) return undefined
  if (name === 'UTC') return utcZone
  const format = offsetFormat(name)
  if (format === undefined) return undefined
  const remembered = new Map<bigint, number>()
  return {
    name,
    offsetSeconds(micros) {
      const step = micros / stepMicros
      let offset = remembered.get(step)
      if (offset === undefined) {
        offset = readOffset(format, Number(step * 900_000n))
        if (remembered.size >= rememberedMax) remembered.clear()
        remembered.set(step, offset)
      }
      return offset
    },
  }
}

/** Names of the tz database, UTC in its many names, and whole hours from it (Postgres: `SET TIME ZONE -5`). */
function zoneName(wanted: string): string | undefined {
  if (/^(?:utc|gmt|z|zulu|etc\/utc|etc\/gmt|[+-]?0+)$/i.test(wanted)) return 'UTC'
  const hours = /^([+-]?)(\d{1,2})(?::?00)?$/.exec(wanted)
  // Etc/GMT-2 lies two hours east.
  if (hours !== null) return `Etc/GMT${hours[1] === '-' ? '+' : '-'}${Number(hours[2])}`
  return /^[A-Za-z][A-Za-z0-9_+/-]{0,60}$/.test(wanted) ? wanted : undefined
}

function offsetFormat(timeZone: string): Intl.DateTimeFormat | undefined {
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone, timeZoneName: 'longOffset' })
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

function readOffset(format: Intl.DateTimeFormat, millis: number): number {
  const bound = Math.max(-8.64e15, Math.min(8.64e15, millis))
  const name = format.formatToParts(bound).find((part) => part.type === 'timeZoneName')?.value ?? ''
  const [, sign, hours = '0', minutes = '0', seconds = '0'] = /GMT([+-])(\d\d):(\d\d)(?::(\d\d))?/.exec(name) ?? []
  const size = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds)
  return sign === '-' ? -size : size
}
