import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { outgoingEvent, testDestination } from '../../../../test/contract/destination.ts'
import { startGa4 } from '../../../../test/vendors/ga4.ts'
import type { OutgoingEvent } from '../destination.ts'
import { checkSettings } from '../settings.ts'
import { ga4 } from './ga4.ts'

const settingsOf = (url: string) => ({
  measurementId: 'G-AB12CD34EF',
  apiSecret: 'stream-secret',
  baseUrl: url,
  allowPrivateNetwork: 'true',
})

const start = testDestination({ type: ga4, startVendor: startGa4, settingsOf })

function bodyOf(over: Parameters<typeof outgoingEvent>[0], settings = settingsOf('https://example.com')): unknown {
  const shaped = ga4.shape(outgoingEvent({ userId: 'u1', anonymousId: 'a1', ...over }), settings)
  return 'items' in shaped ? (JSON.parse(shaped.items[0]?.text ?? '') as unknown) : shaped
}

// Google's own example of a purchase: developers.google.com/analytics/devguides/collection/protocol/ga4/reference/events#purchase
test('an order is a purchase as Google documents it', () => {
  const properties = {
    order_id: 'T_12345',
    total: 72.05,
    tax: 3.6,
    shipping: 5.99,
    coupon: 'SUMMER_SALE',
    currency: 'USD',
    products: [
      {
        product_id: 'SKU_12345',
        name: 'Stan and Friends Tee',
        brand: 'Google Store',
        category: 'Apparel',
        price: '10.01',
        quantity: 3,
        position: 0,
        variant: 'green',
      },
    ],
    nested: { dropped: true },
    nothing: null,
  }
  const context = { traits: { plan: 'pro', email: 'ana@example.com' }, ip: '203.0.113.7', sessionId: 1_700_000_000 }
  const atMicros = 1_700_000_000_000_000
  expect(bodyOf({ name: 'Order Completed', atMicros, body: { properties, context } })).toEqual({
    client_id: 'a1',
    user_id: 'u1',
    timestamp_micros: atMicros,
    user_properties: { plan: { value: 'pro' } },
    ip_override: '203.0.113.7',
    events: [
      {
        name: 'purchase',
        params: {
          session_id: '1700000000',
          engagement_time_msec: 100,
          transaction_id: 'T_12345',
          value: 72.05,
          tax: 3.6,
          shipping: 5.99,
          coupon: 'SUMMER_SALE',
          currency: 'USD',
          items: [
            {
              item_id: 'SKU_12345',
              item_name: 'Stan and Friends Tee',
              item_brand: 'Google Store',
              item_category: 'Apparel',
              item_variant: 'green',
              price: 10.01,
              quantity: 3,
              index: 0,
            },
          ],
        },
      },
    ],
  })
})

test('an app stream is addressed by the instance of the app', async () => {
  const app = { firebaseAppId: '1:1234567890:ios:abcdef0123456789', measurementId: '' }
  const { vendor, rig } = await start(app)
  const appInstanceId = '0123456789abcdef0123456789abcdef'
  rig.give([outgoingEvent({ body: { integrations: { 'Google Analytics 4': { appInstanceId } } } }), outgoingEvent()])
  expect((await rig.settled(2)).map(({ status }) => status)).toEqual(['delivered', 'rejected'])
  expect(vendor.requests[0]?.query.get('firebase_app_id')).toBe(app.firebaseAppId)
  expect(vendor.events()).toMatchObject([{ app_instance_id: appInstanceId }])
})

test('what is older than Google takes is not sent', async () => {
  const { vendor, rig } = await start()
  rig.give([outgoingEvent({ atMicros: (Date.now() - 73 * 3_600_000) * 1000 }), outgoingEvent()])
  expect((await rig.settled(2)).map(({ status }) => status)).toEqual(['expired', 'delivered'])
  expect(vendor.requests.length).toBe(1)
})

test('with repeatUnanswered a lost answer may count twice, as the setting says', async () => {
  const { vendor, rig } = await start({ repeatUnanswered: 'true' })
  vendor.fail({ kind: 'reset-after' })
  rig.give([outgoingEvent()])
  expect(await rig.settled(1)).toMatchObject([{ status: 'delivered', attempts: 2 }])
  expect(vendor.events().length).toBe(2)
})

test.each([
  ['identify', 'skipped'],
  ['alias', 'skipped'],
  ['screen', 'skipped'],
] as const)('%s is %s', (type, kind) => {
  expect(Object.keys(bodyOf({ type }) as object)).toEqual([kind])
})

test.each(['session_start', 'First Open', 'ga_something', '購買完成'])('"%s" is refused', (name) => {
  expect(bodyOf({ name })).toHaveProperty('refused')
})

const anyEvent = fc.record({
  name: fc.string(),
  atMicros: fc.constant(Date.now() * 1000),
  body: fc.record({
    properties: fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 40 }),
    context: fc.record({ traits: fc.dictionary(fc.string(), fc.jsonValue(), { maxKeys: 40 }) }),
  }),
})

test('whatever an event holds, Google drops none of what is sent', async () => {
  const { vendor, rig } = await start()
  const events: OutgoingEvent[] = fc.sample(anyEvent, 300).map((one) => outgoingEvent(one))
  rig.give(events)
  await rig.settled(300)
  expect(vendor.dropped).toEqual([])
  expect(vendor.events().length).toBeGreaterThan(50)
})

test.each([
  [{ apiSecret: 's' }, /one of them/],
  [{ apiSecret: 's', measurementId: 'G-AB12CD34EF', firebaseAppId: '1:1:ios:ab' }, /one of them/],
  [{ apiSecret: 's', measurementId: 'UA-1' }, /looks like G-/],
  [{ apiSecret: 's', firebaseAppId: 'com.example' }, /looks like 1:/],
  [{ measurementId: 'G-AB12CD34EF' }, /`apiSecret` is missing/],
])('settings %j are refused', (settings, message) => {
  expect(() => checkSettings(ga4, settings)).toThrow(message)
})
