// Queries whose rows go into a table, and tables that are made like another one: what such a table keeps, and what is refused.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import type { QueryDestination } from '../../src/query/contract.ts'
import type { MadeTable } from '../../src/warehouse/session.ts'
import { openRig, type Rig, root } from './asking-rig.ts'

let rig: Rig

beforeAll(async () => {
  rig = await openRig()
  await rig.ask('CREATE SCHEMA ds')
})

afterAll(async () => {
  await rig.close()
})

const into = (write: QueryDestination['write'], table = 'kept'): { readonly destination: QueryDestination } => ({
  destination: { dataset: 'ds', table, create: 'if-needed', write },
})

function made(table: string): MadeTable | undefined {
  return rig.driver.made.catalog().tables.find((one) => one.table === table)
}

describe('a destination', () => {
  test.each([
    ['SELECT 1 AS a; SELECT 2 AS a', 'configuration.query.destinationTable cannot be set for scripts'],
    ['DECLARE x INT64', 'configuration.query.destinationTable cannot be set for scripts'],
    ['CREATE TABLE ds.never (a INT64)', 'Cannot set destination table in jobs with DDL statements'],
    ['CREATE TEMP FUNCTION f() AS (1)', 'Cannot set destination table in jobs with DDL statements'],
    ['DELETE FROM ds.nothing WHERE TRUE', 'Cannot set destination table in jobs with DML statements'],
    ['TRUNCATE TABLE ds.nothing', 'Cannot set destination table in jobs with DML statements'],
  ])('is that of a query alone: %s', async (sql, message) => {
    expect(await rig.error(sql, into('append'))).toBe(`query-invalid: ${message}`)
    const request = { sql, dialect: 'googlesql', principal: root, port: 'bigquery', ...into('append') } as const
    await expect(rig.side.road.dryRun(request)).rejects.toThrow(message)
    expect([made('kept'), made('never')]).toEqual([undefined, undefined])
  })

  test('takes the rows of a query, onto a table without rows only if that is asked', async () => {
    await rig.ask('SELECT 1 AS a', into('if-empty', 'filled'))
    expect(await rig.error('SELECT 2 AS a', into('if-empty', 'filled'))).toMatch(/^table-exists: /)
    await rig.ask('SELECT 3 AS a', into('append', 'filled'))
    expect(await rig.rows('SELECT a FROM ds.filled ORDER BY a')).toEqual([[1], [3]])
  })

  test('without rows takes those of one of two who ask at once, new or not', async () => {
    for (const prepare of ['DROP TABLE IF EXISTS ds.raced', 'CREATE OR REPLACE TABLE ds.raced (a INT64)']) {
      await rig.ask(prepare)
      const asked = [1, 2, 3].map(async (a) => rig.error(`SELECT ${a} AS a`, into('if-empty', 'raced')))
      const errors = await Promise.all(asked)
      expect(errors.filter((error) => error === 'no error')).toHaveLength(1)
      expect(errors.filter((error) => error.startsWith('table-exists: '))).toHaveLength(2)
      expect(await rig.rows('SELECT COUNT(*) FROM ds.raced')).toEqual([[1]])
    }
  })
})

describe('a table that a query overwrites', () => {
  beforeEach(async () => {
    await rig.ask(
      `CREATE OR REPLACE TABLE ds.kept (d DATE NOT NULL OPTIONS (description = 'the day'), x INT64) PARTITION BY d CLUSTER BY x
      OPTIONS (description = 'all days', labels = [('team', 'sea')], require_partition_filter = TRUE)`,
    )
    await rig.ask("INSERT ds.kept VALUES (DATE '2020-01-01', 7)")
  })

  test('keeps partitions, clustering and options; its columns are those of the query', async () => {
    await rig.ask("SELECT 5 AS x, DATE '2026-01-01' AS d, 'n' AS note", into('truncate'))
    expect(await rig.rows("SELECT x, note FROM ds.kept WHERE d > '1900-01-01'")).toEqual([[5, 'n']])
    expect(made('kept')).toMatchObject({
      partitioning: { column: 'd', granularity: 'DAY', isFilterRequired: true },
      clustering: ['x'],
      options: { description: 'all days', labels: [['team', 'sea']] },
      columns: [
        { name: 'x', type: 'INT64', mode: 'NULLABLE' },
        { name: 'd', type: 'DATE', mode: 'NULLABLE' },
        { name: 'note', type: 'STRING', mode: 'NULLABLE' },
      ],
    })
    expect(await rig.error('SELECT x FROM ds.kept')).toMatch(/without a filter/)
  })

  test('keeps the bounds of its ranges, and the hours in which rows come', async () => {
    await rig.ask(
      'CREATE OR REPLACE TABLE ds.ranged (id INT64) PARTITION BY RANGE_BUCKET(id, GENERATE_ARRAY(0, 100, 10)); CREATE OR REPLACE TABLE ds.ingested (id INT64) PARTITION BY TIMESTAMP_TRUNC(_PARTITIONTIME, HOUR)',
    )
    for (const table of ['ranged', 'ingested']) await rig.ask('SELECT 4 AS id', into('truncate', table))
    expect(made('ranged')?.partitioning).toMatchObject({ column: 'id', granularity: 'RANGE', range: [0, 100, 10] })
    expect(await rig.rows('SELECT id FROM ds.ingested WHERE _PARTITIONTIME IS NOT NULL')).toEqual([[4]])
  })

  test.each([
    ['SELECT 1 AS x', /partition.* column d of type DATE/],
    ["SELECT 'late' AS d, 1 AS x", /partition.* column d of type DATE/],
    ["SELECT DATE '2026-01-01' AS d", /cluster.* column x/],
  ])('is left as it is by a query that does not fit its partitions or clusters: %s', async (sql, message) => {
    const error = await rig.error(sql, into('truncate'))
    expect(error).toMatch(/^query-invalid: /)
    expect(error).toMatch(message)
    expect(await rig.rows("SELECT x FROM ds.kept WHERE d > '1900-01-01'")).toEqual([[7]])
  })

  test('keeps nothing when a statement says how it is made', async () => {
    await rig.ask('CREATE OR REPLACE TABLE ds.kept AS SELECT 1 AS x')
    expect(made('kept')).toMatchObject({ partitioning: undefined, clustering: [], options: {} })
  })
})

describe('a table that is made like another one', () => {
  beforeAll(async () => {
    await rig.ask(
      `CREATE TABLE ds.ranges (id INT64, v STRING) PARTITION BY RANGE_BUCKET(id, GENERATE_ARRAY(0, 100, 10)) OPTIONS (require_partition_filter = TRUE);
      INSERT ds.ranges VALUES (1, 'a')`,
    )
  })

  test.each(['LIKE', 'COPY', 'CLONE'])('%s keeps the bounds of ranges, and that a filter is needed', async (how) => {
    await rig.ask(`CREATE OR REPLACE TABLE ds.other ${how} ds.ranges`)
    expect(made('other')?.partitioning).toEqual(made('ranges')?.partitioning)
    expect(made('other')?.partitioning).toMatchObject({ range: [0, 100, 10], isFilterRequired: true })
    expect(await rig.error('SELECT v FROM ds.other')).toMatch(/without a filter/)
    expect(await rig.rows('SELECT COUNT(*) FROM ds.other WHERE id >= 0')).toEqual([[how === 'LIKE' ? 0 : 1]])
  })

  test('what the statement says goes before', async () => {
    await rig.ask('CREATE OR REPLACE TABLE ds.other LIKE ds.ranges OPTIONS (require_partition_filter = FALSE)')
    expect(made('other')?.partitioning).toMatchObject({ range: [0, 100, 10], isFilterRequired: false })
    expect(await rig.rows('SELECT v FROM ds.other')).toEqual([])
  })
})
