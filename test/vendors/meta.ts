// What Meta documents about the Conversions API: one event that breaks a rule, and the whole request is refused; equal names and ids
// count once. Numbers: vendor-limits.ts; developers.facebook.com/docs/marketing-api/conversions-api/using-the-api.
import { type CountingVendor, keepNewest, startVendor, type VendorAnswer, type VendorOptions } from './vendor-server.ts'
import { vendorLimits } from './vendor-limits.ts'

type Json = Record<string, unknown>

export interface FakeMeta extends CountingVendor {
  /** As Events Manager counts them. */
  events(): Json[]
}

const limits = vendorLimits.meta
const hashedFields = ['em', 'ph', 'fn', 'ln', 'ge', 'db', 'ct', 'st', 'zp', 'country']

export async function startMeta(token = 'meta-token', options: VendorOptions = {}): Promise<FakeMeta> {
  const events = new Map<string, Json>()
  let taken = 0
  let isRevoked = false
  const { nowMs = Date.now, keepMax = Infinity } = options
  const server = await startVendor(({ path, headers, query, body }) => {
    if (!/^\/v\d+\.0\/\d+\/events$/.test(path)) return refusal(404, 803, 'Unknown path')
    if (query.has('access_token') || isRevoked || headers.authorization !== `Bearer ${token}`) {
      return refusal(400, 190, 'Invalid OAuth access token')
    }
    const { data } = JSON.parse(body) as { data: Json[] }
    if (data.length > limits.eventsMax) return refusal(400, 100, 'Too many events')
    for (const [index, event] of data.entries()) {
      const objection = objectionTo(event, nowMs())
      if (objection !== undefined) return refusal(400, 100, `Invalid parameter: data[${index}] ${objection}`)
    }
    for (const event of data) events.set(JSON.stringify([event['event_name'], event['event_id']]), event)
    taken += data.length
    keepNewest(events, keepMax)
    return { status: 200, body: { events_received: data.length, messages: [], fbtrace_id: 'A1' } }
  }, options)
  return {
    ...server,
    events: () => [...events.values()],
    taken: () => taken,
    revoke() {
      isRevoked = true
    },
    restore() {
      isRevoked = false
    },
  }
}

function refusal(status: number, code: number, message: string): VendorAnswer {
  return { status, body: { error: { message, type: 'OAuthException', code, is_transient: false, fbtrace_id: 'A2' } } }
}

function objectionTo(event: Json, nowMs: number): string | undefined {
  const { event_name: name, event_time: time, action_source: source, user_data: user, custom_data: custom = {} } = event
  if (typeof name !== 'string' || name === '') return 'event_name'
  const seconds = nowMs / 1000
  if (!Number.isInteger(time) || Number(time) > seconds + 60 || Number(time) < seconds - limits.ageDaysMax * 86_400) {
    return 'event_time: Your event happened too long ago'
  }
  if (typeof user !== 'object' || user === null || Object.keys(user).length === 0) return 'user_data'
  for (const field of hashedFields) {
    const values = [(user as Json)[field]].flat().filter((one) => one !== undefined)
    if (values.some((one) => !/^[0-9a-f]{64}$/.test(JSON.stringify(one).slice(1, -1))))
      return `user_data.${field}: not hashed`
  }
  if (
    source === 'website' &&
    ((user as Json)['client_user_agent'] === undefined || event['event_source_url'] === undefined)
  ) {
    return 'client_user_agent and event_source_url'
  }
  if (source === 'app') {
    const { extinfo, advertiser_tracking_enabled: mayTrack } = (event['app_data'] ?? {}) as Json
    if (!Array.isArray(extinfo) || extinfo.length !== 16 || (mayTrack !== 0 && mayTrack !== 1)) return 'app_data'
  }
  const { value, currency } = custom as Json
  if (name === 'Purchase' && (typeof value !== 'number' || !/^[A-Z]{3}$/.test(String(currency)))) return 'custom_data'
  return undefined
}
