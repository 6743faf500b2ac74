// routines.*: functions and procedures that people made, by their CREATE statement.
import type { MadeRoutine } from '../../warehouse/session.ts'
import { type Api, checkName, checkProject } from './api.ts'
import { literal } from './ddl-text.ts'
import { alreadyExists, invalid, notFound, unsupported } from './google-error.ts'
import { etagOf, millis } from './job-resource.ts'
import { listPage } from './pages.ts'
import { runStatement } from './query-jobs.ts'
import { maySeeDataset } from './rights.ts'
import type { Answer, Call, Route } from './router.ts'
import { isStructName, quoteName, scalarKindOf } from './schema.ts'
import { parseShape, type RoutineResource, routineResource, type RoutineTypeInput } from './shapes.ts'
import { requireDataset } from './visible.ts'

export function routineRoutes(api: Api): Route[] {
  const all = 'projects/{projectId}/datasets/{datasetId}/routines'
  const one = `${all}/{routineId}`
  return [
    { id: 'bigquery.routines.list', method: 'GET', path: all, handle: async (call) => list(api, call) },
    { id: 'bigquery.routines.insert', method: 'POST', path: all, handle: async (call) => insert(api, call) },
    { id: 'bigquery.routines.get', method: 'GET', path: one, handle: (call) => resourceOf(api, routineOf(api, call)) },
    { id: 'bigquery.routines.update', method: 'PUT', path: one, handle: async (call) => update(api, call) },
    { id: 'bigquery.routines.delete', method: 'DELETE', path: one, handle: async (call) => remove(api, call) },
  ]
}

function find(api: Api, { principal }: Call, dataset: string, name: string): MadeRoutine | undefined {
  if (!maySeeDataset(api, principal, dataset)) return undefined
  return api.deps.made.catalog().routines.find((one) => one.dataset === dataset && one.name === name)
}

function routineOf(api: Api, call: Call): MadeRoutine {
  const { projectId, datasetId = '', routineId = '' } = call.params
  checkProject(api, projectId)
  const found = find(api, call, datasetId, routineId)
  if (found !== undefined) return found
  throw notFound(`Routine ${api.deps.project}:${datasetId}.${routineId.slice(0, 300)}`)
}

/** What the statement says at its head; the rest is shown as the body. */
interface Read {
  readonly routineType: string
  readonly language: string
  readonly body: string
}

const kinds: readonly (readonly [RegExp, string])[] = [
  [/^\s*CREATE\s+(?:OR\s+REPLACE\s+)?TABLE\s+FUNCTION\b/i, 'TABLE_VALUED_FUNCTION'],
  [/^\s*CREATE\s+(?:OR\s+REPLACE\s+)?AGGREGATE\s+FUNCTION\b/i, 'AGGREGATE_FUNCTION'],
  [/^\s*CREATE\s+(?:OR\s+REPLACE\s+)?PROCEDURE\b/i, 'PROCEDURE'],
]

function read(definition: string): Read {
  const routineType = kinds.find(([shape]) => shape.test(definition))?.[1] ?? 'SCALAR_FUNCTION'
  const isJs = /\bLANGUAGE\s+js\b/i.test(definition)
  const body =
    routineType === 'PROCEDURE'
      ? /\bBEGIN\b[\s\S]*$/i.exec(definition)?.[0]
      : /\bAS\s+([\s\S]*)$/i.exec(definition)?.[1]
  return { routineType, language: isJs ? 'JAVASCRIPT' : 'SQL', body: (body ?? definition).trim() }
}

function headOf({ deps }: Api, { dataset, name, definition, createdAtMicros }: MadeRoutine): object {
  const { routineType, language } = read(definition)
  return {
    etag: etagOf(`${name} ${createdAtMicros}`),
    routineReference: { projectId: deps.project, datasetId: dataset, routineId: name },
    routineType,
    language,
    creationTime: millis(createdAtMicros),
    lastModifiedTime: millis(createdAtMicros),
  }
}

function resourceOf(api: Api, routine: MadeRoutine): object {
  return { ...headOf(api, routine), definitionBody: read(routine.definition).body, ddl: routine.definition }
}

async function list(api: Api, call: Call): Promise<Answer> {
  const { projectId, datasetId = '' } = call.params
  checkProject(api, projectId)
  await requireDataset(api, call.principal, datasetId)
  const all = maySeeDataset(api, call.principal, datasetId)
    ? api.deps.made.catalog().routines.filter(({ dataset }) => dataset === datasetId)
    : []
  const { items, ...rest } = listPage(all, call.query)
  return { routines: items.map((routine) => headOf(api, routine)), ...rest }
}

async function insert(api: Api, call: Call): Promise<Answer> {
  checkProject(api, call.params['projectId'])
  const resource = parseShape(routineResource, await call.body())
  const dataset = call.params['datasetId'] ?? ''
  const name = resource.routineReference?.routineId ?? ''
  checkName('routine', name)
  await requireDataset(api, call.principal, dataset)
  if (find(api, call, dataset, name) !== undefined)
    throw alreadyExists(`Routine ${api.deps.project}:${dataset}.${name}`)
  await runStatement(api, call.principal, createRoutine('CREATE', `${quoteName(dataset)}.${quoteName(name)}`, resource))
  return resourceOf(api, made(api, call, dataset, name))
}

function made(api: Api, call: Call, dataset: string, name: string): MadeRoutine {
  const found = find(api, call, dataset, name)
  if (found === undefined) throw notFound(`Routine ${api.deps.project}:${dataset}.${name}`)
  return found
}

async function update(api: Api, call: Call): Promise<Answer> {
  const { dataset, name } = routineOf(api, call)
  const resource = parseShape(routineResource, await call.body())
  const sql = createRoutine('CREATE OR REPLACE', `${quoteName(dataset)}.${quoteName(name)}`, resource)
  await runStatement(api, call.principal, sql)
  return resourceOf(api, made(api, call, dataset, name))
}

async function remove(api: Api, call: Call): Promise<Answer> {
  const { dataset, name, definition } = routineOf(api, call)
  const kind =
    { TABLE_VALUED_FUNCTION: 'TABLE FUNCTION', PROCEDURE: 'PROCEDURE' }[read(definition).routineType] ?? 'FUNCTION'
  await runStatement(api, call.principal, `DROP ${kind} ${quoteName(dataset)}.${quoteName(name)}`)
  return undefined
}

const depthMax = 15

/** Error: invalid. */
function typeName(type: RoutineTypeInput | undefined, depth = 0): string {
  const kind = (type?.typeKind ?? '').toUpperCase()
  if (depth > depthMax) throw invalid(`Types nest deeper than ${depthMax} levels`)
  if (kind === 'ARRAY') return `ARRAY<${typeName(type?.arrayElementType, depth + 1)}>`
  if (!isStructName(kind)) return scalarKindOf(kind)
  const fields = (type?.structType?.fields ?? []).map(
    ({ name, type: inner }) => `${name === undefined ? '' : `${quoteName(name)} `}${typeName(inner, depth + 1)}`,
  )
  return `STRUCT<${fields.join(', ')}>`
}

/** Error: invalid. */
function createRoutine(verb: string, name: string, resource: RoutineResource): string {
  const { routineType = 'SCALAR_FUNCTION', language = 'SQL', definitionBody = '', returnType, description } = resource
  if (resource.remoteFunctionOptions !== undefined && resource.remoteFunctionOptions !== null)
    throw unsupported('remote functions')
  if ((resource.importedLibraries ?? []).length > 0) throw unsupported('importedLibraries of a routine')
  if (definitionBody.trim() === '') throw invalid('Required parameter is missing: definitionBody')
  const parameters = (resource.arguments ?? []).map(({ name: argument = '', argumentKind, mode, dataType }) => {
    const type = argumentKind === 'ANY_TYPE' ? 'ANY TYPE' : typeName(dataType)
    return `${routineType === 'PROCEDURE' && mode !== undefined ? `${modeName(mode)} ` : ''}${quoteName(argument)} ${type}`
  })
  const head = `${name}(${parameters.join(', ')})`
  const options =
    description === undefined || description === '' ? '' : ` OPTIONS(description = ${literal(description)})`
  if (routineType === 'PROCEDURE') return `${verb} PROCEDURE ${head}${options}\n${withBlock(definitionBody)}`
  const returns = returnType === undefined ? '' : ` RETURNS ${typeName(returnType)}`
  if (language.toUpperCase() === 'JAVASCRIPT')
    return `${verb} FUNCTION ${head}${returns} LANGUAGE js${options} AS ${literal(definitionBody)}`
  if (language.toUpperCase() !== 'SQL') throw unsupported(`routines in ${language.slice(0, 40)}`)
  if (routineType === 'TABLE_VALUED_FUNCTION')
    return `${verb} TABLE FUNCTION ${head}${options} AS (\n${definitionBody}\n)`
  if (routineType !== 'SCALAR_FUNCTION') throw unsupported(`routines of type ${routineType.slice(0, 40)}`)
  return `${verb} FUNCTION ${head}${returns}${options} AS (\n${definitionBody}\n)`
}

function modeName(mode: string): string {
  if (mode === 'IN' || mode === 'OUT' || mode === 'INOUT') return mode
  throw invalid(`Invalid value for mode: ${mode.slice(0, 40)} is not a valid value`)
}

function withBlock(body: string): string {
  return /^\s*BEGIN\b/i.test(body) ? body : `BEGIN\n${body}\nEND`
}
