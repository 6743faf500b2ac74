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
