// The media door: what is kept, and what a retry finds.
import { createHash } from 'node:crypto'
import { readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'

import { afterEach, describe, expect, test } from 'vitest'

import { inParts, names, read, sha256Of, someBytes } from '../../../test/contract/object-store.ts'
import { type AssetRig, keyId, startAssetRig } from '../../../test/wire/asset-rig.ts'
import { startTestServer, testKeys } from '../../../test/wire/collect-server.ts'
import { MillpondError } from '../../core/errors.ts'
import { createLog } from '../../core/log.ts'
import { openDiskStore } from '../../objects/disk/disk.ts'
import { encryptedStore } from '../../objects/encrypted/encrypted.ts'
import { type WrappingKey, wrappingKeys } from '../../objects/encrypted/keys.ts'
import { removeUnnamed } from './assets.ts'
import { objectNameOf } from './names.ts'

const clip = someBytes(200_000)
const idOf = ({ id }: WrappingKey): string => id.toString('hex')

let rig: AssetRig
afterEach(async () => {
  await rig.stop()
})

const kept = { asset_id: 'cam-1', sha256: sha256Of(clip), bytes: clip.length }

describe('a file that is kept', () => {
  test('is stored encrypted, becomes a row, and then is answered', async () => {
    rig = await startAssetRig()
    const said = { device_id: 'cam-7', captured_at: '2026-03-02T08:15:31Z', room: { name: 'nursery' } }
    const answer = await rig.put('/v1/assets/cam-1?firmware=2.1', clip, { 'x-millpond-metadata': JSON.stringify(said) })
    expect([answer.status, answer.json]).toEqual([201, kept])
    const name = objectNameOf('shop', 'cam-1')
    expect((await read(rig.store, name))?.equals(clip)).toBe(true)
    expect(rig.server.records).toMatchObject([
      { kind: 'row', source: 'shop', count: 1, meta: { table: 'ai.assets', ip: '127.0.0.1' } },
    ])
    expect(rig.rows()).toEqual([
      {
        ...kept,
        mime: 'video/mp4',
        media_type: 'video',
        ...said,
        firmware: '2.1',
        timestamp: said.captured_at,
        storage_uri: `media:${name}`,
        key_id: keyId,
        state: 'active',
        created_at: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/) as string,
      },
    ])
    expect((await stat(join(rig.folder, name))).size).toBeGreaterThan(clip.length)
    expect(rig.server.stats()).toMatchObject({ requests: 1, recordsAppended: 1, assetsReceiving: 0 })
  })

  test.each([
    { how: 'POST', path: '/v1/assets/cam-1', headers: { method: 'POST' } },
    { how: 'a slash at the end', path: '//v1/assets/cam-1/', headers: {} },
    { how: 'the id as a field', path: '/v1/assets?asset_id=cam-1', headers: {} },
    {
      how: 'Basic',
      path: '/v1/assets/cam-1',
      headers: { 'x-write-key': '', authorization: `Basic ${btoa(`${testKeys.shop}:`)}` },
    },
    { how: 'the key in the query', path: `/v1/assets/cam-1?writeKey=${testKeys.shop}`, headers: { 'x-write-key': '' } },
    { how: 'percent signs', path: '/v1/assets/cam%2D1', headers: {} },
  ])('by $how', async ({ path, headers }) => {
    rig = await startAssetRig()
    const answer = await rig.put(path, clip, headers)
    expect([answer.status, answer.json]).toEqual([201, kept])
  })

  test('in chunks of any size', async () => {
    rig = await startAssetRig()
    let at = 0
    const body = new ReadableStream<Uint8Array>({
      pull(controller) {
        const end = at + 1 + ((at * 7) % 9_000)
        if (at < clip.length) controller.enqueue(clip.subarray(at, end))
        else controller.close()
        at = end
      },
    })
    expect(await rig.put('/v1/assets/cam-1', body)).toMatchObject({ status: 201, json: kept })
    expect((await read(rig.store, objectNameOf('shop', 'cam-1')))?.equals(clip)).toBe(true)
  })

  test('many at a time, each its own', async () => {
    rig = await startAssetRig()
    const clips = Array.from({ length: 8 }, (_, index) => someBytes(30_000 + index * 20_000))
    const answers = await Promise.all(clips.map((content, index) => rig.put(`/v1/assets/many-${index}`, content)))
    expect(answers.map(({ json }) => json['sha256'])).toEqual(clips.map(sha256Of))
    for (const [index, content] of clips.entries()) {
      expect((await read(rig.store, objectNameOf('shop', `many-${index}`)))?.equals(content)).toBe(true)
    }
  })

  test('browsers may ask first', async () => {
    rig = await startAssetRig()
    const headers = { origin: 'https://app.example', 'access-control-request-method': 'PUT' }
    const response = await fetch(`${rig.server.url}/v1/assets/x`, { method: 'OPTIONS', headers })
    expect(response.status).toBe(204)
    expect(response.headers.get('access-control-allow-methods')).toBe('PUT, POST, OPTIONS')
    expect(response.headers.get('access-control-allow-headers')).toContain('x-millpond-metadata')
    const answer = await rig.put('/v1/assets/cam-1', clip, { origin: 'https://app.example' })
    expect(answer.headers.get('access-control-allow-origin')).toBe('https://app.example')
  })
})

describe('sent again', () => {
  test('the same content: 200, the same answer, an equal row', async () => {
    rig = await startAssetRig()
    await rig.put('/v1/assets/cam-1', clip, { 'x-millpond-metadata': '{"room":1}' })
    const again = await rig.put('/v1/assets/cam-1', clip, { 'x-millpond-metadata': '{"room":1}' })
    expect([again.status, again.json]).toEqual([200, kept])
    expect(rig.rows()).toHaveLength(2)
    expect(rig.rows()[1]).toEqual(rig.rows()[0])
  })

  test.each([
    { how: 'another length', body: someBytes(100), headers: {} },
    { how: 'another digest', body: someBytes(clip.length, 9), headers: { 'x-content-sha256': 'f'.repeat(64) } },
    { how: 'other bytes of the same length', body: someBytes(clip.length, 9), headers: {} },
  ])('$how under the same id: 409, the first one stays', async ({ body, headers }) => {
    rig = await startAssetRig()
    await rig.put('/v1/assets/cam-1', clip)
    const other = await rig.put('/v1/assets/cam-1', body, headers)
    expect([other.status, other.json]).toMatchObject([409, { success: false, code: 'asset-exists' }])
    expect((await read(rig.store, objectNameOf('shop', 'cam-1')))?.equals(clip)).toBe(true)
    expect(rig.rows()).toHaveLength(1)
  })

  test('the same id of another source is another asset', async () => {
    rig = await startAssetRig()
    await rig.put('/v1/assets/cam-1', clip)
    const other = await rig.put('/v1/assets/cam-1', someBytes(10), { 'x-write-key': testKeys.web })
    expect(other.status).toBe(201)
    expect(await names(rig.store, 'assets/')).toHaveLength(2)
  })

  test('without an id it is known by its content, its device and its moment, with a digest or without', async () => {
    rig = await startAssetRig()
    const path = '/v1/assets?device_id=cam-7&captured_at=2026-03-02T08:15:31Z'
    const first = await rig.put(path, clip)
    const again = await rig.put(path, clip)
    const announced = await rig.put(path, clip, { 'x-content-sha256': sha256Of(clip) })
    expect([first.status, again.status, announced.status]).toEqual([201, 200, 200])
    expect(again.json).toEqual(first.json)
    expect(announced.json).toEqual(first.json)
    const later = await rig.put('/v1/assets?device_id=cam-7&captured_at=2026-03-02T08:15:32Z', clip, {
      'content-digest': `sha-256=:${createHash('sha256').update(clip).digest('base64')}:`,
    })
    expect(later.status).toBe(201)
    expect(later.json['asset_id']).not.toBe(first.json['asset_id'])
    expect(await names(rig.store)).toHaveLength(2)
    for (const name of await names(rig.store)) expect((await read(rig.store, name))?.equals(clip)).toBe(true)
  })

  test('an id that follows from content, taken by other content: that one stays', async () => {
    rig = await startAssetRig()
    const { asset_id: id } = (await rig.put('/v1/assets', clip)).json
    const name = objectNameOf('shop', String(id))
    await rig.store.put(name, inParts('other'))
    expect(await rig.put('/v1/assets', clip)).toMatchObject({ status: 409, json: { code: 'asset-exists' } })
    expect(String(await read(rig.store, name))).toBe('other')
    expect(await names(rig.store)).toEqual([name])
  })

  test('a stored file that rotted is replaced by what is sent again', async () => {
    rig = await startAssetRig()
    await rig.put('/v1/assets/cam-1', clip)
    const name = objectNameOf('shop', 'cam-1')
    await writeFile(join(rig.folder, name), 'rotten')
    expect((await rig.put('/v1/assets/cam-1', clip)).status).toBe(201)
    expect((await read(rig.store, name))?.equals(clip)).toBe(true)
  })

  describe('what was written under another media key, or by a newer version', () => {
    const otherKeys = wrappingKeys(Buffer.alloc(32, 5), Buffer.alloc(32, 9).toString('base64'))
    const name = objectNameOf('shop', 'cam-1')

    async function withOther(change: (stored: Buffer) => void = () => undefined): Promise<Buffer> {
      rig = await startAssetRig()
      const other = encryptedStore({ store: await openDiskStore({ folder: rig.folder }), keys: otherKeys })
      await other.put(name, inParts(clip))
      const stored = await readFile(join(rig.folder, name))
      change(stored)
      await writeFile(join(rig.folder, name), stored)
      return stored
    }

    test.each([
      { how: 'other content', body: someBytes(100), path: '/v1/assets/cam-1' },
      { how: 'the same content', body: clip, path: '/v1/assets/cam-1' },
    ])('is not touched by $how under its id: 503', async ({ body, path }) => {
      const stored = await withOther()
      const answer = await rig.put(path, body)
      expect([answer.status, answer.json['code']]).toEqual([503, 'object-unreadable'])
      expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
      expect((await readFile(join(rig.folder, name))).equals(stored)).toBe(true)
      expect(rig.rows()).toEqual([])
      expect(await rig.uploads()).toEqual([])
    })

    test('nor by one whose id follows from its content', async () => {
      rig = await startAssetRig()
      const first = await rig.put('/v1/assets', clip)
      const found = objectNameOf('shop', String(first.json['asset_id']))
      const other = encryptedStore({ store: await openDiskStore({ folder: rig.folder }), keys: otherKeys })
      await other.put(found, inParts(clip))
      const stored = await readFile(join(rig.folder, found))
      expect(await rig.put('/v1/assets', clip)).toMatchObject({ status: 503, json: { code: 'object-unreadable' } })
      expect((await readFile(join(rig.folder, found))).equals(stored)).toBe(true)
      expect(await names(rig.store)).toEqual([found])
    })

    test('a version that is not known is not touched either', async () => {
      const stored = await withOther((bytes) => bytes.writeUInt8(9, 4))
      expect((await rig.put('/v1/assets/cam-1', someBytes(9))).status).toBe(503)
      expect((await readFile(join(rig.folder, name))).equals(stored)).toBe(true)
    })

    test('is a retry like all others when its key is among those that may read; the row names its key', async () => {
      const folderKeys = wrappingKeys(Buffer.alloc(32, 5), undefined)
      await withOther()
      const disk = await openDiskStore({ folder: rig.folder })
      const { folder } = rig
      await rig.stop()
      rig = await startAssetRig({ store: encryptedStore({ store: disk, keys: otherKeys }), keyId: idOf(otherKeys[0]) })
      expect(folder).not.toBe(rig.folder)
      // Written under the key that was there first, and sent again today.
      const before = encryptedStore({ store: disk, keys: folderKeys })
      await before.put(name, inParts(clip))
      const unnamed = await rig.put('/v1/assets', someBytes(50))
      const unnamedName = objectNameOf('shop', String(unnamed.json['asset_id']))
      await before.put(unnamedName, inParts(someBytes(50)))
      expect((await rig.put('/v1/assets/cam-1', clip)).status).toBe(200)
      expect((await rig.put('/v1/assets', someBytes(50))).status).toBe(200)
      expect((await rig.put('/v1/assets/new', clip)).status).toBe(201)
      const [today, first] = [idOf(otherKeys[0]), idOf(folderKeys[0])]
      expect(rig.rows().map((row) => row['key_id'])).toEqual([today, first, first, today])
      await rm(folder, { recursive: true, force: true })
    })
  })

  test('after the row could not be appended: the second try heals', async () => {
    let refusals = 1
    const appended: string[] = []
    rig = await startAssetRig(
      {},
      {
        async append({ meta }) {
          if (refusals-- > 0) throw new MillpondError('buffer-full', 'Full.', { retryAfterSeconds: 7 })
          appended.push(meta)
          return 1
        },
      },
    )
    const first = await rig.put('/v1/assets/cam-1', clip)
    expect([first.status, first.json['code'], first.headers.get('retry-after')]).toEqual([503, 'buffer-full', '7'])
    expect((await rig.put('/v1/assets/cam-1', clip)).status).toBe(200)
    expect(appended).toHaveLength(1)
  })

  test('while the first is still under way: one of them is told to come back', async () => {
    rig = await startAssetRig()
    const slow = Promise.withResolvers<void>()
    const body = new ReadableStream<Uint8Array>({
      async start(controller) {
        controller.enqueue(clip.subarray(0, 1000))
        await slow.promise
        controller.enqueue(clip.subarray(1000))
        controller.close()
      },
    })
    const first = rig.put('/v1/assets/cam-1', body)
    while ((await rig.uploads()).length === 0) await new Promise(setImmediate)
    const second = await rig.put('/v1/assets/cam-1', clip)
    expect([second.status, second.json['code']]).toEqual([503, 'intake-busy'])
    slow.resolve()
    expect((await first).status).toBe(201)
  })
})

test('without a media store there is no media door', async () => {
  rig = await startAssetRig()
  const server = await startTestServer()
  const response = await fetch(`${server.url}/v1/assets`, { method: 'PUT', body: 'x' })
  expect(response.status).toBe(404)
  await server.stop()
})

test('what lies under incoming/ at the start is of the dead', async () => {
  rig = await startAssetRig()
  await rig.store.put('incoming/one', inParts(clip))
  await rig.put('/v1/assets/cam-1', clip)
  await removeUnnamed(rig.store, createLog('silent'))
  expect(await names(rig.store)).toEqual([objectNameOf('shop', 'cam-1')])
})
