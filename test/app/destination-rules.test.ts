// Rules of a destination on a real Millpond: seen before they count, obeyed from then on, and each entry of the ledger names the
// version that its event went with.
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'

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
  webhook = await startWebhook(secret)
  millpond = await startMillpond()
  key = await millpond.addSource('shop', 'server')
})

afterEach(async () => {
  await millpond.dispose()
  await webhook.stop()
})

const cli = async (...words: string[]) => runCli(['--data', millpond.data, 'destination', ...words])

async function send(messageId: string, total: number): Promise<void> {
  const properties = { total, email: 'ana@example.com', plan: 'pro' }
  const batch = [{ type: 'track', event: 'Order Completed', userId: 'u1', messageId, properties }]
  expect((await sendTo(millpond.address, { batch }, { key })).status).toBe(200)
}

async function file(name: string, content: object | string): Promise<string> {
  const path = join(millpond.data, name)
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content))
  return path
}

async function ledger(count: number): Promise<readonly unknown[]> {
  const sql =
    'SELECT message_id, status, reason, destination_version::INT, sent_payload::TEXT FROM millpond.deliveries ORDER BY 1'
  return firstAnswer(async () => {
    const rows = await millpond.query(sql)
    return rows.length >= count ? rows : undefined
  }, 30_000)
}

test('rules are seen before they count, hold from then on, and the ledger names their version', async () => {
  const words = [`url=${webhook.url}`, `secret=${secret}`, 'allowPrivateNetwork=true'].flatMap((one) => [
    '--setting',
    one,
  ])
  expect((await cli('add', 'webhook', '--name', 'crm', ...words)).code).toBe(0)
  expect((await cli('preview', 'crm')).stdout).toContain('No events came lately')
  await send('m1', 5)
  await ledger(1)
  const rules = {
    filter: 'properties.total > 3',
    fields: { hash: ['properties.email'] },
    mapping: '{"event": "purchase", "properties": $merge([properties, {"value": properties.total}])}',
  }
  const path = await file('rules.json', rules)
  const previewed = await cli('preview', 'crm', '--file', path, '--json')
  expect(JSON.parse(previewed.stdout)).toMatchObject({ messageId: 'm1', status: 'sent' })
  expect(previewed.stdout).toContain('purchase')
  expect(previewed.stdout).not.toContain('ana@example.com')
  // Only looked at so far.
  expect(JSON.parse((await cli('rules', 'crm')).stdout)).toEqual({})
  expect(webhook.deliveries.length).toBe(1)

  expect((await cli('rules', 'crm', '--file', path)).stdout).toContain('hold from now on')
  await send('m2', 2)
  await send('m3', 7)
  const rows = await ledger(3)
  expect(rows).toMatchObject([
    ['m1', 'delivered', null, 1, expect.stringContaining('Order Completed') as string],
    ['m2', 'skipped', 'Its filter keeps it here', 2, '[]'],
    ['m3', 'delivered', null, 2, expect.stringContaining('"value":7') as string],
  ])
  const [, last] = webhook.events() as { event: string; properties: { email: string } }[]
  expect(last).toMatchObject({ messageId: 'm3', event: 'purchase' })
  expect(last?.properties.email).toMatch(/^[0-9a-f]{64}$/)

  const code = await file('step.ts', 'function onTrack(event: { n?: number }) { event.n = 1; return event }\n')
  expect((await cli('rules', 'crm', '--code', code, '--json')).code).toBe(0)
  expect(JSON.parse((await cli('rules', 'crm')).stdout)).toMatchObject({
    ...rules,
    code: expect.stringContaining('onTrack') as string,
  })
  const versions = (await cli('versions', 'crm', '--json')).stdout.trim().split('\n')
  expect(versions.map((line) => JSON.parse(line) as object)).toMatchObject([
    { version: 3, changedBy: 'owner' },
    { version: 2, rules },
    { version: 1, rules: {} },
  ])
  expect((await cli('rules', 'crm', '--clear')).code).toBe(0)
  await send('m4', 1)
  expect((await ledger(4)).at(-1)).toMatchObject(['m4', 'delivered', null, 4, expect.anything() as string])
}, 60_000)

test('rules that can not be read are refused in words, and what held before goes on', async () => {
  const words = [`url=${webhook.url}`, 'allowPrivateNetwork=true'].flatMap((one) => ['--setting', one])
  expect((await cli('add', 'webhook', '--name', 'crm', ...words)).code).toBe(0)
  const refused = async (rules: object): Promise<string> => {
    const { code, stderr } = await cli('rules', 'crm', '--file', await file('bad.json', rules))
    expect(code).not.toBe(0)
    return stderr
  }
  expect(await refused({ filter: 'a = = b' })).toContain('cannot be used as a unary operator')
  expect(await refused({ code: 'function (' })).toContain("can't be read")
  expect(await refused({ code: 'for (;;) {}' })).toContain("can't be read")
  expect(await refused({ fields: { not: ['properties..x'] } })).toContain('is no path')
  expect(await refused({ nonsense: 1 })).toContain('nonsense')
  expect(await refused({ sample: { percent: 101 } })).toContain('100')
  expect((await cli('rules', 'nobody')).stderr).toContain('no destination')
  expect((await cli('rules', 'crm', '--clear', '--code', 'x')).code).toBe(2)
  expect(JSON.parse((await cli('rules', 'crm')).stdout)).toEqual({})
}, 60_000)
