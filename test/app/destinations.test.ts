// Destinations on a real Millpond, beside servers that stand for the vendors: what the tables hold arrives there once, and a
// destination that is dead costs the others nothing. Who dies in the middle: destinations-kill.test.ts; where
// secrets don't go: destination-secrets.test.ts.
import { readdir } from 'node:fs/promises'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { runCli } from './cli-support.ts'
import { firstAnswer, type Millpond, startMillpond } from '../support/millpond.ts'
import { type FakeMixpanel, startMixpanel } from '../vendors/mixpanel.ts'
import { type FakeWebhook, startWebhook } from '../vendors/webhook.ts'
import { sendTo } from '../support/sender.ts'

const secret = 'the-secret-of-the-receiver-7f3a'
const projectToken = 'project-token'

let millpond: Millpond
let webhook: FakeWebhook
let mixpanel: FakeMixpanel
let key: string

beforeEach(async () => {
  // Small segments, so that the buffer lets go of them while a destination is away.
  const settings = { MILLPOND_SEGMENT_BYTES_MAX: '65536', MILLPOND_CHECKPOINT_AGE_MS_MAX: '200' }
  webhook = await startWebhook(secret)
  mixpanel = await startMixpanel(projectToken)
  millpond = await startMillpond({ settings })
  key = await millpond.addSource('shop', 'server')
})

afterEach(async () => {
  await millpond.dispose()
  await webhook.stop()
  await mixpanel.stop()
})

async function call(
  method: string,
  path: string,
  body?: object,
): Promise<{ status: number; body: unknown; text: string }> {
  const response = await millpond.api(path, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
  const text = await response.text()
  return { status: response.status, body: text === '' ? undefined : (JSON.parse(text) as unknown), text }
}

async function addWebhook(name = 'webhook', url = webhook.url): Promise<void> {
  const settings = { url, secret, allowPrivateNetwork: 'true' }
  const { status, text } = await call('POST', '/api/destinations', { name, type: 'webhook', settings })
  expect(status, text).toBe(201)
}

async function addMixpanel(): Promise<void> {
  const settings = { projectToken, baseUrl: mixpanel.url, allowPrivateNetwork: 'true' }
  const { status, text } = await call('POST', '/api/destinations', { type: 'mixpanel', settings })
  expect(status, text).toBe(201)
}

function eventsOf(from: number, count: number): object[] {
  return Array.from({ length: count }, (_, index) => ({
    type: 'track',
    event: 'Order Completed',
    userId: `u${from + index}`,
    messageId: `m-${from + index}`,
    properties: { total: 5, note: 'x'.repeat(200) },
  }))
}

async function send(batch: readonly object[]): Promise<void> {
  expect((await sendTo(millpond.address, { batch }, { key })).status).toBe(200)
}

async function arrived(vendor: { events(): object[] }, count: number): Promise<void> {
  await firstAnswer(
    async () => (vendor.events().length >= count ? true : undefined),
    30_000,
    () => `${vendor.events().length} of ${count} arrived. ${millpond.output()}`,
  )
  expect(vendor.events().length).toBe(count)
}

interface Listed {
  readonly name: string
  readonly delivery: {
    readonly state: string
    readonly lastError: string | null
    readonly counts: { delivered: number }
  } | null
}

async function listed(name: string): Promise<Listed | undefined> {
  const { body } = await call('GET', '/api/destinations')
  return (body as { destinations: Listed[] }).destinations.find((one) => one.name === name)
}

async function segments(): Promise<string[]> {
  return (await readdir(join(millpond.data, 'buffer', 'events'))).filter((name) => /^\d{16}/.test(name)).sort()
}

test("what comes in from now on arrives, a client's retry once, and the ledger has an entry for each", async () => {
  await send(eventsOf(0, 5))
  const loaded = 'SELECT count(*)::INT FROM shop.order_completed'
  await firstAnswer(async () => ((await millpond.queryValue(loaded)) === 5 ? true : undefined), 30_000)
  await addMixpanel()
  await addWebhook()
  const batch = [
    ...eventsOf(100, 20),
    { type: 'identify', userId: 'u1', messageId: 'i-1', traits: { email: 'ana@example.com' } },
  ]
  await send(batch)
  await send(batch)
  await send([{ type: 'track', userId: 'u1', messageId: 'without-a-name' }])
  await arrived(webhook, 21)
  await arrived(mixpanel, 20)
  expect(webhook.deliveries.length).toBe(21)
  expect(mixpanel.profiles.get('u1')).toEqual({ $email: 'ana@example.com' })
  const rows = await firstAnswer(async () => {
    const found = await millpond.query(
      'SELECT destination, status, count(*)::INT, count(DISTINCT message_id)::INT FROM millpond.deliveries GROUP BY ALL ORDER BY ALL',
    )
    return found.length === 2 && found.every((row) => row[2] === 21) ? found : undefined
  }, 30_000)
  expect(rows).toEqual([
    ['mixpanel', 'delivered', 21, 21],
    ['webhook', 'delivered', 21, 21],
  ])
  const [payload] = await millpond.query(
    "SELECT sent_payload::TEXT FROM millpond.deliveries WHERE message_id = 'i-1' AND destination = 'mixpanel'",
  )
  expect(String(payload)).toContain('[redacted]')
  expect(String(payload)).not.toContain('ana@')
})

test('a dead destination costs the other nothing, and gets all of it when it is back: from the archive, too', async () => {
  webhook.failAlways({ kind: 'answer', answer: { status: 503 } })
  await addWebhook('dead')
  await addMixpanel()
  await send(eventsOf(0, 200))
  const [firstSegment = ''] = await segments()
  for (let round = 1; round < 10; round++) await send(eventsOf(round * 200, 200))
  await arrived(mixpanel, 2000)
  await millpond.settled()
  const dead = await firstAnswer(async () => {
    const now = await listed('dead')
    return now?.delivery?.state === 'waiting' ? now : undefined
  }, 30_000)
  expect(dead).toMatchObject({ delivery: { lastError: 'HTTP 503', counts: { delivered: 0 } } })
  // The buffer doesn't wait for it: what it has not read is in the archive only.
  await firstAnswer(async () => ((await segments()).includes(firstSegment) ? undefined : true), 30_000)
  expect((await millpond.status()).ledgerSums).toBe(true)
  webhook.failAlways(undefined)
  expect((await call('POST', '/api/destinations/dead/disable')).status).toBe(200)
  expect((await call('POST', '/api/destinations/dead/enable')).status).toBe(200)
  await arrived(webhook, 2000)
  expect(webhook.deliveries.length).toBe(2000)
}, 60_000)

test('destinations are checked before they are kept, and every change is in the audit log', async () => {
  expect(await call('POST', '/api/destinations', { type: 'carrier-pigeon' })).toMatchObject({ status: 404 })
  expect(await call('POST', '/api/destinations', { type: 'webhook' })).toMatchObject({ status: 400 })
  const settings = { url: webhook.url }
  expect(await call('POST', '/api/destinations', { type: 'webhook', settings, sources: ['nobody'] })).toMatchObject({
    status: 404,
  })
  expect(await call('POST', '/api/destinations', { type: 'webhook', name: 'A B', settings })).toMatchObject({
    status: 400,
  })
  await addWebhook()
  expect(await call('POST', '/api/destinations', { type: 'webhook', settings })).toMatchObject({ status: 409 })
  expect(await call('PUT', '/api/destinations/webhook', { settings: { url: '' } })).toMatchObject({ status: 400 })
  expect(await call('PUT', '/api/destinations/nobody', {})).toMatchObject({ status: 404 })
  expect(await call('DELETE', '/api/destinations/webhook')).toMatchObject({ status: 204 })
  expect(await listed('webhook')).toBeUndefined()
  const { body } = await call('GET', '/api/audit')
  const actions = (body as { entries: { action: string }[] }).entries.map(({ action }) => action)
  expect(actions.filter((action) => action.startsWith('destination.'))).toEqual([
    'destination.remove',
    'destination.add',
  ])
})

test('the command line sets one up, says how it is doing, stops it and removes it', async () => {
  const cli = async (...words: string[]) => runCli(['--data', millpond.data, 'destination', ...words])
  expect((await cli('types')).stdout).toMatch(/mixpanel[\s\S]*projectToken![\s\S]*webhook/)
  expect(await cli('list')).toMatchObject({ code: 0, stdout: expect.stringContaining('No destinations yet') as string })
  const settings = [`url=${webhook.url}`, `secret=${secret}`, 'allowPrivateNetwork=true'].flatMap((one) => [
    '--setting',
    one,
  ])
  const added = await cli('add', 'webhook', '--name', 'crm', '--source', 'shop', ...settings, '--json')
  expect(JSON.parse(added.stdout)).toMatchObject({
    name: 'crm',
    sources: ['shop'],
    secretNames: ['secret'],
    state: 'active',
  })
  expect(added.stdout).not.toContain(secret)
  await send(eventsOf(0, 1))
  await arrived(webhook, 1)
  await firstAnswer(async () => (/crm .*shop .*1/.test((await cli('list')).stdout) ? true : undefined), 30_000)
  const why = async (message: string) => (await cli('why', 'crm', message)).stdout
  await firstAnswer(async () => ((await why('m-0')).startsWith('It is there') ? true : undefined), 30_000)
  expect(await why('m-none')).toContain('No table that you may see holds it')
  const whole = JSON.parse((await cli('why', 'crm', 'm-0', '--json')).stdout) as object
  expect(whole).toMatchObject({
    verdict: 'delivered',
    event: { source: 'shop', table: 'tracks' },
    entries: [{ attempts: 1 }],
  })
  expect((await cli('change', 'crm', '--setting', 'mode=single')).stdout).toBe('Destination crm is changed.\n')
  expect((await cli('disable', 'crm')).stdout).toBe('Destination crm is disabled.\n')
  await send(eventsOf(1, 1))
  await millpond.settled()
  expect(await why('m-1')).toContain('disabled')
  expect((await cli('enable', 'crm', '--json')).code).toBe(0)
  await arrived(webhook, 2)
  expect(webhook.requests.at(-1)?.body.startsWith('{"type"')).toBe(true)
  expect((await cli('remove', 'crm')).stdout).toBe('Destination crm is removed.\n')
  expect(await cli('add', 'webhook', '--setting', 'nonsense')).toMatchObject({ code: 2 })
  expect((await cli('remove', 'crm')).stderr).toContain('no destination')
})

test('what an erased person said is not sent any more, also what was waiting, and the ledger forgets it, too', async () => {
  await addWebhook()
  await send([{ type: 'track', event: 'Seen', userId: 'ana', messageId: 'seen' }])
  await arrived(webhook, 1)
  webhook.failAlways({ kind: 'answer', answer: { status: 503 } })
  await send([...eventsOf(0, 3), { type: 'track', event: 'Waiting', userId: 'ana', messageId: 'waiting' }])
  await millpond.settled()
  await firstAnswer(async () => ((await listed('webhook'))?.delivery?.state === 'waiting' ? true : undefined), 30_000)
  const erased = await runCli(['--data', millpond.data, 'erase', '--user', 'ana'])
  expect(erased.code, erased.stderr).toBe(0)
  const receipt = await runCli(['--data', millpond.data, 'erasures', '--json'])
  expect(JSON.parse(receipt.stdout)).toMatchObject({
    dataset: null,
    persons: [expect.stringMatching(/^[0-9a-f]{64}$/) as unknown],
    archive: 'pending',
    destinations: [{ destination: 'webhook', state: 'not-asked' }],
    backups: [],
  })
  expect(receipt.stdout).not.toContain('ana')
  expect((await runCli(['--data', millpond.data, 'erasures'])).stdout).toContain('webhook: not-asked (It is told with')
  webhook.failAlways(undefined)
  await arrived(webhook, 4)
  expect(webhook.events().map(({ messageId }) => messageId)).toEqual(['seen', 'm-0', 'm-1', 'm-2'])
  const rows = await firstAnswer(async () => {
    const found = await millpond.query('SELECT DISTINCT user_id FROM millpond.deliveries ORDER BY 1')
    return found.length === 3 ? found : undefined
  }, 30_000)
  expect(rows).toEqual([['u0'], ['u1'], ['u2']])
}, 60_000)
