// Rights while something goes on: a script that runs for long asks with the rights of the moment, statement by statement.
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'

import type { Policies, Principal } from '../../src/control/principals.ts'
import { openRig, principal, type Rig } from './asking-rig.ts'

const all: Policies = {
  grants: [{ grantee: 'ann', dataset: 'ds', table: '*', privilege: 'write' }],
  masks: [],
  filters: [],
}
let policies = all
let version = 1
let people: readonly Principal[] = [principal('root')]
const ann = principal('ann', 'member')
let rig: Rig

function put(changed: Partial<Policies>): void {
  policies = { ...all, ...changed }
  version += 1
}

beforeAll(async () => {
  rig = await openRig({
    policies: () => ({ ...policies, version }),
    principalById: (id) => people.find((one) => one.id === id),
  })
  await rig.ask('CREATE SCHEMA ds; CREATE TABLE ds.t AS SELECT v FROM UNNEST([1, 2, 3]) AS v')
})

beforeEach(() => {
  people = [principal('root'), ann]
  put({})
})

afterAll(async () => {
  await rig.close()
})

/** The error of a script that would never end by itself, after `change` in the midst of it. */
async function ends(body: string, change: () => void, as: Principal = ann): Promise<string | undefined> {
  const job = await rig.submit(`LOOP ${body}; SELECT 1; END LOOP`, { principal: as, timeoutMs: 4_000 })
  while (job.children.length < 2 && job.info().state !== 'done') await new Promise((resolve) => setImmediate(resolve))
  change()
  const { error } = await job.ended
  return error && `${error.code}: ${error.message}`
}

describe('a script loses with the next statement', () => {
  test.each([
    ['a query', 'SELECT v FROM ds.t', /^query-invalid: .*ot found: .*ds\.t/],
    ['an expression', 'ASSERT EXISTS (SELECT v FROM ds.t)', /^query-invalid: .*ot found: .*ds\.t/],
    ['a change', 'UPDATE ds.t SET v = v WHERE FALSE', /^query-invalid: .*ot found: .*ds\.t/],
    ['DDL', 'CREATE OR REPLACE TABLE ds.own (v INT64)', /^made-unwritable: Access Denied/],
  ])('what it was granted: %s', async (_, body, message) => {
    expect(
      await ends(body, () => {
        put({ grants: [] })
      }),
    ).toMatch(message)
  })

  test('what a mask or a filter takes', async () => {
    const body = 'ASSERT 6 = (SELECT SUM(v) FROM ds.t) AS "It sees less"'
    const filters = [{ dataset: 'ds', table: 't', predicate: 'v > 1', exempt: [] }]
    expect(
      await ends(body, () => {
        put({ filters })
      }),
    ).toMatch(/^query-invalid: It sees less/)
  })

  test('the rights of a role', async () => {
    const demote = (): void => {
      people = [principal('root', 'member')]
    }
    const error = await ends('SELECT v FROM ds.t', demote, principal('root'))
    expect(error).toMatch(/^query-invalid: .*ot found: .*ds\.t/)
  })

  test('everything, when its person is removed', async () => {
    const remove = (): void => {
      people = []
    }
    expect(await ends('SELECT 2', remove)).toMatch(/^query-refused: ann may no longer ask here/)
  })
})

describe('how many rows there are', () => {
  const views = {
    TABLE_STORAGE: 'total_rows, total_logical_bytes, active_logical_bytes',
    PARTITIONS: 'total_rows, total_logical_bytes',
  }
  const numbers = async (of: Principal): Promise<unknown[]> => {
    const rows: unknown[] = []
    for (const [view, columns] of Object.entries(views)) {
      const sql = `SELECT partition_id, ${columns} FROM ds.INFORMATION_SCHEMA.${view} WHERE table_name = 'days' ORDER BY 1`
      rows.push(...(await rig.rows(view === 'PARTITIONS' ? sql : sql.replace('partition_id, ', ''), { principal: of })))
    }
    return rows
  }

  beforeAll(async () => {
    people = [principal('root'), ann]
    await rig.ask(`CREATE TABLE ds.days (d DATE) PARTITION BY d;
      INSERT ds.days VALUES ('2026-03-01'), ('2026-03-02'), ('2026-03-02')`)
    await rig.side.sizes.measureAll(new AbortController().signal)
  })

  const told = [
    [3, 24, 24],
    ['20260301', 1, 8],
    ['20260302', 2, 16],
  ]

  test('is told to those who see them all', async () => {
    expect(await numbers(ann)).toEqual(told)
    expect((await rig.side.road.visibleTables(ann)).find(({ table }) => table === 'days')?.rows).toBe(3)
  })

  test('is not told to those from whom a filter hides some', async () => {
    put({ filters: [{ dataset: 'ds', table: 'days', predicate: "d = DATE '2026-03-01'", exempt: [] }] })
    expect(await numbers(ann)).toEqual([
      [null, null, null],
      [null, null, null],
    ])
    expect(await numbers(principal('root'))).toEqual(told)
    const seen = (await rig.side.road.visibleTables(ann)).find(({ table }) => table === 'days')
    expect(seen).toMatchObject({ rows: undefined, logicalBytes: undefined, partitions: undefined })
    put({ filters: [{ dataset: 'ds', table: 'days', predicate: 'TRUE', exempt: ['ann'] }] })
    expect(await numbers(ann)).toEqual(told)
  })
})
