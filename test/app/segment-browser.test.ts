// The real @segment/analytics-next in a page of jsdom, whose XMLHttpRequest keeps the same-origin rules: settings first,
// then a preflight and a POST for each event.
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

import { JSDOM, VirtualConsole } from 'jsdom'
import { afterEach, expect, test } from 'vitest'

import { startTestServer, testKeys, type TestServer } from '../wire/collect-server.ts'

interface BrowserAnalytics {
  track(event: string, properties?: object): Promise<unknown>
  identify(userId: string, traits?: object): Promise<unknown>
  page(): Promise<unknown>
  group(groupId: string): Promise<unknown>
  alias(userId: string): Promise<unknown>
  screen(name: string): Promise<unknown>
}

interface Library {
  readonly AnalyticsBrowser: {
    load(settings: object, options?: object): PromiseLike<[BrowserAnalytics, unknown]>
  }
}

const bundle = readFileSync(
  createRequire(import.meta.url)
    .resolve('@segment/analytics-next')
    .replace(/cjs\/index\.js$/, 'umd/index.js'),
  'utf8',
)

let server: TestServer
let page: JSDOM | undefined
afterEach(async () => {
  page?.window.close()
  await server.stop()
})

/** A page of another origin than the server's, with the library loaded as a script would. */
function openPage(): Library {
  page = new JSDOM('<!doctype html><title>Cart</title>', {
    url: 'http://shop.example/cart?utm_source=letter',
    runScripts: 'outside-only',
    pretendToBeVisual: true,
    virtualConsole: new VirtualConsole(),
  })
  page.window.eval(bundle)
  return page.window['AnalyticsNext']
}

/** Waits for the other side of an event loop that is not ours. */
async function until(condition: () => boolean): Promise<void> {
  const deadlineMs = performance.now() + 10_000
  while (!condition()) {
    if (performance.now() > deadlineMs) throw new Error('It did not happen in 10 s.')
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
  }
}

test('fetches its settings and delivers every kind of call, one event a request', async () => {
  server = await startTestServer()
  const { AnalyticsBrowser } = openPage()
  const [analytics] = await AnalyticsBrowser.load({ writeKey: testKeys.web, cdnURL: server.url })
  expect(server.stats()).toMatchObject({ settingsServed: 1 })

  await analytics.page()
  await analytics.track('Recipe Cooked', { recipe: 'Rösti', minutes: 45 })
  await analytics.identify('cook-1', { plan: 'plus' })
  await analytics.group('brigade')
  await analytics.screen('Home')
  await analytics.alias('cook-2')
  await until(() => server.events().length === 6)

  expect(
    server
      .events()
      .map((event) => String(event['type']))
      .toSorted(),
  ).toEqual(['alias', 'group', 'identify', 'page', 'screen', 'track'])
  expect(server.records.every(({ source, meta }) => source === 'web' && meta.via === 'client')).toBe(true)
  expect(server.records.every(({ meta }) => meta.ip === '127.0.0.1')).toBe(true)
  expect(server.events().find((event) => event['type'] === 'track')).toMatchObject({
    event: 'Recipe Cooked',
    properties: { recipe: 'Rösti', minutes: 45 },
    context: { page: { path: '/cart' }, campaign: { source: 'letter' } },
  })
  expect(server.stats()).toMatchObject({ requests: 6, eventsAppended: 6 })
})

test('delivers in batches when the page asks for it', async () => {
  server = await startTestServer()
  const { AnalyticsBrowser } = openPage()
  const [analytics] = await AnalyticsBrowser.load(
    { writeKey: testKeys.web, cdnURL: server.url },
    {
      integrations: { 'Segment.io': { deliveryStrategy: { strategy: 'batching', config: { size: 3, timeout: 50 } } } },
    },
  )
  await Promise.all([1, 2, 3, 4].map((minutes) => analytics.track('Recipe Cooked', { minutes })))
  await until(() => server.events().length === 4)
  expect(server.records.every(({ meta }) => meta.call === 'batch' && meta.via === 'client')).toBe(true)
  expect(server.records.length).toBeLessThan(4)
})

test('sends again after 429, as the page can read Retry-After', async () => {
  server = await startTestServer({ settings: { requestsPerSecondMax: 1 } })
  const { AnalyticsBrowser } = openPage()
  const [analytics] = await AnalyticsBrowser.load({ writeKey: testKeys.web, cdnURL: server.url })
  await analytics.track('First')
  await analytics.track('Second')
  await until(() => server.events().length === 2)
  expect(server.stats()['requestsRefused.rate-limited']).toBeGreaterThanOrEqual(1)
  expect(server.events().map((event) => event['event'])).toEqual(['First', 'Second'])
})
