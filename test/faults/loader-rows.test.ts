// Rows of fixed tables on the loader's bad days: a refused row among the entries of a Forward record, a crash, and the same
// chunks again.
import { rm } from 'node:fs/promises'

import { afterEach, expect, test } from 'vitest'

import { MillpondError } from '../../src/core/errors.ts'
import type { LoadPlan, WarehouseDriver } from '../../src/warehouse/driver.ts'
import { forwardRecord, Pairs, Raw } from '../support/forward-body.ts'
import { LoaderRig, type RigOptions, wrapDriver } from './loader-rig.ts'
import { rowsOf } from './loader-unpack.ts'

const rigs: LoaderRig[] = []
const folders: string[] = []

async function start(options: RigOptions): Promise<LoaderRig> {
  const rig = await LoaderRig.start(options)
  rigs.push(rig)
  return rig
}

afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.dispose()
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

const second = 1_768_435_200
const chunk = (name: string) => Buffer.from(name).toString('base64')
const group = [[new Raw('d2 ffffffff'), {}], { resource: 'r' }]

async function sendChunk(rig: LoaderRig, name: string, messages: readonly string[]): Promise<void> {
  const entries = messages.map((message) => [second, { message }])
  const options = { meta: { chunk: chunk(name) }, count: entries.length }
  await rig.append('forward', forwardRecord([group, ...entries], options))
}

const messages = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}${index}`)

function refusing(poison: string): (driver: WarehouseDriver) => WarehouseDriver {
  const isPoisoned = (plan: LoadPlan) => rowsOf(plan, 'logs.entries').some(({ message }) => message === poison)
  return (driver) =>
    wrapDriver(driver, {
      load: async (plan) => {
        if (isPoisoned(plan)) throw new MillpondError('load-refused', 'a row is poisoned')
        return driver.load(plan)
      },
    })
}

const sums = `SELECT sum(received)::INT, sum(stored)::INT, sum(duplicates)::INT, sum(quarantined)::INT FROM millpond.source_counts`
const rows = `SELECT count(*)::INT, count(DISTINCT id)::INT, count(resource)::INT FROM logs.entries`

test('A refused row of a chunk becomes a letter that can be replayed, and all others land once', async () => {
  const rig = await start({ wrap: refusing('b5') })
  for (const name of ['a', 'b', 'c']) await sendChunk(rig, name, messages(name, 9))
  await sendChunk(rig, 'b', messages('b', 9))
  await rig.settled()
  expect(await rig.rows(rows)).toEqual([[26, 26, 26]])
  expect(await rig.rows(sums)).toEqual([[36, 26, 9, 1]])
  expect(await rig.rows(`SELECT reason, meta->'origin'->>'index' FROM millpond.dead_letters`)).toEqual([
    ['row_refused', '5'],
  ])
})

test('After a crash the chunks are known again, and what was not loaded is', async () => {
  const rig = await start({ warehouse: { checkpointEventsMax: 10 } })
  for (const name of ['a', 'b', 'c']) await sendChunk(rig, name, messages(name, 9))
  await rig.settled()
  const copy = await rig.crashCopy()
  folders.push(copy)
  const again = await start({ folder: copy })
  for (const name of ['a', 'b', 'c', 'd']) await sendChunk(again, name, messages(name, 9))
  await again.settled()
  expect(await again.rows(rows)).toEqual([[36, 36, 36]])
  expect(await again.rows(sums)).toEqual([[63, 36, 27, 0]])
})

test('Entries that were made to be slow stop nobody: their neighbours land, also after a crash', async () => {
  const equalKeys = new Pairs(Array.from({ length: 100_000 }, () => ['a', 1] as const))
  let nested: Pairs = new Pairs([['"', 1]])
  for (let level = 0; level < 60; level += 1) nested = new Pairs([[nested, 1]])
  const entries = [equalKeys, nested, { message: 'fine' }].map((record) => [second, record])
  const rig = await start({})
  await rig.append('forward', forwardRecord(entries, { meta: { chunk: chunk('slow') } }))
  await rig.settled()
  const copy = await rig.crashCopy()
  folders.push(copy)
  const again = await start({ folder: copy })
  await sendChunk(again, 'next', messages('n', 3))
  await again.settled()
  expect(await again.rows(`SELECT reason FROM millpond.dead_letters`)).toEqual([['too_many_keys']])
  expect(await again.rows(`SELECT id FROM logs.entries WHERE chunk_id = 'slow' ORDER BY id`)).toEqual([
    ['slow-1'],
    ['slow-2'],
  ])
  expect(await again.rows(sums)).toEqual([[6, 5, 0, 1]])
})
