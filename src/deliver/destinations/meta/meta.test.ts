import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { outgoingEvent, testDestination, until } from '../../../../test/contract/destination.ts'
import { startMeta } from '../../../../test/vendors/meta.ts'
import { checkSettings } from '../settings.ts'
import { meta } from './meta.ts'
import { normalised, sha256 } from './user-data.ts'

const settingsOf = (url: string) => ({
  pixelId: '1234567890',
  accessToken: 'meta-token',
  baseUrl: url,
  allowPrivateNetwork: 'true',
})

const start = testDestination({ type: meta, startVendor: startMeta, settingsOf })

function eventOf(over: Parameters<typeof outgoingEvent>[0]): unknown {
  const shaped = meta.shape(
    outgoingEvent({ userId: 'u1', anonymousId: '', ...over }),
    settingsOf('https://example.com'),
  )
  return 'items' in shaped ? (JSON.parse(shaped.items[0]?.text ?? '') as unknown) : shaped
}

// Meta's own example hashes: developers.facebook.com/docs/marketing-api/conversions-api/parameters/customer-information-parameters
test.each([
  ['em', ' John_Smith@gmail.com ', '62a14e44f765419d10fea99367361a727c12365e2520f32218d505ed9aa0f62f'],
  ['ph', '+1 (650) 555-1212', 'e323ec626319ca94ee8bff2e4c87cf613be6ea19919ed1364124e16807ab3176'],
])('%s "%s" is normalised and hashed as Meta documents', (field, text, hash) => {
  expect(sha256(normalised(field, text))).toBe(hash)
})

test.each([
  ['em', 'nobody', ''],
  ['ph', '0912 345 678', ''],
  ['ph', '00886 912 345 678', '886912345678'],
  ['fn', "O'Brien", 'obrien'],
  ['fn', '小明', '小明'],
  ['ge', 'Female', 'f'],
  ['ge', 'other', ''],
  ['db', '1990-04-01', '19900401'],
  ['ct', 'New York', 'newyork'],
  ['zp', '94035-1234', '940351234'],
  ['country', 'TW', 'tw'],
  ['country', 'Taiwan', ''],
  ['em', 'A'.repeat(64), 'a'.repeat(64)],
])('%s "%s" becomes "%s"', (field, text, expected) => {
  expect(normalised(field, text)).toBe(expected)
})

test('an order on the web is a Purchase as Meta documents it', () => {
  const properties = {
    order_id: 'O-1',
    revenue: 142.52,
    currency: 'usd',
    products: [{ product_id: 'p-123', quantity: 5, price: 23.5 }, { sku: 'p-9' }],
  }
  const context = {
    ip: '254.254.254.254',
    userAgent: 'Mozilla/5.0',
    page: { url: 'https://jaspers-market.com/product/123?fbclid=abc' },
    traits: { email: 'joe@eg.com' },
    fbp: 'fb.1.1558571054389.1098115397',
  }
  const atMicros = 1_700_000_000_500_000
  expect(eventOf({ name: 'Order Completed', atMicros, messageId: 'm1', body: { properties, context } })).toEqual({
    event_name: 'Purchase',
    event_time: 1_700_000_000,
    event_id: 'm1',
    action_source: 'website',
    event_source_url: 'https://jaspers-market.com/product/123?fbclid=abc',
    user_data: {
      em: [sha256('joe@eg.com')],
      external_id: [sha256('u1')],
      client_ip_address: '254.254.254.254',
      client_user_agent: 'Mozilla/5.0',
      fbp: 'fb.1.1558571054389.1098115397',
      fbc: 'fb.1.1700000000500.abc',
    },
    custom_data: {
      value: 142.52,
      currency: 'USD',
      order_id: 'O-1',
      content_ids: ['p-123', 'p-9'],
      contents: [
        { id: 'p-123', quantity: 5, item_price: 23.5 },
        { id: 'p-9', quantity: 1 },
      ],
      content_type: 'product',
      num_items: 6,
    },
  })
})

test('an app event has 16 texts in order, and nothing said is no consent', () => {
  const app = { name: 'Cubby', version: '1.2', build: '34', namespace: 'app.cubby' }
  const context = {
    page: null,
    app,
    os: { name: 'iOS', version: '18.1' },
    device: { type: 'ios', model: 'iPhone17,1' },
    locale: 'zh-TW',
  }
  const { app_data: data } = eventOf({ type: 'screen', name: 'Home', body: { context } }) as { app_data: object }
  expect(data).toEqual({
    advertiser_tracking_enabled: 0,
    application_tracking_enabled: 0,
    extinfo: ['i2', 'app.cubby', '1.2', '34', '18.1', 'iPhone17,1', 'zh-TW', '', '', '', '', '', '', '', '', ''],
  })
})

test.each([
  ['a purchase without a currency', { body: { properties: { total: 5 } } }],
  ['a web event without a browser', { body: { context: { userAgent: '' } } }],
  [
    'an app event without the version of its system',
    { body: { context: { page: null, app: { name: 'a' }, device: { type: 'ios' } } } },
  ],
])('%s is refused before it is sent', (_name, over) => {
  expect(eventOf(over)).toHaveProperty('refused')
})

test('one event that Meta refuses is found by halves; the others count once', async () => {
  const { vendor, rig } = await start()
  const events = Array.from({ length: 64 }, () => outgoingEvent())
  // By our clock it is in time, by theirs in the future: no rule of ours can know.
  events[20] = outgoingEvent({ atMicros: (Date.now() + 30 * 60_000) * 1000 })
  rig.give(events)
  const deliveries = await rig.settled(64)
  expect(deliveries.filter(({ status }) => status === 'rejected')).toMatchObject([
    { reason: expect.stringContaining('event_time') as string },
  ])
  expect(vendor.events().length).toBe(63)
})

test('a token that was revoked waits for somebody, also where Meta says 400', async () => {
  const { vendor, rig } = await start()
  vendor.revoke()
  rig.give([outgoingEvent()])
  await until(() => rig.breaker.failures > 0)
  expect(rig.deliveries).toEqual([])
  expect(rig.courier.lastError).toContain('Invalid OAuth access token')
})

test.each([[4], [17], [613], [2]])('error %i passes by itself', async (code) => {
  const { vendor, rig } = await start()
  vendor.fail({ kind: 'answer', answer: { status: 400, body: { error: { code, message: 'later' } } } })
  rig.give([outgoingEvent()])
  expect(await rig.settled(1)).toMatchObject([{ status: 'delivered', attempts: 2 }])
})

test('whatever traits hold, Meta takes what is sent', async () => {
  const { vendor, rig } = await start()
  const address = fc.record({ city: fc.string(), state: fc.string(), postalCode: fc.string(), country: fc.string() })
  const traits = fc.record({
    email: fc.string(),
    phone: fc.string(),
    firstName: fc.string(),
    gender: fc.string(),
    birthday: fc.string(),
    address,
  })
  const events = fc.sample(traits, 200).map((one) => outgoingEvent({ body: { context: { traits: one } } }))
  rig.give(events)
  expect((await rig.settled(200)).filter(({ status }) => status !== 'delivered')).toEqual([])
  expect(vendor.events().length).toBe(200)
})

test.each([
  [{ accessToken: 't' }, /`pixelId` is missing/],
  [{ accessToken: 't', pixelId: 'abc' }, /is a number/],
])('settings %j are refused', (settings, message) => {
  expect(() => checkSettings(meta, settings)).toThrow(message)
})
