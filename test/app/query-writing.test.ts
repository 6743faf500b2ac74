// Several who write at once, on a real engine in this process: who waits for the turn to write holds nothing that others need, can be
// stopped, and decides on what there is when the turn comes.
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'

import type { Job, QuerySession } from '../../src/query/contract.ts'
import { never, openRig, principal, type Rig, root } from './asking-rig.ts'

let rig: Rig
/** Has the turn to write, until it is rolled back. */
let writer: QuerySession

const runningMax = 4

beforeAll(async () => {
  const settings = { queriesRunningMax: runningMax, queriesComputingMax: 2, queryTimeoutMs: 5_000 }
  rig = await openRig({ settings })
  await rig.ask('CREATE SCHEMA ds')
  writer = await rig.side.road.openSession(root, 'postgres')
})

afterAll(async () => {
  await rig.close()
})

beforeEach(async () => {
  await rig.ask('CREATE OR REPLACE TABLE ds.t (id INT64)')
})

async function insert(session: QuerySession, signal = never): Promise<Job> {
  const write = { kind: 'insert', target: { dataset: 'ds', table: 't' }, columns: [] } as const
  return session.submit({ sql: 'SELECT 5 AS id', dialect: 'duckdb', write }, signal)
}

async function errorOf(job: Promise<Job>): Promise<string | undefined> {
  return (await (await job).ended).error?.code
}

/** As many jobs are on their way as should be; each has got as far as it can. */
async function untilRunning(count: number): Promise<void> {
  const running = () => rig.side.road.jobs(root).filter(({ state }) => state === 'running').length
  await vi.waitFor(() => expect(running()).toBe(count), { interval: 5, timeout: 5_000 })
  for (let turns = 0; turns < 5_000; turns += 1) await new Promise((resolve) => setImmediate(resolve))
}

async function withOthers(count: number, work: (others: readonly QuerySession[]) => Promise<void>): Promise<void> {
  const others = await Promise.all(
    Array.from({ length: count }, async (_, index) =>
      rig.side.road.openSession(principal(`other-${index}`), 'postgres'),
    ),
  )
  try {
    await work(others)
  } finally {
    for (const other of others) await other.close()
  }
}

describe('whoever waits for the turn to write', () => {
  test('holds no place for computing: readers, and the writer itself, go on', async () => {
    await withOthers(runningMax - 1, async (others) => {
      await writer.begin('read-write', never)
      expect(await errorOf(insert(writer))).toBeUndefined()
      const waiting = others.map(async (other) => errorOf(insert(other)))
      await untilRunning(others.length)
      expect(await rig.rows('SELECT 1 + 1', { usesCache: false })).toEqual([[2]])
      expect(await errorOf(insert(writer))).toBeUndefined()
      await writer.commit()
      expect(await Promise.all(waiting)).toEqual(others.map(() => undefined))
      expect(await rig.rows('SELECT COUNT(*) FROM ds.t')).toEqual([[2 + others.length]])
    })
  })

  test('keeps nobody from ending, even if all that may run wait for one', async () => {
    await withOthers(runningMax, async (others) => {
      await writer.begin('read-write', never)
      const waiting = others.map(async (other) => errorOf(insert(other)))
      await untilRunning(others.length)
      expect(await errorOf(insert(writer))).toBeUndefined()
      await writer.commit()
      expect(await Promise.all(waiting)).toEqual(others.map(() => undefined))
    })
  })

  test('does not hold up an export', async () => {
    await writer.begin('read-write', never)
    const request = { sql: 'SELECT id FROM ds.t', dialect: 'googlesql', principal: root, port: 'api' } as const
    expect(await rig.side.road.exportParquet(request, never)).toMatchObject({ rows: 0 })
    await writer.rollback()
  })

  test.each([
    ['a change', 'INSERT ds.t VALUES (1)'],
    ['a table', 'CREATE TABLE ds.never AS SELECT 1 AS a'],
    ['a transaction', 'BEGIN TRANSACTION; INSERT ds.t VALUES (1); COMMIT TRANSACTION'],
  ])('%s can be cancelled, and has a limit of time', async (_, sql) => {
    await writer.begin('read-write', never)
    const job = await rig.submit(sql)
    await untilRunning(1)
    expect((await rig.side.road.cancel(job.id, root)).error?.code).toBe('query-cancelled')
    expect(await rig.error(sql, { timeoutMs: 50 })).toMatch(/^query-limit: /)
    await writer.rollback()
    expect(await rig.rows('SELECT COUNT(*) FROM ds.t')).toEqual([[0]])
  })

  test('a session can be cancelled, whether it begins or inserts, and has a limit of time', async () => {
    await withOthers(1, async ([other]) => {
      if (other === undefined) return
      await writer.begin('read-write', never)
      const cancel = new AbortController()
      const begun = other.begin('read-write', cancel.signal)
      const told = expect(begun).rejects.toMatchObject({ code: 'query-cancelled' })
      cancel.abort()
      await told
      await expect(other.begin('read-write', never, 50)).rejects.toMatchObject({ code: 'query-limit' })
      const leave = new AbortController()
      const inserted = errorOf(insert(other, leave.signal))
      await untilRunning(1)
      leave.abort()
      expect(await inserted).toBe('query-cancelled')
      await writer.rollback()
      expect(await errorOf(insert(other))).toBeUndefined()
    })
  })
})

describe('tables are changed as they are when the turn comes', () => {
  /** All are asked, in this order, while somebody else writes; errors, or undefined. */
  async function behindWriter(statements: readonly string[]): Promise<(string | undefined)[]> {
    await writer.begin('read-write', never)
    const asked: Promise<string | undefined>[] = []
    for (const sql of statements) {
      asked.push(rig.error(sql).then((error) => (error === 'no error' ? undefined : error)))
      await untilRunning(asked.length)
    }
    await writer.rollback()
    return Promise.all(asked)
  }

  test('columns that are added at once are both there', async () => {
    const errors = await behindWriter(['ALTER TABLE ds.t ADD COLUMN a STRING', 'ALTER TABLE ds.t ADD COLUMN b STRING'])
    expect(errors).toEqual([undefined, undefined])
    expect(await rig.rows('SELECT a, b FROM ds.t')).toEqual([])
    const twice = await behindWriter(['ALTER TABLE ds.t ADD COLUMN c STRING', 'ALTER TABLE ds.t ADD COLUMN c STRING'])
    expect(twice).toEqual([undefined, 'query-invalid: Column already exists: c'])
  })

  test('a type is widened from what it is then', async () => {
    await rig.ask('INSERT ds.t VALUES (1)')
    const [first, second] = await behindWriter([
      'ALTER TABLE ds.t ALTER COLUMN id SET DATA TYPE FLOAT64',
      'ALTER TABLE ds.t ALTER COLUMN id SET DATA TYPE NUMERIC',
    ])
    expect(first).toBeUndefined()
    expect(second).toMatch(/type \(FLOAT64\) is assignable to the new type \(NUMERIC\)/)
  })

  test('a dataset with a new table in it stays', async () => {
    await rig.ask('CREATE SCHEMA filled')
    const errors = await behindWriter(['CREATE TABLE filled.t AS SELECT 1 AS x', 'DROP SCHEMA filled'])
    expect(errors).toEqual([undefined, 'query-invalid: Dataset millpond:filled is still in use'])
    expect(await rig.rows('SELECT x FROM filled.t')).toEqual([[1]])
  })

  test('a table does not come into a dataset that has gone', async () => {
    await rig.ask('CREATE SCHEMA gone')
    const errors = await behindWriter(['DROP SCHEMA gone', 'CREATE TABLE gone.t AS SELECT 1 AS x'])
    expect(errors).toEqual([undefined, 'table-unknown: Not found: Dataset millpond:gone'])
  })

  test.each([
    ['CREATE TABLE ds.same AS SELECT 7 AS x', 'CREATE VIEW ds.same AS SELECT 8 AS x', 7],
    ['CREATE TABLE ds.same AS SELECT 7 AS x', 'CREATE OR REPLACE VIEW ds.same AS SELECT 8 AS x', 7],
    ['CREATE VIEW ds.same AS SELECT 8 AS x', 'CREATE TABLE ds.same AS SELECT 7 AS x', 8],
  ])('a name is a table or a view: %s', async (first, second, value) => {
    const errors = await behindWriter([first, second])
    expect(errors).toEqual([undefined, 'table-exists: Already Exists: Table millpond:ds.same'])
    expect(await rig.rows('SELECT x FROM ds.same')).toEqual([[value]])
    await rig.ask(`DROP ${first.includes('VIEW') ? 'VIEW' : 'TABLE'} ds.same`)
  })

  test('a table that two make anew, and one that two drop', async () => {
    const replaced = await behindWriter([
      'CREATE OR REPLACE TABLE ds.anew AS SELECT 1 AS x',
      'CREATE OR REPLACE TABLE ds.anew AS SELECT 2 AS x',
    ])
    expect(replaced).toEqual([undefined, undefined])
    expect(await rig.rows('SELECT x FROM ds.anew')).toEqual([[2]])
    const dropped = await behindWriter(['DROP TABLE ds.anew', 'DROP TABLE ds.anew'])
    expect(dropped).toEqual([undefined, 'table-unknown: Not found: Table millpond:ds.anew'])
  })
})
