// The same million ids come again after a restart, an hour and six days later: not one row more, and memory stays put.
import { rm } from 'node:fs/promises'

import { expect, test } from 'vitest'

import { LoaderRig } from './loader-rig.ts'

const idsMax = 1_000_000
const perBatch = 5000
const startMicros = Date.UTC(2026, 0, 1) * 1000
const hourMicros = 3_600_000_000

async function sendAll(rig: LoaderRig, receivedAtMicros: number): Promise<void> {
  const sends: Promise<number>[] = []
  for (let from = 0; from < idsMax; from += perBatch) {
    const events = Array.from(
      { length: perBatch },
      (_, index) =>
        `{"type":"track","event":"Ping","anonymousId":"a","messageId":"node-next-1767225600000-${from + index}"}`,
    )
    sends.push(rig.send([], { body: `{"batch":[${events.join(',')}]}`, count: perBatch, receivedAtMicros }))
    if (sends.length === 40) await Promise.all(sends.splice(0))
  }
  await Promise.all(sends)
  await rig.settled(120_000)
}

test(
  'The same million ids again, after a restart, an hour and six days later, add no row',
  { timeout: 240_000 },
  async () => {
    const first = await LoaderRig.start()
    await sendAll(first, startMicros)
    expect(await first.value('SELECT count(*)::INT FROM shop.ping')).toBe(idsMax)
    const bytes = first.loader.status().dedupe.bytes
    await first.stop()
    const again = await LoaderRig.start({ folder: first.folder })
    try {
      expect(again.loader.status().dedupe.ids).toBe(idsMax)
      await sendAll(again, startMicros + hourMicros)
      await sendAll(again, startMicros + 6 * 24 * hourMicros)
      expect(await again.value('SELECT count(*)::INT FROM shop.ping')).toBe(idsMax)
      expect(
        await again.rows(
          'SELECT sum(received)::INT, sum(stored)::INT, sum(duplicates)::INT FROM millpond.source_counts',
        ),
      ).toEqual([[3 * idsMax, idsMax, 2 * idsMax]])
      const { dedupe } = again.loader.status()
      expect(dedupe).toMatchObject({ ids: idsMax, windowHours: 168 })
      expect(dedupe.bytes).toBeLessThanOrEqual(bytes)
    } finally {
      await again.stop()
      await rm(first.folder, { recursive: true, force: true })
    }
  },
)
