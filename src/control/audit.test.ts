// The audit log on real control: every change leaves one entry and one row of the outbox, in its own transaction; what fails leaves
// none; and nothing secret stands in either.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

import * as fc from 'fast-check'
import { afterEach, beforeEach, expect, test } from 'vitest'

import { daily } from '../../test/support/schedule.ts'
import { SimulatedClock } from '../../test/faults/simulated-clock.ts'
import { createLog } from '../core/log.ts'
import type { Actor } from './audit.ts'
import { type Control, openControl } from './control.ts'

const ana: Actor = { id: 'a1', handle: 'ana', via: 'session', address: '192.0.2.7' }
const grant = { grantee: 'ana', dataset: 'web', table: '*', privilege: 'read' } as const
const mask = { dataset: 'web', table: '*', column: 'email', kind: 'hash', exempt: [] } as const
const query = { dialect: 'googlesql', sql: 'SELECT 1', parameters: [], zone: 'UTC' } as const
const filter = { dataset: 'web', table: 'orders', predicate: 'TRUE', exempt: [] } as const
const address = { project: 'millpond', publicUrl: 'https://pond.example.com' }

let folder: string
let clock: SimulatedClock
let control: Control

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'millpond-audit-'))
  clock = new SimulatedClock()
  control = await openControl(folder, { clock, log: createLog('silent') })
})

afterEach(async () => {
  await control.stop()
  await rm(folder, { recursive: true })
})

const waiting = (): Record<string, unknown>[] =>
  control.outbox.waiting(1000).map(({ table, row }) => ({ table, ...(JSON.parse(row) as object) }))
const actions = (): string[] =>
  control
    .auditEntries({ limit: 1000 })
    .map(({ action }) => action)
    .toReversed()

/** Changes in an order that works, each with what the log calls it. */
const changes: readonly (readonly [action: string, change: () => unknown])[] = [
  ['source.add', async () => control.addSource('web', 'client')],
  ['source.rotate', async () => control.rotateSource('web')],
  ['source.disable', async () => control.setSourceState('web', 'disabled')],
  ['source.enable', async () => control.setSourceState('web', 'active')],
  ['person.add', async () => control.addPrincipal('ana', 'person', 'analyst', { region: 'EU' })],
  ['person.change', async () => control.changePrincipal('ana', { role: 'support' })],
  ['token.create', async () => control.createToken('notebook', 'ana')],
  ['token.revoke', async () => control.revokeToken(control.listTokens()[0]?.id ?? '')],
  ['key.create', async () => control.createKey('ana', address)],
  ['key.revoke', async () => control.revokeKey(control.listKeys()[0]?.id ?? '')],
  [
    'query.remove',
    () => control.queries.remove(control.queries.add({ name: 'q', folder: '', description: '' }, query, 'owner').id),
  ],
  ['schedule.add', () => control.schedules.add(daily, 'owner', [])],
  ['schedule.change', () => control.schedules.change('daily', { ...daily, cron: '0 7 * * *' }, [])],
  ['schedule.pause', () => control.schedules.setEnabled('daily', false)],
  ['schedule.resume', () => control.schedules.setEnabled('daily', true)],
  ['schedule.remove', () => control.schedules.remove('daily')],
  ['grant.add', async () => control.addGrant(grant)],
  ['grant.remove', async () => control.removeGrant(grant)],
  ['mask.put', async () => control.putMask(mask)],
  ['mask.remove', async () => control.removeMask(mask)],
  ['filter.put', async () => control.putFilter(filter)],
  ['filter.remove', async () => control.removeFilter(filter)],
  ['person.remove', async () => control.removePrincipal('ana')],
]

test('every change is one entry, by whoever acts, and one row on its way', async () => {
  for (const [action, change] of changes) {
    const before = actions().length
    await control.acting(ana, change)
    expect(actions().slice(before)).toEqual([action])
  }
  expect(actions()).toEqual(changes.map(([action]) => action))
  const entries = control.auditEntries({ limit: 1000 }).toReversed()
  expect(waiting()).toEqual(
    entries.map(({ id, action, target, details }) => ({
      table: 'millpond.audit',
      audit_id: id,
      acted_at: '2026-01-01T00:00:00.000Z',
      actor_id: 'a1',
      actor: 'ana',
      via: 'session',
      address: '192.0.2.7',
      action,
      target,
      details,
    })),
  )
})

test('what fails, and what changes nothing, leaves no entry', async () => {
  await control.addGrant({ ...grant, grantee: '*' })
  const before = actions()
  await control.addGrant({ ...grant, grantee: '*' })
  const failures = [
    control.addSource('1', 'client'),
    control.rotateSource('nope'),
    control.addPrincipal('owner', 'person', 'viewer'),
    control.changePrincipal('owner', { role: 'viewer' }),
    control.removePrincipal('nope'),
    control.revokeToken('nope'),
    control.revokeKey('nope'),
    control.removeGrant(grant),
    control.removeMask(mask),
    control.createToken('x', 'nope'),
  ]
  const settled = await Promise.allSettled(failures)
  expect(settled.map(({ status }) => status)).toEqual(failures.map(() => 'rejected'))
  expect(actions()).toEqual(before)
  expect(waiting()).toHaveLength(before.length)
})

test('a change and its entry are one: where the entry can not be written nothing has changed', async () => {
  const other = new DatabaseSync(join(folder, 'control.sqlite'))
  other.exec("CREATE TRIGGER no_audit BEFORE INSERT ON audit BEGIN SELECT RAISE(ABORT, 'full'); END")
  for (const change of [
    async () => control.addSource('web', 'client'),
    async () => control.addPrincipal('ana', 'person', 'analyst'),
    async () => control.createToken('notebook'),
    async () => control.createKey('owner', address),
    async () => control.addGrant({ ...grant, grantee: '*' }),
    async () => control.putMask(mask),
  ]) {
    await expect(change()).rejects.toThrow('full')
  }
  other.exec('DROP TRIGGER no_audit')
  other.close()
  expect([control.listSources(), control.listTokens(), control.listKeys()]).toEqual([[], [], []])
  expect(control.listPrincipals().map(({ handle }) => handle)).toEqual(['owner'])
  expect(control.policies()).toMatchObject({ grants: [], masks: [] })
})

test('no secret stands in the log', async () => {
  const { writeKey } = await control.addSource('web', 'client')
  const { token } = await control.createToken('notebook')
  const { key } = await control.createKey('owner', address)
  const code = control.createOneTimeCode()
  const redeemed = control.redeemOneTimeCode(code)
  const text = JSON.stringify([control.auditEntries({ limit: 1000 }), waiting()])
  for (const secret of [writeKey, token, key.private_key, code, redeemed?.token]) {
    expect(secret?.length).toBeGreaterThan(20)
    expect(text).not.toContain(secret)
  }
  expect(actions()).toEqual(['source.add', 'token.create', 'key.create', 'one-time-link.use', 'token.create'])
})

test('without a request it is the owner on the command line; those who act at one time are told apart', async () => {
  control.record('backup', '/backups/1')
  const bob: Actor = { ...ana, id: 'b1', handle: 'bob', via: 'token' }
  await Promise.all([
    control.acting(ana, async () => control.addSource('web', 'client')),
    control.acting(bob, async () => control.addSource('api', 'server')),
  ])
  const who = control.auditEntries({ limit: 10 }).map(({ actor, via, target }) => [target, actor, via])
  expect(Object.fromEntries(who.map(([target, ...rest]) => [target, rest]))).toEqual({
    '/backups/1': ['owner', 'command line'],
    web: ['ana', 'session'],
    api: ['bob', 'token'],
  })
})

test('the log is read newest first, by page, by action and by person', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom('x', 'y'), { maxLength: 20 }),
      fc.integer({ min: 1, max: 7 }),
      (done, limit) => {
        const start = control.auditEntries({ limit: 1000 }).length
        for (const [index, action] of done.entries()) {
          control.acting(index % 2 === 0 ? ana : { ...ana, handle: 'bob' }, () => {
            control.record(action, String(index))
          })
        }
        const all = control.auditEntries({ limit: 1000 })
        expect(all.slice(0, all.length - start).map(({ action }) => action)).toEqual([...done].toReversed())
        const paged: string[] = []
        for (let before: string | undefined; ;) {
          const page = control.auditEntries({ limit, before })
          paged.push(...page.map(({ id }) => id))
          before = page.at(-1)?.id
          if (before === undefined) break
        }
        expect(paged).toEqual(all.map(({ id }) => id))
        const bobs = control.auditEntries({ limit: 1000, actor: 'bob', action: 'x' })
        expect(bobs).toEqual(all.filter(({ actor, action }) => actor === 'bob' && action === 'x'))
      },
    ),
    { numRuns: 20 },
  )
})
