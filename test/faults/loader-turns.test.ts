// Work between two loads: retypes, erasures and whatever else needs the warehouse for itself, on the real road.
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, expect, test } from 'vitest'

import { systemClock } from '../../src/core/clock.ts'
import { erasePerson } from '../../src/deliver/maintenance/erase.ts'
import { retypeColumn } from '../../src/deliver/maintenance/retype.ts'
import { LoaderRig, type RigOptions, track } from './loader-rig.ts'

const rigs: LoaderRig[] = []

async function start(options: RigOptions = {}): Promise<LoaderRig> {
  const rig = await LoaderRig.start(options)
  rigs.push(rig)
  return rig
}

afterEach(async () => {
  for (const rig of rigs.splice(0)) {
    await rig.stop()
    await rm(rig.folder, { recursive: true, force: true })
  }
})

const values = "SELECT id, code, json_extract(_overflow, '$.code')::VARCHAR FROM shop.order_completed ORDER BY id"

test('Loads wait for the work, and go on behind it; what it throws is its caller’s alone', async () => {
  const rig = await start()
  await rig.send([track('a')])
  await rig.settled()
  const loads = rig.loader.status().loads
  const work = Promise.withResolvers<string>()
  const begun = Promise.withResolvers<undefined>()
  const turn = rig.loader.exclusively(async () => {
    begun.resolve(undefined)
    return work.promise
  })
  await begun.promise
  await rig.send([track('b')])
  expect(rig.loader.status().loads).toBe(loads)
  work.resolve('done')
  expect(await turn).toBe('done')
  await rig.settled()
  await expect(rig.loader.exclusively(async () => Promise.reject(new Error('mine')))).rejects.toThrow('mine')
  await rig.send([track('c')])
  await rig.settled()
  expect(await rig.value('SELECT count(*)::INT FROM shop.order_completed')).toBe(3)
})

test('A retyped column takes what overflowed, what is still to come, and keeps its type after a restart', async () => {
  const rig = await start()
  await rig.send([track('a', { code: 7 }), track('b', { code: 'X-1' })])
  await rig.settled()
  expect(await rig.rows(values)).toEqual([
    ['a', 7, null],
    ['b', null, '"X-1"'],
  ])
  const input = { dataset: 'shop', table: 'order_completed', column: 'code', type: 'text' } as const
  const outcome = await rig.loader.exclusively(async () => retypeColumn(rig.driver, systemClock, input))
  expect(outcome).toMatchObject({ tables: ['order_completed'], overflowed: 0 })
  await rig.send([track('c', { code: 8 }), track('d', { code: true })])
  await rig.settled()
  const expected = [
    ['a', '7', null],
    ['b', 'X-1', null],
    ['c', '8', null],
    ['d', 'true', null],
  ]
  expect(await rig.rows(values)).toEqual(expected)
  await rig.stop()
  rigs.splice(rigs.indexOf(rig), 1)
  const again = await start({ folder: rig.folder })
  await again.send([track('e', { code: 9 })])
  await again.settled()
  expect(await again.rows(values)).toEqual([...expected, ['e', '9', null]])
  // And back: what is no whole number overflows, exactly.
  await again.loader.exclusively(async () => retypeColumn(again.driver, systemClock, { ...input, type: 'integer' }))
  await again.send([track('f', { code: 1.5 }), track('g', { code: '10' })])
  await again.settled()
  expect(await again.rows(values)).toEqual([
    ['a', 7, null],
    ['b', null, '"X-1"'],
    ['c', 8, null],
    ['d', null, '"true"'],
    ['e', 9, null],
    ['f', null, '1.5'],
    ['g', 10, null],
  ])
})

test.each([
  [{ table: 'tracks', column: 'code' }, 'a view over the event tables'],
  [{ table: 'users', column: 'plan' }, 'retype the column there'],
  [{ table: 'order_completed', column: 'user_id' }, "Millpond's own"],
  [{ table: 'order_completed', column: 'nothing' }, 'has no column nothing'],
  [{ table: 'nowhere', column: 'code' }, 'no table shop.nowhere'],
  [{ table: 'order_completed', column: 'code' }, 'is integer already'],
])('A retype of %j is refused, and says why', async (place, message) => {
  const rig = await start()
  await rig.send([track('a', { code: 7 })])
  await rig.settled()
  const input = { dataset: 'shop', type: 'integer' as const, ...place }
  await expect(rig.loader.exclusively(async () => retypeColumn(rig.driver, systemClock, input))).rejects.toThrow(
    message,
  )
})

test('A context column is retyped in the whole source, so that `tracks` can show it', async () => {
  const rig = await start()
  const context = (build: unknown) => ({ context: { app: { build } } })
  await rig.send([
    { ...track('a'), ...context(1) },
    { ...track('b', {}, 'Other'), ...context(2) },
  ])
  await rig.settled()
  const input = { dataset: 'shop', table: 'order_completed', column: 'context_app_build', type: 'text' } as const
  const outcome = await rig.loader.exclusively(async () => retypeColumn(rig.driver, systemClock, input))
  expect(outcome.tables.toSorted()).toEqual(['order_completed', 'other'])
  await rig.send([{ ...track('c'), ...context('3b') }])
  await rig.settled()
  expect(await rig.rows('SELECT id, context_app_build FROM shop.tracks ORDER BY id')).toEqual([
    ['a', '1'],
    ['b', '2'],
    ['c', '3b'],
  ])
})

test('Who hears that a person is erased may kill everything: the warehouse on disk has it', async () => {
  const rig = await start()
  await rig.send([
    { ...track('a'), userId: 'u1' },
    { ...track('b'), userId: 'u2' },
  ])
  await rig.settled()
  await rig.loader.exclusively(async () => erasePerson(rig.driver, systemClock, { userId: 'u1' }))
  const copy = await mkdtemp(join(tmpdir(), 'millpond-crash-'))
  await cp(rig.folder, copy, { recursive: true })
  const again = await start({ folder: copy })
  await again.settled()
  expect(await again.rows('SELECT id FROM shop.tracks')).toEqual([['b']])
  expect(await again.value('SELECT count(*)::INT FROM millpond.erasures')).toBe(1)
})

test('A turn that waits when the loader stops is told so', async () => {
  const rig = await start()
  const first = Promise.withResolvers<undefined>()
  const begun = Promise.withResolvers<undefined>()
  const turn = rig.loader.exclusively(async () => {
    begun.resolve(undefined)
    return first.promise
  })
  await begun.promise
  const late = rig.loader.exclusively(async () => 'never')
  const stopped = rig.loader.stop()
  first.resolve(undefined)
  await turn
  await expect(late).rejects.toThrow('stopping')
  await stopped
})

test('An erased person is gone, stays away when old records come late, and may come again', async () => {
  const rig = await start()
  const before = systemClock.nowMicros() - 1_000_000
  const said = (id: string): object => ({ ...track(id), userId: 'u1' })
  await rig.send([said('a'), { type: 'identify', userId: 'u1', messageId: 'i', traits: { plan: 'pro' } }])
  await rig.settled()
  const { rows } = await rig.loader.exclusively(async () => erasePerson(rig.driver, systemClock, { userId: 'u1' }))
  expect(rows).toBeGreaterThanOrEqual(2)
  // Received before the erasure, read after it: a record that waited.
  await rig.send([said('late')], { receivedAtMicros: before })
  await rig.send([said('again')])
  await rig.settled()
  expect(await rig.rows('SELECT id FROM shop.tracks')).toEqual([['again']])
  expect(await rig.value("SELECT count(*)::INT FROM shop.users WHERE id = 'u1'")).toBe(0)
  const [erasure = []] = await rig.rows('SELECT person, dataset FROM millpond.erasures')
  expect(erasure[0]).toMatch(/^[0-9a-f]{64}$/)
  expect(erasure[1]).toBeNull()
})
