// A receiver as Standard Webhooks describes it: checks the signature, and takes a message that it knows by its id only once.
import { createHmac, timingSafeEqual } from 'node:crypto'

import { type CountingVendor, startVendor, type VendorOptions } from './vendor-server.ts'

type Json = Record<string, unknown>

export interface FakeWebhook extends CountingVendor {
  /** Each message id once. */
  events(): Json[]
  /** As often as they came. */
  readonly deliveries: readonly Json[]
}

export async function startWebhook(
  secret = 'a secret of the receiver',
  options: VendorOptions = {},
): Promise<FakeWebhook> {
  const events = new Map<string, Json>()
  const deliveries: Json[] = []
  let isRevoked = false
  const server = await startVendor(({ headers, body }) => {
    const { 'webhook-id': id, 'webhook-timestamp': time, 'webhook-signature': signature } = headers
    const expected = createHmac('sha256', secret)
      .update(`${String(id)}.${String(time)}.${body}`)
      .digest('base64')
    const given = Buffer.from(String(signature))
    const wanted = Buffer.from(`v1,${expected}`)
    const isSigned = given.length === wanted.length && timingSafeEqual(given, wanted)
    if (isRevoked || !isSigned) return { status: 401, body: { error: 'signature' } }
    const content = JSON.parse(body) as Json
    const items = Array.isArray(content['events']) ? (content['events'] as Json[]) : [content]
    if (items.some((item) => item['event'] === 'Poison'))
      return { status: 400, body: { error: 'I will not have Poison' } }
    if (items.some((item) => item['event'] === 'Stumble')) return { status: 500, body: { error: 'TypeError' } }
    for (const item of items) {
      deliveries.push(item)
      events.set(String(item['messageId']), item)
    }
    return { status: 204 }
  }, options)
  return {
    ...server,
    events: () => [...events.values()],
    taken: () => deliveries.length,
    deliveries,
    revoke() {
      isRevoked = true
    },
    restore() {
      isRevoked = false
    },
  }
}
