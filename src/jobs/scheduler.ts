// Runs schedules: looks at the clock, plans what fell due, and works on the plan, a few runs at a time.
//
//   due ─▶ plan (SQLite) ─▶ queued ─▶ running ─▶ script, whose transaction carries the run's id as a mark ─▶ mark there? ─▶ done
//                              ▲                                                                         └─ no ─▶ again, or failed
//                              └── a start reads the marks of all that were running: what has none runs again
//
// Whether a run has happened is never concluded from how its work ended: the mark stands in the file of the rows, and is written
// by the same transaction. What control keeps of a run follows it.
import type { Clock } from '../core/clock.ts'
import { messageOf, MillpondError } from '../core/errors.ts'
import type { Log } from '../core/log.ts'
import type { Run, RunFacts, Schedule } from '../control/schedules.ts'
import { cronTimes } from './cron.ts'
import { startable, upstreamOf } from './order.ts'
import { plan, withId } from './planner.ts'
import { hasLateRows } from './late-rows.ts'
import { expandRun, type RunDeps, writeRun } from './run-once.ts'

export interface Marks {
  /** Of those keys whose transactions were committed: the rows. */
  marked(keys: readonly string[]): Promise<ReadonlyMap<string, number>>
  forgetMarks(beforeMicros: number): Promise<void>
}

export interface SchedulerDeps extends RunDeps {
  readonly marks: Marks
  readonly clock: Clock
  readonly log: Log
  readonly runsRunningMax: number
}

/** A clock that is set is noticed so soon. */
const lookEveryMs = 60_000
const lookMsMin = 20
const retryMs = 60_000
const retryMsMax = 3_600_000
const dayMicros = 86_400_000_000
/** Runs are known so long. */
const runAgeMicros = 400 * dayMicros
/** Younger ended runs are compared with the warehouse at a start: it may have been put back from an older copy. */
const comparedMicros = 35 * dayMicros

interface Working {
  readonly abort: AbortController
  isCancelled: boolean
  readonly ended: Promise<void>
}

export class Scheduler {
  readonly #deps: SchedulerDeps
  readonly #working = new Map<string, Working>()
  #cancelTimer: (() => void) | undefined
  #isStopped = false

  constructor(deps: SchedulerDeps) {
    this.#deps = deps
  }

  async start(): Promise<void> {
    await this.#recover()
    this.look()
  }

  /** What was running when the engine ended, and what was done in a warehouse that is no longer this one. */
  async #recover(): Promise<void> {
    const { control, marks, clock } = this.#deps
    const { schedules } = control
    const left = schedules.openRuns()
    const compared = schedules
      .doneRuns()
      .filter(({ endedAtMicros = 0 }) => endedAtMicros > clock.nowMicros() - comparedMicros)
    const found = await marks.marked([...left, ...compared].map(({ id }) => id))
    for (const run of compared) if (!found.has(run.id)) schedules.again(run.id, 0, {})
    for (const run of left) {
      if (found.has(run.id)) this.#done(run, found.get(run.id) ?? 0, schedules.run(run.id).facts)
      else if (run.state === 'running')
        this.#again(run, new MillpondError('engine-unavailable', 'The engine ended while it ran'), run.facts)
    }
  }

  /** Plans and begins what can begin. Called by the timer, by the end of a run, and by every change of schedules. */
  look(): void {
    if (this.#isStopped) return
    this.#cancelTimer?.()
    const { control, clock, runsRunningMax } = this.#deps
    const nowMicros = clock.nowMicros()
    const all = control.schedules.list()
    for (const schedule of all) if (schedule.isEnabled) this.#plan(schedule, nowMicros)
    const open = control.schedules.openRuns()
    const next = startable(open, all, { nowMicros, runningMax: runsRunningMax })
    const isSkipping = next.map((run) => this.#begin(run, all)).includes(false)
    this.#cancelTimer = clock.schedule(
      () => {
        this.look()
      },
      isSkipping ? lookMsMin : this.#untilNext(all, open, nowMicros),
    )
  }

  #plan(schedule: Schedule, nowMicros: number): void {
    try {
      const { untilMicros, runs } = plan(schedule, nowMicros / 1000)
      // Time in which nothing fell due need not be written down every minute; a clock that was set back must.
      const ageMicros = nowMicros - schedule.plannedUntilMicros
      if (runs.length > 0 || ageMicros < 0 || ageMicros > dayMicros)
        this.#deps.control.schedules.plan(schedule.id, untilMicros, runs)
    } catch (error) {
      // One schedule that can't be planned must not keep the others.
      this.#deps.log.error({ err: error, schedule: schedule.name }, 'A schedule could not be planned.')
    }
  }

  #untilNext(all: readonly Schedule[], open: readonly Run[], nowMicros: number): number {
    const nowMs = nowMicros / 1000
    const due = all
      .filter(({ isEnabled }) => isEnabled)
      .map(({ cron, zone }) => cronTimes(cron, zone).next(nowMs) ?? Infinity)
    const later = open.map(({ waitsUntilMicros }) => waitsUntilMicros / 1000).filter((ms) => ms > nowMs)
    return Math.max(lookMsMin, Math.min(lookEveryMs, Math.min(...due, ...later) - nowMs))
  }

  /** False: it was left out instead. */
  #begin(run: Run, all: readonly Schedule[]): boolean {
    const { schedules } = this.#deps.control
    const schedule = all.find(({ id }) => id === run.schedule)
    const failed = schedule === undefined ? undefined : this.#failedUpstream(schedule, run, all)
    if (schedule === undefined || failed !== undefined) {
      const message =
        failed === undefined
          ? 'The schedule was removed'
          : `${failed}, whose table it reads, has no result of the same time`
      schedules.end(run.id, 'skipped', { error: { code: 'schedule-missed', message } })
      return false
    }
    schedules.begin(run.id)
    const abort = new AbortController()
    const { promise, resolve } = Promise.withResolvers<void>()
    this.#working.set(run.id, { abort, isCancelled: false, ended: promise })
    void this.#work(schedule, { ...run, attempt: run.attempt + 1 }, abort.signal).finally(() => {
      this.#working.delete(run.id)
      resolve()
      this.look()
    })
    return true
  }

  #failedUpstream(schedule: Schedule, run: Run, all: readonly Schedule[]): string | undefined {
    if (run.cause !== 'schedule') return undefined
    const { schedules } = this.#deps.control
    return upstreamOf(schedule, all).find(({ id }) => {
      const then = schedules.runsAt(id, run.runTimeMicros).filter(({ cause }) => cause === 'schedule')
      return then.some(({ state }) => state === 'failed' || state === 'skipped')
    })?.name
  }

  /** Never rejects. */
  async #work(schedule: Schedule, run: Run, signal: AbortSignal): Promise<void> {
    try {
      if (run.set === undefined) return await this.#expand(schedule, run, signal)
      if (run.cause.startsWith('lookback ') && !(await hasLateRows(this.#deps, schedule, run, signal)))
        return this.#deps.control.schedules.forget(run.id)
      const ended = await this.#ended(schedule, run, signal)
      const rows = (await this.#deps.marks.marked([run.id])).get(run.id)
      if (rows !== undefined) this.#done(run, rows, ended.facts)
      else
        this.#missed(
          schedule,
          run,
          ended.error ?? new MillpondError('bug', 'BUG: a run ended well without its mark'),
          ended.facts,
        )
    } catch (error) {
      // The warehouse doesn't say what became of it: the next start, or the next try, will know.
      this.#missed(schedule, run, error, run.facts)
    }
  }

  async #ended(schedule: Schedule, run: Run, signal: AbortSignal): Promise<{ facts: RunFacts; error?: unknown }> {
    const { schedules } = this.#deps.control
    try {
      return { facts: await writeRun(this.#deps, schedule, run, signal) }
    } catch (error) {
      return { facts: schedules.run(run.id).facts, error }
    }
  }

  async #expand(schedule: Schedule, run: Run, signal: AbortSignal): Promise<void> {
    const sets = await expandRun(this.#deps, schedule, run, signal)
    const { cause, runTimeMicros } = run
    const runs = sets.map((set) => withId({ schedule: schedule.id, cause, runTimeMicros, set }))
    this.#deps.control.schedules.expand(run.id, runs)
  }

  #done(run: Run, rows: number, facts: RunFacts): void {
    const { error: _, ...known } = facts
    this.#deps.control.schedules.end(run.id, 'done', { ...known, rows })
  }

  #missed(schedule: Schedule, run: Run, error: unknown, facts: RunFacts): void {
    const { control, log } = this.#deps
    if (this.#isStopped) return control.schedules.again(run.id, 0, facts, false)
    const told = error instanceof MillpondError ? error : new MillpondError('bug', messageOf(error), { cause: error })
    if (told.kind === 'bug') log.error({ err: error, run: run.id }, 'A scheduled run failed by a fault of ours.')
    const isCancelled = this.#working.get(run.id)?.isCancelled === true
    // A rebuild that ended it says query-cancelled, too.
    const isPassing = told.kind !== 'user' || told.code === 'query-cancelled'
    if (isPassing && !isCancelled) return this.#again(run, told, facts, schedule)
    this.#failed(run, told, facts)
  }

  #again(run: Run, error: MillpondError, facts: RunFacts, known?: Schedule): void {
    const { control, clock } = this.#deps
    const schedule = known ?? control.schedules.list().find(({ id }) => id === run.schedule)
    if (run.attempt > (schedule?.retriesMax ?? 0)) return this.#failed(run, error, facts)
    const waitMs = Math.min(retryMsMax, retryMs * 2 ** (run.attempt - 1))
    const { code, message } = error
    control.schedules.again(run.id, clock.nowMicros() + waitMs * 1000, { ...facts, error: { code, message } })
  }

  #failed(run: Run, { code, message }: MillpondError, facts: RunFacts): void {
    this.#deps.control.schedules.end(run.id, 'failed', { ...facts, error: { code, message } })
    this.#deps.log.warn({ schedule: run.schedule, run: run.id, error: message }, 'A scheduled run failed')
  }

  /** A run that waits is left out; one that runs is interrupted, unless its rows are there already. */
  async cancel(id: string): Promise<void> {
    const working = this.#working.get(id)
    const { schedules } = this.#deps.control
    if (working === undefined) {
      if (schedules.run(id).state === 'queued')
        schedules.end(id, 'skipped', {
          error: { code: 'query-cancelled', message: 'The run was cancelled before it began' },
        })
      return
    }
    working.isCancelled = true
    working.abort.abort()
    await working.ended
  }

  /** Once a night. */
  async night(): Promise<void> {
    const before = this.#deps.clock.nowMicros() - runAgeMicros
    this.#deps.control.schedules.forgetRuns(before)
    await this.#deps.marks.forgetMarks(before)
  }

  async stop(): Promise<void> {
    this.#isStopped = true
    this.#cancelTimer?.()
    for (const { abort } of this.#working.values()) abort.abort()
    await Promise.all([...this.#working.values()].map(async ({ ended }) => ended))
  }
}
