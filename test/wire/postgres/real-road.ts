// The real road over a real warehouse in a temporary folder, as the engine builds it.
import { randomUUID } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Policies, Principal } from '../../../src/control/principals.ts'
import { systemClock } from '../../../src/core/clock.ts'
import { createLog } from '../../../src/core/log.ts'
import type { QuerySettings } from '../../../src/core/settings.ts'
import type { JobInfo, QueryRoad } from '../../../src/query/contract.ts'
import { openQuerySide } from '../../../src/query/open.ts'
import type { WarehouseDriver } from '../../../src/warehouse/driver.ts'
import { openDuckdbWarehouse } from '../../../src/warehouse/duckdb/duckdb.ts'
import { defaultSettings } from '../../support/default-settings.ts'

export interface RealRoad extends Pick<QueryRoad, 'openSession' | 'visibleTables' | 'jobs' | 'stop'> {
  readonly driver: WarehouseDriver
  /** Bodies of what went into millpond.jobs. */
  readonly history: Record<string, unknown>[]
  setPolicies(policies: Policies): void
  /** In GoogleSQL, by nobody in particular, who may do anything. */
  change(sql: string): Promise<JobInfo>
  /** In the engine's own words. */
  execute(sql: string): Promise<void>
  /** History is gathered for a moment. */
  stop(): Promise<void>
}

const owner: Principal = { id: 'owner', kind: 'owner', handle: 'owner', role: 'admin', attributes: {} }

export async function openRealRoad(query: Partial<QuerySettings> = {}): Promise<RealRoad> {
  const folder = await mkdtemp(join(tmpdir(), 'millpond-wire-'))
  const settings = defaultSettings(folder)
  const log = createLog('silent')
  const driver = await openDuckdbWarehouse({
    folder: join(folder, 'warehouse'),
    settings: settings.warehouse,
    clock: systemClock,
    log,
  })
  let policies = { grants: [], masks: [], filters: [], version: 1 } as Policies & { version: number }
  const history: Record<string, unknown>[] = []
  const side = await openQuerySide(
    { ...settings.query, project: 'millpond', ...query },
    {
      driver,
      policies: () => policies,
      append: async ({ body }) => history.push(JSON.parse(String(body)) as Record<string, unknown>),
      dataFolder: folder,
      clock: systemClock,
      log,
      createId: randomUUID,
    },
  )
  const { road } = side
  return {
    driver,
    history,
    openSession: async (principal, port) => road.openSession(principal, port),
    visibleTables: async (principal) => road.visibleTables(principal),
    jobs: (principal) => road.jobs(principal),
    setPolicies(next) {
      policies = { ...next, version: policies.version + 1 }
    },
    async change(sql) {
      const job = await road.submit({ sql, dialect: 'googlesql', principal: owner, port: 'api' }, never)
      await job.result()
      return job.ended
    },
    async execute(sql) {
      const session = await driver.openSession({ semantics: 'plain' })
      await session.execute({ sql }, never)
      await session.close()
    },
    async stop() {
      await side.stop()
      await driver.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

const never = new AbortController().signal
