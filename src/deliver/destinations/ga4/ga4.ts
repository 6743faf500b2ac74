// Google Analytics 4 by the Measurement Protocol, for web streams and Firebase app streams. It answers 2xx to everything and knows no
// repetitions, so its rules are checked here, and a request whose answer got lost isn't sent again unless somebody wants that.
import { columnJson } from '../../screen/parse.ts'
import {
  baseUrlOf,
  baseUrlSetting,
  commonSettings,
  type DestinationSettings,
  type DestinationType,
  type Json,
  judgeStatus,
  type OutgoingEvent,
  type Shaped,
  urlObjection,
} from '../destination.ts'
import { contextOf, numberOf, objectOf, optionsOf, productsOf, specName, textOf, valueOf } from '../read.ts'

const integrationNames = ['Google Analytics 4', 'Google Analytics 4 Web', 'GA4'] as const
const hosts: Readonly<Record<string, string>> = {
  global: 'https://www.google-analytics.com',
  eu: 'https://region1.google-analytics.com',
}
const nameLengthMax = 40
const paramsMax = 25
const userPropertiesMax = 25
const bodyBytesMax = 130_000
const valueLengths: Readonly<Record<string, number>> = { page_title: 300, page_referrer: 420, page_location: 1000 }

const names: ReadonlyMap<string, string> = new Map([
  ['product viewed', 'view_item'],
  ['product added', 'add_to_cart'],
  ['product removed', 'remove_from_cart'],
  ['cart viewed', 'view_cart'],
  ['checkout started', 'begin_checkout'],
  ['payment info entered', 'add_payment_info'],
  ['order completed', 'purchase'],
  ['order refunded', 'refund'],
  ['products searched', 'search'],
  ['product list viewed', 'view_item_list'],
  ['product clicked', 'select_item'],
  ['promotion viewed', 'view_promotion'],
  ['promotion clicked', 'select_promotion'],
  ['product added to wishlist', 'add_to_wishlist'],
  ['signed up', 'sign_up'],
  ['signed in', 'login'],
])

/** Google's SDKs alone may send these. */
const reserved = new Set(
  `ad_activeview ad_click ad_exposure ad_impression ad_query ad_reward adunit_exposure app_background app_clear_data app_exception
  app_remove app_store_refund app_store_subscription_cancel app_store_subscription_convert app_store_subscription_renew app_uninstall
  app_update app_upgrade dynamic_link_app_open dynamic_link_app_update dynamic_link_first_open error first_open first_visit
  in_app_purchase notification_dismiss notification_foreground notification_open notification_receive os_update screen_view
  session_start user_engagement`.split(/\s+/),
)
const reservedPrefix = /^(?:_|firebase_|ga_|google_|gtag\.)/

function plainName(text: string): string {
  const name = text
    .normalize('NFKD')
    .replaceAll(/[^A-Za-z0-9_]+/g, '_')
    .replaceAll(/^_+|_+$/g, '')
  return (/^[A-Za-z]/.test(name) || name === '' ? name : `e_${name}`).slice(0, nameLengthMax)
}

function nameOf({ type, name }: OutgoingEvent): string {
  if (type === 'page') return 'page_view'
  if (type === 'group') return 'join_group'
  return names.get(specName(name)) ?? plainName(name.toLowerCase())
}

function itemOf(product: Json): Json {
  const fields: readonly (readonly [string, unknown])[] = [
    ['item_id', textOf(product['product_id'] ?? product['sku'])],
    ['item_name', textOf(product['name'])],
    ['item_brand', textOf(product['brand'])],
    ['item_category', textOf(product['category'])],
    ['item_variant', textOf(product['variant'])],
    ['coupon', textOf(product['coupon'])],
    ['price', numberOf(product['price'])],
    ['quantity', numberOf(product['quantity'])],
    ['index', numberOf(product['position'])],
  ]
  return Object.fromEntries(fields.filter(([, value]) => value !== undefined && value !== ''))
}

/** Properties that become params of another name, or none. */
const handled = new Set([
  'products',
  'order_id',
  'revenue',
  'total',
  'value',
  'query',
  'list_id',
  'category',
  'session_id',
])

const promotion: ReadonlyMap<string, string> = new Map([
  ['name', 'promotion_name'],
  ['creative', 'creative_name'],
  ['position', 'creative_slot'],
])
/** Properties that Google calls otherwise in these events. */
const renamed: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map([
  ['view_promotion', promotion],
  ['select_promotion', promotion],
  ['add_payment_info', new Map([['payment_method', 'payment_type']])],
])

function specParams(event: string, properties: Json): Record<string, unknown> {
  const params: Record<string, unknown> = {}
  const items = productsOf(properties).map(itemOf)
  if (items.length > 0 && names.has(specName(event))) params['items'] = items
  const value = valueOf(properties)
  if (value !== undefined) params['value'] = value
  const order = textOf(properties['order_id'])
  if (order !== '') params['transaction_id'] = order
  const query = textOf(properties['query'])
  if (query !== '') params['search_term'] = query
  const list = textOf(properties['list_id'])
  if (list !== '') params['item_list_id'] = list
  return params
}

function paramsOf(outgoing: OutgoingEvent, options: Json): Record<string, unknown> {
  const { type, event, name } = outgoing
  const properties = objectOf(event['properties'])
  const context = contextOf(outgoing)
  const page = objectOf(context['page'])
  const params: Record<string, unknown> = {
    session_id: textOf(options['sessionId'] ?? properties['session_id'] ?? context['sessionId']) || undefined,
    engagement_time_msec: numberOf(properties['engagement_time_msec']) ?? 100,
    ...specParams(name, properties),
  }
  if (type === 'group') params['group_id'] = textOf(event['groupId'])
  if (type === 'page') {
    params['page_location'] = textOf(properties['url'] ?? page['url'])
    params['page_title'] = textOf(properties['title'] ?? page['title'])
    params['page_referrer'] = textOf(properties['referrer'] ?? page['referrer'])
  }
  const ours = renamed.get(nameOf(outgoing))
  for (const [key, value] of Object.entries(properties)) {
    if (handled.has(key) || reservedPrefix.test(key)) continue
    params[ours?.get(key) ?? plainName(key)] ??= value
  }
  const kept: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(params)) {
    if (Object.keys(kept).length >= paramsMax) break
    const clean = key === 'items' ? value : paramValue(key, value)
    if (key !== '' && clean !== undefined) kept[key] = clean
  }
  return kept
}

/** Texts, numbers and truths; nothing else is taken. */
function paramValue(key: string, value: unknown): string | number | undefined {
  if (typeof value === 'number' || typeof value === 'boolean') return typeof value === 'number' ? value : String(value)
  const text = textOf(value)
  return text === '' ? undefined : text.slice(0, valueLengths[key] ?? 100)
}

function userPropertiesOf(outgoing: OutgoingEvent): Json | undefined {
  const properties: Record<string, { readonly value: string | number }> = {}
  for (const [trait, value] of Object.entries(objectOf(contextOf(outgoing)['traits']))) {
    const name = plainName(trait).slice(0, 24)
    // Google forbids what names a person.
    if (name === '' || reservedPrefix.test(name) || /mail|phone|name|address|birth/i.test(name)) continue
    if (Object.keys(properties).length >= userPropertiesMax) break
    if (typeof value === 'number') properties[name] = { value }
    else if (typeof value === 'string' && value !== '') properties[name] = { value: value.slice(0, 36) }
  }
  return Object.keys(properties).length === 0 ? undefined : properties
}

function shape(outgoing: OutgoingEvent, settings: DestinationSettings): Shaped {
  const { type, isExact, userId, anonymousId, atMicros } = outgoing
  if (type === 'identify' || type === 'alias')
    return { skipped: `GA4 has no call for ${type}; context.traits go along with events` }
  if (type === 'screen') return { skipped: "Only Google's SDKs may send screen_view" }
  const name = nameOf(outgoing)
  if (name === '') return { refused: 'GA4 takes names of Latin letters only' }
  if (reserved.has(name) || reservedPrefix.test(name)) return { refused: `GA4 keeps the name ${name} for its own SDKs` }
  const options = optionsOf(outgoing, integrationNames)
  const isApp = settings['firebaseAppId'] !== undefined
  const instance = textOf(options['appInstanceId'])
  if (isApp && !/^[0-9a-f]{32}$/i.test(instance)) {
    return {
      refused: "An app stream needs integrations['Google Analytics 4'].appInstanceId, 32 hex digits from Firebase",
    }
  }
  const client = textOf(options['clientId']) || anonymousId || userId
  const ip = textOf(contextOf(outgoing)['ip'])
  const userProperties = userPropertiesOf(outgoing)
  const text = columnJson(
    {
      ...(isApp ? { app_instance_id: instance } : { client_id: client }),
      ...(userId === '' ? {} : { user_id: userId }),
      timestamp_micros: atMicros,
      ...(userProperties === undefined ? {} : { user_properties: userProperties }),
      ...(ip === '' ? {} : { ip_override: ip }),
      events: [{ name, params: paramsOf(outgoing, options) }],
    },
    isExact,
  )
  return { items: [{ lane: 'collect', text }] }
}

export const ga4: DestinationType = {
  type: 'ga4',
  title: 'Google Analytics 4',
  description: 'a web stream or a Firebase app stream, by the Measurement Protocol',
  integrationNames,
  settings: [
    {
      name: 'measurementId',
      description: 'of a web stream',
      isRequired: false,
      isSecret: false,
      example: 'G-AB12CD34EF',
    },
    {
      name: 'firebaseAppId',
      description: 'of an app stream, instead of measurementId',
      isRequired: false,
      isSecret: false,
      example: '1:1234567890:ios:abcdef0123456789',
    },
    {
      name: 'apiSecret',
      description: 'secret of the stream (Admin, Data streams, Measurement Protocol API secrets)',
      isRequired: true,
      isSecret: true,
      example: 'yZ3…',
    },
    {
      name: 'region',
      description: 'where Google takes the events',
      isRequired: false,
      isSecret: false,
      choices: ['global', 'eu'],
      default: 'global',
      example: 'eu',
    },
    {
      name: 'repeatUnanswered',
      description: 'send again what may have been taken already, and so count twice',
      isRequired: false,
      isSecret: false,
      choices: ['true', 'false'],
      default: 'false',
      example: 'true',
    },
    baseUrlSetting,
    ...commonSettings,
  ],
  limits: {
    // 25 events fit a request, but they must be of one person and one time.
    eventsPerRequestMax: 25,
    perLane: { collect: 1 },
    bytesPerRequestMax: bodyBytesMax,
    requestsMax: 16,
    ageHoursMax: 72,
    lastVerified: '2026-11-23',
    documentation: 'https://developers.google.com/analytics/devguides/collection/protocol/ga4',
  },
  forgetNote:
    'Its User Deletion API takes a Google account and not an API secret: delete the person in Analytics (User explorer)',
  repetition: 'at-least-once',
  repetitionNote:
    'After a crash up to one chunk of events may count twice: GA4 knows no repetitions but those of a transaction_id.',
  repeatsUnanswered: ({ repeatUnanswered }) => repeatUnanswered === 'true',
  check({ measurementId, firebaseAppId, baseUrl }) {
    if ((measurementId === undefined) === (firebaseAppId === undefined)) {
      return 'Set `measurementId` (web) or `firebaseAppId` (app), one of them'
    }
    if (measurementId !== undefined && !/^G-[A-Z0-9]{4,20}$/.test(measurementId))
      return '`measurementId` looks like G-AB12CD34EF'
    if (firebaseAppId !== undefined && !/^\d+:\d+:(?:ios|android|web):[0-9a-f]+$/.test(firebaseAppId)) {
      return '`firebaseAppId` looks like 1:1234567890:ios:abcdef0123456789'
    }
    return urlObjection('baseUrl', baseUrl)
  },
  shape,
  request(_lane, items, settings) {
    const { region = 'global', measurementId, firebaseAppId, apiSecret = '' } = settings
    const base = baseUrlOf(settings, hosts[region])
    // The colons of an app's id stay as they are.
    const stream =
      measurementId === undefined ? `firebase_app_id=${firebaseAppId ?? ''}` : `measurement_id=${measurementId}`
    return {
      url: `${base}/mp/collect?${stream}&api_secret=${encodeURIComponent(apiSecret)}`,
      headers: { 'content-type': 'application/json' },
      body: items[0] ?? '',
    }
  },
  judge: judgeStatus,
}
