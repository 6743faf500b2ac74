// When did an event happen? Reads what senders write into time fields, and moves it by the clock offset that intake
// found for the request. docs/specs/exactly-once.md, "Time", has the rules in words.
import type { TimeMethod } from '../../core/event.ts'

const hourMicros = 3_600_000_000
/** A believed time may lie this far ahead of the receiver's clock: clocks of honest servers differ by minutes. */
export const futureToleranceMicros = hourMicros
/** Devices without a battery clock wake up in 1970. */
const earliestMicros = Date.UTC(1971, 0, 1) * 1000

const zero = 48

/** Two digits at `at`, or NaN-like -1000 so that a later range check fails. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - zero
  const ones = text.charCodeAt(at + 1) - zero
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1000
}

/** Days since 1970-01-01 of a date of the Gregorian calendar (era arithmetic, no Date object). */
function daysOf(year: number, month: number, day: number): number {
  const y = month <= 2 ? year - 1 : year
  const era = Math.floor(y / 400)
  const yearOfEra = y - era * 400
  const dayOfYear = Math.floor((153 * (month + (month > 2 ? -3 : 9)) + 2) / 5) + day - 1
  const dayOfEra = yearOfEra * 365 + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100) + dayOfYear
  return era * 146_097 + dayOfEra - 719_468
}

function daysInMonth(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}

/** Microseconds of a civil UTC time; undefined if a part is out of range. Second 60 counts as the next minute's 0. */
function microsOf(
  year: number,
  month: number,
  day: number,
  hour: number,
  minute: number,
  second: number,
): number | undefined {
  if (year < 1 || month < 1 || month > 12 || day < 1 || day > daysInMonth(year, month)) return undefined
  if (hour < 0 || hour > 24 || minute < 0 || minute > 59 || second < 0 || second > 60) return undefined
  if (hour === 24 && (minute > 0 || second > 0)) return undefined
  return (daysOf(year, month, day) * 86_400 + hour * 3600 + minute * 60 + second) * 1e6
}

/** What every SDK writes: `2026-11-22T20:54:01.123Z`. Undefined: not this form. */
function parseFast(text: string): number | undefined {
  if (
    text.length !== 24 ||
    text.charCodeAt(23) !== 90 ||
    text.charCodeAt(10) !== 84 ||
    text.charCodeAt(4) !== 45 ||
    text.charCodeAt(7) !== 45 ||
    text.charCodeAt(13) !== 58 ||
    text.charCodeAt(16) !== 58 ||
    text.charCodeAt(19) !== 46
  ) {
    return undefined
  }
  const year = twoDigits(text, 0) * 100 + twoDigits(text, 2)
  const tenths = text.charCodeAt(20) - zero
  const rest = twoDigits(text, 21)
  if (tenths < 0 || tenths > 9 || rest < 0) return undefined
  const seconds = microsOf(
    year,
    twoDigits(text, 5),
    twoDigits(text, 8),
    twoDigits(text, 11),
    twoDigits(text, 14),
    twoDigits(text, 17),
  )
  return seconds === undefined ? undefined : seconds + (tenths * 100 + rest) * 1000
}

const tolerant =
  /^\s*(\d{4})-(\d{1,2})-(\d{1,2})(?:[Tt ]+(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9})\d*)?)?)?\s*(?:(Z|z|UTC|GMT)|([+-])(\d{2}):?(\d{2})?)?\s*$/

function parseTolerant(text: string): number | undefined {
  if (text.length > 64) return undefined
  const match = tolerant.exec(text)
  if (match === null) return undefined
  const part = (index: number) => Number(match[index] ?? 0)
  const micros = microsOf(part(1), part(2), part(3), part(4), part(5), part(6))
  if (micros === undefined) return undefined
  const fraction = match[7] === undefined ? 0 : Math.floor(Number(`0.${match[7]}`) * 1e6 + 1e-6)
  // No zone means UTC: the time zone of a server must never decide on which day an event lies.
  const zoneMinutes = (match[9] === '-' ? -1 : 1) * (part(10) * 60 + part(11))
  return micros + fraction - zoneMinutes * 60_000_000
}

/** Microseconds of an ISO 8601 text or of epoch milliseconds; undefined: no time (never throws). */
export function parseTime(value: unknown): number | undefined {
  if (typeof value === 'string') return parseFast(value) ?? parseTolerant(value)
  // The years that a text can name; what lies outside is no time but a mistake of units.
  if (typeof value === 'number' && Math.abs(value) < 253_402_300_800_000) return Math.round(value * 1000)
  return undefined
}

/** What an event's sender says of its time, in any form. */
export function originalTimeOf(event: Readonly<Record<string, unknown>>): unknown {
  return event['timestamp'] ?? event['originalTimestamp']
}

export interface EventClock {
  readonly offsetMs: number
  readonly method: 'batch' | 'device'
}

/** The row's `timestamp`. One object is written again and again: this runs for every event. */
export class EventTime {
  micros = 0
  method: TimeMethod = 'received'

  resolve(
    originalMicros: number | undefined,
    receivedAtMicros: number,
    clock: EventClock | undefined,
    isImport: boolean,
  ): void {
    this.micros = receivedAtMicros
    this.method = 'received'
    if (originalMicros === undefined) return
    const moved = clock === undefined ? originalMicros : originalMicros + Math.round(clock.offsetMs * 1000)
    if (!isImport && (moved > receivedAtMicros + futureToleranceMicros || moved < earliestMicros)) {
      this.method = 'clamped'
      return
    }
    this.micros = moved
    this.method = clock === undefined ? 'sender' : clock.method
  }
}
