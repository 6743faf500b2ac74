// What the warehouse refuses must become dead letters, and nothing else may: neighbours land, a sick disk is no poison.
import { rm } from 'node:fs/promises'

import { afterEach, expect, test } from 'vitest'

import { systemClock } from '../../src/core/clock.ts'
import { MillpondError } from '../../src/core/errors.ts'
import type { LoadPlan, PackedColumn, WarehouseDriver } from '../../src/warehouse/driver.ts'
import { LoaderRig, type RigOptions, track, wrapDriver } from './loader-rig.ts'

const rigs: LoaderRig[] = []
const folders: string[] = []

async function start(options: RigOptions): Promise<LoaderRig> {
  const rig = await LoaderRig.start({ ...options, warehouse: { checkpointEventsMax: 10, ...options.warehouse } })
  rigs.push(rig)
  return rig
}

afterEach(async () => {
  for (const rig of rigs.splice(0)) await rig.dispose()
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

function textsOf({ heap, offsets }: PackedColumn): string[] {
  if (heap === undefined || offsets === undefined) return []
  return [...offsets.subarray(1)].map((end, row) => Buffer.from(heap.subarray(offsets[row], end)).toString())
}

/** Ids of the event rows in a plan. */
function idsOf(plan: LoadPlan): string[] {
  return plan.blocks
    .filter(({ table }) => table.dataset !== 'millpond')
    .flatMap(({ columns }) => textsOf(columns.find(({ name }) => name === 'id') as PackedColumn))
}

function refusing(isPoison: (id: string) => boolean): (driver: WarehouseDriver) => WarehouseDriver {
  return (driver) =>
    wrapDriver(driver, {
      load: async (plan) => {
        if (idsOf(plan).some(isPoison)) throw new MillpondError('load-refused', 'a row is poisoned')
        return driver.load(plan)
      },
    })
}

const ids = (prefix: string, count: number) => Array.from({ length: count }, (_, index) => `${prefix}${index}`)
const stored = 'SELECT count(*)::INT, count(DISTINCT id)::INT FROM shop.order_completed'

test('Two poisoned events among many requests become dead letters and all their neighbours land once', async () => {
  const rig = await start({ wrap: refusing((id) => id === 'c3' || id === 'c6') })
  for (const prefix of ['a', 'b', 'c', 'd', 'e']) await rig.send(ids(prefix, 8).map((id) => track(id)))
  await rig.settled()
  expect(await rig.rows(stored)).toEqual([[38, 38]])
  expect(
    await rig.rows(`SELECT reason, json_extract_string(raw, '$.messageId') FROM millpond.dead_letters ORDER BY 2`),
  ).toEqual([
    ['row_refused', 'c3'],
    ['row_refused', 'c6'],
  ])
  expect(
    await rig.rows('SELECT sum(received)::INT, sum(stored)::INT, sum(quarantined)::INT FROM millpond.source_counts'),
  ).toEqual([[40, 38, 2]])
  await rig.send([track('f')])
  await rig.settled()
  expect(rig.loader.status().lastError).toBeNull()
})

test('A poisoned event that is alone in its request is found too', async () => {
  const rig = await start({ wrap: refusing((id) => id === 'bad') })
  await rig.send([track('bad')])
  await rig.send([track('good')])
  await rig.settled()
  expect(await rig.rows(stored)).toEqual([[1, 1]])
  expect(await rig.value('SELECT count(*)::INT FROM millpond.dead_letters')).toBe(1)
})

test('A crash in the middle of the hunt loses nothing and doubles nothing', async () => {
  let copy: Promise<string> | undefined
  const holder: { rig?: LoaderRig } = {}
  const rig = await start({
    wrap: (driver) =>
      wrapDriver(refusing((id) => id === 'a6')(driver), {
        load: async (plan) => {
          if (idsOf(plan).includes('a6')) throw new MillpondError('load-refused', 'a row is poisoned')
          const receipt = await driver.load(plan)
          // The first piece of the request is in, its position is not.
          if (idsOf(plan).length === 4) copy ??= holder.rig?.crashCopy()
          return receipt
        },
      }),
  })
  holder.rig = rig
  await rig.send(ids('a', 8).map((id) => track(id)))
  await rig.settled()
  expect(await rig.rows(stored)).toEqual([[7, 7]])
  expect(copy).toBeDefined()
  const folder = await copy
  if (folder === undefined) return
  const after = await start({ folder })
  await after.send([track('last')])
  await after.settled()
  expect(await after.rows(stored)).toEqual([[9, 9]])
})

test('While the warehouse is ill nothing becomes a dead letter, and afterwards everything lands', async () => {
  let failures = 3
  const rig = await start({
    wrap: (driver) =>
      wrapDriver(driver, {
        load: async (plan) => {
          if (failures-- > 0) throw new MillpondError('warehouse-unavailable', 'IO Error: No space left on device')
          return driver.load(plan)
        },
      }),
  })
  await rig.send(ids('a', 4).map((id) => track(id)))
  await rig.settled()
  expect(await rig.rows(stored)).toEqual([[4, 4]])
  expect(await rig.value('SELECT count(*)::INT FROM millpond.dead_letters')).toBe(0)
})

test('A load that fails once is repeated from the same position', async () => {
  let isFirst = true
  const rig = await start({
    wrap: (driver) =>
      wrapDriver(driver, {
        load: async (plan) => {
          if (!isFirst) return driver.load(plan)
          isFirst = false
          throw new MillpondError('load-refused', 'once')
        },
      }),
  })
  await rig.send(ids('a', 4).map((id) => track(id)))
  await rig.settled()
  expect(await rig.rows(stored)).toEqual([[4, 4]])
  expect(await rig.value('SELECT count(*)::INT FROM millpond.dead_letters')).toBe(0)
})

test('A warehouse that stays broken is told, so that the engine can be started again; a passing fault is not', async () => {
  const hurried = { ...systemClock, schedule: (task: () => void) => systemClock.schedule(task, 1) }
  const told: unknown[] = []
  let failuresLeft = 3
  const rig = await start({
    clock: hurried,
    onWarehouseBroken: (error) => told.push(error),
    wrap: (driver) =>
      wrapDriver(driver, {
        load: async (plan) => {
          if (failuresLeft > 0) {
            failuresLeft -= 1
            throw new MillpondError('warehouse-unavailable', 'the disk is full')
          }
          return driver.load(plan)
        },
      }),
  })
  await rig.send([track('first')])
  await rig.settled()
  expect(told).toEqual([])
  failuresLeft = 5
  await rig.send([track('second')])
  await rig.settled()
  expect(told.length).toBe(2)
  expect(told[0]).toMatchObject({ code: 'warehouse-unavailable' })
  expect(await rig.rows(stored)).toEqual([[2, 2]])
})

test('A replay that comes in the middle of the hunt is not taken for the record that is split', async () => {
  const holder: { rig?: LoaderRig } = {}
  let isReplayed = false
  const rig = await start({
    wrap: (driver) =>
      wrapDriver(driver, {
        load: async (plan) => {
          if (idsOf(plan).includes('a6')) throw new MillpondError('load-refused', 'a row is poisoned')
          const receipt = await driver.load(plan)
          if (isReplayed) return receipt
          isReplayed = true
          // Twice: the second append is behind the first one's cut.
          for (const id of ['e0', 'e1']) await holder.rig?.send([track(id)], { stream: 'engine' })
          return receipt
        },
      }),
  })
  holder.rig = rig
  await rig.send(ids('a', 8).map((id) => track(id)))
  await rig.settled()
  await rig.send([track('last')])
  await rig.settled()
  expect(await rig.rows(stored)).toEqual([[10, 10]])
  expect(await rig.rows('SELECT sum(received)::INT, sum(stored)::INT FROM millpond.source_counts')).toEqual([[11, 10]])
})

test('When what goes with the last piece is refused, pieces that are in are not loaded again', async () => {
  let refusals = 9
  const told: unknown[] = []
  const hurried = { ...systemClock, schedule: (task: () => void) => systemClock.schedule(task, 1) }
  const rig = await start({
    clock: hurried,
    onWarehouseBroken: (error) => told.push(error),
    wrap: (driver) =>
      wrapDriver(driver, {
        load: async (plan) => {
          if (plan.counts.length > 0 && refusals-- > 0) throw new MillpondError('load-refused', 'no counts today')
          return driver.load(plan)
        },
      }),
  })
  await rig.send(ids('a', 8).map((id) => track(id)))
  await rig.settled()
  expect(await rig.rows(stored)).toEqual([[8, 8]])
  expect(await rig.value('SELECT count(*)::INT FROM millpond.dead_letters')).toBe(0)
  expect(await rig.rows('SELECT sum(received)::INT, sum(stored)::INT FROM millpond.source_counts')).toEqual([[8, 8]])
  expect(told.length).toBeGreaterThan(0)
})
