// Schedules as their callers use them: made, changed, looked ahead at, run now, and filled back. Members see and change their own.
import { randomUUID } from 'node:crypto'

import type { Control } from '../control/control.ts'
import { type Clock, isoTime } from '../core/clock.ts'
import { MillpondError } from '../core/errors.ts'
import type { Principal } from '../control/principals.ts'
import type { NewRun, Run, Schedule, ScheduleDefinition } from '../control/schedules.ts'
import { cronTimes } from './cron.ts'
import { checkTests } from './data-tests.ts'
import type { Backfill, NextRun, Preview } from './look-ahead.ts'
import { listedSets, type ParameterSet } from './parameters.ts'
import { refuseCycle } from './order.ts'
import { runsAt, setsOf } from './planner.ts'
import { parseRelativeDate } from './relative-dates.ts'
import { ask, expandRun, ownerOf, referenced, type RunDeps } from './run-once.ts'
import type { Scheduler } from './scheduler.ts'
import { tableText } from './target-script.ts'
import { startOfDay } from '../core/zone.ts'

export interface SchedulesDeps extends RunDeps {
  readonly scheduler: Pick<Scheduler, 'look' | 'cancel'>
  readonly control: RunDeps['control'] & Pick<Control, 'record'>
  readonly clock: Clock
}

const dayMs = 86_400_000
const backfillRunsMax = 2_000
/** Of a longer back-fill, so many are asked for and stand for the others. */
const askedMax = 20
const previewed = 3
const retriesMax = 10
const lookbackDaysMax = 92
const never = new AbortController().signal

/** Errors of all: not-found, also of others' schedules. */
export class Schedules {
  readonly #deps: SchedulesDeps

  constructor(deps: SchedulesDeps) {
    this.#deps = deps
  }

  list(by: Principal): Schedule[] {
    return this.#deps.control.schedules.list().filter((schedule) => isTheirs(schedule, by))
  }

  get(id: string, by: Principal): Schedule {
    const found = this.#deps.control.schedules.get(id)
    if (isTheirs(found, by)) return found
    throw new MillpondError('not-found', `There is no schedule "${id.slice(0, 200)}"`)
  }

  /** Errors: schedule-invalid, schedule-exists, request-invalid, and what is wrong with the query. */
  async add(definition: ScheduleDefinition, by: Principal): Promise<Schedule> {
    const draft = { ...definition, id: '', owner: by.id }
    const reads = await this.#check(draft)
    await this.#checkTarget(draft)
    const { schedules } = this.#deps.control
    const added = schedules.add(definition, by.id, reads)
    this.#deps.scheduler.look()
    return added
  }

  async change(id: string, definition: ScheduleDefinition, by: Principal): Promise<Schedule> {
    const { id: own, owner } = this.get(id, by)
    const draft = { ...definition, id: own, owner }
    const reads = await this.#check(draft)
    await this.#checkTarget(draft)
    const changed = this.#deps.control.schedules.change(own, definition, reads)
    this.#deps.scheduler.look()
    return changed
  }

  setEnabled(id: string, isEnabled: boolean, by: Principal): Schedule {
    const changed = this.#deps.control.schedules.setEnabled(this.get(id, by).id, isEnabled)
    this.#deps.scheduler.look()
    return changed
  }

  remove(id: string, by: Principal): void {
    this.#deps.control.schedules.remove(this.get(id, by).id)
  }

  async #check(definition: ScheduleDefinition & { readonly id: string; readonly owner: string }): Promise<string[]> {
    checkShape(definition)
    const { control, clock } = this.#deps
    const all = control.schedules.list()
    const draft = draftOf(definition)
    const at = cronTimes(draft.cron, draft.zone).next(clock.nowMicros() / 1000)
    if (at === undefined) throw new MillpondError('schedule-invalid', 'The schedule is never due')
    const [set = {}] = await this.#sets(draft, at)
    const { told } = await ask(this.#deps, draft, at * 1000, set)
    const names = told.columns.map(({ name }) => name)
    checkTests(draft.tests, names)
    const { keys, partition } = draft.target
    const needed = [...keys, ...(partition === undefined ? [] : [partition.column, ...partition.scope])]
    const missing = needed.find((name) => !names.some((column) => column.toLowerCase() === name.toLowerCase()))
    if (missing !== undefined) throw new MillpondError('schedule-invalid', `The query gives no column ${missing}`)
    const reads = referenced(told)
    refuseCycle({ ...draft, reads }, all)
    return reads
  }

  /** The owner may make the target, and so write it. Errors: table-unknown without its dataset, made-unwritable. */
  async #checkTarget({ target, owner }: Pick<Schedule, 'target' | 'owner'>): Promise<void> {
    const principal = ownerOf(this.#deps, { owner })
    const sql = `CREATE TABLE IF NOT EXISTS ${tableText(target)} AS SELECT 1 AS one`
    await this.#deps.road.dryRun({ sql, dialect: 'googlesql', principal, port: 'schedule' })
  }

  /** Of a for-each query: asked now. */
  async #sets(schedule: Schedule, atMs: number): Promise<ParameterSet[]> {
    if (schedule.forEach === undefined) return listedSets(schedule.parameters)
    const [asking] = runsAt(schedule, 'preview', atMs)
    return asking === undefined ? [] : expandRun(this.#deps, schedule, asRun(asking), never)
  }

  runs(id: string, by: Principal, limit = 100): Run[] {
    return this.#deps.control.schedules.runs(this.get(id, by).id, limit)
  }

  /** The next runs with their values, and what a month of them costs. */
  async preview(id: string, by: Principal): Promise<Preview> {
    return this.#ahead(this.get(id, by))
  }

  /** The same of what isn't saved yet. Errors: those of `add`, but for a name that is taken. */
  async previewDraft(definition: ScheduleDefinition, by: Principal): Promise<Preview> {
    const draft = { ...definition, id: '', owner: by.id }
    await this.#check(draft)
    // A dataset that isn't there yet may be made before the schedule is.
    await this.#checkTarget(draft).catch((error: unknown) => {
      if (!(error instanceof MillpondError) || error.code !== 'table-unknown') throw error
    })
    return this.#ahead(draftOf(draft))
  }

  /** When it is due next; undefined: never, or not while it is paused. */
  nextTime({ cron, zone, isEnabled }: Schedule): number | undefined {
    return isEnabled ? cronTimes(cron, zone).next(this.#deps.clock.nowMicros() / 1000) : undefined
  }

  /** What its runs have read in 30 days. */
  bytesAMonth({ id }: Pick<Schedule, 'id'>): number {
    return this.#deps.control.schedules.bytesSince(id, this.#deps.clock.nowMicros() - 30 * dayMs * 1000)
  }

  async #ahead(schedule: Schedule): Promise<Preview> {
    const times = cronTimes(schedule.cron, schedule.zone)
    const nowMs = this.#deps.clock.nowMicros() / 1000
    const next: NextRun[] = []
    for (const at of times.between(nowMs, Infinity, previewed)) next.push(await this.#told(schedule, at))
    const runsAMonth = runsIn30Days(times.between(nowMs, nowMs + 30 * dayMs, 1_000), nowMs)
    const share = next.length === 0 ? 0 : (runsAMonth * (1 + schedule.lookbackDays)) / next.length
    const sum = (of: (run: NextRun) => number): number => next.reduce((all, run) => all + of(run), 0)
    return {
      next,
      runsAMonth,
      bytesAMonth: Math.round(sum(({ bytes }) => bytes) * share),
      dollarsAMonth: sum(({ dollars }) => dollars) * share,
    }
  }

  async #told(schedule: Schedule, atMs: number): Promise<NextRun> {
    const asked = []
    for (const set of await this.#sets(schedule, atMs)) asked.push(await ask(this.#deps, schedule, atMs * 1000, set))
    return {
      runTime: new Date(atMs).toISOString(),
      values: asked.map(({ values }) => values),
      bytes: asked.reduce((all, { told }) => all + told.bytesBilled, 0),
      dollars: asked.reduce((all, { told }) => all + told.dollars, 0),
    }
  }

  /** Once, for now or for another time. */
  runNow(id: string, by: Principal, runTimeMs = this.#deps.clock.nowMicros() / 1000): NewRun[] {
    const schedule = this.get(id, by)
    const runs = runsAt(schedule, `manual ${randomUUID()}`, runTimeMs)
    this.#deps.control.schedules.addRuns(runs)
    this.#deps.scheduler.look()
    return runs
  }

  /**
   * Every due time of the days from `from` to `to` (in the schedule's zone), oldest first, behind what is due now. What an appending
   * schedule has done is left out. Errors: request-invalid, schedule-invalid.
   */
  async backfill(id: string, by: Principal, days: { from: string; to: string; isDryRun: boolean }): Promise<Backfill> {
    const schedule = this.get(id, by)
    if (schedule.target.mode === 'replace')
      throw new MillpondError('schedule-invalid', 'A replacing schedule keeps only its last rows: run it once instead')
    const times = this.#dueOn(schedule, days)
    const cause = `backfill ${randomUUID().slice(0, 8)}`
    const all = times.flatMap((at) => runsAt(schedule, cause, at))
    const runs = schedule.target.mode === 'append' ? all.filter((run) => !this.#isDone(run)) : all
    const asked = runs.filter((_, index) => index % Math.ceil(runs.length / askedMax) === 0)
    const costs: NextRun[] = []
    for (const { runTimeMicros } of asked) costs.push(await this.#told(schedule, runTimeMicros / 1000))
    // A set of values is a run of its own, but #told has asked for all of one time.
    const share = asked.length === 0 ? 0 : runs.length / asked.length / Math.max(1, setsOf(schedule).length)
    if (!days.isDryRun) {
      this.#deps.control.schedules.addRuns(runs)
      this.#deps.control.record('schedule.backfill', schedule.name, { id: schedule.id, from: days.from, to: days.to })
      this.#deps.scheduler.look()
    }
    const timeOf = (run: NewRun | undefined) => run && isoTime(run.runTimeMicros)
    return {
      runs: runs.length,
      first: timeOf(runs[0]),
      last: timeOf(runs.at(-1)),
      bytes: Math.round(costs.reduce((sum, { bytes }) => sum + bytes, 0) * share),
      dollars: costs.reduce((sum, { dollars }) => sum + dollars, 0) * share,
      leftOut: all.length - runs.length,
      isDryRun: days.isDryRun,
    }
  }

  #dueOn({ cron, zone }: Schedule, { from, to }: { from: string; to: string }): number[] {
    const fromMs = startOfDay(from, zone)
    const behind = new Date(Date.parse(`${to}T00:00:00Z`) + dayMs).toISOString().slice(0, 10)
    const untilMs = Math.min(startOfDay(behind, zone) - 1, this.#deps.clock.nowMicros() / 1000)
    const times = cronTimes(cron, zone).between(fromMs - 1, untilMs, backfillRunsMax + 1)
    if (times.length <= backfillRunsMax) return times
    throw new MillpondError('request-invalid', `These are more than ${backfillRunsMax} runs: fill fewer days at a time`)
  }

  /** For whatever reason: done, or about to be. */
  #isDone({ schedule, runTimeMicros, set }: NewRun): boolean {
    const then = this.#deps.control.schedules.runsAt(schedule, runTimeMicros)
    const same = JSON.stringify(set)
    return then.some((run) => JSON.stringify(run.set) === same && run.state !== 'failed' && run.state !== 'skipped')
  }

  async cancelRun(id: string, runId: string, by: Principal): Promise<Run> {
    const { id: own } = this.get(id, by)
    const { schedules } = this.#deps.control
    if (schedules.run(runId).schedule !== own) throw new MillpondError('not-found', `There is no run ${runId}`)
    await this.#deps.scheduler.cancel(runId)
    return schedules.run(runId)
  }
}

function isTheirs({ owner }: Schedule, by: Principal): boolean {
  return by.role === 'admin' || owner === by.id
}

/** Of a list that was cut off, the rest is taken to go on like it. */
function runsIn30Days(times: readonly number[], nowMs: number): number {
  const last = times.at(-1)
  if (last === undefined || times.length < 1_000) return times.length
  return Math.round((times.length * 30 * dayMs) / (last - nowMs))
}

function asRun(run: NewRun): Run {
  return {
    ...run,
    state: 'queued',
    attempt: 0,
    queuedAtMicros: 0,
    waitsUntilMicros: 0,
    facts: {},
    startedAtMicros: undefined,
    endedAtMicros: undefined,
  }
}

function draftOf(definition: ScheduleDefinition & { readonly id: string; readonly owner: string }): Schedule {
  return { ...definition, isEnabled: true, reads: [], plannedUntilMicros: 0, createdAtMicros: 0, changedAtMicros: 0 }
}

/** Error: schedule-invalid, request-invalid. */
function checkShape(definition: ScheduleDefinition): void {
  const { target, forEach, parameters, lookbackDays } = definition
  const { mode, partition, keys } = target
  const each = Object.entries(parameters).flatMap(([name, setting]) => ('each' in setting ? [name] : []))
  const refuse = (message: string): never => {
    throw new MillpondError('schedule-invalid', message)
  }
  if (partition !== undefined) parseRelativeDate(partition.day)
  if (mode === 'replace-partition' && partition === undefined)
    refuse('Which partition is replaced? Name its column and day')
  if (mode === 'merge' && keys.length === 0) refuse('Merge needs key columns')
  if (mode !== 'merge' && keys.length > 0) refuse('Key columns belong to merge')
  if (definition.retriesMax > retriesMax) refuse(`At most ${retriesMax} retries`)
  if (lookbackDays > lookbackDaysMax) refuse(`Look-back goes at most ${lookbackDaysMax} days`)
  if (lookbackDays > 0 && mode !== 'replace-partition' && mode !== 'merge')
    refuse(
      `Looking back would ${mode === 'append' ? 'append the same rows again' : 'replace newer rows by older'}: merge, or replace partitions`,
    )
  if (forEach === undefined && each.length === 0) return
  if (mode === 'replace')
    refuse(
      'Each of the runs of one time would replace the rows of the one before: append, merge, or replace partitions',
    )
  const scope = new Set(partition?.scope.map((name) => name.toLowerCase()))
  const outside = each.find((name) => !scope.has(name.toLowerCase()))
  if (mode === 'replace-partition' && (outside !== undefined || (forEach !== undefined && scope.size === 0)))
    refuse(
      `The runs of one day would replace each other's rows: name ${outside ?? 'the columns of the for-each values'} in the partition's scope`,
    )
}
