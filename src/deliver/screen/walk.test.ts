import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { parseExact } from './parse.ts'
import { EventWalk } from './walk.ts'

const limits = { eventKeysMax: 1000, eventDepthMax: 20 }

function hashOf(event: object, walk = new EventWalk(limits)): number {
  walk.run(event)
  return walk.hash
}

/** The same value with the keys of every object in another order. */
function reordered(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reordered)
  if (value === null || typeof value !== 'object') return value
  const entries = Object.entries(value).map(([key, part]) => [key, reordered(part)] as const)
  return Object.fromEntries(entries.toReversed())
}

const event = fc.dictionary(
  fc.oneof(fc.constantFrom('context', 'properties', 'traits', 'event', 'ip'), fc.string({ maxLength: 5 })),
  fc.jsonValue({ maxDepth: 4 }),
  { maxKeys: 6 },
)

test('The content hash knows no order of keys', () => {
  fc.assert(
    fc.property(event, (one) => {
      const other = reordered(one) as object
      expect(hashOf(other)).toBe(hashOf(one))
      // Nor does it matter what else the same walk has seen.
      const walk = new EventWalk(limits)
      walk.run(other)
      expect(hashOf(one, walk)).toBe(hashOf(one))
    }),
  )
})

test('Other content has another hash', () => {
  const hashes = new Map<number, string>()
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 3 }), (value) => {
      const text = JSON.stringify(reordered(JSON.parse(JSON.stringify(value))))
      const sorted = JSON.stringify(sortKeys(JSON.parse(text)))
      const hash = hashOf({ properties: { value } })
      expect(hashes.get(hash) ?? sorted).toBe(sorted)
      hashes.set(hash, sorted)
    }),
    { numRuns: 500 },
  )
})

function sortKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sortKeys)
  if (value === null || typeof value !== 'object') return Object.is(value, -0) ? 0 : value
  return Object.entries(value)
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([key, part]) => [key, sortKeys(part)])
}

const base = { event: 'x', properties: { a: 1, b: [1, 2], c: 'ü' }, context: { app: { name: 'shop' } } }

test.each([
  ['sentAt', { ...base, sentAt: 'now' }],
  ['receivedAt', { ...base, receivedAt: 'now' }],
  ['writeKey', { ...base, writeKey: 'k' }],
  ['integrations', { ...base, integrations: { All: false } }],
  ['_metadata', { ...base, _metadata: { bundled: [] } }],
  ['context.ip', { ...base, context: { ...base.context, ip: '10.0.0.1' } }],
])('%s is transport, not content', (_, event) => {
  expect(hashOf(event)).toBe(hashOf(base))
})

test.each([
  ['a value', { ...base, properties: { ...base.properties, a: 2 } }],
  ['a type', { ...base, properties: { ...base.properties, a: '1' } }],
  ['the order of an array', { ...base, properties: { ...base.properties, b: [2, 1] } }],
  ['a null', { ...base, properties: { ...base.properties, d: null } }],
  ['an empty object', { ...base, properties: { ...base.properties, d: {} } }],
  ['where a value stands', { ...base, properties: { b: 1, a: [1, 2], c: 'ü' } }],
  ['an ip elsewhere', { ...base, properties: { ...base.properties, ip: '10.0.0.1' } }],
])('%s is content', (_, event) => {
  expect(hashOf(event)).not.toBe(hashOf(base))
})

test('Leaves are listed for context, properties and traits, and for nothing else', () => {
  const walk = new EventWalk(limits)
  walk.run(
    JSON.parse(
      '{"a":1,"properties":{"__proto__":{"x":1},"n":null,"list":[{"y":1}]},"context":{"os":{"name":"i"}}}',
    ) as object,
  )
  const leaves = walk.nodes.slice(0, walk.count).map((node, index) => [node.zone, node.key, walk.values[index]])
  expect(leaves).toEqual([
    ['properties', 'x', 1],
    ['properties', 'n', null],
    ['properties', 'list', [{ y: 1 }]],
    ['context', 'name', 'i'],
  ])
})

test('Limits are found without deep recursion, in objects and in arrays', () => {
  const walk = new EventWalk(limits)
  walk.run(JSON.parse(`${'{"a":'.repeat(10_000)}1${'}'.repeat(10_000)}`) as object)
  expect(walk.tooDeep).toBe(true)
  walk.run(JSON.parse(`{"properties":{"a":${'['.repeat(10_000)}${']'.repeat(10_000)}}}`) as object)
  expect(walk.tooDeep).toBe(true)
  walk.run(Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`k${index}`, 1])))
  expect(walk.tooManyKeys).toBe(true)
  walk.run({ a: 1 })
  expect([walk.tooDeep, walk.tooManyKeys]).toEqual([false, false])
})

test.each(['9007199254740993', '-9007199254740993', '1e400', '12345678901234567890'])(
  '%s asks for an exact parse',
  (number) => {
    for (const text of [`{"properties":{"n":${number}}}`, `{"properties":{"n":[{"m":${number}}]}}`]) {
      const walk = new EventWalk(limits)
      walk.run(JSON.parse(text) as object)
      expect(walk.inexact).toBe(true)
      walk.run(parseExact(text) as object)
      expect(walk.count).toBe(1)
    }
  },
)

test('A flood of paths starts the tree anew instead of growing', () => {
  const walk = new EventWalk({ eventKeysMax: 100_000, eventDepthMax: 5 })
  const before = walk.generation
  for (let turn = 0; turn < 3; turn++) {
    walk.run({ properties: Object.fromEntries(Array.from({ length: 40_000 }, (_, index) => [`k${turn}-${index}`, 1])) })
  }
  expect(walk.generation).toBeGreaterThan(before)
  expect(hashOf(base, walk)).toBe(hashOf(base))
})

test('Events of thousands of leaves list all of them, and leave nothing behind', () => {
  const walk = new EventWalk({ eventKeysMax: 100_000, eventDepthMax: 20 })
  for (const count of [5000, 1, 6000, 2]) {
    walk.run({ properties: Object.fromEntries(Array.from({ length: count }, (_, n) => [`k${n}`, n])) })
    expect(walk.values.slice(0, walk.count)).toEqual(Array.from({ length: count }, (_, n) => n))
  }
  expect(walk.values.length).toBeLessThan(10)
})
