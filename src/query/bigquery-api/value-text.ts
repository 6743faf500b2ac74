// Values as the API writes them: everything is text, and times have the forms that clients parse.
import { dateText, dayAndTime } from '../encode/time-text.ts'

const microsPerSecond = 1_000_000n

export type TimestampForm = 'float' | 'int64' | 'iso'

/** As Java's Double.toString, which BigQuery follows: 1.0, 1.5E-7, 1.772325E9 are what clients have always parsed. */
export function floatText(value: number): string {
  if (Number.isNaN(value)) return 'NaN'
  if (!Number.isFinite(value)) return value > 0 ? 'Infinity' : '-Infinity'
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return Object.is(value, -0) ? '-0.0' : `${value}.0`
  return String(value).replace('e+', 'E').replace('e', 'E')
}

/** A DECIMAL of the engine has all digits of its scale; BigQuery gives those that say something. */
export function numericText(text: string): string {
  if (!text.includes('.')) return text
  const short = text.replace(/\.?0+$/, '')
  return short === '-0' ? '0' : short
}

function two(value: bigint): string {
  return String(value).padStart(2, '0')
}

/** Microseconds of a day. All six digits or none: Python's client knows no other forms. */
export function timeText(micros: bigint): string {
  const seconds = micros / microsPerSecond
  const fraction = micros % microsPerSecond
  const clock = `${two(seconds / 3600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}`
  return fraction === 0n ? clock : `${clock}.${String(fraction).padStart(6, '0')}`
}

export function datetimeText(micros: bigint): string {
  const { days, time } = dayAndTime(micros)
  return `${dateText(days)}T${timeText(time)}`
}

/** Seconds, in the exponent form of a double but with every digit. */
function timestampFloat(micros: bigint): string {
  const sign = micros < 0n ? '-' : ''
  const digits = String(micros < 0n ? -micros : micros).padStart(7, '0')
  const seconds = digits.slice(0, -6)
  const fraction = digits.slice(-6).replace(/0+$/, '')
  if (seconds.length < 8) return `${sign}${seconds}.${fraction === '' ? '0' : fraction}`
  const behind = (seconds.slice(1) + fraction).replace(/0+$/, '')
  return `${sign}${seconds.slice(0, 1)}.${behind === '' ? '0' : behind}E${seconds.length - 1}`
}

export function timestampText(micros: bigint, form: TimestampForm): string {
  if (form === 'int64') return String(micros)
  return form === 'iso' ? `${datetimeText(micros)}Z` : timestampFloat(micros)
}
