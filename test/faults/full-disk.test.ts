// A disk that is really full: the data folder lies on a small file system in memory. Needs root to mount it.
import { execFileSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmdirSync } from 'node:fs'
import { mkdir, open, rm, statfs } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'

import { firstAnswer, freePort, type Millpond, startMillpond } from '../support/millpond.ts'
import { type Answer, expectLedgerSums, lineOf, sendTo } from '../support/sender.ts'

const MiB = 1024 * 1024
const diskBytes = 96 * MiB

/** The mounted folder, or why there is none. */
function mountSmallDisk(): { folder: string } | { reason: string } {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return { reason: 'only root on Linux can mount a disk' }
  const folder = mkdtempSync(join(tmpdir(), 'millpond-disk-'))
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${diskBytes}`, 'tmpfs', folder], { stdio: 'pipe' })
    return { folder }
  } catch (error) {
    rmdirSync(folder)
    return { reason: String(error) }
  }
}

let millpond: Millpond | undefined

afterEach(async () => {
  await millpond?.dispose()
})

async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder)
  return bavail * bsize
}

/** Takes space until only so much is left. */
async function fillUp(path: string, leaveBytes: number): Promise<void> {
  const file = await open(path, 'a')
  const chunk = Buffer.alloc(64 * 1024, 1)
  try {
    while ((await freeBytes(path)) > leaveBytes) await file.write(chunk)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
  } finally {
    await file.close()
  }
}

describe('a full disk under the data folder', () => {
  let disk: ReturnType<typeof mountSmallDisk> = { reason: '' }

  beforeAll(() => {
    disk = mountSmallDisk()
  })

  afterAll(() => {
    if (!('folder' in disk)) return
    execFileSync('umount', ['--lazy', disk.folder])
    rmdirSync(disk.folder)
  })

  const settings = {
    MILLPOND_DISK_FREE_BYTES_MIN: '6MiB',
    MILLPOND_BALLAST_BYTES: '4MiB',
    MILLPOND_SEGMENT_BYTES_MAX: '2MiB',
    MILLPOND_CHECKPOINT_AGE_MS_MAX: '500',
    MILLPOND_MEMORY_BYTES_MAX: '128MiB',
  }

  it('refuses senders with Retry-After, keeps all that it acknowledged, and collects again soon after there is room', async (context) => {
    if ('reason' in disk) context.skip(disk.reason)
    const folder = 'folder' in disk ? disk.folder : ''
    const filler = join(folder, 'filler')
    const data = join(folder, 'data')
    await mkdir(data)
    const port = String(await freePort())
    millpond = await startMillpond({ data, settings: { ...settings, MILLPOND_HTTP_PORT: port } })
    const running = millpond
    const key = await running.addSource('web')
    const acknowledged: string[] = []
    let batches = 0

    /** 50 events of 4 KB that no compression makes smaller. */
    async function send(): Promise<Answer> {
      batches += 1
      const ids = Array.from({ length: 50 }, (_, n) => `${batches}-${n}`)
      const batch = ids.map((messageId) => {
        const noise = randomBytes(3000).toString('base64')
        return { type: 'track', event: 'Filling', userId: 'u', messageId, properties: { noise } }
      })
      const answer = await sendTo(running.address, { batch }, { key })
      if (answer.status === 200) acknowledged.push(...ids)
      else expect(answer).toMatchObject({ status: 503, code: 'disk-full' })
      return answer
    }

    for (let n = 0; n < 20; n += 1) expect(await send()).toMatchObject({ status: 200 })
    await running.settled()

    // Somebody else's file takes the room; senders take the rest, down to what is kept free.
    await fillUp(filler, 14 * MiB)
    const refusal = await firstAnswer(async () => {
      const answer = await send()
      return answer.status === 503 ? answer : undefined
    }, 30_000)
    expect(Number(refusal.retryAfter)).toBeGreaterThan(0)
    const health = (await (await fetch(`${running.address}/health`)).json()) as { ok: boolean; collecting: string }
    expect(health).toMatchObject({ ok: false, collecting: 'disk-full' })

    // Then nothing is left at all, not even for checkpoints. The engine dies in the middle of it, too.
    await fillUp(filler, 0)
    for (let n = 0; n < 5; n += 1) {
      expect(await send()).toMatchObject({ status: 503 })
      await delay(200)
    }
    await running.kill('engine')
    for (let n = 0; n < 5; n += 1) {
      expect(await send()).toMatchObject({ status: 503 })
      await delay(200)
    }

    await rm(filler)
    const removedMs = performance.now()
    await firstAnswer(async () => ((await send()).status === 200 ? true : undefined), 10_000, running.output)
    const againMs = performance.now() - removedMs
    console.log(`collecting again after ${Math.round(againMs)} ms`)
    expect(againMs).toBeLessThan(5000)

    await firstAnswer(async () => ((await running.api('/api/status')).ok ? true : undefined), 20_000, running.output)
    const status = await running.settled()
    expectLedgerSums(status)
    expect(lineOf(status, 'web')).toMatchObject({ received: acknowledged.length, stored: acknowledged.length })
    const ids = (await running.query('SELECT id FROM web.filling')).flat()
    expect(ids.length).toBe(acknowledged.length)
    expect(new Set(ids)).toEqual(new Set(acknowledged))

    // A start after a hard end of both, on a disk without a single byte, even that of the ballast.
    await fillUp(filler, 0)
    await running.kill('intake')
    await rm(join(data, 'ballast'), { force: true })
    await fillUp(filler, 0)
    millpond = await startMillpond({
      data,
      settings: { ...settings, MILLPOND_HTTP_PORT: port },
      address: running.address,
    })
    expect(await send()).toMatchObject({ status: 503 })
    await rm(filler)
    await firstAnswer(async () => ((await send()).status === 200 ? true : undefined), 5000, millpond.output)
    expectLedgerSums(await millpond.settled())
    expect(await millpond.queryValue('SELECT count(DISTINCT id)::INTEGER FROM web.filling')).toBe(acknowledged.length)
  })
})
