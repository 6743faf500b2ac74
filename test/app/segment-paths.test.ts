// Every path, method, placement of the key, encoding and status of the intake contract (docs/specs/intake.md), as tables.
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import { isCollectPath } from '../../src/collect/collect.ts'
import { MillpondError } from '../../src/core/errors.ts'
import { type KeptRecord, startTestServer, testKeys, type TestServer } from '../wire/collect-server.ts'
import { createManualClock } from '../wire/manual-clock.ts'
import { chunked, sendRaw } from '../wire/raw.ts'

let server: TestServer
beforeAll(async () => {
  server = await startTestServer({ clock: createManualClock() })
})
afterAll(() => server.stop())

let before = 0
beforeEach(() => {
  before = server.records.length
})
function kept(): readonly KeptRecord[] {
  return server.records.slice(before)
}

const event = { type: 'track', event: 'Recipe Cooked', userId: 'cook-1' }
const single = JSON.stringify({ ...event, writeKey: testKeys.web })
const batch = JSON.stringify({ batch: [event, event], writeKey: testKeys.web })

function post(
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(server.url + path, { method: 'POST', body, headers, redirect: 'manual' })
}

describe('paths', () => {
  const names = ['track', 'identify', 'page', 'screen', 'group', 'alias']
  const singles = [
    ...names.map((call) => ({ path: `/v1/${call}`, call, via: 'server' })),
    ...names.map((call) => ({ path: `/v1/${call.charAt(0)}`, call, via: 'client' })),
    ...names.map((call) => ({ path: `/${call.charAt(0)}`, call, via: 'client' })),
    { path: '/v1/track/', call: 'track', via: 'server' },
    { path: '//v1/track', call: 'track', via: 'server' },
    { path: '/v1/t?source=page', call: 'track', via: 'client' },
  ]
  test.each(singles)('POST $path is one $call from a $via', async ({ path, call, via }) => {
    const response = await post(path, single)
    expect(response.status).toBe(200)
    expect(await response.text()).toBe('{"success":true}')
    expect(kept()).toMatchObject([{ source: 'web', count: 1, meta: { call, via, ip: '127.0.0.1' } }])
    expect(kept()[0]?.bytes.toString()).toBe(single)
  })

  const batches = [
    { path: '/v1/batch', via: 'server' },
    { path: '/v1/import', via: 'server' },
    { path: '/v1/import/', via: 'server' },
    { path: '/v1/b', via: 'client' },
    { path: '/b', via: 'client' },
    { path: '/beacon/v1/batch', via: 'client' },
  ]
  test.each(batches)('POST $path is a batch from a $via', async ({ path, via }) => {
    expect((await post(path, batch)).status).toBe(200)
    expect(kept()).toMatchObject([{ count: 2, meta: { call: 'batch', via } }])
  })

  test.each(['/v1/m', '/m'])('POST %s is answered and thrown away', async (path) => {
    const response = await post(path, '{"series":[{"type":"Counter","metric":"x","value":1}]}')
    expect([response.status, await response.text()]).toEqual([200, '{"success":true}'])
    expect(kept()).toEqual([])
  })

  test('an empty batch is a success that keeps nothing', async () => {
    expect((await post('/v1/batch', JSON.stringify({ batch: [], writeKey: testKeys.web }))).status).toBe(200)
    expect(kept()).toEqual([])
  })

  test.each(['/', '/v1', '/v1/unknown', '/api/live', '/v1/tracks', '/projects/settings'])('%s is not ours', (path) => {
    expect(isCollectPath(path)).toBe(false)
  })

  test('an absolute address, as proxies send it, is understood', async () => {
    const head = `POST http://events.example.com/v1/t HTTP/1.1\r\nHost: x\r\nContent-Length: ${single.length}\r\n\r\n`
    expect(await sendRaw(server.port, head + single)).toMatchObject({ status: 200 })
  })

  test('other paths go to the fallback, and 404 without one', async () => {
    expect((await post('/v1/unknown', single)).status).toBe(404)
    const other = await startTestServer({
      fallback: (_request, response) => {
        response.end('engine')
      },
    })
    expect(await (await fetch(`${other.url}/anything`)).text()).toBe('engine')
    await other.stop()
  })

  test('GET /health answers what it is given', async () => {
    expect(await (await fetch(`${server.url}/health`)).json()).toEqual({ status: 'ok' })
  })
})

describe('methods', () => {
  test.each([
    { method: 'GET', path: '/v1/track', allow: 'POST, OPTIONS' },
    { method: 'PUT', path: '/b', allow: 'POST, OPTIONS' },
    { method: 'POST', path: `/v1/projects/${testKeys.web}/settings`, allow: 'GET, HEAD, OPTIONS' },
  ])('$method $path is 405', async ({ method, path, allow }) => {
    const response = await fetch(server.url + path, { method })
    expect(response.status).toBe(405)
    expect(response.headers.get('allow')).toBe(allow)
    expect(await response.json()).toMatchObject({ success: false, code: 'method-not-allowed' })
  })

  test.each(['/v1/t', '/v1/batch', '/b', '/v1/projects/x/settings', '/beacon/v1/batch'])(
    'OPTIONS %s allows what analytics.js sends, for a day',
    async (path) => {
      const response = await fetch(server.url + path, {
        method: 'OPTIONS',
        headers: { origin: 'https://shop.example', 'access-control-request-headers': 'authorization,x-retry-count' },
      })
      expect(response.status).toBe(204)
      expect(response.headers.get('access-control-allow-origin')).toBe('https://shop.example')
      expect(response.headers.get('access-control-max-age')).toBe('86400')
      const allowed = response.headers.get('access-control-allow-headers')
      for (const header of ['authorization', 'content-type', 'x-retry-count']) expect(allowed).toContain(header)
    },
  )

  test('an answer to a page may be read by that page, an error too', async () => {
    for (const body of [single, 'nonsense']) {
      const response = await post('/v1/t', body, { origin: 'https://shop.example' })
      expect(response.headers.get('access-control-allow-origin')).toBe('https://shop.example')
      expect(response.headers.get('access-control-expose-headers')).toBe('Retry-After')
      expect(response.headers.get('vary')).toBe('Origin')
    }
  })
})

function basic(text: string): { authorization: string } {
  return { authorization: `Basic ${Buffer.from(text).toString('base64')}` }
}

describe('keys', () => {
  const bare = JSON.stringify(event)
  const key = testKeys.web
  const placements: readonly { place: string; path?: string; headers?: Record<string, string>; body?: string }[] = [
    { place: 'in the body', body: single },
    { place: 'Basic "key:"', headers: basic(`${key}:`) },
    { place: 'Basic "key" without a colon', headers: basic(key) },
    {
      place: 'Basic in small letters',
      headers: { authorization: basic(`${key}:`).authorization.replace('Basic', 'basic') },
    },
    { place: 'a Bearer token and the body', headers: { authorization: 'Bearer token' }, body: single },
    { place: 'in the query', path: `/v1/track?writeKey=${key}` },
    { place: 'X-Write-Key', headers: { 'x-write-key': key } },
    { place: "a proxy's Basic and the body", headers: basic('proxy:secret'), body: single },
    {
      place: 'Basic of a key of ours and a strange one in the body',
      headers: basic(`${key}:`),
      body: single.replace(key, 'x'),
    },
  ]
  test.each(placements)('$place', async ({ path = '/v1/track', headers = {}, body = bare }) => {
    expect((await post(path, body, headers)).status).toBe(200)
    expect(kept()).toMatchObject([{ source: 'web' }])
  })

  test('the first event of a batch may name it', async () => {
    const response = await post('/b', JSON.stringify({ batch: [{ ...event, writeKey: key }, event] }))
    expect(response.status).toBe(200)
    expect(kept()).toMatchObject([{ source: 'web', count: 2 }])
  })

  test.each([
    { key: testKeys.disabled, source: 'old', refused: 'key_disabled' },
    { key: testKeys.rotated, source: 'web', refused: 'key_rotated' },
    { key: testKeys.unlisted, source: 'unknown', refused: 'key_unlisted' },
  ])('$refused is a success whose events are marked', async ({ key, source, refused }) => {
    expect((await post('/v1/track', bare, basic(`${key}:`))).status).toBe(200)
    expect(kept()).toMatchObject([{ source, count: 1, meta: { refused } }])
    expect(server.stats()[`eventsRefused.${refused}`]).toBe(1)
  })

  test.each([
    { what: 'no key', headers: {}, code: 'write-key-missing' },
    { what: 'an empty key', headers: basic(':'), code: 'write-key-missing' },
    { what: 'a key never issued', headers: basic(`${testKeys.foreign}:`), code: 'write-key-unknown' },
    { what: 'an endless key', headers: basic('k'.repeat(5_000)), code: 'write-key-unknown' },
  ])('$what is 401', async ({ headers, code }) => {
    const response = await post('/v1/track', bare, headers)
    expect(response.status).toBe(401)
    expect(await response.json()).toMatchObject({ success: false, code, message: expect.any(String) })
    expect(kept()).toEqual([])
  })
})

describe('encodings', () => {
  const types = ['application/json', 'text/plain', 'application/x-www-form-urlencoded', 'image/png', 'nonsense']
  test.each(types)('content type %s', async (type) => {
    expect((await post('/v1/track', single, { 'content-type': type })).status).toBe(200)
    expect(kept()).toHaveLength(1)
  })

  const plain = Buffer.from(batch)
  const encodings: readonly { name: string; header?: string; body: Buffer }[] = [
    { name: 'gzip', header: 'gzip', body: gzipSync(plain) },
    { name: 'x-gzip', header: 'x-gzip', body: gzipSync(plain) },
    { name: 'deflate with zlib header', header: 'deflate', body: deflateSync(plain) },
    { name: 'deflate without', header: 'deflate', body: deflateRawSync(plain) },
    { name: 'br', header: 'br', body: brotliCompressSync(plain) },
    { name: 'zstd', header: 'zstd', body: zstdCompressSync(plain) },
    { name: 'gzip without the header', body: gzipSync(plain) },
    { name: 'the header without gzip', header: 'gzip', body: plain },
    { name: 'identity', header: 'identity', body: plain },
    { name: 'a byte order mark', body: Buffer.concat([Buffer.from([0xef, 0xbb, 0xbf]), plain]) },
  ]
  test.each(encodings)('$name, with a length and chunked', async ({ header, body }) => {
    const head = `POST /v1/batch HTTP/1.1\r\nHost: x\r\n${header === undefined ? '' : `Content-Encoding: ${header}\r\n`}`
    const withLength = Buffer.concat([Buffer.from(`${head}Content-Length: ${body.length}\r\n\r\n`), body])
    const inChunks = Buffer.concat([Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\n`), chunked(body, 7)])
    for (const bytes of [withLength, inChunks]) expect(await sendRaw(server.port, bytes)).toMatchObject({ status: 200 })
    expect(kept().map(({ bytes }) => bytes.toString())).toEqual([batch, batch])
    expect(server.stats()).toMatchObject({ bodiesBytes: 0, bodiesReading: 0 })
  })

  test.each([
    { name: 'an unknown encoding', headers: { 'content-encoding': 'rot13' }, body: Buffer.from('xyz') },
    { name: 'gzip cut off', headers: { 'content-encoding': 'gzip' }, body: gzipSync(plain).subarray(0, 30) },
  ])('$name is 400', async ({ headers, body }) => {
    const response = await post('/v1/batch', Uint8Array.from(body), headers)
    expect([response.status, await response.json()]).toMatchObject([400, { success: false, code: 'body-unreadable' }])
  })
})

describe('pixel', () => {
  const data = Buffer.from(JSON.stringify({ ...event, writeKey: testKeys.web, properties: { name: 'Rösti ???>>>' } }))
  const addresses = [
    `/v1/pixel/track?data=${encodeURIComponent(data.toString('base64'))}`,
    `/pixel/v1/track?data=${data.toString('base64')}`,
    `/pixel/v1/track/?data=${data.toString('base64url')}&writeKey=${testKeys.web}`,
  ]
  test.each(addresses)('GET %s', async (address) => {
    const response = await fetch(server.url + address)
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'image/gif'])
    expect(response.headers.get('cache-control')).toContain('no-store')
    expect(
      Buffer.from(await response.arrayBuffer())
        .subarray(0, 6)
        .toString(),
    ).toBe('GIF89a')
    expect(kept()).toMatchObject([{ source: 'web', count: 1, meta: { call: 'track', via: 'client' } }])
    expect(kept()[0]?.bytes.equals(data)).toBe(true)
  })

  test('HEAD gets the headers of the picture and stores nothing', async () => {
    const response = await fetch(server.url + addresses[0], { method: 'HEAD' })
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'image/gif'])
    expect(response.headers.get('content-length')).not.toBe('0')
    expect(kept()).toEqual([])
  })

  test.each([
    '/v1/pixel/page',
    '/v1/pixel/page?data=%%%',
    '/pixel/v1/track?data=e30=',
    '/pixel/v1/track?data=e30=&writeKey=x',
  ])('GET %s is a picture too, and nothing else', async (address) => {
    const response = await fetch(server.url + address)
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'image/gif'])
    expect(kept()).toEqual([])
  })
})

describe('settings', () => {
  test.each(['/v1/projects', '/projects'])('%s/:key/settings', async (prefix) => {
    for (const key of [testKeys.web, testKeys.disabled, testKeys.rotated, testKeys.unlisted]) {
      const response = await fetch(`${server.url}${prefix}/${key}/settings`, { headers: { host: 'evil.example' } })
      expect(response.status).toBe(200)
      expect(response.headers.get('access-control-allow-origin')).toBe('*')
      const document: unknown = await response.json()
      expect(document).toMatchObject({
        integrations: { 'Segment.io': { apiKey: key, apiHost: `127.0.0.1:${server.port}/v1`, protocol: 'http' } },
        metrics: { sampleRate: 0 },
        plan: { track: { __default: { enabled: true } } },
      })
      expect(Object.keys((document as { integrations: object }).integrations)).toEqual(['Segment.io'])
    }
  })

  test('a key never issued has none', async () => {
    expect((await fetch(`${server.url}/v1/projects/${testKeys.foreign}/settings`)).status).toBe(404)
  })

  test('HEAD sends no body, a known ETag is 304', async () => {
    const address = `${server.url}/v1/projects/${testKeys.web}/settings`
    const head = await fetch(address, { method: 'HEAD' })
    expect([head.status, await head.text()]).toEqual([200, ''])
    const etag = head.headers.get('etag') ?? ''
    expect(head.headers.get('cache-control')).toContain('max-age=')
    expect((await fetch(address, { headers: { 'if-none-match': etag } })).status).toBe(304)
  })

  test.each([
    { publicUrl: 'https://events.example.com', apiHost: 'events.example.com/v1', protocol: 'https' },
    { publicUrl: 'http://10.0.0.5:8080', apiHost: '10.0.0.5:8080/v1', protocol: 'http' },
    { publicUrl: 'https://example.com/pond/', apiHost: 'example.com/pond/v1', protocol: 'https' },
  ])('name $publicUrl', async ({ publicUrl, apiHost, protocol }) => {
    const other = await startTestServer({ publicUrl })
    const response = await fetch(`${other.url}/v1/projects/${testKeys.web}/settings`)
    expect(await response.json()).toMatchObject({ integrations: { 'Segment.io': { apiHost, protocol } } })
    await other.stop()
  })
})

describe('settings without a public address', () => {
  test.each(['http://0.0.0.0:8080', 'http://[::]:8080', 'http://[0:0:0:0:0:0:0:0]:8080', ''])(
    'that would say %s name where this sender found us',
    async (bound) => {
      const other = await startTestServer({ address: () => bound })
      const response = await fetch(`${other.url}/v1/projects/${testKeys.web}/settings`)
      const apiHost = `127.0.0.1:${other.port}/v1`
      expect(await response.json()).toMatchObject({ integrations: { 'Segment.io': { apiHost, protocol: 'http' } } })
      await other.stop()
    },
  )
})

describe('refusals that pass', () => {
  test.each(['buffer-full', 'disk-full', 'buffer-write-failed', 'buffer-closed'] as const)(
    '%s is 503',
    async (code) => {
      const other = await startTestServer({ append: () => Promise.reject(new MillpondError(code, 'No room.')) })
      const response = await fetch(`${other.url}/v1/track`, { method: 'POST', body: single })
      expect(response.status).toBe(503)
      expect(response.headers.get('retry-after')).toMatch(/^\d+$/)
      expect(await response.json()).toMatchObject({ success: false, code })
      expect(other.stats()).toMatchObject({ [`requestsRefused.${code}`]: 1, eventsAppended: 0, bodiesBytes: 0 })
      await other.stop()
    },
  )

  test('an unexpected fault of ours is 503, never an answer that loses data', async () => {
    const other = await startTestServer({ append: () => Promise.reject(new Error('surprise')) })
    expect((await fetch(`${other.url}/v1/track`, { method: 'POST', body: single })).status).toBe(503)
    await other.stop()
  })

  test('a fault in what we are built on ends no process', async () => {
    const broken = {
      lookup(): never {
        throw new Error('surprise')
      },
    }
    const other = await startTestServer({ keys: broken })
    for (const path of [
      '/v1/track?writeKey=x',
      '/v1/track',
      `/v1/projects/x/settings`,
      '/v1/pixel/track?data=e30=&writeKey=x',
    ]) {
      const isPost = path.startsWith('/v1/track')
      const response = await fetch(other.url + path, isPost ? { method: 'POST', body: single } : {})
      expect([response.status, response.headers.get('retry-after')]).toEqual([503, expect.stringMatching(/^\d+$/)])
    }
    await other.stop()
  })

  test('too many requests of one key and address are 429, before and after the body', async () => {
    const other = await startTestServer({ settings: { requestsPerSecondMax: 2 }, clock: createManualClock() })
    const send = (headers: Record<string, string>): Promise<Response> =>
      fetch(`${other.url}/v1/track`, { method: 'POST', body: single, headers })
    expect([(await send({})).status, (await send(basic(testKeys.web))).status]).toEqual([200, 200])
    for (const headers of [{}, basic(testKeys.web)]) {
      const response = await send(headers)
      expect([response.status, response.headers.get('retry-after')]).toEqual([429, '1'])
      expect(await response.json()).toMatchObject({ success: false, code: 'rate-limited' })
    }
    expect((await send(basic(testKeys.shop))).status).toBe(200)
    expect(other.stats()).toMatchObject({ 'requestsRefused.rate-limited': 2, recordsAppended: 3 })
    await other.stop()
  })

  test("the address is the proxy's word only where the proxy is ours", async () => {
    for (const [trustedProxies, ip] of [
      [[], '127.0.0.1'],
      [['127.0.0.0/8'], '198.51.100.7'],
    ] as const) {
      const other = await startTestServer({ trustedProxies })
      const headers = { 'x-forwarded-for': '203.0.113.9, 198.51.100.7' }
      await fetch(`${other.url}/v1/track`, { method: 'POST', body: single, headers })
      expect(other.records).toMatchObject([{ meta: { ip } }])
      await other.stop()
    }
  })
})
