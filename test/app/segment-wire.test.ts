// Recorded byte shapes of SDKs that don't run in Node, sent over bare sockets, plain and encrypted.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { startTestServer, testKeys, type TestServer } from '../wire/collect-server.ts'
import { createManualClock } from '../wire/manual-clock.ts'
import { type Fixture, fixtureBytes, sendRaw } from '../wire/raw.ts'

const shapes: readonly { fixture: Fixture; count: number; via: 'client' | 'server'; type: string | undefined }[] = [
  { fixture: 'swift', count: 2, via: 'client', type: 'track' },
  { fixture: 'kotlin', count: 2, via: 'client', type: 'track' },
  { fixture: 'python-gzip', count: 2, via: 'server', type: 'track' },
  { fixture: 'python-basic', count: 2, via: 'server', type: 'track' },
  { fixture: 'go', count: 2, via: 'server', type: 'track' },
  { fixture: 'ruby', count: 1, via: 'server', type: 'track' },
]

describe.each([
  { transport: 'http', tls: false },
  { transport: 'https', tls: true },
])('over $transport', ({ tls }) => {
  let server: TestServer
  beforeAll(async () => {
    server = await startTestServer({ tls, clock: createManualClock() })
  })
  afterAll(() => server.stop())

  test.each(shapes)('$fixture is stored byte for byte', async ({ fixture, count, via, type }) => {
    const { request, body } = fixtureBytes(fixture, testKeys.web)
    const answer = await sendRaw(server.port, request, tls)
    expect(answer).toMatchObject({ status: 200, body: '{"success":true}' })

    const record = server.records.at(-1)
    expect(record).toMatchObject({
      kind: 'segment',
      source: 'web',
      count,
      meta: { call: 'batch', via, ip: '127.0.0.1' },
    })
    expect(record?.bytes.toString('utf8')).toBe(body)
    expect(record?.body.batch?.[0]?.['type']).toBe(type)
  })

  test('a NaN of Python becomes null, and the other event lands too', async () => {
    const { request, body } = fixtureBytes('python', testKeys.web)
    expect(await sendRaw(server.port, request, tls)).toMatchObject({ status: 200 })
    const record = server.records.at(-1)
    expect(record).toMatchObject({ count: 2 })
    expect(record?.bytes.toString('utf8')).toBe(body.replace('"ratio": NaN', '"ratio": null'))
    expect(server.stats()).toMatchObject({ bodiesRepaired: 1 })
  })
})

test('what a device sent in time gets the clock of its request, what a server sent none', async () => {
  const server = await startTestServer({ clock: createManualClock('2026-03-02T08:15:32.000Z') })
  const metas = new Map<string, unknown>()
  for (const { fixture } of shapes) {
    await sendRaw(server.port, fixtureBytes(fixture, testKeys.web).request)
    metas.set(fixture, server.records.at(-1)?.meta.clock)
  }
  await server.stop()
  expect(metas.get('swift')).toEqual({ offsetMs: 2_000, method: 'batch' })
  expect(metas.get('kotlin')).toEqual({ offsetMs: 2_000, method: 'batch' })
  for (const fixture of ['python-gzip', 'python-basic', 'go', 'ruby']) expect(metas.get(fixture)).toBeUndefined()
})

test('a batch file of Swift and Kotlin uploaded three days late keeps its true day', async () => {
  const server = await startTestServer({ clock: createManualClock('2026-03-05T08:15:30.000Z') })
  for (const fixture of ['swift', 'kotlin'] as const) {
    await sendRaw(server.port, fixtureBytes(fixture, testKeys.web).request)
    expect(server.records.at(-1)?.meta.clock).toBeUndefined()
  }
  await server.stop()
})

test('/v1/import marks history, unless the SDK sends everything there', async () => {
  const server = await startTestServer()
  await sendRaw(server.port, fixtureBytes('ruby', testKeys.web).request)
  expect(server.records.at(-1)?.meta.import).toBeUndefined()
  const body = JSON.stringify({ writeKey: testKeys.web, batch: [{ type: 'track' }] })
  await fetch(`${server.url}/v1/import`, { method: 'POST', body })
  expect(server.records.at(-1)?.meta).toMatchObject({ import: true, via: 'server' })
  await server.stop()
})
