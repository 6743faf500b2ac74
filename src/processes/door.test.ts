// Goal: the door closes soon whoever is connected, and nobody who was heard goes without an answer.
import type { Server, ServerResponse } from 'node:http'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { testSettings } from '../../test/wire/collect-server.ts'
import { openSocket, readAnswer } from '../../test/wire/raw.ts'
import { guardServer, serverOptions } from '../collect/collect.ts'
import { systemClock } from '../core/clock.ts'
import { createLog } from '../core/log.ts'
import { type Door, openDoor } from './door.ts'

const tlsFolder = join(import.meta.dirname, '../../test/wire/tls')
const tls = { tlsCert: join(tlsFolder, 'localhost.cert.pem'), tlsKey: join(tlsFolder, 'localhost.key.pem') }
const deps = {
  clock: systemClock,
  log: createLog('silent'),
  options: serverOptions(),
  guard: (server: Server) => guardServer(server, testSettings),
}
const longMs = 60_000

interface Opened {
  readonly door: Door
  readonly port: number
  /** Requests that nobody has answered yet. */
  readonly waiting: readonly ServerResponse[]
}

async function open(files: Partial<typeof tls> = {}, host = '127.0.0.1'): Promise<Opened> {
  const waiting: ServerResponse[] = []
  const settings = {
    host,
    httpPort: 0,
    publicUrl: undefined,
    tlsCert: files.tlsCert,
    tlsKey: files.tlsKey,
  }
  const door = await openDoor(settings, (_, response) => void waiting.push(response), deps)
  return { door, port: Number(new URL(door.boundAddress).port), waiting }
}

async function until(isTrue: () => boolean): Promise<void> {
  while (!isTrue()) await new Promise(setImmediate)
}

const get = 'GET /health HTTP/1.1\r\nHost: x\r\n\r\n'

describe.each([
  { name: 'http', files: {}, secure: false },
  { name: 'https', files: tls, secure: true },
])('$name', ({ files, secure }) => {
  test('requests in flight at the close are answered, and their connections end with the answer', async () => {
    const { door, port, waiting } = await open(files)
    const sockets = await Promise.all(Array.from({ length: 8 }, async () => openSocket(port, secure)))
    const answers = sockets.map(async (socket) => readAnswer(socket))
    for (const socket of sockets) socket.write(get)
    await until(() => waiting.length === 8)
    waiting[0]?.writeHead(200, { 'Content-Length': 2 })
    waiting[0]?.flushHeaders()
    const closed = door.close(longMs)
    for (const response of waiting) {
      if (!response.headersSent) response.writeHead(200, { 'Content-Length': 2 })
      response.end('ok')
    }
    for (const answer of await Promise.all(answers)) expect(answer).toMatchObject({ status: 200, body: 'ok' })
    expect((await Promise.all(answers)).at(-1)?.headers).toMatchObject({ connection: 'close' })
    await closed
  })

  test('connections without a request do not hold up the close, shaken hands or not', async () => {
    const { door, port } = await open(files)
    const silent = await openSocket(port)
    const unused = await openSocket(port, secure)
    const ends = [silent, unused].map(async (socket) => new Promise((resolve) => socket.once('close', resolve)))
    silent.resume().on('error', () => undefined)
    unused.resume().on('error', () => undefined)
    await door.close(longMs)
    await Promise.all(ends)
  })

  test('who is not done at the deadline is cut off', async () => {
    const { door, port, waiting } = await open(files)
    const socket = await openSocket(port, secure)
    socket.write(get)
    await until(() => waiting.length === 1)
    const cut = expect(readAnswer(socket)).rejects.toThrow(/closed|reset/i)
    await door.close(10)
    await cut
  })
})

describe('names itself', () => {
  test.each([
    { host: '127.0.0.1', people: '127.0.0.1', bound: '127.0.0.1' },
    { host: '0.0.0.0', people: 'localhost', bound: '0.0.0.0' },
    { host: '::', people: 'localhost', bound: '[::]' },
    { host: '::1', people: '[::1]', bound: '[::1]' },
  ])('$host', async ({ host, people, bound }) => {
    const { door, port } = await open({}, host)
    expect([door.address, door.boundAddress]).toEqual([`http://${people}:${port}`, `http://${bound}:${port}`])
    await door.close(0)
  })
})

test.each([
  { tlsCert: join(tlsFolder, 'none.pem'), tlsKey: tls.tlsKey },
  { tlsCert: join(tlsFolder, 'README.md'), tlsKey: join(tlsFolder, 'README.md') },
  { tlsCert: tls.tlsCert, tlsKey: join(tlsFolder, 'renewed.key.pem') },
])('TLS files of no use are setting-invalid: $tlsCert, $tlsKey', async (files) => {
  await expect(open(files)).rejects.toMatchObject({ code: 'setting-invalid' })
})

test('a taken port is port-taken', async () => {
  const { door, port } = await open()
  const settings = { host: '127.0.0.1', httpPort: port, publicUrl: undefined }
  const again = openDoor({ ...settings, tlsCert: undefined, tlsKey: undefined }, () => undefined, deps)
  await expect(again).rejects.toMatchObject({ code: 'port-taken' })
  await door.close(0)
})
