// Which of the waiting runs may begin: one of a schedule at a time, oldest first, behind the schedules whose tables it reads.
import { MillpondError } from '../core/errors.ts'
import type { Run, Schedule } from '../control/schedules.ts'

type Linked = Pick<Schedule, 'id' | 'name' | 'target' | 'reads'>

export function targetName({ target: { dataset, table } }: Pick<Schedule, 'target'>): string {
  return `${dataset}.${table}`
}

/** Those that write what it reads. A schedule may read what it wrote itself before. */
export function upstreamOf<One extends Linked>(schedule: Linked, all: readonly One[]): One[] {
  const reads = new Set(schedule.reads)
  return all.filter((other) => other.id !== schedule.id && reads.has(targetName(other)))
}

/** Error: schedule-invalid, with the names of those that wait for each other. */
export function refuseCycle(schedule: Linked, all: readonly Linked[]): void {
  const others = all.filter(({ id }) => id !== schedule.id)
  const seen = new Set<string>()
  const walk = (at: Linked, path: readonly string[]): void => {
    for (const next of upstreamOf(at, [...others, schedule])) {
      if (next.id === schedule.id) {
        const names = [...path, schedule.name].join(' → ')
        throw new MillpondError('schedule-invalid', `These schedules would wait for each other: ${names}`)
      }
      if (seen.has(next.id)) continue
      seen.add(next.id)
      walk(next, [...path, next.name])
    }
  }
  walk(schedule, [schedule.name])
}

export interface OrderBounds {
  readonly nowMicros: number
  readonly runningMax: number
}

/** `open`: all that are queued or running, oldest run time first. */
export function startable(
  open: readonly Run[],
  schedules: readonly Schedule[],
  { nowMicros, runningMax }: OrderBounds,
): Run[] {
  const running = open.filter(({ state }) => state === 'running')
  const busy = new Set(running.map(({ schedule }) => schedule))
  const places = runningMax - running.length
  const found: Run[] = []
  // What people wait for goes before what fills up the past.
  const inOrder = [...open].sort((one, other) => Number(isBackfill(one)) - Number(isBackfill(other)))
  for (const run of inOrder) {
    if (found.length >= places) break
    if (run.state !== 'queued' || busy.has(run.schedule)) continue
    // The first of a schedule that waits holds up those behind it: they might write over each other the wrong way round.
    busy.add(run.schedule)
    if (run.waitsUntilMicros <= nowMicros && !isHeldUp(run, open, schedules)) found.push(run)
  }
  return found
}

function isBackfill({ cause }: Run): boolean {
  return cause.startsWith('backfill')
}

function isHeldUp(run: Run, open: readonly Run[], schedules: readonly Schedule[]): boolean {
  const own = schedules.find(({ id }) => id === run.schedule)
  if (own === undefined) return false
  const upstream = new Set(upstreamOf(own, schedules).map(({ id }) => id))
  return open.some((other) => upstream.has(other.schedule) && other.runTimeMicros <= run.runTimeMicros)
}
