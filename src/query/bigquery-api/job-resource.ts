// Jobs as the API shows them. Numbers are strings where Google's are; times are milliseconds, also as strings.
import type { DryRun, JobInfo, JobStatistics, TableReference } from '../contract.ts'
import type { Api } from './api.ts'
import { errorProto } from './google-error.ts'
import { type ApiJob, stateOf } from './jobs.ts'
import { resultFields } from './schema.ts'
import { emptyStatistics } from '../jobs/empty-statistics.ts'

const stateNames = { waiting: 'PENDING', running: 'RUNNING', done: 'DONE' } as const

/** Rows of a query without a table of its own: `tables.get` and `tabledata.list` find them by the job while they are kept. */
export const anonymousDataset = '_anonymous'
const anonymousPrefix = 'anon'

export function anonymousTable(jobId: string): string {
  return anonymousPrefix + jobId
}

export function jobOfAnonymousTable(tableId: string): string | undefined {
  return tableId.startsWith(anonymousPrefix) ? tableId.slice(anonymousPrefix.length) : undefined
}

export function jobReference({ deps }: Pick<Api, 'deps'>, { id, location }: Pick<ApiJob, 'id' | 'location'>): object {
  return { projectId: deps.project, jobId: id, location }
}

export function millis(micros: number): string {
  return String(Math.floor(micros / 1000))
}

function userEmail({ deps }: Pick<Api, 'deps'>, handle: string): string {
  return handle.includes('@') ? handle : `${handle}@${deps.project}.millpond.local`
}

export async function jobResource(api: Api, job: ApiJob): Promise<object> {
  const { project } = api.deps
  const { id, location } = job
  return {
    kind: 'bigquery#job',
    etag: etagOf(`${id} ${stateOf(job).state}`),
    id: api.jobs.fullId(id, location),
    selfLink: `/bigquery/v2/projects/${project}/jobs/${id}?location=${location}`,
    user_email: userEmail(api, job.owner),
    configuration: configurationOf(api, job),
    jobReference: jobReference(api, job),
    statistics: await statisticsOf(api, job),
    status: jobStatus(job),
  }
}

/** One of a list: state and error stand beside the status. */
export async function listedJob(api: Api, job: ApiJob): Promise<object> {
  const { state, error } = stateOf(job)
  const { kind, id, jobReference, status, statistics, configuration, user_email } = (await jobResource(
    api,
    job,
  )) as Record<string, unknown>
  const failure = error === undefined ? {} : { errorResult: errorProto(error) }
  return { kind, id, jobReference, state: stateNames[state], ...failure, status, statistics, configuration, user_email }
}

export function etagOf(text: string): string {
  return Buffer.from(text).toString('base64url').slice(0, 200)
}

export function jobStatus(job: ApiJob): object {
  const { state, error } = stateOf(job)
  if (error === undefined) return { state: stateNames[state] }
  const proto = errorProto(error)
  return { state: stateNames[state], errorResult: proto, errors: [proto] }
}

function configurationOf(api: Api, job: ApiJob): object {
  if (job.kind !== 'QUERY' || job.job === undefined) return job.configuration
  const { sql, statistics } = job.job.info()
  const { query = {}, ...rest } = job.configuration as { readonly query?: object }
  const hasRows = statistics === undefined || statistics.statementType === 'SELECT' || 'destinationTable' in query
  const anonymous = { dataset: anonymousDataset, table: anonymousTable(job.id) }
  // dbt asks the job of CREATE TABLE … AS for the table that it made.
  const made = statistics?.statementType === 'CREATE_TABLE_AS_SELECT' ? statistics.ddlTarget : undefined
  const target = made ?? (hasRows ? anonymous : undefined)
  const destination = target === undefined ? {} : { destinationTable: tableOf(api, target) }
  return { ...rest, query: { query: sql, ...destination, ...query } }
}

function tableOf({ deps }: Pick<Api, 'deps'>, { dataset, table }: TableReference): object {
  return { projectId: deps.project, datasetId: dataset, tableId: table }
}

/** What both a job and a dry run tell of a query. */
export function queryNumbers(api: Pick<Api, 'deps'>, statistics: JobStatistics): object {
  const { statementType, bytesProcessed, bytesBilled, cacheHit, referencedTables, ddlTarget } = statistics
  return {
    ...(statementType === 'OTHER' ? {} : { statementType }),
    totalBytesProcessed: String(bytesProcessed),
    totalBytesBilled: String(bytesBilled),
    totalBytesProcessedAccuracy: 'PRECISE',
    billingTier: 1,
    totalSlotMs: '0',
    cacheHit,
    referencedTables: referencedTables.map((table) => tableOf(api, table)),
    ...(ddlTarget === undefined ? {} : ddlOf(api, statementType, ddlTarget)),
    ...dmlNumbers(statistics),
  }
}

function ddlOf(api: Pick<Api, 'deps'>, statementType: JobStatistics['statementType'], target: TableReference): object {
  const verb = /^[A-Z]+/.exec(statementType)?.[0] ?? ''
  const ddlOperationPerformed = { CREATE: 'CREATE', DROP: 'DROP', ALTER: 'ALTER' }[verb]
  const performed = ddlOperationPerformed === undefined ? {} : { ddlOperationPerformed }
  const { projectId, datasetId } = { projectId: api.deps.project, datasetId: target.dataset }
  if (/FUNCTION|PROCEDURE/.test(statementType))
    return { ...performed, ddlTargetRoutine: { projectId, datasetId, routineId: target.table } }
  if (statementType.endsWith('SCHEMA')) return { ...performed, ddlTargetDataset: { projectId, datasetId } }
  return { ...performed, ddlTargetTable: tableOf(api, target) }
}

/** Absent where the statement changes no rows. */
export function dmlNumbers(statistics: JobStatistics): {
  readonly numDmlAffectedRows?: string
  readonly dmlStats?: object
} {
  const { affectedRows, insertedRows, updatedRows, deletedRows, statementType } = statistics
  if (affectedRows === undefined) return {}
  const guess = (verb: string, known: number | undefined): string | undefined => {
    const rows = known ?? (statementType === verb ? affectedRows : undefined)
    return rows === undefined ? undefined : String(rows)
  }
  const counts = {
    insertedRowCount: guess('INSERT', insertedRows),
    updatedRowCount: guess('UPDATE', updatedRows),
    deletedRowCount: guess('DELETE', deletedRows) ?? guess('TRUNCATE_TABLE', deletedRows),
  }
  const dmlStats = Object.fromEntries(Object.entries(counts).filter(([, count]) => count !== undefined))
  return { numDmlAffectedRows: String(affectedRows), dmlStats }
}

async function statisticsOf(api: Api, job: ApiJob): Promise<object> {
  const { startedAtMicros, endedAtMicros, statistics: own } = stateOf(job)
  const times = {
    creationTime: millis(job.createdAtMicros),
    ...(startedAtMicros === undefined ? {} : { startTime: millis(startedAtMicros) }),
    ...(endedAtMicros === undefined ? {} : { endTime: millis(endedAtMicros) }),
  }
  if (job.work !== undefined) return { ...times, ...own }
  const { statistics, parentId } = job.job.info()
  const children = job.job.children.length
  return {
    ...times,
    ...(children === 0 ? {} : { numChildJobs: String(children) }),
    ...(parentId === undefined ? {} : { parentJobId: parentId, scriptStatistics: { evaluationKind: 'STATEMENT' } }),
    ...(statistics === undefined ? {} : { totalBytesProcessed: String(statistics.bytesProcessed) }),
    ...(job.kind === 'COPY' ? copyNumbers(statistics) : {}),
    ...(job.kind === 'QUERY' && statistics !== undefined
      ? { query: { ...queryNumbers(api, statistics), ...(await schemaOf(job)) } }
      : {}),
  }
}

function copyNumbers(statistics: JobInfo['statistics']): object {
  if (statistics === undefined) return {}
  const copiedRows = String(statistics.affectedRows ?? statistics.rows)
  return { copy: { copiedRows, copiedLogicalBytes: String(statistics.bytesProcessed) } }
}

async function schemaOf(job: ApiJob): Promise<object> {
  if (job.job === undefined || job.job.info().error !== undefined) return {}
  const { columns } = await job.job.result()
  return columns.length === 0 ? {} : { schema: { fields: resultFields(columns) } }
}

/** `statistics.query` of a dry run, and what Millpond knows beyond Google: what it would cost, and what to do about it. */
export function dryRunNumbers(api: Pick<Api, 'deps'>, run: DryRun): object {
  const { statementType, referencedTables, bytesProcessed, bytesBilled, columns, undeclaredParameters } = run
  const statistics: JobStatistics = {
    ...emptyStatistics(statementType),
    bytesProcessed,
    bytesBilled,
    referencedTables,
  }
  const { dollars, bytesOfAllColumns, statisticsAgeMs, lint, portability, portabilityReasons } = run
  return {
    ...queryNumbers(api, statistics),
    // A dry run is never billed; what the run would be billed stands in `millpond`.
    totalBytesBilled: '0',
    ...(columns.length === 0 ? {} : { schema: { fields: resultFields(columns) } }),
    ...(undeclaredParameters.length === 0
      ? {}
      : { undeclaredQueryParameters: undeclaredParameters.map(undeclaredParameter) }),
    millpond: {
      bytesBilled: String(bytesBilled),
      dollars,
      bytesOfAllColumns: String(bytesOfAllColumns),
      statisticsAgeMs,
      lint,
      portability,
      portabilityReasons,
    },
  }
}

function undeclaredParameter({ name, sqlType }: DryRun['undeclaredParameters'][number]): object {
  const type = sqlType === undefined ? {} : { parameterType: { type: sqlType.kind } }
  return { ...(name === undefined ? {} : { name }), ...type }
}
