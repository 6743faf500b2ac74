// Policies on the whole road: what is kept of one caller's answer, who may know of a job, and what a member may do to tables
// that they see in part.
import { afterAll, beforeAll, expect, test } from 'vitest'

import { loadSettings } from '../../src/config/config.ts'
import type { Principal } from '../../src/control/principals.ts'
import { systemClock } from '../../src/core/clock.ts'
import { MillpondError } from '../../src/core/errors.ts'
import { createLog } from '../../src/core/log.ts'
import type { Dialect } from '../../src/query/contract.ts'
import { openQuerySide, type QuerySide } from '../../src/query/open.ts'
import { openPond, policies, type Pond, principals, secretWord } from './pond.ts'

let pond: Pond
let side: QuerySide
let jobs = 0
let filters = policies.filters
let version = 1
const { admin, ana, bob } = principals

beforeAll(async () => {
  pond = await openPond()
  const settings = loadSettings({ variables: new Map(), workingFolder: pond.folder })
  side = await openQuerySide(settings.query, {
    driver: pond.driver,
    policies: () => ({ ...policies, filters, version }),
    append: async () => 1,
    dataFolder: pond.folder,
    clock: systemClock,
    log: createLog('silent'),
    createId: () => `job-${(jobs += 1)}`,
  })
})

afterAll(async () => {
  await side.stop()
  await pond.close()
})

async function ask(
  principal: Principal,
  sql: string,
  dialect: Dialect = 'googlesql',
): Promise<{ text: string; cacheHit: boolean; id: string }> {
  const job = await side.road.submit(
    { sql, dialect, principal, port: 'api', keepsRows: true },
    new AbortController().signal,
  )
  try {
    const { chunks } = await job.result()
    const parts: string[] = []
    for await (const { columns } of chunks)
      parts.push(JSON.stringify(columns, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value)))
    const { statistics } = await job.ended
    return { text: parts.join(), cacheHit: statistics?.cacheHit === true, id: job.id }
  } catch (error) {
    if (!(error instanceof MillpondError)) throw error
    return { text: `${error.code}: ${error.message}`, cacheHit: false, id: job.id }
  }
}

test('an answer is kept for those who see the same, and for nobody else', async () => {
  for (const dialect of ['googlesql', 'duckdb'] as const) {
    const sql = `SELECT email, card, region FROM web.orders WHERE '${dialect}' <> ''`
    expect((await ask(admin, sql, dialect)).text).toContain(secretWord)
    const first = await ask(ana, sql, dialect)
    expect([first.cacheHit, first.text.includes(secretWord)]).toEqual([false, false])
    const again = await ask(ana, sql, dialect)
    expect([again.cacheHit, again.text]).toEqual([true, first.text])
    const moved = await ask({ ...ana, attributes: { region: 'US' } }, sql, dialect)
    expect([moved.cacheHit, moved.text]).toEqual([false, ''])
    expect((await ask(bob, sql, dialect)).text).toMatch(/not found/i)
  }
})

test('an answer under a filter that asks for the time is not kept', async () => {
  const timed = "region = @region AND CURRENT_TIMESTAMP() > TIMESTAMP '2000-01-01'"
  filters = [{ dataset: 'web', table: 'orders', predicate: timed, exempt: [] }]
  version += 1
  try {
    for (const dialect of ['googlesql', 'duckdb'] as const) {
      const sql = `SELECT region, 'timed' AS why FROM web.orders WHERE '${dialect}' <> ''`
      for (let again = 0; again < 2; again += 1) expect(await ask(ana, sql, dialect)).toMatchObject({ cacheHit: false })
      expect((await ask(ana, sql, dialect)).text).toContain('EU')
    }
  } finally {
    ;({ filters } = policies)
    version += 1
  }
})

test('jobs are their owner’s and the administrators’', async () => {
  const { id } = await ask(ana, 'SELECT 42')
  expect(side.road.jobs(ana).some((job) => job.id === id)).toBe(true)
  expect(side.road.jobs(bob).some((job) => job.id === id)).toBe(false)
  expect(() => side.road.job(id, bob)).toThrow(expect.objectContaining({ code: 'not-found' }))
  await expect(side.road.cancel(id, bob)).rejects.toMatchObject({ code: 'not-found' })
  expect(side.road.job(id, admin).id).toBe(id)
})

test.each([
  ['ALTER TABLE shop.clients RENAME TO open_clients'],
  ['ALTER TABLE shop.clients RENAME COLUMN email TO mail'],
  ['UPDATE shop.clients SET name = email WHERE TRUE'],
  ["DELETE FROM shop.clients WHERE email LIKE 'g%'"],
  ["MERGE shop.clients AS c USING (SELECT 1 AS one) ON c.email LIKE 'g%' WHEN MATCHED THEN UPDATE SET name = email"],
  ['CREATE TABLE shop.mine AS SELECT * FROM shop.clients; SELECT * FROM shop.mine'],
  ['CREATE TABLE shop.mine2 COPY shop.clients; SELECT * FROM shop.mine2'],
  ['CREATE TABLE shop.mine3 CLONE shop.clients; SELECT * FROM shop.mine3'],
  ['CREATE VIEW shop.seen AS SELECT email AS e FROM shop.clients; SELECT * FROM shop.seen'],
  ['CREATE TEMP TABLE t AS SELECT * FROM web.orders; SELECT * FROM t'],
  ['DECLARE x STRING; SET x = (SELECT MAX(email) FROM web.orders); SELECT x'],
  ['EXECUTE IMMEDIATE "SELECT * FROM web.orders"'],
  ['CREATE TEMP FUNCTION f(x STRING) AS (CONCAT(x, (SELECT MAX(email) FROM web.orders))); SELECT f("a")'],
  ['BEGIN SELECT ERROR(email) FROM web.orders; EXCEPTION WHEN ERROR THEN SELECT @@error.message; END'],
  [
    'BEGIN SELECT * FROM web.orders WHERE ERROR(region) IS NULL; EXCEPTION WHEN ERROR THEN SELECT @@error.message, @@error.statement_text; END',
  ],
  ['INSERT INTO web.orders (id) VALUES ("x")'],
  ['EXPORT DATA OPTIONS (uri = "gs://x/*.csv", format = "CSV") AS SELECT * FROM web.orders'],
])('%s shows a member nothing', async (sql) => {
  expect((await ask(ana, sql)).text).not.toContain(secretWord)
  expect((await ask(ana, 'SELECT * FROM shop.clients')).text).not.toContain(secretWord)
  expect((await ask(admin, 'SELECT name, email FROM shop.clients')).text).toContain(`${secretWord}@shop`)
})
