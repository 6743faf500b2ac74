// Erased people, told to servers that stand for the vendors, from a real queue on disk, by a clock of the test's own.
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach, expect, test } from 'vitest'

import { until } from '../../../test/contract/destination.ts'
import { SimulatedClock } from '../../../test/faults/simulated-clock.ts'
import { type FakeMixpanel, gdprToken, startMixpanel } from '../../../test/vendors/mixpanel.ts'
import { type FakeWebhook, startWebhook } from '../../../test/vendors/webhook.ts'
import { type Control, openControl } from '../../control/control.ts'
import type { ErasedNames, ErasureAsk } from '../../control/erasure-store.ts'
import { createLog } from '../../core/log.ts'
import type { Destination, DestinationSettings } from './destination.ts'
import { type Forgetting, startForgetting } from './forgetting.ts'

const log = createLog('silent')
const secret = 'a secret of the receiver'
const hourMs = 3_600_000

let folder: string
let clock: SimulatedClock
let control: Control
let forgetting: Forgetting | undefined
let destinations: Destination[]
let mixpanel: FakeMixpanel
let webhook: FakeWebhook

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millpond-forgetting-'))
  clock = new SimulatedClock(Date.UTC(2026, 10, 24) * 1000)
  control = await openControl(folder, { clock, log })
  mixpanel = await startMixpanel('project-token')
  webhook = await startWebhook(secret)
  destinations = [
    destination('mixpanel', { projectToken: 'project-token', gdprToken, baseUrl: mixpanel.url }),
    destination('webhook', { url: webhook.url, secret, sendErasures: 'true' }),
  ]
})

afterEach(async () => {
  await forgetting?.stop()
  forgetting = undefined
  await control.stop()
  await mixpanel.stop()
  await webhook.stop()
  await rm(folder, { recursive: true })
})

function destination(type: string, settings: DestinationSettings, sources: readonly string[] = []): Destination {
  const own = { ...settings, allowPrivateNetwork: 'true' }
  return { id: `id-${type}`, name: type, type, sources, settings: own, rules: {}, state: 'active', version: 1 }
}

function start(): Forgetting {
  forgetting = startForgetting({ store: control.erasures, destinations: () => destinations, clock, log })
  return forgetting
}

function erase(names: ErasedNames, dataset?: string): void {
  const of = forgetting ?? start()
  const erasedAtMicros = clock.nowMicros()
  control.erasures.add(
    { erasedAtMicros, dataset: dataset ?? null, persons: ['hash'], rows: 3 },
    names,
    of.wanted(dataset),
  )
  of.wake()
}

function asks(): Record<string, ErasureAsk> {
  return Object.fromEntries((control.erasures.list()[0]?.asks ?? []).map((ask) => [ask.destination, ask]))
}

/** Lets time pass until the condition holds. */
async function later(condition: () => boolean, stepMs = 60_000): Promise<void> {
  await until(() => {
    if (!condition()) clock.advance(stepMs)
    return condition()
  })
}

test('each service is asked once, in its own words, and whom it was about is dropped', async () => {
  erase({ userId: 'ana', anonymousId: 'a-1' })
  await until(() => Object.values(asks()).every(({ state }) => state === 'asked'))
  expect(mixpanel.deletions).toEqual(['ana', '$device:a-1'])
  expect(webhook.deliveries).toEqual([{ type: 'erase', userId: 'ana', anonymousId: 'a-1' }])
  expect(asks()['mixpanel']).toMatchObject({ attempts: 1, note: '' })
  clock.advance(48 * hourMs)
  expect(mixpanel.requests).toHaveLength(1)
  await control.stop()
  expect((await readFile(join(folder, 'control.sqlite'))).includes('"ana"')).toBe(false)
  control = await openControl(folder, { clock, log })
})

test.each([
  ['one that has trouble', { status: 503 }],
  ['one that is asked too often', { status: 429, headers: { 'retry-after': '3600' } }],
  ['one whose token is too old', { status: 401, body: { error: 'Invalid token, ana' } }],
])('%s is asked again later, and costs the others nothing', async (_name, answer) => {
  mixpanel.fail({ kind: 'answer', answer }, { kind: 'answer', answer })
  erase({ userId: 'ana' })
  await until(() => asks()['webhook']?.state === 'asked' && (asks()['mixpanel']?.attempts ?? 0) > 0)
  expect(asks()['mixpanel']).toMatchObject({
    state: 'waiting',
    note: expect.stringContaining(String(answer.status)) as unknown,
  })
  expect(asks()['mixpanel']?.note).not.toContain('ana')
  await later(() => asks()['mixpanel']?.state === 'asked')
  expect(mixpanel.deletions).toEqual(['ana'])
  expect(webhook.deliveries).toHaveLength(1)
})

test('one that is away is asked when it is back, also by the next start', async () => {
  await mixpanel.away()
  erase({ userId: 'ana' })
  await until(() => (asks()['mixpanel']?.attempts ?? 0) > 0)
  await forgetting?.stop()
  forgetting = undefined
  await mixpanel.back()
  clock.advance(hourMs)
  start()
  await later(() => asks()['mixpanel']?.state === 'asked')
  expect(mixpanel.deletions).toEqual(['ana'])
})

test('after thirty days it is given up, with what it said last', async () => {
  mixpanel.failAlways({ kind: 'answer', answer: { status: 500 } })
  erase({ userId: 'ana' })
  await later(() => asks()['mixpanel']?.state === 'given-up', 6 * hourMs)
  expect(asks()['mixpanel']?.note).toContain('500')
})

test('who cannot be asked is named with what to do instead', async () => {
  destinations = [
    destination('mixpanel', { projectToken: 'project-token', baseUrl: mixpanel.url }),
    destination('webhook', { url: webhook.url }),
    destination('ga4', {}),
    destination('meta', {}),
    destination('object-storage', {}),
  ]
  erase({ userId: 'ana' })
  const all = asks()
  expect(Object.keys(all)).toHaveLength(5)
  for (const { state, note } of Object.values(all)) expect([state, note.length > 20]).toEqual(['not-asked', true])
  expect(mixpanel.requests).toHaveLength(0)
})

test('an erasure in one dataset asks only those that get nothing else', async () => {
  destinations = [
    destination('mixpanel', { projectToken: 'project-token', gdprToken, baseUrl: mixpanel.url }, ['web']),
    destination('webhook', { url: webhook.url, secret, sendErasures: 'true' }, ['web', 'app']),
    destination('meta', {}, ['app']),
  ]
  erase({ userId: 'ana' }, 'web')
  await until(() => asks()['mixpanel']?.state === 'asked')
  expect(Object.keys(asks())).toEqual(['mixpanel', 'webhook'])
  expect(asks()['webhook']).toMatchObject({
    state: 'not-asked',
    note: expect.stringContaining('other sources') as unknown,
  })
})

test('a destination that was removed meanwhile is given up', async () => {
  mixpanel.failAlways({ kind: 'answer', answer: { status: 500 } })
  erase({ userId: 'ana' })
  await until(() => (asks()['mixpanel']?.attempts ?? 0) > 0)
  destinations = []
  await later(() => asks()['mixpanel']?.state === 'given-up')
})
