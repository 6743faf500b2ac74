// The query part of a job's configuration (and the body of jobs.query, which is the same with other neighbours) -> a request of the
// road. A field that would change the answer and isn't known here is refused by name; one that only says how fast is passed over.
import type { Principal } from '../../control/principals.ts'
import type { QueryDestination, QueryRequest } from '../contract.ts'
import { type Api, checkName, checkProject } from './api.ts'
import { invalid, unsupported } from './google-error.ts'
import { checkedLabels } from './labels.ts'
import { parametersOf } from './parameters.ts'
import { wholeNumber } from './router.ts'
import type { QueryConfiguration, QueryRequestBody } from './shapes.ts'

type Config = Partial<QueryConfiguration> & Pick<QueryRequestBody, 'query'>

export interface RequestContext {
  readonly principal: Principal
  readonly jobId?: string | undefined
  readonly labels?: Readonly<Record<string, string | null>> | undefined
  /** jobTimeoutMs: the job is ended then. */
  readonly timeoutMs?: string | undefined
}

/** Errors: invalid, notFound. */
export function queryRequestOf(api: Api, config: Config, context: RequestContext): QueryRequest {
  const sql = config.query
  if (sql === undefined || sql.trim() === '') throw invalid('Required parameter is missing: query', 'query')
  refuseLegacy(config, sql)
  refuseUnknown(config)
  const { defaultDataset, maximumBytesBilled } = config
  if (defaultDataset !== undefined) checkProject(api, defaultDataset.projectId)
  const bytesBilledMax = maximumBytesBilled === '0' ? undefined : wholeNumber(maximumBytesBilled, 'maximumBytesBilled')
  const timeoutMs = context.timeoutMs === '0' ? undefined : wholeNumber(context.timeoutMs, 'jobTimeoutMs')
  return {
    sql,
    dialect: 'googlesql',
    parameters: parametersOf(config.queryParameters, config.parameterMode),
    principal: context.principal,
    port: 'bigquery',
    labels: labelsOf(context.labels, config),
    defaultDataset: defaultDataset?.datasetId,
    bytesBilledMax,
    usesCache: config.useQueryCache ?? true,
    jobId: context.jobId,
    keepsRows: true,
    destination: destinationOf(api, config),
    timeoutMs,
  }
}

function refuseLegacy({ useLegacySql }: Config, sql: string): void {
  if (useLegacySql === true || /^\s*#legacySQL/i.test(sql))
    throw unsupported('legacy SQL (useLegacySql). Write the query in GoogleSQL and send useLegacySql: false.')
}

/** Of connectionProperties: those that say nothing about the answer. */
const harmlessProperties = new Set(['dataset_project_id', 'query_label'])

function refuseUnknown(config: Config): void {
  if (config.createSession === true) throw unsupported('createSession. Send the statements of a session as one script.')
  for (const { key = '', value = '' } of config.connectionProperties ?? []) {
    const isHarmless = harmlessProperties.has(key) || (key === 'time_zone' && /^(?:UTC|Etc\/UTC)$/i.test(value))
    if (!isHarmless) throw unsupported(`connection property ${key.slice(0, 100)}`)
  }
  if (config.continuous === true) throw unsupported('continuous queries')
  if (hasContent(config.tableDefinitions)) throw unsupported('tableDefinitions (external tables)')
  if (hasContent(config.userDefinedFunctionResources))
    throw unsupported('userDefinedFunctionResources; use CREATE TEMP FUNCTION')
  if (hasContent(config.schemaUpdateOptions)) throw unsupported('schemaUpdateOptions of a query; use ALTER TABLE')
  if (hasContent(config.scriptOptions)) throw unsupported('scriptOptions')
  for (const name of ['timePartitioning', 'rangePartitioning', 'clustering'] as const) {
    if (hasContent(config[name]))
      throw unsupported(`${name} of a query's destination. Use CREATE TABLE … PARTITION BY … CLUSTER BY … AS SELECT.`)
  }
}

function hasContent(value: unknown): boolean {
  return typeof value === 'object' && value !== null && Object.keys(value).length > 0
}

/** Labels, and those that a connection property adds. Error: invalid. */
function labelsOf(labels: RequestContext['labels'], { connectionProperties = [] }: Config): Record<string, string> {
  const added = connectionProperties.filter(({ key }) => key === 'query_label')
  const pairs = added.flatMap(({ value = '' }) => value.split(',').map((pair) => pair.split(':')))
  return checkedLabels([
    ...Object.entries(labels ?? {}),
    ...pairs.map(([key = '', value = '']) => [key, value] as const),
  ])
}

const creates = { CREATE_IF_NEEDED: 'if-needed', CREATE_NEVER: 'never' } as const
const writes = {
  WRITE_TRUNCATE: 'truncate',
  WRITE_TRUNCATE_DATA: 'truncate',
  WRITE_APPEND: 'append',
  WRITE_EMPTY: 'if-empty',
} as const

/** Error: invalid. */
export function createDispositionOf(name: string | undefined): QueryDestination['create'] {
  const found = name === undefined || name === '' ? 'if-needed' : lookUp(creates, name)
  if (found !== undefined) return found
  throw invalid(`Invalid value for createDisposition: ${name?.slice(0, 100)} is not a valid value`, 'createDisposition')
}

/** Error: invalid. */
export function writeDispositionOf(
  name: string | undefined,
  otherwise: QueryDestination['write'],
): QueryDestination['write'] {
  const found = name === undefined || name === '' ? otherwise : lookUp(writes, name)
  if (found !== undefined) return found
  throw invalid(`Invalid value for writeDisposition: ${name?.slice(0, 100)} is not a valid value`, 'writeDisposition')
}

function lookUp<Value>(table: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined
}

function destinationOf(api: Api, config: Config): QueryDestination | undefined {
  const { destinationTable } = config
  if (destinationTable === undefined || destinationTable.tableId === '') return undefined
  const { projectId, datasetId, tableId } = destinationTable
  checkProject(api, projectId)
  checkName('dataset', datasetId)
  if (tableId.includes('$'))
    throw unsupported(
      'a partition as the destination of a query. Write into a table and copy it onto the partition, or use MERGE.',
    )
  checkName('table', tableId)
  return {
    dataset: datasetId,
    table: tableId,
    create: createDispositionOf(config.createDisposition),
    write: writeDispositionOf(config.writeDisposition, 'if-empty'),
  }
}
