// Dry runs of changes: the same errors as the run's, else the bytes, and nothing is done.
import { afterAll, beforeAll, describe, expect, test } from 'vitest'

import type { Policies } from '../../src/control/principals.ts'
import { MillpondError } from '../../src/core/errors.ts'
import type { DryRun, QueryRequest } from '../../src/query/contract.ts'
import { commonColumns } from '../../src/warehouse/schema.ts'
import { openRig, principal, type Rig } from './asking-rig.ts'

const ann = principal('ann', 'member')
const policies: Policies = {
  grants: [
    { grantee: 'ann', dataset: 'ds', table: '*', privilege: 'read' },
    { grantee: 'ann', dataset: 'own', table: '*', privilege: 'write' },
  ],
  masks: [{ dataset: 'own', table: 'masked', column: 'v', kind: 'nothing', exempt: [] }],
  filters: [],
}
let rig: Rig

beforeAll(async () => {
  rig = await openRig({ policies: () => ({ ...policies, version: 1 }) })
  await rig.load('web', 'clicks', commonColumns, [{ id: 'a', received_at: 1, timestamp: 1_770_000_000_000_000 }])
  await rig.ask(`CREATE SCHEMA ds; CREATE SCHEMA own;
    CREATE TABLE ds.t AS SELECT v, CAST(v AS STRING) AS s FROM UNNEST([1, 2, 3]) AS v;
    CREATE TABLE own.t AS SELECT v, CAST(v AS STRING) AS s FROM UNNEST([1, 2, 3]) AS v;
    CREATE TABLE own.masked AS SELECT 1 AS v; CREATE TABLE own.none (v INT64, s STRING);
    CREATE TABLE own.firm (d DATE, v INT64) PARTITION BY d OPTIONS (require_partition_filter = TRUE);
    CREATE VIEW own.view AS SELECT v FROM own.t; CREATE FUNCTION own.f() AS (1)`)
})

afterAll(async () => {
  await rig.close()
})

async function dryRun(sql: string, more: Partial<QueryRequest> = {}): Promise<DryRun> {
  return rig.side.road.dryRun({ sql, dialect: 'googlesql', port: 'bigquery', principal: ann, isDryRun: true, ...more })
}

async function dryError(sql: string, more?: Partial<QueryRequest>): Promise<string> {
  try {
    await dryRun(sql, more)
    return 'no error'
  } catch (error) {
    if (error instanceof MillpondError) return `${error.code}: ${error.message}`
    throw error
  }
}

async function state(): Promise<unknown> {
  const rows: unknown[] = [JSON.stringify(rig.driver.made.catalog())]
  for (const table of ['t', 'none', 'masked']) rows.push(await rig.rows(`SELECT * FROM own.${table} ORDER BY 1`))
  return rows
}

const destination = { dataset: 'own', table: 't', create: 'if-needed', write: 'if-empty' } as const

describe('what the run refuses, the dry run refuses in the same words', () => {
  test.each<[string, Partial<QueryRequest>?]>([
    // Without the right to it.
    ['INSERT ds.t (v) VALUES (1)'],
    ['UPDATE ds.t SET v = 1 WHERE TRUE'],
    ['DELETE FROM ds.t WHERE TRUE'],
    ['MERGE ds.t AS t USING own.t AS s ON t.v = s.v WHEN MATCHED THEN DELETE'],
    ['TRUNCATE TABLE ds.t'],
    ['DELETE FROM web.clicks WHERE TRUE', { principal: principal('root') }],
    ['UPDATE own.masked SET v = 1 WHERE TRUE'],
    ['CREATE TABLE ds.new (v INT64)'],
    ['CREATE OR REPLACE TABLE ds.t AS SELECT 1 AS v'],
    ['CREATE VIEW ds.new AS SELECT 1 AS v'],
    ['CREATE FUNCTION ds.new() AS (1)'],
    ['CREATE SCHEMA fresh'],
    ['DROP TABLE ds.t'],
    ['DROP SCHEMA ds CASCADE'],
    ['ALTER TABLE ds.t ADD COLUMN w INT64'],
    ['ALTER TABLE own.masked ADD COLUMN w INT64'],
    ['INSERT own.t (v) SELECT 1 FROM web.clicks'],
    ['CREATE TABLE own.new AS SELECT id FROM web.clicks'],
    ['SELECT 1 AS v', { destination: { ...destination, dataset: 'ds', table: 'new' } }],
    // Of what isn't there.
    ['INSERT own.nope (v) VALUES (1)'],
    ['INSERT own.t (nope) VALUES (1)'],
    ['INSERT own.t (v) SELECT nope FROM own.t'],
    ['INSERT own.t (v) VALUES ("text")'],
    ['INSERT own.t (v) VALUES (1, 2)'],
    ['UPDATE own.t SET nope = 1 WHERE TRUE'],
    ['UPDATE own.t SET v = 1 WHERE nope'],
    ['UPDATE own.t SET v = 1'],
    ['DELETE FROM own.t WHERE nope = 1'],
    ['DELETE FROM own.view WHERE TRUE'],
    ['DELETE FROM own.firm WHERE v = 1'],
    ['MERGE own.t AS t USING own.nope AS s ON t.v = s.v WHEN MATCHED THEN DELETE'],
    ['TRUNCATE TABLE own.nope'],
    ['CREATE TABLE own.new AS SELECT nope FROM own.t'],
    ['CREATE TABLE own.new AS SELECT v FROM own.firm'],
    ['CREATE TABLE own.t (v INT64)'],
    ['CREATE TABLE own.new (v INT64, V INT64)'],
    ['CREATE TABLE nope.new (v INT64)', { principal: principal('root') }],
    ['CREATE TABLE own.new COPY own.nope'],
    ['CREATE VIEW own.new AS SELECT nope FROM own.t'],
    ['CREATE VIEW own.t AS SELECT 1 AS v'],
    ['DROP TABLE own.nope'],
    ['DROP TABLE own.view'],
    ['DROP SCHEMA own'],
    ['DROP FUNCTION own.nope'],
    ['CREATE FUNCTION own.f() AS (2)'],
    ['ALTER TABLE own.nope ADD COLUMN w INT64'],
    ['ALTER TABLE own.t ADD COLUMN v INT64'],
    ['ALTER TABLE own.t DROP COLUMN nope'],
    ['ALTER TABLE own.t ALTER COLUMN s SET DATA TYPE INT64'],
    ['SELECT nope AS v FROM own.t', { destination: { ...destination, table: 'new' } }],
    ['SELECT 1 AS v', { destination }],
    ['SELECT 1 AS v', { destination: { ...destination, table: 'new', create: 'never' } }],
    ['SELECT 1 AS v, 2 AS nope', { destination: { ...destination, write: 'append' } }],
    // Scripts.
    ['SELECT 1; DECLARE x INT64'],
    ['BREAK'],
  ])('%s', async (sql, more = {}) => {
    const told = await dryError(sql, more)
    expect(told).not.toBe('no error')
    expect(await rig.error(sql, { principal: ann, port: 'bigquery', ...more })).toBe(told)
  })
})

describe('what the run does, the dry run only tells of', () => {
  test.each<[string, number, Partial<QueryRequest>?]>([
    ['INSERT own.t (v) VALUES (1)', 0],
    ['INSERT own.none SELECT v, s FROM own.t', 33],
    ['INSERT own.none (v) SELECT v FROM own.t WHERE v > @least', 24],
    ['UPDATE own.t SET v = v + 1 WHERE v > 1', 24],
    ['DELETE FROM own.t WHERE v = 2', 24],
    ['MERGE own.t AS t USING (SELECT 2 AS v) AS s ON t.v = s.v WHEN MATCHED THEN DELETE', 24],
    ['TRUNCATE TABLE own.t', 0],
    ['CREATE TABLE own.new (v INT64)', 0],
    ['CREATE TABLE own.new AS SELECT v FROM own.t', 24],
    ['CREATE TEMP TABLE fresh AS SELECT v FROM own.t', 24],
    ['CREATE OR REPLACE TABLE own.t AS SELECT v, s FROM own.t', 33],
    ['CREATE TABLE own.new COPY own.t', 0],
    ['CREATE VIEW own.new AS SELECT v FROM own.t', 0],
    ['CREATE FUNCTION own.g() AS (1)', 0],
    ['DROP TABLE own.t', 0],
    ['DROP VIEW own.view', 0],
    ['ALTER TABLE own.t ADD COLUMN w INT64, DROP COLUMN s', 0],
    ['SELECT v FROM own.t', 24, { destination: { ...destination, table: 'new' } }],
    ['SELECT v FROM own.t', 24, { destination: { ...destination, table: 'none' } }],
    ['LOOP INSERT own.t (v) VALUES (1); END LOOP', 0],
    ['DROP TABLE own.t; SELECT v FROM own.t', 0],
  ])('%s: %i', async (sql, bytes, more = {}) => {
    const before = await state()
    const told = await dryRun(sql, more)
    expect(told.bytesProcessed).toBe(bytes)
    expect(told.bytesBilled).toBe(bytes === 0 ? 0 : 10 * 1024 ** 2)
    expect(told.referencedTables).toEqual(bytes === 0 ? [] : [{ dataset: 'own', table: 't' }])
    expect(await state()).toEqual(before)
  })
})
