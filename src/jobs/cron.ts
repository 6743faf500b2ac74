// When a schedule is due: five fields of cron, read by the clock on the wall of a zone.
//
// Where the clock changes, a time of the day comes once: one that spring leaves out comes at the moment of the change, one that
// autumn has twice comes the first time. What is due every hour, or every few minutes, follows the hours that really pass.
// croner reads the fields as if all days were UTC's; the rules of the changes are here (its own lose an hour each autumn).
import { Cron } from 'croner'

import { MillpondError, messageOf } from '../core/errors.ts'
import { firstMinute, instantOf, isZone, offsetMs, wallMs } from '../core/zone.ts'

/** No clock changes by more. */
const changeMs = 26 * 3_600_000
/** Nothing that cron can say is rarer: 29 February on a Monday comes within 40 years. */
const windowsMs = [3_600_000, 86_400_000, 35 * 86_400_000, 370 * 86_400_000, 45 * 366 * 86_400_000]

export interface CronTimes {
  /** The first due time behind a moment; undefined: there is none. Milliseconds, whole minutes. */
  next(afterMs: number): number | undefined
  /** The last in (after, until]. */
  last(afterMs: number, untilMs: number): number | undefined
  /** Those in (after, until], at most `max`, oldest first. */
  between(afterMs: number, untilMs: number, max: number): number[]
}

const known = new Map<string, CronTimes>()

/** Errors: schedule-invalid. */
export function cronTimes(text: string, zone: string): CronTimes {
  const key = `${text}\n${zone}`
  const found = known.get(key)
  if (found !== undefined) return found
  if (known.size > 1_000) known.clear()
  const times = createTimes(text, zone)
  known.set(key, times)
  return times
}

function createTimes(text: string, zone: string): CronTimes {
  if (!isZone(zone))
    throw new MillpondError('schedule-invalid', `"${zone.slice(0, 80)}" is no time zone: Asia/Taipei, UTC`)
  const cron = parseCron(text)
  const nextWall = (wall: number): number | undefined => cron.nextRun(new Date(wall))?.getTime()
  const followsHours = text.trim().split(/\s+/)[1]?.startsWith('*') === true
  const find = followsHours ? nextHourly : nextDaily
  /** Asked for again and again until it comes. */
  let last = { fromMs: Infinity, found: undefined as number | undefined }
  const next = (afterMs: number): number | undefined => {
    const isKnown = afterMs >= last.fromMs && (last.found === undefined || afterMs < last.found)
    if (!isKnown) last = { fromMs: afterMs, found: find(nextWall, zone, afterMs) }
    return last.found
  }
  const between = (afterMs: number, untilMs: number, max: number): number[] => {
    const times: number[] = []
    for (let at = next(afterMs); at !== undefined && at <= untilMs && times.length < max; at = next(at)) times.push(at)
    return times
  }
  return {
    next,
    between,
    last(afterMs, untilMs) {
      for (const window of windowsMs) {
        const from = Math.max(afterMs, untilMs - window)
        const found = between(from, untilMs, Infinity).at(-1)
        if (found !== undefined || from === afterMs) return found
      }
      return undefined
    },
  }
}

type NextWall = (wall: number) => number | undefined

/** Times of the day: each is due at the first moment at which the clock shows it or later. */
function nextDaily(nextWall: NextWall, zone: string, afterMs: number): number | undefined {
  // Behind a change, times that it left out may still be due.
  const isChanged = offsetMs(afterMs, zone) !== offsetMs(afterMs - changeMs, zone)
  const from = wallMs(afterMs, zone) - (isChanged ? changeMs : 0)
  for (let wall = nextWall(from); wall !== undefined; wall = nextWall(wall)) {
    const at = instantOf(wall, zone)
    if (at > afterMs) return at
  }
  return undefined
}

/** Every moment at which the clock shows a matching time. */
function nextHourly(nextWall: NextWall, zone: string, afterMs: number): number | undefined {
  let from = afterMs
  for (;;) {
    // The offset of the first millisecond that counts.
    const offset = offsetMs(from + 1, zone)
    const wall = nextWall(from + offset)
    if (wall === undefined) return undefined
    const at = wall - offset
    if (offsetMs(at, zone) === offset) return at
    const change = firstMinute(from, at, (ms) => offsetMs(ms, zone) !== offset)
    from = change - 1
  }
}

/** Without croner's own additions (L, W, #): what is saved must mean the same elsewhere. */
const fieldShape = /^(?:[\d*,/-]|jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec|sun|mon|tue|wed|thu|fri|sat)+$/i

/** Error: schedule-invalid. */
function parseCron(text: string): Cron {
  const fields = text.trim().split(/\s+/)
  const wrong = (why: string, cause?: unknown): MillpondError =>
    new MillpondError(
      'schedule-invalid',
      `"${text.slice(0, 80)}" is no schedule: ${why}. 30 2 * * * is half past two`,
      {
        cause,
      },
    )
  if (fields.length !== 5) throw wrong('it has five fields: minute, hour, day, month, day of the week')
  if (!fields.every((field) => fieldShape.test(field))) throw wrong('fields hold digits, names, * , - and /')
  try {
    const cron = new Cron(fields.join(' '), { timezone: 'UTC', paused: true })
    if (cron.nextRun(new Date(0)) !== null) return cron
  } catch (error) {
    throw wrong(messageOf(error).replace(/^CronPattern: /, ''), error)
  }
  throw wrong('it is never due')
}
