// A file far larger than intake may become: it flows through, it is never held.
import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'

import { afterAll, beforeAll, expect, test } from 'vitest'

import { mediaHashes } from '../support/media.ts'
import { type Millpond, startMillpond } from '../support/millpond.ts'

const MiB = 1024 * 1024
const fileBytes = 200 * MiB

let millpond: Millpond
let writeKey: string
beforeAll(async () => {
  millpond = await startMillpond({ settings: { MILLPOND_REQUESTS_PER_SECOND_MAX: '1000' } })
  writeKey = await millpond.addSource('cubby', 'server')
})
afterAll(async () => {
  await millpond.dispose()
})

async function* pieces(): AsyncIterable<Uint8Array> {
  for (let at = 0; at < fileBytes; at += MiB) yield Buffer.alloc(MiB, at / MiB)
}

async function residentBytes(): Promise<number> {
  return (await millpond.status()).intake.residentBytes
}

/** Linux keeps the highest; elsewhere what it is now. */
async function peakBytes(): Promise<number> {
  const { intake } = await millpond.pids()
  try {
    const status = await readFile(`/proc/${intake}/status`, 'utf8')
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024
  } catch {
    return residentBytes()
  }
}

test.each(['/v1/assets/large', '/v1/assets?device_id=cam-7'])('200 MB to %s', async (path) => {
  const before = await residentBytes()
  const init = {
    method: 'PUT',
    headers: { 'x-write-key': writeKey, 'content-type': 'video/mp4' },
    body: pieces() as unknown as BodyInit,
    duplex: 'half',
  }
  const response = await fetch(millpond.address + path, init)
  expect(response.status).toBe(201)
  const hash = createHash('sha256')
  for await (const piece of pieces()) hash.update(piece)
  const sha256 = hash.digest('hex')
  expect(await response.json()).toMatchObject({ sha256, bytes: fileBytes })
  expect([...(await mediaHashes(millpond.data)).values()]).toContain(sha256)
  const grown = (await peakBytes()) - before
  expect(grown).toBeLessThan(150 * MiB)
})
