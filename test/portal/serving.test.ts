// How the built application is served: to whom, with which policy, how compressed, and what happens where nothing is.
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync, gzipSync } from 'node:zlib'

import fastify, { type FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'

import { type Control, openControl } from '../../src/control/control.ts'
import { systemClock } from '../../src/core/clock.ts'
import { createLog } from '../../src/core/log.ts'
import { type ApiDeps, buildApi } from '../../src/portal/api/api.ts'
import { nobody, ownerPrincipal } from '../../src/portal/api/auth.ts'
import { portalPages } from '../../src/portal/api/portal-pages.ts'
import { webRoutes } from '../../src/portal/api/web.ts'

let folder: string
let built: FastifyInstance

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millpond-web-'))
  await mkdir(join(folder, 'assets'))
  await writeFile(join(folder, 'index.html'), '<meta name="csp-nonce" content="__NONCE__">')
  await writeFile(join(folder, 'secret.js'), 'not an asset')
  await writeFile(join(folder, 'assets/a-1.js'), 'let a')
  await writeFile(join(folder, 'assets/a-1.js.gz'), gzipSync('let a'))
  await writeFile(join(folder, 'assets/a-1.js.map'), 'no type that is served')
  built = serverOf(folder, true)
})

afterAll(async () => {
  await built.close()
  await rm(folder, { recursive: true })
})

function serverOf(from: string, isSignedIn: boolean): FastifyInstance {
  const app = fastify()
  app.decorateRequest('principal')
  app.addHook('onRequest', async (request) => {
    request.principal = isSignedIn ? ownerPrincipal : nobody
  })
  webRoutes(app, { control: { signIn: { providers: () => ['google'] } } }, from)
  return app
}

test('the page lets nothing run but our own files, and styles only with its nonce', async () => {
  const page = await built.inject('/sql')
  const policy = String(page.headers['content-security-policy'])
  const nonce = /content="([^"]+)"/.exec(page.body)?.[1] ?? '?'
  expect(policy).toContain("script-src 'self';")
  expect(policy).toContain(`style-src 'self' 'nonce-${nonce}';`)
  expect(policy).toContain("default-src 'none'")
  expect(policy).toContain("frame-ancestors 'none'")
  expect(policy).not.toMatch(/unsafe-eval|script-src[^;]*unsafe|https?:/)
  expect(page.headers['cache-control']).toBe('no-store')
  expect((await built.inject('/sql')).body).not.toBe(page.body)
})

test('assets are kept for ever, and come compressed to whoever takes it', async () => {
  const plain = await built.inject('/assets/a-1.js')
  expect([plain.body, plain.headers['content-encoding']]).toEqual(['let a', undefined])
  expect(plain.headers['cache-control']).toContain('immutable')
  const zipped = await built.inject({ url: '/assets/a-1.js', headers: { 'accept-encoding': 'br, gzip;q=0.5' } })
  expect(zipped.headers['content-encoding']).toBe('gzip')
  expect(zipped.headers['vary']).toBe('accept-encoding')
  expect(gunzipSync(zipped.rawPayload).toString()).toBe('let a')
})

test.each([
  '/assets/b.js',
  '/assets/..%2fsecret.js',
  '/assets/%2e%2e/secret.js',
  '/assets/a-1.js.map',
  '/assets/a-1.js.gz',
])('there is no asset at %s', async (url) => {
  expect((await built.inject(url)).statusCode).toBe(404)
})

test('the server knows every page of the application, so that each can be reloaded', async () => {
  const router = await readFile(join(import.meta.dirname, '../../src/portal/web/router.tsx'), 'utf8')
  const paths = [...router.matchAll(/^ {2}path: '([^']+)'/gm)].map(([, path = '']) => path.replaceAll('$', ':'))
  expect(paths.toSorted()).toEqual(portalPages.toSorted())
})

test('whoever is not signed in gets the way in, at every page', async () => {
  const app = serverOf(folder, false)
  for (const url of portalPages) {
    const page = await app.inject(url)
    expect([page.statusCode, page.body.includes('Sign in with Google')]).toEqual([401, true])
  }
  await app.close()
})

test('a server without a build says how to make one', async () => {
  const app = serverOf(join(folder, 'nothing'), true)
  expect((await app.inject('/')).body).toContain('npm run build:web')
  expect((await app.inject('/assets/a-1.js')).statusCode).toBe(404)
  await app.close()
})

test('members get the application, and browsers a page also where nothing is', async () => {
  const data = await mkdtemp(join(tmpdir(), 'millpond-web-'))
  const clock = systemClock
  const log = createLog('error')
  const control: Control = await openControl(data, { clock, log })
  await control.addPrincipal('ana', 'person', 'member', {})
  const { token } = await control.createToken('laptop', 'ana')
  const app = buildApi('public', { control, clock, log, bigquery: { clock, log, control } } as unknown as ApiDeps)
  const ask = async (url: string, accept = 'text/html,*/*') =>
    app.inject({ url, headers: { cookie: `millpond_token=${token}`, accept } })
  expect((await ask('/sql')).statusCode).toBe(200)
  expect((await ask('/api/sources')).statusCode).toBe(403)
  const missing = await ask('/nowhere')
  expect([missing.statusCode, missing.headers['content-type']]).toEqual([404, 'text/html; charset=utf-8'])
  expect((await ask('/nowhere', 'application/json')).headers['content-type']).toContain('json')
  expect((await ask('/api/nowhere')).headers['content-type']).toContain('json')
  await app.close()
  await control.stop()
  await rm(data, { recursive: true })
})
