// Rules from the event to what goes: which events, the sample, fields before scripts, ids of several.
import { afterEach, expect, test } from 'vitest'

import { systemClock } from '../../../core/clock.ts'
import type { OutgoingEvent } from '../destination.ts'
import { webhook } from '../webhook/webhook.ts'
import { Router } from './router.ts'
import type { RoutingRules } from './rules.ts'

const routers: Router[] = []

afterEach(async () => {
  await Promise.all(routers.splice(0).map(async (router) => router.stop()))
})

function routerOf(rules: RoutingRules): Router {
  const settings = { url: 'https://example.com', secret: 'whsec_hidden' }
  const router = new Router({ destination: { rules, settings }, type: webhook, clock: systemClock })
  routers.push(router)
  return router
}

function eventOf(more: Partial<OutgoingEvent> = {}, content: object = {}): OutgoingEvent {
  const { type = 'track', name = 'Order Completed', userId = 'u1' } = more
  return {
    source: 'shop',
    type,
    name,
    messageId: 'm1',
    userId,
    anonymousId: '',
    atMicros: 1_760_000_000_000_000,
    receivedAtMicros: 1_760_000_001_000_000,
    event: { type, event: name, userId, properties: { email: 'a@b.c', plan: 'pro' }, ...content },
    isExact: false,
    ...more,
  }
}

test('Without rules an event goes as it is', async () => {
  const event = eventOf()
  const [routed] = await routerOf({}).route([event])
  expect(routed).toEqual({ events: [event] })
})

test('Calls and names decide; calls without a name are not asked for one', async () => {
  const router = routerOf({
    calls: ['track', 'identify'],
    events: { only: ['Signed Up', 'Order Completed'], not: ['Signed Up'] },
  })
  const events = [
    eventOf(),
    eventOf({ name: 'Signed Up' }),
    eventOf({ name: 'Other' }),
    eventOf({ type: 'identify', name: '' }),
    eventOf({ type: 'page', name: 'Order Completed' }),
  ]
  const routed = await router.route(events)
  expect(routed.map((one) => ('skipped' in one ? one.skipped : 'goes'))).toEqual([
    'goes',
    'The event is among those that it does not take',
    'The event is not among those that it takes',
    'goes',
    'It takes no page calls',
  ])
})

test('A sample keeps people whole, has about the size that was asked for, and is the same every time', async () => {
  const router = routerOf({ sample: { percent: 25, by: 'person' } })
  const events = Array.from({ length: 4000 }, (_, n) => eventOf({ userId: `u${n >> 1}`, messageId: `m${n}` }))
  const goes = (await router.route(events)).map((one) => 'events' in one)
  for (let n = 0; n < goes.length; n += 2) expect(goes[n]).toBe(goes[n + 1])
  const share = goes.filter(Boolean).length / goes.length
  expect(share).toBeGreaterThan(0.2)
  expect(share).toBeLessThan(0.3)
  expect((await router.route(events)).map((one) => 'events' in one)).toEqual(goes)
  const by = await routerOf({ sample: { percent: 0, by: 'event' } }).route(events.slice(0, 10))
  expect(by.every((one) => 'skipped' in one)).toBe(true)
})

test('What does not leave is seen by no mapping and no function, only by the filter', async () => {
  const rules: RoutingRules = {
    fields: { not: ['properties.email'], hash: ['userId'] },
    filter: '$contains(properties.email, "@")',
    mapping: '{"properties": {"stolen": properties.email, "who": userId, "plan": properties.plan}}',
    code: 'function onTrack(event, settings) { event.properties.all = JSON.stringify(event) + JSON.stringify(settings); return event }',
  }
  const [routed] = await routerOf(rules).route([eventOf()])
  const text = JSON.stringify(routed)
  expect(text).toContain('"plan":"pro"')
  expect(text).toContain('https://example.com')
  expect(text).not.toContain('a@b.c')
  expect(text).not.toContain('"userId":"u1"')
  expect(text).not.toContain('whsec_hidden')
})

test('Several events of one have ids of their own, the same on every try; time and place stay', async () => {
  const code =
    'const onTrack = (e) => [{ ...e, messageId: "forged", timestamp: "1999-01-01" }, { ...e, type: "identify", userId: 7 }]'
  const event = eventOf()
  const [routed] = await routerOf({ code }).route([event])
  expect(routed).toMatchObject({
    events: [
      { messageId: 'm1', type: 'track', source: 'shop', atMicros: event.atMicros, userId: 'u1' },
      { messageId: 'm1-2', type: 'identify', source: 'shop', atMicros: event.atMicros, userId: '7' },
    ],
  })
  const [without] = await routerOf({ code: 'const onTrack = () => ({ event: "x" })' }).route([event])
  expect(without).toEqual({ rejected: 'It became an event without a `type`' })
})

test('One event at fault is turned away alone, and the others go', async () => {
  const code = 'function onTrack(e) { if (e.event === "bad") for (;;) {} return e }'
  const events = ['a', 'bad', 'c'].map((name, n) => eventOf({ name, messageId: `m${n}` }))
  const routed = await routerOf({ code }).route(events)
  expect(routed).toMatchObject([
    { events: [{ name: 'a' }] },
    { rejected: 'It took longer than 100 ms' },
    { events: [{ name: 'c' }] },
  ])
})

test.each([
  ['no JSON', "'nonsense'"],
  ['something else', "'7'"],
  ['events that are no list', '\'{"events":7}\''],
  ['a reason that is no text', '\'{"skipped":{}}\''],
])('What a script does to its own machine stops nobody: it answers with %s', async (_, answer) => {
  const code = `JSON.stringify = () => ${answer}; const onTrack = (e) => e`
  const routed = await routerOf({ code }).route([eventOf(), eventOf({ messageId: 'm2' })])
  expect(routed).toEqual([{ rejected: 'Its script gave no answer' }, { rejected: 'Its script gave no answer' }])
})

test('A script that can not be read turns everything away, and says why', async () => {
  const router = routerOf({ code: 'function (' })
  expect(await router.problem()).toBeDefined()
  const [routed] = await router.route([eventOf()])
  expect(routed).toHaveProperty('rejected', expect.stringContaining("Its script can't be read"))
})
