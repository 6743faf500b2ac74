// What Mixpanel documents about /import, /engage and /groups, enforced (numbers: vendor-limits.ts):
// developer.mixpanel.com/reference/import-events, /reference/profile-set, /docs/data-structure/advanced/event-deduplication.
import {
  type CountingVendor,
  keepNewest,
  startVendor,
  type VendorAnswer,
  type VendorOptions,
  type VendorRequest,
} from './vendor-server.ts'
import { vendorLimits } from './vendor-limits.ts'

const limits = vendorLimits.mixpanel

type Json = Record<string, unknown>

export interface FakeMixpanel extends CountingVendor {
  /** As reports count them: equal (event, distinct_id, time, $insert_id) once. */
  events(): Json[]
  readonly profiles: ReadonlyMap<string, Json>
  readonly groups: ReadonlyMap<string, Json>
  /** Ids that it was asked to delete. */
  readonly deletions: readonly string[]
}

/** Opens deletions, and nothing else. */
export const gdprToken = 'gdpr-token-of-an-owner'

export async function startMixpanel(token = 'project-token', options: VendorOptions = {}): Promise<FakeMixpanel> {
  const events = new Map<string, Json>()
  const profiles = new Map<string, Json>()
  const groups = new Map<string, Json>()
  const deletions: string[] = []
  let taken = 0
  let isRevoked = false
  const { nowMs = Date.now, keepMax = Infinity } = options

  function takeEvents(items: Json[], headers: VendorRequest['headers']): VendorAnswer {
    const credentials = Buffer.from((headers.authorization ?? '').replace('Basic ', ''), 'base64').toString()
    if (isRevoked || credentials !== `${token}:`)
      return { status: 401, body: { code: 401, error: 'Invalid credentials' } }
    if (items.length > limits.eventsMax) return { status: 413, body: { code: 413, error: 'Too many events' } }
    const failed = []
    for (const [index, item] of items.entries()) {
      const message = objectionTo(item, nowMs())
      const properties = (item['properties'] ?? {}) as Json
      if (message !== undefined) failed.push({ index, insert_id: properties['$insert_id'], ...message })
      else {
        const { distinct_id: id, time, $insert_id: insertId } = properties
        events.set(JSON.stringify([item['event'], id, time, insertId]), item)
      }
    }
    const imported = items.length - failed.length
    taken += imported
    if (failed.length === 0) return { status: 200, body: { code: 200, num_records_imported: imported, status: 'OK' } }
    const body = { code: 400, error: 'some data points in the request failed validation', failed_records: failed }
    return { status: 400, body: { ...body, num_records_imported: imported, status: 'Bad Request' } }
  }

  function takeProfiles(items: Json[], isGroup: boolean): VendorAnswer {
    const max = isGroup ? limits.groupsMax : limits.profilesMax
    const isWrong = items.some((item) => item['$token'] !== token)
    if (isWrong || items.length > max) return { status: 200, body: { status: 0, error: 'token, or too many' } }
    for (const item of items) {
      const key = isGroup ? `${String(item['$group_key'])}=${String(item['$group_id'])}` : String(item['$distinct_id'])
      const all = isGroup ? groups : profiles
      const kept = { ...all.get(key), ...(item['$set'] as Json | undefined) }
      for (const name of (item['$unset'] ?? []) as string[]) delete kept[name]
      all.set(key, kept)
    }
    return { status: 200, body: { status: 1, error: null } }
  }

  function takeDeletion({ query, headers, body }: VendorRequest): VendorAnswer {
    const { distinct_ids: ids, compliance_type: law } = JSON.parse(body) as Json
    if (isRevoked || headers.authorization !== `Bearer ${gdprToken}`)
      return { status: 401, body: { error: 'Invalid token' } }
    if (query.get('token') !== token || !Array.isArray(ids) || ids.length > limits.deletedIdsMax || law !== 'GDPR') {
      return { status: 400, body: { error: 'Bad request' } }
    }
    deletions.push(...(ids as string[]))
    return { status: 200, body: { status: 'ok', results: { task_id: '1583958653' } } }
  }

  const server = await startVendor((request) => {
    for (const all of [events, profiles, groups]) keepNewest(all, keepMax)
    if (request.body.length > limits.bytesMax) return { status: 413, body: { error: 'Request too large' } }
    if (request.path === '/api/app/data-deletions/v3.0/') return takeDeletion(request)
    const items = JSON.parse(request.body) as Json[]
    if (request.path === '/import') return takeEvents(items, request.headers)
    if (request.path === '/engage') return takeProfiles(items, false)
    return request.path === '/groups' ? takeProfiles(items, true) : { status: 404 }
  }, options)
  return {
    ...server,
    events: () => [...events.values()],
    taken: () => taken,
    profiles,
    groups,
    deletions,
    revoke() {
      isRevoked = true
    },
    restore() {
      isRevoked = false
    },
  }
}

function objectionTo(item: Json, nowMs: number): { field: string; message: string } | undefined {
  const properties = item['properties'] as Json | undefined
  if (typeof item['event'] !== 'string' || item['event'] === '') return { field: 'event', message: 'is missing' }
  if (properties === undefined) return { field: 'properties', message: 'is missing' }
  const { time, distinct_id: id, $insert_id: insertId } = properties
  if (typeof time !== 'number' || time < Date.UTC(1971, 0, 1) || time > nowMs + 3_600_000) {
    return {
      field: 'properties.time',
      message: "'properties.time' is invalid: must be specified as seconds since epoch",
    }
  }
  if (typeof id !== 'string') return { field: 'properties.distinct_id', message: 'is missing' }
  if (/^(?:anon|anonymous|nil|none|null|n\/a|undefined|00000000-0000-0000-0000-000000000000)$/i.test(id)) {
    return { field: 'properties.distinct_id', message: `'${id}' is not allowed` }
  }
  if (typeof insertId !== 'string' || !/^[A-Za-z0-9-]{1,36}$/.test(insertId)) {
    return { field: 'properties.$insert_id', message: "'properties.$insert_id' is invalid" }
  }
  if (Object.keys(properties).length > limits.propertiesMax)
    return { field: 'properties', message: 'has too many keys' }
  if (JSON.stringify(item).length > limits.eventBytesMax) return { field: '', message: 'is too large' }
  return undefined
}
