// Routes with little behind them: the one project, lists that are always empty, and what tools ask about rights before they begin.
import { type Api, checkProject } from './api.ts'
import { defaultLocation } from './deps.ts'
import { invalid, unsupported } from './google-error.ts'
import { etagOf } from './job-resource.ts'
import { mayWrite } from './rights.ts'
import type { Answer, Call, Route } from './router.ts'
import { requireTable } from './visible.ts'

export function smallRoutes(api: Api): Route[] {
  const project = 'projects/{projectId}'
  const table = `${project}/datasets/{datasetId}/tables/{tableId}`
  return [
    { id: 'bigquery.projects.list', method: 'GET', path: 'projects', handle: () => projects(api) },
    {
      id: 'bigquery.projects.getServiceAccount',
      method: 'GET',
      path: `${project}/serviceAccount`,
      handle: ({ params }) => {
        checkProject(api, params['projectId'])
        return { kind: 'bigquery#getServiceAccountResponse', email: `bigquery@${api.deps.project}.millpond.local` }
      },
    },
    {
      id: 'bigquery.models.list',
      method: 'GET',
      path: `${project}/datasets/{datasetId}/models`,
      handle: ({ params }) => {
        checkProject(api, params['projectId'])
        return { models: [] }
      },
    },
    {
      id: 'bigquery.rowAccessPolicies.list',
      method: 'GET',
      path: `${table}/rowAccessPolicies`,
      handle: async (call) => {
        await tableOf(api, call)
        return { rowAccessPolicies: [] }
      },
    },
    {
      id: 'bigquery.tables.getIamPolicy',
      method: 'POST',
      path: `${table}:getIamPolicy`,
      handle: async (call) => {
        await tableOf(api, call)
        return { version: 1, etag: etagOf('grants'), bindings: [] }
      },
    },
    {
      id: 'bigquery.tables.setIamPolicy',
      method: 'POST',
      path: `${table}:setIamPolicy`,
      handle: () => {
        throw unsupported('setIamPolicy. Rights are given by grants (`millpond grant add`).')
      },
    },
    {
      id: 'bigquery.tables.testIamPermissions',
      method: 'POST',
      path: `${table}:testIamPermissions`,
      handle: async (call) => testPermissions(api, call),
    },
  ]
}

function projects({ deps }: Api): Answer {
  const { project } = deps
  const entry = {
    kind: 'bigquery#project',
    id: project,
    numericId: '1',
    projectReference: { projectId: project },
    friendlyName: 'Millpond',
  }
  return { kind: 'bigquery#projectList', etag: etagOf(project), projects: [entry], totalItems: 1 }
}

async function tableOf(api: Api, { params, principal }: Call): ReturnType<typeof requireTable> {
  checkProject(api, params['projectId'])
  return requireTable(api, principal, params['datasetId'] ?? '', params['tableId'] ?? '')
}

const readPermissions = new Set([
  'bigquery.tables.get',
  'bigquery.tables.getData',
  'bigquery.tables.list',
  'bigquery.tables.export',
])
const writePermissions = new Set(['bigquery.tables.updateData', 'bigquery.tables.update', 'bigquery.tables.delete'])

async function testPermissions(api: Api, call: Call): Promise<Answer> {
  const { dataset, table, isWritable } = await tableOf(api, call)
  const { permissions } = await call.body()
  if (!Array.isArray(permissions)) throw invalid('Required parameter is missing: permissions', 'permissions')
  const maySet = isWritable && mayWrite(api, call.principal, dataset, table)
  const given = permissions.filter(
    (one): one is string =>
      typeof one === 'string' && (readPermissions.has(one) || (maySet && writePermissions.has(one))),
  )
  return given.length === 0 ? {} : { permissions: given }
}

/** For list entries and resources alike. */
export function locationOf(options: Readonly<Record<string, unknown>>): string {
  const { location } = options
  return typeof location === 'string' && location !== '' ? location : defaultLocation
}
