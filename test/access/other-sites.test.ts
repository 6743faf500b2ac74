// Pages of other sites, in a browser that is signed in: walked over every route that there is, so that a new one is asked, too. Browsers
// say where a request comes from; what comes from elsewhere changes nothing, spends nothing, and leaves no trace in the person's name.
import type { FastifyInstance, InjectOptions } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { createLog } from '../../src/core/log.ts'
import { type ApiDeps, buildApi } from '../../src/portal/api/api.ts'
import { isOpenRoute } from '../../src/portal/api/role-routes.ts'
import { openSignInRig, type SignInRig } from './sign-in-rig.ts'

/** The answer of this test in place of every handler: whoever gets it was let in. */
const letIn = 299
const host = 'pond.example.com'
// They ask for their own kind of token or secret, and for no cookie.
const ownDoors =
  /^\/(?:bigquery|projects|upload|resumable|discovery|\$discovery|oauth2|token|v1|batch)\b|^\/api\/oidc\/(?:token|userinfo|revoke)$/

/** What a browser says of a page elsewhere; of plain http it says less. */
const elsewhere: readonly Readonly<Record<string, string>>[] = [
  { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' },
  { 'sec-fetch-site': 'same-site', origin: 'https://blog.example.com' },
  { 'sec-fetch-site': 'cross-site' },
  { origin: 'https://evil.example' },
  { origin: 'https://pond.example.com.evil.example' },
  { origin: 'https://evil.example/pond.example.com' },
  { origin: 'http://pond.example.com:8080' },
  { origin: 'null' },
  { referer: 'https://pond.example.com/' },
  {},
]

let rig: SignInRig
let app: FastifyInstance
let token: string
const routes: { method: string; url: string }[] = []
const credentials = new Map<string, Readonly<Record<string, string>>>()

beforeAll(async () => {
  rig = await openSignInRig()
  const { control, clock } = rig
  const log = createLog('silent')
  const boss = await rig.person('boss', 'admin')
  token = (await control.createToken('test', 'boss')).token
  credentials.set('a session', { cookie: `millpond_session=${boss.cookies.get('millpond_session') ?? ''}` })
  credentials.set('a token in a cookie', { cookie: `millpond_token=${token}` })
  credentials.set('a password that the browser keeps', {
    authorization: `Basic ${Buffer.from(`boss:${token}`).toString('base64')}`,
  })
  const deps = { control, log, clock, bigquery: { clock, log, control } }
  app = buildApi('public', deps as unknown as ApiDeps, (method, url) => routes.push({ method, url }))
  app.addHook('preHandler', async (request, reply) => {
    const isOwnDoor = ownDoors.test(request.routeOptions.url ?? '')
    if (!isOwnDoor) return reply.code(letIn).send()
  })
  await app.ready()
})

afterAll(async () => {
  await app.close()
  await rig.close()
})

async function ask(method: string, url: string, headers: Readonly<Record<string, string>>): Promise<number> {
  const options = { method, url: url.replaceAll(/:\w+/g, 'x'), headers: { host, ...headers } }
  return (await app.inject(options as InjectOptions)).statusCode
}

const isReading = (method: string): boolean => method === 'GET'
const changing = () => routes.filter(({ method, url }) => !isReading(method) && !ownDoors.test(url))
/** Open to strangers, or made to be linked to. */
const isLinked = (url: string): boolean => isOpenRoute('GET', url) || /^\/api\/(?:docs|openapi\.json)$/.test(url)
const reading = () => routes.filter(({ method, url }) => isReading(method) && url.startsWith('/api/') && !isLinked(url))

describe.each(['a session', 'a token in a cookie', 'a password that the browser keeps'])('with %s', (kind) => {
  const ours = { 'sec-fetch-site': 'same-origin', origin: `https://${host}` }

  test('nothing is changed from elsewhere, everything from our own page', async () => {
    expect(changing().length).toBeGreaterThan(50)
    const own = credentials.get(kind) ?? {}
    const wrong: unknown[] = []
    for (const { method, url } of changing()) {
      for (const headers of elsewhere) {
        // A program that knows a name and a password says nothing of where it comes from.
        const isProgram = 'authorization' in own && headers['origin'] === undefined && !('sec-fetch-site' in headers)
        const status = await ask(method, url, { ...own, ...headers })
        if ((status === 403) === isProgram) wrong.push({ method, url, headers, status })
      }
      const status = await ask(method, url, { ...own, ...ours })
      if (status !== letIn) wrong.push({ method, url, headers: ours, status })
    }
    expect(wrong).toEqual([])
  })

  test('nothing is read for a page elsewhere: a look leaves a receipt, a question costs', async () => {
    expect(reading().length).toBeGreaterThan(30)
    const wrong: unknown[] = []
    for (const { method, url } of reading()) {
      for (const site of ['cross-site', 'same-site', 'same-origin', 'none']) {
        const expected = site === 'same-origin' || site === 'none' ? letIn : 403
        for (const way of [method, 'HEAD']) {
          const status = await ask(way, url, { ...credentials.get(kind), 'sec-fetch-site': site })
          if (status !== expected) wrong.push({ way, url, site, status })
        }
      }
    }
    expect(wrong).toEqual([])
  })
})

test('links to our pages, to the document of the API and back from a provider work from anywhere', async () => {
  const linked = routes.filter(
    ({ method, url }) => isReading(method) && !ownDoors.test(url) && (!url.startsWith('/api/') || isLinked(url)),
  )
  expect(linked.length).toBeGreaterThan(10)
  for (const { method, url } of linked) {
    expect([url, await ask(method, url, { ...credentials.get('a session'), 'sec-fetch-site': 'cross-site' })]).toEqual([
      url,
      letIn,
    ])
  }
})

test('a token that a program sends on purpose is taken wherever the program runs', async () => {
  const signingIn = /^\/(?:login|api\/auth)/
  for (const { method, url } of [...changing(), ...reading()].filter((one) => !signingIn.test(one.url))) {
    const headers = { authorization: `Bearer ${token}`, 'sec-fetch-site': 'cross-site', origin: 'https://app.example' }
    expect([method, url, await ask(method, url, headers)]).toEqual([method, url, letIn])
  }
})

test('doors of other clients know no cookies at all', async () => {
  const doors = routes.filter(({ method, url }) => ownDoors.test(url) && !isReading(method))
  expect(doors.length).toBeGreaterThan(5)
  for (const { method, url } of doors) {
    for (const kind of ['a session', 'a token in a cookie']) {
      const status = await ask(method, url, { ...credentials.get(kind), 'sec-fetch-site': 'same-origin' })
      expect([method, url, status >= 400]).toEqual([method, url, true])
    }
  }
})
