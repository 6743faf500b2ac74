// datasets.*: what they change runs as SQL of the road, in the caller's name.
import { type Api, checkName, checkProject } from './api.ts'
import { createSchema, datasetOptions, optionsText } from './ddl-text.ts'
import { alreadyExists, GoogleError, invalid, unsupported } from './google-error.ts'
import { etagOf, millis } from './job-resource.ts'
import { listPage } from './pages.ts'
import { runStatement } from './query-jobs.ts'
import type { Answer, Call, Route } from './router.ts'
import { quoteName } from './schema.ts'
import { type DatasetResource, datasetResource, parseShape } from './shapes.ts'
import { locationOf } from './small-routes.ts'
import { findDataset, requireDataset, type VisibleDataset, visibleDatasets } from './visible.ts'

export function datasetRoutes(api: Api): Route[] {
  const all = 'projects/{projectId}/datasets'
  const one = `${all}/{datasetId}`
  return [
    { id: 'bigquery.datasets.list', method: 'GET', path: all, handle: async (call) => list(api, call) },
    { id: 'bigquery.datasets.insert', method: 'POST', path: all, handle: async (call) => insert(api, call) },
    {
      id: 'bigquery.datasets.get',
      method: 'GET',
      path: one,
      handle: async (call) => resourceOf(api, await datasetOf(api, call)),
    },
    { id: 'bigquery.datasets.patch', method: 'PATCH', path: one, handle: async (call) => change(api, call, true) },
    { id: 'bigquery.datasets.update', method: 'PUT', path: one, handle: async (call) => change(api, call, false) },
    { id: 'bigquery.datasets.delete', method: 'DELETE', path: one, handle: async (call) => remove(api, call) },
  ]
}

async function datasetOf(api: Api, { params, principal }: Call): Promise<VisibleDataset> {
  checkProject(api, params['projectId'])
  return requireDataset(api, principal, params['datasetId'] ?? '')
}

/** Options come as GoogleSQL gave them: text, numbers, labels as pairs. */
export function optionText(options: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const value = options[name]
  return typeof value === 'string' && value !== '' ? value : undefined
}

export function labelsOf(options: Readonly<Record<string, unknown>>): Record<string, string> | undefined {
  const { labels } = options
  if (typeof labels !== 'object' || labels === null) return undefined
  const pairs = Array.isArray(labels)
    ? labels.map(pairOf)
    : Object.entries(labels).map(([name, value]) => [name, String(value)])
  return pairs.length === 0 ? undefined : (Object.fromEntries(pairs) as Record<string, string>)
}

/** ['k', 'v'], or a struct with two fields of any names. */
function pairOf(pair: unknown): readonly string[] {
  const values: unknown[] = Array.isArray(pair) ? pair : Object.values(pair as object)
  return values.slice(0, 2).map((value) => (typeof value === 'string' ? value : JSON.stringify(value ?? '')))
}

const millisPerDay = 86_400_000

export function daysOption(options: Readonly<Record<string, unknown>>, name: string): string | undefined {
  const days = Number(options[name] ?? Number.NaN)
  return Number.isFinite(days) && days > 0 ? String(Math.round(days * millisPerDay)) : undefined
}

function defined(fields: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined))
}

function headOf({ deps }: Api, { dataset, options }: VisibleDataset): object {
  const { project } = deps
  return {
    id: `${project}:${dataset}`,
    datasetReference: { projectId: project, datasetId: dataset },
    location: locationOf(options),
    ...defined({ friendlyName: optionText(options, 'friendly_name'), labels: labelsOf(options) }),
  }
}

const access = [
  { role: 'OWNER', specialGroup: 'projectOwners' },
  { role: 'READER', specialGroup: 'projectReaders' },
]

function etag({ dataset, changedAtMicros }: VisibleDataset): string {
  return etagOf(`${dataset} ${changedAtMicros}`)
}

function resourceOf(api: Api, dataset: VisibleDataset): object {
  const { options, createdAtMicros, changedAtMicros } = dataset
  return {
    kind: 'bigquery#dataset',
    etag: etag(dataset),
    selfLink: `/bigquery/v2/projects/${api.deps.project}/datasets/${encodeURIComponent(dataset.dataset)}`,
    ...headOf(api, dataset),
    ...defined({
      description: optionText(options, 'description'),
      defaultTableExpirationMs: daysOption(options, 'default_table_expiration_days'),
      defaultPartitionExpirationMs: daysOption(options, 'default_partition_expiration_days'),
    }),
    access,
    creationTime: millis(createdAtMicros),
    lastModifiedTime: millis(changedAtMicros),
    type: 'DEFAULT',
    maxTimeTravelHours: '0',
  }
}

async function list(api: Api, { params, principal, query }: Call): Promise<Answer> {
  checkProject(api, params['projectId'])
  const filters = (query.text('filter') ?? '').split(' ').filter((part) => part !== '' && part.toUpperCase() !== 'AND')
  const all = (await visibleDatasets(api, principal)).filter((dataset) =>
    filters.every((filter) => hasLabel(dataset, filter)),
  )
  const { items, ...rest } = listPage(all, query)
  const datasets = items.map((dataset) => ({ kind: 'bigquery#dataset', ...headOf(api, dataset) }))
  return { kind: 'bigquery#datasetList', etag: etagOf(`${all.length}`), datasets, ...rest }
}

/** `labels.key` or `labels.key:value`. Error: invalid. */
function hasLabel({ options }: VisibleDataset, filter: string): boolean {
  const match = /^labels\.([^:]+)(?::(.*))?$/.exec(filter)
  if (match === null) throw invalid(`Invalid value for filter: ${filter.slice(0, 100)}`, 'filter')
  const [, name = '', value] = match
  const labels = labelsOf(options) ?? {}
  return Object.hasOwn(labels, name) && (value === undefined || labels[name] === value)
}

async function insert(api: Api, call: Call): Promise<Answer> {
  const { principal, params } = call
  checkProject(api, params['projectId'])
  const resource = parseShape(datasetResource, await call.body())
  const dataset = resource.datasetReference?.datasetId
  if (dataset === undefined || dataset === '')
    throw invalid('Required parameter is missing: datasetReference.datasetId')
  checkProject(api, resource.datasetReference?.projectId)
  checkName('dataset', dataset)
  refuseAccess(resource)
  if ((await findDataset(api, principal, dataset)) !== undefined)
    throw alreadyExists(`Dataset ${api.deps.project}:${dataset}`)
  await runStatement(api, principal, createSchema(dataset, resource))
  return resourceOf(api, await requireDataset(api, principal, dataset))
}

/** What was read may be sent back. */
function refuseAccess({ access: wanted }: DatasetResource): void {
  const isUsual = (wanted ?? []).every((one) => {
    const { specialGroup, userByEmail } = one as { specialGroup?: unknown; userByEmail?: unknown }
    return typeof specialGroup === 'string' || typeof userByEmail === 'string'
  })
  if (!isUsual) throw unsupported('access lists of a dataset. Rights are given by grants (`millpond grant add`).')
}

/** Somebody has changed it since it was read. Error: conditionNotMet. */
export function checkEtag({ request }: Call, present: string): void {
  const wanted = request.headers['if-match']
  if (wanted === undefined || wanted === '*' || wanted === present || wanted === `"${present}"`) return
  throw new GoogleError('conditionNotMet', 'Precondition check failed: the resource has changed since it was read.', {
    location: 'If-Match',
  })
}

async function change(api: Api, call: Call, isPatch: boolean): Promise<Answer> {
  const dataset = await datasetOf(api, call)
  checkEtag(call, etag(dataset))
  const resource = parseShape(datasetResource, await call.body())
  refuseAccess(resource)
  const cleared = isPatch
    ? {}
    : {
        friendlyName: '',
        description: '',
        labels: {},
        defaultTableExpirationMs: '0',
        defaultPartitionExpirationMs: '0',
      }
  const labels =
    isPatch && resource.labels !== undefined ? { ...labelsOf(dataset.options), ...resource.labels } : resource.labels
  const known = Object.fromEntries(Object.entries({ ...resource, labels }).filter(([, value]) => value !== undefined))
  const options = datasetOptions({ ...cleared, ...known } as DatasetResource)
  if (options.length > 0)
    await runStatement(api, call.principal, `ALTER SCHEMA ${quoteName(dataset.dataset)} SET ${optionsText(options)}`)
  return resourceOf(api, await datasetOf(api, call))
}

async function remove(api: Api, call: Call): Promise<Answer> {
  const { dataset } = await datasetOf(api, call)
  const isCascade = call.query.flag('deleteContents')
  if (!isCascade) {
    const inside = (await api.deps.road.visibleTables(call.principal)).some((table) => table.dataset === dataset)
    if (inside) throw new GoogleError('resourceInUse', `Dataset ${api.deps.project}:${dataset} is still in use`)
  }
  await runStatement(api, call.principal, `DROP SCHEMA ${quoteName(dataset)}${isCascade ? ' CASCADE' : ''}`)
  return undefined
}
