// A Millpond that nobody talks to does nothing: no write, no new file, next to no CPU. And it is awake at once.
import { readdir, readFile, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'

import { afterEach, describe, expect, it } from 'vitest'

import { firstAnswer, type Millpond, startMillpond } from '../support/millpond.ts'
import { expectLedgerSums, lineOf, sendTo } from '../support/sender.ts'

const windowMs = 8000
const cpuShareMax = 0.02
/** The goal of 600 ms is measured by bench/sparse; here other tests share the machine. */
const freshMsMax = 1500

let millpond: Millpond
afterEach(async () => {
  await millpond.dispose()
})

/** Size and time of change of everything below the folder. */
async function filesOf(folder: string): Promise<Record<string, string>> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true })
  const files = await Promise.all(
    entries.map(async (entry) => {
      const path = join(entry.parentPath, entry.name)
      const { mtimeMs, size } = await stat(path)
      return [path.slice(folder.length), `${size} bytes, ${mtimeMs}`] as const
    }),
  )
  return Object.fromEntries(files)
}

/** CPU time of a process and of its threads so far, in clock ticks of 10 ms. */
async function cpuTicks(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, 'utf8')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11]) + Number(fields[12])
}

describe.runIf(process.platform === 'linux')('an idle Millpond', () => {
  it('writes nothing, burns nothing, and shows the next event within moments', async () => {
    // Short, so that all that is still to be done after an event is done before the quiet begins.
    millpond = await startMillpond({ settings: { MILLPOND_CHECKPOINT_AGE_MS_MAX: '300' } })
    const key = await millpond.addSource('web')
    const send = async (n: number): Promise<void> => {
      const event = { userId: 'u', event: 'Once A Minute', messageId: `minute-${n}`, properties: { n } }
      expect(await sendTo(millpond.address, event, { path: '/v1/track', key })).toMatchObject({ status: 200 })
    }
    for (let n = 0; n < 5; n += 1) await send(n)
    const acts = lineOf(await millpond.settled(), 'millpond').stored
    // Asking leaves a row in the history, which has to come to rest, too.
    expect(await millpond.queryValue('SELECT count(*) FROM web.tracks')).toBe(5)
    await firstAnswer(
      async () => (lineOf(await millpond.status(), 'millpond').stored === acts + 1 ? true : undefined),
      10_000,
    )
    await firstAnswer(async () => {
      const before = await filesOf(millpond.data)
      await delay(1000)
      return JSON.stringify(await filesOf(millpond.data)) === JSON.stringify(before) ? true : undefined
    }, 20_000)

    const { intake, engine } = await millpond.pids()
    const filesBefore = await filesOf(millpond.data)
    const ticksBefore = [await cpuTicks(intake), await cpuTicks(engine)]
    await delay(windowMs)
    const ticksAfter = [await cpuTicks(intake), await cpuTicks(engine)]
    expect(await filesOf(millpond.data)).toEqual(filesBefore)
    const shares = ticksAfter.map((ticks, index) => ((ticks - (ticksBefore[index] ?? 0)) * 10) / windowMs)
    console.log(`idle: intake ${(shares[0] ?? 0) * 100} % CPU, engine ${(shares[1] ?? 0) * 100} % CPU`)
    for (const share of shares) expect(share).toBeLessThanOrEqual(cpuShareMax)

    await send(99)
    const answeredMs = performance.now()
    await firstAnswer(
      async () => ((await millpond.queryValue('SELECT count(*) FROM web.once_a_minute')) === 6 ? true : undefined),
      5000,
    )
    const freshMs = performance.now() - answeredMs
    console.log(`fresh after quiet: ${Math.round(freshMs)} ms`)
    expect(freshMs).toBeLessThan(freshMsMax)
    expectLedgerSums(await millpond.settled())
  })
})
