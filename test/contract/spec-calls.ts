// One event for each call of Segment's spec, from a browser and from an app, and the variants of destinations that it goes to: the golden
// payloads beside golden.test.ts, and of those the page docs/destinations/calls.md (written by
// `node test/contract/spec-calls.ts > docs/destinations/calls.md`).
import { readFileSync } from 'node:fs'
import { join } from 'node:path'

import type { DestinationSettings, OutgoingEvent, Shaped } from '../../src/deliver/destinations/destination.ts'
import { destinationTypeOf } from '../../src/deliver/destinations/registry.ts'
import { checkSettings } from '../../src/deliver/destinations/settings.ts'
import { publishedExamples } from './published-examples.ts'

/** A type with the settings of one kind of stream. */
export interface Variant {
  /** Of its golden file. */
  readonly name: string
  readonly title: string
  readonly type: string
  readonly settings: DestinationSettings
  /** What sends its events. */
  readonly sender: 'browser' | 'app'
}

const appInstanceId = '0123456789abcdef0123456789abcdef'

export const variants: readonly Variant[] = [
  {
    name: 'mixpanel',
    title: '[mixpanel](mixpanel.md)',
    type: 'mixpanel',
    settings: { projectToken: 'project-token', groupKey: 'company' },
    sender: 'browser',
  },
  {
    name: 'ga4',
    title: '[ga4](ga4.md), web',
    type: 'ga4',
    settings: { measurementId: 'G-AB12CD34EF', apiSecret: 'stream-secret' },
    sender: 'browser',
  },
  {
    name: 'ga4-app',
    title: 'ga4, app',
    type: 'ga4',
    settings: { firebaseAppId: '1:1234567890:ios:abcdef0123456789', apiSecret: 'stream-secret' },
    sender: 'app',
  },
  {
    name: 'meta',
    title: '[meta](meta.md), web',
    type: 'meta',
    settings: { pixelId: '1234567890', accessToken: 'meta-token' },
    sender: 'browser',
  },
  {
    name: 'meta-app',
    title: 'meta, app',
    type: 'meta',
    settings: { pixelId: '1234567890', accessToken: 'meta-token' },
    sender: 'app',
  },
  {
    name: 'webhook',
    title: '[webhook](webhook.md)',
    type: 'webhook',
    settings: { url: 'https://example.com/events', mode: 'single' },
    sender: 'browser',
  },
  {
    name: 'object-storage',
    title: '[object-storage](object-storage.md)',
    type: 'object-storage',
    settings: { bucket: 'acme-events', accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'key-of-the-bucket' },
    sender: 'browser',
  },
]

const product = {
  product_id: 'p-1',
  sku: 'S-1',
  name: 'Kettle',
  brand: 'Steam',
  category: 'Kitchen',
  variant: 'green',
  price: 32.5,
  quantity: 2,
  position: 1,
}
const order = {
  order_id: 'o-1',
  total: 65,
  shipping: 5,
  tax: 3,
  currency: 'TWD',
  coupon: 'MAY',
  products: [product],
}
const coupon = { order_id: 'o-1', cart_id: 'c-1', coupon_id: 'k-1', coupon_name: 'MAY' }
const page = { url: 'https://shop.example.com/kettles', title: 'Kettles', referrer: 'https://www.example.org/' }
const traits = { email: 'ana@example.com', plan: 'pro' }

const contexts = {
  browser: {
    ip: '203.0.113.7',
    userAgent: 'Mozilla/5.0 (X11; Linux x86_64)',
    locale: 'zh-TW',
    page,
    campaign: { source: 'news', medium: 'mail' },
    traits,
  },
  app: {
    ip: '203.0.113.7',
    locale: 'zh-TW',
    timezone: 'Asia/Taipei',
    app: { name: 'Kettles', version: '1.2', build: '34', namespace: 'com.example.kettles' },
    device: { type: 'ios', manufacturer: 'Apple', model: 'iPhone17,1', adTrackingEnabled: true },
    os: { name: 'iOS', version: '18.1' },
    network: { carrier: 'Taiwan Mobile' },
    screen: { width: 393, height: 852, density: 3 },
    traits,
  },
}

const tracks: Readonly<Record<string, object>> = {
  'Products Searched': { query: 'kettle' },
  'Product List Viewed': { list_id: 'l-1', category: 'Kitchen', products: [product] },
  'Product List Filtered': { list_id: 'l-1', filters: [{ type: 'colour', value: 'green' }], products: [product] },
  'Promotion Viewed': { promotion_id: 'x-1', creative: 'top', name: 'May', position: 'home' },
  'Promotion Clicked': { promotion_id: 'x-1', creative: 'top', name: 'May', position: 'home' },
  'Product Clicked': product,
  'Product Viewed': { ...product, currency: 'TWD', value: 65 },
  'Product Added': { ...product, cart_id: 'c-1' },
  'Product Removed': { ...product, cart_id: 'c-1' },
  'Cart Viewed': { cart_id: 'c-1', products: [product] },
  'Checkout Started': order,
  'Checkout Step Viewed': { checkout_id: 'k-1', step: 2, shipping_method: 'post', payment_method: 'card' },
  'Checkout Step Completed': { checkout_id: 'k-1', step: 2, shipping_method: 'post', payment_method: 'card' },
  'Payment Info Entered': { checkout_id: 'k-1', order_id: 'o-1', payment_method: 'card' },
  'Order Completed': order,
  'Order Updated': order,
  'Order Refunded': order,
  'Order Cancelled': order,
  'Coupon Entered': coupon,
  'Coupon Applied': { ...coupon, discount: 6.5 },
  'Coupon Denied': { ...coupon, reason: 'too late' },
  'Coupon Removed': { ...coupon, discount: 6.5 },
  'Product Added to Wishlist': { ...product, wishlist_id: 'w-1' },
  'Product Removed from Wishlist': { ...product, wishlist_id: 'w-1' },
  'Wishlist Product Added to Cart': { ...product, wishlist_id: 'w-1', cart_id: 'c-1' },
  'Product Shared': { ...product, share_via: 'mail', share_message: 'Look' },
  'Cart Shared': { cart_id: 'c-1', share_via: 'mail', products: [product] },
  'Product Reviewed': { product_id: 'p-1', review_id: 'r-1', review_body: 'Hot', rating: '5' },
  'Signed Up': { method: 'mail' },
  'Signed In': { method: 'mail' },
  'Trial Started': { plan: 'pro', value: 0, currency: 'TWD' },
  'Subscription Started': { plan: 'pro', value: 120, currency: 'TWD' },
  'Kettle Boiled': { minutes: 3, hot: true },
}

/** When they were sent, by the clock of the golden payloads. */
export const specCallsAtMs = Date.UTC(2026, 4, 3, 8, 15, 30)

/** By what a reader calls it. */
export function specCalls(sender: Variant['sender']): ReadonlyMap<string, OutgoingEvent> {
  const integrations =
    sender === 'app' ? { 'Google Analytics 4': { appInstanceId, sessionId: 1_777_796_000 } } : undefined
  function callOf(type: OutgoingEvent['type'], name: string, body: object): OutgoingEvent {
    const atMicros = specCallsAtMs * 1000
    const messageId = '7c9e6679-7425-40de-944b-e07fc1f90ae7'
    const ids = { messageId, userId: 'u-1', anonymousId: 'a-1' }
    const event = { type, ...ids, context: contexts[sender], ...(integrations && { integrations }), ...body }
    return { ...ids, source: 'shop', type, name, atMicros, receivedAtMicros: atMicros + 250_000, event, isExact: false }
  }
  return new Map([
    ['identify', callOf('identify', '', { traits: { ...traits, firstName: 'Ana', phone: null } })],
    ['page', callOf('page', 'Kettles', { name: 'Kettles', properties: page })],
    ['screen', callOf('screen', 'Home', { name: 'Home', properties: {} })],
    ['group', callOf('group', '', { groupId: 'acme', traits: { name: 'Acme', seats: 3 } })],
    ['alias', callOf('alias', '', { previousId: 'a-1' })],
    ...Object.entries(tracks).map(
      ([name, properties]) => [`track ${name}`, callOf('track', name, { event: name, properties })] as const,
    ),
  ])
}

/** Of one call, as it goes out. */
export function shapedFor({ type, settings }: Variant, event: OutgoingEvent): Shaped {
  const definition = destinationTypeOf(type)
  return definition.shape(event, checkSettings(definition, settings))
}

interface GoldenItem {
  readonly lane: string
  readonly payload: {
    readonly event?: string
    readonly event_name?: string
    readonly type?: string
    readonly events?: readonly { readonly name: string }[]
  }
}

/** A golden file: what became of each call. */
export interface Golden {
  /** The vendor's own examples, with which the same mapping is compared: published-examples.ts. */
  readonly comparedWith: readonly string[]
  readonly calls: Readonly<
    Record<string, readonly GoldenItem[] | { readonly skipped?: string; readonly refused?: string }>
  >
}

export function goldenOf(variant: Variant): Golden {
  const calls = [...specCalls(variant.sender)].map(([call, event]) => {
    const shaped = shapedFor(variant, event)
    if (!('items' in shaped)) return [call, shaped] as const
    const items = shaped.items.map(({ lane, text }) => ({ lane, payload: JSON.parse(text) as GoldenItem['payload'] }))
    return [call, items] as const
  })
  const comparedWith = publishedExamples.filter((one) => one.variant === variant.name).map(({ address }) => address)
  return { comparedWith: [...new Set(comparedWith)], calls: Object.fromEntries(calls) }
}

function kept({ name }: Variant): Golden {
  return JSON.parse(readFileSync(join(import.meta.dirname, 'golden', `${name}.json`), 'utf8')) as Golden
}

/** In a word: what its service will call it. */
function word(became: Golden['calls'][string] | undefined): string {
  if (became === undefined) return 'missing'
  if (!Array.isArray(became)) return 'skipped' in became ? 'skipped' : 'refused'
  const words = (became as readonly GoldenItem[]).map(({ lane, payload }) => {
    const name = payload.events?.[0]?.name ?? payload.event_name ?? payload.event ?? payload.type
    return name === undefined ? `/${lane}` : `\`${name}\``
  })
  return [...new Set(words)].join(', ')
}

/** Made of the golden files alone. */
export function callsPage(): string {
  const goldens = variants.map((variant) => ({ variant, golden: kept(variant) }))
  const lines = [...specCalls('browser').keys()].map(
    (call) => `| ${call} | ${goldens.map(({ golden }) => word(golden.calls[call])).join(' | ')} |`,
  )
  const reasons = goldens.flatMap(({ variant, golden }) =>
    Object.entries(golden.calls).flatMap(([call, became]) => {
      const reason = 'refused' in became ? became.refused : 'skipped' in became ? became.skipped : undefined
      return reason === undefined ? [] : [`| ${call} | ${variant.title} | ${reason} |`]
    }),
  )
  const examples = publishedExamples.map(
    ({ variant, what, address, differences }) =>
      `| ${variant} | [${what}](${address}) | ${differences.length === 0 ? 'none' : differences.join('; ')} |`,
  )
  return [
    '# Calls of the spec, and what becomes of them',
    '',
    "Each call of Segment's spec, with all events of its e-commerce part, and by which name it arrives at each destination. The whole",
    'payloads stand in `test/contract/golden/`, one file for each column. This page is made of those files by',
    '`node test/contract/spec-calls.ts`; tests compare the page with the files, and the files with the code.',
    '',
    `| call | ${variants.map(({ title }) => title).join(' | ')} |`,
    `|---|${variants.map(() => '---|').join('')}`,
    ...lines,
    '',
    'Other track events keep their names; GA4 wants Latin letters and `_`, 40 at most. `skipped`: the destination has no use for the call;',
    '`refused`: it would not be taken. The ledger says the same words:',
    '',
    '| call | destination | why |',
    '|---|---|---|',
    ...reasons,
    '',
    '## Examples that the vendors publish',
    '',
    'An example of a payload from the vendor, and the call of the spec that becomes it. A test compares the two.',
    '',
    '| destination | example | where ours differs |',
    '|---|---|---|',
    ...examples,
    '',
  ].join('\n')
}

if (process.argv[1] === import.meta.filename) process.stdout.write(callsPage())
