// Which runs a moment asks for. Pure: the same schedule and moment give the same runs with the same ids, however often it is asked,
// so a crash between planning and running, and a clock that was set back, repeat nothing.
import { runId } from '../control/schedule-store.ts'
import type { NewRun, RunKey, Schedule, ScheduleDefinition } from '../control/schedules.ts'
import { cronTimes } from './cron.ts'
import { listedSets, type ParameterSet } from './parameters.ts'
import { offsetMs } from '../core/zone.ts'

const dayMs = 86_400_000
/** Later than this, a time was missed: the engine was away, asleep, or busy for very long. */
const graceMs = 90_000
/** Of one schedule at one time; the rest comes with the next look. */
const timesMax = 1_000
/** Missed times that are listed as such. */
const skippedMax = 100

export interface Planned {
  readonly untilMicros: number
  readonly runs: readonly NewRun[]
}

export function plan(schedule: Schedule, nowMs: number): Planned {
  const times = cronTimes(schedule.cron, schedule.zone)
  // The clock may have been set back: what it says counts, and runs that are there stay the only ones of their time.
  const fromMs = Math.min(schedule.plannedUntilMicros / 1000, nowMs)
  const upTo = (untilMs: number): number => Math.round(untilMs * 1000)
  if (schedule.missed === 'all') {
    const due = times.between(fromMs, nowMs, timesMax)
    const untilMs = due.length < timesMax ? nowMs : (due.at(-1) ?? nowMs)
    return { untilMicros: upTo(untilMs), runs: due.flatMap((at) => dueRuns(schedule, at)) }
  }
  const due = times.between(Math.max(fromMs, nowMs - graceMs), nowMs, timesMax)
  const last = due.length > 0 || schedule.missed === 'skip' ? undefined : times.last(fromMs, nowMs)
  const wanted = last === undefined ? due : [last, ...due]
  const missed = times.between(fromMs, nowMs, skippedMax).filter((at) => !wanted.includes(at))
  const skipped = missed.flatMap((at) =>
    runsAt(schedule, 'schedule', at).map((run) => ({
      ...run,
      skipped: 'Nothing ran at its time, and the schedule leaves out what was missed',
    })),
  )
  return { untilMicros: upTo(nowMs), runs: [...skipped, ...wanted.flatMap((at) => dueRuns(schedule, at))] }
}

/** With the days before that it looks at again. */
function dueRuns(schedule: Schedule, atMs: number): NewRun[] {
  const back = Array.from({ length: schedule.lookbackDays }, (_, index) => daysBefore(atMs, index + 1, schedule.zone))
  const cause = `lookback ${new Date(atMs).toISOString()}`
  return [...back.toReversed().flatMap((at) => runsAt(schedule, cause, at)), ...runsAt(schedule, 'schedule', atMs)]
}

/** The same time of the day. */
function daysBefore(atMs: number, days: number, zone: string): number {
  const before = atMs - days * dayMs
  return before + offsetMs(atMs, zone) - offsetMs(before, zone)
}

export function runsAt(schedule: Schedule, cause: string, atMs: number): NewRun[] {
  const runTimeMicros = Math.round(atMs * 1000)
  return setsOf(schedule).map((set) => withId({ schedule: schedule.id, cause, runTimeMicros, set }))
}

/** undefined: they have still to be asked for. */
export function setsOf({ forEach, parameters }: ScheduleDefinition): (ParameterSet | undefined)[] {
  return forEach === undefined ? listedSets(parameters) : [undefined]
}

export function withId(key: RunKey): NewRun {
  return { ...key, id: runId(key) }
}
