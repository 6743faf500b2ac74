// Replays on a real Millpond: counted before anything is sent, only what isn't there, with the same ids and times, whoever dies.
import { afterEach, beforeEach, expect, test } from 'vitest'

import { firstAnswer, type Millpond, startMillpond } from '../support/millpond.ts'
import { sendTo } from '../support/sender.ts'
import { type FakeWebhook, startWebhook } from '../vendors/webhook.ts'
import { runCli } from './cli-support.ts'

const secret = 'the-secret-of-the-receiver-7f3a'

let millpond: Millpond
let webhook: FakeWebhook
let key: string

beforeEach(async () => {
  // Small segments, so that most of what is replayed is in the archive only.
  const settings = { MILLPOND_SEGMENT_BYTES_MAX: '65536', MILLPOND_CHECKPOINT_AGE_MS_MAX: '200' }
  webhook = await startWebhook(secret)
  millpond = await startMillpond({ settings })
  key = await millpond.addSource('shop', 'server')
})

afterEach(async () => {
  await millpond.dispose()
  await webhook.stop()
})

const cli = async (...words: string[]) => runCli(['--data', millpond.data, 'destination', ...words])

async function send(from: number, count: number, event = 'Order Completed'): Promise<void> {
  const batch = Array.from({ length: count }, (_, index) => ({
    type: 'track',
    event,
    userId: `u${from + index}`,
    messageId: `m-${from + index}`,
    timestamp: '2026-11-20T10:00:00.000Z',
    properties: { note: 'x'.repeat(200) },
  }))
  expect((await sendTo(millpond.address, { batch }, { key })).status).toBe(200)
}

async function add(): Promise<void> {
  const words = [`url=${webhook.url}`, `secret=${secret}`, 'allowPrivateNetwork=true'].flatMap((one) => [
    '--setting',
    one,
  ])
  const { code, stderr } = await cli('add', 'webhook', '--name', 'crm', ...words)
  expect(code, stderr).toBe(0)
}

interface Event {
  readonly messageId: string
  readonly event: string
  readonly timestamp: string
}

const events = (): Event[] => webhook.events() as unknown as Event[]

async function replay(...words: string[]): Promise<Record<string, unknown>> {
  const { stdout, stderr, code } = await cli('replay', 'crm', '--from', '2026-01-01', ...words, '--json')
  expect(code, stderr).toBe(0)
  return JSON.parse(stdout) as Record<string, unknown>
}

test('what came before a destination was set up is counted first, and then sent with its own ids and times', async () => {
  for (let round = 0; round < 5; round++) await send(round * 200, 200)
  await send(5000, 3, 'Seen')
  await millpond.settled()
  await add()
  await send(9000, 2)
  await firstAnswer(async () => (events().length === 2 ? true : undefined), 30_000, millpond.output)
  await firstAnswer(async () => {
    const [row] = await millpond.query("SELECT count(*)::INT FROM millpond.deliveries WHERE status = 'delivered'")
    return row?.[0] === 2 ? true : undefined
  }, 30_000)
  const counted = await replay()
  expect(counted).toMatchObject({ state: 'counted', counted: { matched: 1005, there: 2, toSend: 1003 }, ran: null })
  expect(events().length).toBe(2)
  expect(await replay('--event', 'Seen')).toMatchObject({ counted: { matched: 3, toSend: 3 } })
  expect(await replay('--person', 'u7')).toMatchObject({ counted: { matched: 1 } })
  expect(await replay('--to', '2026-01-02')).toMatchObject({ counted: { matched: 0 } })

  const started = await cli('replay-start', 'crm', String(counted['id']))
  expect(started.stdout).toContain('is running')
  const done = await firstAnswer(
    async () => {
      const lines = (await cli('replays', 'crm', '--json')).stdout.trim().split('\n')
      const found = lines
        .map((line) => JSON.parse(line) as { id: string; state: string })
        .find(({ id }) => id === counted['id'])
      return found?.state === 'done' ? found : undefined
    },
    60_000,
    millpond.output,
  )
  expect(done).toMatchObject({ ran: { matched: 1005, there: 2, delivered: 1003, rejected: 0 } })
  const ids = events().map(({ messageId }) => messageId)
  expect(ids.length).toBe(1005)
  expect(new Set(ids).size).toBe(1005)
  expect(events().every(({ timestamp }) => timestamp === '2026-11-20T10:00:00.000Z')).toBe(true)
  // Everything is there now: nothing is left to send, unless it is asked for again.
  await firstAnswer(async () => {
    const [row] = await millpond.query(
      `SELECT count(*)::INT FROM millpond.deliveries WHERE replay_id = '${String(counted['id'])}'`,
    )
    return row?.[0] === 1003 ? true : undefined
  }, 30_000)
  expect(await replay()).toMatchObject({ counted: { there: 1005, toSend: 0 } })
  const again = await replay('--event', 'Seen', '--again', '--yes')
  expect(again).toMatchObject({ state: 'done', twice: 3, ran: { delivered: 3 } })
  expect(webhook.deliveries.length).toBe(1008)
  expect((await cli('replay-start', 'crm', String(counted['id']))).stderr).toContain('The replay is done')
}, 120_000)

test('the engine dies in the middle: it goes on, and nothing is missing', async () => {
  for (let round = 0; round < 10; round++) await send(round * 100, 100)
  await millpond.settled()
  await add()
  const counted = await replay('--rate', '1000')
  await cli('replay-start', 'crm', String(counted['id']))
  await firstAnswer(async () => (events().length > 0 ? true : undefined), 30_000, millpond.output)
  await millpond.kill('engine')
  await firstAnswer(
    async () => {
      const { stdout } = await cli('replays', 'crm', '--json')
      return stdout.includes('"state":"done"') ? true : undefined
    },
    60_000,
    millpond.output,
  )
  expect(new Set(events().map(({ messageId }) => messageId)).size).toBe(1000)
}, 120_000)

test('what comes in meanwhile goes first, and a cancelled replay sends no more', async () => {
  for (let round = 0; round < 5; round++) await send(round * 200, 200)
  await millpond.settled()
  await add()
  const counted = await replay('--rate', '20')
  await cli('replay-start', 'crm', String(counted['id']))
  await firstAnswer(async () => (events().length > 0 ? true : undefined), 30_000, millpond.output)
  await send(9000, 1)
  await firstAnswer(async () => (events().some(({ messageId }) => messageId === 'm-9000') ? true : undefined), 30_000)
  expect(events().length).toBeLessThan(1001)
  expect((await cli('replay-cancel', 'crm', String(counted['id']))).stdout).toContain('is cancelled')
  expect((await cli('replays', 'crm')).stdout).toContain('cancelled')
  expect((await cli('replay', 'crm', '--from', 'yesterday')).stderr).toContain('is no time')
  expect((await cli('replay', 'crm', '--from', '2999-01-01')).stderr).toContain('before now')
  expect((await cli('disable', 'crm')).code).toBe(0)
  expect((await cli('replay', 'crm', '--from', '2026-01-01')).stderr).toContain('disabled')
}, 120_000)
