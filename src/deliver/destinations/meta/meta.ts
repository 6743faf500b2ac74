// Meta's Conversions API: web, app and server events of one dataset (pixel). It refuses a whole request for one event that it doesn't
// like, so its rules are checked here, and what it refuses all the same is found by halves.
import type { IncomingAnswer } from '../../../outgoing/http.ts'
import { columnJson } from '../../screen/parse.ts'
import {
  baseUrlOf,
  baseUrlSetting,
  commonSettings,
  type DestinationSettings,
  type DestinationType,
  type Json,
  judgeStatus,
  type Outcome,
  type OutgoingEvent,
  type Shaped,
  urlObjection,
} from '../destination.ts'
import { contextOf, jsonOf, numberOf, objectOf, optionsOf, productsOf, specName, textOf, valueOf } from '../read.ts'
import { userDataOf } from './user-data.ts'

const graphVersion = 'v25.0'
const integrationNames = ['Facebook Conversions API', 'Meta Conversions API'] as const

const names: ReadonlyMap<string, string> = new Map([
  ['product viewed', 'ViewContent'],
  ['product list viewed', 'ViewContent'],
  ['product added', 'AddToCart'],
  ['product added to wishlist', 'AddToWishlist'],
  ['checkout started', 'InitiateCheckout'],
  ['payment info entered', 'AddPaymentInfo'],
  ['order completed', 'Purchase'],
  ['products searched', 'Search'],
  ['signed up', 'CompleteRegistration'],
  ['trial started', 'StartTrial'],
  ['subscription started', 'Subscribe'],
])

function customDataOf(event: string, properties: Json): Record<string, unknown> {
  const products = productsOf(properties)
  const ids = products.map((one) => textOf(one['product_id'] ?? one['sku'])).filter((id) => id !== '')
  const contents = products
    .map((one) => ({
      id: textOf(one['product_id'] ?? one['sku']),
      quantity: numberOf(one['quantity']) ?? 1,
      item_price: numberOf(one['price']),
    }))
    .filter(({ id }) => id !== '')
  const data: Record<string, unknown> = {
    value: valueOf(properties),
    currency: textOf(properties['currency']).toUpperCase(),
    order_id: textOf(properties['order_id']),
    search_string: textOf(properties['query']),
    content_name: textOf(properties['name']),
    content_category: textOf(properties['category']),
  }
  if (ids.length > 0) {
    Object.assign(data, { content_ids: ids, contents, content_type: 'product' })
    if (event === 'Purchase' || event === 'InitiateCheckout') {
      data['num_items'] = contents.reduce((sum, { quantity }) => sum + quantity, 0)
    }
  }
  return Object.fromEntries(Object.entries(data).filter(([, value]) => value !== undefined && value !== ''))
}

/** Exactly 16 texts in Meta's order. */
function extinfoOf(context: Json): string[] {
  const [app, os, screen] = [objectOf(context['app']), objectOf(context['os']), objectOf(context['screen'])]
  const isApple = /ios|ipados|mac/i.test(`${textOf(os['name'])} ${textOf(objectOf(context['device'])['type'])}`)
  return [
    isApple ? 'i2' : 'a2',
    textOf(app['namespace']),
    textOf(app['version']),
    textOf(app['build']),
    textOf(os['version']),
    textOf(objectOf(context['device'])['model']),
    textOf(context['locale']),
    '',
    textOf(objectOf(context['network'])['carrier']),
    textOf(screen['width']),
    textOf(screen['height']),
    textOf(screen['density']),
    '',
    '',
    '',
    textOf(context['timezone']),
  ]
}

function placeOf(outgoing: OutgoingEvent): Json | { readonly refused: string } {
  const context = contextOf(outgoing)
  const page = objectOf(context['page'])
  const url = textOf(objectOf(outgoing.event['properties'])['url'] ?? page['url'])
  if (url !== '') {
    if (!/^https?:\/\//.test(url))
      return { refused: 'The address of the page begins with http:// or https:// for Meta' }
    if (textOf(context['userAgent']) === '') return { refused: 'Web events need context.userAgent for Meta' }
    return { action_source: 'website', event_source_url: url }
  }
  const device = objectOf(context['device'])
  const isApp = Object.keys(objectOf(context['app'])).length > 0 && Object.keys(device).length > 0
  if (!isApp) return { action_source: 'system_generated' }
  const extinfo = extinfoOf(context)
  if (extinfo[4] === '') return { refused: 'App events need context.os.version for Meta' }
  // Nothing said is no consent.
  const mayTrack = device['adTrackingEnabled'] === true ? 1 : 0
  const tracking = { advertiser_tracking_enabled: mayTrack, application_tracking_enabled: mayTrack }
  return { action_source: 'app', app_data: { ...tracking, extinfo } }
}

function shape(outgoing: OutgoingEvent): Shaped {
  const { type, name, event, messageId, atMicros, isExact } = outgoing
  if (type === 'identify' || type === 'group' || type === 'alias') {
    return { skipped: `Meta has no event for ${type}; context.traits go along with events` }
  }
  const properties = objectOf(event['properties'])
  const eventName =
    type === 'page'
      ? 'PageView'
      : type === 'screen'
        ? `Viewed ${name || 'a'} Screen`
        : (names.get(specName(name)) ?? name)
  const place = placeOf(outgoing)
  if ('refused' in place) return { refused: String(place['refused']) }
  const custom = customDataOf(eventName, properties)
  if (eventName === 'Purchase' && (custom['value'] === undefined || !/^[A-Z]{3}$/.test(String(custom['currency'])))) {
    return { refused: 'A Purchase needs a value and a currency of three letters for Meta' }
  }
  const user = userDataOf(outgoing, optionsOf(outgoing, integrationNames))
  if (Object.keys(user).length === 0) return { refused: 'It says nothing of who it was' }
  const text = columnJson(
    {
      event_name: eventName,
      event_time: Math.floor(atMicros / 1_000_000),
      event_id: messageId,
      ...place,
      user_data: user,
      ...(Object.keys(custom).length === 0 ? {} : { custom_data: custom }),
    },
    isExact,
  )
  return { items: [{ lane: 'events', text }] }
}

/** Of Graph errors: rates and passing trouble, and tokens that are worth nothing. */
const passing = new Set([1, 2, 4, 17, 32, 341, 613, 80004])
const forSomebody = new Set([10, 102, 190, 200])

function judge(answer: IncomingAnswer): Outcome {
  if (answer.status < 400) return judgeStatus(answer)
  const { code, is_transient: isTransient, message, error_user_msg: words } = objectOf(jsonOf(answer.body)['error'])
  const reason = `HTTP ${answer.status}: ${textOf(words) || textOf(message) || answer.body.slice(0, 300)}`
  const { retryAfterMs } = answer
  const again = { kind: 'later', reason, ...(retryAfterMs === undefined ? {} : { afterMs: retryAfterMs }) } as const
  if (isTransient === true || passing.has(Number(code))) return again
  if (forSomebody.has(Number(code))) return { kind: 'blocked', reason }
  return judgeStatus(answer)
}

export const meta: DestinationType = {
  type: 'meta',
  title: 'Meta Conversions API',
  description: 'web, app and server events of a dataset (pixel) of Meta',
  integrationNames,
  settings: [
    { name: 'pixelId', description: 'number of the dataset', isRequired: true, isSecret: false, example: '1234567890' },
    {
      name: 'accessToken',
      description: 'token of a system user (Events Manager, Settings, Conversions API)',
      isRequired: true,
      isSecret: true,
      example: 'EAAB…',
    },
    {
      name: 'testEventCode',
      description: 'events go to the page Test Events only',
      isRequired: false,
      isSecret: false,
      example: 'TEST12345',
    },
    baseUrlSetting,
    ...commonSettings,
  ],
  limits: {
    eventsPerRequestMax: 1000,
    bytesPerRequestMax: 2 * 1024 * 1024,
    requestsMax: 4,
    ageHoursMax: 7 * 24,
    lastVerified: '2026-11-23',
    documentation: 'https://developers.facebook.com/docs/marketing-api/conversions-api',
  },
  forgetNote: 'Meta has no way to ask: events of a person age out there by themselves',
  repetition: 'by-id',
  repetitionNote:
    'Meta counts equal (event_name, event_id) within 48 hours once; what is sent again later than that counts twice.',
  check({ pixelId = '', baseUrl }) {
    return /^\d{5,20}$/.test(pixelId) ? urlObjection('baseUrl', baseUrl) : '`pixelId` is a number'
  },
  shape: (event) => shape(event),
  request(_lane, items, settings: DestinationSettings) {
    const { pixelId = '', accessToken = '', testEventCode } = settings
    const base = baseUrlOf(settings, 'https://graph.facebook.com')
    const test = testEventCode === undefined ? '' : `,"test_event_code":${JSON.stringify(testEventCode)}`
    return {
      url: `${base}/${graphVersion}/${pixelId}/events`,
      // In the address it would stand in logs on the way.
      headers: { 'content-type': 'application/json', authorization: `Bearer ${accessToken}` },
      body: `{"data":[${items.join(',')}],"partner_agent":"millpond"${test}}`,
    }
  },
  judge,
}
