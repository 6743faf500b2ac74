// The ledger sums at every moment and after every death: received = stored + flagged + duplicates + quarantined +
// waiting. Here the test keeps its own books, kills between the steps, and compares all three: its own, the ledger's,
// and the rows of the tables.
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { afterEach, describe, expect, it } from 'vitest'

import { countWaiting } from '../../src/buffer/waiting.ts'
import type { SourcesFile } from '../../src/control/sources-file.ts'
import { createWriteKey } from '../../src/control/write-keys.ts'
import { diskFiles } from '../../src/core/files.ts'
import { firstAnswer, freePort, type Millpond, startMillpond } from '../support/millpond.ts'
import { MixedLoad } from '../support/mixed-load.ts'
import { expectLedgerSums, lineOf, sendTo } from '../support/sender.ts'

let millpond: Millpond
afterEach(async () => {
  await millpond.dispose()
})

async function engineAnswers(): Promise<void> {
  await firstAnswer(async () => ((await millpond.api('/api/status')).ok ? true : undefined), 10_000, millpond.output)
}

describe('the ledger', () => {
  it('sums when intake, engine or both are killed between any two steps', async () => {
    const settings = {
      MILLPOND_HTTP_PORT: String(await freePort()),
      MILLPOND_CHECKPOINT_EVENTS_MAX: '300',
      MILLPOND_SEGMENT_BYTES_MAX: '128KiB',
      MILLPOND_LOG_LEVEL: 'silent',
    }
    millpond = await startMillpond({ settings })
    const loads = [
      new MixedLoad('web', await millpond.addSource('web', 'server'), 1),
      new MixedLoad('app', await millpond.addSource('app', 'server'), 2),
    ]
    const file = JSON.parse(await readFile(join(millpond.data, 'sources.json'), 'utf8')) as SourcesFile
    const unlisted = createWriteKey((bytes) => new Uint8Array(bytes).fill(7), file.checksumSecret)
    let unlistedSent = 0

    async function sendSome(): Promise<void> {
      for (let turn = 0; turn < 8; turn += 1) {
        await Promise.all(loads.map(async (load) => load.send(millpond.address, 15)))
        const stray = { batch: [{ type: 'track', event: 'Stray', userId: 'u' }, 1] }
        expect(await sendTo(millpond.address, stray, { key: unlisted })).toMatchObject({ status: 200 })
        unlistedSent += 2
      }
    }
    async function restartIntake(): Promise<void> {
      await millpond.kill('intake')
      millpond = await startMillpond({ data: millpond.data, settings })
    }

    const deaths: (() => Promise<void>)[] = [
      async () => millpond.kill('engine'),
      restartIntake,
      async () => {
        await millpond.kill('engine')
        await sendSome()
        await restartIntake()
      },
      async () => {
        await millpond.settled()
        await millpond.kill('engine')
      },
      async () => {
        await millpond.stop()
        millpond = await startMillpond({ data: millpond.data, settings })
      },
    ]
    for (const die of deaths) {
      await sendSome()
      await die()
      await sendSome()
      await engineAnswers()
      // At any moment: nothing is missing, and what is not yet judged waits.
      const status = await millpond.status()
      expect(status.ledgerSums).toBe(true)
      for (const { source, counts } of loads) expect(lineOf(status, source).received).toBe(counts.received)
    }

    const status = await millpond.settled()
    expectLedgerSums(status)
    for (const load of loads) await load.check(millpond, status)
    expect(lineOf(status, 'unknown')).toMatchObject({ received: unlistedSent, quarantined: unlistedSent })
    const strays = "SELECT sum(events)::INTEGER FROM millpond.dead_letters WHERE reason = 'key_unlisted'"
    expect(await millpond.queryValue(strays)).toBe(unlistedSent)

    // What was kept out comes in again, and the books still agree.
    const replay = { method: 'POST', body: '{"reason":"key_unlisted","to":"app"}' }
    expect(await (await millpond.api('/api/dead-letters/replay', replay)).text()).toContain(
      `"replayed":${unlistedSent / 2}`,
    )
    await millpond.kill('engine')
    await engineAnswers()
    const after = await millpond.settled()
    expectLedgerSums(after)
    expect(await millpond.queryValue('SELECT count(*)::INTEGER FROM app.stray')).toBe(unlistedSent / 2)
    expect(lineOf(after, 'app')).toMatchObject({ received: (loads[1]?.counts.received ?? 0) + unlistedSent })
  })

  it('counts what waits from the files alone while the engine hangs, and again when it goes on', async () => {
    millpond = await startMillpond({ settings: { MILLPOND_SEGMENT_BYTES_MAX: '64KiB' } })
    const load = new MixedLoad('web', await millpond.addSource('web', 'server'), 3)
    for (let turn = 0; turn < 10; turn += 1) await load.send(millpond.address, 20)
    await millpond.settled()
    const after = Number(await millpond.queryValue("SELECT sequence FROM millpond.positions WHERE stream = 'events'"))
    const { engine } = await millpond.pids()
    process.kill(engine, 'SIGSTOP')
    try {
      for (let turn = 0; turn < 40; turn += 1) await load.send(millpond.address, 20)
      const folder = join(millpond.data, 'buffer', 'events')
      await firstAnswer(async () => {
        const waiting = await countWaiting({ folder, after }, { files: diskFiles })
        return waiting.events['web'] === 800 && waiting.totals['web'] === 1000 ? true : undefined
      }, 5000)
    } finally {
      process.kill(engine, 'SIGCONT')
    }
    const status = await millpond.settled()
    expectLedgerSums(status)
    await load.check(millpond, status)
  })
})
