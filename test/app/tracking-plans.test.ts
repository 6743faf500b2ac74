// Tracking plans over the real processes: the real SDK sends what breaks one and never notices; letters, replay, rebuild, rights, and the
// command line.
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { Analytics } from '@segment/analytics-node'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import { firstAnswer, type Millpond, startMillpond } from '../support/millpond.ts'
import { runCli } from './cli-support.ts'

type Json = Readonly<Record<string, unknown>>

let millpond: Millpond
let folder = ''
let key = ''

const rule = (onViolation: 'flag' | 'quarantine', schema: object) => ({
  call: 'track',
  event: 'Order Paid',
  schema,
  onViolation,
})
const totalIsNumber = { properties: { total: { type: 'number' } }, required: ['total'] }
const plan = { rules: [rule('quarantine', totalIsNumber)], unplanned: 'allow' }
const path = '/api/sources/shop/plan'

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millpond-plan-test-'))
  millpond = await startMillpond()
  key = await millpond.addSource('shop')
}, 60_000)

afterAll(async () => {
  await millpond.dispose()
  await rm(folder, { recursive: true })
})

async function asked(method: string, at: string, body?: object): Promise<Json> {
  const answer = await millpond.api(at, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) })
  expect(answer.ok, await answer.clone().text()).toBe(true)
  return (await answer.json()) as Json
}

/** By the real SDK; what it complained of. */
async function send(...totals: readonly unknown[]): Promise<unknown[]> {
  const failures: unknown[] = []
  const analytics = new Analytics({ writeKey: key, host: millpond.address, flushInterval: 20 })
  analytics.on('error', (failure) => failures.push(failure))
  for (const total of totals) analytics.track({ userId: 'u', event: 'Order Paid', properties: { total } })
  await analytics.closeAndFlush()
  await millpond.settled()
  return failures
}

const rows = async (sql: string): Promise<readonly (readonly unknown[])[]> => millpond.query(sql)

const cli = async (...words: readonly string[]) => runCli(words, { env: { MILLPOND_DATA: millpond.data } })
const stored = async () => (await rows('SELECT COUNT(*) FROM shop.order_paid'))[0]?.[0]

/** Intake looks at its list of sources twice a second. */
async function inForce(isInForce: () => Promise<boolean>): Promise<void> {
  await firstAnswer(async () => ((await isInForce()) ? true : undefined), 10_000)
}

describe('a plan', () => {
  test('is drafted from what came, tried, and put in force; what breaks it waits as a letter that says why', async () => {
    expect(await send(5, 7)).toEqual([])
    const draft = (await asked('GET', `${path}/draft`)) as { plan: { rules: Json[] }; events: number }
    expect(draft.events).toBe(2)
    expect(draft.plan.rules).toMatchObject([
      { event: 'Order Paid', schema: { properties: { total: { type: 'integer' } } } },
    ])
    const tried = await asked('POST', `${path}/try`, { rules: [rule('flag', { required: ['city'] })] })
    expect(tried).toMatchObject({ events: 2, violations: [{ event: 'Order Paid', action: 'flag', events: 2 }] })
    expect(await asked('PUT', path, plan)).toMatchObject({ version: 1 })
    await inForce(async () => {
      await send('many')
      return (await rows("SELECT COUNT(*) FROM millpond.dead_letters WHERE reason = 'plan_violation'"))[0]?.[0] !== 0
    })
    const before = await stored()
    expect(await send(1, 'two', 3)).toEqual([])
    expect(Number(await stored())).toBe(Number(before) + 2)
    const { deadLetters: letters } = (await asked('GET', '/api/dead-letters?reason=plan_violation')) as {
      deadLetters: Json[]
    }
    expect(letters[0]).toMatchObject({ source: 'shop', reason: 'plan_violation', problems: ['total must be number'] })
    expect((await millpond.status()).ledgerSums).toBe(true)
  })

  test('mended, its letters are judged by the new version when they are replayed; old records by the old one, also in a rebuild', async () => {
    const letters = async () =>
      Number(
        (
          await rows(
            "SELECT COUNT(*) FROM millpond.dead_letters WHERE reason = 'plan_violation' AND replayed_at IS NULL",
          )
        )[0]?.[0],
      )
    const waiting = await letters()
    expect(waiting).toBeGreaterThan(0)
    await asked('PUT', path, { rules: [rule('flag', totalIsNumber)], unplanned: 'allow' })
    const before = Number(await stored())
    await millpond
      .api('/api/dead-letters/replay', { method: 'POST', body: JSON.stringify({ reason: 'plan_violation' }) })
      .then(async (answer) => answer.text())
    await millpond.settled()
    expect(await letters()).toBe(0)
    expect(Number(await stored())).toBe(before + waiting)
    const violations =
      'SELECT source, plan, event, message_id, problem FROM millpond.plan_violations ORDER BY message_id'
    const found = await rows(violations)
    expect(found).toHaveLength(waiting)
    expect(found[0]).toMatchObject(['shop', 2, 'Order Paid', expect.any(String), 'total must be number'])
    const [count, all] = [await stored(), await rows('SELECT id FROM millpond.dead_letters ORDER BY id')]
    expect((await cli('rebuild')).stdout).toContain('All tables were made again')
    expect([
      await stored(),
      await rows('SELECT id FROM millpond.dead_letters ORDER BY id'),
      await rows(violations),
    ]).toEqual([count, all, found])
  }, 60_000)

  test('a file that was lost is written again by the next start; a kill changes no verdict', async () => {
    const before = [await stored(), await rows('SELECT id FROM millpond.dead_letters ORDER BY id')]
    await rm(join(millpond.data, 'plans'), { recursive: true })
    await millpond.kill('engine')
    await millpond.settled()
    expect([await stored(), await rows('SELECT id FROM millpond.dead_letters ORDER BY id')]).toEqual(before)
    await send('x')
    expect(
      await rows("SELECT COUNT(*) FROM millpond.plan_violations WHERE problem = 'total must be number'"),
    ).not.toEqual([[0]])
  })

  test('ends, and its versions stay', async () => {
    expect(await asked('DELETE', path)).toMatchObject({
      version: null,
      plan: null,
      versions: [{ version: 2 }, { version: 1 }],
    })
    expect(JSON.stringify(await asked('GET', '/api/audit'))).toContain('source.plan')
  })
})

test('the command line drafts, tries, sets, shows and ends a plan', async () => {
  const file = join(folder, 'plan.json')
  const draft = await cli('plan', 'draft', 'shop')
  await writeFile(file, draft.stdout)
  expect((await cli('plan', 'try', 'shop', file)).stdout).toContain('Of the newest')
  expect((await cli('plan', 'set', 'shop', file)).stdout).toContain('Version 3')
  expect(JSON.parse((await cli('plan', 'show', 'shop')).stdout)).toEqual(JSON.parse(draft.stdout))
  expect((await cli('plan', 'off', 'shop')).stdout).toContain('no plan any more')
  expect((await cli('plan', 'show', 'shop')).stderr).toContain('has no plan')
  await writeFile(file, 'nonsense')
  expect((await cli('plan', 'set', 'shop', file)).stderr).toContain('is no plan')
})

test.each([
  ['a source that is not there', 'PUT', '/api/sources/nobody/plan', plan, 404],
  ['no plan', 'PUT', path, { rules: 'all' }, 400],
  ['a slow pattern', 'PUT', path, { rules: [rule('flag', { pattern: '(a+)+$' })] }, 400],
])('%s is refused', async (_what, method, at, body, status) => {
  expect((await millpond.api(at, { method, body: JSON.stringify(body) })).status).toBe(status)
})
