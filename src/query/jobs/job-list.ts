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
  /** Oldest first. */
  readonly #jobs = new Map<string, LiveJob>()

  constructor(limits: JobListLimits, clock: Clock) {
    this.#limits = limits
    this.#clock = clock
  }

  /** Error: job-exists. */
  add(job: LiveJob): void {
    if (this.#jobs.has(job.id)) throw new MillpondError('job-exists', `Already Exists: Job ${job.id}`)
    this.#jobs.set(job.id, job)
    this.#forgetOld()
  }

  /** A job of somebody else is as unknown as one that never was. Error: not-found. */
  find(id: string, principal: Principal): LiveJob {
    const job = this.#jobs.get(id)
    if (job !== undefined && mayKnow(job, principal)) return job
    throw new MillpondError('not-found', `Not found: Job ${id}`)
  }

  /** Newest first. */
  list(principal: Principal): JobInfo[] {
    const known = [...this.#jobs.values()].filter((job) => mayKnow(job, principal))
    return known.map((job) => job.info()).toReversed()
  }

  forget({ id }: LiveJob): void {
    this.#jobs.delete(id)
  }

  live(): LiveJob[] {
    return [...this.#jobs.values()].filter((job) => job.info().state !== 'done')
  }

  #forgetOld(): void {
    const oldestMicros = this.#clock.nowMicros() - this.#limits.resultAgeMsMax * 1000
    let surplus = this.#jobs.size - this.#limits.endedJobsMax
    for (const [id, job] of this.#jobs) {
      const { endedAtMicros } = job.info()
      if (endedAtMicros === undefined) continue
      if (surplus <= 0 && endedAtMicros >= oldestMicros) return
      this.#jobs.delete(id)
      surplus -= 1
    }
  }
}

function mayKnow(job: LiveJob, principal: Principal): boolean {
  return principal.role === 'admin' || job.request.principal.id === principal.id
}
