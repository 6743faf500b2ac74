// The media door: what it refuses, so that nothing of it is kept, and what it bears.
import type { Socket } from 'node:net'

import { afterEach, describe, expect, test } from 'vitest'

import { names, someBytes } from '../../../test/contract/object-store.ts'
import { type AssetRig, headOf, MiB, startAssetRig, turns } from '../../../test/wire/asset-rig.ts'
import { testKeys } from '../../../test/wire/collect-server.ts'
import { createManualClock } from '../../../test/wire/manual-clock.ts'
import { readAnswer } from '../../../test/wire/raw.ts'
import { MillpondError } from '../../core/errors.ts'
import type { ObjectStore } from '../../objects/store.ts'

const clip = someBytes(200_000)

let rig: AssetRig
afterEach(async () => {
  await rig.stop()
})

describe('refused, and nothing is kept', () => {
  afterEach(async () => {
    expect(rig.server.records).toEqual([])
    expect(await names(rig.store)).toEqual([])
    expect(await rig.uploads()).toEqual([])
    expect(rig.server.stats()['assetsReceiving']).toBe(0)
  })

  test.each([
    { why: 'no key', headers: { 'x-write-key': '' }, status: 401, code: 'write-key-missing' },
    { why: 'a foreign key', headers: { 'x-write-key': testKeys.foreign }, status: 401, code: 'write-key-unknown' },
    {
      why: 'a Bearer token',
      headers: { 'x-write-key': '', authorization: `Bearer ${testKeys.shop}` },
      status: 401,
      code: 'write-key-missing',
    },
    { why: 'a disabled key', headers: { 'x-write-key': testKeys.disabled }, status: 503, code: 'write-key-off' },
    { why: 'a rotated key', headers: { 'x-write-key': testKeys.rotated }, status: 503, code: 'write-key-off' },
    { why: 'an unlisted key', headers: { 'x-write-key': testKeys.unlisted }, status: 503, code: 'write-key-off' },
    { why: 'bad metadata', headers: { 'x-millpond-metadata': '{"width":"wide"}' }, status: 400, code: 'asset-invalid' },
    { why: 'a wrong digest', headers: { 'x-content-sha256': 'f'.repeat(64) }, status: 400, code: 'asset-invalid' },
    { why: 'a compressed body', headers: { 'content-encoding': 'gzip' }, status: 400, code: 'asset-invalid' },
    {
      why: 'a form',
      headers: { 'content-type': 'multipart/form-data; boundary=x' },
      status: 400,
      code: 'asset-invalid',
    },
  ])('$why', async ({ headers, status, code }) => {
    rig = await startAssetRig()
    const answer = await rig.put('/v1/assets/cam-1', clip, headers)
    expect([answer.status, answer.json]).toMatchObject([status, { success: false, code }])
    if (status === 503) expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(rig.server.stats()[`requestsRefused.${code}`]).toBe(1)
  })

  test.each(['/v1/assets', '/v1/assets/cam-1'])('an empty body at %s, announced or not', async (path) => {
    rig = await startAssetRig()
    const empty = new ReadableStream({ start: (controller) => controller.close() })
    for (const body of [new Uint8Array(0), null, empty]) {
      expect(await rig.put(path, body)).toMatchObject({ status: 400, json: { code: 'asset-invalid' } })
    }
  })

  test.each(['GET', 'HEAD', 'DELETE', 'PATCH'])('%s: nothing serves media', async (method) => {
    rig = await startAssetRig()
    const response = await fetch(`${rig.server.url}/v1/assets/cam-1`, {
      method,
      headers: { 'x-write-key': testKeys.shop },
    })
    expect([response.status, response.headers.get('allow')]).toEqual([405, 'PUT, POST, OPTIONS'])
  })

  test('odd ids in the address', async () => {
    rig = await startAssetRig()
    for (const path of ['/v1/assets/a%2Fb', '/v1/assets/%ff', '/v1/assets/%E4', `/v1/assets/${'x'.repeat(300)}`]) {
      expect(await rig.put(path, clip)).toMatchObject({ status: 400, json: { code: 'asset-invalid' } })
    }
    expect((await rig.put('/v1/assets/a/b', clip)).status).toBe(404)
  })

  test('too large, announced: before it is read', async () => {
    rig = await startAssetRig()
    const socket = await rig.open()
    const answer = readAnswer(socket)
    socket.write(headOf('big', 99999999999) + 'x')
    expect(await answer).toMatchObject({ status: 413, headers: { connection: 'close' } })
    expect(JSON.parse((await answer).body)).toMatchObject({ code: 'asset-too-large' })
  })

  test.each(['/v1/assets/big', '/v1/assets'])(
    'too large, in chunks, at %s: cut off, and the sender reads why',
    async (path) => {
      rig = await startAssetRig({ settings: { assetBytesMax: 100_000, assetsReceivingMax: 8 } })
      const socket = await rig.open()
      const answer = readAnswer(socket)
      socket.write(
        `PUT ${path} HTTP/1.1\r\nHost: x\r\nX-Write-Key: ${testKeys.shop}\r\nTransfer-Encoding: chunked\r\n\r\n`,
      )
      for (let round = 0; round < 30; round += 1) socket.write(`2710\r\n${'x'.repeat(10_000)}\r\n`)
      expect(await answer).toMatchObject({ status: 413, headers: { connection: 'close' } })
    },
  )

  test('too little free, before and while it comes', async () => {
    let freeBytes = MiB + 1000
    rig = await startAssetRig({
      freeBytes: async () => freeBytes,
      settings: { assetBytesMax: 100 * MiB, assetsReceivingMax: 1 },
    })
    expect(await rig.put('/v1/assets/cam-1', clip)).toMatchObject({ status: 503, json: { code: 'disk-full' } })
    freeBytes = 200 * MiB
    async function* filling(): AsyncIterable<Uint8Array> {
      for (let piece = 0; piece < 80; piece += 1) {
        yield new Uint8Array(MiB)
        freeBytes = 1000
      }
    }
    const answer = await rig.put('/v1/assets/cam-2', filling())
    expect([answer.status, answer.json['code']]).toEqual([503, 'disk-full'])
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
  })

  test('too little free for the copy that an upload without a name becomes', async () => {
    let looks = 0
    rig = await startAssetRig({
      freeBytes: async () => (++looks === 1 ? 200 * MiB : MiB),
      settings: { assetBytesMax: 100 * MiB, assetsReceivingMax: 1 },
    })
    expect(await rig.put('/v1/assets', clip)).toMatchObject({ status: 503, json: { code: 'disk-full' } })
  })

  test('too little free while the copy is made', async () => {
    let looks = 0
    rig = await startAssetRig({
      // At the start, on the way in, before the copy: enough. On the way of the copy no longer.
      freeBytes: async () => (++looks <= 3 ? 200 * MiB : 1000),
      settings: { assetBytesMax: 100 * MiB, assetsReceivingMax: 1 },
    })
    const answer = await rig.put('/v1/assets', Buffer.alloc(40 * MiB))
    expect([answer.status, answer.json['code'], looks]).toEqual([503, 'disk-full', 4])
  })

  test('a disk that is full all of a sudden', async () => {
    const full = new MillpondError('disk-full', 'Full.', { retryAfterSeconds: 5 })
    const failing: ObjectStore = {
      async put(_name, content) {
        for await (const _ of content) throw full
        throw full
      },
      get: async () => undefined,
      head: async () => undefined,
      list: (prefix) => rig.store.list(prefix),
      remove: async () => undefined,
    }
    rig = await startAssetRig({ store: failing })
    const answer = await rig.put('/v1/assets/cam-1', clip)
    expect([answer.status, answer.json['code'], answer.headers.get('retry-after')]).toEqual([503, 'disk-full', '5'])
  })

  test('a fault of ours is 503, and the next request is served', async () => {
    rig = await startAssetRig({ freeBytes: () => Promise.reject(new Error('EIO')) })
    expect(await rig.put('/v1/assets/cam-1', clip)).toMatchObject({
      status: 503,
      json: { code: 'buffer-write-failed' },
    })
    expect((await fetch(`${rig.server.url}/health`)).status).toBe(200)
  })

  test.each(['/v1/assets/cut', '/v1/assets'])('a sender that hangs up in the middle, at %s', async (path) => {
    rig = await startAssetRig()
    const socket = await rig.open()
    socket.write(`PUT ${path} HTTP/1.1\r\nHost: x\r\nX-Write-Key: ${testKeys.shop}\r\nContent-Length: 100000\r\n\r\n`)
    socket.write(Buffer.alloc(70_000))
    while ((await rig.uploads()).length === 0) await new Promise(setImmediate)
    socket.destroy()
    while (rig.server.stats()['assetsReceiving'] !== 0) await new Promise(setImmediate)
  })
})

describe('limits', () => {
  test('more at one time than there are places for', async () => {
    rig = await startAssetRig({ settings: { assetBytesMax: MiB, assetsReceivingMax: 2 } })
    const held: Socket[] = []
    for (const key of [testKeys.shop, testKeys.web]) {
      const socket = await rig.open()
      held.push(socket)
      socket.write(headOf(`held-${key}`, 9, key) + 'x')
    }
    while (rig.server.stats()['assetsReceiving'] !== 2) await new Promise(setImmediate)
    const answer = await rig.put('/v1/assets/third', clip)
    expect([answer.status, answer.json['code']]).toEqual([503, 'intake-busy'])
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    for (const socket of held) socket.destroy()
    while (rig.server.stats()['assetsReceiving'] !== 0) await new Promise(setImmediate)
    expect((await rig.put('/v1/assets/third', clip)).status).toBe(201)
  })

  test('one key holds half of the places at most: others still get in', async () => {
    rig = await startAssetRig({ settings: { assetBytesMax: MiB, assetsReceivingMax: 5 } })
    const held: Socket[] = []
    for (let upload = 0; upload < 3; upload += 1) {
      const socket = await rig.open()
      held.push(socket)
      socket.write(headOf(`held-${upload}`, 9) + 'x')
    }
    while (rig.server.stats()['assetsReceiving'] !== 3) await new Promise(setImmediate)
    const answer = await rig.put('/v1/assets/fourth', clip)
    expect(answer).toMatchObject({ status: 503, json: { code: 'intake-busy' } })
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    expect((await rig.put('/v1/assets/other', clip, { 'x-write-key': testKeys.web })).status).toBe(201)
    for (const socket of held) socket.destroy()
    while (rig.server.stats()['assetsReceiving'] !== 0) await new Promise(setImmediate)
    expect((await rig.put('/v1/assets/fourth', clip)).status).toBe(201)
  })

  test('the rate of a key', async () => {
    rig = await startAssetRig({}, { settings: { requestsPerSecondMax: 1 } })
    expect((await rig.put('/v1/assets/cam-1', clip)).status).toBe(201)
    expect(await rig.put('/v1/assets/cam-2', clip)).toMatchObject({ status: 429, json: { code: 'rate-limited' } })
  })

  test('a body may take as long as it comes: minutes at 80 KB every few seconds', async () => {
    const clock = createManualClock()
    rig = await startAssetRig({}, { clock })
    const connection = new Promise<Socket>((resolve) => rig.server.server.once('connection', resolve))
    const socket = await rig.open()
    const answer = readAnswer(socket)
    const piece = Buffer.alloc(80_000, 1)
    const pieces = 40
    socket.write(headOf('slow', pieces * piece.length))
    for (let sent = 1; sent <= pieces; sent += 1) {
      socket.write(piece)
      while ((await connection).bytesRead < sent * piece.length) await new Promise(setImmediate)
      await turns()
      clock.advance(4_000)
    }
    expect((await answer).status).toBe(201)
  })

  test('a body that stands still, or all but, is given up', async () => {
    const clock = createManualClock()
    rig = await startAssetRig({}, { clock })
    const socket = await rig.open()
    const answer = readAnswer(socket)
    socket.write(headOf('still', 100_000))
    while ((await rig.uploads()).length === 0) await new Promise(setImmediate)
    let isAnswered = false
    void answer.then(() => (isAnswered = true))
    for (let second = 0; !isAnswered; second += 1) {
      // A trickle is no progress. On a busy machine two drops may come as one; the body must not be whole by then.
      if (second < 19) socket.write(Buffer.alloc(5_000))
      await turns()
      clock.advance(1_000)
    }
    expect(await answer).toMatchObject({ status: 503, headers: { connection: 'close' } })
    expect(JSON.parse((await answer).body)).toMatchObject({ code: 'intake-busy' })
    while (rig.server.stats()['assetsReceiving'] !== 0) await new Promise(setImmediate)
    expect(await rig.uploads()).toEqual([])
  })
})
