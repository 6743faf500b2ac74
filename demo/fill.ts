// Fills the pond with history: day after day, facts become messages, each goes its own road, and at the end everything
// is loaded.
import { setTimeout as delay } from 'node:timers/promises'

import type { Company } from './company/company.ts'
import { dayMs } from './company/span.ts'
import type { Pond } from './pond.ts'
import type { FillProgress } from './progress.ts'
import { FluentSender } from './senders/fluent.ts'
import { type RawKeys, sendRaw } from './senders/raw.ts'
import { SegmentHistory } from './senders/segment-history.ts'
import { factsOfDay } from './stories/stories.ts'
import { hasArrived, tellAll } from './traffic/traffic.ts'

const statusIntervalMs = 500
/** A machine that loads nothing for so long has a fault that waiting doesn't mend. */
const stalledMsMax = 120_000

export interface Filled {
  readonly sent: number
  readonly seconds: number
}

export interface FillParts {
  readonly company: Company
  readonly pond: Pond
  readonly keys: RawKeys
  readonly progress: FillProgress
  readonly signal: AbortSignal
  /** Before a day is sent; so many days are still to come, a part of the last one. `loaded`: resolves when all that was before is in tables. */
  readonly beforeDay: (daysLeft: number, loaded: () => Promise<void>) => Promise<void>
}

/** Everything that had happened and arrived by `nowMs`. Rejects when `signal` says stop. */
export async function fill(
  { company, pond, keys, progress, signal, beforeDay }: FillParts,
  nowMs: number,
): Promise<Filled> {
  const startedMs = performance.now()
  const segment = new SegmentHistory(pond.address, keys.current)
  const fluent = new FluentSender(pond.forward)
  let odd = 0
  const watching = watch(pond, progress, signal, () => segment.sent + fluent.sent + odd)
  async function loaded(): Promise<void> {
    await Promise.all([segment.flush(), fluent.flush()])
    await watching.loaded()
  }
  try {
    const lastDay = company.span.dayAt(nowMs)
    for (let day = 0; day <= lastDay; day += 1) {
      await beforeDay((nowMs - company.span.startMs) / dayMs - day, loaded)
      for (const message of tellAll(factsOfDay(company, day), company)) {
        if (!hasArrived(message, nowMs)) continue
        if (message.road === 'segment') await segment.send(message)
        else if (message.road === 'fluent') await fluent.send(message)
        else {
          await sendRaw(pond, keys, message)
          odd += message.events
        }
      }
      signal.throwIfAborted()
      progress.sent(day, segment.sent + fluent.sent + odd)
    }
    await Promise.all([segment.flush(), fluent.flush()])
    progress.sent(company.span.days, segment.sent + fluent.sent + odd)
    await loaded()
  } finally {
    watching.stop()
    await fluent.close()
  }
  return { sent: segment.sent + fluent.sent + odd, seconds: (performance.now() - startedMs) / 1000 }
}

interface Watching {
  /** Resolves when everything that was sent is loaded. */
  loaded(): Promise<void>
  stop(): void
}

function watch(pond: Pond, progress: FillProgress, signal: AbortSignal, sent: () => number): Watching {
  const stopped = new AbortController()
  async function look(): Promise<boolean> {
    const { ledger, streams } = await pond.status()
    const received = ledger.reduce((sum, line) => sum + line.received, 0)
    const waiting = ledger.reduce((sum, line) => sum + line.waiting, 0)
    progress.loaded(received - waiting, Math.max(received, sent()))
    // What the others hold, Millpond writes itself, as long as vendors answer.
    const ours = streams.filter(({ stream }) => stream === 'events' || stream === 'forward')
    return ours.every(({ lastSequence, loadedSequence }) => loadedSequence >= lastSequence)
  }
  async function lookNowAndThen(): Promise<void> {
    while (!stopped.signal.aborted) {
      await look().catch(() => undefined)
      await delay(statusIntervalMs, undefined, { signal: stopped.signal }).catch(() => undefined)
    }
  }
  void lookNowAndThen()
  return {
    async loaded() {
      const deadline = performance.now() + stalledMsMax
      while (performance.now() < deadline) {
        if (await look()) return
        await delay(statusIntervalMs / 5)
        signal.throwIfAborted()
      }
      throw new Error('Millpond does not load what it received. Ask `millpond status` and `millpond doctor` why.')
    },
    stop() {
      stopped.abort()
    },
  }
}
