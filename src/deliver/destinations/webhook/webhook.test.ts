import { createHmac } from 'node:crypto'

import { expect, test } from 'vitest'

import { outgoingEvent, testDestination, until } from '../../../../test/contract/destination.ts'
import { startWebhook } from '../../../../test/vendors/webhook.ts'
import { createHttpSender, isPublicAddress } from '../../../outgoing/http.ts'
import { checkSettings } from '../settings.ts'
import { webhook } from './webhook.ts'

const secret = 'a secret of the receiver'
const settingsOf = (url: string) => ({ url, secret, allowPrivateNetwork: 'true' })

const start = testDestination({ type: webhook, startVendor: startWebhook, settingsOf })

test('a refused batch is halved until the event at fault is alone; its neighbours arrive once', async () => {
  const { vendor, rig } = await start()
  const events = Array.from({ length: 100 }, () => outgoingEvent())
  events[41] = outgoingEvent({ name: 'Poison', body: { event: 'Poison' } })
  rig.give(events)
  const deliveries = await rig.settled(100)
  expect(deliveries.filter(({ status }) => status !== 'delivered')).toMatchObject([
    {
      status: 'rejected',
      reason: expect.stringContaining('I will not have Poison') as string,
      event: { name: 'Poison' },
    },
  ])
  expect(vendor.deliveries.length).toBe(99)
})

test('an event on which the receiver always stumbles is found and given up; its neighbours arrive', async () => {
  const { vendor, rig } = await start()
  const events = Array.from({ length: 20 }, () => outgoingEvent())
  events[13] = outgoingEvent({ name: 'Stumble', body: { event: 'Stumble' } })
  rig.give(events)
  const deliveries = await rig.settled(20)
  expect(deliveries.filter(({ status }) => status !== 'delivered')).toMatchObject([
    { status: 'rejected', reason: expect.stringContaining('HTTP 500') as string, event: { name: 'Stumble' } },
  ])
  expect(vendor.events().length).toBe(19)
})

test('an event on which it stumbles all alone holds up the others for an hour, not for ever', async () => {
  const { vendor, rig } = await start()
  const before = rig.clock.monotonicMs()
  rig.give([outgoingEvent({ name: 'Stumble', body: { event: 'Stumble' } })])
  rig.give([outgoingEvent()])
  const deliveries = await rig.settled(2)
  expect(deliveries.map(({ status }) => status)).toEqual(['rejected', 'delivered'])
  expect(rig.clock.monotonicMs() - before).toBeGreaterThan(3_600_000)
  expect(vendor.events().length).toBe(1)
})

test('the message id is the same on every try, and the signature is that of its own time', async () => {
  const { vendor, rig } = await start()
  vendor.fail({ kind: 'answer', answer: { status: 503, headers: { 'retry-after': '60' } } })
  rig.give([outgoingEvent()])
  await rig.settled(1)
  const [first, second] = vendor.requests
  expect(first?.headers['webhook-id']).toBe(second?.headers['webhook-id'])
  expect(
    Number(second?.headers['webhook-timestamp']) - Number(first?.headers['webhook-timestamp']),
  ).toBeGreaterThanOrEqual(60)
  for (const request of vendor.requests) {
    const { 'webhook-id': id, 'webhook-timestamp': time } = request.headers
    const text = `${String(id)}.${String(time)}.${request.body}`
    expect(request.headers['webhook-signature']).toBe(
      `v1,${createHmac('sha256', secret).update(text).digest('base64')}`,
    )
  }
})

test('a secret in the form of Standard Webhooks is bytes', () => {
  const bytes = Buffer.from('0123456789abcdef01234567')
  const settings = { url: 'https://example.com', secret: `whsec_${bytes.toString('base64')}` }
  const { headers, body } = webhook.request('batch', ['{}'], settings, 1_700_000_000_000_000)
  const text = `${headers['webhook-id'] ?? ''}.1700000000.${String(body)}`
  expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', bytes).update(text).digest('base64')}`)
})

test('big numbers go out as they came, and what is ours alone does not', () => {
  const event = {
    type: 'track',
    event: 'X',
    writeKey: 'wk',
    integrations: { All: true },
    properties: { n: 12345678901234567890n },
  }
  const shaped = webhook.shape({ ...outgoingEvent(), event, isExact: true }, { mode: 'single' })
  const text = 'items' in shaped ? (shaped.items[0]?.text ?? '') : ''
  expect(text).toContain('"n":12345678901234567890')
  expect(text).not.toMatch(/writeKey|integrations/)
})

test.each([
  ['127.0.0.1', false],
  ['10.1.2.3', false],
  ['172.16.0.1', false],
  ['192.168.1.1', false],
  ['169.254.169.254', false],
  ['100.64.0.1', false],
  ['0.0.0.0', false],
  ['224.0.0.1', false],
  ['::1', false],
  ['::ffff:10.0.0.1', false],
  ['fd00::1', false],
  ['fe80::1', false],
  ['64:ff9b::a00:1', false],
  ['nonsense', false],
  ['93.184.216.34', true],
  ['2606:2800:220:1:248:1893:25c8:1946', true],
])('%s is public: %s', (address, isPublic) => {
  expect(isPublicAddress(address)).toBe(isPublic)
})

test.each([
  'http://127.0.0.1:{port}/',
  'http://localhost:{port}/',
  'http://[::ffff:127.0.0.1]:{port}/',
  'http://2130706433:{port}/',
])('%s is not asked unless allowPrivateNetwork is true', async (pattern) => {
  const { vendor } = await start()
  const url = pattern.replace('{port}', new URL(vendor.url).port)
  const sender = createHttpSender({ allowPrivateNetwork: false, timeoutMs: 2000, connectionsMax: 1 })
  const sent = await sender.send({ url, headers: {}, body: '{}' }, new AbortController().signal)
  await sender.stop()
  expect(sent).toMatchObject({ answer: undefined, isAmbiguous: false })
  expect(sent.error).toContain('private network')
  expect(vendor.requests).toEqual([])
})

test('a redirect is not followed', async () => {
  const { vendor, rig } = await start()
  vendor.failAlways({ kind: 'answer', answer: { status: 302, headers: { location: 'http://169.254.169.254/' } } })
  rig.give([outgoingEvent()])
  await until(() => rig.breaker.failures > 0)
  expect(rig.courier.lastError).toContain('HTTP 302')
})

test.each([
  [{}, /`url` is missing/],
  [{ url: 'nonsense' }, /no address/],
  [{ url: 'ftp://example.com' }, /https:/],
  [{ url: 'https://a:b@example.com' }, /password/],
  [{ url: 'https://example.com', mode: 'often' }, /one of batch, single/],
  [{ url: 'https://example.com', colour: 'red' }, /no setting `colour`/],
  [{ url: 'https://example.com', authorization: 'a\r\nx: y' }, /control characters/],
])('settings %j are refused', (settings, message) => {
  expect(() => checkSettings(webhook, settings)).toThrow(message)
})
