// Examples of payloads that vendors publish, and the call of Segment's spec that has to become them. Looked up on 2026-11-24.
import type { OutgoingEvent } from '../../src/deliver/destinations/destination.ts'

export interface PublishedExample {
  /** Of spec-calls.ts. */
  readonly variant: string
  readonly what: string
  readonly address: string
  readonly call: OutgoingEvent
  /** As published, without what `differences` names. */
  readonly payload: object
  /** Where ours is not as published, and why. */
  readonly differences: readonly string[]
}

interface Said {
  readonly messageId: string
  readonly userId?: string
  readonly anonymousId?: string
  readonly atMs: number
  readonly properties: object
  readonly context?: object
  readonly integrations?: object
}

function track(name: string, said: Said): OutgoingEvent {
  const { messageId, userId = '', anonymousId = '', atMs, ...body } = said
  const atMicros = atMs * 1000
  const event = { type: 'track', event: name, messageId, ...body }
  return {
    source: 'shop',
    type: 'track',
    name,
    messageId,
    userId,
    anonymousId,
    atMicros,
    receivedAtMicros: atMicros,
    event,
    isExact: false,
  }
}

const google = 'https://developers.google.com/analytics/devguides/collection/protocol/ga4'
const meta = 'https://developers.facebook.com/docs/marketing-api/conversions-api'
const emailHash = '309a0a5c3e211326ae75ca18196d301a9bdbd1a882a4d2569511033da23f0abd'
const mixpanelPerson = '91304156-cafc-4673-a237-623d1129c801'

const mixpanel: PublishedExample = {
  variant: 'mixpanel',
  what: 'Import Events, a purchase',
  address: 'https://docs.mixpanel.com/reference/import-events',
  call: track('Purchase', {
    messageId: '935d87b1-00cd-41b7-be34-b9d98dd08b42',
    userId: mixpanelPerson,
    atMs: 1_618_716_477_000,
    properties: { Item: 'Coffee', Amount: 5 },
  }),
  payload: {
    event: 'Purchase',
    properties: {
      time: 1_618_716_477_000,
      distinct_id: mixpanelPerson,
      $insert_id: '935d87b1-00cd-41b7-be34-b9d98dd08b42',
      Item: 'Coffee',
      Amount: 5,
    },
  },
  differences: ['`$user_id` too, for Simplified ID Merge'],
}

const ga4: PublishedExample = {
  variant: 'ga4',
  what: 'Events, purchase',
  address: `${google}/reference/events#purchase`,
  call: track('Order Completed', {
    messageId: 'm-1',
    anonymousId: 'XXXXXXXXXX.YYYYYYYYYY',
    atMs: 1_700_000_000_000,
    properties: {
      order_id: 'T_12345_1',
      total: 30.03,
      tax: 4.9,
      shipping: 5.99,
      currency: 'USD',
      coupon: 'SUMMER_SALE',
      products: [
        {
          product_id: 'SKU_12345',
          name: 'Stan and Friends Tee',
          coupon: 'SUMMER_FUN',
          brand: 'Google',
          category: 'Apparel',
          variant: 'green',
          price: 10.01,
          quantity: 3,
          position: 0,
        },
      ],
    },
  }),
  payload: {
    client_id: 'XXXXXXXXXX.YYYYYYYYYY',
    events: [
      {
        name: 'purchase',
        params: {
          transaction_id: 'T_12345_1',
          value: 30.03,
          tax: 4.9,
          shipping: 5.99,
          currency: 'USD',
          coupon: 'SUMMER_SALE',
          items: [
            {
              item_id: 'SKU_12345',
              item_name: 'Stan and Friends Tee',
              coupon: 'SUMMER_FUN',
              item_brand: 'Google',
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
  },
  differences: ['no discount, list, place, or second category of an item: the spec has none'],
}

const firebase: PublishedExample = {
  variant: 'ga4-app',
  what: 'Sending events, an app stream',
  address: `${google}/sending-events?client_type=firebase`,
  call: track('campaign_details', {
    messageId: 'm-2',
    anonymousId: 'a-1',
    atMs: 1_700_000_000_000,
    properties: {
      campaign_id: 'google_1234',
      campaign: 'Summer_fun',
      source: 'google',
      medium: 'cpc',
      session_id: '123',
      engagement_time_msec: '100',
    },
    integrations: { 'Google Analytics 4': { appInstanceId: '12345678901234567890123456789012' } },
  }),
  payload: {
    app_instance_id: '12345678901234567890123456789012',
    events: [
      {
        name: 'campaign_details',
        params: {
          campaign_id: 'google_1234',
          campaign: 'Summer_fun',
          source: 'google',
          medium: 'cpc',
          session_id: '123',
          engagement_time_msec: 100,
        },
      },
    ],
  },
  differences: ['`engagement_time_msec` is a number, as in the example of a web stream'],
}

const metaWeb: PublishedExample = {
  variant: 'meta',
  what: 'Using the API, a purchase on the web',
  address: `${meta}/using-the-api`,
  call: track('Order Completed', {
    messageId: 'event.id.123',
    atMs: 1_633_552_688_000,
    properties: { total: 100.2, currency: 'USD', products: [{ product_id: 'product.id.123' }] },
    context: {
      ip: '192.19.9.9',
      userAgent: 'test ua',
      page: { url: 'http://jaspers-market.com/product/123' },
      // They don't say whose hash it is; hashes are left as they are.
      traits: { email: emailHash, phone: '+1 (234) 567-8901' },
      fbc: 'fb.1.1554763741205.AbCdEfGhIjKlMnOpQrStUvWxYz1234567890',
      fbp: 'fb.1.1558571054389.1098115397',
    },
  }),
  payload: {
    event_name: 'Purchase',
    event_time: 1_633_552_688,
    event_id: 'event.id.123',
    event_source_url: 'http://jaspers-market.com/product/123',
    action_source: 'website',
    user_data: {
      client_ip_address: '192.19.9.9',
      client_user_agent: 'test ua',
      em: [emailHash],
      ph: ['254aa248acb47dd654ca3ea53f48c2c26d641d23d7e2e93a1ec56258df7674c4'],
      fbc: 'fb.1.1554763741205.AbCdEfGhIjKlMnOpQrStUvWxYz1234567890',
      fbp: 'fb.1.1558571054389.1098115397',
    },
    custom_data: { value: 100.2, currency: 'USD', content_ids: ['product.id.123'], content_type: 'product' },
  },
  differences: ['one phone, not two', '`contents` beside `content_ids`', 'no `opt_out`'],
}

const metaApp: PublishedExample = {
  variant: 'meta-app',
  what: 'App events, the fields of `app_data` with their examples',
  address: 'https://developers.facebook.com/documentation/ads-commerce/conversions-api/app-events',
  call: track('Kettle Boiled', {
    messageId: 'm-3',
    userId: 'u-1',
    atMs: 1_700_000_000_000,
    properties: {},
    context: {
      app: { namespace: 'com.facebook.sdk.samples.hellofacebook', version: '1.0', build: '1.0 long' },
      device: { type: 'ios', model: 'iPhone5,1', adTrackingEnabled: true },
      os: { name: 'iOS', version: '13.4.1' },
      locale: 'En_US',
      network: { carrier: 'AT&T' },
      screen: { width: 320, height: 568, density: 2 },
    },
  }),
  payload: {
    action_source: 'app',
    event_id: 'm-3',
    app_data: {
      advertiser_tracking_enabled: 1,
      application_tracking_enabled: 1,
      extinfo: [
        'i2',
        'com.facebook.sdk.samples.hellofacebook',
        '1.0',
        '1.0 long',
        '13.4.1',
        'iPhone5,1',
        'En_US',
        '',
        'AT&T',
        '320',
        '568',
        '2',
        '',
        '',
        '',
        '',
      ],
    },
  },
  differences: [
    "no abbreviation of a zone, processors or storage: the spec doesn't say them, so they are empty, as documented",
  ],
}

export const publishedExamples: readonly PublishedExample[] = [mixpanel, ga4, firebase, metaWeb, metaApp]

/** Of Standard Webhooks: about headers, so not a payload of a call. github.com/standard-webhooks/standard-webhooks, its tests. */
export const signedExample = {
  secret: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  id: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
  atSeconds: 1_614_265_330,
  body: '{"test": 2432232314}',
  signature: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
}
