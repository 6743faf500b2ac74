// A DuckDB in a temporary folder, and a session on it, for the tests of one file.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterAll, afterEach, beforeAll, beforeEach } from 'vitest'

import { systemClock } from '../../src/core/clock.ts'
import { createLog } from '../../src/core/log.ts'
import type { WarehouseSettings } from '../../src/core/settings.ts'
import { collectRows } from '../../src/warehouse/collect-rows.ts'
import type { ColumnSpec, WarehouseDriver } from '../../src/warehouse/driver.ts'
import { openDuckdbWarehouse } from '../../src/warehouse/duckdb/duckdb.ts'
import type { EngineStatement, EngineValue, WarehouseSession } from '../../src/warehouse/session.ts'
import { blockOf, planTo } from '../contract/warehouse-plans.ts'

export const smallEngine = { threads: 2, memoryBytesMax: 512 * 1024 ** 2 } as WarehouseSettings

export interface SessionRig {
  readonly folder: string
  readonly driver: WarehouseDriver
  /** New for each test. */
  readonly session: WarehouseSession
  rowsOf(sql: string, parameters?: EngineStatement['parameters'], on?: WarehouseSession): Promise<EngineValue[][]>
  valueOf(sql: string, parameters?: EngineStatement['parameters']): Promise<EngineValue>
  execute(sql: string): Promise<number>
}

/** One database for all tests of the file, with two rows in web.tracks, a macro and functions of ours. */
export function useSession(): SessionRig {
  let folder: string
  let driver: WarehouseDriver
  let session: WarehouseSession
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'millpond-session-'))
    driver = await openWithHelpers(folder)
    const table = { dataset: 'web', table: 'tracks' }
    const columns: readonly ColumnSpec[] = [{ name: 'id', type: 'text' }]
    const rows = [{ id: 'a' }, { id: 'b' }]
    await driver.load(
      planTo(1, { changes: [{ kind: 'create-table', table, columns }], blocks: [blockOf(table, columns, rows)] }),
    )
  })
  afterAll(async () => {
    await driver.stop()
    await rm(folder, { recursive: true, force: true })
  })
  beforeEach(async () => {
    session = await driver.openSession({ semantics: 'plain' })
  })
  afterEach(async () => {
    await session.close()
  })
  const rowsOf: SessionRig['rowsOf'] = async (sql, parameters, on = session) =>
    collectRows(on, { sql, ...(parameters === undefined ? {} : { parameters }) })
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
    rowsOf,
    valueOf: async (sql, parameters) => (await rowsOf(sql, parameters))[0]?.[0] ?? null,
    execute: async (sql) => session.execute({ sql }, new AbortController().signal),
  }
}

async function openWithHelpers(folder: string): Promise<WarehouseDriver> {
  return openDuckdbWarehouse({
    folder,
    settings: smallEngine,
    clock: systemClock,
    log: createLog('silent'),
    functionLimits: { callsMax: 100_000, timeMsMax: 1_000 },
    helpers: {
      macros: [{ name: 'twice', sql: 'CREATE MACRO memory.bq.twice(x) AS x * 2' }],
      functions: [
        {
          name: 'bq_js_sum',
          parameters: ['BIGINT', 'BIGINT'],
          result: 'BIGINT',
          call: (a: bigint, b: bigint) => a + b,
        },
        {
          name: 'bq_js_echo',
          parameters: ['DECIMAL(38,9)', 'BLOB', 'VARCHAR[]'],
          result: 'VARCHAR',
          call: (a: string, b: Uint8Array, c: string[]) => `${a} ${Buffer.from(b).toString('hex')} ${c.join('+')}`,
        },
        {
          name: 'bq_js_half',
          parameters: ['DECIMAL(38,9)'],
          result: 'DECIMAL(38,9)',
          call: (text: string) => {
            if (text.startsWith('-')) throw new Error('negative: no half')
            return '0.5'
          },
        },
      ] as never,
    },
  })
}
