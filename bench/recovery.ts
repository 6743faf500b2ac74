// Rows on recovery: events that wait after a crash, and how soon collecting and querying are back after kill -9.
import { setTimeout as delay } from 'node:timers/promises'

import { firstAnswer, startMillpond } from '../test/support/millpond.ts'
import type { Ceilings } from './support/ceilings.ts'
import { benchSettings, ratio, residentMiB } from './support/run.ts'
import { sendAtLeast } from './support/sender.ts'

/** Fills the buffer while the engine stands still, kills both, starts again and watches the backlog go. */
export async function benchBacklog(ceilings: Ceilings, events: number): Promise<object> {
  const first = await startMillpond({ settings: benchSettings })
  const writeKey = await first.addSource('web')
  const port = Number(new URL(first.address).port)
  const { engine } = await first.pids()
  process.kill(engine, 'SIGSTOP')
  const load = { connections: 16, batchEvents: 100, port, writeKey, requestsPerSecond: 0 }
  const accepted = await sendAtLeast(events, load)
  process.kill(engine, 'SIGKILL')
  await first.kill('intake')

  const second = await startMillpond({ data: first.data, settings: benchSettings })
  const begunMs = performance.now()
  try {
    await firstAnswer(async () => {
      const rows = await second.query('SELECT 1 FROM web.tracks LIMIT 1').catch(() => [])
      return rows.length > 0 ? true : undefined
    }, 60_000)
    const firstRowMs = Math.round(performance.now() - begunMs)
    const status = await second.settled(900_000)
    const seconds = (performance.now() - begunMs) / 1000
    const loadedPerSecond = Math.round(accepted / seconds)
    return {
      bench: 'backlog',
      waitingEvents: accepted,
      firstRowMs,
      loadedPerSecond,
      ledgerSums: status.ledgerSums,
      engineMiB: await residentMiB((await second.pids()).engine),
      ratioToDuckdbJsonLoad: ratio(loadedPerSecond, ceilings.duckdbJsonLoadEventsPerSecond),
    }
  } finally {
    await second.dispose()
  }
}

/** Rounds of kill -9: time until /health answers again after intake died, until SQL answers after the engine died. */
export async function benchRestart(rounds: number): Promise<object> {
  const collectingMs: number[] = []
  const engineMs: number[] = []
  let millpond = await startMillpond({ settings: benchSettings })
  const data = millpond.data
  try {
    await millpond.addSource('web')
    for (let round = 0; round < rounds; round += 1) {
      const { engine } = await millpond.pids()
      const engineBegunMs = performance.now()
      await millpond.kill('engine')
      await firstAnswer(async () => {
        const pids = await millpond.pids()
        return pids.engine === engine
          ? undefined
          : ((await millpond.query('SELECT 1').catch(() => undefined)) ?? undefined)
      }, 20_000)
      engineMs.push(performance.now() - engineBegunMs)
      await millpond.kill('intake')
      await delay(50)
      const begunMs = performance.now()
      millpond = await startMillpond({ data, settings: benchSettings, waitForEngine: false })
      await firstAnswer(async () => ((await fetch(`${millpond.address}/health`)).ok ? true : undefined), 20_000)
      collectingMs.push(performance.now() - begunMs)
      await millpond.stop()
      millpond = await startMillpond({ data, settings: benchSettings })
    }
    const worst = (values: number[]): number => Math.round(Math.max(...values))
    return { bench: 'restart', rounds, collectingMsMax: worst(collectingMs), engineAnsweringMsMax: worst(engineMs) }
  } finally {
    await millpond.dispose()
  }
}
