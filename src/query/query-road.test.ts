// The road with an engine that answers on command; with the real one in test/sql and test/app.
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { afterEach, describe, expect, test } from 'vitest'

import { FakeSessions } from '../../test/contract/fake-sessions.ts'
import { defaultSettings } from '../../test/support/default-settings.ts'
import type { Principal } from '../control/principals.ts'
import { type Clock, systemClock } from '../core/clock.ts'
import { createLog } from '../core/log.ts'
import type { QuerySettings } from '../core/settings.ts'
import type { MadeStore } from '../warehouse/session.ts'
import type { Job, JobInfo, QueryRequest, QueryRoad } from './contract.ts'
import type { Estimate } from './cost/estimate.ts'
import { ExportRoom } from './export-room.ts'
import type { PreparedRows } from './prepared.ts'
import { createQueryRoad } from './query.ts'
import { ResultStore } from './results/result-store.ts'

const never = new AbortController().signal
const turn = async (): Promise<void> => new Promise((resolve) => setImmediate(resolve))
const turns = async (count = 20): Promise<void> => {
  for (let left = count; left > 0; left -= 1) await turn()
}
const settings: QuerySettings = {
  ...defaultSettings('/nowhere').query,
  queriesRunningMax: 2,
  queriesWaitingMax: 3,
  queriesComputingMax: 100,
  queryTimeoutMs: 60_000,
}

function principal(handle: string, role: Principal['role'] = 'member'): Principal {
  return { id: handle, kind: 'person', handle, role, attributes: {} }
}
const admin = principal('root', 'admin')

interface Bench {
  readonly engine: FakeSessions
  readonly road: QueryRoad
  readonly ended: JobInfo[]
  readonly spent: Map<string, number>
  /** Runs all that is scheduled. */
  readonly fireTimers: () => void
}

const folders: string[] = []

afterEach(async () => {
  for (const folder of folders.splice(0)) await rm(folder, { recursive: true, force: true })
})

async function createBench(limits: Partial<QuerySettings> = {}, estimate: Partial<Estimate> = {}): Promise<Bench> {
  const folder = await mkdtemp(join(tmpdir(), 'millpond-road-'))
  folders.push(folder)
  const engine = new FakeSessions()
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
  const own = { ...settings, ...limits }
  const ended: JobInfo[] = []
  const spent = new Map<string, number>()
  let ids = 0
  const road = createQueryRoad(own, {
    driver: { openSession: async () => engine.openSession(), made: { version: () => 1 } as unknown as MadeStore },
    preparer: { prepare: async (request: QueryRequest) => prepared(request.sql) } as never,
    cost: {
      estimate: async () => ({ bytes: 0, bytesOfAllColumns: 0, billedBytes: 0, dollars: 0, ageMs: 0, ...estimate }),
      plan: async () => [],
      sizeOf: () => ({ bytes: 0, partitions: undefined }),
      spentToday: (handle) => spent.get(handle) ?? 0,
      spend: (handle, bytes) => spent.set(handle, (spent.get(handle) ?? 0) + bytes),
    },
    results: await ResultStore.open({ folder: join(folder, 'results'), ...own }, clock),
    exports: new ExportRoom({ bytesMax: 0, freeBytes: async () => 0 }),
    history: (job) => ended.push(job),
    clock,
    log: createLog('silent'),
    createId: () => `query-${(ids += 1)}`,
  })
  const fireTimers = (): void => {
    for (const task of timers) task()
  }
  return { engine, road, ended, spent, fireTimers }
}

function prepared(sql: string): PreparedRows & { readonly policySetId: string } {
  return {
    kind: 'rows',
    statementType: 'SELECT',
    statement: { sql },
    columns: undefined,
    tables: [],
    isVolatile: sql.endsWith(' '),
    functions: [],
    inlineTables: [],
    lint: [],
    portability: 'both',
    portabilityReasons: [],
    undeclaredParameters: [],
    policySetId: 'all',
  }
}

async function ask(
  road: QueryRoad,
  sql: string,
  handle = 'ann',
  more: Partial<QueryRequest> = {},
  signal = never,
): Promise<Job> {
  // A space at the end: no cache.
  const request = {
    sql: `${sql} `,
    dialect: 'googlesql' as const,
    port: 'api' as const,
    principal: principal(handle),
    ...more,
  }
  return road.submit(request, signal)
}

async function countRows(job: Promise<Job>): Promise<number> {
  const { chunks } = await (await job).result()
  let rows = 0
  for await (const { rowCount } of chunks) rows += rowCount
  return rows
}

function states(road: QueryRoad): string[] {
  return road
    .jobs(admin)
    .map(({ state }) => state)
    .toReversed()
}

describe('the road', () => {
  test('rows come through, the place is free again, and history knows it', async () => {
    const { road, engine, ended } = await createBench()
    const counted = countRows(ask(road, '15'))
    await turns()
    expect(states(road)).toEqual(['running'])
    for (let step = 0; step < 2; step += 1) {
      engine.runs[0]?.step()
      await turns()
    }
    expect(await counted).toBe(15)
    await turns()
    expect(ended).toMatchObject([
      { id: 'query-1', owner: 'ann', state: 'done', error: undefined, statistics: { rows: 15 } },
    ])
    expect(engine.sessions).toBe(0)
  })

  test('more run than may, wait; a bad one frees its place', async () => {
    const { road, engine } = await createBench()
    const first = await (await ask(road, '10')).result()
    await (await ask(road, '10')).result()
    const bad = countRows(ask(road, 'bad'.trim(), 'ann', { sql: 'bad' }))
    const other = countRows(ask(road, '0', 'bob'))
    await turns()
    expect(states(road)).toEqual(['running', 'running', 'waiting', 'waiting'])
    await first.close()
    await expect(bad).rejects.toMatchObject({ code: 'query-invalid' })
    expect(await other).toBe(0)
    expect(engine.open.length).toBe(1)
  })

  test('only queriesComputingMax of the running ones compute, and the turn goes round the persons', async () => {
    const { road, engine } = await createBench({ queriesRunningMax: 4, queriesComputingMax: 1 })
    const asked = [ask(road, '20'), ask(road, '20'), ask(road, '10', 'bob')]
    const done: string[] = []
    const reading = asked.map(async (job, index) => {
      const { chunks } = await (await job).result()
      for await (const { rowCount } of chunks) done.push(`${['ann 1', 'ann 2', 'bob'][index]}: ${rowCount}`)
    })
    for (let step = 0; step < 40; step += 1) {
      for (const run of engine.open) run.step()
      await turns(3)
    }
    await Promise.all(reading)
    expect(done.indexOf('bob: 10')).toBeLessThanOrEqual(2)
    expect(done.length).toBe(5)
  })

  test('rows that are kept have a bound, rows that stream have none', async () => {
    const { road, engine } = await createBench({ resultRowsMax: 25 })
    const stepped = async (run: number, reading: Promise<unknown>): Promise<void> => {
      let isDone = false
      reading.finally(() => (isDone = true)).catch(() => undefined)
      while (!isDone) {
        engine.runs[run]?.step()
        await turns()
      }
    }
    const keeping = (await ask(road, '100', 'ann', { keepsRows: true })).result()
    await stepped(0, keeping)
    await expect(keeping).rejects.toMatchObject({ code: 'query-limit', message: expect.stringContaining('25 rows') })
    const { chunks } = await (await ask(road, '100')).result()
    let rows = 0
    const reading = (async () => {
      for await (const { rowCount } of chunks) rows += rowCount
    })()
    await stepped(1, reading)
    expect(rows).toBe(100)
    expect([engine.open.length, engine.sessions, states(road)]).toEqual([0, 0, ['done', 'done']])
  })

  test.each([
    ['the time limit', 'query-limit', ({ fireTimers }: Bench) => fireTimers()],
    ['cancel', 'query-cancelled', ({ road }: Bench) => void road.cancel('query-1', admin)],
  ])('%s ends a query that nobody reads and frees its place', async (_, code, end) => {
    const bench = await createBench()
    const job = await ask(bench.road, '100')
    const { chunks, close } = await job.result()
    end(bench)
    await turns()
    expect([bench.engine.open.length, bench.engine.sessions]).toEqual([0, 0])
    expect((await job.ended).error?.code).toBe(code)
    await expect(Array.fromAsync(chunks)).rejects.toMatchObject({ code })
    await close()
  })

  test('cancel and a caller who leaves end waiting queries too', async () => {
    const { road, engine } = await createBench()
    await (await ask(road, '10')).result()
    await (await ask(road, '10')).result()
    const leaving = new AbortController()
    const left = countRows(ask(road, '10', 'bob', {}, leaving.signal))
    const cancelled = countRows(ask(road, '10', 'bob'))
    await turn()
    leaving.abort()
    await road.cancel('query-4', principal('bob'))
    await expect(left).rejects.toMatchObject({ code: 'query-cancelled' })
    await expect(cancelled).rejects.toMatchObject({ code: 'query-cancelled' })
    expect(engine.runs.length).toBe(2)
  })

  test("somebody else's job is as unknown as one that never was, but not to an administrator", async () => {
    const { road } = await createBench()
    await (await ask(road, '10')).result()
    expect(() => road.job('query-1', principal('bob'))).toThrow(expect.objectContaining({ code: 'not-found' }))
    await expect(road.cancel('query-9', admin)).rejects.toMatchObject({ code: 'not-found' })
    expect(road.job('query-1', admin).id).toBe('query-1')
    expect(road.jobs(principal('bob'))).toEqual([])
    await expect(ask(road, '1', 'bob', { jobId: 'query-1' })).rejects.toMatchObject({ code: 'job-exists' })
  })

  test('rows of a job that keeps them are read by page, as often as one likes', async () => {
    const { road, engine } = await createBench()
    const job = await ask(road, '25', 'ann', { keepsRows: true })
    let isDone = false
    const done = job.result().finally(() => {
      isDone = true
    })
    // The rows go to a file meanwhile: how many turns that takes is the disk's affair.
    while (!isDone) {
      await turns()
      engine.runs[0]?.step()
    }
    await done
    for (let again = 0; again < 2; again += 1) {
      const { chunks, rows, totalRows } = await job.page(8, 4, 1e6)
      expect([rows, totalRows, chunks.flatMap(({ columns }) => columns[0])]).toEqual([4, 25, [8, 9, 0, 1]])
    }
    expect((await job.page(0, 0, 1e6)).totalRows).toBe(25)
    expect((await job.page(24, 100, 1e6)).rows).toBe(1)
  })

  test('the same question is answered from the cache, unless the caller wants it fresh', async () => {
    const { road, engine, ended } = await createBench()
    const once = async (more: Partial<QueryRequest> = {}): Promise<number> => {
      const counted = countRows(ask(road, '5', 'ann', { sql: '5', ...more }))
      await turns()
      engine.open[0]?.step()
      return counted
    }
    expect([await once(), await once(), await once({ usesCache: false })]).toEqual([5, 5, 5])
    await turns()
    expect(ended.map(({ statistics }) => statistics?.cacheHit)).toEqual([false, true, false])
    expect(engine.runs.length).toBe(2)
  })

  test('a query that would cost more than it may is refused before it runs', async () => {
    const { road, engine, spent } = await createBench({ personBytesPerDayMax: 1000 }, { billedBytes: 600 })
    await expect(countRows(ask(road, '1', 'ann', { bytesBilledMax: 599 }))).rejects.toMatchObject({
      code: 'query-too-expensive',
    })
    expect(engine.runs.length).toBe(0)
    const first = countRows(ask(road, '0'))
    expect(await first).toBe(0)
    expect(spent.get('ann')).toBe(600)
    await expect(countRows(ask(road, '0'))).rejects.toThrow(/Quota exceeded/)
  })

  test('stopping ends all and waits for the engine', async () => {
    const { road, engine } = await createBench()
    const { chunks } = await (await ask(road, '100')).result()
    const reading = Array.fromAsync(chunks)
    await (await ask(road, '100', 'bob')).result()
    const waiting = countRows(ask(road, '10', 'cid'))
    await turn()
    await Promise.all([
      road.stop(),
      expect(reading).rejects.toMatchObject({ code: 'query-cancelled' }),
      expect(waiting).rejects.toMatchObject({ code: 'query-cancelled' }),
    ])
    expect([engine.open.length, engine.sessions]).toEqual([0, 0])
    await expect(ask(road, '1')).rejects.toMatchObject({ code: 'query-cancelled' })
  })
})
