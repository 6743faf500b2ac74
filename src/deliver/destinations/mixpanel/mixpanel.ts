// Mixpanel: events by /import (which knows repetitions), people by /engage, groups by /groups. For projects with Simplified ID Merge,
// where an event that has both $device_id and $user_id joins the two.
import type { IncomingAnswer } from '../../../outgoing/http.ts'
import { createHash } from 'node:crypto'
import { gzipSync } from 'node:zlib'

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
import { contextOf, jsonOf, objectOf } from '../read.ts'

/** Mixpanel refuses these as ids of people; many apps send them. */
const nobodies = new Set(
  'anon anonymous nil none null n/a na undefined unknown true false 0 -1 [] {} 00000000-0000-0000-0000-000000000000 lmy47d'.split(
    ' ',
  ),
)
const propertiesMax = 255
const hosts: Readonly<Record<string, string>> = {
  us: 'https://api.mixpanel.com',
  eu: 'https://api-eu.mixpanel.com',
  in: 'https://api-in.mixpanel.com',
}

/** docs.mixpanel.com/reference/gdpr-api, verified 2026-11-24: up to 2,000 ids and one request a second; 200 and a task id. */
const deletionHosts: Readonly<Record<string, string>> = {
  us: 'https://mixpanel.com',
  eu: 'https://eu.mixpanel.com',
  in: 'https://in.mixpanel.com',
}

/** Traits that Mixpanel has a field of its own for. */
const profileFields: Readonly<Record<string, string>> = {
  email: '$email',
  name: '$name',
  firstName: '$first_name',
  first_name: '$first_name',
  lastName: '$last_name',
  last_name: '$last_name',
  phone: '$phone',
  avatar: '$avatar',
  createdAt: '$created',
  created_at: '$created',
}

const contextFields: readonly (readonly [path: readonly [string] | readonly [string, string], property: string])[] = [
  [['page', 'url'], '$current_url'],
  [['page', 'referrer'], '$referrer'],
  [['page', 'title'], 'page_title'],
  [['os', 'name'], '$os'],
  [['os', 'version'], '$os_version'],
  [['device', 'manufacturer'], '$manufacturer'],
  [['device', 'model'], '$model'],
  [['device', 'type'], 'device_type'],
  [['app', 'version'], '$app_version_string'],
  [['app', 'build'], '$app_build_number'],
  [['network', 'carrier'], '$carrier'],
  [['locale'], 'locale'],
  [['campaign', 'source'], 'utm_source'],
  [['campaign', 'medium'], 'utm_medium'],
  [['campaign', 'name'], 'utm_campaign'],
  [['campaign', 'term'], 'utm_term'],
  [['campaign', 'content'], 'utm_content'],
]

function somebody(id: string): string {
  return nobodies.has(id.toLowerCase()) ? '' : id
}

/** At most 36 letters, digits and dashes: ids of SDKs are longer. Never changes for an id. */
export function insertIdOf(messageId: string): string {
  if (/^[A-Za-z0-9-]{1,36}$/.test(messageId)) return messageId
  return createHash('sha256').update(messageId).digest('hex').slice(0, 32)
}

function fromContext(context: Json): Record<string, unknown> {
  const found: Record<string, unknown> = {}
  for (const [[first, second], property] of contextFields) {
    const value = second === undefined ? context[first] : objectOf(context[first])[second]
    if (typeof value === 'string' && value !== '') found[property] = value
  }
  return found
}

function nameOf({ type, name }: OutgoingEvent): string {
  if (type === 'track') return name
  if (name !== '') return `Viewed ${name}`
  return type === 'page' ? 'Loaded a Page' : 'Loaded a Screen'
}

function shapeEvent(outgoing: OutgoingEvent, { groupKey = '' }: DestinationSettings): Shaped {
  const { event, isExact } = outgoing
  const context = contextOf(outgoing)
  const userId = somebody(outgoing.userId)
  const deviceId = somebody(outgoing.anonymousId)
  const groupId = context['groupId']
  const properties: Record<string, unknown> = {
    ...fromContext(context),
    ...objectOf(event['properties']),
    ...(typeof groupId === 'string' && groupKey !== '' ? { [groupKey]: groupId } : {}),
    // Events from servers would all lie where the server stands.
    ip: typeof context['ip'] === 'string' ? context['ip'] : '0',
    mp_lib: 'Millpond',
    ...(deviceId === '' ? {} : { $device_id: deviceId }),
    ...(userId === '' ? {} : { $user_id: userId }),
    // Part of what makes a repetition one: these never change between tries.
    distinct_id: userId === '' ? (deviceId === '' ? '' : `$device:${deviceId}`) : userId,
    time: Math.floor(outgoing.atMicros / 1000),
    $insert_id: insertIdOf(outgoing.messageId),
  }
  const count = Object.keys(properties).length
  if (count > propertiesMax) return { refused: `It has ${count} properties; Mixpanel takes ${propertiesMax}` }
  return { items: [{ lane: 'import', text: columnJson({ event: nameOf(outgoing), properties }, isExact) }] }
}

function shapeIdentify({ event, userId, isExact }: OutgoingEvent, { projectToken = '' }: DestinationSettings): Shaped {
  const id = somebody(userId)
  if (id === '') return { skipped: 'An identify without a userId says nothing about a person of Mixpanel' }
  const $set: Record<string, unknown> = {}
  const $unset: string[] = []
  for (const [trait, value] of Object.entries(objectOf(event['traits']))) {
    const field = profileFields[trait] ?? trait
    if (value === null) $unset.push(field)
    else $set[field] = value
  }
  const ip = objectOf(event['context'])['ip']
  const who = { $token: projectToken, $distinct_id: id, $ip: typeof ip === 'string' ? ip : '0' }
  const items = []
  if (Object.keys($set).length > 0) items.push({ lane: 'engage', text: columnJson({ ...who, $set }, isExact) })
  if ($unset.length > 0) items.push({ lane: 'engage', text: columnJson({ ...who, $unset }, isExact) })
  return items.length === 0 ? { skipped: 'It has no traits' } : { items }
}

function shapeGroup(
  { event, isExact }: OutgoingEvent,
  { projectToken = '', groupKey = '' }: DestinationSettings,
): Shaped {
  const groupId = event['groupId']
  if (groupKey === '') return { skipped: 'No `groupKey` is set: groups are an extra of Mixpanel' }
  if (typeof groupId !== 'string' && typeof groupId !== 'number') return { refused: 'A group call without groupId' }
  const $set: Record<string, unknown> = {}
  for (const [trait, value] of Object.entries(objectOf(event['traits']))) {
    if (value !== null) $set[trait === 'name' ? '$name' : trait] = value
  }
  const text = columnJson({ $token: projectToken, $group_key: groupKey, $group_id: String(groupId), $set }, isExact)
  return { items: [{ lane: 'groups', text }] }
}

function authorization({ serviceAccount, serviceSecret, projectToken }: DestinationSettings): string {
  const pair = serviceAccount === undefined ? `${projectToken ?? ''}:` : `${serviceAccount}:${serviceSecret ?? ''}`
  return `Basic ${Buffer.from(pair).toString('base64')}`
}

/** 400 with a list: the others were taken, and must not be sent again. */
function judgeImport(answer: IncomingAnswer): Outcome {
  const { failed_records: failed } = jsonOf(answer.body)
  if (answer.status !== 400 || !Array.isArray(failed) || failed.length === 0) return judgeStatus(answer)
  const rejected = (failed as unknown[]).map(objectOf).map(({ index, field, message }) => {
    const reason = `${typeof field === 'string' ? `${field}: ` : ''}${typeof message === 'string' ? message : 'refused'}`
    return { index: Number(index), reason }
  })
  return { kind: 'taken', rejected }
}

/** With `verbose=1` these answer 200 and `status: 0` when they take nothing. */
function judgeProfiles(answer: IncomingAnswer): Outcome {
  const { status, error } = jsonOf(answer.body)
  if (answer.status === 200 && status === 0) {
    return { kind: 'refused', reason: typeof error === 'string' ? error : 'Mixpanel took nothing of it' }
  }
  return judgeStatus(answer)
}

export const mixpanel: DestinationType = {
  type: 'mixpanel',
  title: 'Mixpanel',
  description: 'events, people and groups of a Mixpanel project',
  integrationNames: ['Mixpanel'],
  settings: [
    {
      name: 'projectToken',
      description: 'token of the project (Settings, Project details)',
      isRequired: true,
      isSecret: true,
      example: 'f3a1…',
    },
    {
      name: 'projectId',
      description: 'number of the project; needed with a service account',
      isRequired: false,
      isSecret: false,
      example: '2195193',
    },
    {
      name: 'serviceAccount',
      description: 'name of a service account; without one the token opens /import',
      isRequired: false,
      isSecret: false,
      example: 'millpond.1a2b3c.mp-service-account',
    },
    {
      name: 'serviceSecret',
      description: 'its secret',
      isRequired: false,
      isSecret: true,
      example: 'x9…',
    },
    {
      name: 'region',
      description: 'where the project keeps its data',
      isRequired: false,
      isSecret: false,
      choices: ['us', 'eu', 'in'],
      default: 'us',
      example: 'eu',
    },
    {
      name: 'gdprToken',
      description: 'OAuth token for deletions (Profile & Preferences, Data & Privacy); it is valid for a year',
      isRequired: false,
      isSecret: true,
      example: 'vZc…',
    },
    {
      name: 'groupKey',
      description: 'group key of the project that a group call is about',
      isRequired: false,
      isSecret: false,
      example: 'company',
    },
    baseUrlSetting,
    ...commonSettings,
  ],
  limits: {
    eventsPerRequestMax: 2000,
    perLane: { groups: 200 },
    bytesPerRequestMax: 2 * 1024 * 1024,
    requestsMax: 4,
    lastVerified: '2026-11-23',
    documentation: 'https://developer.mixpanel.com/reference/import-events',
  },
  repetition: 'by-id',
  repetitionNote:
    'Events: none; Mixpanel counts equal (event, distinct_id, time, $insert_id) once, and all four are the same on every try. ' +
    'People and groups are set, not added to.',
  check({ serviceAccount, serviceSecret, projectId, baseUrl }) {
    if ((serviceAccount === undefined) !== (serviceSecret === undefined)) {
      return '`serviceAccount` and `serviceSecret` go together'
    }
    if (serviceAccount !== undefined && projectId === undefined) return 'A service account needs `projectId`'
    return urlObjection('baseUrl', baseUrl)
  },
  forget({ userId, anonymousId }, settings) {
    const { gdprToken, projectToken = '', region = 'us' } = settings
    if (gdprToken === undefined) return { notAsked: true }
    const ids = [userId, anonymousId === undefined ? undefined : `$device:${anonymousId}`]
    const body = { distinct_ids: ids.filter((id) => id !== undefined), compliance_type: 'GDPR' }
    return {
      url: `${baseUrlOf(settings, deletionHosts[region])}/api/app/data-deletions/v3.0/?token=${encodeURIComponent(projectToken)}`,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${gdprToken}` },
      body: JSON.stringify(body),
    }
  },
  forgetNote: 'It is asked with the setting gdprToken; without it delete the person in Mixpanel (Data & Privacy)',
  shape(event, settings) {
    if (event.type === 'identify') return shapeIdentify(event, settings)
    if (event.type === 'group') return shapeGroup(event, settings)
    if (event.type === 'alias') return { skipped: 'Simplified ID Merge has no alias' }
    return shapeEvent(event, settings)
  },
  request(lane, items, settings) {
    const { region = 'us', projectId } = settings
    const base = baseUrlOf(settings, hosts[region])
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' }
    const body = gzipSync(`[${items.join(',')}]`, { level: 1 })
    if (lane !== 'import') return { url: `${base}/${lane}?verbose=1`, headers, body }
    const project = projectId === undefined ? '' : `&project_id=${encodeURIComponent(projectId)}`
    return {
      url: `${base}/import?strict=1${project}`,
      headers: { ...headers, authorization: authorization(settings) },
      body,
    }
  },
  judge: (answer, _items, lane) => (lane === 'import' ? judgeImport(answer) : judgeProfiles(answer)),
}
