// The road with an engine that answers on command, and once with the real one.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { describe, expect, test } from 'vitest'

import { FakeWarehouse } from '../../test/contract/fake-warehouse.ts'
import { type Clock, systemClock } from '../core/clock.ts'
import { createLog } from '../core/log.ts'
import type { QuerySettings, WarehouseSettings } from '../core/settings.ts'
import { openDuckdbWarehouse } from '../warehouse/duckdb/duckdb.ts'
import { createQueryRoad, type QueryRoad } from './query.ts'

const never = new AbortController().signal
const turn = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const settings: QuerySettings = {
  queriesRunningMax: 2,
  queriesWaitingMax: 3,
  queriesComputingMax: 100,
  queryTimeoutMs: 60_000,
  resultRowsMax: 25,
}

interface Bench {
  readonly warehouse: FakeWarehouse
  readonly road: QueryRoad
  /** Runs all that is scheduled. */
  readonly fireTimers: () => void
}

function createBench(limits: Partial<QuerySettings> = {}): Bench {
  const warehouse = new FakeWarehouse()
  const timers = new Set<() => void>()
  const clock: Clock = {
    ...systemClock,
    nowMicros: () => 1_700_000_000_000_000,
    schedule(task) {
      timers.add(task)
      return () => {
        timers.delete(task)
      }
    },
  }
  let ids = 0
  const createId = (): string => `query-${(ids += 1)}`
  const fireTimers = (): void => {
    for (const task of timers) task()
  }
  return { warehouse, road: createQueryRoad(warehouse, { ...settings, ...limits }, { clock, createId }), fireTimers }
}

async function countRows(road: QueryRoad, sql: string, person = 'ann', signal = never): Promise<number> {
  const run = await road.run(sql, person, signal)
  let rows = 0
  for await (const chunk of run.rows) rows += chunk.length
  return rows
}

describe('the road', () => {
  test('rows come through, and the place is free again', async () => {
    const { road, warehouse } = createBench()
    const counted = countRows(road, '15')
    await turn()
    expect(road.running()).toEqual([
      { id: 'query-1', owner: 'ann', sql: '15', state: 'running', startedAt: '2023-11-14T22:13:20.000Z' },
    ])
    warehouse.queries[0]?.step()
    await turn()
    warehouse.queries[0]?.step()
    expect(await counted).toBe(15)
    expect(road.running()).toEqual([])
  })

  test('more run than may, wait; a bad one frees its place', async () => {
    const { road, warehouse } = createBench()
    const first = await road.run('10', 'ann', never)
    await road.run('10', 'ann', never)
    const waiting = countRows(road, 'bad')
    const other = countRows(road, '0', 'bob')
    await turn()
    expect(road.running().map(({ state }) => state)).toEqual(['running', 'running', 'waiting', 'waiting'])
    await first.close()
    await expect(waiting).rejects.toMatchObject({ code: 'query-invalid' })
    expect(await other).toBe(0)
    expect(warehouse.open.length).toBe(1)
  })

  test('only queriesComputingMax of the running ones compute, and the turn goes round the persons', async () => {
    const { road, warehouse } = createBench({ queriesRunningMax: 4, queriesComputingMax: 1 })
    const runs = await Promise.all([
      road.run('20', 'ann', never),
      road.run('20', 'ann', never),
      road.run('10', 'bob', never),
    ])
    const done: string[] = []
    const reading = runs.map(async (run, index) => {
      for await (const chunk of run.rows) done.push(`${['ann 1', 'ann 2', 'bob'][index]}: ${chunk.length}`)
    })
    for (let step = 0; step < 20; step += 1) {
      for (const query of warehouse.open) query.step()
      await turn()
    }
    await Promise.all(reading)
    expect(done.indexOf('bob: 10')).toBeLessThanOrEqual(2)
    expect(done.length).toBe(5)
  })

  test('somebody who does not read on holds no turn to compute', async () => {
    const { road } = createBench({ queriesComputingMax: 1 })
    const slow = await road.run('20', 'ann', never)
    expect(await countRows(road, '0', 'bob')).toBe(0)
    await slow.close()
  })

  test('a result that is too long ends with query-limit after exactly the allowed rows', async () => {
    const { road, warehouse } = createBench()
    const run = await road.run('100', 'ann', never)
    const rows: unknown[] = []
    const reading = (async () => {
      for await (const chunk of run.rows) rows.push(...chunk)
    })()
    const ended = expect(reading).rejects.toMatchObject({ code: 'query-limit' })
    for (let step = 0; step < 3; step += 1) {
      warehouse.queries[0]?.step()
      await turn()
    }
    await ended
    expect(rows.length).toBe(25)
    expect(warehouse.open).toEqual([])
    expect(road.running()).toEqual([])
  })

  test.each([
    ['the time limit', 'query-limit', ({ fireTimers }: Bench) => fireTimers()],
    ['cancel', 'query-cancelled', ({ road }: Bench) => road.cancel('query-1')],
  ])('%s ends a query that nobody reads and frees its place', async (_, code, end) => {
    const bench = createBench()
    const run = await bench.road.run('100', 'ann', never)
    end(bench)
    await turn()
    expect(bench.warehouse.open).toEqual([])
    expect(bench.road.running()).toEqual([])
    await expect(Array.fromAsync(run.rows)).rejects.toMatchObject({ code })
    await run.close()
  })

  test('cancel and a caller who leaves end waiting queries too; an unknown id is not-found', async () => {
    const { road, warehouse } = createBench()
    await road.run('10', 'ann', never)
    await road.run('10', 'ann', never)
    const leaving = new AbortController()
    const left = countRows(road, '10', 'bob', leaving.signal)
    const cancelled = countRows(road, '10', 'bob')
    leaving.abort()
    road.cancel('query-4')
    await expect(left).rejects.toMatchObject({ code: 'query-cancelled' })
    await expect(cancelled).rejects.toMatchObject({ code: 'query-cancelled' })
    expect(() => road.cancel('query-4')).toThrow(expect.objectContaining({ code: 'not-found' }))
    await expect(road.run('1', 'ann', AbortSignal.abort())).rejects.toMatchObject({ code: 'query-cancelled' })
    expect(warehouse.queries.length).toBe(2)
  })

  test('stopping ends all and waits for the engine', async () => {
    const { road, warehouse } = createBench()
    const run = await road.run('100', 'ann', never)
    const reading = Array.fromAsync(run.rows)
    await road.run('100', 'bob', never)
    const waiting = countRows(road, '10', 'cid')
    await Promise.all([
      road.stop(),
      expect(reading).rejects.toMatchObject({ code: 'query-cancelled' }),
      expect(waiting).rejects.toMatchObject({ code: 'query-cancelled' }),
    ])
    expect(warehouse.open).toEqual([])
    await expect(road.run('1', 'ann', never)).rejects.toMatchObject({ code: 'query-cancelled' })
  })
})

test('cancel really interrupts the engine', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'millpond-road-'))
  const warehouse = { threads: 2, memoryBytesMax: 256 * 1024 ** 2 } as WarehouseSettings
  const driver = await openDuckdbWarehouse({
    folder,
    settings: warehouse,
    clock: systemClock,
    log: createLog('silent'),
  })
  let ids = 0
  const createId = (): string => `${(ids += 1)}`
  const road = createQueryRoad(driver, settings, { clock: systemClock, createId })
  const endless = countRows(
    road,
    'SELECT count(*) FROM range(10000000) a, range(10000000) b WHERE a.range + b.range = 7',
  )
  while (road.running()[0]?.state !== 'running') await turn()
  road.cancel('1')
  await expect(endless).rejects.toMatchObject({ code: 'query-cancelled' })
  expect(await countRows(road, 'SELECT 1')).toBe(1)
  await road.stop()
  await driver.stop()
  await rm(folder, { recursive: true })
})
