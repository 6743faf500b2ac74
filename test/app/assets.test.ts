// Media end to end: files put with fetch while the engine dies again and again, and what stands in ai.assets afterwards.
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { leftOvers, mediaHashes } from '../support/media.ts'
import { firstAnswer, type Millpond, startMillpond } from '../support/millpond.ts'
import { seededRandom } from '../support/random.ts'

let millpond: Millpond
let writeKey: string
beforeAll(async () => {
  millpond = await startMillpond()
  writeKey = await millpond.addSource('cubby', 'server')
})
afterAll(async () => {
  await millpond.dispose()
})

interface Answer {
  readonly asset_id: string
  readonly sha256: string
  readonly bytes: number
}

const random = seededRandom(11)

function clipOf(bytes: number): Buffer {
  const block = Buffer.from(Array.from({ length: 997 }, () => Math.floor(random() * 256)))
  return Buffer.alloc(bytes, block)
}

async function put(path: string, body: Buffer, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${millpond.address}${path}`, {
    method: 'PUT',
    headers: { authorization: `Basic ${btoa(`${writeKey}:`)}`, 'content-type': 'video/mp4', ...headers },
    body: new Uint8Array(body),
  })
}

function sha256Of(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('hex')
}

describe('a clip', () => {
  test('becomes a row with its columns, and is nowhere on disk in plain', async () => {
    const clip = Buffer.from('a child sleeps here '.repeat(20_000))
    const said = { device_id: 'cam-7', captured_at: '2026-03-02T08:15:31.250Z', duration_ms: 1500, room: 'nursery' }
    const headers = { 'x-millpond-metadata': Buffer.from(JSON.stringify(said)).toString('base64url') }
    const answer = await put('/v1/assets/first-clip?firmware=2.1', clip, headers)
    expect([answer.status, await answer.json()]).toEqual([
      201,
      { asset_id: 'first-clip', sha256: sha256Of(clip), bytes: clip.length },
    ])
    await millpond.settled()
    const columns = 'asset_id, source, bytes, mime, media_type, device_id, firmware, duration_ms, state, payload'
    const times = `strftime(captured_at, '%c') = strftime("timestamp", '%c'), created_at IS NOT NULL`
    const [row] = await millpond.query(`SELECT ${columns}, ${times} FROM ai.assets WHERE asset_id = 'first-clip'`)
    const payload = row?.[9]
    expect(typeof payload === 'string' ? JSON.parse(payload) : payload).toEqual({ room: 'nursery' })
    const values = ['first-clip', 'cubby', clip.length, 'video/mp4', 'video', 'cam-7', '2.1', 1500, 'active']
    expect(
      row?.slice(0, 9).map((value) => (typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value)),
    ).toEqual(values)
    expect(row?.slice(10)).toEqual([true, true])
    const files = await readdir(join(millpond.data, 'media'), { recursive: true, withFileTypes: true })
    for (const file of files.filter((entry) => entry.isFile())) {
      expect((await readFile(join(file.parentPath, file.name))).includes('sleeps')).toBe(false)
    }
  })

  test('sent again gives one row and 200', async () => {
    const clip = clipOf(300_000)
    expect((await put('/v1/assets?device_id=cam-8', clip)).status).toBe(201)
    const again = await put('/v1/assets?device_id=cam-8', clip)
    expect(again.status).toBe(200)
    const { asset_id: id } = (await again.json()) as Answer
    await millpond.settled()
    expect(Number(await millpond.queryValue(`SELECT count(*) FROM ai.assets WHERE asset_id = '${id}'`))).toBe(1)
  })

  test('no page, key or token gets it back: nothing serves media', async () => {
    for (const path of ['/v1/assets/first-clip', '/v1/media/first-clip', '/media/first-clip']) {
      expect((await millpond.api(path)).status).toBeGreaterThanOrEqual(400)
    }
  })
})

test('a clip written under a media key is not touched while the key is not set, and is there again with it', async () => {
  const settings = { MILLPOND_MEDIA_KEY: Buffer.alloc(32, 3).toString('base64') }
  const first = await startMillpond({ settings })
  const key = await first.addSource('cubby', 'server')
  const send = async ({ address }: Millpond, body: Buffer): Promise<Response> =>
    fetch(`${address}/v1/assets/cam-1?writeKey=${key}`, { method: 'PUT', body: new Uint8Array(body) })
  const clip = clipOf(200_000)
  expect((await send(first, clip)).status).toBe(201)
  await first.stop()
  const without = await startMillpond({ data: first.data })
  for (const body of [clipOf(1_000), clip]) {
    const answer = await send(without, body)
    expect([answer.status, await answer.json()]).toMatchObject([503, { code: 'object-unreadable' }])
  }
  expect(without.output()).toContain('written under another media key')
  await without.stop()
  const again = await startMillpond({ data: first.data, settings })
  expect((await send(again, clip)).status).toBe(200)
  expect((await send(again, clipOf(1_000))).status).toBe(409)
  await again.dispose()
})

test('clips that were answered while the engine was killed are all in ai.assets, and their objects are whole', async () => {
  const answered = new Map<string, Answer>()
  let isDone = false
  async function upload(worker: number): Promise<void> {
    for (let n = 0; n < 12; n += 1) {
      const clip = clipOf(1 + Math.floor(random() * 400_000))
      const response = await put(`/v1/assets/engine-${worker}-${n}`, clip)
      expect(response.status).toBe(201)
      const answer = (await response.json()) as Answer
      expect(answer.sha256).toBe(sha256Of(clip))
      answered.set(answer.asset_id, answer)
    }
  }
  async function killAgainAndAgain(): Promise<void> {
    let last = 0
    while (!isDone) {
      const { engine } = await millpond.pids().catch(() => ({ engine: last }))
      if (engine !== last) await millpond.kill('engine')
      last = engine
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }
  const killing = killAgainAndAgain()
  await Promise.all([0, 1, 2].map(upload))
  isDone = true
  await killing
  await firstAnswer(async () => ((await millpond.api('/api/status')).ok ? true : undefined), 30_000, millpond.output)
  await millpond.settled()
  const rows = await millpond.query(
    `SELECT asset_id, sha256, storage_uri FROM ai.assets WHERE starts_with(asset_id, 'engine-')`,
  )
  expect(rows).toHaveLength(answered.size)
  const hashes = await mediaHashes(millpond.data)
  for (const [id, sha256, uri] of rows) {
    expect(sha256).toBe(answered.get(String(id))?.sha256)
    expect(hashes.get(String(uri).replace('media:', ''))).toBe(sha256)
  }
  expect(await leftOvers(millpond.data)).toEqual([])
  expect((await millpond.status()).ledgerSums).toBe(true)
})
