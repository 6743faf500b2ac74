// Starts query jobs on the road for jobs.query, jobs.insert and for what other routes do in SQL.
import type { Principal } from '../../control/principals.ts'
import { MillpondError } from '../../core/errors.ts'
import type { QueryRequest } from '../contract.ts'
import { type Api, checkJobId } from './api.ts'
import { defaultLocation } from './deps.ts'
import { GoogleError, googleErrorOf } from './google-error.ts'
import type { ApiJob, JobKind } from './jobs.ts'

export interface NewJob {
  readonly request: QueryRequest
  readonly location: string | undefined
  /** As it is shown later. */
  readonly configuration: object
  readonly kind?: JobKind
}

const configurationLengthMax = 64 * 1024

/** The SQL itself is kept by the road; long lists of parameters by nobody. */
export function shownConfiguration(configuration: object): object {
  return JSON.stringify(configuration).length <= configurationLengthMax ? configuration : { jobType: 'QUERY' }
}

/** The job outlives the call: whoever asks for it later finds it. Errors: duplicate, rateLimitExceeded. */
export async function startQueryJob(
  api: Api,
  { request, location, configuration, kind = 'QUERY' }: NewJob,
): Promise<ApiJob> {
  const { principal } = request
  const id = request.jobId ?? `job_${api.deps.createId()}`
  checkJobId(id)
  const where = location === undefined || location === '' ? defaultLocation : location
  return api.jobs.create(id, where, async () => {
    const job = await api.deps.road.submit({ ...request, jobId: id }, new AbortController().signal)
    const { createdAtMicros, owner } = job.info()
    return {
      id,
      location: where,
      ownerId: principal.id,
      owner,
      kind,
      createdAtMicros,
      configuration: shownConfiguration(configuration),
      job,
    }
  })
}

/** SQL of ours in the name of a caller, to its end. Errors: those of the statement, in Google's words. */
export async function runStatement(
  api: Api,
  principal: Principal,
  sql: string,
  labels: Record<string, string> = {},
): Promise<void> {
  const request: QueryRequest = { sql, dialect: 'googlesql', principal, port: 'bigquery', labels, usesCache: false }
  const job = await api.deps.road.submit(request, new AbortController().signal)
  const result = await job.result().catch(() => undefined)
  await result?.close()
  const { error } = await job.ended
  if (error === undefined) return
  const told = googleErrorOf(new MillpondError(error.code as MillpondError['code'], error.message))
  // Places in text that the caller never saw would only confuse.
  throw new GoogleError(told.reason, told.message.replace(/ at \[\d+:\d+\]$/, ''), { cause: told })
}
