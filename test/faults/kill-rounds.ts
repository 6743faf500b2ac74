// Rounds of kill -9 at random moments while the real Segment SDK sends. Counts what the SDK was told is delivered and
// what stands in the tables: lost and doubled must both be 0.
import { createServer } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'

import { Analytics } from '@segment/analytics-node'

import { type Millpond, startMillpond } from '../support/millpond.ts'
import { seededRandom } from '../support/random.ts'

export interface KillRoundsResult {
  readonly rounds: number
  readonly killed: { readonly intake: number; readonly engine: number }
  /** Events for which the SDK reported delivery. */
  readonly acknowledged: number
  readonly stored: number
  readonly doubled: number
  readonly lost: number
  readonly ledgerSums: boolean
}

export interface KillRoundsOptions {
  readonly rounds: number
  readonly seed: number
  readonly eventsPerRound: number
  readonly onRound?: (round: number) => void
}

const names = ['Camera Opened', 'Cry Detected', 'Night Ended', 'Völlig Müde', '睡眠開始']

export async function runKillRounds(options: KillRoundsOptions): Promise<KillRoundsResult> {
  const random = seededRandom(options.seed)
  const settings = { MILLPOND_HTTP_PORT: String(await freePort()), MILLPOND_CHECKPOINT_EVENTS_MAX: '500' }
  let millpond = await startMillpond({ settings })
  const writeKey = await millpond.addSource('web')
  const acknowledged = new Set<string>()
  const killed = { intake: 0, engine: 0 }
  try {
    for (let round = 0; round < options.rounds; round += 1) {
      const sending = sendRound(millpond.address, writeKey, round, options.eventsPerRound, acknowledged)
      await delay(random() * 250)
      const which = random() < 0.5 ? 'intake' : 'engine'
      killed[which] += 1
      await millpond.kill(which)
      if (which === 'intake') millpond = await startMillpond({ data: millpond.data, settings, waitForEngine: true })
      await sending
      options.onRound?.(round + 1)
    }
    return { rounds: options.rounds, killed, ...(await compare(millpond, acknowledged)) }
  } finally {
    await millpond.dispose()
  }
}

async function sendRound(
  host: string,
  writeKey: string,
  round: number,
  events: number,
  acknowledged: Set<string>,
): Promise<void> {
  const analytics = new Analytics({
    writeKey,
    host,
    flushAt: 10,
    flushInterval: 20,
    maxRetries: 20,
    httpRequestTimeout: 3000,
  })
  analytics.on('error', () => undefined)
  for (let n = 0; n < events; n += 1) {
    const messageId = `kill-${round}-${n}`
    analytics.track(
      {
        messageId,
        event: names[n % names.length] ?? 'Event',
        anonymousId: `a${n % 7}`,
        properties: { round, n, text: `größe ${n}` },
      },
      (error) => {
        if (error === undefined || error === null) acknowledged.add(messageId)
      },
    )
    if (n % 10 === 9) await delay(8)
  }
  await analytics.closeAndFlush({ timeout: 60_000 })
}

async function compare(
  millpond: Millpond,
  acknowledged: ReadonlySet<string>,
): Promise<Pick<KillRoundsResult, 'acknowledged' | 'stored' | 'doubled' | 'lost' | 'ledgerSums'>> {
  const status = await millpond.settled(60_000)
  const ids = (await millpond.query('SELECT id FROM web.tracks')).map(([id]) => String(id))
  const distinct = new Set(ids)
  const lost = [...acknowledged].filter((id) => !distinct.has(id)).length
  return {
    acknowledged: acknowledged.size,
    stored: ids.length,
    doubled: ids.length - distinct.size,
    lost,
    ledgerSums: status.ledgerSums,
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  return typeof address === 'object' && address !== null ? address.port : 0
}
