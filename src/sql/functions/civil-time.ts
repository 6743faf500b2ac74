// Fields of a local time, from microseconds since 1970; what formatting and parsing share.
export type TimeKind = 'DATE' | 'TIME' | 'DATETIME' | 'TIMESTAMP'

export const monthNames = 'January February March April May June July August September October November December'.split(
  ' ',
)
export const dayNames = 'Sunday Monday Tuesday Wednesday Thursday Friday Saturday'.split(' ')

const microsPerDay = 86_400_000_000n

export interface CivilTime {
  readonly year: number
  readonly month: number
  readonly day: number
  readonly hour: number
  readonly minute: number
  readonly second: number
  readonly micros: number
  /** 0 is Sunday. */
  readonly weekday: number
  /** From 1. */
  readonly dayOfYear: number
  readonly isoYear: number
  readonly isoWeek: number
}

export function civilOf(micros: bigint): CivilTime {
  const within = ((micros % microsPerDay) + microsPerDay) % microsPerDay
  const days = Number((micros - within) / microsPerDay)
  const date = new Date(days * 86_400_000)
  const clock = Number(within)
  const year = date.getUTCFullYear()
  const weekday = date.getUTCDay()
  // The ISO week belongs to the year of its Thursday.
  const thursday = days + 3 - ((weekday + 6) % 7)
  const isoYear = new Date(thursday * 86_400_000).getUTCFullYear()
  return {
    year,
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    hour: Math.floor(clock / 3_600_000_000),
    minute: Math.floor(clock / 60_000_000) % 60,
    second: Math.floor(clock / 1_000_000) % 60,
    micros: clock % 1_000_000,
    weekday,
    dayOfYear: days - daysFrom(year, 1, 1) + 1,
    isoYear,
    isoWeek: Math.floor((thursday - daysFrom(isoYear, 1, 1)) / 7) + 1,
  }
}

/** Days since 1970; months and days may run over. */
export function daysFrom(year: number, month: number, day: number): number {
  const date = new Date(0)
  date.setUTCFullYear(year, month - 1, day)
  return Math.round(date.getTime() / 86_400_000)
}

export function isoYearStart(isoYear: number): number {
  const fourth = daysFrom(isoYear, 1, 4)
  const weekday = (((fourth + 3) % 7) + 7) % 7
  return fourth - weekday
}
