// The real @segment/analytics-node against collect: host changed, nothing else.
import { Analytics } from '@segment/analytics-node'
import { afterEach, describe, expect, test } from 'vitest'
import { Agent, fetch as undiciFetch } from 'undici'

import { MillpondError } from '../../src/core/errors.ts'
import { startTestServer, testKeys, type TestServer, tlsPair } from '../wire/collect-server.ts'

let server: TestServer
afterEach(() => server.stop())

function everyCall(analytics: Analytics): void {
  analytics.identify({ userId: 'cook-1', traits: { plan: 'plus' } })
  analytics.track({ userId: 'cook-1', event: 'Recipe Cooked', properties: { recipe: 'Rösti', minutes: 45 } })
  analytics.page({ userId: 'cook-1', name: 'Recipe' })
  analytics.screen({ anonymousId: 'device-1', name: 'Home' })
  analytics.group({ userId: 'cook-1', groupId: 'brigade' })
  analytics.alias({ userId: 'cook-1', previousId: 'device-1' })
}

const everyType = ['alias', 'group', 'identify', 'page', 'screen', 'track']

describe('analytics-node', () => {
  test('delivers every kind of call', async () => {
    server = await startTestServer()
    const failures: unknown[] = []
    const analytics = new Analytics({ writeKey: testKeys.shop, host: server.url, flushInterval: 50 })
    analytics.on('error', (failure) => failures.push(failure))
    everyCall(analytics)
    await analytics.closeAndFlush()

    expect(failures).toEqual([])
    expect(
      server
        .events()
        .map((event) => String(event['type']))
        .toSorted(),
    ).toEqual(everyType)
    expect(server.records.every(({ source, meta }) => source === 'shop' && meta.via === 'server')).toBe(true)
    expect(server.records.every(({ meta }) => meta.clock === undefined)).toBe(true)
    const track = server.events().find((event) => event['type'] === 'track')
    expect(track).toMatchObject({ event: 'Recipe Cooked', properties: { recipe: 'Rösti', minutes: 45 } })
  })

  test('delivers over TLS', async () => {
    server = await startTestServer({ tls: true })
    const dispatcher = new Agent({ connect: { ca: tlsPair.cert } })
    const analytics = new Analytics({
      writeKey: testKeys.shop,
      host: server.url,
      flushInterval: 50,
      httpClient: (url, { headers, body, method }) => undiciFetch(url, { headers, body, method, dispatcher }),
    })
    everyCall(analytics)
    await analytics.closeAndFlush()
    await dispatcher.close()
    expect(
      server
        .events()
        .map((event) => String(event['type']))
        .toSorted(),
    ).toEqual(everyType)
  })

  test('sends again what was refused while the disk was full', async () => {
    let refusals = 0
    server = await startTestServer({
      append: async () => {
        if (refusals++ < 1) throw new MillpondError('disk-full', 'The disk is full.', { retryAfterSeconds: 1 })
        return 1
      },
    })
    const analytics = new Analytics({ writeKey: testKeys.shop, host: server.url, flushInterval: 20 })
    const failures: unknown[] = []
    analytics.on('error', (failure) => failures.push(failure))
    analytics.track({ userId: 'cook-1', event: 'Recipe Cooked' })
    await analytics.closeAndFlush({ timeout: 10_000 })
    expect(failures).toEqual([])
    expect(server.stats()).toMatchObject({ 'requestsRefused.disk-full': 1, eventsAppended: 1 })
  })

  test('a key once valid loses nothing: the SDK hears success, the events are marked', async () => {
    server = await startTestServer()
    const analytics = new Analytics({ writeKey: testKeys.disabled, host: server.url, flushInterval: 20 })
    const failures: unknown[] = []
    analytics.on('error', (failure) => failures.push(failure))
    analytics.track({ userId: 'cook-1', event: 'Recipe Cooked' })
    await analytics.closeAndFlush()
    expect(failures).toEqual([])
    expect(server.records).toMatchObject([{ source: 'old', meta: { refused: 'key_disabled' } }])
  })
})
