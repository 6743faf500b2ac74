// What Google documents about the Measurement Protocol. It always answers 2xx; what breaks a rule is dropped in silence, and what comes
// twice counts twice. Numbers: vendor-limits.ts; developers.google.com/analytics/devguides/collection/protocol/ga4/sending-events.
import { type CountingVendor, keepNewest, startVendor, type VendorOptions } from './vendor-server.ts'
import { vendorLimits } from './vendor-limits.ts'

type Json = Record<string, unknown>

export interface FakeGa4 extends CountingVendor {
  /** As reports count them. */
  events(): Json[]
  /** Why requests were dropped; Google tells nobody. */
  readonly dropped: readonly string[]
}

const limits = vendorLimits.ga4
const valueLengths: Readonly<Record<string, number>> = { page_title: 300, page_referrer: 420, page_location: 1000 }

export async function startGa4(secret = 'stream-secret', options: VendorOptions = {}): Promise<FakeGa4> {
  const events: Json[] = []
  const dropped: string[] = []
  let isRevoked = false
  const { nowMs = Date.now, keepMax = Infinity } = options
  const server = await startVendor(({ path, query, body }) => {
    const stream = query.get('measurement_id') ?? query.get('firebase_app_id')
    if (path !== '/mp/collect') return { status: 404 }
    const content = JSON.parse(body) as Json
    const isKnown = !isRevoked && query.get('api_secret') === secret && stream !== null
    const objection = isKnown ? objectionTo(content, body, query.has('firebase_app_id'), nowMs()) : 'secret or stream'
    if (objection === undefined) events.push(...(content['events'] as Json[]).map((one) => ({ ...content, ...one })))
    else dropped.push(objection)
    keepNewest(events, keepMax)
    keepNewest(dropped, keepMax)
    return { status: 204 }
  }, options)
  return {
    ...server,
    events: () => events,
    taken: () => events.length,
    dropped,
    revoke() {
      isRevoked = true
    },
    restore() {
      isRevoked = false
    },
  }
}

function objectionTo(content: Json, body: string, isApp: boolean, nowMs: number): string | undefined {
  const { events, timestamp_micros: micros, user_properties: user = {} } = content
  if (Buffer.byteLength(body) > limits.bytesMax) return 'body'
  if (!Array.isArray(events) || events.length === 0 || events.length > limits.eventsMax) return 'events'
  if (isApp && !/^[0-9a-f]{32}$/i.test(String(content['app_instance_id']))) return 'app_instance_id'
  if (!isApp && (typeof content['client_id'] !== 'string' || content['client_id'] === '')) return 'client_id'
  if (!Number.isSafeInteger(micros) || nowMs * 1000 - Number(micros) > limits.backdateHoursMax * 3.6e9) return 'time'
  for (const [name, { value }] of Object.entries(user as Record<string, { value: unknown }>)) {
    if (!/^[A-Za-z]\w{0,23}$/.test(name) || String(value).length > 36) return `user property ${name}`
  }
  if (Object.keys(user as object).length > limits.userPropertiesMax) return 'user properties'
  for (const { name, params } of events as { name: string; params: Json }[]) {
    if (!/^[A-Za-z]\w{0,39}$/.test(name) || /^(?:ga_|google_|firebase_)/.test(name) || name === 'screen_view')
      return `name ${name}`
    if (Object.keys(params).length > limits.paramsMax) return 'params'
    for (const [key, value] of Object.entries(params)) {
      if (!/^[A-Za-z]\w{0,39}$/.test(key)) return `param ${key}`
      if (key === 'items' && Array.isArray(value)) continue
      if (typeof value !== 'number' && typeof value !== 'string') return `value of ${key}`
      if (typeof value === 'string' && value.length > (valueLengths[key] ?? 100)) return `length of ${key}`
    }
  }
  return undefined
}
