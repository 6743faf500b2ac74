// The whole road behind intake with the real buffer, worker thread and DuckDB.
import { rm } from 'node:fs/promises'

import { afterEach, expect, test } from 'vitest'

import { LoaderRig, type RigOptions, track } from '../../../test/faults/loader-rig.ts'

const rigs: LoaderRig[] = []
const folders: string[] = []

async function start(options: RigOptions = {}): Promise<LoaderRig> {
  const rig = await LoaderRig.start(options)
  rigs.push(rig)
  return rig
}

async function stop(rig: LoaderRig): Promise<void> {
  rigs.splice(rigs.indexOf(rig), 1)
  folders.push(rig.folder)
  await rig.stop()
}

afterEach(async () => {
  for (const rig of rigs.splice(0)) await stop(rig)
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

const ledger = `SELECT sum(received)::INT, sum(stored)::INT, sum(flagged)::INT, sum(duplicates)::INT, sum(quarantined)::INT
  FROM millpond.source_counts`

test('Events become typed rows, in their own table and in tracks', async () => {
  const rig = await start()
  await rig.send([
    track('a', { total: 9.5, items: 3, coupon: null, isFirst: true, product: { sku: 'x-1' }, tags: ['a', 'b'] }),
  ])
  await rig.settled()
  expect(
    await rig.rows(`SELECT id, event, event_text, total, items, is_first, product_sku, tags, context_library_name
    FROM shop.order_completed`),
  ).toEqual([['a', 'order_completed', 'Order Completed', 9.5, 3, true, 'x-1', '["a","b"]', 'analytics-node']])
  expect(
    await rig.rows(
      `SELECT id, event, context_library_version, json_extract_string(properties, '$.product.sku') FROM shop.tracks`,
    ),
  ).toEqual([['a', 'order_completed', '3.1.0', 'x-1']])
})

test('The same id is stored once, within a request, between requests and after a restart', async () => {
  const rig = await start()
  await rig.send([track('a'), track('b'), track('a')])
  await rig.send([track('b'), track('c')])
  await rig.settled()
  expect(await rig.rows(ledger)).toEqual([[5, 3, 0, 2, 0]])
  await stop(rig)
  const again = await start({ folder: rig.folder })
  expect(again.loader.status().dedupe.ids).toBe(3)
  await again.send([track('a'), track('c'), track('d'), track('a', { other: 'content' })])
  await again.settled()
  expect(await again.rows(ledger)).toEqual([[9, 4, 1, 4, 0]])
  expect(await again.value('SELECT count(*)::INT FROM shop.order_completed')).toBe(5)
})

test('Users keep the newest value of each trait, and null removes one', async () => {
  const rig = await start()
  const identify = (id: string, day: number, traits: object) => ({
    type: 'identify',
    messageId: id,
    userId: 'u1',
    timestamp: `2026-01-0${day}T00:00:00.000Z`,
    traits,
  })
  await rig.send([
    identify('1', 2, { plan: 'pro', age: 30, city: 'Graz' }),
    identify('2', 1, { plan: 'free', name: 'Ada' }),
  ])
  await rig.send([identify('3', 3, { city: null })])
  await rig.settled()
  expect(await rig.rows('SELECT id, plan, age, city, name FROM shop.users')).toEqual([['u1', 'pro', 30, null, 'Ada']])
  expect(await rig.value('SELECT count(*)::INT FROM shop.identifies')).toBe(3)
})

test('What is kept out is a dead letter with its exact bytes, and its neighbours land', async () => {
  const rig = await start()
  const body = `{"batch":[${JSON.stringify(track('a'))}, {"type":"track" , "messageId":"x","userId":"u"},7]}`
  const sequence = await rig.send([], { body, count: 3 })
  await rig.settled()
  expect(await rig.rows('SELECT id, reason, events, raw FROM millpond.dead_letters ORDER BY id')).toEqual([
    [`events-${sequence}-1`, 'event_name_missing', 1, '{"type":"track" , "messageId":"x","userId":"u"}'],
    [`events-${sequence}-2`, 'event_not_an_object', 1, '7'],
  ])
  expect(await rig.rows(ledger)).toEqual([[3, 1, 0, 0, 2]])
})

test('A crash costs nothing that was answered and doubles nothing', async () => {
  const rig = await start({ warehouse: { checkpointEventsMax: 20 } })
  for (let batch = 0; batch < 12; batch++) {
    await rig.send(Array.from({ length: 5 }, (_, index) => track(`${batch}-${index}`)))
    if (batch % 3 === 0) await rig.settled()
  }
  const copy = await rig.crashCopy()
  await rig.settled()
  expect(await rig.value('SELECT count(*)::INT FROM shop.order_completed')).toBe(60)
  expect(rig.covered.length).toBeGreaterThan(0)
  const after = await start({ folder: copy })
  await after.send([track('0-0'), track('11-4'), track('new')])
  await after.settled()
  expect(await after.value('SELECT count(*)::INT FROM shop.order_completed')).toBe(61)
  expect(await after.value('SELECT count(DISTINCT id)::INT FROM shop.order_completed')).toBe(61)
  expect(await after.rows(ledger)).toEqual([[63, 61, 0, 2, 0]])
})

test('A replayed dead letter is judged like any other event, and the letter says when', async () => {
  const rig = await start()
  const sequence = await rig.send([track('a')], { meta: { refused: 'key_disabled' } })
  await rig.settled()
  const id = `events-${sequence}`
  const [raw, meta] = (await rig.rows('SELECT raw, meta FROM millpond.dead_letters'))[0] ?? []
  expect(raw).toBe(JSON.stringify(track('a')))
  const letterMeta = JSON.parse(typeof meta === 'string' ? meta : JSON.stringify(meta)) as object
  expect(letterMeta).not.toHaveProperty('refused')
  await rig.send([], {
    stream: 'engine',
    body: `{"batch":[${String(raw)}]}`,
    count: 1,
    meta: { ...letterMeta, replayOf: id },
  })
  await rig.settled()
  expect(await rig.value('SELECT count(*)::INT FROM shop.order_completed')).toBe(1)
  expect(await rig.value('SELECT replayed_at IS NOT NULL FROM millpond.dead_letters')).toBe(true)
})

test('The live feed shows every verdict', async () => {
  const rig = await start()
  await rig.send([track('a'), track('a'), { type: 'track', userId: 'u' }])
  await rig.settled()
  expect(rig.loader.live.recent().map(({ id, verdict, reason }) => [id, verdict, reason])).toEqual([
    ['a', 'stored', null],
    ['a', 'duplicate', null],
    [expect.stringMatching(/^events-/), 'quarantined', 'event_name_missing'],
  ])
})
