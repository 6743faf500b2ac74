// A dashboard in a page of somebody else's, over the real processes: what a signed address shows, and everything that opens nothing.
import { SignJWT } from 'jose'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { type Millpond, startMillpond } from '../support/millpond.ts'
import { sendTo } from '../support/sender.ts'
import { runCli } from './cli-support.ts'

type Json = Readonly<Record<string, unknown>>

let millpond: Millpond
let secret = ''

const place = { x: 0, y: 0, width: 6, height: 4 }
const origin = 'https://app.example.com'
const content = {
  zone: 'UTC',
  parameters: [
    { name: 'city', type: 'STRING', default: { value: 'Taipei' } },
    { name: 'least', type: 'INT64', default: { value: 0 }, choices: [0, 10, 100] },
  ],
  tiles: [
    {
      id: 'paid',
      title: 'Paid <b>orders</b>',
      sql: 'SELECT COUNT(*) AS orders FROM shop.order_paid WHERE city = @city AND total >= @least',
      chart: { kind: 'number' },
      place,
    },
    { id: 'hidden', title: 'Hidden', sql: 'SELECT * FROM hidden.secret_thing', chart: {}, place: { ...place, x: 6 } },
  ],
}

beforeAll(async () => {
  millpond = await startMillpond()
  for (const source of ['shop', 'hidden']) {
    const key = await millpond.addSource(source)
    for (const [city, total] of [
      ['Taipei', 5],
      ['Taipei', 50],
      ['Tainan', 500],
    ] as const) {
      const event = source === 'shop' ? 'Order Paid' : 'Secret Thing'
      await sendTo(millpond.address, { userId: 'u', event, properties: { city, total } }, { key, path: '/v1/track' })
    }
  }
  await millpond.settled()
  for (const [handle, kind, role] of [
    ['site', 'service', 'viewer'],
    ['robot', 'service', 'admin'],
    ['ana', 'person', 'analyst'],
  ])
    await asked('POST', '/api/principals', { handle, kind, role, attributes: {} })
  await asked('POST', '/api/grants', { grantee: 'site', dataset: 'shop' })
  for (const slug of ['growth', 'other']) await asked('POST', '/api/dashboards', { slug, title: 'Growth', ...content })
}, 60_000)

afterAll(async () => {
  await millpond.dispose()
})

beforeEach(async () => {
  await millpond.api('/api/dashboards/growth/embed', { method: 'DELETE' })
  const answer = await asked('PUT', '/api/dashboards/growth/embed', { as: 'site', origins: [origin] })
  secret = String(answer['secret'])
})

async function call(method: string, path: string, body?: object): Promise<Response> {
  return millpond.api(path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
}

async function asked(method: string, path: string, body?: object): Promise<Json> {
  const answer = await call(method, path, body)
  expect(answer.ok, await answer.clone().text()).toBe(true)
  return (await answer.json()) as Json
}

interface Signing {
  readonly claims?: Json
  readonly secret?: string
  readonly issuedSeconds?: number
  readonly lifeSeconds?: number
  readonly algorithm?: string
}

async function token({
  claims = {},
  secret: own = secret,
  issuedSeconds = 0,
  lifeSeconds = 300,
  algorithm = 'HS256',
}: Signing = {}) {
  const issued = Math.floor(Date.now() / 1000) + issuedSeconds
  return new SignJWT({ dashboard: 'growth', ...claims })
    .setProtectedHeader({ alg: algorithm })
    .setIssuedAt(issued)
    .setExpirationTime(issued + lifeSeconds)
    .sign(new TextEncoder().encode(own))
}

async function shown(signed: string, more: Readonly<Record<string, string>> = {}, slug = 'growth') {
  const search = new URLSearchParams({ token: signed, ...more })
  const answer = await fetch(`${millpond.address}/embed/${slug}?${search.toString()}`)
  return { status: answer.status, text: await answer.text(), headers: answer.headers }
}

/** The number that the first tile draws. */
function ordersIn(text: string): string | undefined {
  return /<section id="t0".*?<text[^>]*>(\d+)<\/text>/s.exec(text)?.[1]
}

describe('a signed address', () => {
  test('shows tiles with the rights of the service, as text, to pages of the origins alone', async () => {
    const { status, text, headers } = await shown(await token())
    expect(status).toBe(200)
    expect(ordersIn(text)).toBe('2')
    expect(text).toContain('Paid &lt;b&gt;orders&lt;/b&gt;')
    expect(text).not.toContain('<script')
    expect(text.match(/This could not be shown/g)).toHaveLength(1)
    expect(text).not.toContain('secret_thing')
    const policy = headers.get('content-security-policy') ?? ''
    expect(policy).toContain(`frame-ancestors ${origin}`)
    expect(policy).toContain(`default-src 'none'`)
    expect(headers.get('referrer-policy')).toBe('no-referrer')
    expect(headers.get('cache-control')).toBe('no-store')
  })

  test('fixes what it names; the rest may be chosen', async () => {
    const fixed = await token({ claims: { params: { City: 'Tainan' } } })
    const page = await shown(fixed, { 'p.city': 'Taipei', 'p.least': '100' })
    expect(ordersIn(page.text)).toBe('1')
    expect(page.text).not.toContain('name="p.city"')
    expect(page.text).toContain('<option value="100" selected>')
    const chosen = await shown(await token(), { 'p.least': '10' })
    expect(ordersIn(chosen.text)).toBe('1')
    expect(ordersIn((await shown(await token(), { 'p.city': "x' OR '1'='1" })).text)).toBe('0')
    expect((await shown(await token(), { 'p.city': '"><script>alert(1)</script>' })).text).not.toContain('<script')
  })

  test('shows what an administrator has let in, not what its owner puts into a tile later', async () => {
    const { token: hers } = await asked('POST', '/api/tokens', { name: 'laptop', for: 'ana' })
    const headers = { authorization: `Bearer ${String(hers)}`, 'content-type': 'application/json' }
    const own = { slug: 'hers', title: 'Hers', ...content }
    const made = await fetch(`${millpond.address}/api/dashboards`, {
      method: 'POST',
      headers,
      body: JSON.stringify(own),
    })
    expect(made.status).toBe(201)
    const { secret: other } = await asked('PUT', '/api/dashboards/hers/embed', { as: 'site', origins: [origin] })
    const taken = { ...own, version: 1, tiles: [{ ...content.tiles[0], sql: 'SELECT 4711 AS n' }] }
    const saved = await fetch(`${millpond.address}/api/dashboards/hers`, {
      method: 'PUT',
      headers,
      body: JSON.stringify(taken),
    })
    expect(saved.status).toBe(200)
    const sign = async () => token({ claims: { dashboard: 'hers' }, secret: String(other) })
    expect(ordersIn((await shown(await sign(), {}, 'hers')).text)).toBe('2')
    await asked('PUT', '/api/dashboards/hers/embed', { as: 'site', origins: [origin] })
    expect((await shown(await sign(), {}, 'hers')).text).toContain('4.71K')
  })

  test('asks nothing that writes', async () => {
    await asked('POST', '/api/query', { sql: 'CREATE SCHEMA IF NOT EXISTS made' }).catch(() => undefined)
    await asked('POST', '/api/grants', { grantee: 'site', dataset: 'made', privilege: 'write' })
    const tiles = [{ id: 'w', title: 'W', sql: 'CREATE TABLE made.taken AS SELECT 1 AS one', chart: {}, place }]
    await asked('POST', '/api/dashboards', { slug: 'writing', title: 'Writing', zone: 'UTC', tiles })
    const { secret: own } = await asked('PUT', '/api/dashboards/writing/embed', { as: 'site', origins: [origin] })
    const page = await shown(await token({ claims: { dashboard: 'writing' }, secret: String(own) }), {}, 'writing')
    expect(page.text).toContain('This could not be shown')
    const tables = await call('POST', '/api/query', { sql: 'SELECT * FROM made.taken' })
    expect(await tables.text()).toContain('Table not found')
  })
})

describe('opens nothing', () => {
  test.each<[string, () => Promise<string>]>([
    ['no token', async () => ''],
    ['no JWT', async () => 'geheim'],
    ['another secret', async () => token({ secret: 'x'.repeat(43) })],
    [
      'no signature',
      async () => `${Buffer.from('{"alg":"none"}').toString('base64url')}.${(await token()).split('.')[1]}.`,
    ],
    ['another algorithm', async () => token({ algorithm: 'HS512' })],
    [
      'changed claims',
      async () => {
        const [head, , sign] = (await token()).split('.')
        const iat = Math.floor(Date.now() / 1000)
        const claims = { dashboard: 'growth', params: {}, iat, exp: iat + 300 }
        return [head, Buffer.from(JSON.stringify(claims)).toString('base64url'), `${sign}x`].join('.')
      },
    ],
    ['its time is over', async () => token({ issuedSeconds: -1000 })],
    ['a long life', async () => token({ lifeSeconds: 3600 })],
    ['from the future', async () => token({ issuedSeconds: 120 })],
    ['another dashboard', async () => token({ claims: { dashboard: 'other' } })],
    ['a parameter that is not there', async () => token({ claims: { params: { nothing: 1 } } })],
    ['a very long token', async () => token({ claims: { params: { city: 'x'.repeat(9_000) } } })],
  ])('%s', async (_what, make) => {
    const { status, text } = await shown(await make())
    expect(status).toBe(403)
    expect(text).not.toContain('<section')
  })

  test('a dashboard that is not embedded, and one that is not there, answer alike', async () => {
    const signed = await token({ claims: { dashboard: 'other' } })
    const [one, other] = [await shown(signed, {}, 'other'), await shown(signed, {}, 'nothing')]
    expect([one.status, other.status]).toEqual([403, 403])
    expect(one.text.replaceAll(/nonce="[^"]*"/g, '')).toBe(other.text.replaceAll(/nonce="[^"]*"/g, ''))
    expect(one.headers.get('content-security-policy')).toContain(`frame-ancestors 'none'`)
  })

  test('what was signed before a rotation or the end, or asks as somebody who is gone', async () => {
    const old = await token()
    const { secret: next } = await asked('POST', '/api/dashboards/growth/embed/rotate')
    expect((await shown(old)).status).toBe(403)
    secret = String(next)
    const fresh = await token()
    expect((await shown(fresh)).status).toBe(200)
    await call('DELETE', '/api/dashboards/growth/embed')
    expect((await shown(fresh)).status).toBe(403)
    await asked('POST', '/api/principals', { handle: 'brief', kind: 'service', role: 'viewer', attributes: {} })
    const { secret: last } = await asked('PUT', '/api/dashboards/growth/embed', { as: 'brief', origins: [origin] })
    expect((await shown(await token({ secret: String(last) }))).status).toBe(200)
    await call('DELETE', '/api/principals/brief')
    expect((await shown(await token({ secret: String(last) }))).status).toBe(403)
  })
})

describe('an administrator', () => {
  test.each([
    ['a person', { as: 'ana', origins: [origin] }],
    ['an administrator', { as: 'robot', origins: [origin] }],
    ['nobody', { as: 'nobody', origins: [origin] }],
    ['every site', { as: 'site', origins: ['*'] }],
    ['a page instead of an origin', { as: 'site', origins: [`${origin}/page`] }],
    ['words of a policy', { as: 'site', origins: ["https://a.example 'unsafe-inline'"] }],
    ['a pattern', { as: 'site', origins: ['https://*'] }],
    ['a pattern of names', { as: 'site', origins: ['https://*.com'] }],
    ['the end of a directive', { as: 'site', origins: ['https://a.example;sandbox'] }],
    ['no origin', { as: 'site', origins: [] }],
  ])('is refused %s', async (_what, body) => {
    expect((await call('PUT', '/api/dashboards/growth/embed', body)).status).toBe(400)
  })

  test('sees the secret once, and finds it nowhere else', async () => {
    const again = await asked('PUT', '/api/dashboards/growth/embed', {
      as: 'site',
      origins: [origin, 'http://localhost:3000'],
    })
    expect(again).toMatchObject({ isOn: true, as: 'site', path: '/embed/growth' })
    expect(again['secret']).toBeUndefined()
    expect(JSON.stringify(await asked('GET', '/api/dashboards/growth/embed'))).not.toContain(secret)
    expect(JSON.stringify(await asked('GET', '/api/audit'))).not.toContain(secret)
    expect((await shown(await token())).status).toBe(200)
  })

  test('does it from the command line', async () => {
    const at = ['--data', millpond.data]
    const on = await runCli(['dashboard', 'embed', 'other', '--as', 'site', '--origin', origin, '--json', ...at])
    const { secret: own } = JSON.parse(on.stdout) as { secret: string }
    const signed = await token({ claims: { dashboard: 'other' }, secret: own })
    expect((await shown(signed, {}, 'other')).status).toBe(200)
    const told = await runCli(['dashboard', 'embed', 'other', ...at])
    expect(told.stdout).toContain(origin)
    expect(told.stdout).not.toContain(own)
    expect((await runCli(['dashboard', 'embed', 'other', '--off', ...at])).stdout).toContain('no longer')
    expect((await shown(signed, {}, 'other')).status).toBe(403)
  })
})
