// Reads the values that files write where an event has an id, a name or a time.
import { isRawNumber } from './exact-json.ts'

export type Json = Readonly<Record<string, unknown>>

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !isRawNumber(value)
}

/** Text of an id or a name; numbers with all their digits; all else is none (''). */
export function textOf(value: unknown): string {
  if (typeof value === 'string') return value
  if (typeof value === 'number') return String(value)
  return isRawNumber(value) ? value.rawJSON : ''
}

const written =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*(?:(Z|UTC|GMT)|([+-])(\d{2}):?(\d{2})?)?$/i

/** ISO 8601 in UTC, to the microsecond; undefined: no time. Numbers are seconds, milli-, micro- or nanoseconds since 1970. */
export function isoTime(value: unknown): string | undefined {
  const text = textOf(value).trim()
  if (text === '' || text.length > 64) return undefined
  if (/^-?\d+(?:\.\d+)?$/.test(text)) return isoOfNumber(text)
  const match = written.exec(text)
  if (match === null) return undefined
  const part = (index: number): number => Number(match[index] ?? 0)
  if (part(2) < 1 || part(2) > 12 || part(4) > 23 || part(5) > 59 || part(6) > 59) return undefined
  // Date.UTC takes the year 1 for 1901, and both take the 31st of February for the 3rd of March.
  const dayMs = new Date(0).setUTCFullYear(part(1), part(2) - 1, part(3))
  if (new Date(dayMs).getUTCDate() !== part(3)) return undefined
  const zoneMinutes = (match[9] === '-' ? -1 : 1) * (part(10) * 60 + part(11))
  const ms = dayMs + ((part(4) * 60 + part(5) - zoneMinutes) * 60 + part(6)) * 1000
  return isoOf(ms, (match[7] ?? '').padEnd(6, '0').slice(0, 6))
}

/** True if the engine reads a text that `isoTime` reads as well, and as the same moment: no bare number, no `utc`. */
export function isTimeOfEngine(text: string): boolean {
  return text.length <= 64 && /^\s*\d{4}-/.test(text) && /(?:\d|[Zz]|UTC|GMT)\s*$/.test(text)
}

/** As seconds this is the year 5138, as milliseconds March 1973; each unit is a thousand of the next. */
const secondsMax = 100_000_000_000

function isoOfNumber(text: string): string | undefined {
  const [whole = '', fraction = ''] = text.replace('-', '').split('.')
  if (text.startsWith('-') || whole.length > 20) return undefined
  // Digits, not floating point: nanoseconds don't fit a double.
  const units = BigInt(whole)
  let digits = 0
  for (let limit = BigInt(secondsMax); units >= limit && digits < 9; limit *= 1000n) digits += 3
  const scale = 10n ** BigInt(digits)
  const micros = digits === 0 ? fraction : String(units % scale).padStart(digits, '0')
  return isoOf(Number(units / scale) * 1000, micros.padEnd(6, '0').slice(0, 6))
}

/** `micros`: six digits behind the second of `ms`. */
function isoOf(ms: number, micros: string): string | undefined {
  const date = new Date(ms)
  if (Number.isNaN(date.getTime()) || date.getUTCFullYear() > 9999 || date.getUTCFullYear() < 1) return undefined
  return `${date.toISOString().slice(0, 19)}.${micros.endsWith('000') ? micros.slice(0, 3) : micros}Z`
}
