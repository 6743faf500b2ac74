import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { outgoingEvent, testDestination } from '../../../../test/contract/destination.ts'
import { startMixpanel } from '../../../../test/vendors/mixpanel.ts'
import type { OutgoingEvent } from '../destination.ts'
import { checkSettings } from '../settings.ts'
import { insertIdOf, mixpanel } from './mixpanel.ts'

const settingsOf = (url: string) => ({
  projectToken: 'project-token',
  groupKey: 'company',
  baseUrl: url,
  allowPrivateNetwork: 'true',
})

const start = testDestination({ type: mixpanel, startVendor: startMixpanel, settingsOf })

const at = {
  atMicros: Date.UTC(2026, 10, 22, 9, 30) * 1000,
  messageId: 'ajs-next-1700000000000-7c9e6679-7425-40de-944b-e07fc1f90ae7',
}
const context = {
  ip: '203.0.113.7',
  page: { url: 'https://shop.example/', title: 'Shop', referrer: '' },
  os: { name: 'iOS' },
}

function textsOf(over: Parameters<typeof outgoingEvent>[0]): unknown {
  const settings = checkSettings(mixpanel, settingsOf('https://example.com'))
  const shaped = mixpanel.shape(outgoingEvent({ ...at, userId: 'u1', anonymousId: 'a1', ...over }), settings)
  if (!('items' in shaped)) return shaped
  return shaped.items.map(({ lane, text }) => ({ lane, ...(JSON.parse(text) as object) }))
}

const common = {
  $current_url: 'https://shop.example/',
  page_title: 'Shop',
  $os: 'iOS',
  ip: '203.0.113.7',
  mp_lib: 'Millpond',
  $device_id: 'a1',
  $user_id: 'u1',
  distinct_id: 'u1',
  time: Date.UTC(2026, 10, 22, 9, 30),
  $insert_id: insertIdOf(at.messageId),
}

test('a track is an event as it is', () => {
  expect(textsOf({ body: { context, properties: { total: 5, $insert_id: 'forged', time: 1 } } })).toEqual([
    { lane: 'import', event: 'Order Completed', properties: { ...common, total: 5 } },
  ])
})

test.each([
  ['page', 'Pricing', 'Viewed Pricing'],
  ['page', '', 'Loaded a Page'],
  ['screen', 'Home', 'Viewed Home'],
  ['screen', '', 'Loaded a Screen'],
] as const)('a %s of the name "%s" is the event "%s"', (type, name, event) => {
  expect(textsOf({ type, name, body: { context, properties: {} } })).toEqual([
    { lane: 'import', event, properties: common },
  ])
})

test('an identify sets and takes away fields of a person', () => {
  const traits = { email: 'ana@example.com', firstName: 'Ana', plan: 'pro', phone: null, createdAt: '2026-01-02' }
  const who = { lane: 'engage', $token: 'project-token', $distinct_id: 'u1', $ip: '203.0.113.7' }
  expect(textsOf({ type: 'identify', name: '', body: { context, traits } })).toEqual([
    { ...who, $set: { $email: 'ana@example.com', $first_name: 'Ana', plan: 'pro', $created: '2026-01-02' } },
    { ...who, $unset: ['$phone'] },
  ])
})

test('a group sets fields of the group', () => {
  expect(textsOf({ type: 'group', name: '', body: { groupId: 'acme', traits: { name: 'Acme', seats: 3 } } })).toEqual([
    {
      lane: 'groups',
      $token: 'project-token',
      $group_key: 'company',
      $group_id: 'acme',
      $set: { $name: 'Acme', seats: 3 },
    },
  ])
})

test.each([
  ['an alias', { type: 'alias' as const }, 'skipped'],
  ['an identify of nobody', { type: 'identify' as const, userId: '' }, 'skipped'],
  ['a group without an id', { type: 'group' as const }, 'refused'],
  [
    'too many properties',
    { body: { properties: Object.fromEntries(Array.from({ length: 256 }, (_, i) => [`p${i}`, 1])) } },
    'refused',
  ],
])('%s is not sent', (_name, over, kind) => {
  expect(Object.keys(textsOf(over) as object)).toEqual([kind])
})

test.each([
  ['', 'a1', '$device:a1'],
  ['anonymous', 'a1', '$device:a1'],
  ['null', '', ''],
  ['u1', '', 'u1'],
])('somebody with the user id "%s" and the anonymous id "%s" is "%s"', (userId, anonymousId, expected) => {
  expect(textsOf({ userId, anonymousId })).toMatchObject([{ properties: { distinct_id: expected } }])
})

test('partial success: what Mixpanel refuses is rejected with its reason, the rest is not sent again', async () => {
  const { vendor, rig } = await start()
  const events: OutgoingEvent[] = Array.from({ length: 20 }, () => outgoingEvent())
  events[7] = outgoingEvent({ atMicros: 1_000_000 })
  rig.give(events)
  const deliveries = await rig.settled(20)
  expect(deliveries.filter(({ status }) => status === 'rejected')).toMatchObject([
    {
      reason: expect.stringContaining('properties.time') as string,
      attempts: 1,
      event: { messageId: events[7].messageId },
    },
  ])
  expect(vendor.requests.length).toBe(1)
  expect(vendor.events().length).toBe(19)
})

test("a token that is not the project's: people are refused, with the words of Mixpanel", async () => {
  const { rig } = await start({ projectToken: 'another-token' })
  rig.give([outgoingEvent({ type: 'identify', name: '', body: { traits: { plan: 'pro' } } })])
  expect(await rig.settled(1)).toMatchObject([{ status: 'rejected', reason: 'token, or too many' }])
})

test('groups go in requests of 200, people and events in their own', async () => {
  const { vendor, rig } = await start()
  const groups = Array.from({ length: 450 }, (_, i) =>
    outgoingEvent({ type: 'group', name: '', body: { groupId: `g${i}`, traits: { seats: i } } }),
  )
  const people = Array.from({ length: 10 }, () =>
    outgoingEvent({ type: 'identify', name: '', body: { traits: { plan: 'p' } } }),
  )
  rig.give([...groups, ...people, outgoingEvent()])
  const deliveries = await rig.settled(461)
  expect(deliveries.every(({ status }) => status === 'delivered')).toBe(true)
  expect(vendor.groups.size).toBe(450)
  expect(vendor.profiles.size).toBe(10)
  expect(vendor.requests.map(({ path }) => path).sort()).toEqual([
    '/engage',
    '/groups',
    '/groups',
    '/groups',
    '/import',
  ])
})

test('every message id becomes an insert id that Mixpanel takes, and always the same', () => {
  fc.assert(
    fc.property(fc.string(), (messageId) => {
      const id = insertIdOf(messageId)
      expect(id).toMatch(/^[A-Za-z0-9-]{1,36}$/)
      expect(insertIdOf(messageId)).toBe(id)
    }),
  )
})

test.each([
  [{}, /`projectToken` is missing/],
  [{ projectToken: 't', serviceAccount: 'a' }, /go together/],
  [{ projectToken: 't', serviceAccount: 'a', serviceSecret: 's' }, /needs `projectId`/],
  [{ projectToken: 't', region: 'mars' }, /one of us, eu, in/],
])('settings %j are refused', (settings, message) => {
  expect(() => checkSettings(mixpanel, settings)).toThrow(message)
})

test('a service account opens /import with its own name, and the project is named', () => {
  const settings = { projectToken: 't', serviceAccount: 'a', serviceSecret: 's', projectId: '7', region: 'eu' }
  const { url, headers } = mixpanel.request('import', ['{}'], settings, 0)
  expect(url).toBe('https://api-eu.mixpanel.com/import?strict=1&project_id=7')
  expect(headers['authorization']).toBe(`Basic ${btoa('a:s')}`)
})
