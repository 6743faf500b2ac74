// jobs.query: a question and the first page of its answer in one call. jobs.getQueryResults: more pages, or the first one later.
import { createHash } from 'node:crypto'

import type { JobInfo } from '../contract.ts'
import { type Api, checkProject } from './api.ts'
import { defaultLocation } from './deps.ts'
import { dmlNumbers, dryRunNumbers, etagOf, jobReference, millis } from './job-resource.ts'
import { type ApiJob, endsWithin, stateOf } from './jobs.ts'
import { type PageWish, pageWish, readPage, rowForm, withRows } from './pages.ts'
import { queryRequestOf } from './query-config.ts'
import { startQueryJob } from './query-jobs.ts'
import { type Answer, type Call, type Route, wholeNumber } from './router.ts'
import { parseShape, queryRequest, type QueryRequestBody } from './shapes.ts'

/** BigQuery's default, and about its bound. */
const waitMsDefault = 10_000
const waitMsMax = 200_000

export function queryRoutes(api: Api): Route[] {
  return [
    {
      id: 'bigquery.jobs.query',
      method: 'POST',
      path: 'projects/{projectId}/queries',
      handle: async (call) => query(api, call),
    },
    {
      id: 'bigquery.jobs.getQueryResults',
      method: 'GET',
      path: 'projects/{projectId}/queries/{jobId}',
      handle: async (call) => queryResults(api, call),
    },
  ]
}

async function query(api: Api, call: Call): Promise<Answer> {
  const { principal, params } = call
  checkProject(api, params['projectId'])
  const sent = await call.body()
  const body = parseShape(queryRequest, sent)
  const request = queryRequestOf(api, body, { principal, labels: body.labels, timeoutMs: body.jobTimeoutMs })
  if (body.dryRun === true) return dryRun(api, body, request)
  const { requestId } = body
  const content = requestId === undefined ? '' : createHash('sha256').update(JSON.stringify(sent)).digest('hex')
  const job = await api.repeated.once(principal, requestId, content, async () => {
    const { location } = body
    return startQueryJob(api, { request, location, configuration: configurationOf(body) })
  })
  const form = rowForm(body.formatOptions?.useInt64Timestamp === true, body.formatOptions?.timestampOutputFormat)
  const rowsMax = wholeNumber(body.maxResults, 'maxResults')
  return answerOf(api, job, {
    wish: { startRow: 0, rowsMax, form },
    waitMs: waitMs(wholeNumber(body.timeoutMs, 'timeoutMs')),
    kind: 'bigquery#queryResponse',
  })
}

function waitMs(wanted: number | undefined): number {
  return Math.min(wanted ?? waitMsDefault, waitMsMax)
}

/** As jobs.get shows it later. */
function configurationOf(body: QueryRequestBody): object {
  const { labels, maximumBytesBilled, parameterMode, queryParameters, useQueryCache, defaultDataset } = body
  const query = {
    useLegacySql: false,
    priority: 'INTERACTIVE',
    maximumBytesBilled,
    parameterMode,
    queryParameters,
    useQueryCache,
    defaultDataset,
  }
  return { jobType: 'QUERY', query, ...(labels === undefined ? {} : { labels }) }
}

async function dryRun(
  api: Api,
  body: QueryRequestBody,
  request: Parameters<Api['deps']['road']['dryRun']>[0],
): Promise<Answer> {
  const run = await api.deps.road.dryRun(request)
  const numbers = dryRunNumbers(api, run) as Record<string, unknown>
  return {
    kind: 'bigquery#queryResponse',
    jobReference: { projectId: api.deps.project, location: body.location ?? defaultLocation },
    jobComplete: true,
    totalRows: '0',
    schema: numbers['schema'] ?? { fields: [] },
    totalBytesProcessed: numbers['totalBytesProcessed'],
    cacheHit: false,
    statementType: numbers['statementType'],
    millpond: numbers['millpond'],
  }
}

async function queryResults(api: Api, call: Call): Promise<Answer> {
  const { params, principal, query } = call
  checkProject(api, params['projectId'])
  const job = api.jobs.find(params['jobId'] ?? '', principal)
  return answerOf(api, job, {
    wish: pageWish(query),
    waitMs: waitMs(query.whole('timeoutMs')),
    kind: 'bigquery#getQueryResultsResponse',
  })
}

interface AnswerWish {
  readonly wish: PageWish
  readonly waitMs: number
  readonly kind: string
}

async function answerOf(api: Api, job: ApiJob, { wish, waitMs, kind }: AnswerWish): Promise<Answer> {
  const reference = { jobReference: jobReference(api, job), location: job.location }
  if (!(await endsWithin(job, waitMs, api.deps))) return { kind, ...reference, jobComplete: false }
  const { error, startedAtMicros, endedAtMicros } = stateOf(job)
  if (error !== undefined) throw error
  const { rows, fields, totalRows, nextToken } = await readPage(job, wish)
  const info = job.job?.info()
  const head = {
    kind,
    etag: etagOf(`${job.id} ${wish.startRow} ${rows.length}`),
    ...(fields.length === 0 && info?.statistics?.statementType !== 'SELECT' ? {} : { schema: { fields } }),
    ...reference,
    queryId: job.id,
    totalRows: String(totalRows),
    ...(nextToken === undefined ? {} : { pageToken: nextToken }),
    jobComplete: true,
    creationTime: millis(job.createdAtMicros),
    ...(startedAtMicros === undefined ? {} : { startTime: millis(startedAtMicros) }),
    ...(endedAtMicros === undefined ? {} : { endTime: millis(endedAtMicros) }),
    ...numbersOf(info),
  }
  return withRows(head, rows)
}

function numbersOf(info: JobInfo | undefined): object {
  const statistics = info?.statistics
  if (statistics === undefined) return {}
  const { bytesProcessed, bytesBilled, cacheHit, statementType } = statistics
  return {
    totalBytesProcessed: String(bytesProcessed),
    totalBytesBilled: String(bytesBilled),
    totalSlotMs: '0',
    cacheHit,
    ...(statementType === 'OTHER' ? {} : { statementType }),
    ...dmlNumbers(statistics),
  }
}
