// Texts of dates and times as BigQuery reads them, turned into DuckDB literals while compiling.
import { isZoneName } from '../functions/time-zone.ts'
import { text } from '../type-names.ts'
import type { SqlType } from '../types.ts'

const date = /^(\d{4})-(\d{1,2})-(\d{1,2})/
const time = /^(\d{1,2}):(\d{1,2}):(\d{1,2})(?:\.(\d{0,6})0*)?/

interface Moment {
  /** ISO texts without zone. */
  readonly date: string
  readonly time: string | undefined
  /** What follows. */
  readonly rest: string
}

/** DuckDB SQL of a DATE, TIME, DATETIME or TIMESTAMP written as text; undefined: it can't be read as one. */
export function timeLiteral(source: string, type: SqlType): string | undefined {
  switch (type.kind) {
    case 'DATE': {
      const moment = readMoment(source)
      return moment?.time === undefined && moment?.rest === '' ? `DATE '${moment.date}'` : undefined
    }
    case 'TIME': {
      const read = readTime(source)
      return read?.rest === '' ? `TIME '${read.time}'` : undefined
    }
    case 'DATETIME': {
      const moment = readMoment(source)
      return moment?.rest === '' ? `TIMESTAMP '${moment.date} ${moment.time ?? '00:00:00'}'` : undefined
    }
    case 'TIMESTAMP':
      return timestampLiteral(source)
    default:
      return undefined
  }
}

function timestampLiteral(source: string): string | undefined {
  const moment = readMoment(source)
  if (moment === undefined) return undefined
  const local = `${moment.date} ${moment.time ?? '00:00:00'}`
  const { rest } = moment
  if (moment.time === undefined && rest !== '') return undefined
  if (rest === '' || /^z$/i.test(rest) || rest === ' UTC') return `TIMESTAMPTZ '${local}+00'`
  const offset = /^([+-])(\d{1,2})(?::?(\d{1,2}))?$/.exec(rest)
  if (offset !== null) {
    const hours = Number(offset[2])
    const minutes = Number(offset[3] ?? 0)
    if (minutes > 59 || hours * 60 + minutes > 14 * 60) return undefined
    return `TIMESTAMPTZ '${local}${offset[1]}${pad(hours)}:${pad(minutes)}'`
  }
  const zone = /^ ([A-Z][\w+-]{2,}(?:\/[A-Z][\w+-]*)*)$/.exec(rest)?.[1]
  if (zone === undefined || !isZoneName(zone)) return undefined
  return `memory.bq.instant_named(TIMESTAMP '${local}', ${text(zone)})`
}

function readMoment(source: string): Moment | undefined {
  const match = date.exec(source)
  if (match === null) return undefined
  const [all, year = '', month = '', day = ''] = match
  if (!isDate(Number(year), Number(month), Number(day))) return undefined
  const iso = `${year}-${pad(Number(month))}-${pad(Number(day))}`
  const rest = source.slice(all.length)
  if (!/^[ Tt]\d/.test(rest)) return { date: iso, time: undefined, rest }
  const clock = readTime(rest.slice(1))
  return clock === undefined ? undefined : { date: iso, time: clock.time, rest: clock.rest }
}

function readTime(source: string): { readonly time: string; readonly rest: string } | undefined {
  const match = time.exec(source)
  if (match === null) return undefined
  const [all, hour = '', minute = '', second = '', fraction] = match
  if (Number(hour) > 23 || Number(minute) > 59 || Number(second) > 59) return undefined
  const clock = `${pad(Number(hour))}:${pad(Number(minute))}:${pad(Number(second))}`
  return {
    time: fraction === undefined || fraction === '' ? clock : `${clock}.${fraction}`,
    rest: source.slice(all.length),
  }
}

function isDate(year: number, month: number, day: number): boolean {
  if (year < 1 || month < 1 || month > 12 || day < 1) return false
  const isLeap = (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0
  const days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
  return day <= (days[month - 1] ?? 0)
}

function pad(value: number): string {
  return String(value).padStart(2, '0')
}
