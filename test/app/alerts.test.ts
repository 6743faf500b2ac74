// Alerts over the real processes: who makes and mutes them, routes and their secrets, a test message over a real webhook, the command
// line.
import { readdir, readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { firstAnswer, type Millpond, startMillpond } from '../support/millpond.ts'
import { runCli } from './cli-support.ts'

type Json = Readonly<Record<string, unknown>>

const secret = 'geheim-of-the-webhook'
let millpond: Millpond
let server: Server
const posts: Json[] = []
const tokens = new Map<string, string>()

const asked = {
  name: 'Errors',
  sql: 'SELECT 7 AS n',
  condition: { kind: 'threshold', is: 'above', value: 5 },
  routes: ['hook'],
  runbook: 'Look.',
}

beforeAll(async () => {
  server = createServer((request, response) => {
    const parts: Buffer[] = []
    request.on('data', (part: Buffer) => parts.push(part))
    request.on('end', () => {
      posts.push(JSON.parse(Buffer.concat(parts).toString()) as Json)
      response.end('{}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  millpond = await startMillpond()
  for (const [handle, role] of [
    ['ana', 'analyst'],
    ['ben', 'engineer'],
    ['vera', 'viewer'],
  ]) {
    await done('POST', '/api/principals', { handle, kind: 'person', role, attributes: {} })
    tokens.set(String(handle), String((await done('POST', '/api/tokens', { name: 'test', for: handle }))['token']))
  }
  const { port } = server.address() as AddressInfo
  const route = {
    kind: 'webhook',
    settings: { allowPrivateNetwork: 'true' },
    secrets: { url: `http://127.0.0.1:${port}/x`, secret },
  }
  await done('PUT', '/api/alert-routes/hook', route)
}, 60_000)

afterAll(async () => {
  await millpond.dispose()
  await new Promise((resolve) => server.close(resolve))
})

async function call(method: string, path: string, body?: object, as?: string): Promise<Response> {
  const init = { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) }
  if (as === undefined) return millpond.api(path, init)
  const type = body === undefined ? {} : { 'content-type': 'application/json' }
  const headers = { authorization: `Bearer ${tokens.get(as) ?? ''}`, ...type }
  return fetch(`${millpond.address}${path}`, { ...init, headers })
}

async function done(method: string, path: string, body?: object, as?: string): Promise<Json> {
  const response = await call(method, path, body, as)
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
  return response.status === 204 ? {} : ((await response.json()) as Json)
}

async function code(response: Promise<Response>): Promise<string> {
  const { error } = (await (await response).json()) as { readonly error?: { readonly code: string } }
  return error?.code ?? 'none'
}

describe('an alert', () => {
  test('is made, seen by everybody, changed by its owner alone, and muted by whoever is woken', async () => {
    const made = await done('POST', '/api/alerts', asked, 'ana')
    expect([made['state'], made['condition'], made['owner'], made['isMine']]).toEqual(['ok', 'above 5', 'ana', true])
    const { alerts } = await done('GET', '/api/alerts', undefined, 'vera')
    expect((alerts as readonly Json[]).map(({ name, isMine }) => [name, isMine])).toEqual([['Errors', false]])
    const path = `/api/alerts/${String(made['id'])}`
    expect(await code(call('PUT', path, asked, 'ben'))).toBe('not-allowed')
    expect(await code(call('DELETE', path, undefined, 'ben'))).toBe('not-allowed')
    expect(await code(call('POST', `${path}/pause`, undefined, 'ben'))).toBe('not-allowed')
    expect(await code(call('POST', `${path}/mute`, { minutes: 5 }, 'vera'))).toBe('not-allowed')
    expect((await done('POST', `${path}/mute`, { minutes: 5 }, 'ben'))['mutedUntil']).not.toBe(null)
    expect((await done('POST', `${path}/mute`, { minutes: 0 }, 'ben'))['mutedUntil']).toBe(null)
    expect((await done('POST', `${path}/pause`, undefined, 'ana'))['isEnabled']).toBe(false)
    expect(await code(call('POST', '/api/alerts', asked, 'ana'))).toBe('alert-exists')
    const changed = await done('PUT', path, { ...asked, name: 'Errors!', forCount: 3 }, 'ana')
    expect([changed['name'], (changed['definition'] as Json)['forCount']]).toEqual(['Errors!', 3])
  })

  test.each([
    ['a condition that is none', { condition: { kind: 'magic' } }, 'request-invalid'],
    ['nothing to ask', { sql: undefined }, 'request-invalid'],
    ['a route that is not there', { routes: ['gone'] }, 'alert-invalid'],
    ['a zone that is none', { zone: 'Mars/Olympus' }, 'request-invalid'],
    ['a query that nobody saved', { sql: undefined, query: 'gone' }, 'not-found'],
    ['an interval of nothing', { everyMinutes: 0 }, 'request-invalid'],
  ])('is refused with %s', async (_what, part, expected) => {
    expect(await code(call('POST', '/api/alerts', { ...asked, name: 'Other', ...part }, 'ana'))).toBe(expected)
  })

  test('tells its routes as a test, and says what came of it', async () => {
    await done('POST', '/api/alerts/Errors!/test', undefined, 'ana')
    const sent = await firstAnswer(
      async () => {
        const { messages } = await done('GET', '/api/alerts/Errors!/history', undefined, 'ana')
        return (messages as readonly Json[]).find(({ sentAt }) => sentAt !== null)
      },
      15_000,
      millpond.output,
    )
    expect(sent).toMatchObject({ what: 'test', route: 'hook', attempts: 1 })
    expect(posts.map(({ what, alert, runbook }) => [what, alert, runbook])).toEqual([['test', 'Errors!', 'Look.']])
  })

  test('is asked what it would have found, with its cost, before it is saved', async () => {
    const body = { alert: { ...asked, everyMinutes: 1440 }, days: 3 }
    const cost = await done('POST', '/api/alerts/backtest', { ...body, dryRun: true }, 'ana')
    expect([cost['looks'], cost['isBlind'], cost['times']]).toEqual([3, true, undefined])
    const found = await done('POST', '/api/alerts/backtest', body, 'ana')
    expect((found['times'] as readonly Json[]).map(({ firing }) => firing)).toEqual([[''], [''], ['']])
    expect(found['messages']).toBe(1)
    expect(await code(call('POST', '/api/alerts/backtest', body, 'vera'))).toBe('not-allowed')
  })
})

describe('routes', () => {
  test('are for administrators to change; their secrets come out nowhere', async () => {
    expect(await code(call('PUT', '/api/alert-routes/other', { kind: 'slack' }, 'ben'))).toBe('not-allowed')
    const text = await (await call('GET', '/api/alert-routes', undefined, 'ana')).text()
    expect(text).toContain('"secretNames":["secret","url"]')
    expect(text).not.toContain(secret)
    // Secrets that are not given again stay.
    await done('PUT', '/api/alert-routes/hook', { kind: 'webhook', settings: { allowPrivateNetwork: 'true' } })
    expect(await code(call('DELETE', '/api/alert-routes/hook'))).toBe('route-in-use')
    expect(await code(call('PUT', '/api/alert-routes/bad', { kind: 'email', settings: { to: 'a@b.c' } }))).toBe(
      'request-invalid',
    )
    expect(millpond.output()).not.toContain(secret)
    for (const name of await readdir(millpond.data)) {
      if (!name.startsWith('control.sqlite')) continue
      expect((await readFile(join(millpond.data, name))).includes(secret)).toBe(false)
    }
  })
})

describe('the command line', () => {
  const environment = () => ({ env: { MILLPOND_DATA: millpond.data } })

  test('lists alerts, mutes them, and keeps routes', async () => {
    const list = await runCli(['alert', 'list', '--json'], environment())
    expect(list.stdout).toContain('"name":"Errors!"')
    const muted = await runCli(['alert', 'mute', 'Errors!', '--minutes', '10'], environment())
    expect([muted.code, muted.stdout]).toEqual([0, expect.stringContaining('muted until')])
    const route = ['alert', 'route', 'add', 'chat', 'slack', '--secret', 'url=https://hooks.example.com/x']
    expect((await runCli(route, environment())).code).toBe(0)
    const routes = await runCli(['alert', 'route', 'list'], environment())
    expect(routes.stdout).toMatch(/chat\s+slack/)
    expect(routes.stdout).not.toContain('hooks.example.com')
    expect((await runCli(['alert', 'route', 'remove', 'chat'], environment())).code).toBe(0)
    const wrong = await runCli(['alert', 'mute', 'Nothing'], environment())
    expect([wrong.code === 0, wrong.stderr]).toEqual([false, expect.stringContaining('There is no alert')])
  })
})
