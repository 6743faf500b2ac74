// Crashes at random moments of the road from buffer to warehouse. After each, everything that was answered is there
// once, the ledger sums, and verdicts agree with rows. The seed of a failing round is in the test's name.
import { rm } from 'node:fs/promises'

import { expect, test } from 'vitest'

import { seededRandom } from '../support/random.ts'
import { LoaderRig, track } from './loader-rig.ts'

interface Sent {
  readonly ids: Set<string>
  events: number
}

async function sendSome(rig: LoaderRig, random: () => number, sent: Sent): Promise<void> {
  for (let batch = Math.floor(random() * 12); batch >= 0; batch--) {
    const events = Array.from({ length: 1 + Math.floor(random() * 20) }, () => {
      const id = `id-${Math.floor(random() * 600)}`
      return track(id, { id, total: id.length })
    })
    await rig.send(events, { stream: random() < 0.2 ? 'engine' : 'events' })
    for (const event of events) sent.ids.add((event as { messageId: string }).messageId)
    sent.events += events.length
    if (random() < 0.3) await rig.settled()
  }
}

async function check(rig: LoaderRig, sent: Sent): Promise<void> {
  await rig.settled()
  expect(await rig.rows('SELECT count(*)::INT, count(DISTINCT id)::INT FROM shop.order_completed')).toEqual([
    [sent.ids.size, sent.ids.size],
  ])
  expect(
    await rig.rows(`SELECT sum(received)::INT, sum(stored)::INT, sum(stored + flagged + duplicates + quarantined)::INT
    FROM millpond.source_counts`),
  ).toEqual([[sent.events, sent.ids.size, sent.events]])
}

test.each([1, 2, 3, 4])(
  'Nothing answered is lost or doubled through five crashes (seed %i)',
  { timeout: 120_000 },
  async (seed) => {
    const random = seededRandom(seed)
    const sent: Sent = { ids: new Set(), events: 0 }
    const options = { warehouse: { checkpointEventsMax: 60, loadEventsMax: 50 } }
    let rig = await LoaderRig.start(options)
    try {
      for (let crash = 0; crash < 5; crash++) {
        await sendSome(rig, random, sent)
        const folder = await rig.crashCopy()
        await rig.dispose()
        rig = await LoaderRig.start({ ...options, folder })
        // Whether it sends first, or first catches up, must not matter.
        if (random() < 0.5) await rig.settled()
      }
      await sendSome(rig, random, sent)
      await rig.send([track('last')])
      sent.ids.add('last')
      sent.events += 1
      // Both streams: what the last life didn't send itself must be loaded too.
      await rig.send([track('last')], { stream: 'engine' })
      sent.events += 1
      await check(rig, sent)
    } finally {
      await rig.dispose()
      await rm(rig.folder, { recursive: true, force: true })
    }
  },
)

test('When the worker thread fails another one takes its place', async () => {
  const rig = await LoaderRig.start()
  try {
    // Its first verdicts of a stream need this folder; the next worker makes it again.
    await rm(`${rig.folder}/verdicts/engine`, { recursive: true })
    await rig.send([track('a')], { stream: 'engine' })
    await rig.send([track('b')])
    await rig.settled()
    expect(await rig.value('SELECT count(*)::INT FROM shop.order_completed')).toBe(2)
  } finally {
    await rig.dispose()
  }
})
