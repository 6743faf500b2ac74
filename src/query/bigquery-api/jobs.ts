// Jobs that came in through this door, by id: what the road doesn't keep of them (location, configuration as it was sent), and load
// jobs, which aren't SQL. Jobs of other doors are known by the road only and shown with what it knows.
import type { Principal } from '../../control/principals.ts'
import { messageOf, MillpondError } from '../../core/errors.ts'
import type { Job, JobInfo } from '../contract.ts'
import { type BigqueryDeps, defaultLocation } from './deps.ts'
import { alreadyExists, type GoogleError, googleErrorOf, notFound } from './google-error.ts'

export type JobKind = 'QUERY' | 'LOAD' | 'COPY'

/** State of work that the road knows nothing of. */
export interface OwnWork {
  readonly info: () => OwnInfo
  readonly ended: Promise<void>
  readonly cancel: () => void
}

export interface OwnInfo {
  readonly state: JobInfo['state']
  readonly startedAtMicros: number | undefined
  readonly endedAtMicros: number | undefined
  readonly error: GoogleError | undefined
  /** `statistics.load`. */
  readonly statistics: object | undefined
}

interface BaseJob {
  readonly id: string
  readonly location: string
  readonly ownerId: string
  readonly owner: string
  readonly kind: JobKind
  readonly createdAtMicros: number
  /** Of the resource: what was sent, without what is large. */
  readonly configuration: object
}

export type ApiJob = BaseJob &
  ({ readonly job: Job; readonly work?: undefined } | { readonly work: OwnWork; readonly job?: undefined })

/** Besides their age. */
const jobsMax = 10_000

export class ApiJobs {
  readonly #deps: BigqueryDeps
  /** Oldest first. */
  readonly #jobs = new Map<string, ApiJob>()
  /** Ids that are taken while their job is being made. */
  readonly #reserved = new Set<string>()

  constructor(deps: BigqueryDeps) {
    this.#deps = deps
  }

  /** The id as clients write it with its project and location. */
  fullId(id: string, location: string): string {
    return `${this.#deps.project}:${location}.${id}`
  }

  /** Error: duplicate. */
  async create(id: string, location: string, make: () => Promise<ApiJob>): Promise<ApiJob> {
    if (this.#jobs.has(id) || this.#reserved.has(id)) throw alreadyExists(`Job ${this.fullId(id, location)}`)
    this.#reserved.add(id)
    try {
      const made = await make()
      this.#jobs.set(id, made)
      this.#forgetOld()
      return made
    } catch (error) {
      if (error instanceof MillpondError && error.code === 'job-exists')
        throw alreadyExists(`Job ${this.fullId(id, location)}`)
      throw error
    } finally {
      this.#reserved.delete(id)
    }
  }

  /** A job of somebody else is as unknown as one that never was. Error: notFound. */
  find(id: string, principal: Principal): ApiJob {
    const own = this.#jobs.get(id)
    if (own !== undefined && (principal.role === 'admin' || own.ownerId === principal.id)) return own
    if (own === undefined) {
      try {
        return this.#ofRoad(this.#deps.road.job(id, principal))
      } catch (error) {
        if (!(error instanceof MillpondError) || error.code !== 'not-found') throw error
      }
    }
    throw notFound(`Job ${this.fullId(id.slice(0, 200), defaultLocation)}`)
  }

  #ofRoad(job: Job): ApiJob {
    const { id, owner, createdAtMicros, labels } = job.info()
    const configuration = { jobType: 'QUERY', query: { useLegacySql: false }, labels }
    return { id, owner, ownerId: '', location: defaultLocation, kind: 'QUERY', createdAtMicros, configuration, job }
  }

  /** Newest first. */
  list(principal: Principal): ApiJob[] {
    const mine = [...this.#jobs.values()].filter(
      ({ ownerId, work }) => work !== undefined && (principal.role === 'admin' || ownerId === principal.id),
    )
    const ofRoad: ApiJob[] = []
    for (const { id } of this.#deps.road.jobs(principal)) {
      try {
        ofRoad.push(this.find(id, principal))
      } catch (error) {
        // It has just been forgotten.
        this.#deps.log.debug({ reason: messageOf(error) }, 'A job left while jobs were listed.')
      }
    }
    return [...mine, ...ofRoad].sort((one, other) => other.createdAtMicros - one.createdAtMicros)
  }

  forget(id: string): void {
    this.#jobs.delete(id)
  }

  #forgetOld(): void {
    const oldest = this.#deps.clock.nowMicros() - this.#deps.jobAgeMsMax * 1000
    for (const [id, job] of this.#jobs) {
      if (this.#jobs.size <= jobsMax && job.createdAtMicros >= oldest) return
      if (stateOf(job).state === 'done') this.#jobs.delete(id)
      else if (this.#jobs.size <= 2 * jobsMax) return
    }
  }

  async stop(): Promise<void> {
    const works = [...this.#jobs.values()].flatMap(({ work }) => (work === undefined ? [] : [work]))
    for (const work of works) work.cancel()
    await Promise.all(works.map(async ({ ended }) => ended))
  }
}

export function stateOf(job: ApiJob): OwnInfo {
  if (job.work !== undefined) return job.work.info()
  const { state, startedAtMicros, endedAtMicros, error } = job.job.info()
  return { state, startedAtMicros, endedAtMicros, error: errorOf(error), statistics: undefined }
}

function errorOf(error: JobInfo['error']): GoogleError | undefined {
  if (error === undefined) return undefined
  return googleErrorOf(new MillpondError(error.code as MillpondError['code'], error.message))
}

export async function endOf(job: ApiJob): Promise<void> {
  await (job.work ?? job.job).ended
}

/** True if it has ended within this time. */
export async function endsWithin(job: ApiJob, timeoutMs: number, deps: Pick<BigqueryDeps, 'clock'>): Promise<boolean> {
  if (stateOf(job).state === 'done') return true
  const { promise, resolve } = Promise.withResolvers<boolean>()
  const cancel = deps.clock.schedule(() => {
    resolve(false)
  }, timeoutMs)
  void endOf(job).then(() => {
    resolve(true)
  })
  try {
    return await promise
  } finally {
    cancel()
  }
}
