// jobs.insert and what is asked of jobs afterwards: their state, their end.
import { type Api, checkJobId, checkProject } from './api.ts'
import { defaultLocation } from './deps.ts'
import { startCopyJob } from './copy-jobs.ts'
import { GoogleError, invalid, unsupported } from './google-error.ts'
import { dryRunNumbers, etagOf, jobReference, jobResource, listedJob, millis } from './job-resource.ts'
import { type ApiJob, stateOf } from './jobs.ts'
import { listPage } from './pages.ts'
import { queryRequestOf } from './query-config.ts'
import { startQueryJob } from './query-jobs.ts'
import type { Answer, Call, QueryFields, Route } from './router.ts'
import { type JobResource, jobResource as jobShape, parseShape } from './shapes.ts'

export function jobRoutes(api: Api): Route[] {
  const path = 'projects/{projectId}/jobs'
  return [
    { id: 'bigquery.jobs.insert', method: 'POST', path, handle: async (call) => insert(api, call) },
    { id: 'bigquery.jobs.list', method: 'GET', path, handle: async (call) => list(api, call) },
    {
      id: 'bigquery.jobs.get',
      method: 'GET',
      path: `${path}/{jobId}`,
      handle: async (call) => jobResource(api, jobOf(api, call)),
    },
    {
      id: 'bigquery.jobs.cancel',
      method: 'POST',
      path: `${path}/{jobId}/cancel`,
      handle: async (call) => cancel(api, call),
    },
    {
      id: 'bigquery.jobs.delete',
      method: 'DELETE',
      path: `${path}/{jobId}/delete`,
      handle: (call) => {
        const job = jobOf(api, call)
        if (stateOf(job).state !== 'done')
          throw new GoogleError('resourceInUse', `Job ${api.jobs.fullId(job.id, job.location)} is still running`)
        api.jobs.forget(job.id)
        return undefined
      },
    },
  ]
}

function jobOf(api: Api, { params, principal }: Call): ApiJob {
  checkProject(api, params['projectId'])
  return api.jobs.find(params['jobId'] ?? '', principal)
}

async function insert(api: Api, call: Call): Promise<Answer> {
  const { principal, params } = call
  checkProject(api, params['projectId'])
  const sent = await call.body()
  const resource = parseShape(jobShape, sent)
  const { configuration, jobReference: reference } = resource
  checkProject(api, reference?.projectId)
  if (reference?.jobId !== undefined) checkJobId(reference.jobId)
  if (configuration?.load !== undefined) {
    const uris = configuration.load.sourceUris ?? []
    if (uris.length === 0)
      throw invalid('A load job needs a file: send it to /upload/bigquery/v2 (clients do so for local files).')
    throw unsupported(
      `loading from ${uris[0]?.slice(0, 200)}. Millpond reads no buckets: load the file itself (load_table_from_file, table.load).`,
    )
  }
  if (configuration?.extract !== undefined)
    throw unsupported('extract jobs to gs://. Download rows with `GET /api/export` (Arrow, Parquet, CSV) instead.')
  if (configuration?.copy !== undefined) return jobResource(api, await startCopyJob(api, principal, resource))
  return insertQuery(api, call, resource)
}

async function insertQuery(api: Api, { principal }: Call, resource: JobResource): Promise<Answer> {
  const { configuration, jobReference: reference } = resource
  const { query, dryRun, labels, jobTimeoutMs } = configuration ?? {}
  if (query === undefined) throw invalid('Required parameter is missing: configuration.query')
  const request = queryRequestOf(api, query, { principal, jobId: reference?.jobId, labels, timeoutMs: jobTimeoutMs })
  const { query: _sql, ...rest } = query
  const shown = {
    jobType: 'QUERY',
    query: { ...rest, priority: rest.priority ?? 'INTERACTIVE', useLegacySql: false },
    ...(labels === undefined ? {} : { labels }),
    ...(dryRun === true ? { dryRun } : {}),
  }
  const location = reference?.location
  if (dryRun !== true) return jobResource(api, await startQueryJob(api, { request, location, configuration: shown }))
  const run = await api.deps.road.dryRun(request)
  const numbers = dryRunNumbers(api, run)
  const now = millis(api.deps.clock.nowMicros())
  return {
    kind: 'bigquery#job',
    etag: etagOf('dry run'),
    jobReference: jobReference(api, { id: reference?.jobId ?? '', location: location ?? defaultLocation }),
    configuration: { ...shown, query: { ...shown.query, query: request.sql } },
    status: { state: 'DONE' },
    statistics: {
      creationTime: now,
      startTime: now,
      endTime: now,
      totalBytesProcessed: String(run.bytesProcessed),
      query: numbers,
    },
  }
}

async function cancel(api: Api, call: Call): Promise<Answer> {
  const job = jobOf(api, call)
  if (job.work === undefined) {
    // Google answers at once; whoever wants to know the end asks for it.
    void api.deps.road.cancel(job.id, call.principal).catch(() => undefined)
  } else job.work.cancel()
  return { kind: 'bigquery#jobCancelResponse', job: await jobResource(api, job) }
}

async function list(api: Api, { principal, params, query }: Call): Promise<Answer> {
  checkProject(api, params['projectId'])
  const all = api.jobs.list(principal).filter(jobFilter(query, principal.handle))
  const { items, ...rest } = listPage(all, query)
  const jobs = await Promise.all(items.map(async (job) => listedJob(api, job)))
  return { kind: 'bigquery#jobList', etag: etagOf(`${all.length}`), jobs, ...rest }
}

function jobFilter(query: QueryFields, handle: string): (job: ApiJob) => boolean {
  const states = query.all('stateFilter').map((state) => state.toLowerCase())
  const names = { waiting: 'pending', running: 'running', done: 'done' }
  const isAll = query.flag('allUsers')
  const parent = query.text('parentJobId')
  const from = (query.whole('minCreationTime') ?? 0) * 1000
  const until = (query.whole('maxCreationTime') ?? Infinity) * 1000
  return (job) =>
    (isAll || job.owner === handle || parent !== undefined) &&
    job.job?.info().parentId === parent &&
    (states.length === 0 || states.includes(names[stateOf(job).state])) &&
    job.createdAtMicros >= from &&
    job.createdAtMicros <= until
}
