// The engine can't die between rows and position: they are one transaction. To prove it, the engine is killed at random
// moments under load, with checkpoints so small that it stands in one of them most of the time.
import { setTimeout as delay } from 'node:timers/promises'

import { afterEach, describe, expect, it } from 'vitest'

import { firstAnswer, type Millpond, startMillpond } from '../support/millpond.ts'
import { MixedLoad } from '../support/mixed-load.ts'
import { seededRandom } from '../support/random.ts'
import { expectLedgerSums } from '../support/sender.ts'

const rounds = 8
const seed = 4711

let millpond: Millpond
afterEach(async () => {
  await millpond.dispose()
})

describe('an engine that dies again and again between rows, positions and checkpoints', () => {
  it('doubles no id, loses none, forgets no verdict, and leaves users and dead letters right', async () => {
    millpond = await startMillpond({
      settings: {
        MILLPOND_CHECKPOINT_EVENTS_MAX: '100',
        MILLPOND_CHECKPOINT_AGE_MS_MAX: '30',
        MILLPOND_LOAD_EVENTS_MAX: '400',
        MILLPOND_LOAD_INTERVAL_MS_MIN: '10',
        MILLPOND_SEGMENT_BYTES_MAX: '64KiB',
        // Killing is loud.
        MILLPOND_LOG_LEVEL: 'silent',
      },
    })
    const random = seededRandom(seed)
    const load = new MixedLoad('web', await millpond.addSource('web', 'server'), seed)
    const stopped = new AbortController()
    const sending = (async () => {
      while (!stopped.signal.aborted) {
        await load.send(millpond.address, 20)
        await delay(50)
      }
    })()
    try {
      for (let round = 0; round < rounds; round += 1) {
        const { engine } = await millpond.pids()
        await delay(random() * 500)
        process.kill(engine, 'SIGKILL')
        // The next one is killed while it reads again what this one had done, or later.
        const isBack = async (): Promise<true | undefined> =>
          (await millpond.pids()).engine === engine ? undefined : true
        await firstAnswer(isBack, 10_000)
        if (round % 2 === 0)
          await firstAnswer(async () => ((await millpond.api('/api/status')).ok ? true : undefined), 10_000)
      }
    } finally {
      stopped.abort()
      await sending
    }
    await firstAnswer(async () => ((await millpond.api('/api/status')).ok ? true : undefined), 10_000)
    const status = await millpond.settled()
    expectLedgerSums(status)
    expect(status.engine.starts).toBe(rounds + 1)
    expect(load.counts.received).toBeGreaterThan(1500)
    await load.check(millpond, status)
  })
})
