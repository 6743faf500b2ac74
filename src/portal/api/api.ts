// The HTTP API of the engine, served twice: on run/http.sock for everybody (intake pipes public requests here; every
// route but the login asks for a token) and on run/admin.sock (0600) for the command line of the machine's owner.
import fastify, { type FastifyInstance } from 'fastify'

import type { Control } from '../../control/control.ts'
import type { Principal, RowFilter } from '../../control/principals.ts'
import type { Clock } from '../../core/clock.ts'
import type { Log } from '../../core/log.ts'
import type { BackupRequest } from '../../deliver/backup/backup.ts'
import type { DeadLetters } from '../../deliver/dead-letters.ts'
import type { Forgetting } from '../../deliver/destinations/forgetting.ts'
import type { Hub } from '../../deliver/destinations/hub.ts'
import type { LiveFeed } from '../../deliver/deliver.ts'
import type { Maintenance } from '../../deliver/maintenance/maintenance.ts'
import { type BigqueryDeps, bigqueryRoutes } from '../../query/bigquery-api/bigquery.ts'
import type { Jobs } from '../../jobs/jobs.ts'
import type { PolicyPlace } from '../../query/catalog/open-below.ts'
import type { QueryRoad } from '../../query/contract.ts'
import type { StorageReport } from '../../query/cost/storage-report.ts'
import type { BudgetsAnswer } from './answers.ts'
import type { Alerts } from '../../alerts/alerts.ts'
import type { Reports } from '../../reports/reports.ts'
import { alertRoutes } from './alerts.ts'
import { auditRoutes } from './audit.ts'
import { actorOf, authenticate, nobody, ownerPrincipal } from './auth.ts'
import { backupRoutes } from './backups.ts'
import { cohortRoutes } from './cohorts.ts'
import { dashboardRoutes } from './dashboards.ts'
import { embedRoutes } from './embeds.ts'
import { oidcRoutes } from './oidc.ts'
import { planRoutes } from './plans.ts'
import { reportRoutes } from './reports.ts'
import { deadLetterRoutes } from './dead-letters.ts'
import { destinationRulesRoutes } from './destination-rules.ts'
import { destinationRoutes } from './destinations.ts'
import { replayRoutes } from './replays.ts'
import { exploreRoutes } from './explore.ts'
import { exportRoutes } from './export.ts'
import { errorAnswer, errorBody } from './error-answer.ts'
import { type ImportRecord, importRoutes } from './imports.ts'
import { liveRoutes } from './live.ts'
import { maintenanceRoutes, retypeRoutes } from './maintenance.ts'
import { metricsRoutes } from './metrics.ts'
import { collectRoutes, openapiRoutes } from './openapi.ts'
import { notebookRoutes } from './notebook.ts'
import { pageRoutes } from './page.ts'
import { parameterRoutes } from './parameters.ts'
import { peopleRoutes } from './people.ts'
import { policyRoutes } from './policies.ts'
import { principalRoutes } from './principals.ts'
import { queryRoutes } from './query.ts'
import { savedQueryRoutes } from './saved-queries.ts'
import { scheduleRoutes } from './schedules.ts'
import { sessionRoutes } from './sessions.ts'
import { signInRoutes } from './sign-in.ts'
import { sourceRoutes } from './sources.ts'
import type { Status } from './status.ts'
import { storageRoutes } from './storage.ts'
import { tokenRoutes } from './tokens.ts'
import { userRoutes } from './users.ts'
import { whyRoutes } from './why.ts'
import { sendApplication, webRoutes } from './web.ts'
import { says, type Says } from './says.ts'

export interface ApiDeps {
  readonly control: Control
  readonly query: QueryRoad
  readonly jobs: Jobs
  readonly alerts: Alerts
  readonly reports: Reports
  readonly bigquery: BigqueryDeps
  readonly storage: () => Promise<StorageReport>
  readonly deadLetters: DeadLetters
  /** Never older than the question. */
  readonly status: () => Promise<Status>
  /** Up to half a second old: for what asks by itself, again and again. */
  readonly recentStatus: () => Promise<Status>
  /** Address under which browsers reach us, if a proxy stands before us. */
  readonly publicUrl: string | undefined
  readonly maintenance: Maintenance
  readonly backup: (request: BackupRequest) => AsyncIterable<object>
  /** Appends to stream `engine`; resolves with the sequence once it is synced. */
  readonly append: (record: ImportRecord) => Promise<number>
  readonly live: LiveFeed
  readonly forgetting: Pick<Forgetting, 'wanted' | 'wake'>
  /** Erasures up to here are done in the archive. */
  readonly rewrittenUntilMicros: () => Promise<number>
  readonly hub: Pick<Hub, 'status' | 'destinationsChanged' | 'personErased' | 'preview' | 'replays'>
  /** Refuses a row filter that can't be compiled over its table. Errors: query-invalid, query-unsupported, table-unknown. */
  readonly checkFilter: (filter: RowFilter) => Promise<void>
  /** What a policy at this place leaves open, in sentences. */
  readonly openBelow: (place: PolicyPlace) => Promise<readonly string[]>
  readonly budgets: BudgetsAnswer
  /** Called after every change of sources or keys, when sources.json is written. */
  readonly sourcesChanged: () => void
  readonly clock: Clock
  readonly log: Log
}

/** 'admin': whoever can open the socket owns the data folder. 'public': needs a token. */
export type ApiDoor = 'admin' | 'public'

const bodyBytesMax = 1024 * 1024
/** Ids of people, and rows on their timelines, stand in addresses. */
const addressPartLengthMax = 8 * 1024
/** More than intake lets pass, so that it alone answers 431. */
const headerBytesMax = 64 * 1024

/** `onRoute` hears of every route as it is added, for the comparison with the docs. */
export function buildApi(
  door: ApiDoor,
  deps: ApiDeps,
  onRoute?: (method: string, url: string, says: Says | undefined) => void,
): FastifyInstance {
  const app = fastify({
    bodyLimit: bodyBytesMax,
    logger: false,
    forceCloseConnections: true,
    http: { maxHeaderSize: headerBytesMax },
    routerOptions: { maxParamLength: addressPartLengthMax },
  })
  app.addHook('onRoute', ({ method, url, config }) => {
    for (const one of [method].flat()) if (one !== 'HEAD') onRoute?.(one, url, config?.says)
  })
  // Fastify wants no objects here: each request gets its own value below.
  app.decorateRequest('principal')
  app.decorateRequest('tokenId', undefined)
  app.decorateRequest('sessionId', undefined)
  app.setErrorHandler((error, _request, reply) => {
    const { status, headers, body } = errorAnswer(error)
    if (status >= 500) deps.log.error({ err: error }, 'A request failed.')
    void reply.code(status).headers(headers).send(body)
  })
  app.setNotFoundHandler(async (request, reply) => {
    // A person who mistyped an address gets a page that knows the way back.
    const isBrowser = request.method === 'GET' && (request.headers.accept ?? '').startsWith('text/html')
    if (isBrowser && !/^\/(?:api|v\d)\//.test(request.url)) return sendApplication(reply, 404)
    return reply.code(404).send(errorBody('not-found', `There is nothing at ${request.url.split('?')[0] ?? '/'}.`))
  })
  app.addHook('onRequest', async (request, reply) => {
    // What people sent stands in answers: no browser makes a page of them.
    reply.header('x-content-type-options', 'nosniff')
    request.principal = nobody
    if (door === 'admin') request.principal = ownerPrincipal
    else Object.assign(request, authenticate(request, deps.control))
  })
  app.addHook('preHandler', (request, _reply, done) => {
    deps.control.acting(actorOf(request, door), done)
  })
  const routes = collectRoutes(app)
  openapiRoutes(app, routes)
  addRoutes(app, door, deps)
  return app
}

function addRoutes(app: FastifyInstance, door: ApiDoor, deps: ApiDeps): void {
  auditRoutes(app, deps)
  pageRoutes(app, deps)
  webRoutes(app, deps)
  sourceRoutes(app, deps)
  planRoutes(app, deps)
  tokenRoutes(app, deps)
  signInRoutes(app, deps)
  sessionRoutes(app, deps)
  userRoutes(app, deps)
  principalRoutes(app, deps)
  policyRoutes(app, deps)
  queryRoutes(app, deps)
  parameterRoutes(app, deps)
  notebookRoutes(app, deps)
  savedQueryRoutes(app, deps)
  cohortRoutes(app, deps)
  dashboardRoutes(app, deps)
  embedRoutes(app, deps)
  reportRoutes(app, deps)
  oidcRoutes(app, deps)
  alertRoutes(app, deps)
  scheduleRoutes(app, deps)
  exportRoutes(app, deps)
  storageRoutes(app, deps)
  deadLetterRoutes(app, deps)
  destinationRoutes(app, deps)
  destinationRulesRoutes(app, deps)
  replayRoutes(app, deps)
  whyRoutes(app, deps)
  importRoutes(app, deps)
  liveRoutes(app, deps)
  exploreRoutes(app, deps)
  peopleRoutes(app, deps)
  metricsRoutes(app, deps)
  retypeRoutes(app, deps)
  // Clients of Google's come over the public port, with tokens of their own kind.
  if (door === 'public') void app.register(async (scope) => bigqueryRoutes(scope, deps.bigquery))
  // None of it can be taken back, and a backup writes to the disk what is secret: the machine's owner only.
  if (door === 'admin') {
    maintenanceRoutes(app, deps)
    backupRoutes(app, deps)
  }
  app.get('/api/status', says('The ledger, streams, loader, files and processes'), async () => deps.status())
}

declare module 'fastify' {
  interface FastifyRequest {
    /** Who asks: the owner on the admin socket; `nobody` on open routes without a token. */
    principal: Principal
    /** The token, key, or session that says so; undefined on the admin socket and for nobody. */
    tokenId: string | undefined
    /** Undefined: no session. */
    sessionId: string | undefined
  }
}
