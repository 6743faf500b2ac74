// One event for each call of Segment's spec, and what each destination makes of it: the page docs/destinations/calls.md (written by
// `node test/contract/spec-calls.ts > docs/destinations/calls.md`) and the golden payloads beside golden.test.ts.
import type {
  DestinationSettings,
  DestinationType,
  OutgoingEvent,
  Shaped,
} from '../../src/deliver/destinations/destination.ts'
import { destinationTypes } from '../../src/deliver/destinations/registry.ts'
import { checkSettings } from '../../src/deliver/destinations/settings.ts'

const settings: Readonly<Record<string, DestinationSettings>> = {
  mixpanel: { projectToken: 'project-token', groupKey: 'company' },
  ga4: { measurementId: 'G-AB12CD34EF', apiSecret: 'stream-secret' },
  meta: { pixelId: '1234567890', accessToken: 'meta-token' },
  webhook: { url: 'https://example.com/events', mode: 'single' },
}

const product = {
  product_id: 'p-1',
  sku: 'S-1',
  name: 'Kettle',
  brand: 'Steam',
  category: 'Kitchen',
  price: 32.5,
  quantity: 2,
}
const order = { order_id: 'o-1', total: 65, currency: 'TWD', coupon: 'MAY', products: [product] }
const context = {
  ip: '203.0.113.7',
  userAgent: 'Mozilla/5.0 (X11; Linux x86_64)',
  locale: 'zh-TW',
  page: { url: 'https://shop.example.com/kettles', title: 'Kettles', referrer: 'https://www.example.org/' },
  campaign: { source: 'news', medium: 'mail' },
  traits: { email: 'ana@example.com', plan: 'pro' },
}

const tracks: Readonly<Record<string, object>> = {
  'Products Searched': { query: 'kettle' },
  'Product List Viewed': { list_id: 'l-1', category: 'Kitchen', products: [product] },
  'Product Clicked': product,
  'Product Viewed': product,
  'Product Added': product,
  'Product Removed': product,
  'Product Added to Wishlist': product,
  'Cart Viewed': { cart_id: 'c-1', products: [product] },
  'Checkout Started': order,
  'Payment Info Entered': { checkout_id: 'k-1', order_id: 'o-1' },
  'Order Completed': order,
  'Order Refunded': order,
  'Promotion Viewed': { promotion_id: 'x-1', name: 'May' },
  'Promotion Clicked': { promotion_id: 'x-1', name: 'May' },
  'Signed Up': { method: 'mail' },
  'Signed In': { method: 'mail' },
  'Trial Started': { plan: 'pro', value: 0, currency: 'TWD' },
  'Kettle Boiled': { minutes: 3, hot: true },
}

function callOf(type: OutgoingEvent['type'], name: string, body: object): OutgoingEvent {
  const atMicros = Date.UTC(2026, 4, 3, 8, 15, 30) * 1000
  const messageId = '7c9e6679-7425-40de-944b-e07fc1f90ae7'
  const event = { type, messageId, userId: 'u-1', anonymousId: 'a-1', context, ...body }
  const known = {
    source: 'shop',
    messageId,
    userId: 'u-1',
    anonymousId: 'a-1',
    atMicros,
    receivedAtMicros: atMicros + 250_000,
  }
  return { ...known, type, name, event, isExact: false }
}

/** By what a reader calls it. */
export const specCalls: ReadonlyMap<string, OutgoingEvent> = new Map([
  [
    'identify',
    callOf('identify', '', { traits: { email: 'ana@example.com', firstName: 'Ana', plan: 'pro', phone: null } }),
  ],
  ['page', callOf('page', 'Kettles', { name: 'Kettles', properties: context.page })],
  ['screen', callOf('screen', 'Home', { name: 'Home', properties: {} })],
  ['group', callOf('group', '', { groupId: 'acme', traits: { name: 'Acme', seats: 3 } })],
  ['alias', callOf('alias', '', { previousId: 'a-1' })],
  ...Object.entries(tracks).map(
    ([name, properties]) => [`track ${name}`, callOf('track', name, { event: name, properties })] as const,
  ),
])

/** Of one call, as it goes out. */
export function shapedFor(type: DestinationType, event: OutgoingEvent): Shaped {
  return type.shape(event, checkSettings(type, settings[type.type] ?? {}))
}

/** In a word: what its service will call it. */
function word(shaped: Shaped): string {
  if ('skipped' in shaped) return 'skipped'
  if ('refused' in shaped) return 'refused'
  const words = shaped.items.map(({ lane, text }) => {
    const item = JSON.parse(text) as { event?: string; event_name?: string; type?: string; events?: { name: string }[] }
    const name = item.events?.[0]?.name ?? item.event_name ?? item.event ?? item.type
    return name === undefined ? `/${lane}` : `\`${name}\``
  })
  return [...new Set(words)].join(', ')
}

export function callsPage(): string {
  const heads = destinationTypes.map(({ type }) => `[${type}](${type}.md)`)
  const lines = [...specCalls].map(([name, event]) => {
    const cells = destinationTypes.map((type) => word(shapedFor(type, event)))
    return `| ${name} | ${cells.join(' | ')} |`
  })
  return [
    '# Calls of the spec, and what becomes of them',
    '',
    "Each call of Segment's spec, and by which name it arrives at each destination. The whole payloads stand in",
    '`test/contract/golden/`. This page is written by `node test/contract/spec-calls.ts`, and a test compares it with the code.',
    '',
    `| call | ${heads.join(' | ')} |`,
    `|---|${heads.map(() => '---|').join('')}`,
    ...lines,
    '',
    'Other track events keep their names; GA4 wants Latin letters and `_`, 40 at most. `skipped`: the service has no such call.',
    '',
  ].join('\n')
}

if (process.argv[1] === import.meta.filename) process.stdout.write(callsPage())
