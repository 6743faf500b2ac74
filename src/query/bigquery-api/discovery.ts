// The discovery document, from which `bq` and older clients build their calls: made from the routes that are really there.
import type { Route } from './router.ts'

type Method = Readonly<Record<string, unknown>>

interface Resource {
  readonly methods: Record<string, Method>
}

/** `{projectId}` -> `{+projectId}`, as Google's own document writes them. */
function discoveryPath(path: string): string {
  return path.replaceAll('{', '{+')
}

function parametersOf(path: string): object {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '')
  return Object.fromEntries(names.map((name) => [name, { type: 'string', required: true, location: 'path' }]))
}

const listParameters = {
  maxResults: { type: 'integer', format: 'uint32', location: 'query' },
  pageToken: { type: 'string', location: 'query' },
}

const queryParameters: Readonly<Record<string, object>> = {
  'bigquery.datasets.delete': { deleteContents: { type: 'boolean', location: 'query' } },
  'bigquery.datasets.list': {
    all: { type: 'boolean', location: 'query' },
    filter: { type: 'string', location: 'query' },
    ...listParameters,
  },
  'bigquery.tables.list': listParameters,
  'bigquery.routines.list': listParameters,
  'bigquery.projects.list': listParameters,
  'bigquery.jobs.get': { location: { type: 'string', location: 'query' } },
  'bigquery.jobs.cancel': { location: { type: 'string', location: 'query' } },
  'bigquery.jobs.list': {
    allUsers: { type: 'boolean', location: 'query' },
    parentJobId: { type: 'string', location: 'query' },
    projection: { type: 'string', location: 'query' },
    stateFilter: { type: 'string', repeated: true, location: 'query' },
    minCreationTime: { type: 'string', format: 'uint64', location: 'query' },
    maxCreationTime: { type: 'string', format: 'uint64', location: 'query' },
    ...listParameters,
  },
  'bigquery.jobs.getQueryResults': {
    location: { type: 'string', location: 'query' },
    startIndex: { type: 'string', format: 'uint64', location: 'query' },
    timeoutMs: { type: 'integer', format: 'uint32', location: 'query' },
    'formatOptions.useInt64Timestamp': { type: 'boolean', location: 'query' },
    ...listParameters,
  },
  'bigquery.tabledata.list': {
    selectedFields: { type: 'string', location: 'query' },
    startIndex: { type: 'string', format: 'uint64', location: 'query' },
    'formatOptions.useInt64Timestamp': { type: 'boolean', location: 'query' },
    ...listParameters,
  },
}

const schemaNames: Readonly<Record<string, string>> = {
  projects: 'ProjectList',
  datasets: 'Dataset',
  tables: 'Table',
  tabledata: 'TableDataList',
  jobs: 'Job',
  routines: 'Routine',
  models: 'ListModelsResponse',
  rowAccessPolicies: 'ListRowAccessPoliciesResponse',
}

function methodOf({ id, method, path, upload }: Route, resource: string): Method {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map((match) => match[1] ?? '')
  const schema = { $ref: schemaNames[resource] ?? 'Any' }
  return {
    id,
    path: discoveryPath(path),
    flatPath: path,
    httpMethod: method,
    parameters: { ...parametersOf(path), ...queryParameters[id] },
    parameterOrder: names,
    ...(method === 'GET' || method === 'DELETE' ? {} : { request: schema }),
    response: schema,
    scopes: ['https://www.googleapis.com/auth/bigquery'],
    ...(upload === true
      ? {
          supportsMediaUpload: true,
          mediaUpload: {
            accept: ['*/*'],
            protocols: {
              simple: { multipart: true, path: `/upload/bigquery/v2/${discoveryPath(path)}` },
              resumable: { multipart: true, path: `/resumable/upload/bigquery/v2/${discoveryPath(path)}` },
            },
          },
        }
      : {}),
  }
}

function resourcesOf(routes: readonly Route[]): Record<string, Resource> {
  const resources: Record<string, Resource> = {}
  for (const route of routes) {
    const [, resource = '', name = ''] = route.id.split('.')
    resources[resource] ??= { methods: {} }
    const known = resources[resource].methods
    // jobs.insert is one method with two ways in.
    known[name] = { ...known[name], ...methodOf(route, resource) }
  }
  return resources
}

/** `rootUrl`: under which the client reached us. */
export function discoveryDocument(routes: readonly Route[], rootUrl: string): object {
  const names = [...new Set([...Object.values(schemaNames), 'Any'])]
  return {
    kind: 'discovery#restDescription',
    discoveryVersion: 'v1',
    id: 'bigquery:v2',
    name: 'bigquery',
    version: 'v2',
    title: 'BigQuery API of Millpond',
    description: 'The part of the BigQuery API that Millpond speaks.',
    protocol: 'rest',
    rootUrl: `${rootUrl}/`,
    servicePath: 'bigquery/v2/',
    baseUrl: `${rootUrl}/bigquery/v2/`,
    basePath: '/bigquery/v2/',
    batchPath: 'batch/bigquery/v2',
    parameters: {
      alt: { type: 'string', location: 'query', default: 'json', enum: ['json'] },
      fields: { type: 'string', location: 'query' },
      prettyPrint: { type: 'boolean', location: 'query', default: 'true' },
    },
    auth: {
      oauth2: { scopes: { 'https://www.googleapis.com/auth/bigquery': { description: 'Everything here' } } },
    },
    schemas: Object.fromEntries(
      names.map((name) => [name, { id: name, type: 'object', additionalProperties: { type: 'any' } }]),
    ),
    resources: resourcesOf(routes),
  }
}
