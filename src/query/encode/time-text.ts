// Times as people and clients read them.
import type { EngineInterval } from '../../warehouse/session.ts'

const microsPerSecond = 1_000_000n
const millisPerDay = 86_400_000
const infinityMicros = 9_223_372_036_854_775_807n

/** `2026-03-01`; years beyond 9999 and before 1 as the engine writes them. */
export function dateText(days: number): string {
  if (!Number.isFinite(days)) return days > 0 ? 'infinity' : '-infinity'
  const date = new Date(days * millisPerDay)
  if (Number.isNaN(date.getTime())) return `${days} days`
  const year = date.getUTCFullYear()
  const rest = `${two(date.getUTCMonth() + 1)}-${two(date.getUTCDate())}`
  return year > 0 ? `${String(year).padStart(4, '0')}-${rest}` : `${String(1 - year).padStart(4, '0')}-${rest} (BC)`
}

/** `10:11:12`, with microseconds only if there are any. */
export function timeText(micros: bigint): string {
  const seconds = Number(micros / microsPerSecond)
  const head = `${two(Math.floor(seconds / 3600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`
  return head + fractionText(micros)
}

/** `.5`, `.123456` or nothing. */
export function fractionText(micros: bigint): string {
  const rest = ((micros % microsPerSecond) + microsPerSecond) % microsPerSecond
  return rest === 0n ? '' : `.${String(rest).padStart(6, '0').replace(/0+$/, '')}`
}

/** Days since 1970 and microseconds of the day. */
export function dayAndTime(micros: bigint): { readonly days: number; readonly time: bigint } {
  const perDay = BigInt(millisPerDay) * 1000n
  const time = ((micros % perDay) + perDay) % perDay
  return { days: Number((micros - time) / perDay), time }
}

/** ISO 8601: milliseconds always, microseconds only if there are any. */
export function isoTimestamp(micros: bigint, zone: 'Z' | ''): string {
  if (micros === infinityMicros) return 'infinity'
  if (micros <= -infinityMicros) return '-infinity'
  const rest = ((micros % 1000n) + 1000n) % 1000n
  const millis = Number((micros - rest) / 1000n)
  if (millis < -62_135_596_800_000 || millis > 253_402_300_799_999) {
    const { days, time } = dayAndTime(micros)
    return `${dateText(days)} ${timeText(time)}${zone === 'Z' ? '+00' : ''}`
  }
  const text = new Date(millis).toISOString().slice(0, -1)
  return `${text}${rest === 0n ? '' : String(rest).padStart(3, '0')}${zone}`
}

/** BigQuery's text: `1-2 3 4:5:6.789`. */
export function intervalText({ months, days, micros }: EngineInterval): string {
  const size = micros < 0n ? -micros : micros
  const seconds = size / microsPerSecond
  const head = `${months < 0 ? '-' : ''}${Math.floor(Math.abs(months) / 12)}-${Math.abs(months) % 12}`
  const clock = `${seconds / 3600n}:${(seconds / 60n) % 60n}:${seconds % 60n}${fractionText(size)}`
  return `${head} ${days} ${micros < 0n ? '-' : ''}${clock}`
}

function two(value: number): string {
  return String(value).padStart(2, '0')
}
