// Ways around who may call what over HTTP (roles.test.ts has the table), and what the routes about people, keys and policies do.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { FastifyInstance, InjectOptions } from 'fastify'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'

import { type Control, openControl } from '../../src/control/control.ts'
import type { RowFilter } from '../../src/control/principals.ts'
import { systemClock } from '../../src/core/clock.ts'
import { MillpondError } from '../../src/core/errors.ts'
import { createLog } from '../../src/core/log.ts'
import { type ApiDeps, buildApi } from '../../src/portal/api/api.ts'
import type { PolicyPlace } from '../../src/query/catalog/open-below.ts'

let folder: string
let control: Control
let app: FastifyInstance
let admin: string
let member: string

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millpond-api-access-'))
  const log = createLog('silent')
  const clock = systemClock
  control = await openControl(folder, { clock, log })
  await control.addPrincipal('ana', 'person', 'member', { region: 'EU' })
  admin = (await control.createToken('admin')).token
  member = (await control.createToken('member', 'ana')).token
  // Only what these routes reach.
  const deps = {
    control,
    clock,
    log,
    publicUrl: 'https://pond.example.com/',
    bigquery: { clock, log, control, made: { catalog: () => ({ datasets: [] }) } },
    query: { jobs: () => [] },
    sourcesChanged: () => undefined,
    checkFilter: async ({ predicate }: RowFilter) => {
      if (predicate === 'wrong') throw new MillpondError('query-invalid', 'Unrecognized name: wrong')
    },
    openBelow: async (place: PolicyPlace) => [`open below ${place.column ?? 'rows'}`],
  }
  app = buildApi('public', deps as unknown as ApiDeps)
  await app.ready()
})

afterEach(async () => {
  await app.close()
  await control.stop()
  await rm(folder, { recursive: true })
})

async function ask(
  token: string,
  method: string,
  url: string,
  payload?: object,
): Promise<{ status: number; body: unknown }> {
  const headers = { authorization: `Bearer ${token}` }
  const options = { method, url, headers, ...(payload === undefined ? {} : { payload }) } as InjectOptions
  const answer = await app.inject(options)
  return { status: answer.statusCode, body: answer.body === '' ? undefined : (JSON.parse(answer.body) as unknown) }
}

test('the address can be written in no way that gets around it', async () => {
  for (const url of [
    '/api/%73ources',
    '/api/sources?x=/api/query',
    '/api/sources/',
    '//api/sources',
    '/API/sources',
    '/api/query/../sources',
    '/api/query/%2e%2e/sources',
    '/api/sources;/api/query',
  ]) {
    expect([url, (await ask(member, 'GET', url)).status]).toEqual([
      url,
      expect.toSatisfy((status) => status === 403 || status === 404),
    ])
  }
})

test('a member knows who they are; whoever is made an administrator is one at once', async () => {
  expect((await ask(member, 'GET', '/api/me')).body).toMatchObject({
    handle: 'ana',
    role: 'member',
    attributes: { region: 'EU' },
  })
  expect((await ask(member, 'GET', '/api/tokens')).status).toBe(403)
  await control.changePrincipal('ana', { role: 'admin' })
  expect((await ask(member, 'GET', '/api/tokens')).status).toBe(200)
})

test('no answer is taken by a browser for something else than it is said to be', async () => {
  for (const url of [
    '/login',
    '/api/me',
    '/api/queries',
    '/api/nowhere',
    '/assets/x',
    '/favicon.svg',
    '/bigquery/v2/x',
    '/x',
  ]) {
    const { headers } = await app.inject({ url, headers: { authorization: `Bearer ${member}` } })
    expect([url, headers['x-content-type-options']]).toEqual([url, 'nosniff'])
  }
})

describe('a token as the password', () => {
  const basic = (text: string): string => `Basic ${Buffer.from(text).toString('base64')}`

  test.each([
    ['any user', (token: string) => basic(`whoever:${token}`), 200],
    ['no user', (token: string) => basic(`:${token}`), 200],
    ['as the user', (token: string) => basic(`${token}:`), 401],
    ['a wrong one', () => basic('ana:mp_wrong'), 401],
    ['no colon', (token: string) => basic(token), 401],
    ['no base64', () => 'Basic ***', 401],
  ])('%s', async (_what, header, status) => {
    expect((await app.inject({ url: '/api/me', headers: { authorization: header(member) } })).statusCode).toBe(status)
  })

  test('is not taken from a page of another site, where a browser sent it by itself', async () => {
    let made = 0
    const change = async (headers: Record<string, string>): Promise<number> => {
      made += 1
      const authorization = basic(`ana:${admin}`)
      const payload = { handle: `x${made}` }
      return (
        await app.inject({ method: 'POST', url: '/api/principals', payload, headers: { authorization, ...headers } })
      ).statusCode
    }
    expect(await change({})).toBe(201)
    expect(await change({ 'sec-fetch-site': 'same-origin' })).toBe(201)
    expect(await change({ 'sec-fetch-site': 'cross-site' })).toBe(403)
    expect(await change({ origin: 'https://evil.example', host: 'pond.example.com' })).toBe(403)
  })
})

test('people, tokens and keys are made and unmade', async () => {
  expect((await ask(admin, 'POST', '/api/principals', { handle: 'etl', kind: 'service' })).status).toBe(201)
  expect((await ask(admin, 'POST', '/api/principals', { handle: 'etl' })).status).toBe(409)
  expect((await ask(admin, 'POST', '/api/principals', { handle: 'Etl' })).status).toBe(400)
  expect((await ask(admin, 'POST', '/api/principals/etl', { attributes: { a: ['b'] } })).body).toMatchObject({
    attributes: { a: ['b'] },
  })
  expect((await ask(admin, 'POST', '/api/principals/owner', { role: 'member' })).status).toBe(403)
  expect((await ask(admin, 'GET', '/api/principals')).body).toMatchObject({
    principals: [{ handle: 'ana' }, { handle: 'etl' }, { handle: 'owner' }],
  })
  const token = await ask(admin, 'POST', '/api/tokens', { name: 'x', for: 'etl' })
  expect(token).toMatchObject({
    status: 201,
    body: { handle: 'etl', role: 'member', token: expect.stringMatching(/^mp_/) },
  })
  const made = await ask(admin, 'POST', '/api/keys', { handle: 'etl', project: 'millpond' })
  expect(made).toMatchObject({
    status: 201,
    body: { handle: 'etl', key: { token_uri: 'https://pond.example.com/oauth2/token' } },
  })
  const { id } = made.body as { id: string }
  expect((await ask(admin, 'GET', '/api/keys')).body).toMatchObject({ keys: [{ id }] })
  const access = control.createAccessToken(id).token
  expect((await ask(access, 'GET', '/api/me')).body).toMatchObject({ handle: 'etl' })
  expect((await ask(admin, 'DELETE', `/api/keys/${id}`)).status).toBe(204)
  expect((await ask(access, 'GET', '/api/me')).status).toBe(401)
  expect((await ask(admin, 'DELETE', '/api/principals/etl')).status).toBe(204)
  expect((await ask((token.body as { token: string }).token, 'GET', '/api/me')).status).toBe(401)
})

test('policies are made and unmade; a filter is checked first', async () => {
  const grant = { grantee: 'ana', dataset: 'web' }
  expect((await ask(admin, 'POST', '/api/grants', grant)).body).toEqual({ ...grant, table: '*', privilege: 'read' })
  expect((await ask(admin, 'POST', '/api/grants', { ...grant, grantee: 'nobody' })).status).toBe(404)
  expect((await ask(admin, 'GET', '/api/grants')).body).toEqual({
    grants: [{ ...grant, table: '*', privilege: 'read' }],
  })
  expect((await ask(admin, 'POST', '/api/grants/remove', grant)).status).toBe(204)
  expect((await ask(admin, 'POST', '/api/grants/remove', grant)).status).toBe(404)
  const place = { dataset: 'web', table: 'orders' }
  expect(await ask(admin, 'POST', '/api/policies/masks', { ...place, column: 'email', kind: 'hash' })).toEqual({
    status: 201,
    body: { ...place, column: 'email', kind: 'hash', exempt: [], warnings: ['open below email'] },
  })
  expect(await ask(admin, 'POST', '/api/policies/filters', { ...place, predicate: 'wrong' })).toMatchObject({
    status: 400,
    body: { error: { code: 'query-invalid' } },
  })
  expect(
    await ask(admin, 'POST', '/api/policies/filters', { ...place, predicate: 'TRUE', exempt: ['ana'] }),
  ).toMatchObject({ status: 201, body: { predicate: 'TRUE', warnings: ['open below rows'] } })
  expect((await ask(admin, 'GET', '/api/policies')).body).toEqual({
    masks: [{ ...place, column: 'email', kind: 'hash', exempt: [] }],
    filters: [{ ...place, predicate: 'TRUE', exempt: ['ana'] }],
  })
  expect((await ask(admin, 'POST', '/api/policies/masks/remove', { ...place, column: 'email' })).status).toBe(204)
  expect((await ask(admin, 'POST', '/api/policies/filters/remove', place)).status).toBe(204)
  expect(control.policies()).toMatchObject({ masks: [], filters: [], grants: [] })
})

test('the audit log says who it was and from where, page by page, to administrators only', async () => {
  const headers = { authorization: `Bearer ${admin}`, 'x-millpond-client-address': '192.0.2.7' }
  for (const source of ['web', 'shop']) {
    const made = await app.inject({ method: 'POST', url: '/api/sources', headers, payload: { source } })
    expect(made.statusCode, made.body).toBe(201)
  }
  const { body } = await ask(admin, 'GET', '/api/audit?action=source.add')
  const shared = { actor: 'owner', actorId: 'owner', via: 'token', address: '192.0.2.7', action: 'source.add' }
  expect(body).toMatchObject({
    entries: [
      { ...shared, target: 'shop' },
      { ...shared, target: 'web' },
    ],
  })
  const [newest] = (body as { entries: { id: string }[] }).entries
  expect((await ask(admin, 'GET', `/api/audit?limit=1&before=${newest?.id}`)).body).toMatchObject({
    entries: [{ target: 'web' }],
  })
  expect((await ask(admin, 'GET', '/api/audit?limit=0')).status).toBe(400)
  expect((await ask(member, 'GET', '/api/audit')).status).toBe(403)
})
