// tables.*: what they change runs as SQL of the road, in the caller's name.
import type { VisibleTable } from '../contract.ts'
import { type Api, checkName, checkProject } from './api.ts'
import { checkEtag, labelsOf } from './dataset-routes.ts'
import { changedOptions, createTable, optionsText } from './ddl-text.ts'
import { splitDecorator } from './decorators.ts'
import { alreadyExists, invalid, notFound } from './google-error.ts'
import { anonymousDataset, etagOf, jobOfAnonymousTable } from './job-resource.ts'
import { endsWithin, stateOf } from './jobs.ts'
import { listPage } from './pages.ts'
import { runStatement } from './query-jobs.ts'
import type { Answer, Call, Route } from './router.ts'
import { quoteName } from './schema.ts'
import { schemaChanges } from './schema-changes.ts'
import { parseShape, type TableResource, tableResource } from './shapes.ts'
import { anonymousResource, listedTable, tableEtag, tableResourceOf } from './table-resource.ts'
import { findTable, requireDataset, requireTable } from './visible.ts'

export function tableRoutes(api: Api): Route[] {
  const all = 'projects/{projectId}/datasets/{datasetId}/tables'
  const one = `${all}/{tableId}`
  return [
    { id: 'bigquery.tables.list', method: 'GET', path: all, handle: async (call) => list(api, call) },
    { id: 'bigquery.tables.insert', method: 'POST', path: all, handle: async (call) => insert(api, call) },
    { id: 'bigquery.tables.get', method: 'GET', path: one, handle: async (call) => get(api, call) },
    { id: 'bigquery.tables.patch', method: 'PATCH', path: one, handle: async (call) => change(api, call, true) },
    { id: 'bigquery.tables.update', method: 'PUT', path: one, handle: async (call) => change(api, call, false) },
    { id: 'bigquery.tables.delete', method: 'DELETE', path: one, handle: async (call) => remove(api, call) },
  ]
}

function datasetName({ params }: Call): string {
  return params['datasetId'] ?? ''
}

async function tableOf(api: Api, call: Call): Promise<VisibleTable> {
  checkProject(api, call.params['projectId'])
  const { table } = splitDecorator(call.params['tableId'] ?? '')
  return requireTable(api, call.principal, datasetName(call), table)
}

function nameOf(dataset: string, table: string): string {
  return `${quoteName(dataset)}.${quoteName(table)}`
}

async function list(api: Api, call: Call): Promise<Answer> {
  checkProject(api, call.params['projectId'])
  const dataset = datasetName(call)
  await requireDataset(api, call.principal, dataset)
  const all = (await api.deps.road.visibleTables(call.principal)).filter((table) => table.dataset === dataset)
  const sorted = [...all].sort((one, other) => (one.table < other.table ? -1 : 1))
  const { items, ...rest } = listPage(sorted, call.query)
  const tables = items.map((table) => listedTable(api, table))
  return { kind: 'bigquery#tableList', etag: etagOf(`${all.length}`), tables, totalItems: all.length, ...rest }
}

async function get(api: Api, call: Call): Promise<Answer> {
  const jobId = jobOfAnonymousTable(call.params['tableId'] ?? '')
  if (datasetName(call) !== anonymousDataset || jobId === undefined)
    return tableResourceOf(api, await tableOf(api, call))
  const job = api.jobs.find(jobId, call.principal)
  const hasEnded = await endsWithin(job, 0, api.deps)
  if (job.job === undefined || !hasEnded || stateOf(job).error !== undefined)
    throw notFound(`Table ${api.deps.project}:${anonymousDataset}.${call.params['tableId'] ?? ''}`)
  return anonymousResource(api, job)
}

async function insert(api: Api, call: Call): Promise<Answer> {
  const { principal, params } = call
  checkProject(api, params['projectId'])
  const resource = parseShape(tableResource, await call.body())
  const table = resource.tableReference?.tableId
  if (table === undefined || table === '') throw invalid('Required parameter is missing: tableReference.tableId')
  checkProject(api, resource.tableReference?.projectId)
  checkName('table', table)
  const dataset = datasetName(call)
  await requireDataset(api, principal, dataset)
  if ((await findTable(api, principal, dataset, table)) !== undefined)
    throw alreadyExists(`Table ${api.deps.project}:${dataset}.${table}`)
  await runStatement(api, principal, createTable(nameOf(dataset, table), resource))
  return tableResourceOf(api, await requireTable(api, principal, dataset, table))
}

async function change(api: Api, call: Call, isPatch: boolean): Promise<Answer> {
  const { principal } = call
  const table = await tableOf(api, call)
  checkEtag(call, tableEtag(table))
  const resource = parseShape(tableResource, await call.body())
  for (const sql of changesOf(table, resource, isPatch)) await runStatement(api, principal, sql)
  return tableResourceOf(api, await tableOf(api, call))
}

/** Statements, in order: a new query of a view, columns, options. Error: invalid. */
function changesOf(table: VisibleTable, resource: TableResource, isPatch: boolean): string[] {
  const name = nameOf(table.dataset, table.table)
  const query = (resource.view ?? resource.materializedView)?.query
  const isView = table.kind !== 'table'
  if (isView && query !== undefined && query !== table.viewSql)
    return [createTable(name, resource, 'CREATE OR REPLACE')]
  const fields = resource.schema?.fields
  const statements = fields === undefined || isView ? [] : schemaChanges(name, table, fields)
  const labels =
    isPatch && resource.labels !== undefined ? { ...labelsOf(table.options), ...resource.labels } : resource.labels
  const known = Object.fromEntries(Object.entries({ ...resource, labels }).filter(([, value]) => value !== undefined))
  const cleared = isPatch ? {} : { friendlyName: '', description: '', labels: {}, expirationTime: '0' }
  const options = changedOptions({ ...cleared, ...known } as TableResource)
  if (options.length > 0) statements.push(`ALTER ${kindText(table)} ${name} SET ${optionsText(options)}`)
  return statements
}

function kindText({ kind }: VisibleTable): string {
  return { table: 'TABLE', view: 'VIEW', 'materialized-view': 'MATERIALIZED VIEW' }[kind]
}

async function remove(api: Api, call: Call): Promise<Answer> {
  const decorated = splitDecorator(call.params['tableId'] ?? '')
  if (decorated.decorator !== undefined)
    throw invalid('A partition is removed with DELETE FROM … WHERE …, not by its name')
  const table = await tableOf(api, call)
  await runStatement(api, call.principal, `DROP ${kindText(table)} ${nameOf(table.dataset, table.table)}`)
  return undefined
}
