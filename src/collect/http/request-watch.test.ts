// Requests whose body never ends, on a real port under a clock that stands still.
import type { Socket } from 'node:net'

import { afterEach, expect, test } from 'vitest'

import { startTestServer, type TestServer } from '../../../test/wire/collect-server.ts'
import { createManualClock } from '../../../test/wire/manual-clock.ts'
import { openSocket, readAnswer } from '../../../test/wire/raw.ts'

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

function requestSeen(): Promise<unknown> {
  return new Promise((resolve) => server.server.once('request', resolve))
}

test('a path of the engine: 408 some seconds after bodyTimeoutMs, never before', async () => {
  const clock = createManualClock()
  server = await startTestServer({ clock, fallback: () => undefined, settings: { bodyTimeoutMs: 5_000 } })
  const socket = await open()
  const answer = readAnswer(socket)
  const seen = requestSeen()
  socket.write('POST /api/query HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx')
  await seen
  clock.advance(9_900)
  expect(socket.readyState).toBe('open')
  clock.advance(5_200)
  expect((await answer).status).toBe(408)
})

test('complete requests and their kept connections are left alone', async () => {
  const clock = createManualClock()
  server = await startTestServer({ clock })
  const socket = await open()
  for (let round = 0; round < 3; round += 1) {
    const answer = readAnswer(socket)
    socket.write('GET /health HTTP/1.1\r\nHost: x\r\n\r\n')
    expect((await answer).status).toBe(200)
    clock.advance(60_000)
  }
  expect(socket.readyState).toBe('open')
})

test('a request that was answered early must still end', async () => {
  const clock = createManualClock()
  server = await startTestServer({ clock })
  const socket = await open()
  const answer = readAnswer(socket)
  const closed = new Promise((resolve) => socket.once('close', resolve))
  socket.write('POST /v1/m HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nx')
  expect((await answer).status).toBe(200)
  clock.advance(60_000)
  await closed
})
