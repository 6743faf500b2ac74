// The BigQuery REST API, v2: what Google's client libraries, dbt, notebooks and BI tools speak. A door like any other: it reads a
// request, asks the one road (../query.ts), and writes the answer in Google's words. What it can and can't: docs/specs/bigquery-api.md.
//
//   /bigquery/v2/…   /projects/… (clients with BIGQUERY_EMULATOR_HOST)   /upload/…   /discovery/…   /oauth2/token
//        └──▶ method and path ──▶ who asks ──▶ route ──▶ road, appends, loads ──▶ JSON, or an error in Google's shape
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

import type { Principal } from '../../control/principals.ts'
import { addressOf } from './address.ts'
import { type Api, createApi } from './api.ts'
import type { BigqueryDeps } from './deps.ts'
import { parseJson, readBytes } from './body.ts'
import { datasetRoutes } from './dataset-routes.ts'
import { discoveryDocument } from './discovery.ts'
import { errorBody, GoogleError, googleErrorOf, notFound } from './google-error.ts'
import { jobRoutes } from './job-routes.ts'
import { grantToken, OauthError } from './oauth.ts'
import { queryRoutes } from './query-routes.ts'
import { type Answer, type Call, QueryFields, Router } from './router.ts'
import { routineRoutes } from './routine-routes.ts'
import { smallRoutes } from './small-routes.ts'
import { tabledataRoutes } from './tabledata-routes.ts'
import { tableRoutes } from './table-routes.ts'
import { uploadRoutes } from './upload-routes.ts'

export type { BigqueryDeps } from './deps.ts'

/** Marks routes that ask for tokens themselves, for the hook of the app that would do it in another way. */
export interface BigqueryRouteConfig {
  readonly ownDoor: 'bigquery'
}

const ownDoor: BigqueryRouteConfig = { ownDoor: 'bigquery' }
const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']
const apiMounts = ['/bigquery/v2/*', '/projects', '/projects/*']
const uploadMounts = ['/upload/bigquery/v2/*', '/resumable/upload/bigquery/v2/*', '/upload/projects/*']
const discoveryMounts = ['/discovery/v1/apis/bigquery/v2/rest', '/$discovery/rest']
const tokenMounts = ['/oauth2/token', '/token', '/v1/token']
const batchMounts = ['/batch/bigquery/v2', '/batch']
const formBytesMax = 64 * 1024

export function bigqueryRoutes(app: FastifyInstance, deps: BigqueryDeps): void {
  const api = createApi(deps)
  const router = new Router([
    ...smallRoutes(api),
    ...datasetRoutes(api),
    ...tableRoutes(api),
    ...tabledataRoutes(api),
    ...uploadRoutes(api),
    ...queryRoutes(api),
    ...jobRoutes(api),
    ...routineRoutes(api),
  ])
  app.addHook('onClose', async () => api.stop())
  void app.register(async (scope) => {
    // Bodies are read by whoever needs them, in the way it needs them: JSON, gzip, parts, gigabytes.
    scope.removeAllContentTypeParsers()
    scope.addContentTypeParser('*', (_request, payload, done) => {
      done(null, payload)
    })
    scope.setErrorHandler(async (error, _request, reply) => sendError(reply, error, deps))
    mountApi(scope, router, api)
    mountOthers(scope, router, deps)
  })
}

function mountApi(scope: FastifyInstance, router: Router, api: Api): void {
  for (const url of [...apiMounts, ...uploadMounts]) {
    const isUpload = uploadMounts.includes(url)
    scope.route({
      method: methods,
      url,
      config: ownDoor,
      handler: async (request, reply) => {
        const principal = authenticated(request, api)
        return send(reply, await answer({ request, reply, principal, isUpload }, router))
      },
    })
  }
}

function mountOthers(scope: FastifyInstance, router: Router, deps: BigqueryDeps): void {
  for (const url of discoveryMounts) {
    scope.get(url, { config: ownDoor }, (request) =>
      discoveryDocument(router.routes, addressOf(request, deps.publicUrl)),
    )
  }
  for (const url of tokenMounts) {
    scope.post(url, { config: ownDoor }, async (request, reply) => {
      void reply.header('cache-control', 'no-store')
      return tokenAnswer(request, reply, deps)
    })
  }
  for (const url of batchMounts) {
    scope.post(url, { config: ownDoor }, async () => {
      throw new GoogleError('notImplemented', 'Unsupported by Millpond: batch requests. Send the calls one by one.')
    })
  }
}

interface Arrived {
  readonly request: FastifyRequest
  readonly reply: FastifyReply
  readonly principal: Principal
  readonly isUpload: boolean
}

async function answer({ request, reply, principal, isUpload }: Arrived, router: Router): Promise<Answer> {
  const [path, search] = splitUrl(request.url)
  const behindMount = path.replace(/^(?:\/resumable)?\/upload(?=\/)/, '').replace(/^\/bigquery\/v2(?=\/)/, '')
  const method = methodOf(request)
  const match = router.find(method, behindMount, isUpload)
  if (match === undefined) throw notFound(`${method} ${path.slice(0, 300)}`)
  const call: Call = {
    principal,
    params: match.params,
    query: new QueryFields(search),
    request,
    reply,
    body: async () => parseJson(await readBytes(request.raw)),
  }
  return match.route.handle(call)
}

function splitUrl(url: string): [string, string] {
  const at = url.indexOf('?')
  return at < 0 ? [url, ''] : [url.slice(0, at), url.slice(at + 1)]
}

/** Java's client sends PATCH as POST with the method beside it. */
function methodOf({ method, headers }: FastifyRequest): string {
  const other = headers['x-http-method-override']
  return method === 'POST' && typeof other === 'string' ? other.toUpperCase() : method
}

function authenticated(request: FastifyRequest, { deps }: Api): Principal {
  const token = /^Bearer\s+(\S+)$/i.exec(request.headers.authorization ?? '')?.[1]
  if (token === undefined)
    throw new GoogleError(
      'required',
      'Request is missing required authentication credential. Send a token of Millpond as `Authorization: Bearer …`; `millpond token create` makes one.',
      { location: 'Authorization' },
    )
  const verified = deps.control.verifyToken(token)
  if (verified !== undefined) return verified.principal
  throw new GoogleError(
    'authError',
    'Request had invalid authentication credentials: this token is unknown, revoked or expired.',
    { location: 'Authorization' },
  )
}

function send(reply: FastifyReply, answer: Answer): FastifyReply {
  if (reply.sent) return reply
  if (answer === undefined) return reply.code(204).send()
  return reply
    .type('application/json; charset=utf-8')
    .send(typeof answer === 'string' ? answer : JSON.stringify(answer))
}

function sendError(reply: FastifyReply, error: unknown, { log }: BigqueryDeps): FastifyReply {
  const told = isRequestError(error) ? new GoogleError('invalid', error.message) : googleErrorOf(error)
  if (told.reason === 'internalError') log.error({ err: error }, 'A call of the BigQuery API failed.')
  if (told.status === 401) void reply.header('www-authenticate', 'Bearer realm="millpond", error="invalid_token"')
  if (told.retryAfterSeconds !== undefined) void reply.header('retry-after', told.retryAfterSeconds)
  return reply
    .code(told.status)
    .type('application/json; charset=utf-8')
    .send(JSON.stringify(errorBody(told)))
}

/** What Fastify finds wrong with a request. */
function isRequestError(error: unknown): error is Error {
  if (!(error instanceof Error) || !('statusCode' in error)) return false
  return Number(error.statusCode) >= 400 && Number(error.statusCode) < 500
}

async function tokenAnswer(request: FastifyRequest, reply: FastifyReply, deps: BigqueryDeps): Promise<object> {
  const { control, clock } = deps
  const audiences = (host: string | undefined): string[] => {
    const addresses = [deps.publicUrl, `http://${host ?? ''}`, `https://${host ?? ''}`]
    return addresses.flatMap((address) => (address === undefined ? [] : tokenMounts.map((mount) => address + mount)))
  }
  try {
    return await grantToken(await readForm(request), request.headers.host, { control, clock, audiences })
  } catch (error) {
    if (!(error instanceof OauthError)) throw error
    void reply.code(error.error === 'invalid_client' ? 401 : 400)
    return { error: error.error, error_description: error.message }
  }
}

async function readForm(request: FastifyRequest): Promise<URLSearchParams> {
  const bytes = await readBytes(request.raw, formBytesMax)
  if (request.headers['content-type']?.startsWith('application/json') !== true)
    return new URLSearchParams(bytes.toString('utf8'))
  const fields = Object.entries(parseJson(bytes)).filter(([, value]) => typeof value === 'string')
  return new URLSearchParams(fields as [string, string][])
}
