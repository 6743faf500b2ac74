// Copy jobs: rows of one table into another, or onto one day, hour, month or year of it (`table$20260301`). Each is SQL of the road in
// the caller's name, so that rights, policies and history are those of any statement.
import type { Principal } from '../../control/principals.ts'
import type { QueryDestination, QueryRequest, VisibleTable } from '../contract.ts'
import { type Api, checkName, checkProject } from './api.ts'
import { type PartitionPlace, partitionPlace, partitionText, splitDecorator } from './decorators.ts'
import { invalid, unsupported } from './google-error.ts'
import { checkedLabels } from './labels.ts'
import type { ApiJob } from './jobs.ts'
import { createDispositionOf, writeDispositionOf } from './query-config.ts'
import { startQueryJob } from './query-jobs.ts'
import { quoteName } from './schema.ts'
import type { CopyConfiguration, JobResource } from './shapes.ts'
import { findTable, requireTable } from './visible.ts'

type Reference = NonNullable<CopyConfiguration['destinationTable']>

/** Errors: invalid, notFound, duplicate. */
export async function startCopyJob(api: Api, principal: Principal, resource: JobResource): Promise<ApiJob> {
  const { configuration, jobReference } = resource
  const copy = configuration?.copy
  if (copy === undefined) throw invalid('Required parameter is missing: configuration.copy')
  const { operationType = 'COPY', destinationTable } = copy
  if (operationType !== 'COPY' && operationType !== 'OPERATION_TYPE_UNSPECIFIED')
    throw unsupported(`copy jobs of kind ${operationType.slice(0, 40)}`)
  const sources = copy.sourceTables ?? (copy.sourceTable === undefined ? [] : [copy.sourceTable])
  if (sources.length === 0) throw invalid('Required parameter is missing: sourceTable')
  if (destinationTable === undefined) throw invalid('Required parameter is missing: destinationTable')
  for (const { projectId } of [...sources, destinationTable]) checkProject(api, projectId)
  checkName('dataset', destinationTable.datasetId)
  const selects = await Promise.all(sources.map(async (source) => selectOf(api, principal, source)))
  const statement = await copyStatement(api, principal, {
    copy,
    destinationTable,
    select: selects.join('\nUNION ALL\n'),
  })
  const request: QueryRequest = {
    ...statement,
    dialect: 'googlesql',
    principal,
    port: 'bigquery',
    jobId: jobReference?.jobId,
    labels: checkedLabels(Object.entries(configuration?.labels ?? {})),
    usesCache: false,
  }
  const shown = {
    jobType: 'COPY',
    copy,
    ...(configuration?.labels === undefined ? {} : { labels: configuration.labels }),
  }
  return startQueryJob(api, { request, location: jobReference?.location, configuration: shown, kind: 'COPY' })
}

function nameOf({ datasetId, tableId }: { readonly datasetId: string; readonly tableId: string }): string {
  return `${quoteName(datasetId)}.${quoteName(tableId)}`
}

async function selectOf(api: Api, principal: Principal, source: Reference): Promise<string> {
  const { table, decorator } = splitDecorator(source.tableId)
  const found = await requireTable(api, principal, source.datasetId, table)
  const from = `SELECT * FROM ${nameOf({ datasetId: source.datasetId, tableId: table })}`
  return decorator === undefined ? from : `${from} WHERE ${partitionText(partitionPlace(found, decorator))}`
}

interface CopyWish {
  readonly copy: CopyConfiguration
  readonly destinationTable: Reference
  readonly select: string
}

async function copyStatement(
  api: Api,
  principal: Principal,
  { copy, destinationTable, select }: CopyWish,
): Promise<Pick<QueryRequest, 'sql' | 'destination'>> {
  const { datasetId } = destinationTable
  const { table, decorator } = splitDecorator(destinationTable.tableId)
  checkName('table', table)
  const write = writeDispositionOf(copy.writeDisposition, 'if-empty')
  const create = createDispositionOf(copy.createDisposition)
  if (decorator === undefined) return { sql: select, destination: { dataset: datasetId, table, create, write } }
  const target = await findTable(api, principal, datasetId, table)
  if (target === undefined)
    throw unsupported('making a table by a copy onto one of its partitions. Make the table first.')
  return { sql: partitionSql(target, { select, write, place: partitionPlace(target, decorator) }) }
}

/** One transaction: readers see the partition of before or of after. */
function partitionSql(
  target: VisibleTable,
  {
    select,
    write,
    place,
  }: { readonly select: string; readonly write: QueryDestination['write']; readonly place: PartitionPlace },
): string {
  const name = nameOf({ datasetId: target.dataset, tableId: target.table })
  const where = partitionText(place)
  // Rows of another day would land beside the partition without a word.
  const inside = `SELECT * FROM (${select}) WHERE IF(${where}, TRUE, CAST(ERROR('The source has rows outside the partition') AS BOOL))`
  const columns = target.columns.map((column) => quoteName(column.name)).join(', ')
  const insert = `INSERT INTO ${name} (${columns}) SELECT ${columns} FROM (${inside})`
  if (write === 'append') return insert
  if (write === 'if-empty')
    return `IF EXISTS (SELECT 1 FROM ${name} WHERE ${where}) THEN RAISE USING MESSAGE = 'Already Exists: the partition has rows'; END IF;\n${insert}`
  return `BEGIN TRANSACTION;\nDELETE FROM ${name} WHERE ${where};\n${insert};\nCOMMIT TRANSACTION`
}
