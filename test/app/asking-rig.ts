// The asking side in this process, over a real engine in a temporary folder: for tests that need its clock, its history and loads
// at their own time.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import type { Policies, Principal } from '../../src/control/principals.ts'
import { type Clock, systemClock } from '../../src/core/clock.ts'
import { MillpondError } from '../../src/core/errors.ts'
import { createLog } from '../../src/core/log.ts'
import type { QuerySettings } from '../../src/core/settings.ts'
import type { Job, JobInfo, QueryRequest } from '../../src/query/contract.ts'
import { jsonValue } from '../../src/query/encode/json-value.ts'
import { openQuerySide, type QuerySide } from '../../src/query/open.ts'
import type { ColumnSpec, LoadPlan, Scalar, WarehouseDriver } from '../../src/warehouse/driver.ts'
import { type DuckdbOptions, openDuckdbWarehouse } from '../../src/warehouse/duckdb/duckdb.ts'
import { blockOf, createOf, planTo } from '../contract/warehouse-plans.ts'
import { defaultSettings } from '../support/default-settings.ts'

export const never = new AbortController().signal

export function principal(handle: string, role: Principal['role'] = 'admin'): Principal {
  return { id: handle, kind: 'person', handle, role, attributes: {} }
}

export const root = principal('root')

export interface Answer {
  readonly columns: readonly string[]
  readonly rows: readonly (readonly unknown[])[]
  readonly info: JobInfo
}

export interface Rig {
  readonly driver: WarehouseDriver
  readonly folder: string
  side: QuerySide
  /** Jobs as they went into the history. */
  readonly history: Record<string, unknown>[]
  submit(sql: string, more?: Partial<QueryRequest>, signal?: AbortSignal): Promise<Job>
  /** To the end; rejects with the job's error. */
  ask(sql: string, more?: Partial<QueryRequest>): Promise<Answer>
  rows(sql: string, more?: Partial<QueryRequest>): Promise<readonly (readonly unknown[])[]>
  /** `code: message` of what must fail. */
  error(sql: string, more?: Partial<QueryRequest>): Promise<string>
  /** Events into a fed table, made at its first load. */
  load(dataset: string, table: string, columns: readonly ColumnSpec[], rows: readonly Row[]): Promise<void>
  /** Another asking side over the same folder, as after a restart. */
  reopen(): Promise<void>
  close(): Promise<void>
}

type Row = Readonly<Record<string, Scalar>>

export interface RigOptions {
  readonly settings?: Partial<QuerySettings>
  readonly clock?: Clock
  readonly policies?: () => Policies & { readonly version: number }
  /** Who there is; without it everybody stays who he was at the door. */
  readonly principalById?: (id: string) => Principal | undefined
  readonly functionLimits?: DuckdbOptions['functionLimits']
  /** Of the engine; absent: half of what is shipped. */
  readonly memoryBytesMax?: number
  /** One that was used before. */
  readonly folder?: string
}

const noPolicies: Policies = { grants: [], masks: [], filters: [] }

export async function openRig({
  settings = {},
  clock = systemClock,
  policies,
  principalById,
  functionLimits,
  memoryBytesMax = 512 * 1024 * 1024,
  folder: given,
}: RigOptions = {}): Promise<Rig> {
  const folder = given ?? (await mkdtemp(join(tmpdir(), 'millpond-asking-')))
  const log = createLog('silent')
  const driver = await openDuckdbWarehouse({
    folder: join(folder, 'warehouse'),
    settings: { ...defaultSettings(folder).warehouse, threads: 2, memoryBytesMax },
    clock,
    log,
    ...(functionLimits === undefined ? {} : { functionLimits }),
  })
  const history: Record<string, unknown>[] = []
  let jobs = 0
  let sequence = 0
  const made = new Set<string>()
  const openSide = async (): Promise<QuerySide> =>
    openQuerySide(
      { ...defaultSettings(folder).query, ...settings },
      {
        driver,
        policies: policies ?? (() => ({ ...noPolicies, version: 1 })),
        principalById,
        append: async ({ body }) => history.push(JSON.parse(body.toString()) as Record<string, unknown>),
        dataFolder: folder,
        clock,
        log,
        createId: () => `job-${(jobs += 1)}`,
      },
    )
  const rig: Rig = {
    driver,
    folder,
    history,
    side: await openSide(),
    async submit(sql, more = {}, signal = never) {
      return rig.side.road.submit({ sql, dialect: 'googlesql', principal: root, port: 'api', ...more }, signal)
    },
    async ask(sql, more) {
      const job = await rig.submit(sql, more)
      const { columns, chunks } = await job.result()
      const rows: unknown[][] = []
      for await (const chunk of chunks) {
        for (let row = 0; row < chunk.rowCount; row += 1)
          rows.push(columns.map(({ type }, index) => jsonValue(chunk.columns[index]?.[row] ?? null, type)))
      }
      return { columns: columns.map(({ name }) => name), rows, info: await job.ended }
    },
    rows: async (sql, more) => (await rig.ask(sql, more)).rows,
    async error(sql, more) {
      try {
        await rig.ask(sql, more)
      } catch (error) {
        if (error instanceof MillpondError) return `${error.code}: ${error.message}`
        throw error
      }
      return 'no error'
    },
    async load(dataset, table, columns, rows) {
      const key = `${dataset}.${table}`
      const changes: LoadPlan['changes'] = made.has(key) ? [] : [createOf({ dataset, table }, columns)]
      made.add(key)
      sequence += 1
      await driver.load(planTo(sequence, { changes, blocks: [blockOf({ dataset, table }, columns, rows)] }))
    },
    async reopen() {
      await rig.side.stop()
      rig.side = await openSide()
    },
    async close() {
      await rig.side.stop()
      await driver.stop()
      await rm(folder, { recursive: true, force: true })
    },
  }
  return rig
}
