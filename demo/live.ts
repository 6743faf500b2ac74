// Live traffic at a human pace: things happen to people who are awake now, and are told as they happen, until Ctrl-C.
import type { Company } from './company/company.ts'
import type { Pond } from './pond.ts'
import { type Random, randomOf } from './random.ts'
import { FluentSender } from './senders/fluent.ts'
import { type RawKeys, sendRaw } from './senders/raw.ts'
import { SegmentLive } from './senders/segment-live.ts'
import { stories } from './stories/stories.ts'
import { type Message, tellAll } from './traffic/traffic.ts'

/** A live view may last an hour: beyond so many things that are still to come, new ones wait. */
const pendingMax = 10_000

export interface LiveParts {
  readonly company: Company
  readonly pond: Pond
  readonly keys: RawKeys
  /** Things that happen in a minute. */
  readonly pace: number
  readonly say: (text: string) => void
  readonly signal: AbortSignal
}

/** Resolves when `signal` says stop and what had happened is sent. */
export async function live({ company, pond, keys, pace, say, signal }: LiveParts): Promise<{ sent: number }> {
  const segment = new SegmentLive(pond.address, keys.current, complain)
  const fluent = new FluentSender(pond.forward)
  const timers = new Set<NodeJS.Timeout>()
  const run = Date.now().toString(36)
  const random = randomOf(company.seed, 'live', run)
  let count = 0
  let sent = 0

  function complain(error: unknown): void {
    say(`A sender failed: ${error instanceof Error ? error.message : JSON.stringify(error)}`)
  }

  function send(message: Message): void {
    sent += 1
    if (message.road === 'segment') segment.send(message)
    else if (message.road === 'fluent') fluent.send(message).catch(complain)
    else sendRaw(pond, keys, message).catch(complain)
  }

  function later(afterMs: number, task: () => void): void {
    const timer = setTimeout(() => {
      timers.delete(timer)
      task()
    }, afterMs)
    timers.add(timer)
  }

  function happen(): void {
    count += 1
    for (const message of messagesNow(company, random, `live-${run}-${count}`)) {
      later(Math.max(0, message.atMs - Date.now()), () => send(message))
    }
  }

  function next(): void {
    if (timers.size < pendingMax) happen()
    // Like raindrops: independent of each other, `pace` a minute on average.
    later((-Math.log(1 - random.next()) * 60_000) / pace, next)
  }

  next()
  await new Promise<void>((resolve) => {
    if (signal.aborted) resolve()
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
  for (const timer of timers) clearTimeout(timer)
  await Promise.all([segment.close(), fluent.flush()])
  await fluent.close()
  return { sent }
}

/** What one thing that happens now makes everybody say, now and in the minutes after. */
export function messagesNow(company: Company, random: Random, id: string, atMs = Date.now()): Message[] {
  const story = random.weighed(stories.map((one) => [one, one.liveWeight] as const))
  const fact = story.now(company, { id, atMs, random })
  return fact === undefined ? [] : [...tellAll([fact], company)]
}
