// The payload of every call of the spec at every destination, byte for byte: a change of a mapping shows itself here first. And each of
// them is sent to the fake vendor, by whose rules it has to be good.
import { expect, test } from 'vitest'

import { destinationTypeOf, destinationTypes } from '../../src/deliver/destinations/registry.ts'
import { checkSettings } from '../../src/deliver/destinations/settings.ts'
import { createHttpSender } from '../../src/outgoing/http.ts'
import { webhookHeaders } from '../../src/outgoing/standard-webhook.ts'
import { vendors } from '../vendors/vendors.ts'
import { publishedExamples, signedExample } from './published-examples.ts'
import { goldenOf, shapedFor, specCalls, specCallsAtMs, type Variant, variants } from './spec-calls.ts'

const named = variants.map((variant) => [variant.name, variant] as const)
const secret = 'secret-of-the-vendor'

test('every type that speaks to a vendor has its golden payloads', () => {
  const types = destinationTypes.map(({ type }) => type).filter((type) => vendors.some((one) => one.type === type))
  expect([...new Set(variants.map(({ type }) => type))].sort()).toEqual(types.sort())
})

test.each(named)('golden payloads of %s', async (name, variant) => {
  const golden = goldenOf(variant)
  expect(Object.keys(golden.calls).length).toBe(specCalls(variant.sender).size)
  await expect(`${JSON.stringify(golden, undefined, 2)}\n`).toMatchFileSnapshot(`golden/${name}.json`)
})

test.each(named)('the vendor takes every golden payload of %s', async (_name, variant) => {
  const vendorOfType = vendors.find(({ type }) => type === variant.type)
  const vendor = await vendorOfType?.start(secret, { nowMs: () => specCallsAtMs + 1000 })
  if (vendorOfType === undefined || vendor === undefined) throw new Error(`no vendor for ${variant.type}`)
  const settings = { ...variant.settings, ...vendorOfType.settingsOf(vendor.url, secret) }
  if ('firebaseAppId' in variant.settings) delete (settings as Record<string, string>)['measurementId']
  let sent = 0
  for (const [call, answer] of await answersTo({ ...variant, settings })) {
    expect(answer, call).toEqual({ kind: 'taken', rejected: [] })
    sent += 1
  }
  // Google says yes to everything: what was dropped tells.
  if ('dropped' in vendor) expect(vendor.dropped).toEqual([])
  expect(sent).toBeGreaterThan(20)
  expect(vendor.requests.length).toBe(sent)
  expect(vendor.taken()).toBeGreaterThan(20)
  await vendor.stop()
})

/** What the vendor says of each item, in a request of its own. */
async function answersTo(variant: Variant) {
  const type = destinationTypeOf(variant.type)
  const settings = checkSettings(type, variant.settings)
  const sender = createHttpSender({ allowPrivateNetwork: true, timeoutMs: 2000, connectionsMax: 1 })
  const outcomes = []
  for (const [call, event] of specCalls(variant.sender)) {
    const shaped = shapedFor(variant, event)
    for (const { lane, text } of 'items' in shaped ? shaped.items : []) {
      const request = type.request(lane, [text], settings, specCallsAtMs * 1000)
      const { answer, error } = await sender.send(request, new AbortController().signal)
      if (answer === undefined) throw new Error(error)
      outcomes.push([call, type.judge(answer, 1, lane)] as const)
    }
  }
  await sender.stop()
  return outcomes
}

const examples = publishedExamples.map((one) => [`${one.variant}: ${one.what}`, one] as const)
test.each(examples)('the published example of %s', (_name, { variant: name, call, payload }) => {
  const variant = variants.find((one) => one.name === name)
  if (variant === undefined) throw new Error(`no variant ${name}`)
  const shaped = shapedFor(variant, call)
  if (!('items' in shaped)) throw new Error(JSON.stringify(shaped))
  expect(JSON.parse(shaped.items[0]?.text ?? '')).toMatchObject(payload)
})

test('the published example of Standard Webhooks has its published signature', () => {
  const { secret: key, id, atSeconds, body, signature } = signedExample
  const headers = webhookHeaders(body, { id, secret: key, nowMicros: atSeconds * 1_000_000 })
  expect(headers['webhook-signature']).toBe(signature)
})
