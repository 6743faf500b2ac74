// Scripts in their machine: what they may do, what they may not, and that they give the same every time.
import { afterEach, describe, expect, test } from 'vitest'

import type { RoutingRules } from './rules.ts'
import { RoutingScript, type ScriptAnswer } from './script.ts'

const opened: RoutingScript[] = []

afterEach(() => {
  for (const script of opened.splice(0)) script.dispose()
})

const order = {
  type: 'track',
  event: 'Order Completed',
  messageId: 'm1',
  properties: {
    total: 12,
    email: 'ana@example.com',
    products: [
      { sku: 'a', price: 3, quantity: 2 },
      { sku: 'b', price: 6 },
    ],
  },
}

function scriptOf(rules: RoutingRules, settings = {}): RoutingScript {
  const script = new RoutingScript({ rules, settings })
  opened.push(script)
  return script
}

async function asked(rules: RoutingRules, event: object = order, more: object = {}): Promise<ScriptAnswer> {
  const input = JSON.stringify({ event, source: 'shop', atMs: Date.UTC(2026, 10, 24), seed: 7, ...more })
  return JSON.parse(await scriptOf(rules, { url: 'https://example.com' }).answer(input)) as ScriptAnswer
}

describe('A filter', () => {
  test.each([
    ["event = 'Order Completed' and properties.total > 10", true],
    ['properties.total > 100', false],
    ['properties.nothing', false],
    ['properties.products', true],
    ["$source = 'shop'", true],
    ['/* a note */ true', true],
  ])('%s', async (filter, goes) => {
    expect(await asked({ filter })).toEqual(goes ? { events: [order] } : { skipped: 'Its filter keeps it here' })
  })

  test('sees the whole event, also what does not leave', async () => {
    const { properties, ...rest } = order
    const answer = await asked({ filter: '$contains(properties.email, "example")' }, rest, {
      whole: { ...rest, properties },
    })
    expect(answer).toEqual({ events: [rest] })
  })
})

test('A mapping puts fields in place of others, and says so when it makes nothing', async () => {
  const mapping =
    '{"event": "purchase", "properties": {"sum": $sum(properties.products.(price * (quantity ? quantity : 1)))}}'
  expect(await asked({ mapping })).toEqual({ events: [{ ...order, event: 'purchase', properties: { sum: 12 } }] })
  expect(await asked({ mapping: 'properties.nothing' })).toEqual({ skipped: 'Its mapping made nothing of it' })
  expect(await asked({ mapping: '"text"' })).toEqual({ rejected: 'Its mapping gave no object' })
  expect(await asked({ mapping: '$ ~> |properties|{"total": null}|' })).toMatchObject({
    events: [{ properties: { total: null } }],
  })
})

describe('A function', () => {
  test('in the form of Segment changes, drops, or makes several', async () => {
    const code = `
      async function onTrack(event: { properties: Record<string, unknown>; event: string }, settings: { url: string }) {
        event.properties.to = settings.url
        return event
      }
      function onIdentify() { throw new DropEvent('not here') }
      const onPage = (event) => [event, { ...event, type: 'track', event: 'Seen' }]`
    expect(await asked({ code })).toMatchObject({
      events: [{ event: 'Order Completed', properties: { to: 'https://example.com' } }],
    })
    expect(await asked({ code }, { type: 'identify' })).toEqual({ skipped: 'Its function dropped it: not here' })
    expect(await asked({ code }, { type: 'page', name: 'p' })).toMatchObject({
      events: [{ type: 'page' }, { event: 'Seen' }],
    })
    expect(await asked({ code }, { type: 'group' })).toEqual({ events: [{ type: 'group' }] })
  })

  test.each([
    ['onEvent that gives nothing', 'function onEvent() {}', { skipped: 'Its function dropped it' }],
    [
      'an error',
      'function onEvent(e) { return e.a.b.c }',
      { rejected: "TypeError: cannot read property 'b' of undefined" },
    ],
    ['an endless loop', 'function onEvent() { for (;;) {} }', { rejected: 'It took longer than 100 ms' }],
    [
      'a promise that never ends',
      'function onEvent() { return new Promise(() => {}) }',
      { rejected: 'It waits for what never comes: there is no network here, and no timer' },
    ],
    ['what is no event', 'function onEvent() { return 7 }', { rejected: 'Its function gave what is no event' }],
    [
      'a flood',
      "function onEvent(e) { return { ...e, x: 'x'.repeat(2e6) } }",
      { rejected: 'What became of it is larger than 1 MiB' },
    ],
  ])('%s', async (_, code, answer) => {
    expect(await asked({ code })).toEqual(answer)
  })

  test('that eats memory is stopped, and the next event finds a fresh machine', async () => {
    const code =
      "const all = []; function onEvent(e) { if (e.event === 'eat') for (;;) all.push({}); return { ...e, n: all.length } }"
    const script = scriptOf({ code })
    const ask = async (event: string): Promise<unknown> =>
      JSON.parse(
        await script.answer(JSON.stringify({ event: { type: 'track', event }, source: 's', atMs: 0, seed: 0 })),
      )
    expect(await ask('eat')).toHaveProperty('rejected')
    expect(await ask('fine')).toEqual({ events: [{ type: 'track', event: 'fine', n: 0 }] })
  })

  test('reaches nothing of this program', async () => {
    const names = [
      'process',
      'require',
      'fetch',
      'setTimeout',
      'console',
      'WebAssembly',
      'Buffer',
      'navigator',
      '__made',
    ]
    const code = `function onEvent(e) { return { ...e, found: ${JSON.stringify(names)}.filter((n) => typeof globalThis[n] !== 'undefined'), more: typeof std + typeof os } }`
    expect(await asked({ code })).toMatchObject({ events: [{ found: [], more: 'undefinedundefined' }] })
  })

  test('has the time of the event and dice of its own: a try later gives the same', async () => {
    const code =
      'function onEvent(e) { return { ...e, now: Date.now(), year: new Date().getUTCFullYear(), dice: [Math.random(), Math.random()] } }'
    const first = await asked({ code })
    expect(first).toMatchObject({ events: [{ now: Date.UTC(2026, 10, 24), year: 2026 }] })
    expect(await asked({ code })).toEqual(first)
    expect(await asked({ code }, order, { seed: 8 })).not.toEqual(first)
    const mapping = '{"at": $now(), "ms": $millis()}'
    expect(await asked({ mapping })).toMatchObject({
      events: [{ at: '2026-11-24T00:00:00.000Z', ms: Date.UTC(2026, 10, 24) }],
    })
  })
})

test.each([
  [{ code: 'function onEvent( {' }, /SyntaxError|Expected/],
  [{ code: 'throw new Error("at once")' }, 'Error: at once'],
  [{ filter: 'a = = b' }, 'The symbol "=" cannot be used'],
  [{ mapping: '{"a": ' }, 'Expected "}" before end'],
  [{ code: 'export default 1' }, /export|SyntaxError|Error/],
])('What can not be read is said before it counts: %j', async (rules, words) => {
  expect(await scriptOf(rules).problem()).toMatch(words)
})

test('What can be read has no problem', async () => {
  expect(
    await scriptOf({ filter: 'a', mapping: '{}', code: 'const onTrack = (e: unknown) => e' }).problem(),
  ).toBeUndefined()
})
