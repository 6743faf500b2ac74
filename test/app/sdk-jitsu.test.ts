// The real @jitsu/js against a real Millpond: host and key, nothing else. In Node, and in a page of jsdom with a fetch made
// of jsdom's XMLHttpRequest, which keeps the same-origin rules.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

import { type AnalyticsInterface, jitsuAnalytics } from '@jitsu/js'
import { JSDOM, VirtualConsole } from 'jsdom'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'

import { firstAnswer, type Millpond, startMillpond } from '../support/millpond.ts'
import { startTestServer, testKeys, type TestServer } from '../wire/collect-server.ts'

const library = readFileSync(createRequire(import.meta.url).resolve('@jitsu/js'), 'utf8')

let millpond: Millpond
let writeKey = ''
let page: JSDOM | undefined
const errors: string[] = []
beforeAll(async () => {
  millpond = await startMillpond()
  writeKey = await millpond.addSource('web')
})
afterAll(() => millpond.dispose())
afterEach(() => {
  page?.window.close()
  errors.length = 0
})

async function rows(sql: string): Promise<unknown[][]> {
  const found = async (): Promise<unknown[][] | undefined> => {
    const list = await millpond.query(sql).catch(() => [])
    return list.length > 0 ? list : undefined
  }
  return firstAnswer(found, 10_000, () => `${errors.join('\n')}\n${millpond.output()}`)
}

/** A page of another origin, with the package as a bundler would put it there. */
function openPage(host: string, key: string): AnalyticsInterface {
  const virtualConsole = new VirtualConsole()
  virtualConsole.on('error', (...parts: unknown[]) => errors.push(parts.map(String).join(' ')))
  virtualConsole.on('jsdomError', (error) => errors.push(error.message))
  page = new JSDOM('<!doctype html><title>Cart</title><body></body>', {
    url: 'http://shop.example/cart?utm_source=letter',
    runScripts: 'outside-only',
    pretendToBeVisual: true,
    virtualConsole,
  })
  const { window } = page
  Object.assign(window, {
    fetch: (url: string, init: RequestInit) => fetchByRequest(new window.XMLHttpRequest(), url, init),
  })
  const bundled = `(() => { const module = { exports: {} }; const exports = module.exports; ${library}\nreturn module.exports })()`
  const { jitsuAnalytics: create } = window.eval(bundled) as { jitsuAnalytics: typeof jitsuAnalytics }
  return create({ host, writeKey: key })
}

async function fetchByRequest(request: XMLHttpRequest, url: string, init: RequestInit): Promise<object> {
  return new Promise((resolve, reject) => {
    request.open(init.method ?? 'GET', url)
    for (const [name, value] of new Headers(init.headers)) request.setRequestHeader(name, value)
    request.addEventListener('load', () => {
      const { status, statusText, responseText } = request
      resolve({ status, statusText, ok: status >= 200 && status < 300, text: async () => responseText })
    })
    request.addEventListener('error', () => {
      reject(new TypeError('Failed to fetch'))
    })
    request.send(init.body as string)
  })
}

describe('in Node', () => {
  test('delivers every kind of call', async () => {
    const failures: string[] = []
    const jitsu = jitsuAnalytics({
      host: millpond.address,
      writeKey: `${writeKey}:jitsu`,
      s2s: true,
      errorPolicy: (message: string) => failures.push(message),
    })
    await jitsu.identify('cook-1', { plan: 'plus' })
    await jitsu.track('Recipe Cooked', { recipe: 'Rösti 🍲', minutes: 45 })
    await jitsu.page('Recipe', { category: 'food' })
    await jitsu.group('brigade', { seats: 3 })
    expect(failures).toEqual([])

    expect(
      await rows(`SELECT recipe, minutes, user_id, time_method, context_library_name, sent_at = original_timestamp
        FROM web.recipe_cooked`),
    ).toEqual([['Rösti 🍲', 45, 'cook-1', 'sender', '@jitsu/js', true]])
    expect(await rows("SELECT plan FROM web.users WHERE id = 'cook-1'")).toEqual([['plus']])
    expect(await rows('SELECT group_id, seats, user_id FROM web.groups')).toEqual([['brigade', 3, 'cook-1']])
    expect(await rows('SELECT user_id FROM web.pages')).toEqual([['cook-1']])
    // Nothing of the key is kept in a column.
    const columns = await rows("SELECT column_name FROM information_schema.columns WHERE table_schema = 'web'")
    expect(columns.flat().filter((name) => String(name).includes('key'))).toEqual([])
  })
})

describe('in a page', () => {
  test('delivers every kind of call across origins', async () => {
    const jitsu = openPage(millpond.address, `${writeKey}:jitsu`)
    await jitsu.page('Cart')
    await jitsu.track('Lid Lifted', { times: 2 })
    await jitsu.identify('cook-2', { plan: 'free' })
    await jitsu.group('guests')
    expect(errors).toEqual([])

    expect(
      await rows(`SELECT times, context_ip, context_page_path, context_campaign_source, anonymous_id IS NOT NULL
        FROM web.lid_lifted`),
    ).toEqual([[2, '127.0.0.1', '/cart', 'letter', true]])
    expect(await rows("SELECT plan FROM web.users WHERE id = 'cook-2'")).toEqual([['free']])
    expect(await rows("SELECT context_page_url FROM web.groups WHERE group_id = 'guests'")).toEqual([
      ['http://shop.example/cart?utm_source=letter'],
    ])
  })
})

describe('on the wire', () => {
  let server: TestServer
  afterEach(() => server.stop())

  test('paths of pages and of servers, with debugging on', async () => {
    server = await startTestServer()
    const jitsu = openPage(server.url, `${testKeys.web}:x`)
    jitsu.configure({ debug: true })
    await jitsu.track('Lid Lifted')
    const fromNode = jitsuAnalytics({ host: server.url, writeKey: `${testKeys.shop}:x`, s2s: true })
    await fromNode.track('Recipe Cooked', { userId: 'cook-1' })
    expect(errors).toEqual([])
    expect(server.records).toMatchObject([
      { source: 'web', count: 1, meta: { call: 'track', via: 'client', ip: '127.0.0.1' } },
      { source: 'shop', count: 1, meta: { call: 'track', via: 'server' } },
    ])
    expect(server.records[0]?.body['writeKey']).toBe(`${testKeys.web}:***`)
  })

  test.each([
    { ipPolicy: 'keep', ip: '127.0.0.1' },
    { ipPolicy: 'stripLastOctet', ip: '127.0.0.0' },
    { ipPolicy: 'remove', ip: undefined },
  ] as const)('a page that asks to $ipPolicy the address is heard', async ({ ipPolicy, ip }) => {
    server = await startTestServer()
    const jitsu = openPage(server.url, `${testKeys.web}:x`)
    jitsu.configure({ privacy: { ipPolicy } })
    await jitsu.track('Lid Lifted')
    expect(errors).toEqual([])
    expect(server.records.at(-1)?.meta.ip).toBe(ip)
  })

  test.each([
    { key: testKeys.disabled, refused: 'key_disabled' },
    { key: testKeys.unlisted, refused: 'key_unlisted' },
  ])('a key that is $refused hears success', async ({ key, refused }) => {
    server = await startTestServer()
    const failures: string[] = []
    const jitsu = jitsuAnalytics({
      host: server.url,
      writeKey: `${key}:x`,
      errorPolicy: (message: string) => failures.push(message),
    })
    await jitsu.track('Recipe Cooked', { userId: 'cook-1' })
    expect(failures).toEqual([])
    expect(server.records).toMatchObject([{ meta: { refused } }])
  })

  test('a key of nobody is an error in the console, once', async () => {
    server = await startTestServer()
    const failures: string[] = []
    const jitsu = jitsuAnalytics({
      host: server.url,
      writeKey: `${testKeys.foreign}:x`,
      errorPolicy: (message: string) => failures.push(message),
    })
    await jitsu.track('Recipe Cooked')
    expect(failures).toHaveLength(1)
    expect(failures[0]).toContain('401')
    expect(server.stats()).toMatchObject({ requests: 1, 'requestsRefused.write-key-unknown': 1 })
  })

  const event = { event: 'Recipe Cooked', userId: 'cook-1', type: 'track' }
  test.each([
    { path: '/api/s/track', body: event, call: 'track', via: 'client' },
    { path: '/api/s/t', body: event, call: 'track', via: 'client' },
    { path: '/api/s/screen', body: event, call: 'screen', via: 'client' },
    { path: '/api/s/alias', body: event, call: 'alias', via: 'client' },
    { path: '/api/s/s2s/identify', body: event, call: 'identify', via: 'server' },
    { path: '/api/s/s2s/batch', body: { batch: [event] }, call: 'batch', via: 'server' },
    { path: '/api/s/batch', body: { batch: [event] }, call: 'batch', via: 'client' },
    { path: '/batch', body: { batch: [event] }, call: 'batch', via: 'client' },
  ])('POST $path, as Jitsu’s other senders do', async ({ path, body, call, via }) => {
    server = await startTestServer()
    const headers = { 'X-Write-Key': `${testKeys.web}:secret`, Authorization: 'Bearer something' }
    const response = await fetch(server.url + path, { method: 'POST', body: JSON.stringify(body), headers })
    expect(response.status).toBe(200)
    expect(server.records).toMatchObject([{ source: 'web', meta: { call, via } }])
  })

  test.each(['/p.js', '/api/s/lib.js', '/api/s/event', '/api/s', '/api/sources'])('%s is not ours', async (path) => {
    server = await startTestServer()
    expect((await fetch(server.url + path)).status).toBe(404)
  })
})
