import { gunzipSync } from 'node:zlib'

import { describe, expect, test } from 'vitest'

import { outgoingEvent, testDestination, until } from '../../../../test/contract/destination.ts'
import { refuse, signatureOf, startObjectStorage, testKey } from '../../../../test/vendors/object-storage.ts'
import { parseExact } from '../../screen/parse.ts'
import { checkSettings } from '../settings.ts'
import { objectStorage } from './object-storage.ts'

const settingsOf = (baseUrl: string) => ({ ...testKey, baseUrl, allowPrivateNetwork: 'true' })

const start = testDestination({
  type: objectStorage,
  startVendor: startObjectStorage,
  settingsOf,
})

const hour = Date.UTC(2026, 10, 24, 9) * 1000

test('a file for each source and hour, under names that engines read as partitions', async () => {
  const { vendor, rig } = await start({ prefix: 'raw/events' })
  rig.give([
    outgoingEvent({ receivedAtMicros: hour }),
    outgoingEvent({ receivedAtMicros: hour + 3_599_999_999 }),
    outgoingEvent({ receivedAtMicros: hour + 3_600_000_000 }),
    outgoingEvent({ receivedAtMicros: hour, source: 'app' }),
  ])
  await rig.settled(4)
  const folders = [...vendor.objects.keys()].map((key) => key.slice(0, key.lastIndexOf('/'))).sort()
  expect(folders).toEqual([
    'raw/events/app/year=2026/month=11/day=24/hour=09',
    'raw/events/shop/year=2026/month=11/day=24/hour=09',
    'raw/events/shop/year=2026/month=11/day=24/hour=10',
  ])
  expect(vendor.events().length).toBe(4)
})

test('a row has the columns of the docs, and the whole event but its key', async () => {
  const { vendor, rig } = await start()
  const event = outgoingEvent({
    atMicros: hour + 5,
    receivedAtMicros: hour + 123_456,
    body: { writeKey: 'wk', properties: { note: 'says ,"payload":{} "', total: 5 } },
  })
  rig.give([event, outgoingEvent({ name: '', userId: '', receivedAtMicros: hour })])
  await rig.settled(2)
  const [row, other] = vendor.events()
  const { writeKey: _, ...payload } = event.event
  expect(row).toEqual({
    message_id: event.messageId,
    source: 'shop',
    type: 'track',
    event: 'Order Completed',
    user_id: event.userId,
    anonymous_id: event.anonymousId,
    timestamp: '2026-11-24T09:00:00.000005Z',
    received_at: '2026-11-24T09:00:00.123456Z',
    payload,
  })
  expect(other).toMatchObject({ event: null, user_id: null })
})

test('SlowDown is waited out, and the file is never sent in halves', async () => {
  const { vendor, rig } = await start()
  vendor.fail(
    ...Array.from({ length: 8 }, () => ({ kind: 'answer', answer: refuse(503, 'SlowDown', 'Reduce') }) as const),
  )
  rig.give(Array.from({ length: 50 }, () => outgoingEvent({ receivedAtMicros: Date.now() * 1000 })))
  const deliveries = await rig.settled(50)
  expect(new Set(deliveries.map(({ status, attempts }) => `${status} ${attempts}`))).toEqual(new Set(['delivered 9']))
  expect(new Set(vendor.requests.map(({ path }) => path)).size).toBe(1)
  expect(vendor.objects.size).toBe(1)
})

test.each([
  [{ secretAccessKey: 'another one altogether' }, /SignatureDoesNotMatch/],
  [{ accessKeyId: 'AKIAANOTHER' }, /InvalidAccessKeyId/],
  [{ bucket: 'nobodys-bucket' }, /NoSuchBucket/],
  [{ region: 'eu-west-1' }, /AuthorizationHeaderMalformed: the region 'eu-west-1' is wrong/],
])('with wrong settings %j nothing is lost, and the status has the words of the store', async (wrong, words) => {
  const { vendor, rig } = await start(wrong)
  rig.give([outgoingEvent()])
  await until(() => rig.breaker.failures > 0)
  expect(rig.courier.lastError).toMatch(words)
  expect(rig.deliveries).toEqual([])
  expect(vendor.objects.size).toBe(0)
})

test('a clock that is off by more than a quarter of an hour is said, and waits for somebody', async () => {
  const { rig } = await start()
  rig.clock.advance(16 * 60_000)
  rig.give([outgoingEvent()])
  await until(() => rig.breaker.failures > 0)
  expect(rig.courier.lastError).toContain('RequestTimeTooSkewed')
})

test.each([
  [refuse(400, 'RequestTimeout', 'Your socket connection was not read from'), 'later'],
  [refuse(409, 'OperationAborted', 'A conflicting operation is in progress'), 'later'],
  [refuse(503, 'SlowDown', 'Please reduce your request rate'), 'later'],
  [refuse(500, 'InternalError', 'Please try again'), 'later'],
  [refuse(400, 'InvalidDigest', 'Not valid'), 'blocked'],
  [refuse(403, 'AccessDenied', 'Access Denied'), 'blocked'],
  [refuse(301, 'PermanentRedirect', 'Use another address'), 'blocked'],
  [{ status: 200, body: '' }, 'taken'],
])('%j is %s', ({ status, body }, kind) => {
  expect(objectStorage.judge({ status, body: String(body), retryAfterMs: undefined }, 1, 'lane').kind).toBe(kind)
})

test("the fake store checks signatures as AWS's published example has them", () => {
  const time = '20130524T000000Z'
  const headers = {
    date: 'Fri, 24 May 2013 00:00:00 GMT',
    host: 'examplebucket.s3.amazonaws.com',
    'x-amz-content-sha256': '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
    'x-amz-date': time,
    'x-amz-storage-class': 'REDUCED_REDUNDANCY',
  }
  const bytes = Buffer.from('Welcome to Amazon S3.')
  const request = { method: 'PUT', path: '/test%24file.text', query: new URLSearchParams(), headers, bytes }
  const names = Object.keys(headers).join(';')
  const { secretAccessKey } = testKey
  expect(signatureOf(request, { time, region: 'us-east-1', names, secretAccessKey }).toString('hex')).toBe(
    '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
  )
})

describe('the request', () => {
  const nowMicros = Date.UTC(2026, 10, 24, 10) * 1000
  const requestOf = (settings: Readonly<Record<string, string>>, source = 'shop', slice = 'd1-events-1-2') =>
    objectStorage.request(`${source}/2026-11-24T09`, ['{}'], checkSettings(objectStorage, settings), nowMicros, slice)

  test.each([
    [{}, 'https://acme-events.s3.us-east-1.amazonaws.com/millpond/'],
    [{ region: 'ap-east-2' }, 'https://acme-events.s3.ap-east-2.amazonaws.com/millpond/'],
    [{ bucket: 'acme.events' }, 'https://s3.us-east-1.amazonaws.com/acme.events/millpond/'],
    [{ addressing: 'path' }, 'https://s3.us-east-1.amazonaws.com/acme-events/millpond/'],
    [{ baseUrl: 'https://storage.googleapis.com' }, 'https://storage.googleapis.com/acme-events/millpond/'],
    [{ baseUrl: 'http://minio:9000/s3/' }, 'http://minio:9000/s3/acme-events/millpond/'],
    [
      { baseUrl: 'https://oss.example.com', addressing: 'virtual-host' },
      'https://acme-events.oss.example.com/millpond/',
    ],
  ])('%j goes to %s', (settings, address) => {
    const { url, method } = requestOf({ ...testKey, ...settings })
    const file = 'shop/year%3D2026/month%3D11/day%3D24/hour%3D09/d1-events-1-2.ndjson.gz'
    expect(url).toBe(`${address}${file}`)
    expect(method).toBe('PUT')
  })

  test('the same slice has the same name and bytes, whenever it is sent', () => {
    const settings = checkSettings(objectStorage, testKey)
    const at = (micros: number) =>
      objectStorage.request('shop/2026-11-24T09', ['{"a":1}'], settings, micros, 'd1-e-1-2')
    const [first, later] = [at(nowMicros), at(nowMicros + 3_600_000_000)]
    expect(later.url).toBe(first.url)
    expect(later.body).toEqual(first.body)
    expect(later.headers['Authorization']).not.toBe(first.headers['Authorization'])
  })

  test('no header holds the secret', () => {
    expect(JSON.stringify(requestOf(testKey).headers)).not.toContain(testKey.secretAccessKey)
  })

  test('names of sources are escaped as they are signed', async () => {
    const { vendor, rig } = await start()
    rig.give([outgoingEvent({ source: "café (new)'s*!" })])
    expect(await rig.settled(1)).toMatchObject([{ status: 'delivered', attempts: 1 }])
    expect([...vendor.objects.keys()][0]).toContain("millpond/café (new)'s*!/year=")
  })
})

test('big numbers go out as they came', async () => {
  const { vendor, rig } = await start()
  const text = '{"type":"track","event":"X","properties":{"n":12345678901234567890}}'
  rig.give([{ ...outgoingEvent(), event: parseExact(text) as Record<string, unknown>, isExact: true }])
  await rig.settled(1)
  expect(gunzipSync([...vendor.objects.values()][0] ?? '').toString()).toContain('"n":12345678901234567890')
})

test.each([
  [{ bucket: 'a/b' }, /`bucket` is no name/],
  [{ bucket: '..' }, /`bucket` is no name/],
  [{ prefix: '/a' }, /`prefix`/],
  [{ prefix: 'a/../b' }, /`prefix`/],
  [{ prefix: 'a//b' }, /`prefix`/],
  [{ region: 'a.example.com/' }, /`region`/],
  [{ eventsPerFileMax: '0' }, /from 1 to 20000/],
  [{ eventsPerFileMax: '20001' }, /from 1 to 20000/],
  [{ eventsPerFileMax: 'many' }, /from 1 to 20000/],
  [{ baseUrl: 'nonsense' }, /no address/],
  [{ baseUrl: 'https://a:b@example.com' }, /password/],
  [{ baseUrl: 'https://example.com/?a=b' }, /question mark/],
  [{ format: 'avro' }, /one of ndjson, parquet/],
])('settings %j are refused', (settings, message) => {
  expect(() => checkSettings(objectStorage, { ...testKey, ...settings })).toThrow(message)
})
