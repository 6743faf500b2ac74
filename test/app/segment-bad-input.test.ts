// What must be refused clearly, or kept for the screen to judge, with memory bounded and neighbours unharmed.
import type { Socket } from 'node:net'
import { brotliCompressSync, gzipSync, zstdCompressSync } from 'node:zlib'

import { afterEach, describe, expect, test } from 'vitest'

import { startTestServer, testKeys, type TestServer } from '../wire/collect-server.ts'
import { createManualClock } from '../wire/manual-clock.ts'
import { chunked, openSocket, readAnswer, sendRaw } from '../wire/raw.ts'

let server: TestServer
const sockets: Socket[] = []
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.destroy()
  await server.stop()
})

async function open(): Promise<Socket> {
  const socket = await openSocket(server.port)
  sockets.push(socket)
  return socket
}

function post(
  path: string,
  body: string | Uint8Array<ArrayBuffer>,
  headers: Record<string, string> = {},
): Promise<Response> {
  return fetch(server.url + path, { method: 'POST', body, headers })
}

const good = JSON.stringify({ type: 'track', event: 'Recipe Cooked', writeKey: testKeys.web })

describe('bodies that nobody can read are 400', () => {
  test.each([
    { path: '/v1/track', body: '' },
    { path: '/v1/track', body: '{"type":"track"' },
    { path: '/v1/track', body: '[{"type":"track"}]' },
    { path: '/v1/track', body: 'null' },
    { path: '/v1/track', body: '"text"' },
    { path: '/v1/track', body: '{"a":NaN,}' },
    { path: '/v1/track', body: "{'a':1}" },
    { path: '/v1/batch', body: '{}' },
    { path: '/v1/batch', body: '{"batch":{}}' },
    { path: '/v1/batch', body: '{"batch":null}' },
    { path: '/b', body: '[]' },
  ])('$path $body', async ({ path, body }) => {
    server = await startTestServer()
    const response = await post(path, body, { authorization: `Basic ${btoa(`${testKeys.web}:`)}` })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      success: false,
      code: 'body-unreadable',
      message: expect.any(String),
    })
    expect(server.records).toEqual([])
  })
})

describe('strange events are kept for the screen', () => {
  const strange: readonly { name: string; json: string; count?: number }[] = [
    { name: 'not objects', json: '{"batch":[1,null,"x",[],{}]}', count: 5 },
    { name: '__proto__ and constructor keys', json: '{"batch":[{"__proto__":{"type":"track"},"constructor":1}]}' },
    { name: 'lone surrogates', json: '{"batch":[{"event":"\\ud800","type":"track"}]}' },
    { name: 'integers over 2^53', json: '{"batch":[{"type":"track","properties":{"id":9007199254740993}}]}' },
    { name: 'numeric ids', json: '{"batch":[{"type":"track","userId":7,"messageId":8}]}' },
    { name: 'userId null', json: '{"batch":[{"type":"track","userId":null,"anonymousId":"","context":[]}]}' },
    {
      name: 'clocks of 1970 and 2200',
      json: '{"sentAt":"1970-01-01T00:00:00Z","batch":[{"timestamp":"2200-01-01T00:00:00Z"}]}',
    },
    { name: 'sentAt of no kind', json: '{"sentAt":{},"batch":[{"sentAt":[],"context":null}]}' },
    { name: 'duplicate keys', json: '{"batch":[1],"batch":[{"type":"track"},{"type":"track"}]}', count: 2 },
    {
      name: '10,000 keys',
      json: `{"batch":[{${Array.from({ length: 10_000 }, (_, index) => `"k${index}":${index}`).join()}}]}`,
    },
    { name: 'nesting of 20,000', json: `{"batch":[${'['.repeat(20_000)}${']'.repeat(20_000)}]}` },
    { name: 'a 400 KB event', json: `{"batch":[{"type":"track","properties":{"text":"${'x'.repeat(400_000)}"}}]}` },
  ]
  test.each(strange)('$name', async ({ json, count = 1 }) => {
    server = await startTestServer()
    const response = await post('/v1/b', json, { 'x-write-key': testKeys.web })
    expect(response.status).toBe(200)
    expect(server.records).toMatchObject([{ count, source: 'web' }])
    expect(server.records[0]?.bytes.toString()).toBe(json)
  })

  test('bytes that are no UTF-8 are kept as they came', async () => {
    server = await startTestServer()
    const [head = '', tail = ''] = good.split('Recipe')
    const body = Buffer.concat([Buffer.from(head), Buffer.from([0xff, 0xc3, 0x28, 0x80]), Buffer.from(tail)])
    expect((await post('/v1/track', Uint8Array.from(body))).status).toBe(200)
    expect(server.records[0]?.bytes.equals(body)).toBe(true)
  })
})

describe('too much', () => {
  const bodyBytesMax = 100_000
  const large = JSON.stringify({ writeKey: testKeys.web, type: 'track', text: 'x'.repeat(bodyBytesMax) })

  test('a declared length over the limit is 400 without reading, and the connection ends', async () => {
    server = await startTestServer({ settings: { bodyBytesMax } })
    const socket = await open()
    const answer = readAnswer(socket)
    socket.write(`POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999\r\n\r\n{`)
    expect(await answer).toMatchObject({ status: 400, headers: { connection: 'close' } })
    expect(JSON.parse((await answer).body)).toMatchObject({ success: false, code: 'body-too-large' })
  })

  test('a client that sends it all still gets to read the answer', async () => {
    server = await startTestServer({ settings: { bodyBytesMax } })
    for (let round = 0; round < 5; round++) {
      const response = await post('/v1/track', 'x'.repeat(5_000_000))
      expect([response.status, await response.json()]).toMatchObject([400, { code: 'body-too-large' }])
    }
    expect((await post('/v1/track', good)).status).toBe(200)
  })

  test('an endless chunked body is cut off', async () => {
    server = await startTestServer({ settings: { bodyBytesMax } })
    const socket = await open()
    const answer = readAnswer(socket)
    socket.write('POST /v1/track HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n')
    const chunk = `${(10_000).toString(16)}\r\n${'x'.repeat(10_000)}\r\n`
    for (let sent = 0; sent < 12; sent++) socket.write(chunk)
    expect(await answer).toMatchObject({ status: 400 })
    expect(server.stats()).toMatchObject({ bodiesBytes: 0, bodiesReading: 0 })
  })

  const bomb = Buffer.alloc(50_000_000, ' ')
  test.each([
    { header: 'gzip', body: gzipSync(bomb) },
    { header: 'br', body: brotliCompressSync(bomb) },
    { header: 'zstd', body: zstdCompressSync(bomb) },
  ])('a $header bomb stops at the limit', async ({ header, body }) => {
    server = await startTestServer({ settings: { bodyBytesMax } })
    expect(body.length).toBeLessThan(bodyBytesMax)
    const response = await post('/v1/track', Uint8Array.from(body), { 'content-encoding': header })
    expect([response.status, await response.json()]).toMatchObject([400, { code: 'body-too-large' }])
    expect(server.stats()).toMatchObject({ bodiesBytes: 0 })
  })

  test('a body just under the limit is taken', async () => {
    server = await startTestServer({ settings: { bodyBytesMax: Buffer.byteLength(large) } })
    expect((await post('/v1/track', large)).status).toBe(200)
  })

  test('a body in chunks of one byte costs what its bytes cost', async () => {
    server = await startTestServer()
    const socket = await open()
    const body = `{"writeKey":"${testKeys.web}","type":"track","text":"${'0123456789'.repeat(20_000)}"}`
    const answer = readAnswer(socket)
    socket.write('POST /v1/track HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n')
    socket.write(chunked(Buffer.from(body), 1))
    expect(await answer).toMatchObject({ status: 200 })
    expect(server.records[0]?.bytes.toString()).toBe(body)
  })

  test('a depth bomb in a large body is refused before it is parsed', async () => {
    server = await startTestServer({ settings: { bodyBytesMax: 10_000_000 } })
    const body = `{"writeKey":"${testKeys.web}","batch":${'['.repeat(4_000_000)}`
    const response = await post('/v1/batch', body)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ message: expect.stringContaining('deeper') })
  })

  test('bodies of all senders together are bounded: 503, and room again afterwards', async () => {
    const bodiesBytesMax = 190_000
    server = await startTestServer({ settings: { bodyBytesMax: 150_000, bodiesBytesMax } })
    const holder = await open()
    const held = readAnswer(holder)
    holder.write(
      `POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Length: ${large.length}\r\n\r\n${large.slice(0, 99_000)}`,
    )
    while ((server.stats()['bodiesBytes'] ?? 0) < 99_000) await new Promise(setImmediate)

    const refused = await post('/v1/track', `${large} `)
    expect([refused.status, refused.headers.get('retry-after')]).toMatchObject([503, expect.stringMatching(/^\d+$/)])
    expect(await refused.json()).toMatchObject({ success: false, code: 'intake-busy' })
    expect((await post('/v1/track', good)).status).toBe(200)

    holder.write(large.slice(99_000))
    expect(await held).toMatchObject({ status: 200 })
    expect((await post('/v1/track', large)).status).toBe(200)
    expect(server.stats()).toMatchObject({ bodiesBytes: 0, bodiesReading: 0 })
  })
})

describe('strangers', () => {
  test('whose address had too many failures are refused before they are read; good keys go on', async () => {
    const clock = createManualClock()
    server = await startTestServer({ clock })
    const stranger = JSON.stringify({ type: 'track', writeKey: testKeys.foreign, text: 'x'.repeat(900_000) })
    const statuses: number[] = []
    for (let round = 0; round < 20; round++) statuses.push((await post('/v1/track', stranger)).status)
    // Each counts as fourteen: 1 + 900,000 / 64 KiB.
    expect(statuses).toEqual([...Array<number>(15).fill(401), ...Array<number>(5).fill(429)])

    const socket = await open()
    const answer = readAnswer(socket)
    socket.write('POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Length: 900000\r\n\r\n{')
    expect(await answer).toMatchObject({ status: 429, headers: { connection: 'close', 'retry-after': '1' } })
    expect(server.stats()).toMatchObject({ bodiesBytes: 0, bodiesReading: 0 })
    expect((await post('/v1/track', good, { 'x-write-key': testKeys.web })).status).toBe(200)
    clock.advance(1_000)
    expect((await post('/v1/track', good)).status).toBe(200)
  })

  test('bodies that nobody can read count too, and keys in bodies never do when they are good', async () => {
    server = await startTestServer({ clock: createManualClock() })
    for (let round = 0; round < 250; round++) expect((await post('/v1/track', good)).status).toBe(200)
    for (let round = 0; round < 200; round++) expect((await post('/v1/track', '{')).status).toBe(400)
    expect((await post('/v1/track', '{')).status).toBe(429)
  })
})

describe('senders that stall', () => {
  test('a slow writer gets 503 after bodyTimeoutMs, so that its SDK keeps the batch', async () => {
    const clock = createManualClock()
    server = await startTestServer({ clock, settings: { bodyTimeoutMs: 5_000 } })
    const socket = await open()
    const answer = readAnswer(socket)
    socket.write('POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{')
    while (server.stats()['bodiesReading'] !== 1) await new Promise(setImmediate)
    clock.advance(4_000)
    expect(server.stats()).toMatchObject({ bodiesReading: 1 })
    clock.advance(2_000)
    expect(await answer).toMatchObject({ status: 503, headers: { connection: 'close' } })
    expect((await answer).headers['retry-after']).toMatch(/^\d+$/)
    expect(server.stats()).toMatchObject({ bodiesBytes: 0, bodiesReading: 0 })
  })

  test('a sender that hangs up in the middle leaves nothing behind', async () => {
    server = await startTestServer()
    const socket = await open()
    socket.write('POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n{"type":')
    while (server.stats()['bodiesReading'] !== 1) await new Promise(setImmediate)
    socket.resetAndDestroy()
    while (server.stats()['bodiesReading'] !== 0) await new Promise(setImmediate)
    expect(server.stats()).toMatchObject({ bodiesBytes: 0 })
    expect(server.records).toEqual([])
  })

  test('a sender that hangs up before the answer has its events kept once', async () => {
    let finish = (): void => undefined
    server = await startTestServer({
      append: () =>
        new Promise((resolve) => {
          finish = () => resolve(1)
        }),
    })
    const socket = await open()
    socket.write(`POST /v1/track HTTP/1.1\r\nHost: x\r\nContent-Length: ${good.length}\r\n\r\n${good}`)
    while (server.stats()['bodiesBytes'] === 0) await new Promise(setImmediate)
    socket.destroy()
    finish()
    while (server.stats()['eventsAppended'] !== 1) await new Promise(setImmediate)
    expect(server.stats()).toMatchObject({ bodiesBytes: 0 })
  })

  test('a thousand half-sent bodies hold only what they sent, and a neighbour is served', async () => {
    server = await startTestServer({ settings: { connectionsMax: 1_100 } })
    const half = `POST /v1/batch HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\n${' '.repeat(100)}`
    await Promise.all(Array.from({ length: 1_000 }, async () => (await open()).write(half)))
    while (server.stats()['bodiesReading'] !== 1_000) await new Promise(setImmediate)
    expect(server.stats()).toMatchObject({ bodiesBytes: 100_000 })
    expect((await post('/v1/track', good)).status).toBe(200)
  })

  test('connections over connectionsMax are closed at once', async () => {
    server = await startTestServer({ settings: { connectionsMax: 2 } })
    await open()
    await open()
    const third = await open()
    await expect(readAnswer(third)).rejects.toThrow(/closed|reset/i)
  })

  test('what is no HTTP gets a JSON 400, an endless header 431', async () => {
    server = await startTestServer()
    const answer = await sendRaw(server.port, 'HELLO\r\n\r\n')
    expect([answer.status, JSON.parse(answer.body)]).toMatchObject([400, { success: false, code: 'body-unreadable' }])
    const endless = await sendRaw(server.port, `POST /v1/track HTTP/1.1\r\nX: ${'x'.repeat(100_000)}\r\n\r\n`)
    expect(endless.status).toBe(431)
  })
})
