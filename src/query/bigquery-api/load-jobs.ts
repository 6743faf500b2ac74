// Load jobs: a file that came with the call (upload-routes.ts) into a table. What the road does for SQL is done here for them: a job
// that is known by its id, runs beside the call, and can be cancelled.
import type { Principal } from '../../control/principals.ts'
import { messageOf, MillpondError } from '../../core/errors.ts'
import type { LoadedFile, LoadFileRequest, MadeColumn } from '../../warehouse/session.ts'
import { type Api, checkJobId, checkName, checkProject } from './api.ts'
import { defaultLocation } from './deps.ts'
import { createTable } from './ddl-text.ts'
import { GoogleError, googleErrorOf, invalid, notFound, unsupported } from './google-error.ts'
import { checkedLabels } from './labels.ts'
import type { ApiJob, OwnInfo, OwnWork } from './jobs.ts'
import { createDispositionOf, writeDispositionOf } from './query-config.ts'
import { runStatement, shownConfiguration } from './query-jobs.ts'
import { checkWrite } from './rights.ts'
import { wholeNumber } from './router.ts'
import { modeOf, quoteName, typeText } from './schema.ts'
import { type JobResource, type LoadConfiguration, parseShape, tableResource } from './shapes.ts'
import type { UploadFile } from './uploads.ts'
import { findDataset, madeTable } from './visible.ts'

const formats = { CSV: 'csv', NEWLINE_DELIMITED_JSON: 'json', JSON: 'json', PARQUET: 'parquet' } as const

/** Before a byte of the file is read: what can't be loaded is told at once. Errors: invalid, notFound, accessDenied. */
export function loadRequestOf(api: Api, principal: Principal, load: LoadConfiguration): Omit<LoadFileRequest, 'path'> {
  const { destinationTable, sourceFormat = 'CSV' } = load
  if (destinationTable === undefined) throw invalid('Required parameter is missing: destinationTable')
  checkProject(api, destinationTable.projectId)
  const { datasetId: dataset, tableId: table } = destinationTable
  checkName('dataset', dataset)
  if (table.includes('$'))
    throw unsupported('loading onto one partition. Load into a table and copy it onto the partition.')
  checkName('table', table)
  const format = Object.hasOwn(formats, sourceFormat) ? formats[sourceFormat as keyof typeof formats] : undefined
  if (format === undefined)
    throw unsupported(
      `loading files of format ${sourceFormat.slice(0, 40)}. Send CSV, NEWLINE_DELIMITED_JSON or PARQUET.`,
    )
  refuseUnknown(load)
  checkWrite(api, principal, dataset, madeTable(api, dataset, table) === undefined ? undefined : table)
  const fields = load.schema?.fields ?? []
  // Whether the first row is names can't be told for sure, and a header must not become a row.
  if (format === 'csv' && load.autodetect === true && fields.length === 0 && load.skipLeadingRows === undefined)
    throw unsupported(
      'autodetect of CSV without skipLeadingRows. Send 1 if the first row has the names, 0 if there are none.',
    )
  return {
    dataset,
    table,
    format,
    columns: fields.length === 0 ? undefined : fields.map(columnOf),
    detects: load.autodetect === true || format === 'parquet',
    create: createDispositionOf(load.createDisposition),
    write: writeDispositionOf(load.writeDisposition, 'append'),
    addsColumns: (load.schemaUpdateOptions ?? []).includes('ALLOW_FIELD_ADDITION'),
    ignoresUnknown: load.ignoreUnknownValues === true,
    badRecordsMax: wholeNumber(load.maxBadRecords, 'maxBadRecords') ?? 0,
    csv: csvOf(load),
  }
}

function columnOf(field: Parameters<typeof typeText>[0]): MadeColumn {
  const { name, description, defaultValueExpression } = field
  return {
    name,
    type: typeText({ ...field, mode: 'NULLABLE' }),
    mode: modeOf(field),
    description,
    defaultSql: defaultValueExpression,
  }
}

function csvOf(load: LoadConfiguration): LoadFileRequest['csv'] {
  const { encoding = 'UTF-8', fieldDelimiter = ',', quote = '"' } = load
  if (encoding !== 'UTF-8' && encoding !== 'ISO-8859-1')
    throw unsupported(`files in ${encoding.slice(0, 40)}. Send UTF-8.`)
  return {
    delimiter:
      fieldDelimiter === '\\t' || fieldDelimiter === 'tab' ? '\t' : fieldDelimiter === '' ? ',' : fieldDelimiter,
    quote,
    skipRows: wholeNumber(load.skipLeadingRows, 'skipLeadingRows') ?? 0,
    nullMarker: load.nullMarker ?? '',
    allowsJaggedRows: load.allowJaggedRows === true,
    allowsQuotedNewlines: load.allowQuotedNewlines === true,
    encoding,
  }
}

function refuseUnknown(load: LoadConfiguration): void {
  if ((load.schemaInline ?? '') !== '') throw unsupported('schemaInline. Send schema.fields.')
  if ((load.nullMarkers ?? []).length > 0) throw unsupported('nullMarkers. Send one nullMarker.')
  if ((load.projectionFields ?? []).length > 0) throw unsupported('projectionFields')
  for (const name of ['hivePartitioningOptions', 'destinationEncryptionConfiguration'] as const) {
    const value = load[name]
    if (typeof value === 'object' && value !== null && Object.keys(value).length > 0)
      throw unsupported(`${name} of a load job`)
  }
  const unknown = (load.schemaUpdateOptions ?? []).find((option) => option !== 'ALLOW_FIELD_ADDITION')
  if (unknown !== undefined) throw unsupported(`schemaUpdateOptions ${unknown.slice(0, 60)}. Use ALTER TABLE.`)
}

export interface LoadJobWish {
  readonly principal: Principal
  readonly resource: JobResource
  readonly request: Omit<LoadFileRequest, 'path'>
  readonly file: UploadFile
}

/** The file is removed when the job has ended, and also if there is no job. Errors: duplicate, invalid. */
export async function startLoadJob(api: Api, { principal, resource, request, file }: LoadJobWish): Promise<ApiJob> {
  const { jobReference, configuration } = resource
  const id = jobReference?.jobId ?? `job_${api.deps.createId()}`
  const location = jobReference?.location ?? defaultLocation
  try {
    checkJobId(id)
    checkedLabels(Object.entries(configuration?.labels ?? {}))
    await file.close()
    return await api.jobs.create(id, location, async () => {
      const labels = configuration?.labels === undefined ? {} : { labels: configuration.labels }
      return {
        id,
        location,
        ownerId: principal.id,
        owner: principal.handle,
        kind: 'LOAD' as const,
        createdAtMicros: api.deps.clock.nowMicros(),
        configuration: shownConfiguration({ jobType: 'LOAD', load: configuration?.load, ...labels }),
        work: startWork(api, { principal, resource, request, file }),
      }
    })
  } catch (error) {
    await file.remove()
    throw error
  }
}

function startWork(api: Api, wish: LoadJobWish): OwnWork {
  const { clock, log } = api.deps
  const stop = new AbortController()
  let info: OwnInfo = {
    state: 'running',
    startedAtMicros: clock.nowMicros(),
    endedAtMicros: undefined,
    error: undefined,
    statistics: undefined,
  }
  const run = async (): Promise<void> => {
    let error: GoogleError | undefined
    let statistics: object | undefined
    try {
      statistics = loadNumbers(wish.file, await load(api, wish, stop.signal))
    } catch (thrown) {
      error = loadError(thrown)
      if (error.reason === 'internalError') log.error({ err: thrown }, 'A load job failed by a fault of ours.')
    }
    await wish.file.remove().catch((failure: unknown) => {
      log.warn({ reason: messageOf(failure) }, 'The file of a load job could not be removed.')
    })
    info = { ...info, state: 'done', endedAtMicros: clock.nowMicros(), error, statistics }
  }
  return {
    info: () => info,
    ended: run(),
    cancel: () => {
      stop.abort(new MillpondError('query-cancelled', 'The job was cancelled'))
    },
  }
}

/** Rows that don't fit are `invalid` in a load job, not `invalidQuery`. */
function loadError(thrown: unknown): GoogleError {
  const error = googleErrorOf(thrown)
  return error.reason === 'invalidQuery' ? new GoogleError('invalid', error.message, { cause: thrown }) : error
}

function loadNumbers(file: UploadFile, { rows, badRecords }: LoadedFile): object {
  const bytes = String(file.bytes)
  const load = {
    inputFiles: '1',
    inputFileBytes: bytes,
    outputRows: String(rows),
    outputBytes: bytes,
    badRecords: String(badRecords),
  }
  return { load }
}

async function load(
  api: Api,
  { principal, resource, request, file }: LoadJobWish,
  signal: AbortSignal,
): Promise<LoadedFile> {
  const { dataset, table, columns } = request
  const present = madeTable(api, dataset, table)
  if ((await findDataset(api, principal, dataset)) === undefined)
    throw notFound(`Dataset ${api.deps.project}:${dataset}`)
  if (present === undefined && request.create === 'never')
    throw notFound(`Table ${api.deps.project}:${dataset}.${table}`)
  if (present === undefined && columns === undefined && !request.detects)
    throw invalid('No schema specified on job or table.')
  const config = resource.configuration?.load
  // A table with its partitions, clusters and descriptions is made like every other.
  if (present === undefined && columns !== undefined && config !== undefined) {
    const { schema, timePartitioning, rangePartitioning, clustering } = config
    const shape = parseShape(tableResource, { schema, timePartitioning, rangePartitioning, clustering })
    await runStatement(api, principal, createTable(`${quoteName(dataset)}.${quoteName(table)}`, shape))
  }
  signal.throwIfAborted()
  return api.deps.loadFile({ ...request, path: file.path }, signal)
}
