// What all routes of the BigQuery API share: the parts of the engine that they ask, and the jobs that came in through this door.
import type { BigqueryDeps } from './deps.ts'
import { invalid, notFound } from './google-error.ts'
import { ApiJobs } from './jobs.ts'
import { RepeatedRequests } from './repeated.ts'
import { Uploads } from './uploads.ts'

export interface Api {
  readonly deps: BigqueryDeps
  readonly jobs: ApiJobs
  readonly repeated: RepeatedRequests
  readonly uploads: Uploads
  /** Ends what is under way. */
  stop(): Promise<void>
}

export function createApi(deps: BigqueryDeps): Api {
  const jobs = new ApiJobs(deps)
  const uploads = new Uploads(deps)
  return {
    deps,
    jobs,
    repeated: new RepeatedRequests(deps.clock),
    uploads,
    async stop() {
      await jobs.stop()
      await uploads.stop()
    },
  }
}

/** Error: notFound. Another project than ours would be asked in vain, and must not get our tables under its name. */
export function checkProject({ deps }: Pick<Api, 'deps'>, projectId: string | undefined): void {
  if (projectId === undefined || projectId === '' || projectId === deps.project) return
  throw notFound(`Project ${projectId.slice(0, 100)}. The project of this Millpond is called ${deps.project}`)
}

const nameShape = /^[\p{L}\p{M}\p{N}_\p{Pc}\p{Pd} ]{1,1024}$/u

/** Error: invalid. */
export function checkName(kind: 'dataset' | 'table' | 'routine', name: string): void {
  if (nameShape.test(name)) return
  throw invalid(
    `Invalid ${kind} ID "${name.slice(0, 100)}". ${kind} IDs must be letters, numbers, underscores or dashes, at most 1,024 long.`,
  )
}

const jobIdShape = /^[\w-]{1,1024}$/

/** Error: invalid. */
export function checkJobId(id: string): void {
  if (jobIdShape.test(id)) return
  throw invalid(
    `Invalid job ID "${id.slice(0, 100)}". Job IDs must be alphanumeric (plus underscores and dashes) and must be at most 1024 characters long.`,
  )
}
