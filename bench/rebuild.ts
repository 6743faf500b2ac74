// Tables made again from the archive, while the engine answers: how fast, and how long a question waits at worst.
import { spawn } from 'node:child_process'
import { resolve } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as delay } from 'node:timers/promises'

import { type Millpond, startMillpond } from '../test/support/millpond.ts'
import type { Ceilings } from './support/ceilings.ts'
import { benchSettings, ratio } from './support/run.ts'
import { sendAtLeast } from './support/sender.ts'

const questionIntervalMs = 200

export async function benchRebuild(ceilings: Ceilings, events: number): Promise<object> {
  const millpond = await startMillpond({ settings: benchSettings })
  try {
    const accepted = await fill(millpond, events)
    await millpond.settled(900_000)
    const answersMs: number[] = []
    let isRunning = true
    const asking = ask(millpond, answersMs, () => isRunning)
    const outcome = await rebuild(millpond.data)
    isRunning = false
    await asking
    const eventsPerSecond = Math.round(outcome.events / outcome.seconds)
    answersMs.sort((a, b) => a - b)
    return {
      bench: 'rebuild',
      events: accepted,
      seconds: outcome.seconds,
      eventsPerSecond,
      ratioToDuckdbJsonLoad: ratio(eventsPerSecond, ceilings.duckdbJsonLoadEventsPerSecond),
      questions: answersMs.length,
      answerMsP50: Math.round(answersMs[Math.floor(answersMs.length / 2)] ?? 0),
      answerMsMax: Math.round(answersMs.at(-1) ?? 0),
      differences: outcome.differences.length,
      ledgerSums: (await millpond.status()).ledgerSums,
    }
  } finally {
    await millpond.dispose()
  }
}

async function fill(millpond: Millpond, events: number): Promise<number> {
  const writeKey = await millpond.addSource('web')
  const port = Number(new URL(millpond.address).port)
  const load = { connections: 16, batchEvents: 100, port, writeKey, requestsPerSecond: 300 }
  return sendAtLeast(events, load)
}

async function ask(millpond: Millpond, answersMs: number[], isRunning: () => boolean): Promise<void> {
  while (isRunning()) {
    const begunMs = performance.now()
    await millpond.query('SELECT count(*) FROM web.tracks')
    answersMs.push(performance.now() - begunMs)
    await delay(questionIntervalMs)
  }
}

interface Outcome {
  readonly events: number
  readonly seconds: number
  readonly differences: readonly unknown[]
}

async function rebuild(data: string): Promise<Outcome> {
  const launcher = resolve(import.meta.dirname, '../bin/millpond.js')
  const child = spawn(process.execPath, [launcher, 'rebuild', '--json', '--data', data], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  return JSON.parse(await text(child.stdout)) as Outcome
}
