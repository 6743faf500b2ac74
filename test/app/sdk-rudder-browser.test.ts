// The real @rudderstack/analytics-js, the build that bundles its plugins, in a page of jsdom, whose XMLHttpRequest keeps
// the same-origin rules: /sourceConfig first, then a preflight and a POST for each event or batch.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

import { JSDOM, VirtualConsole } from 'jsdom'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'

import { MillpondError } from '../../src/core/errors.ts'
import { firstAnswer, type Millpond, startMillpond } from '../support/millpond.ts'
import { startTestServer, testKeys, type TestServer, type TestServerOptions } from '../wire/collect-server.ts'

interface RudderAnalytics {
  load(writeKey: string, dataPlaneUrl: string, options: object): void
  ready(callback: () => void): void
  track(event: string, properties?: object): void
  identify(userId: string, traits?: object): void
  page(name?: string): void
  group(groupId: string, traits?: object): void
  alias(to: string): void
}

const bundle = readFileSync(
  createRequire(import.meta.url)
    .resolve('@rudderstack/analytics-js/bundled')
    .replace(/cjs\/index\.cjs$/, 'umd/index.js'),
  'utf8',
)

let page: JSDOM | undefined
const errors: string[] = []
afterEach(() => {
  page?.window.close()
  errors.length = 0
})

/** A page of another origin than the server's, with the library loaded as a script would. */
function openPage(): RudderAnalytics {
  const virtualConsole = new VirtualConsole()
  virtualConsole.on('error', (...parts: unknown[]) => errors.push(parts.map(String).join(' ')))
  virtualConsole.on('jsdomError', (error) => errors.push(error.message))
  page = new JSDOM('<!doctype html><title>Cart</title><body></body>', {
    url: 'http://shop.example/cart?utm_source=letter',
    runScripts: 'outside-only',
    pretendToBeVisual: true,
    virtualConsole,
  })
  addWhatBrowsersHave(page)
  page.window.eval(bundle)
  const { RudderAnalytics: Library } = page.window['rudderanalytics'] as { RudderAnalytics: new () => RudderAnalytics }
  return new Library()
}

/** jsdom lacks them, and the SDK would ask a stranger's host for them. A beacon is a POST with credentials that nobody waits for. */
function addWhatBrowsersHave({ window }: JSDOM): void {
  Object.assign(window, { TextEncoder, TextDecoder })
  Object.assign(window.navigator, {
    sendBeacon(url: string, data: Blob) {
      const request = new window.XMLHttpRequest()
      request.open('POST', url)
      request.withCredentials = true
      request.send(data)
      return true
    },
  })
}

async function ready(analytics: RudderAnalytics): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    analytics.ready(resolve)
    AbortSignal.timeout(10_000).addEventListener('abort', () => {
      reject(new Error(`Not ready in 10 s. ${errors.join('\n')}`))
    })
  })
}

function everyCall(analytics: RudderAnalytics): void {
  analytics.page('Cart')
  analytics.track('Recipe Cooked', { recipe: 'Rösti', minutes: 45 })
  analytics.identify('cook-1', { plan: 'plus' })
  analytics.group('brigade', { seats: 3 })
  analytics.alias('cook-2')
}

describe('into a real Millpond', () => {
  let millpond: Millpond
  let writeKey = ''
  beforeAll(async () => {
    millpond = await startMillpond()
    writeKey = await millpond.addSource('web')
  })
  afterAll(() => millpond.dispose())

  async function rows(sql: string): Promise<unknown[][]> {
    const found = async (): Promise<unknown[][] | undefined> => {
      const list = await millpond.query(sql).catch(() => [])
      return list.length > 0 ? list : undefined
    }
    return firstAnswer(found, 10_000, () => `${errors.join('\n')}\n${millpond.output()}`)
  }

  test('fetches its settings and delivers every kind of call', async () => {
    const analytics = openPage()
    analytics.load(writeKey, millpond.address, { configUrl: millpond.address })
    await ready(analytics)
    everyCall(analytics)

    const cooked = await rows('SELECT recipe, minutes, context_ip, context_library_name FROM web.recipe_cooked')
    expect(cooked).toEqual([['Rösti', 45, '127.0.0.1', 'RudderLabs JavaScript SDK']])
    expect(await rows('SELECT name, path, context_page_title FROM web.pages')).toEqual([['Cart', '/cart', 'Cart']])
    // This SDK puts the traits of an identify into the context, and nowhere else.
    expect(await rows('SELECT user_id, plan, context_traits_plan FROM web.identifies')).toEqual([
      ['cook-1', 'plus', 'plus'],
    ])
    expect(await rows("SELECT plan FROM web.users WHERE id = 'cook-1'")).toEqual([['plus']])
    expect(await rows('SELECT group_id, seats FROM web.groups')).toEqual([['brigade', 3]])
    expect(await rows('SELECT user_id, previous_id FROM web.aliases')).toEqual([['cook-2', 'cook-1']])
    expect(await rows('SELECT time_method, anonymous_id IS NOT NULL, sent_at IS NOT NULL FROM web.pages')).toEqual([
      ['sender', true, true],
    ])
    // No code of anybody else was loaded into the page.
    expect([...(page?.window.document.querySelectorAll('script[src]') ?? [])]).toEqual([])
    expect(errors).toEqual([])
  })
})

describe('on the wire', () => {
  let server: TestServer
  afterEach(() => server.stop())

  async function start(options: TestServerOptions, load: object, writeKey: string): Promise<RudderAnalytics> {
    server = await startTestServer(options)
    const analytics = openPage()
    analytics.load(writeKey, server.url, { configUrl: server.url, ...load })
    return analytics
  }

  async function untilEvents(count: number): Promise<void> {
    await firstAnswer(
      async () => (server.events().length >= count ? true : undefined),
      10_000,
      () => errors.join('\n'),
    )
  }

  test('a page sends as a client, though it uses the servers’ paths', async () => {
    const analytics = await start({}, {}, testKeys.web)
    await ready(analytics)
    everyCall(analytics)
    await untilEvents(5)
    expect(server.records.every(({ meta }) => meta.via === 'client' && meta.ip === '127.0.0.1')).toBe(true)
    expect(server.stats()).toMatchObject({ settingsServed: 1, requests: 5, eventsAppended: 5 })
  })

  test.each([
    { how: 'batches', load: { queueOptions: { batch: { enabled: true, maxItems: 3 } } } },
    { how: 'beacons', load: { useBeacon: true, beaconQueueOptions: { maxItems: 3 } } },
  ])('$how', async ({ load }) => {
    const analytics = await start({}, load, testKeys.web)
    await ready(analytics)
    for (const minutes of [1, 2, 3]) analytics.track('Recipe Cooked', { minutes })
    await untilEvents(3)
    expect(server.records).toMatchObject([{ count: 3, meta: { call: 'batch', via: 'client' } }])
  })

  test('a wrong clock is put right by the time of sending that each event carries', async () => {
    const wrongMs = 3 * 3_600_000
    server = await startTestServer()
    const analytics = openPage()
    page?.window.eval(`{
      const Right = Date
      globalThis.Date = class extends Right {
        constructor(...parts) { parts.length === 0 ? super(Right.now() - ${wrongMs}) : super(...parts) }
        static now() { return Right.now() - ${wrongMs} }
      }
    }`)
    analytics.load(testKeys.web, server.url, { configUrl: server.url })
    await ready(analytics)
    analytics.track('Recipe Cooked')
    await untilEvents(1)
    const offsetMs = server.records[0]?.meta.clock?.offsetMs ?? 0
    expect(server.records[0]?.meta.clock?.method).toBe('batch')
    expect(Math.abs(offsetMs - wrongMs)).toBeLessThan(10_000)
  })

  test('sends again after 503, with headers that the preflight allows', async () => {
    let refusals = 0
    const kept: string[] = []
    const append: TestServerOptions['append'] = async (record) => {
      if (refusals++ < 1) throw new MillpondError('disk-full', 'The disk is full.', { retryAfterSeconds: 1 })
      kept.push(Buffer.from(record.body).toString())
      return 1
    }
    const analytics = await start({ append }, { queueOptions: { minRetryDelay: 100 } }, testKeys.web)
    await ready(analytics)
    analytics.track('Recipe Cooked')
    await firstAnswer(
      async () => (kept.length === 1 ? true : undefined),
      10_000,
      () => errors.join('\n'),
    )
    expect(server.stats()).toMatchObject({ 'requestsRefused.disk-full': 1, eventsAppended: 1 })
  })

  test('a disabled key starts the SDK all the same: nothing is lost in the page', async () => {
    const analytics = await start({}, {}, testKeys.disabled)
    await ready(analytics)
    analytics.track('Recipe Cooked')
    await untilEvents(1)
    expect(server.records).toMatchObject([{ source: 'old', meta: { refused: 'key_disabled' } }])
  })

  test('/sourceConfig: key in header or query, 404 for keys never issued, kept for a while', async () => {
    server = await startTestServer()
    const basic = (key: string): RequestInit => ({ headers: { authorization: `Basic ${btoa(`${key}:`)}` } })
    for (const [path, init] of [
      ['/sourceConfig', basic(testKeys.web)],
      ['/sourceConfig/?p=npm&v=3.34.1', basic(testKeys.web)],
      [`/sourceConfig?writeKey=${testKeys.web}`, {}],
    ] as const) {
      const response = await fetch(server.url + path, init)
      expect(response.status).toBe(200)
      expect(response.headers.get('vary')).toBe('Authorization')
      expect(response.headers.get('cache-control')).toContain('max-age=300')
      expect(await response.json()).toMatchObject({ source: { id: testKeys.web, enabled: true, destinations: [] } })
    }
    expect((await fetch(`${server.url}/sourceConfig`, basic(testKeys.foreign))).status).toBe(404)
    expect((await fetch(`${server.url}/sourceConfig`)).status).toBe(404)
    expect((await fetch(`${server.url}/sourceConfig`, { method: 'POST' })).status).toBe(405)
  })
})
