// Every route × every role, over the real API on real control: each lets in whom the table says, and nobody else. A new route is an
// administrator's until it is named here, too.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { FastifyInstance, InjectOptions } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type Control, openControl } from '../../src/control/control.ts'
import { type Role, roles } from '../../src/control/principals.ts'
import { systemClock } from '../../src/core/clock.ts'
import { createLog } from '../../src/core/log.ts'
import { type ApiDeps, buildApi } from '../../src/portal/api/api.ts'

const open = 'everybody, also strangers'
const all = 'viewer support member analyst ml engineer'
const tools = 'analyst ml engineer'
const takers = `member ${tools}`
const lookers = `support ${takers}`

const whoMayCall: Readonly<Record<string, string>> = {
  'GET /': open,
  'GET /destinations': open,
  'GET /destinations/:name': open,
  'GET /alerts': open,
  'GET /alerts/new': open,
  'GET /alerts/:id': open,
  'GET /dashboards': open,
  'GET /d/:slug': open,
  'GET /people': open,
  'GET /people/:id': open,
  'GET /explore': open,
  'GET /sql': open,
  'GET /pipelines': open,
  'GET /sources': open,
  'GET /sources/:name': open,
  'GET /settings': open,
  'GET /schedules': open,
  'GET /schedules/new': open,
  'GET /schedules/:id': open,
  'GET /theme.js': open,
  'GET /assets/:name': open,
  'GET /favicon.svg': open,
  'GET /login': open,
  'POST /login': open,
  'GET /invitation': open,
  'GET /api/auth/providers': open,
  'POST /api/auth/sign-in': open,
  'POST /api/auth/sign-in/:provider': open,
  'GET /api/auth/callback/:provider': open,
  'POST /api/auth/invitation': open,
  'POST /api/auth/invitation/accept': open,
  'GET /api/me': all,
  'GET /api/openapi.json': all,
  'GET /api/docs': all,
  'POST /api/auth/sign-out': all,
  'POST /api/auth/password': all,
  'GET /api/sessions': all,
  'DELETE /api/sessions': all,
  'DELETE /api/sessions/:id': all,
  'GET /api/me/tokens': tools,
  'POST /api/me/tokens': tools,
  'DELETE /api/me/tokens/:id': tools,
  'POST /api/query': all,
  'POST /api/query/parameters': all,
  'GET /api/jobs': all,
  'DELETE /api/jobs/:id': all,
  'GET /api/queries': all,
  'GET /api/queries/:id': all,
  'GET /api/queries/:id/versions': all,
  'POST /api/queries/:id/run': all,
  'GET /api/explore/events': all,
  'POST /api/explore': all,
  'GET /api/cohorts': all,
  'GET /api/cohorts/:id': all,
  'GET /api/cohorts/:id/size': all,
  'GET /api/cohorts/:id/sql': all,
  'GET /api/cohorts/:id/people': lookers,
  'POST /api/cohorts': takers,
  'PUT /api/cohorts/:id': takers,
  'DELETE /api/cohorts/:id': takers,
  'POST /api/cohorts/:id/freeze': takers,
  'GET /api/alerts': all,
  'GET /api/alerts/:id': all,
  'GET /api/alerts/:id/history': all,
  'POST /api/alerts': takers,
  'POST /api/alerts/backtest': takers,
  'PUT /api/alerts/:id': takers,
  'DELETE /api/alerts/:id': takers,
  'POST /api/alerts/:id/mute': takers,
  'POST /api/alerts/:id/pause': takers,
  'POST /api/alerts/:id/resume': takers,
  'POST /api/alerts/:id/test': takers,
  'GET /api/alert-routes': takers,
  'GET /api/dashboards': all,
  'GET /api/dashboards/:id': all,
  'GET /api/dashboards/:id/versions': all,
  'POST /api/dashboards/:id/tiles/:tile/rows': all,
  'GET /api/dashboards/:id/tiles/:tile/picture.svg': all,
  'GET /embed/:id': open,
  'GET /.well-known/openid-configuration': open,
  'GET /api/oidc/jwks': open,
  'GET /api/oidc/authorize': open,
  'POST /api/oidc/token': open,
  'GET /api/oidc/userinfo': open,
  'POST /api/oidc/userinfo': open,
  'POST /api/oidc/revoke': open,
  'GET /api/reports': takers,
  'POST /api/reports': takers,
  'GET /api/reports/:id': takers,
  'PUT /api/reports/:id': takers,
  'DELETE /api/reports/:id': takers,
  'POST /api/reports/:id/pause': takers,
  'POST /api/reports/:id/resume': takers,
  'POST /api/reports/:id/send': takers,
  'GET /api/reports/:id/mails': takers,
  'GET /api/reports/:id/preview': takers,
  'POST /api/dashboards': takers,
  'PUT /api/dashboards/:id': takers,
  'DELETE /api/dashboards/:id': takers,
  'POST /api/queries': takers,
  'PUT /api/queries/:id': takers,
  'DELETE /api/queries/:id': takers,
  'POST /api/queries/:id/verify': takers,
  'GET /api/schedules': takers,
  'POST /api/schedules': takers,
  'POST /api/schedules/preview': takers,
  'GET /api/schedules/:id': takers,
  'PUT /api/schedules/:id': takers,
  'DELETE /api/schedules/:id': takers,
  'POST /api/schedules/:id/pause': takers,
  'POST /api/schedules/:id/resume': takers,
  'GET /api/schedules/:id/next': takers,
  'GET /api/schedules/:id/runs': takers,
  'POST /api/schedules/:id/run': takers,
  'POST /api/schedules/:id/backfill': takers,
  'POST /api/schedules/:id/runs/:run/cancel': takers,
  'GET /api/export': takers,
  'POST /api/export': takers,
  'POST /api/notebook': takers,
  'GET /api/people': lookers,
  'GET /api/me/people': lookers,
  'GET /api/people/:id': lookers,
  'GET /api/people/:id/timeline': lookers,
  'GET /api/people/:id/histogram': lookers,
  'GET /api/people/:id/rows/:ref': lookers,
  'GET /api/people/:id/live': lookers,
  'GET /api/people/:id/notes': lookers,
  'POST /api/people/:id/notes': lookers,
  'DELETE /api/people/:id/notes/:note': lookers,
  'GET /api/people/:id/receipts': lookers,
  'GET /api/people/:id/export': takers,
  'POST /api/explore/people': lookers,
  'GET /api/live': 'engineer',
  'GET /api/status': 'engineer',
  'GET /metrics': 'engineer',
  'GET /api/storage': 'engineer',
  'GET /api/dead-letters': 'engineer',
  'POST /api/dead-letters/replay': 'engineer',
  'GET /api/destination-types': 'engineer',
  'GET /api/destinations': 'engineer',
  'POST /api/destinations': 'engineer',
  'PUT /api/destinations/:name': 'engineer',
  'GET /api/destinations/:name/why': 'engineer',
  'GET /api/destinations/:name/versions': 'engineer',
  'POST /api/destinations/:name/replays': 'engineer',
  'GET /api/destinations/:name/replays': 'engineer',
  'POST /api/destinations/:name/replays/:replay/start': 'engineer',
  'POST /api/destinations/:name/replays/:replay/cancel': 'engineer',
  'POST /api/destinations/:name/preview': 'engineer',
  'DELETE /api/destinations/:name': 'engineer',
  'POST /api/destinations/:name/disable': 'engineer',
  'POST /api/destinations/:name/enable': 'engineer',
  'GET /api/sources': 'engineer',
  'POST /api/sources': 'engineer',
  'POST /api/sources/:source/rotate': 'engineer',
  'GET /api/sources/:source/plan': 'engineer',
  'PUT /api/sources/:source/plan': 'engineer',
  'DELETE /api/sources/:source/plan': 'engineer',
  'POST /api/sources/:source/plan/try': 'engineer',
  'GET /api/sources/:source/plan/draft': 'engineer',
  'POST /api/sources/:source/disable': 'engineer',
  'POST /api/sources/:source/enable': 'engineer',
  'POST /api/imports/:source/batches': 'engineer',
}

/** Routes that authenticate by themselves: tested in test/wire/bigquery. */
const ownDoors = /^\/(?:bigquery|projects|upload|resumable|discovery|\$discovery|oauth2|token|v1|batch)\b/
/** The answer of this test in place of every handler: whoever gets it was let in. */
const letIn = 299

let folder: string
let control: Control
let app: FastifyInstance
const routes: { method: string; url: string }[] = []
const tokens = new Map<Role, string>()

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millpond-roles-'))
  const log = createLog('silent')
  control = await openControl(folder, { clock: systemClock, log })
  for (const role of roles) {
    await control.addPrincipal(`a-${role}`, 'person', role)
    tokens.set(role, (await control.createToken('test', `a-${role}`)).token)
  }
  const deps = { control, log, clock: systemClock, bigquery: { clock: systemClock, log, control } }
  app = buildApi('public', deps as unknown as ApiDeps, (method, url) => {
    if (!ownDoors.test(url)) routes.push({ method, url })
  })
  app.addHook('preHandler', async (_request, reply) => reply.code(letIn).send())
  await app.ready()
})

afterAll(async () => {
  await app.close()
  await control.stop()
  await rm(folder, { recursive: true })
})

async function ask(method: string, url: string, token?: string): Promise<{ status: number; code: unknown }> {
  const headers = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const answer = await app.inject({ method, url: url.replaceAll(/:\w+/g, 'x'), headers } as InjectOptions)
  const body = answer.body === '' ? {} : (JSON.parse(answer.body) as { error?: { code?: string } })
  return { status: answer.statusCode, code: body.error?.code }
}

test('the table names only routes that there are', () => {
  const known = new Set(routes.map(({ method, url }) => `${method} ${url}`))
  expect(known.size).toBeGreaterThan(30)
  expect(Object.keys(whoMayCall).filter((name) => !known.has(name))).toEqual([])
})

describe.each([...roles])('%s', (role) => {
  test('is let in where the table says so, and nowhere else', async () => {
    for (const { method, url } of routes) {
      const who = whoMayCall[`${method} ${url}`] ?? ''
      const may = role === 'admin' || who === open || who.split(' ').includes(role)
      const expected = may ? { status: letIn, code: undefined } : { status: 403, code: 'not-allowed' }
      expect({ method, url, ...(await ask(method, url, tokens.get(role))) }).toEqual({ method, url, ...expected })
    }
  })
})

test('without a token only what shows nothing answers', async () => {
  for (const { method, url } of routes) {
    const isOpen = whoMayCall[`${method} ${url}`] === open
    const expected = isOpen ? { status: letIn, code: undefined } : { status: 401, code: 'token-missing' }
    expect({ method, url, ...(await ask(method, url)) }).toEqual({ method, url, ...expected })
  }
})

test('whoever gets another role has it at once', async () => {
  const token = tokens.get('viewer')
  expect(await ask('GET', '/api/export', token)).toMatchObject({ status: 403 })
  await control.changePrincipal('a-viewer', { role: 'analyst' })
  expect(await ask('GET', '/api/export', token)).toMatchObject({ status: letIn })
  await control.changePrincipal('a-viewer', { role: 'viewer' })
  expect(await ask('HEAD', '/api/export', token)).toMatchObject({ status: 403 })
})
