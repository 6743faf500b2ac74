import { createHash } from 'node:crypto'

import * as fc from 'fast-check'
import { expect, test } from 'vitest'

import { fieldsBy } from './fields.ts'

const hash = (text: string): string => createHash('sha256').update(text).digest('hex')

const event = {
  type: 'track',
  userId: 'u1',
  properties: { plan: 'pro', email: ' Ana@Example.com ', 'a.b': 1, products: [{ sku: 'x', note: 'n' }, { sku: 'y' }] },
  context: { ip: '203.0.113.7', traits: { email: 'ana@example.com', name: 'Ana' }, page: { url: 'u' } },
}

test('Denied fields are gone, wherever they stand, and the event itself stays as it was', () => {
  const before = structuredClone(event)
  const left = fieldsBy({ not: ['properties.products.note', 'context.ip', 'properties.a\\.b', 'nowhere.at.all'] })(
    event,
  )
  expect(left).toEqual({
    ...event,
    properties: { plan: 'pro', email: ' Ana@Example.com ', products: [{ sku: 'x' }, { sku: 'y' }] },
    context: { traits: event.context.traits, page: { url: 'u' } },
  })
  expect(event).toEqual(before)
})

test('With a list of what may leave, nothing else of the senders own does', () => {
  const left = fieldsBy({ only: ['properties.plan', 'properties.products.*.sku', 'context.traits.name'] })(event)
  expect(left).toEqual({
    type: 'track',
    userId: 'u1',
    properties: { plan: 'pro', products: [{ sku: 'x' }, { sku: 'y' }] },
    context: { ip: '203.0.113.7', traits: { name: 'Ana' }, page: { url: 'u' } },
  })
  expect(fieldsBy({ only: [] })(event)).toMatchObject({ properties: {}, context: { traits: {} } })
})

test('Hashed fields are the same for the same address, however it was written; what has no text goes', () => {
  const left = fieldsBy({ hash: ['properties.email', 'context.traits.*', 'userId', 'properties.products'] })(event)
  expect(left).toMatchObject({
    userId: hash('u1'),
    properties: { plan: 'pro', email: hash('ana@example.com') },
    context: { traits: { email: hash('ana@example.com'), name: hash('ana') } },
  })
  expect(left['properties']).not.toHaveProperty('products')
})

test('A prototype is no field', () => {
  const odd = JSON.parse('{"properties":{"__proto__":{"x":1},"constructor":"c"}}') as typeof event
  expect(JSON.stringify(fieldsBy({ not: ['properties.__proto__'] })(odd))).toBe('{"properties":{"constructor":"c"}}')
  expect(fieldsBy({ not: ['properties.toString.call'] })(odd)).toEqual(odd)
})

const json = fc.object({ maxDepth: 3, values: [fc.string(), fc.integer(), fc.boolean(), fc.constant(null)] })
const path = fc
  .tuple(fc.constantFrom('properties', 'traits', 'context.traits'), fc.string({ minLength: 1 }))
  .map(([place, key]) => `${place}.${key.replaceAll('\\', '').replaceAll('.', '') || 'k'}`)

test('Whatever is denied is nowhere in what is left, and nothing else is missing', () => {
  fc.assert(
    fc.property(json, fc.array(path, { maxLength: 4 }), (properties, not) => {
      const whole = { type: 'track', properties, traits: { ...properties } }
      const left = fieldsBy({ not })(whole) as typeof whole
      for (const place of ['properties', 'traits'] as const) {
        const denied = new Set(
          not.filter((one) => one.startsWith(`${place}.`)).map((one) => one.slice(place.length + 1)),
        )
        const all = denied.has('*')
        const kept = Object.keys(properties).filter((key) => !all && !denied.has(key))
        expect(Object.keys(left[place]).sort()).toEqual(kept.sort())
      }
    }),
  )
})
