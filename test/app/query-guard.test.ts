// The cost guard sees every table that is read: by each form in which a statement of a script may ask, and below views, with and
// without a policy, in both dialects.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import type { Policies } from '../../src/control/principals.ts'
import { type Clock, systemClock } from '../../src/core/clock.ts'
import { openRig, principal, type Rig } from './asking-rig.ts'

const mebibyte = 1024 ** 2
/** The least that a table is billed. */
const oneTable = 10 * mebibyte
const quota = 1024 ** 3
let nowMillis = Date.UTC(2026, 2, 10, 12)
const clock: Clock = { ...systemClock, nowMicros: () => nowMillis * 1000 }
const ann = principal('ann', 'member')
const policies: Policies = {
  grants: [{ grantee: 'ann', dataset: 'ds', table: '*', privilege: 'write' }],
  masks: ['masked', 'masked_firm', 'masked_wild'].map((table) => ({
    dataset: 'ds',
    table,
    column: 'w',
    kind: 'nothing' as const,
    exempt: [],
  })),
  filters: [],
}
let rig: Rig

beforeAll(async () => {
  rig = await openRig({
    clock,
    settings: { personBytesPerDayMax: quota },
    policies: () => ({ ...policies, version: 1 }),
  })
  await rig.ask(`CREATE SCHEMA ds;
    CREATE TABLE ds.t AS SELECT v, v AS w FROM UNNEST([1, 2, 3]) AS v;
    CREATE TABLE ds.firm (d DATE, v INT64, w INT64) PARTITION BY d OPTIONS (require_partition_filter = TRUE);
    INSERT ds.firm VALUES ('2026-03-01', 1, 1);
    CREATE VIEW ds.masked AS SELECT v, w FROM ds.t;
    CREATE VIEW ds.plain AS SELECT v, w FROM ds.t;
    CREATE VIEW ds.over AS SELECT v, w FROM ds.masked;
    CREATE PROCEDURE ds.ask(n INT64) BEGIN SELECT n; END`)
  for (const name of ['plain_firm', 'masked_firm']) {
    await rig.ask(`CREATE VIEW ds.${name} AS SELECT v, w, d FROM ds.firm WHERE d = '2026-03-01'`)
  }
})

afterAll(async () => {
  await rig.close()
})

// A day of its own for every test: nobody has spent anything.
beforeEach(() => {
  nowMillis += 86_400_000
})

/** Each reads `v` of the table once. */
const forms: Readonly<Record<string, (table: string) => string>> = {
  SELECT: (table) => `SELECT 1; SELECT v FROM ${table}`,
  DECLARE: (table) => `DECLARE n INT64 DEFAULT (SELECT SUM(v) FROM ${table}); SELECT n`,
  SET: (table) => `DECLARE n INT64; SET n = (SELECT SUM(v) FROM ${table})`,
  'SET of several': (table) => `DECLARE n, m INT64; SET (n, m) = (SELECT AS STRUCT SUM(v), 1 FROM ${table})`,
  FOR: (table) => `FOR r IN (SELECT v FROM ${table}) DO SELECT r.v; END FOR`,
  IF: (table) => `IF EXISTS (SELECT v FROM ${table}) THEN SELECT 1; END IF`,
  CASE: (table) => `CASE (SELECT MIN(v) FROM ${table}) WHEN 1 THEN SELECT 1; ELSE SELECT 2; END CASE`,
  WHILE: (table) => `WHILE (SELECT SUM(v) FROM ${table}) < 0 DO SELECT 1; END WHILE`,
  REPEAT: (table) => `REPEAT SELECT 1; UNTIL (SELECT SUM(v) FROM ${table}) > 0 END REPEAT`,
  ASSERT: (table) => `ASSERT (SELECT SUM(v) FROM ${table}) > 0`,
  CALL: (table) => `CALL ds.ask((SELECT SUM(v) FROM ${table}))`,
  'CREATE TEMP TABLE': (table) => `CREATE TEMP TABLE c AS SELECT v FROM ${table}; SELECT v FROM c`,
  'CREATE TABLE': (table) => `CREATE OR REPLACE TABLE ds.c AS SELECT v FROM ${table}`,
  INSERT: (table) => `CREATE TEMP TABLE c (v INT64); INSERT c SELECT v FROM ${table}`,
  UPDATE: (table) => `CREATE TEMP TABLE c (v INT64); UPDATE c SET v = (SELECT MIN(v) FROM ${table}) WHERE TRUE`,
  MERGE: (table) =>
    `CREATE TEMP TABLE c (v INT64);
     MERGE c USING (SELECT v FROM ${table}) AS s ON c.v = s.v WHEN NOT MATCHED THEN INSERT (v) VALUES (s.v)`,
  'EXECUTE IMMEDIATE': (table) => `EXECUTE IMMEDIATE 'SELECT v FROM ${table}'`,
  'EXECUTE IMMEDIATE … INTO': (table) => `DECLARE n INT64; EXECUTE IMMEDIATE 'SELECT SUM(v) FROM ${table}' INTO n`,
  'EXECUTE IMMEDIATE … USING': (table) => `EXECUTE IMMEDIATE 'SELECT ?' USING (SELECT SUM(v) FROM ${table})`,
  'a function of the script': (table) =>
    `CREATE TEMP FUNCTION f() AS ((SELECT SUM(v) FROM ${table})); BEGIN IF f() > 0 THEN SELECT 1; END IF; END`,
  'an EXCEPTION handler': (table) =>
    `BEGIN SELECT ERROR('x'); EXCEPTION WHEN ERROR THEN IF EXISTS (SELECT v FROM ${table}) THEN SELECT 1; END IF; END`,
}

describe.each(Object.entries(forms))('%s', (_, form) => {
  test('is refused beyond maximumBytesBilled', async () => {
    expect(await rig.error(form('ds.t'), { bytesBilledMax: 1024 })).toMatch(
      /^query-too-expensive: Query exceeded limit for bytes billed: 1024. 10485760 or higher required/,
    )
    expect(rig.side.sizes.spentToday('root')).toBe(0)
  })

  test('is refused without a filter that the table requires', async () => {
    expect(await rig.error(form('ds.firm'))).toMatch(/^query-invalid: Cannot query over table 'ds\.firm' without/)
  })

  test("counts to the job and to the person's quota", async () => {
    const { statistics } = (await rig.ask(form('ds.t'))).info
    expect(statistics).toMatchObject({ bytesProcessed: 24, bytesBilled: oneTable })
    expect(rig.side.sizes.spentToday('root')).toBe(oneTable)
  })

  test('is refused when the quota is spent', async () => {
    rig.side.sizes.spend('root', quota - oneTable + 1)
    expect(await rig.error(form('ds.t'))).toMatch(/^query-too-expensive: Quota exceeded: root/)
  })
})

test('a script that fails has cost what it has read', async () => {
  const job = await rig.submit("DECLARE n INT64 DEFAULT (SELECT SUM(v) FROM ds.t); SELECT ERROR('x')")
  expect(await job.ended).toMatchObject({ error: { code: 'query-invalid' }, statistics: { bytesBilled: oneTable } })
})

describe.each(['googlesql', 'duckdb'] as const)('views in %s', (dialect) => {
  const as = { principal: ann, dialect, usesCache: false }

  test.each(['plain', 'masked', 'over'])('%s costs what the tables below it cost', async (view) => {
    const sql = `SELECT v FROM ds.${view}`
    expect(await rig.error(sql, { ...as, bytesBilledMax: 1024 })).toMatch(/^query-too-expensive: Query exceeded limit/)
    const { info } = await rig.ask(sql, as)
    expect(info.statistics).toMatchObject({
      bytesBilled: oneTable,
      referencedTables: [{ dataset: 'ds', table: 't' }],
    })
    expect(rig.side.sizes.spentToday('ann')).toBe(oneTable)
    rig.side.sizes.spend('ann', quota - 2 * oneTable + 1)
    expect(await rig.error(sql, as)).toMatch(/^query-too-expensive: Quota exceeded: ann/)
  })

  test.each(['plain_firm', 'masked_firm'])('%s brings the filter that its table requires', async (view) => {
    expect(await rig.rows(`SELECT v FROM ds.${view}`, as)).toEqual([[1]])
  })

  test.each(['plain_wild', 'masked_wild'])('%s lacks it', async (view) => {
    const table = 'CREATE OR REPLACE TABLE ds.tame (d DATE, v INT64, w INT64) PARTITION BY d'
    await rig.ask(`${table}; CREATE OR REPLACE VIEW ds.${view} AS SELECT v, w, d FROM ds.tame`)
    await rig.ask('ALTER TABLE ds.tame SET OPTIONS (require_partition_filter = TRUE)')
    expect(await rig.error(`SELECT v FROM ds.${view}`, as)).toMatch(
      /^query-invalid: Cannot query over table 'ds\.tame' without/,
    )
  })
})

test('a view is no table to copy', async () => {
  for (const how of ['COPY', 'CLONE'])
    expect(await rig.error(`CREATE TABLE ds.copied ${how} ds.masked`, { principal: ann })).toMatch(
      /^query-invalid: Cannot (COPY|CLONE) a view: ds\.masked/,
    )
})

test('a default of a column reads no table', async () => {
  await rig.ask('CREATE OR REPLACE TABLE ds.defaulted (v INT64, n INT64 DEFAULT (SELECT SUM(v) FROM ds.t))')
  expect(await rig.error('INSERT ds.defaulted (v) VALUES (1)')).toMatch(/^query-invalid: The default of column n reads/)
})

test('an answer of a view with a policy is kept until a table below it changes', async () => {
  const as = { principal: ann }
  const sql = 'SELECT SUM(v) AS kept, COUNT(w) AS shown FROM ds.masked'
  expect(await rig.rows(sql, as)).toEqual([[6, 0]])
  expect((await rig.ask(sql, as)).info.statistics).toMatchObject({ cacheHit: true })
  await rig.ask('INSERT ds.t VALUES (4, 4)')
  expect(await rig.rows(sql, as)).toEqual([[10, 0]])
})
