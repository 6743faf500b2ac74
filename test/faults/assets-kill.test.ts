// kill -9 of intake in the middle of uploads, round after round: no answered clip is lost, no half object can be seen, and
// what the dead left behind is gone after the next start.
import { createHash } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'

import { expect, test } from 'vitest'

import { leftOvers, mediaHashes } from '../support/media.ts'
import { freePort, type Millpond, startMillpond } from '../support/millpond.ts'
import { seededRandom } from '../support/random.ts'

const rounds = 4
const random = seededRandom(23)

interface Sent {
  readonly path: string
  readonly clip: Buffer
}

/** Slow enough that a kill finds it under way. */
async function* trickled(clip: Buffer): AsyncIterable<Uint8Array> {
  for (let at = 0; at < clip.length; at += 50_000) {
    yield clip.subarray(at, at + 50_000)
    await delay(2)
  }
}

async function put(
  millpond: Millpond,
  writeKey: string,
  { path, clip }: Sent,
): Promise<{ asset_id: string; sha256: string }> {
  const init = {
    method: 'PUT',
    headers: { 'x-write-key': writeKey },
    body: trickled(clip) as unknown as BodyInit,
    duplex: 'half',
  }
  const response = await fetch(millpond.address + path, init)
  if (!response.ok) throw new Error(`${response.status} ${await response.text()}`)
  return (await response.json()) as { asset_id: string; sha256: string }
}

test('answered clips survive every kill; others are whole or not there', async () => {
  const settings = { MILLPOND_HTTP_PORT: String(await freePort()) }
  let millpond = await startMillpond({ settings })
  const answered = new Map<string, string>()
  const sentHashes = new Set<string>()
  let unanswered = 0
  let leftBehind = 0
  try {
    const writeKey = await millpond.addSource('cubby', 'server')
    const failed: Sent[] = []
    for (let round = 0; round < rounds; round += 1) {
      const sending = Array.from({ length: 8 }, async (_, n) => {
        const clip = Buffer.alloc(1000 + Math.floor(random() * 1_500_000), `clip ${round}-${n}`)
        const sent = { path: n % 4 === 0 ? `/v1/assets?device_id=cam-${n}` : `/v1/assets/${round}-${n}`, clip }
        sentHashes.add(createHash('sha256').update(clip).digest('hex'))
        try {
          const { asset_id: id, sha256 } = await put(millpond, writeKey, sent)
          answered.set(id, sha256)
        } catch {
          unanswered += 1
          failed.push(sent)
        }
      })
      await delay(20 + random() * 80)
      await millpond.kill('intake')
      await Promise.all(sending)
      leftBehind += (await leftOvers(millpond.data)).length
      millpond = await startMillpond({ data: millpond.data, settings })
      expect(await leftOvers(millpond.data)).toEqual([])
      for (const [name, sha256] of await mediaHashes(millpond.data)) {
        expect([name, sentHashes.has(sha256)]).toEqual([name, true])
        expect(name.startsWith('assets/')).toBe(true)
      }
    }
    expect([unanswered, leftBehind].every((count) => count > 0)).toBe(true)
    // Who sends again what was not answered gets everything in.
    for (const sent of failed) {
      const { asset_id: id, sha256 } = await put(millpond, writeKey, sent)
      answered.set(id, sha256)
    }
    await millpond.settled()
    const rows = await millpond.query('SELECT asset_id, sha256, storage_uri FROM ai.assets')
    expect(rows.map(([id]) => String(id)).sort()).toEqual([...answered.keys()].sort())
    const hashes = await mediaHashes(millpond.data)
    for (const [id, sha256, uri] of rows) {
      expect(sha256).toBe(answered.get(String(id)))
      expect(hashes.get(String(uri).replace('media:', ''))).toBe(sha256)
    }
    expect(hashes.size).toBe(answered.size)
    expect((await millpond.status()).ledgerSums).toBe(true)
  } finally {
    await millpond.dispose()
  }
})
