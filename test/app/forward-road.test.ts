// Forward through the real intake process: acked means on disk, while the engine is dead too; slow senders cost little.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import fluentLogger from 'fluent-logger'
import { afterEach, describe, expect, it } from 'vitest'

import type { StoredRecord } from '../../src/buffer/record.ts'
import { openReader } from '../../src/buffer/reader.ts'
import { systemClock } from '../../src/core/clock.ts'
import { diskFiles } from '../../src/core/files.ts'
import { createLog } from '../../src/core/log.ts'
import { firstAnswer, type Millpond, startMillpond } from '../support/millpond.ts'
import { openSender, pack, type RawSender, unpackAll } from '../wire/forward-rig.ts'

let millpond: Millpond
let senders: RawSender[] = []

afterEach(async () => {
  for (const sender of senders) sender.close()
  senders = []
  await millpond.dispose()
})

async function open(): Promise<RawSender> {
  const sender = await openSender(millpond.forwardPort)
  senders.push(sender)
  return sender
}

/** Everything in the buffer of stream `forward`, as a reader finds it. */
async function storedRecords(): Promise<StoredRecord[]> {
  const folder = join(millpond.data, 'buffer', 'forward')
  const deps = { files: diskFiles, clock: systemClock, log: createLog('silent') }
  const reader = await openReader({ stream: 'forward', folder, after: 0 }, deps)
  const records: StoredRecord[] = []
  for (;;) {
    const batch = await reader.read({ eventsMax: 100_000, bytesMax: 64 * 1024 * 1024 })
    records.push(...batch.records)
    if (!batch.more) break
  }
  await reader.stop()
  return records
}

async function intakeMiB(): Promise<number> {
  const { pid } = JSON.parse(await readFile(join(millpond.data, 'run', 'intake.json'), 'utf8')) as { pid: number }
  const status = await readFile(`/proc/${pid}/status`, 'utf8')
  return Math.round(Number(/VmRSS:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024)
}

describe('Forward beside a dead engine', () => {
  it('goes on being acknowledged, and every acknowledged entry is in the buffer', async () => {
    millpond = await startMillpond({ settings: { MILLPOND_CUT_INTERVAL_MS: '5' } })
    const logger = fluentLogger.createFluentSender('app', {
      host: '127.0.0.1',
      port: millpond.forwardPort,
      requireAckResponse: true,
      eventMode: 'Message',
      internalLogger: { info: () => undefined, error: () => undefined },
    })
    const sent: number[] = []
    const send = (n: number): Promise<void> =>
      new Promise((resolve, reject) => {
        logger.emit('web', { n }, (error?: unknown) => {
          if (error !== undefined) reject(error)
          else resolve(void sent.push(n))
        })
      })
    for (let n = 0; n < 50; n += 1) await send(n)
    await millpond.kill('engine')
    for (let n = 50; n < 150; n += 1) await send(n)
    await new Promise<void>((resolve) => {
      ;(logger as unknown as { end(label: null, data: null, done: () => void): void }).end(null, null, resolve)
    })
    expect(sent).toHaveLength(150)
    const found = await firstAnswer(async () => {
      const entries = (await storedRecords()).flatMap(({ body }) => unpackAll(body))
      return entries.length >= 150 ? entries : undefined
    }, 10_000)
    expect(found.map((entry) => (entry as [number, { n: number }])[1].n)).toEqual(Array.from(sent.keys()))
  })

  it('keeps what was acknowledged before kill -9 of everything', async () => {
    millpond = await startMillpond({ settings: { MILLPOND_CUT_INTERVAL_MS: '5' } })
    const sender = await open()
    for (let n = 0; n < 200; n += 1) sender.send(pack(['t', pack([n, { n }]), { chunk: `c${n}` }]))
    const answered = await sender.answered(100)
    await millpond.kill('intake')
    const acked = Math.max(answered.length, sender.answers().length)
    const again = await startMillpond({ data: millpond.data, settings: { MILLPOND_CUT_INTERVAL_MS: '5' } })
    millpond = again
    const entries = (await storedRecords()).flatMap(({ body }) => unpackAll(body)) as [number, unknown][]
    expect(entries.slice(0, acked).map(([n]) => n)).toEqual(Array.from({ length: acked }, (_, n) => n))
  })
})

describe('a thousand slow senders', () => {
  it('with a message begun cost little together, and nobody else waits', async () => {
    millpond = await startMillpond()
    const begun = pack(['slow', 'x'.repeat(60_000), { chunk: 'c' }])
    for (let batch = 0; batch < 10; batch += 1) {
      const opened = await Promise.all(Array.from({ length: 100 }, open))
      for (const sender of opened) sender.send(begun.subarray(0, 10_000))
    }
    const quick = await open()
    const startedMs = performance.now()
    quick.send(pack(['t', pack([1, { a: 1 }]), { chunk: 'quick' }]))
    expect(await quick.answered(1)).toEqual([{ ack: 'quick' }])
    expect(performance.now() - startedMs).toBeLessThan(5_000)
    const slow = senders.slice(0, 1000)
    for (let at = 10_000; at < 10_050; at += 1) for (const sender of slow) sender.send(begun.subarray(at, at + 1))
    quick.send(pack(['t', pack([1, { a: 1 }]), { chunk: 'again' }]))
    await quick.answered(2)
    expect(senders.filter(({ socket }) => socket.destroyed)).toEqual([])
    const residentMiB = await intakeMiB()
    console.log(`intake with 1,000 slow Forward senders: ${residentMiB} MiB`)
    expect(residentMiB).toBeLessThan(400)
  })
})
