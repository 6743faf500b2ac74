// Every job of this process by its id: live ones, and ended ones for a while. What is older stands in millpond.jobs.
import { MillpondError } from '../../core/errors.ts'
import type { Clock } from '../../core/clock.ts'
import type { Principal } from '../../control/principals.ts'
import type { JobInfo } from '../contract.ts'
import type { LiveJob } from './live-job.ts'

export interface JobListLimits {
  readonly endedJobsMax: number
  readonly resultAgeMsMax: number
}

export class JobList {
  readonly #limits: JobListLimits
  readonly #clock: Clock
  /** Oldest first, as below. */
  readonly #jobs = new Map<string, LiveJob>()
  /** Statements of scripts, apart: a script has so many that they would push out the jobs of others. */
  readonly #children = new Map<string, LiveJob>()

  constructor(limits: JobListLimits, clock: Clock) {
    this.#limits = limits
    this.#clock = clock
  }

  /** Error: job-exists. */
  add(job: LiveJob): void {
    if (this.#find(job.id) !== undefined) throw new MillpondError('job-exists', `Already Exists: Job ${job.id}`)
    const jobs = job.parentId === undefined ? this.#jobs : this.#children
    jobs.set(job.id, job)
    this.#forgetOld(jobs)
  }

  #find(id: string): LiveJob | undefined {
    return this.#jobs.get(id) ?? this.#children.get(id)
  }

  /** A job of somebody else is as unknown as one that never was. Error: not-found. */
  find(id: string, principal: Principal): LiveJob {
    const job = this.#find(id)
    if (job !== undefined && mayKnow(job, principal)) return job
    throw new MillpondError('not-found', `Not found: Job ${id}`)
  }

  #all(): LiveJob[] {
    return [...this.#jobs.values(), ...this.#children.values()]
  }

  /** Newest first. */
  list(principal: Principal): JobInfo[] {
    const known = this.#all().filter((job) => mayKnow(job, principal))
    const infos = known.map((job) => job.info()).sort((one, other) => one.createdAtMicros - other.createdAtMicros)
    return infos.toReversed()
  }

  forget({ id }: LiveJob): void {
    this.#jobs.delete(id)
    this.#children.delete(id)
  }

  live(): LiveJob[] {
    return this.#all().filter((job) => job.info().state !== 'done')
  }

  #forgetOld(jobs: Map<string, LiveJob>): void {
    const oldestMicros = this.#clock.nowMicros() - this.#limits.resultAgeMsMax * 1000
    let surplus = jobs.size - this.#limits.endedJobsMax
    for (const [id, job] of jobs) {
      const { endedAtMicros } = job.info()
      if (endedAtMicros === undefined) continue
      if (surplus <= 0 && endedAtMicros >= oldestMicros) return
      jobs.delete(id)
      surplus -= 1
    }
  }
}

function mayKnow(job: LiveJob, principal: Principal): boolean {
  return principal.role === 'admin' || job.request.principal.id === principal.id
}
