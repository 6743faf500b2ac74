// Rounds of kill -9 at random moments while real clients send. Counts what they were told is safe and what stands in the
// tables: lost and doubled must both be 0.
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

import { type Millpond, startMillpond } from '../support/millpond.ts'
import { seededRandom } from '../support/random.ts'
import { assetSender, forwardSender, type KillSender, segmentSender } from './kill-senders.ts'

export interface SenderResult {
  /** Things that the sender was told are safe. */
  readonly acknowledged: number
  readonly stored: number
  readonly doubled: number
  readonly lost: number
}

export interface KillRoundsResult {
  readonly rounds: number
  readonly killed: { readonly intake: number; readonly engine: number }
  readonly senders: Readonly<Record<string, SenderResult>>
  readonly lost: number
  readonly doubled: number
  readonly ledgerSums: boolean
}

export interface KillRoundsOptions {
  readonly rounds: number
  readonly seed: number
  readonly eventsPerRound: number
  readonly onRound?: (round: number) => void
}

export async function runKillRounds(options: KillRoundsOptions): Promise<KillRoundsResult> {
  const random = seededRandom(options.seed)
  const forwardPort = await freePort()
  const settings = {
    MILLPOND_HTTP_PORT: String(await freePort()),
    MILLPOND_FORWARD_PORT: String(forwardPort),
    MILLPOND_POSTGRES_PORT: '0',
    MILLPOND_CHECKPOINT_EVENTS_MAX: '500',
    // Small, so that segments are archived and leave the buffer between the kills.
    MILLPOND_SEGMENT_BYTES_MAX: '64KiB',
  }
  let millpond = await startMillpond({ settings })
  const writeKey = await millpond.addSource('web')
  const senders = [
    segmentSender(millpond.address, writeKey, options.eventsPerRound),
    forwardSender(forwardPort, options.eventsPerRound),
    assetSender(millpond.address, writeKey, Math.ceil(options.eventsPerRound / 20)),
  ]
  const killed = { intake: 0, engine: 0 }
  try {
    for (let round = 0; round < options.rounds; round += 1) {
      const sending = Promise.all(senders.map(async (sender) => sender.sendRound(round)))
      await delay(random() * 250)
      const which = random() < 0.5 ? 'intake' : 'engine'
      killed[which] += 1
      await millpond.kill(which)
      if (which === 'intake') millpond = await startMillpond({ data: millpond.data, settings, waitForEngine: true })
      await sending
      options.onRound?.(round + 1)
    }
    return { rounds: options.rounds, killed, ...(await compare(millpond, senders)) }
  } finally {
    await millpond.dispose()
  }
}

async function compare(
  millpond: Millpond,
  senders: readonly KillSender[],
): Promise<Omit<KillRoundsResult, 'rounds' | 'killed'>> {
  const status = await millpond.settled(60_000)
  const results: Record<string, SenderResult> = {}
  for (const { name, acknowledged, stored } of senders) {
    const ids = await stored(millpond)
    const distinct = new Set(ids)
    results[name] = {
      acknowledged: acknowledged.size,
      stored: ids.length,
      doubled: ids.length - distinct.size,
      lost: [...acknowledged].filter((id) => !distinct.has(id)).length,
    }
  }
  const sum = (what: 'lost' | 'doubled'): number =>
    Object.values(results).reduce((total, result) => total + result[what], 0)
  return { senders: results, lost: sum('lost'), doubled: sum('doubled'), ledgerSums: status.ledgerSums }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}
