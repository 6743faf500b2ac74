// A DuckDB in a temporary folder of its own for each test, and made tables on it.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, beforeEach } from 'vitest'

import { systemClock } from '../../src/core/clock.ts'
import { createLog } from '../../src/core/log.ts'
import { collectRows } from '../../src/warehouse/collect-rows.ts'
import { type DuckdbWarehouse, openDuckdbWarehouse } from '../../src/warehouse/duckdb/duckdb.ts'
import type { EngineValue, MadeTable, WarehouseSession } from '../../src/warehouse/session.ts'
import { smallEngine } from './duckdb-session.ts'

export const times = { createdAtMicros: 1, changedAtMicros: 2 }
export const orders: MadeTable = {
  dataset: 'shop',
  table: 'orders',
  kind: 'table',
  columns: [{ name: 'id', type: 'INT64', mode: 'REQUIRED', description: 'the "number"' }],
  partitioning: { column: 'day', granularity: 'DAY', isFilterRequired: true },
  clustering: ['id'],
  options: { labels: { team: 'web' } },
  ...times,
}

export interface MadeRig {
  readonly folder: string
  readonly driver: DuckdbWarehouse
  readonly session: WarehouseSession
  /** Stops, and starts in the same folder, with a new session. */
  restart(): Promise<void>
  rowsOf(sql: string, on?: WarehouseSession): Promise<EngineValue[][]>
  execute(sql: string, on?: WarehouseSession): Promise<number>
  putDataset(dataset: string, on?: WarehouseSession): Promise<void>
  /** Dataset `shop` with ten orders. */
  makeShop(): Promise<void>
}

export async function openMade(folder: string): Promise<DuckdbWarehouse> {
  return openDuckdbWarehouse({ folder, settings: smallEngine, clock: systemClock, log: createLog('silent') })
}

export function useMade(): MadeRig {
  let folder: string
  let driver: DuckdbWarehouse
  let session: WarehouseSession
  const start = async (): Promise<void> => {
    driver = await openMade(folder)
    session = await driver.openSession({ semantics: 'plain' })
  }
  const stop = async (): Promise<void> => {
    await session.close()
    await driver.stop()
  }
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millpond-made-'))
    await start()
  })
  afterEach(async () => {
    await stop()
    await rm(folder, { recursive: true, force: true })
  })
  const execute: MadeRig['execute'] = async (sql, on = session) => on.execute({ sql }, new AbortController().signal)
  const putDataset: MadeRig['putDataset'] = async (dataset, on = session) =>
    driver.made.change(on, [], { kind: 'put-dataset', dataset: { dataset, options: { location: 'EU' }, ...times } })
  return {
    get folder() {
      return folder
    },
    get driver() {
      return driver
    },
    get session() {
      return session
    },
    async restart() {
      await stop()
      await start()
    },
    rowsOf: async (sql, on = session) => collectRows(on, { sql }),
    execute,
    putDataset,
    async makeShop() {
      await putDataset('shop')
      const create = ['CREATE TABLE made."shop"."orders" (id BIGINT)']
      await driver.made.change(session, create, { kind: 'put-table', table: orders })
      await execute('INSERT INTO made.shop.orders SELECT * FROM range(10)')
    },
  }
}
