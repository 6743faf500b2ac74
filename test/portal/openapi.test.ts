// The document of the API: every route is in it with a sentence, it is a valid OpenAPI 3.1 document, what a handler parses is what the
// route says, and what comes fits the answer that the document promises.
import { readdirSync, readFileSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Validator } from '@seriousme/openapi-schema-validator'
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { type Control, openControl } from '../../src/control/control.ts'
import { systemClock } from '../../src/core/clock.ts'
import { createLog } from '../../src/core/log.ts'
import { type ApiDeps, buildApi } from '../../src/portal/api/api.ts'
import type { Says } from '../../src/portal/api/says.ts'

interface Route {
  readonly method: string
  readonly url: string
  readonly says: Says | undefined
}

let folder: string
let control: Control
let app: FastifyInstance
let token: string
const budgets = { tablesPerSourceMax: 200, columnsPerTableMax: 500 }
const routes: Route[] = []

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millpond-openapi-'))
  const log = createLog('silent')
  control = await openControl(folder, { clock: systemClock, log })
  const bigquery = { clock: systemClock, log, control, made: { catalog: () => ({ datasets: [] }) } }
  const deps = { control, log, clock: systemClock, bigquery, sourcesChanged: () => undefined, budgets }
  app = buildApi('public', deps as unknown as ApiDeps, (method, url, says) => {
    if (url.startsWith('/api/')) routes.push({ method, url, says })
  })
  await app.ready()
  await control.addPrincipal('ada', 'person', 'admin')
  token = (await control.createToken('test', 'ada')).token
})

afterAll(async () => {
  await app.close()
  await control.stop()
  await rm(folder, { recursive: true })
})

async function call(method: 'GET' | 'POST' | 'DELETE', url: string, payload?: object) {
  const headers = { authorization: `Bearer ${token}` }
  return app.inject({ method, url, headers, ...(payload === undefined ? {} : { payload }) })
}

interface Document {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
}

interface Operation {
  readonly operationId: string
  readonly summary: string
  readonly description: string
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly schema: object }[]
  readonly requestBody?: { readonly content: Readonly<Record<string, { readonly schema: object }>> }
}

test('the document is valid OpenAPI 3.1, and has every route under /api once', async () => {
  const document = (await call('GET', '/api/openapi.json')).json<Document>()
  const { valid, errors } = await new Validator().validate({ ...document })
  expect(errors).toBeUndefined()
  expect(valid).toBe(true)
  const described = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  const expected = routes.map(({ method, url }) => `${method} ${url.replaceAll(/:(\w+)/g, '{$1}')}`)
  expect(described.toSorted()).toEqual(expected.toSorted())
  expect(expected.length).toBeGreaterThan(60)
  const ids = Object.values(document.paths).flatMap((methods) => Object.values(methods).map((one) => one.operationId))
  expect(new Set(ids).size).toBe(ids.length)
})

test('a document that is broken is refused by the validator: the check above can fail', async () => {
  const { valid } = await new Validator().validate({ openapi: '3.1.0', info: { title: 'x' }, paths: {} })
  expect(valid).toBe(false)
})

test('it says who may, what goes into the address, and what the body is', async () => {
  const { paths } = (await call('GET', '/api/openapi.json')).json<Document>()
  expect(paths['/api/live']?.['get']?.description).toBe('Who may: engineer, admin.')
  expect(paths['/api/auth/sign-in']?.['post']).toMatchObject({ security: [] })
  expect(paths['/api/audit']?.['get']?.parameters).toContainEqual({
    name: 'limit',
    in: 'query',
    required: false,
    schema: { default: 100, type: 'integer', minimum: 1, maximum: 1_000 },
  })
  expect(paths['/api/sources']?.['post']?.requestBody?.content['application/json']?.schema).toMatchObject({
    properties: { source: { type: 'string' }, platform: { enum: ['client', 'server'] } },
    required: ['source'],
  })
})

/** The text of each route from its address to the next one. */
function handlers(): { name: string; text: string }[] {
  const api = join(import.meta.dirname, '../../src/portal/api')
  return readdirSync(api)
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.test.ts'))
    .flatMap((name) =>
      readFileSync(join(api, name), 'utf8')
        .split(/\n\s*(?=app\.(?:get|post|put|delete)\()/)
        .slice(1),
    )
    .map((text) => ({ name: /'(\/api\/[^']+)'/.exec(text)?.[1] ?? '', text }))
    .filter(({ name }) => name !== '')
}

test('what a handler parses its body and query with is what its route says', () => {
  const found = handlers()
  expect(found.length).toBeGreaterThan(60)
  const wrong = found.flatMap(({ name, text }) =>
    [...text.matchAll(/parseInput\((\w+), request\.(body|query)\)/g)]
      .filter(
        ([, schema = '', part = '']) =>
          !new RegExp(`\\b${part}(?:: ${schema})?\\b[,\\s}]`).test(text.split('=>')[0] ?? ''),
      )
      .map(([call]) => `${name}: ${call}`),
  )
  expect(wrong).toEqual([])
})

describe('what comes fits what is promised', () => {
  const calls = [
    ['GET', '/api/me'],
    ['POST', '/api/sources', { source: 'web' }],
    ['GET', '/api/sources'],
    ['POST', '/api/sources/:source/rotate'],
    ['POST', '/api/sources/:source/disable'],
    ['POST', '/api/sources/:source/enable'],
    ['POST', '/api/grants', { grantee: 'ada', dataset: 'web' }],
  ] as const

  test.each(calls)('%s %s', async (method, url, payload?: object) => {
    const route = routes.find((one) => one.method === method && one.url === url)
    const answer = await call(method, url.replace(':source', 'web'), payload)
    expect(answer.statusCode).toBe(route?.says?.status ?? 200)
    expect(route?.says?.answer?.safeParse(answer.json())).toMatchObject({ success: true })
  })

  test('an answer with one field too many would not', () => {
    const route = routes.find(({ method, url }) => method === 'GET' && url === '/api/sources')
    expect(route?.says?.answer?.safeParse({ sources: [], budgets, more: 1 }).success).toBe(false)
  })
})

test('the page to read has every call, under a policy that runs its own script alone', async () => {
  const page = await call('GET', '/api/docs')
  expect(page.headers['content-type']).toContain('text/html')
  expect(page.headers['content-security-policy']).toMatch(/script-src 'nonce-/)
  for (const { method, url } of routes) {
    expect(page.body).toContain(
      `<span class="method ${method}">${method}</span><span class="path">${url.replaceAll(/:(\w+)/g, '{$1}')}`,
    )
  }
})
