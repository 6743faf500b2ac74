// The row on memory: many rows, twelve people who ask heavy questions at once, and loading goes on.
import { setTimeout as delay } from 'node:timers/promises'

import { startHeavyQueries } from './freshness.ts'
import { residentMiB, withMillpond } from './support/run.ts'
import { startSender } from './support/sender.ts'

const queriesMs = 30_000

export async function benchMemory(rows: number): Promise<object> {
  return withMillpond(async ({ millpond, writeKey, port }) => {
    const { engine } = await millpond.pids()
    const load = { connections: 8, port, writeKey }
    const filled = await startSender({
      ...load,
      batchEvents: 100,
      durationMs: rows / 40,
      requestsPerSecond: 400,
      firstId: 1,
    })
    await millpond.settled(600_000)
    const afterLoadMiB = await residentMiB(engine)
    const heavy = startHeavyQueries(millpond.query, 12)
    const trickle = startSender({
      ...load,
      batchEvents: 10,
      durationMs: queriesMs,
      requestsPerSecond: 100,
      firstId: filled.nextId,
    })
    let peakMiB = afterLoadMiB
    for (let second = 0; second < queriesMs / 1000; second += 1) {
      await delay(1000)
      peakMiB = Math.max(peakMiB, await residentMiB(engine))
    }
    await trickle
    const queriesDone = await heavy.stop()
    return { bench: 'memory', rows: filled.accepted, afterLoadMiB, peakMiB, queriesDone }
  })
}
